package mirror_test

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// The weather is which faults there are now: each until a time, or as a chance.
type weather struct {
	lossy                     time.Duration // the chances below count
	lose, slow, fail          float64       // of calls
	undone                    float64       // of what is accepted
	conflict, unknown         float64       // of commits
	drop, double, poison      float64       // of events
	reorder                   float64
	storeDown, storeSlow      time.Duration
	storeFull                 time.Duration
	cxDown, cxThrottle        time.Duration
	cxCursor                  time.Duration // the next cursor is refused
	shortList, stale          time.Duration
	sfDown, sfLimit           time.Duration
	allowance, setup, silence time.Duration
	badReplay                 time.Duration // the next replay id is refused
}

// under reports whether a fault holds that ends at a time.
func (w *world) under(end time.Duration) bool { return !w.calm && w.now < end }

// lag is how old what a side shows to a query is: replicas of a vendor lag.
func (w *world) lag(presence.Side) time.Duration {
	if w.under(w.weather.stale) && w.chance(0.3) {
		return w.between(0, 20*time.Second)
	}
	return 0
}

// A fault is one thing that goes wrong.
type fault struct {
	name    string
	visible bool // its end can be seen, so that nothing more than ten seconds is needed
	do      func(w *world, lasts time.Duration)
}

// trouble makes things go wrong from time to time, until all is calm.
func (w *world) trouble() {
	for _, f := range faultKinds() {
		if w.plan.kinds[f.name] {
			w.faults = append(w.faults, f)
		}
	}
	if len(w.faults) == 0 {
		return
	}
	var next func()
	next = func() {
		if w.calm {
			return
		}
		f := pick(w, w.faults)
		w.say(nil, "fault: %s", f.name)
		w.tally.fault(f.name)
		f.do(w, w.about(w.plan.strife/2))
		w.after(w.about(w.plan.strife), next)
	}
	w.after(w.about(w.plan.strife), next)
}

// lasting is a fault that holds for a while.
func lasting(name string, visible bool, end func(*weather) *time.Duration) *fault {
	return &fault{name, visible, func(w *world, lasts time.Duration) {
		*end(&w.weather) = w.now + lasts
		if visible {
			w.visible = max(w.visible, w.now+lasts)
		}
	}}
}

// faultKinds lists all that can go wrong.
func faultKinds() []*fault {
	return []*fault{
		{"lossy networks and vendors", false, (*world).lossy},
		lasting("CXone is down", true, func(f *weather) *time.Duration { return &f.cxDown }),
		lasting("CXone throttles", true, func(f *weather) *time.Duration { return &f.cxThrottle }),
		lasting("CXone refuses the cursor", true, func(f *weather) *time.Duration { return &f.cxCursor }),
		lasting("CXone's list moves while it is read", false, func(f *weather) *time.Duration { return &f.shortList }),
		lasting("queries are answered by replicas that lag", false, func(f *weather) *time.Duration { return &f.stale }),
		lasting("Salesforce is down", true, func(f *weather) *time.Duration { return &f.sfDown }),
		lasting("Salesforce's request limit is exceeded", true, func(f *weather) *time.Duration { return &f.sfLimit }),
		lasting("the allowance of deliveries is used up", false, func(f *weather) *time.Duration { return &f.allowance }),
		lasting("the topic is gone", false, func(f *weather) *time.Duration { return &f.setup }),
		lasting("events come to nobody, without an error", false, func(f *weather) *time.Duration { return &f.silence }),
		lasting("the replay id is refused", true, func(f *weather) *time.Duration { return &f.badReplay }),
		lasting("the store is down", true, func(f *weather) *time.Duration { return &f.storeDown }),
		lasting("the store is slow", true, func(f *weather) *time.Duration { return &f.storeSlow }),
		lasting("the store is full", true, func(f *weather) *time.Duration { return &f.storeFull }),
		{"the bus has forgotten", true, func(w *world, _ time.Duration) { w.sf.oldest = w.sf.end() }},
		{"events stop, and the connection stays", false, (*world).stick},
		{"the vendor says that it lost events", false, (*world).gap},
		{"a replica is killed", true, func(w *world, _ time.Duration) { pick(w, w.hosts).kill() }},
		{"a replica is killed in the middle of something", true, func(w *world, _ time.Duration) { pick(w, w.hosts).doomed = 1 + w.rng.IntN(6) }},
		{"a replica stands still", true, func(w *world, _ time.Duration) { pick(w, w.hosts).pause(w.between(time.Second, 15*time.Second)) }},
		{"a replica is asked to end", true, func(w *world, _ time.Duration) { pick(w, w.hosts).drain() }},
		{"a replica is cut off from the store", true, func(w *world, lasts time.Duration) { pick(w, w.hosts).cut = w.now + lasts }},
		{"a machine's clock is set", true, func(w *world, _ time.Duration) { w.setClock(&pick(w, w.hosts).clock) }},
		{"a profile loses a status", true, (*world).deny},
		{"a code is taken off the team", true, (*world).takeOff},
		{"a row makes no sense", true, (*world).garble},
		{"NICE's own sync takes somebody over", true, (*world).book},
	}
}

func (w *world) lossy(lasts time.Duration) {
	f := &w.weather
	f.lossy = w.now + lasts
	for _, chance := range []*float64{
		&f.lose, &f.slow, &f.fail, &f.undone, &f.drop, &f.double, &f.poison, &f.reorder,
	} {
		if *chance = 0; w.chance(0.5) {
			*chance = w.rng.Float64() * 0.3
		}
	}
	f.conflict, f.unknown = w.rng.Float64()*0.01, w.rng.Float64()*0.01
}

func (w *world) stick(time.Duration) {
	for _, sub := range w.sf.subs {
		sub.stuck = true
	}
}

func (w *world) gap(time.Duration) {
	p := pick(w, w.people)
	if p.user == "" {
		return
	}
	w.tally.reach(classGap)
	w.sf.publish(busEvent{p: p, kind: "GAP", at: w.now})
}

func (h *host) drain() {
	if h.alive && !h.draining {
		h.w.say(nil, "replica %s is asked to end", h.name)
		h.draining = true
		h.deliver(h.life, drainEvent)
	}
}

// setClock sets a clock as an administrator might: back or ahead by minutes.
func (w *world) setClock(c *clock) {
	c.ahead += w.between(-2*time.Minute, 2*time.Minute)
	c.set++
	w.jumped = w.now
	w.tally.reach(classSkew)
}

// deny takes a status from a profile for a while.
func (w *world) deny(lasts time.Duration) {
	s := pick(w, w.centre.statuses)
	w.sf.denied[s] = true
	w.after(lasts, func() { delete(w.sf.denied, s) })
}

func (w *world) takeOff(lasts time.Duration) {
	code := pick(w, w.centre.settable[1:]).Code
	w.cx.removed[code] = true
	w.after(lasts, func() { delete(w.cx.removed, code) })
}

func (w *world) garble(lasts time.Duration) {
	agent := pick(w, w.people).agent
	w.cx.wrong[agent] = true
	w.after(lasts, func() { delete(w.cx.wrong, agent) })
}

func (w *world) book(lasts time.Duration) {
	agent := pick(w, w.people).agent
	w.cx.booked[agent] = true
	w.after(lasts, func() { delete(w.cx.booked, agent) })
}
