package mirror_test

import (
	"context"
	"errors"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

var drainEvent = mirror.Drain{}

// Orders are what operators have ordered, and when.
type orders struct {
	file  string // in the stop file
	stops []stopped
}

// A stopped is a stop that was ordered and not taken back.
type stopped struct {
	order mirror.StopOrder
	at    time.Duration
	file  bool

	version int64 // of the store
}

// A ruling is rules that a replica was given.
type ruling struct {
	at  time.Duration
	set int
}

// operate lets operators do their work, until all is calm.
func (w *world) operate() {
	var next func()
	next = func() {
		if w.calm {
			return
		}
		w.order()
		w.after(w.about(w.plan.orderly), next)
	}
	w.after(w.about(w.plan.orderly), next)
}

func (w *world) order() {
	switch n := w.rng.IntN(12); {
	case n < 4:
		if !w.plan.single {
			w.rerule()
		}
	case n < 7:
		w.stop(pick(w, []mirror.StopOrder{{}, {Team: teamLive}, {Agent: pick(w, w.people).key}}))
	case n < 8:
		w.orders.file = "incident"
		w.orders.stops = append(w.orders.stops, stopped{at: w.now, file: true})
		w.say(nil, "a stop file is made")
		w.after(w.about(w.plan.strife), w.removeFile)
	case n < 10:
		p := pick(w, w.people)
		p.team = pick(w, []string{teamLive, teamOther, teamOther, teamShadow, teamNICE, teamNone})
		w.say(p, "moves to team %s", p.team)
		p.ledger.reruled, p.ledger.moved = w.now, w.now
	case n < 11:
		w.hire().live()
	default:
		p := pick(w, w.people)
		p.ledger.moved = w.now
		p.mail = "new." + p.mail
		if w.chance(0.5) {
			p.userMail = p.mail
		}
		w.tally.reach(classUnmatched)
		w.say(p, "has another e-mail address")
	}
}

// rerule changes the rules; replicas load them one after the other.
func (w *world) rerule() {
	w.centre.change()
	w.say(nil, "the rules change")
	for _, p := range w.people {
		p.ledger.reruled = w.now
		if p.outstanding() {
			w.tally.reach(classMidFlight)
		}
	}
	for _, h := range w.hosts {
		life := h.life
		w.after(w.between(0, 2*time.Second), func() {
			if h.life == life && h.alive {
				h.reload()
			}
		})
	}
}

func (h *host) reload() {
	h.set = h.w.centre.settings(h)
	h.ruled = append(h.ruled, ruling{at: h.w.now, set: h.w.centre.version})
	h.deliver(h.life, mirror.Reload{Settings: h.set})
}

func (w *world) removeFile() {
	w.orders.file = ""
	w.forgetStops(func(s *stopped) bool { return s.file })
}

// stop orders a halt, and takes it back later, unless all is calm by then.
func (w *world) stop(order mirror.StopOrder) {
	order.Reason, order.By = "incident", "ana"
	if w.under(w.weather.storeDown) || w.under(w.weather.storeFull) {
		return // the command says so
	}
	if err := mirror.Stop(context.Background(), w.store, tenant, order); err != nil {
		panic(err)
	}
	w.orders.stops = append(w.orders.stops, stopped{order: order, at: w.now, version: w.store.version})
	w.say(nil, "stop: team %q, agent %q", order.Team, order.Agent)
	w.after(w.about(2*w.plan.strife), func() {
		if !w.calm {
			w.resume(order)
		}
	})
}

func (w *world) resume(order mirror.StopOrder) {
	if err := mirror.Resume(context.Background(), w.store, tenant, order.Team, order.Agent); err != nil && !errors.Is(err, context.Canceled) {
		panic(err)
	}
	w.say(nil, "resume: team %q, agent %q", order.Team, order.Agent)
	w.forgetStops(func(s *stopped) bool {
		return !s.file && (order.Team == "" && order.Agent == "" || s.order.Team == order.Team && s.order.Agent == order.Agent)
	})
}

func (w *world) forgetStops(is func(*stopped) bool) {
	kept := w.orders.stops[:0]
	for i := range w.orders.stops {
		if s := w.orders.stops[i]; !is(&s) {
			kept = append(kept, s)
		}
	}
	w.orders.stops = kept
	for _, p := range w.people {
		p.ledger.resumed = w.now
	}
}

// meets reports whether a stop is for a person, who is on a team.
func (s *stopped) meets(p *person, team string) bool {
	o := &s.order
	return s.file || o.Team == "" && o.Agent == "" || o.Agent == p.key || o.Agent == "" && o.Team == team
}
