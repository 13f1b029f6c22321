package presence

import (
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// land finds out which commands have been carried out: the one that is under
// way, or one that a newer decision has replaced. What they wanted becomes the
// base, so that our own write coming back is no move of anybody's.
func (m *machine) land() {
	if m.rule == nil || !m.s.hasBase {
		return
	}
	for again := true; again; { // what has landed on one side can tell of the other
		again = m.landOn(CXone)
		again = m.landOn(Salesforce) || again
	}
}

func (m *machine) landOn(side Side) bool {
	p := m.s.pending[side]
	if p == nil || m.s.shows.on(side) != p.want.on(side) {
		return m.landLate(side)
	}
	if m.s.seen[side].since < p.cause {
		m.drop(side, Superseded, "there before it was asked for")
		return true
	}
	m.done(side, p)
	return true
}

func (m *machine) done(side Side, p *pending) {
	m.s.pending[side] = nil
	m.tell(Entry{What: Done, Side: side, Target: p.want.text(side), Command: p.id})
	m.record(side, p)
	m.forget(func(l late) bool { return l.side == side && l.want.on(side) == p.want.on(side) })
	if p.tries > 1 || !p.answered {
		m.outlives(side, p, m.s.seen[side].since)
	}
	if side == Salesforce {
		m.published(p.want)
		return
	}
	if !m.s.run || m.movedOn() && !p.orphan {
		m.setBase(p.want)
		return
	}
	// The contact ends where we wanted it to. That is still its end, and asks for
	// what the end of a contact asks for.
	if !p.orphan {
		m.s.base.status = p.want.status
	}
	m.s.stands[CXone] = false
	if !m.moved(CXone) {
		m.s.base.state = schema.ACDState{} // its beginning was never agreed
	}
}

// landed takes what a replaced command brought about for agreed, so that only
// what has been done since counts as a move. At a contact's end with a status
// that only shows the contact, the end counts, wherever it led.
func (m *machine) landed(side Side, p pair) {
	switch {
	case side == Salesforce:
		m.published(p)
	case !m.s.run || m.movedOn() || !m.rule.contact[m.s.shows.status]:
		m.setBase(p)
	default:
		return
	}
	// A newer decision about the same move, as after a change of rule, stands:
	// the move has not been answered yet.
	newer := m.s.pending[side]
	if newer == nil || newer.want.on(side.other()) != p.on(side.other()) {
		return
	}
	m.s.base = m.s.base.with(side.other(), pair{})
}

// published makes what was published the base. A decision that rests on the
// status before is not what the pair is to be any more, though a contact lets
// it stand.
func (m *machine) published(p pair) {
	m.setBase(p)
	if waiting := m.s.pending[CXone]; waiting != nil && !waiting.orphan {
		again := *waiting
		again.orphan = true
		m.s.pending[CXone] = &again
	}
}

// landLate looks for a late command that was carried out after all.
func (m *machine) landLate(side Side) bool {
	if m.s.shows.on(side) == m.s.base.on(side) && (side != Salesforce || !m.tookBack()) {
		return false
	}
	i := m.findLate(side, m.s.seen[side])
	if i < 0 {
		return false
	}
	want := m.s.late[i].want
	m.s.late = slices.Clone(m.s.late)
	m.s.late[i].shown = m.s.seen[side].since // another try of it may follow
	m.tell(Entry{What: Landed, Side: side, Target: want.text(side)})
	m.landed(side, want)
	return true
}

// stray reports whether a side's showing the same anew can be a late command.
func (m *machine) stray(side Side, at sight) bool { return m.findLate(side, at) >= 0 }

// findLate returns the late command that can have made a side show what it
// shows, -1 when none can: not what it came to show before there was reason for
// the command, nor when the command could no longer be carried out, by the
// vendor's own clock. CXone may keep one queued for as long as a contact lasts.
func (m *machine) findLate(side Side, at sight) int {
	return slices.IndexFunc(m.s.late, func(l late) bool {
		return l.side == side && l.want.on(side) == m.s.shows.on(side) && at.since > l.shown &&
			at.since >= l.cause && (at.since <= l.until || m.queues(side))
	})
}

// lapsed reports whether a late command would have shown: its side has changed
// since it could be carried out, or was seen well after. Until then it may have
// been, and the news of it lost.
func (m *machine) lapsed(l late) bool {
	seen := m.s.seen[l.side]
	gone := seen.since > l.until || seen.at+seen.ahead > l.until+2*m.set.Confirm.Milliseconds()
	return gone && !m.queues(l.side)
}

// queues reports whether a side may keep a command for a contact's end, which has
// not been seen to be over.
func (m *machine) queues(side Side) bool { return side == CXone && m.s.run && !m.movedOn() }

func (m *machine) forget(which func(late) bool) {
	var rest []late
	for _, l := range m.s.late {
		if !which(l) {
			rest = append(rest, l)
		}
	}
	m.s.late = rest
}

// want makes a decision, unless it has been made.
func (m *machine) want(side Side, w *wish) {
	if p := m.s.pending[side]; p != nil {
		if p.want.on(side) == w.want.on(side) && m.again(side, *p, w) {
			return
		}
		m.drop(side, Superseded, "a newer decision")
	}
	if m.live() && (m.s.blocked[side].unreachable || m.s.blocked[side].held == w.want.on(side)) {
		m.undeliverable(side, side.String()+" to "+w.want.text(side)+" waits until the agent can be reached")
		return // the base stays, and this is decided again once it can be done
	}
	if m.live() && !m.spend() {
		m.park("more than the budget of writes a minute")
		return
	}
	p := &pending{saw: m.s.shows, want: w.want, cause: m.cause(side), next: m.now, expires: m.now + m.set.DecisionLife.Milliseconds()}
	m.s.pending[side] = p
	m.pause()
	entry := Entry{
		What: Decided, Moved: m.movers(), Cause: w.move.Cause, Side: side, Target: w.want.text(side),
	}
	if row := w.move.Row; row != nil {
		entry.Row = m.rule.places[row]
	}
	if m.live() {
		entry.Command = m.s.seq + 1
	}
	m.tell(entry)
}

// cause returns when, at the earliest, the other side came to show what a
// decision for side rests on: by the clock of side's vendor, which is the same for
// a later owner, whose machine may have another.
func (m *machine) cause(side Side) int64 {
	source, target := m.s.seen[side.other()], m.s.seen[side]
	return source.began() - source.unsure + target.ahead - target.unsure
}

// again takes a decision that says the same as the one under way for that one.
// It reports false when the target has been moved by somebody meanwhile: then
// it is a newer decision.
func (m *machine) again(side Side, p pending, w *wish) bool {
	if m.s.shows.on(side) != p.saw.on(side) && (side != CXone || !m.s.run) {
		return false
	}
	if cause := min(p.cause, m.cause(side)); p.want != w.want || p.orphan || p.cause != cause {
		p.want, p.orphan, p.cause = w.want, false, cause
		m.s.pending[side] = &p
	}
	if side == CXone {
		m.aimAgain()
	}
	return true
}

// aimAgain lets a decision that waited for a contact's end be sent now, unless
// it has been already.
func (m *machine) aimAgain() {
	p := *m.s.pending[CXone]
	if !inContact(m.s.shows.state) && p.saw.state != m.s.shows.state {
		p.saw.state, p.next, p.accepted = m.s.shows.state, m.now, false
		m.s.pending[CXone] = &p
	}
}

// drop lets go of a decision. Its command may still be carried out.
func (m *machine) drop(side Side, what What, why string) {
	p := m.s.pending[side]
	if p == nil {
		return
	}
	m.s.pending[side] = nil
	m.tell(Entry{What: what, Side: side, Target: p.want.text(side), Command: p.id, Detail: why})
	if p.id != 0 {
		m.remember(late{side: side, want: p.want, cause: p.cause, until: p.until})
	}
}

// outlives remembers that a command, or another try of it, may be carried out
// though it was taken for done.
func (m *machine) outlives(side Side, p *pending, shown int64) {
	m.remember(late{side: side, want: p.want, cause: p.cause, shown: shown, until: p.until})
}

// carriedOut returns until when, at the latest, a command may be that is sent now
// and meets no contact: by the clock of side's vendor, as [machine.cause].
func (m *machine) carriedOut(side Side) int64 {
	target := m.s.seen[side]
	return m.now + m.set.CommandLife.Milliseconds() + target.ahead + target.unsure
}

// maxLate bounds how many replaced commands are remembered. The oldest is the
// least likely to be carried out yet.
const maxLate = 16

func (m *machine) remember(l late) {
	m.forget(func(old late) bool { return old.side == l.side && old.want == l.want })
	rest := append(slices.Clip(m.s.late), l)
	m.s.late = rest[max(0, len(rest)-maxLate):]
}

func (m *machine) dropAll(why string) {
	m.drop(CXone, Superseded, why)
	m.drop(Salesforce, Superseded, why)
}

// undeliverable tells a person, once.
func (m *machine) undeliverable(side Side, detail string) {
	if !m.s.blocked[side].told {
		m.s.blocked[side].told = true
		m.report(Report{Kind: ReportUndeliverable, Detail: detail})
	}
}

// fail gives a decision up and says so. The base stays.
func (m *machine) fail(side Side, why string) {
	p := m.s.pending[side]
	m.drop(side, Undeliverable, why)
	m.s.blocked[side].held = p.want.on(side)
	m.undeliverable(side, side.String()+" to "+p.want.text(side)+": "+why)
}
