package mirror_test

import (
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A checker holds what happens against the guarantees that packages presence
// and mirror state, as it happens. What has to hold in the end is in settle.
type checker struct {
	w     *world
	ids   map[string]bool // commands that were sent
	quiet bool            // nobody acts, and everything has settled
}

func newChecker(w *world) *checker { return &checker{w: w, ids: map[string]bool{}} }

var offline = statusValue(schema.Offline)

// An identity is what a vendor says of who somebody is.
type identity struct {
	team, mail string
	pair       bool // both sides have the same e-mail address, and nobody else has
}

func (w *world) identities() map[*person]identity {
	list := make(map[*person]identity, len(w.people))
	for _, p := range w.people {
		list[p] = identity{p.team, p.mail, p.agent != "" && p.user != "" && p.mail == p.userMail && p.active == [2]bool{true, true}}
	}
	return list
}

// changed is when a side truly came to show something else.
func (c *checker) changed(p *person, side presence.Side) {
	w := c.w
	before := p.shows(side, w.now-p.now[side].at+1)
	if p.now[side].by == byPerson && p.outstanding() {
		w.tally.reach(classOverride)
	}
	if before.by == byPerson && p.now[side].by == byPerson && p.now[side].at-before.at < time.Second {
		w.tally.reach(classCoalescing)
	}
	p.ledger.changed(p, side)
}

// heard is when a process takes in an event.
func (c *checker) heard(h *host, e mirror.Event) {
	switch e := e.(type) {
	case mirror.Reload:
		h.given = e.Settings
		c.rerule(func(*person) bool { return true })
	case mirror.Leased:
		if e.Err == nil && h.turn == 0 {
			h.lease = e.Lease
		}
		if e.Err == nil {
			h.ends = e.Lease.Until
		}
	case mirror.PeopleRead:
		if e.Err == nil {
			h.was, h.is = h.is, h.coming
			c.rerule(func(p *person) bool { return h.was[p] != h.is[p] })
		}
	case mirror.Assigned:
		h.booked = e.Agents
	case mirror.Controlled:
		if e.Err == nil {
			h.control = e.Item.Version
		}
		h.stopFile = e.StopFile
	case mirror.Polled:
		if e.Turn == h.polling {
			h.polling = 0
		}
		if e.Err == nil && e.Turn == h.turn {
			c.told(h, presence.CXone, &e.News, true)
		}
	case mirror.Swept:
		if e.Err == nil && e.Turn == h.turn {
			c.told(h, presence.Salesforce, &e.News, true)
		}
	case mirror.Looked:
		if e.Err == nil && e.Turn == h.turn {
			c.told(h, presence.Salesforce, &e.News, true)
		}
	case mirror.StateSet:
		h.spare(presence.CXone, e.Receipt)
	case mirror.Pushed:
		for i := range e.Receipts {
			h.spare(presence.Salesforce, e.Receipts[i])
		}
	case mirror.Watched:
		if h.sub != nil && e.Watch == h.sub.watch && h.turn != 0 {
			c.told(h, presence.Salesforce, &e.News, false)
		}
	}
}

// spare notes that a side asks to be left alone for a while, which counts for at
// most five minutes.
func (h *host) spare(side presence.Side, r schema.Receipt) {
	if h.turn != 0 && r.RetryAfter > 0 {
		h.alone[side] = max(h.alone[side], h.w.now+min(r.RetryAfter, 5*time.Minute))
	}
}

// rerule notes that other rules reach people from now on.
func (c *checker) rerule(whom func(*person) bool) {
	for _, p := range c.w.people {
		if whom(p) {
			p.ledger.reruled = c.w.now
		}
	}
}

// told is when the owner of the lease is told what a side shows, by a reading or
// by an event.
func (c *checker) told(h *host, side presence.Side, n *schema.News, read bool) {
	w := c.w
	if h.lease.Epoch != w.store.lease.Epoch {
		return // it was succeeded, and does not know yet
	}
	for i := range n.Sightings {
		s := &n.Sightings[i]
		p := w.byID[side][s.Person]
		if p == nil {
			continue
		}
		p.ledger.heardOf[side] = true
		v := s.State
		if side == presence.Salesforce {
			v = statusValue(s.Status)
		}
		truth := p.find(side, v, s.Since)
		if truth == nil {
			continue
		}
		if read && truth == &p.now[side] && p.ledger.blind[side] {
			p.ledger.blind[side], p.ledger.sighted = false, w.now
		}
		if truth.by == byEngine {
			w.tally.reach(classEcho)
		}
		if r := ruleFor(h.given.Rules, p); isLive(r) {
			if _, ok := subscribed(r, v.Word); side == presence.CXone && published(r, v) == "" || side == presence.Salesforce && !ok {
				w.tally.reach(classUnmapped)
			}
		}
		if w.telling(p) {
			w.say(p, "  replica %s is told that %s shows %s", h.name, side, v)
		}
		p.ledger.told(side, truth)
	}
	if n.Whole { // whom it does not show is logged out, unless that was heard to be otherwise
		for _, p := range w.people {
			p.ledger.heardOf[side] = true
		}
	}
}

// asks is when an engine asks for a write.
func (c *checker) asks(h *host, r mirror.Request) {
	switch r := r.(type) {
	case mirror.SetState:
		c.inTime(h, r.Before, r.Timeout)
		c.ask(h, c.w.byID[presence.CXone][r.Agent], presence.CXone, r.State, nil)
	case mirror.Push:
		c.inTime(h, r.Before, r.Timeout)
		for i := range r.Pushes {
			push := &r.Pushes[i]
			p := c.w.byID[presence.Salesforce][push.Person]
			switch {
			case !h.now().Before(push.Expires):
				c.w.fail("nothing is sent that has expired", p, "command %s expired at %s", push.ID, push.Expires)
			case c.ids[push.ID]:
				c.w.fail("a command is sent once", p, "%s", push.ID)
			case push.Epoch != uint64(h.lease.Epoch):
				c.w.fail("a command carries the epoch of its lease", p, "%s has %d", push.ID, push.Epoch)
			case push.Expected == schema.Offline || push.Expected == "":
				c.w.fail("nobody is logged in", p, "%s expects %q", push.ID, push.Expected)
			}
			c.ids[push.ID] = true
			c.ask(h, p, presence.Salesforce, statusValue(push.Status), push)
		}
	}
}

// inTime holds a call that begins before a time, and lasts no longer than its
// time-out, against the lease.
func (c *checker) inTime(h *host, before time.Time, timeout time.Duration) {
	if end := before.Add(timeout); end.After(h.ends) {
		c.w.fail("no call starts that may end after the lease", nil, "one of replica %s may end at %s; the lease ends at %s", h.name, end, h.ends)
	}
}

// ask holds one write against what the engine knows when it asks for it.
func (c *checker) ask(h *host, p *person, side presence.Side, v value, push *schema.Push) {
	w := c.w
	w.tally.writes++
	l := &p.ledger
	d := &l.decision[side]
	live := func(is identity) bool {
		q := *p
		q.team, q.mail = is.team, is.mail
		return is.pair && isLive(ruleFor(h.given.Rules, &q))
	}
	switch {
	case l.heardOf != [2]bool{true, true}:
		w.fail("a new owner sees both sides before it writes", p, "replica %s writes %s", h.name, v)
	case !live(h.was[p]) && !live(h.is[p]):
		w.fail("who follows no live rule is left alone", p, "replica %s sets %s to %s", h.name, side, v)
	case w.now < h.alone[side]:
		w.fail("a vendor that asks to be left alone is", p, "replica %s sets %s to %s, %s too early", h.name, side, v, h.alone[side]-w.now)
	case h.halted:
		w.fail("nobody is moved in a halt", p, "replica %s sets %s to %s", h.name, side, v)
	case slices.Contains(h.booked, p.agent):
		w.fail("whom NICE's own sync serves is left alone", p, "replica %s sets %s to %s", h.name, side, v)
	case side == presence.CXone && (v.Word != "" && v != stateAvailable || w.centre.acw[v.Code]):
		w.fail("only what can be set is asked for", p, "%s", v)
	case d.sent || d.target != c.text(v) && d.target != v.Word:
		w.fail("every write is explained in the journal before it is sent", p, "%s to %s; the journal's last line of it is of %s, and says %q", side, v, d.at, d.target)
	case c.quiet && l.moved == never: // who is elsewhere is found out within the hour
		w.fail("nothing is written while nobody acts", p, "replica %s sets %s to %s", h.name, side, v)
	case push != nil && !strings.HasPrefix(push.ID, p.key+"/"):
		w.fail("a command names its agent", p, "%s", push.ID)
	}
	d.sent = true
	c.halts(h, p, v)
	if l.overrules(p, side) && (push == nil || push.Expected == p.status()) { // else no console carries it out
		c.overruled(h, p, side, v)
	}
	l.ask(p, side, v)
	if w.centre.version > 0 {
		c.pingPong(h, p, side, v)
	}
}

func (c *checker) text(v value) string { return v.String() }

// pingPong counts writes that would be answered by another, if they were taken
// for a person's.
func (c *checker) pingPong(h *host, p *person, side presence.Side, v value) {
	r := ruleFor(h.given.Rules, p)
	if r == nil || side != presence.Salesforce {
		return
	}
	if to, ok := subscribed(r, v.Word); ok && to != p.state() && to.Word != schema.Previous {
		c.w.tally.reach(classPingPong)
	}
}

// halts holds a write against what operators have ordered.
func (c *checker) halts(h *host, p *person, v value) {
	w := c.w
	for i := range w.orders.stops {
		s := &w.orders.stops[i]
		if !s.meets(p, h.is[p].team) {
			continue
		}
		known := !s.file && h.control >= s.version || s.file && h.stopFile != ""
		if known || w.now-s.at > 2*time.Second && w.fair(5*time.Second) && !h.late(3*time.Second) {
			w.fail("a stop holds within two seconds", p, "ordered at %s (team %q, agent %q); replica %s writes %s", s.at, s.order.Team, s.order.Agent, h.name, v)
		}
	}
	if w.plan.freezes && w.frozen(h.now()) && w.frozen(h.now().Add(-2*time.Second)) && w.fair(5*time.Second) && !h.late(3*time.Second) {
		w.fail("nobody is moved in a freeze window", p, "replica %s writes %s", h.name, v)
	}
}

// overruled is when a command overwrites a person's newer action. There are
// reasons for it that are stated; each is counted.
func (c *checker) overruled(h *host, p *person, side presence.Side, v value) {
	w, l := c.w, &p.ledger
	acted, source := l.acted[side], 1-side
	switch {
	case w.plan.conflict != presence.Latest:
		w.tally.excuse("conflict names a side")
	case l.reruled >= acted:
		w.tally.excuse("rules or team changed since")
	case l.resumed >= acted:
		w.tally.excuse("resumed since")
	case w.jumped != 0 && w.jumped > acted-10*time.Minute:
		w.tally.excuse("a clock was set")
	case !w.fair(w.now - acted + presence.DefaultSettings().CommandLife): // what was decided meanwhile is not known here
		w.tally.excuse("the store did not take what was decided")
	case l.blind[source] && p.loggedIn(source) && p.outValue(source, l.decision[side].source):
		w.tally.excuse("a list that lags shows as logged out who has just logged in")
	case p.now[source].by == byEngine && acted <= p.now[source].at+w.margin()+2*time.Second:
		w.tally.excuse("too close to a write of ours to tell")
	default:
		w.fail("a person wins", p, "replica %s sets %s to %s, where the person acted at %s, because of %s at %s",
			h.name, side, v, acted, l.decision[side].source, l.causes[source][l.decision[side].source])
	}
}

// write is when a write leaves the process.
func (c *checker) write(h *host, p *person, _ presence.Side, v value, _ *schema.Push) {
	if h.lease.Epoch != c.w.store.lease.Epoch {
		c.w.fail("a fenced owner writes nothing", p, "replica %s of epoch %d writes %s; the lease has %d", h.name, h.lease.Epoch, v, c.w.store.lease.Epoch)
	}
}

// arrived is when one does at the vendor, which may be late by the way there.
func (c *checker) arrived(h *host, by way) {
	if !by.lost && by.there < 2*time.Second && h.lease.Epoch != 0 && h.lease.Epoch < c.w.store.lease.Epoch && h.alive {
		c.w.fail("no call starts that may end after the lease", nil, "one of replica %s, epoch %d, arrives under epoch %d", h.name, h.lease.Epoch, c.w.store.lease.Epoch)
	}
}

// line is one line of the journal, when it is on disk.
func (c *checker) line(entry *store.Entry) {
	w := c.w
	l, err := mirror.DecodeEntry(*entry)
	if err != nil {
		w.fail("the journal can be read", nil, "%v", err)
		return
	}
	p := w.byKey[l.Agent]
	if p == nil {
		return
	}
	if w.telling(p) {
		w.say(p, "  journal: %s %s %s (%s | %s) base (%s | %s) %s", l.What, l.Side, l.Target, l.State, l.Status, l.BaseState, l.BaseStatus, l.Detail)
	}
	switch l.What {
	case mirror.Saw:
		c.saw(p, &l)
	case presence.Decided, presence.Resent:
		c.decided(p, &l)
	case presence.Superseded:
		c.superseded(p, &l)
		c.over(p, &l)
	case presence.Done:
		if v := w.centre.valued(l.Side, l.Target); !p.showed(l.Side, v) {
			w.fail("success is what the vendor shows", p, "%s was never seen to show %s", l.Side, v)
		}
		c.over(p, &l)
	case presence.Landed, presence.Undeliverable:
		c.over(p, &l)
	case presence.Parked:
		w.tally.reach(classFlapping)
	}
}

// over is when a decision stands no longer.
func (c *checker) over(p *person, l *mirror.Line) {
	if st := &p.ledger.standing[l.Side]; *st == c.w.centre.valued(l.Side, l.Target) {
		*st = value{}
	}
}

// superseded is when a decision is not needed any more. What a side came to show
// after one was made is not what it showed before, and not somebody else's. When
// the store took nothing for a while, the side may show something newer by now.
func (c *checker) superseded(p *person, l *mirror.Line) {
	shows, made := &p.ledger.last[l.Side], p.ledger.decision[l.Side].at
	if !c.w.fair(c.w.now - made) {
		return
	}
	if l.Detail == "there before it was asked for" && shows.value == c.w.centre.valued(l.Side, l.Target) && shows.at > made {
		c.w.fail("what comes after a decision was not there before", p, "%s", shows.value)
	}
}

func (c *checker) decided(p *person, l *mirror.Line) {
	w := c.w
	if l.What == presence.Decided && l.Row == "" && l.Cause == 0 {
		w.fail("every decision says why", p, "%s %s", l.Side, l.Target)
	}
	source := value{Word: l.Status}
	if l.Side == presence.Salesforce {
		source = l.State
	}
	d := &p.ledger.decision[l.Side]
	d.at = w.now
	if l.What == presence.Decided || d.target != l.Target || c.asksFor(p, l) {
		d.source = source
	}
	d.sent, d.target = false, l.Target
	// Whether it was sent before it was taken back, nobody tells presence.
	p.ledger.standing[l.Side] = w.centre.valued(l.Side, l.Target)
	p.ledger.ask(p, l.Side, p.ledger.standing[l.Side])
	if l.What == presence.Resent || l.Shadow {
		return
	}
	// The budget is that of a bucket which holds a minute's worth and fills up
	// meanwhile, by the clock of the replica.
	list := append(p.ledger.decided, l.At)
	for len(list) > 0 && l.At.Sub(list[0]).Abs() > time.Minute {
		list = list[1:]
	}
	p.ledger.decided = list
	if most := presence.DefaultSettings().WritesPerMinute; len(list) > 2*most && w.now-w.jumped > 5*time.Minute {
		w.fail("an agent is not moved more often than the budget says", p, "%d decisions in a minute", len(list))
	}
}

// asksFor reports whether what Salesforce shows by now asks for what is set once
// more: then that is what it rests on.
func (c *checker) asksFor(p *person, l *mirror.Line) bool {
	if l.Side != presence.CXone {
		return false
	}
	r := ruleFor(c.w.centre.rules, p)
	if r == nil {
		return false
	}
	to, ok := subscribed(r, l.Status)
	return ok && to.String() == l.Target
}

// saw is a line that says what a side shows. That somebody is logged out is
// never made up.
func (c *checker) saw(p *person, l *mirror.Line) {
	out := l.Side == presence.CXone && l.State == stateLoggedOut || l.Side == presence.Salesforce && l.Status == schema.Offline
	led := &p.ledger
	if out && c.w.fair(3*time.Minute) && !led.isOut[l.Side] && c.w.now-led.leftOut(l.Side) > 2*time.Minute {
		c.w.fail("nobody is taken for logged out who is not", p, "on %s, last logged out %s ago", l.Side, c.w.now-led.leftOut(l.Side))
	}
}

// leftOut is when a side was last known to be logged out.
func (l *ledger) leftOut(side presence.Side) time.Duration { return l.backAt[side] }

// kept is when what is remembered of somebody is on disk. A vendor's clock is
// never set here, so what it told never gives way to something older; but that
// somebody was logged out it often does not tell.
func (c *checker) kept(key string, memory []byte) {
	name, ok := strings.CutPrefix(key, "agent/")
	p := c.w.byKey[name]
	var s presence.State
	if !ok || p == nil || s.UnmarshalBinary(memory) != nil {
		return
	}
	state, status := s.Shows()
	for side, v := range [...]value{state, statusValue(status)} {
		was, is := p.ledger.kept[side], sight{v, s.Since(presence.Side(side))}
		begun := is.value == value{} // with a counterpart, as of now
		if p.ledger.kept[side] = is; !begun && is.value != was.value && !p.outValue(presence.Side(side), was.value) && is.since.Before(was.since) {
			c.w.fail("older news never replaces newer", p, "%s of %s after %s of %s", is.value, is.since, was.value, was.since)
		}
	}
}

// succeeded is when a lease is granted.
func (c *checker) succeeded(store.Lease) {
	for _, p := range c.w.people {
		p.ledger.forget()
		s, _ := c.w.known(p)
		state, status := s.Shows()
		p.ledger.recall(presence.CXone, state)
		p.ledger.recall(presence.Salesforce, statusValue(status))
	}
}

func (c *checker) ended(h *host) { h.polling = 0 }

// spend counts calls to Salesforce, which are within what was declared.
func (h *host) spend(n int) {
	w := h.w
	if day := h.now().UTC().Format(time.DateOnly); day != h.day {
		h.day, h.spent = day, 0
	}
	h.spent += n
	// Counts are kept every half minute only, and an owner that ends without a
	// word loses some. Reading who there is at the beginning is not put off.
	if most := w.plan.callsPerDay; h.spent > most+most/10+10 {
		w.fail("calls stay within the budget", nil, "replica %s made %d of %d", h.name, h.spent, w.plan.callsPerDay)
	}
}

// delivered counts deliveries of events.
func (s *salesforceModel) delivered(h *host, n int) { h.events += n }

// fair reports whether there has been no fault for a while that keeps orders
// from being read.
func (w *world) fair(lately time.Duration) bool {
	since := w.now - lately
	for _, end := range []time.Duration{w.weather.lossy, w.weather.storeDown, w.weather.storeSlow, w.weather.storeFull} {
		if since < end {
			return false
		}
	}
	for _, h := range w.hosts {
		if since < h.cut {
			return false
		}
	}
	return true
}

// late reports whether the process stood still lately, or its clock was set.
func (h *host) late(lately time.Duration) bool {
	return h.paused || h.w.now-h.stood < lately || h.w.jumped != 0 && h.w.now-h.w.jumped < time.Minute
}
