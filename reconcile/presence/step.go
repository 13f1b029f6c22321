package presence

import (
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// Step is the engine: it returns what is known of an agent after an input, and
// what is to be done about it.
//
// It is a pure function: it reads no clock and does no I/O, equal arguments
// give equal results, and the state it is given stays as it was. What it
// decides depends on the rule, the pair last agreed, both sides as they are now
// and the time, never on which message told it so; the same input again changes
// nothing and asks for nothing.
func Step(set *Settings, s State, in Input) (State, []Effect) {
	if in.Epoch < s.epoch {
		return s, nil // somebody else owns the agent by now
	}
	m := machine{set: set, s: s, in: in, rule: in.Rule, now: in.Now.UnixMilli()}
	m.takeOver()
	m.clamp()
	m.age()
	m.hear()
	m.obey()
	m.land() // what is seen of one side can be over before the other is seen
	if m.mayDecide() {
		m.pause()
		m.decide()
		m.forget(m.lapsed)
		m.carry()
	}
	m.alarm()
	return m.s, m.effects
}

// A machine is one call of Step.
type machine struct {
	set     *Settings
	s       State
	in      Input
	rule    *Rule // nil when none is in force
	now     int64
	effects []Effect
}

// live reports whether decisions are carried out.
func (m *machine) live() bool { return m.rule.live && !m.set.Shadow }

// takeOver makes a new owner look before it leaps. What became of commands
// that the last one sent is unknown.
func (m *machine) takeOver() {
	if m.in.Epoch == m.s.epoch {
		return
	}
	known := m.s.epoch != 0
	m.s.epoch = m.in.Epoch
	for side := range m.s.seen {
		m.s.seen[side].fresh = false
		// By whose clock it was seen nobody knows: a reading of present data is not
		// to be taken for much later because of that.
		m.s.seen[side].at = m.now
		m.s.blocked[side].unreachable = false
		if p := m.s.pending[side]; p != nil {
			again := *p
			again.answered, again.accepted, again.tries, again.paused = false, false, 0, 0
			again.next, again.expires = m.now, 0
			m.s.pending[side] = &again
		}
	}
	if known {
		m.tell(Entry{What: TookOver})
	}
}

// clamp keeps a clock that was set back from making anything wait for longer
// than it ever may.
func (m *machine) clamp() {
	limit := func(deadline *int64, most time.Duration) { *deadline = min(*deadline, m.now+most.Milliseconds()) }
	for side, p := range m.s.pending {
		if p == nil {
			continue
		}
		again := *p
		limit(&again.next, max(m.set.Confirm, maxRetryAfter))
		limit(&again.expires, m.set.DecisionLife)
		limit(&again.paused, 0)
		if m.s.seen[side].fresh {
			again.until = min(again.until, m.carriedOut(Side(side)))
		}
		if again != *p {
			m.s.pending[side] = &again
		}
	}
	for side, seen := range m.s.seen {
		if seen.fresh {
			limit(&m.s.adopted[side], time.Duration(seen.ahead)*time.Millisecond)
		}
	}
	for i, l := range m.s.late {
		if most := m.carriedOut(l.side); l.until > most && m.s.seen[l.side].fresh {
			m.s.late = append([]late(nil), m.s.late...)
			m.s.late[i].until = most
		}
	}
	limit(&m.s.changed, 0)
	limit(&m.s.refilled, 0)
}

// obey brings the state in line with who the agent is and which rule reaches
// them.
func (m *machine) obey() {
	m.match()
	switch {
	case m.rule == nil:
		m.unrule()
	case !m.s.ruled:
		m.takeRule()
	case m.live() && !m.s.live:
		// What was agreed while nothing was written is no agreement.
		m.dropBase()
		m.takeRule()
		m.tell(Entry{What: Reruled, Detail: "carried out from now on"})
	case m.rule.digest != m.s.digest && !m.held(), m.live() != m.s.live:
		m.reruled()
	}
}

// held reports whether a changed rule has to wait. It does not once somebody has
// moved, for what is agreed from then on is agreed under it.
func (m *machine) held() bool { return m.in.Hold && m.s.hasBase && m.s.base == m.s.shows }

func (m *machine) takeRule() { m.s.ruled, m.s.digest, m.s.live = true, m.rule.digest, m.live() }

func (m *machine) match() {
	lost := m.in.Unmatched != ""
	if lost {
		m.rule = nil
	}
	if lost != m.s.lost {
		m.s.lost = lost
		m.effects = append(m.effects, Report{Kind: ReportUnmatched, Over: !lost, Detail: m.in.Unmatched})
	}
}

func (m *machine) unrule() {
	if !m.s.ruled {
		return
	}
	m.tell(Entry{What: Reruled, Detail: "no rule any more"})
	m.unpark("no rule any more")
	m.dropAll("no rule any more")
	m.dropBase()
	m.s.late = nil
	m.s.ruled, m.s.digest, m.s.live = false, 0, false
}

// reruled lets a changed rule publish: a pair that it does not map has a base
// in which CXone counts as moved. What moved by itself is decided as ever.
func (m *machine) reruled() {
	m.takeRule()
	for side := range m.s.blocked {
		m.release(Side(side))
	}
	m.tell(Entry{What: Reruled})
	if !m.live() {
		m.dropAll("not carried out any more")
		return
	}
	m.dropOrphan()
	if m.s.hasBase && m.s.base == m.s.shows && !m.rule.mapped(m.world(CXone)) {
		m.s.base.state = schema.ACDState{}
		m.settled()
	}
}

// dropOrphan drops a decision from before a contact that the rule no longer
// asks for. What still holds outside an orphan is decided afresh anyway.
func (m *machine) dropOrphan() {
	p := m.s.pending[CXone]
	if p == nil || !p.orphan {
		return
	}
	if row := m.rule.subscriber[p.want.status]; row == nil || row.State != p.want.state {
		m.drop(CXone, Superseded, "not asked for by the new rule")
	}
}

func (m *machine) mayDecide() bool {
	if m.s.parked && !m.s.stopped {
		m.rest()
	}
	return m.acts()
}

// acts reports whether decisions are made and carried out at present.
func (m *machine) acts() bool {
	return m.rule != nil && !m.s.stopped && !m.s.parked && m.s.seen[CXone].fresh && m.s.seen[Salesforce].fresh
}

// alarm asks to be woken when time alone will matter, if that has changed.
func (m *machine) alarm() {
	wake := int64(0)
	sooner := func(at int64) {
		if at != 0 && (wake == 0 || at < wake) {
			wake = at
		}
	}
	if m.s.parked && !m.s.stopped {
		sooner(m.s.changed + m.set.Quiet.Milliseconds())
	}
	for side, p := range m.s.pending {
		if p == nil {
			continue
		}
		if p.paused == 0 && m.acts() {
			sooner(p.expires)
		}
		if m.acts() && m.sendable(Side(side), p) {
			sooner(p.next)
		}
	}
	if wake != m.s.wake {
		m.s.wake = wake
		m.effects = append(m.effects, Wake{stamp(wake)})
	}
}

// tell writes a line into the journal, with what every line has.
func (m *machine) tell(e Entry) {
	e.State, e.Status = m.s.shows.state, m.s.shows.status
	if m.s.hasBase {
		e.BaseState, e.BaseStatus = m.s.base.state, m.s.base.status
	}
	if m.rule != nil {
		e.Rule, e.Digest, e.Shadow = m.rule.Name(), m.rule.digest, !m.live()
	}
	if m.effects == nil {
		m.effects = make([]Effect, 0, 4) // a decision, its command and a wake
	}
	m.effects = append(m.effects, e)
}

// report tells a person, unless the rule is only watched.
func (m *machine) report(r Report) {
	if m.rule == nil || m.live() {
		m.effects = append(m.effects, r)
	}
}

// setBase makes p the base, and what "previous" stands for when no contact
// hides it: never after-call work, nor a refused contact (out-state -1), which
// cannot be set; then there is no status to go back to either.
func (m *machine) setBase(p pair) {
	m.s.base, m.s.hasBase = p, true
	stands := m.s.stands
	m.settled()
	for side := range stands {
		m.s.stands[side] = stands[side] && m.moved(Side(side)) // not part of p
	}
	if inContact(p.state) {
		m.s.run = true
		return
	}
	m.s.run = false
	switch {
	case p.state.Word == schema.StateLoggedOut:
		m.s.before = pair{}
	case p.state.Word == schema.StateRefused, m.rule.acw[p.state.Code]:
		m.s.before.status = schema.Offline
	default:
		m.s.before = p
	}
}

// settled says that nothing of the base was left as it is: each side shows it
// because of the other.
func (m *machine) settled() { m.s.stands, m.s.adopted = [2]bool{}, [2]int64{} }

func (m *machine) dropBase() {
	m.s.base, m.s.hasBase, m.s.before, m.s.run = pair{}, false, pair{}, false
	m.settled()
	m.s.last = [2]change{}
}

// world is the agent as the tables see it, one side having moved.
func (m *machine) world(moved Side) world {
	w := world{pair: m.s.shows, moved: moved}
	if m.s.run {
		w.before = m.s.before
		if w.before.status == "" {
			w.before.status = schema.Offline // nothing is known from before
		}
		if row := m.rule.publish(m.s.base.state); row != nil && inContact(m.s.base.state) {
			w.during = row.Status.Name
		}
	}
	return w
}
