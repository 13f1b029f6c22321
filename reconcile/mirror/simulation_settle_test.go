package mirror_test

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// settle ends all faults and lets people rest. Then both sides must agree, and
// what people do at last must be on the other side within the stated time, and
// nothing be written after that.
func (w *world) settle() {
	if w.failure != nil {
		return
	}
	w.clear()
	w.soon()
	if w.spentUp() {
		return
	}
	w.rest(w.patience())
	if w.spentUp() {
		return
	}
	for _, p := range w.people {
		if s, _ := w.known(p); w.failure == nil {
			if why, parked := s.Parked(); parked {
				w.fail("who is parked is released when both sides have been quiet", p, "%s", why)
			}
		}
		w.agreed(p)
	}
	w.lastActs()
	w.lastStop()
	w.silent()
}

// rest lets time pass, and the people whom a contact still has finish it.
func (w *world) rest(lasts time.Duration) { w.until(w.now + lasts) }

// clear ends faults, orders and what people are in the middle of.
func (w *world) clear() {
	w.say(nil, "all is calm")
	w.calm, w.idle = true, true
	w.removeFile()
	if len(w.orders.stops) > 0 || w.plan.breaker > 0 {
		w.resume(mirror.StopOrder{})
	}
	clear(w.sf.denied)
	clear(w.cx.removed)
	clear(w.cx.wrong)
	clear(w.cx.booked)
	for _, p := range w.people {
		p.openLid()
		for talks(p.state()) {
			w.cx.endContact(p, p.talk)
		}
		if p.loggedIn(presence.Salesforce) && !p.browser.alive() {
			p.openTab()
		}
	}
}

// soon holds everybody about whom nothing was kept silent against the promise for
// faults that can be seen: ten seconds after the last has ended, both sides agree.
// CXone is polled, and writes are rationed, which comes on top.
func (w *world) soon() {
	promised := 10*time.Second + w.ration(len(w.people))
	listed := make([]bool, len(w.people))
	for i, p := range w.people {
		listed[i] = w.excepted(p)
	}
	w.rest(max(w.visible-w.now, 0) + promised)
	h := w.owner()
	if h == nil {
		w.fail("somebody has the lease", nil, "nobody has")
	}
	if w.failure != nil || w.poor() || !h.hasEvents() {
		return
	}
	for i, p := range w.people {
		known := max(p.ledger.sighted, p.ledger.reruled) // what they show, and who they are
		if p.ledger.blind == [2]bool{} && w.now-known >= promised && !listed[i] && !w.excepted(p) {
			w.agreed(p)
			w.tally.soon++
		}
	}
}

// ration is what a number of changes need on top of a stated time.
func (w *world) ration(changes int) time.Duration {
	return w.plan.poll + time.Duration(changes)*time.Second/time.Duration(w.plan.writesPerSec) + 4*w.plan.vendorLatency
}

// hasEvents reports whether the engine says that it is told of changes; when it
// says that it polls instead, what nobody told is known no sooner.
func (h *host) hasEvents() bool { return h.engine.Snapshot(h.now()).Feed.Salesforce == "events" }

// excepted reports whether a person is listed among those for whom no time is
// stated: parked, or out of reach.
func (w *world) excepted(p *person) bool {
	s, _ := w.known(p)
	_, parked := s.Parked()
	return parked || s.Undeliverable(presence.CXone) || s.Undeliverable(presence.Salesforce)
}

// patience is how long the sides may take to agree: a sweep for what was not
// told, and ten seconds; and what vendors have asked for.
func (w *world) patience() time.Duration {
	wait := max(w.visible-w.now, 0) + mirror.PaceOf(len(w.people)).Sweep + time.Minute
	if h := w.owner(); h != nil && w.poor() {
		wait += h.betweenSweeps()
	}
	return wait
}

// betweenSweeps is how far apart sweeps are with what is left of the budget.
func (h *host) betweenSweeps() time.Duration {
	b, now := h.engine.Snapshot(h.now()).Budget, h.now().UTC().Round(0)
	return mirror.PolledSweep(1, mirror.SweepBudget(b.CallsOf)-b.Calls, now.Truncate(24*time.Hour).Add(24*time.Hour).Sub(now))
}

// poor reports whether the budget is so small that sweeps are far apart.
func (w *world) poor() bool { return w.plan.callsPerDay < 5000 }

// spent reports whether nothing is swept any more today, which is said.
func (w *world) spentUp() bool {
	h := w.owner()
	if h == nil || !w.poor() {
		return false
	}
	b := h.engine.Snapshot(h.now()).Budget
	return b.Calls >= mirror.SweepBudget(b.CallsOf)
}

// owner is the replica that has the lease; nil when none has.
func (w *world) owner() *host {
	for _, h := range w.hosts {
		if h.alive && !h.paused && h.turn != 0 && h.lease.Epoch == w.store.lease.Epoch {
			return h
		}
	}
	return nil
}

// known is what the owner's engine remembers of a person, and whether it does.
func (w *world) known(p *person) (presence.State, bool) {
	var s presence.State
	item, ok := w.store.items["agent/"+p.key]
	if !ok {
		return s, false
	}
	return s, s.UnmarshalBinary(item.Value) == nil
}

