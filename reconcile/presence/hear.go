package presence

import (
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// maxRetryAfter bounds what a vendor's Retry-After can put off.
const maxRetryAfter = 5 * time.Minute

// hear takes in what happened.
func (m *machine) hear() {
	switch event := m.in.Event.(type) {
	case Observation:
		m.observe(event)
	case Answer:
		m.answer(event)
	case Reach:
		m.reach(event)
	case Stop:
		m.stop(event.Reason)
	case Resume:
		m.resume()
	}
}

func (m *machine) observe(o Observation) {
	if o.Side != CXone && o.Side != Salesforce {
		return
	}
	shown, ok := m.read(o)
	if !ok {
		m.tell(Entry{What: Ignored, Side: o.Side, Detail: "an observation without a value"})
		m.report(Report{Kind: ReportPoison, Detail: "an observation of " + o.Side.String() + " without a value"})
		return
	}
	sight := m.sight(o)
	if m.stale(o, sight) {
		if shown.on(o.Side) != m.s.shows.on(o.Side) {
			m.tell(Entry{What: Ignored, Side: o.Side, Target: shown.text(o.Side), Detail: "older than what was seen"})
		}
		return
	}
	if shown.on(o.Side) != m.s.shows.on(o.Side) {
		if o.Side == CXone {
			m.leave(shown.state)
		}
		chosen := o.Side == Salesforce || m.chosen(shown.state)
		m.s.shows = shown
		m.s.stands[o.Side] = chosen && !m.stray(o.Side, sight)
		m.s.changed = m.now
		m.release(CXone)
		m.release(Salesforce)
		m.reachable(o.Side) // who moves there is there
	} else {
		if sight.since > m.s.seen[o.Side].since {
			m.retaken(o.Side, sight)
		}
		if o.Whole {
			m.release(o.Side)
		}
		if o.Side == CXone && o.State.Word != schema.StateLoggedOut {
			m.relogged(o.Whole, sight.since > m.s.seen[CXone].since)
		}
	}
	m.s.seen[o.Side] = sight
}

// relogged notices that being logged out of CXone was over before it was seen:
// who could not be reached shows a state that began since. That is a login.
func (m *machine) relogged(whole, anew bool) {
	if anew && m.s.blocked[CXone].unreachable && m.s.hasBase {
		m.s.base.state = schema.ACDState{Word: schema.StateLoggedOut}
	}
	if anew || whole {
		m.reachable(CXone)
	}
}

// leave remembers where a contact takes CXone from, where that has not been
// answered yet: there is no status to go back to then. Nor is there a state to
// come back to once CXone has moved on from a contact's end.
func (m *machine) leave(next schema.ACDState) {
	left, known := m.s.shows.state, m.s.base.state
	if m.s.run {
		known = m.s.before.state
	}
	switch {
	case m.rule == nil || !m.s.hasBase || inContact(left):
	case !inContact(next):
		if m.s.run {
			m.s.before = pair{status: schema.Offline}
		}
	case left != known && m.rule.settable(left):
		m.s.before = pair{left, schema.Offline}
	}
}

// chosen reports whether CXone coming to show a state is somebody's choice: a
// contact is not, nor is being back where CXone was before one.
func (m *machine) chosen(state schema.ACDState) bool {
	if inContact(state) {
		return false
	}
	over := m.s.run || inContact(m.s.shows.state)
	return !over || state != m.s.before.state
}

// retaken notices that a side shows anew what it showed when a command went out.
// It left that and came back to it: what we asked for was carried out, or
// something else was, and somebody has moved it since. That is newer than the
// decision, which must not be sent again over it. During a contact CXone queues
// what it accepts, and nothing is known before its end.
func (m *machine) retaken(side Side, at sight) {
	if side == Salesforce || m.s.blocked[side].held != (value{}) {
		m.s.stands[side] = true
	}
	p := m.s.pending[side]
	if p == nil || p.id == 0 || side == CXone && inContact(m.s.shows.state) || m.s.shows.on(side) != p.saw.on(side) {
		return
	}
	if at.since < p.cause || m.stray(side, at) {
		return // it came before what the decision rests on, or is ours as well
	}
	m.s.pending[side] = nil
	m.tell(Entry{What: Landed, Side: side, Target: p.want.text(side), Command: p.id, Detail: "and moved back since"})
	other := m.s.stands[side.other()] // what was chosen there may be newer still
	m.landed(side, p.want)
	m.outlives(side, p, at.since) // it may have been something else
	m.s.stands[side], m.s.stands[side.other()] = true, other
}

// read returns the pair as it is with the observation; false for one that says
// nothing.
func (m *machine) read(o Observation) (pair, bool) {
	shown := m.s.shows.with(o.Side, pair{o.State, o.Status})
	if o.Side == CXone {
		return shown, o.State != (schema.ACDState{}) && o.State.Word != schema.Previous
	}
	return shown, o.Status != ""
}

func (m *machine) sight(o Observation) sight {
	at := sight{since: millis(o.Since), at: m.now, ahead: o.Clock.Ahead.Milliseconds(), unsure: o.Clock.Uncertainty.Milliseconds(), fresh: true}
	if at.since == 0 {
		at.since = m.now + at.ahead
		if m.s.seen[o.Side].since > at.since || m.s.shows.on(o.Side) == (pair{o.State, o.Status}).on(o.Side) {
			at.since = m.s.seen[o.Side].since
		}
	}
	return at
}

// stale reports whether something newer has been seen. The vendor's own time
// tells, for messages come late and in any order. A reading of present data may
// contradict it once nothing newer was heard for a while: a vendor's clock can
// be set back as well.
func (m *machine) stale(o Observation, at sight) bool {
	seen := m.s.seen[o.Side]
	if at.since >= seen.since {
		return false
	}
	return !o.Whole || m.now-seen.at < resight.Milliseconds()
}

func (m *machine) answer(a Answer) {
	for side, p := range m.s.pending {
		if p != nil && p.id == a.Command && a.Command != 0 {
			m.answered(Side(side), *p, a)
			return
		}
	}
}

func (m *machine) answered(side Side, p pending, a Answer) {
	if p.answered {
		return
	}
	p.answered = true
	told := Entry{What: Answered, Side: side, Target: p.want.text(side), Command: p.id, Detail: a.Detail}
	switch a.Result {
	case Accepted:
		told.Detail = detailed("accepted", a.Detail)
		p.accepted, p.next = true, m.now+m.set.Confirm.Milliseconds()
	case Unknown:
		told.Detail = detailed("unknown", a.Detail)
		p.next = m.now + max(min(a.RetryAfter, maxRetryAfter).Milliseconds(), m.backOff(p.tries))
	case Refused:
		m.fail(side, detailed("refused", a.Detail))
		return
	case Unreachable:
		m.fail(side, detailed("unreachable", a.Detail))
		m.s.blocked[side].unreachable, m.s.blocked[side].held = true, value{}
		return
	}
	m.s.pending[side] = &p
	m.tell(told)
}

func detailed(what, detail string) string {
	if detail == "" {
		return what
	}
	return what + ": " + detail
}

func (m *machine) reach(r Reach) {
	if r.Side != CXone && r.Side != Salesforce {
		return
	}
	if r.OK {
		m.release(r.Side)
		m.reachable(r.Side)
		return
	}
	if m.s.blocked[r.Side].unreachable {
		return
	}
	if m.s.pending[r.Side] != nil {
		m.fail(r.Side, "unreachable")
	}
	m.s.blocked[r.Side].unreachable, m.s.blocked[r.Side].held = true, value{}
}

// reachable lets commands go to a side again.
func (m *machine) reachable(side Side) {
	m.s.blocked[side].unreachable = false
	m.unblocked(side)
}

// release lets a side be tried again with what was refused or has expired.
func (m *machine) release(side Side) {
	m.s.blocked[side].held = value{}
	m.unblocked(side)
}

func (m *machine) unblocked(side Side) {
	b := &m.s.blocked[side]
	if b.told && !b.unreachable && b.held == (value{}) {
		b.told = false
		m.report(Report{Kind: ReportUndeliverable, Over: true, Detail: side.String()})
	}
}

func (m *machine) stop(reason string) {
	if m.s.stopped {
		return
	}
	m.unpark("stopped")
	m.dropAll("stopped")
	m.s.stopped, m.s.reason = true, reason
	m.tell(Entry{What: Stopped, Detail: reason})
}

// resume forgets the base, so that what is there is adopted; so is what has
// happened before and is heard of later.
func (m *machine) resume() {
	if !m.s.stopped {
		return
	}
	m.s.stopped, m.s.reason = false, ""
	m.tell(Entry{What: Resumed})
	m.dropBase()
	m.s.late, m.s.resumed = nil, true
	for side := range m.s.adopted {
		m.s.adopted[side] = m.now + m.s.seen[side].ahead
	}
}