// follows returns the live rule by which a person is kept in step, nil for none.
func (w *world) follows(p *person) *schema.Rule {
	h := w.owner()
	if h == nil {
		w.fail("somebody has the lease", nil, "nobody has")
		return nil
	}
	is := h.is[p]
	q := *p
	q.team, q.mail = is.team, is.mail
	if r := ruleFor(h.given.Rules, &q); is.pair && isLive(r) && !slices.Contains(h.booked, p.agent) {
		return r
	}
	return nil
}

// agreed holds a person against the convergence that is stated.
func (w *world) agreed(p *person) {
	r := w.follows(p)
	if r == nil || w.failure != nil {
		return
	}
	s, ok := w.known(p)
	if !ok {
		w.fail("both sides agree in the end", p, "nothing is known of the agent")
		return
	}
	state, status := s.Shows()
	switch {
	case state != p.state() || status != p.status():
		w.fail("both sides agree in the end", p, "they are taken for (%s | %s), and show (%s | %s)", state, status, p.state(), p.status())
	case !s.Since(presence.CXone).Equal(p.now[presence.CXone].since) && p.loggedIn(presence.CXone):
		w.fail("since is the vendor's own time", p, "CXone shows %s since %s; remembered is %s", p.state(), p.now[presence.CXone].since, s.Since(presence.CXone))
	}
	if !p.loggedIn(presence.CXone) || !p.loggedIn(presence.Salesforce) {
		return
	}
	baseState, baseStatus, hasBase := s.Base()
	_, cx := s.Pending(presence.CXone)
	_, sf := s.Pending(presence.Salesforce)
	switch {
	case cx || sf:
		w.fail("both sides agree in the end", p, "something is still pending")
	case isMapped(r, p.state(), p.status()):
	case !hasBase || baseState != p.state() || baseStatus != p.status():
		w.fail("both sides agree in the end", p, "(%s | %s) is not what was agreed: (%s | %s)", p.state(), p.status(), baseState, baseStatus)
	}
}

// lastActs lets people, few at a time, choose something that the rule maps, and
// wants it on the other side within the stated time.
func (w *world) lastActs() {
	const few = 8
	var group []func()
	check := func() {
		w.rest(10*time.Second + w.ration(few))
		for _, want := range group {
			want()
		}
		group = group[:0]
		w.rest(40 * time.Second) // no more than a few within the breaker's time
	}
	for _, p := range w.people {
		if w.failure != nil {
			return
		}
		if want := w.lastAct(p); want != nil {
			group = append(group, want)
		}
		if len(group) == few {
			check()
		}
	}
	check()
}

// lastAct returns what is to hold soon; nil when the person can do nothing.
func (w *world) lastAct(p *person) func() {
	r := w.follows(p)
	if r == nil || !p.loggedIn(presence.CXone) || !p.loggedIn(presence.Salesforce) || w.poor() {
		return nil
	}
	if w.chance(0.5) {
		to := pick(w, w.centre.settable)
		status := published(r, to)
		if status == "" || to == p.state() {
			return nil
		}
		w.cx.show(p, to, byPerson)
		return func() {
			if p.state() == to && p.status() != status && !isMapped(r, p.state(), p.status()) {
				w.fail("a change is on the other side within the stated time", p, "%s is to be published as %s; Salesforce shows %s", to, status, p.status())
			}
		}
	}
	status := pick(w, w.centre.statuses)
	to, ok := subscribed(r, status)
	if !ok || to.Word == "previous" || status == p.status() {
		return nil
	}
	w.sf.choose(p, status)
	return func() {
		if p.status() == status && p.state() != to && !isMapped(r, p.state(), p.status()) {
			w.fail("a change is on the other side within the stated time", p, "%s leads to %s; CXone shows %s", status, to, p.state())
		}
	}
}

// lastStop lets people choose something while everybody is stopped. Nothing of
// it is caught up afterwards, heard of before the stop ends or not.
func (w *world) lastStop() {
	if w.failure != nil {
		return
	}
	w.stop(mirror.StopOrder{})
	w.rest(3 * time.Second)
	for _, p := range w.people {
		w.lastAct(p)
	}
	soon := w.chance(0.5)
	if soon {
		w.rest(w.margin())
	} else {
		w.rest(10*time.Second + w.ration(len(w.people)))
	}
	w.resume(mirror.StopOrder{})
	if !soon && w.chance(0.5) {
		w.untilResumed()
		w.lastActs() // which are not taken for what happened before
		return
	}
	w.check.quiet = true
	w.rest(time.Minute)
	w.check.quiet = false
}

func (w *world) untilResumed() {
	waits := func(p *person) bool {
		s, _ := w.known(p)
		_, stopped := s.Stopped()
		return stopped
	}
	for end := w.now + 2*time.Second; w.now < end && slices.ContainsFunc(w.people, waits); {
		w.rest(20 * time.Millisecond)
	}
}

// silent wants nothing to be written while nobody does anything.
func (w *world) silent() {
	if w.failure != nil {
		return
	}
	w.rest(3 * time.Minute)
	w.check.quiet = true
	w.rest(25 * time.Minute)
}
