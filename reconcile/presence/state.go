package presence

import (
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// A State is all that the engine remembers of one agent. The zero State is an
// agent of whom nothing is known. It is a value: [Step] never changes one that
// it was given, nor what it points to.
type State struct {
	shows pair     // what both sides were last seen to show
	seen  [2]sight // when, by side

	base    pair // the pair last agreed
	hasBase bool
	// stands says, by side, that somebody chose what it shows and nothing has
	// been made of it on the other side. It wins over what happened there before
	// and is heard of later. adopted is when the later side of a base that was
	// adopted had changed, or when a stop ended, by the clock of each side's vendor:
	// what happened there before that asks for nothing.
	stands  [2]bool
	adopted [2]int64
	// before is the base as it was outside a contact: what "previous" stands
	// for. It follows the base, and stands still while run says that a contact or
	// what it asks for at its end is under way. Its status is offline when there
	// is nothing to go back to.
	before pair
	run    bool

	pending [2]*pending // decisions under way, by the side they set
	late    []late      // replaced commands that may still be carried out
	last    [2]change   // the last write that was done, by side
	blocked [2]block    // why a side is not written to

	epoch   uint64
	seq     uint64 // of the last command
	digest  uint64 // of the rule that the base was agreed under
	ruled   bool   // there is such a rule
	live    bool   // it was carried out
	stopped bool
	parked  bool
	lost    bool // reported as unmatched

	tokens   int32 // writes left in the budget, in thousandths
	refilled int64
	changed  int64 // when either side last changed, by our clock
	wake     int64
	reason   string // why stopped or parked
	resumed  bool   // the next pair is adopted as it is
}

// A sight is when one side was seen, in milliseconds since 1970.
type sight struct {
	since  int64 // the vendor's own time of the change
	at     int64 // our time of seeing it
	ahead  int64 // how far the vendor's clock is ahead of ours
	unsure int64 // how far that may be wrong
	fresh  bool  // seen by the present owner
}

// began is the time of the change by our clock.
func (s sight) began() int64 { return s.since - s.ahead }

// A pending is a decision that its side does not show yet.
type pending struct {
	id      uint64 // of the command last sent; 0 in shadow
	saw     pair   // what both sides showed when it was decided
	want    pair   // what they are to show
	cause   int64  // see [machine.cause]
	until   int64  // see [machine.carriedOut], for the command last sent
	next    int64  // when it may be sent again
	expires int64
	paused  int64 // since when a contact keeps it from ageing; 0 when none does
	tries   uint8
	// answered says that the vendor's answer is known, accepted that it took it.
	answered, accepted bool
	// orphan says that the contact has since published over what the decision
	// rests on. It still stands, but it no longer says what the pair is to be.
	orphan bool
}

// A late command is one that may still be carried out though nothing waits for
// it: a newer decision has replaced it, or another try of it was carried out.
type late struct {
	side  Side
	want  pair
	cause int64 // of the decision
	shown int64 // since when the side showed what was last taken for it, by the vendor's time
	until int64 // see [machine.carriedOut]
}

// A change is one side's write that was done.
type change struct {
	from, to value
	at       int64
	reverts  uint8
	armed    bool // it has not been undone since
}

// A block keeps a side from being written to. The base stays, so that nothing
// is lost.
type block struct {
	unreachable bool
	// held is a target that was refused or has expired; the zero value when there
	// is none.
	held value
	// told says that it was reported.
	told bool
}

// A value is what a pair shows on one side.
type value struct{ word, code string }

func (p pair) on(s Side) value {
	if s == CXone {
		return value{p.state.Word, p.state.Code}
	}
	return value{word: p.status}
}

// with returns p showing on one side what q shows there.
func (p pair) with(s Side, q pair) pair {
	if s == CXone {
		p.state = q.state
	} else {
		p.status = q.status
	}
	return p
}

// text names what p shows on one side.
func (p pair) text(s Side) string {
	if s == CXone {
		return p.state.String()
	}
	return p.status
}

// Shows returns what both sides were last seen to show; zero for one that was
// never seen.
func (s State) Shows() (schema.ACDState, string) { return s.shows.state, s.shows.status }

// Since returns since when a side has shown that, by the vendor's own clock.
func (s State) Since(side Side) time.Time { return stamp(s.seen[side].since) }

// Fresh reports whether the present owner has seen what a side shows. Something
// older than what is remembered does not count.
func (s State) Fresh(side Side) bool { return s.seen[side].fresh }

// Moved returns when the later of both sides came to show what it does, by our
// clock: the cause of what is decided about them.
func (s State) Moved() time.Time {
	return stamp(max(s.seen[CXone].began(), s.seen[Salesforce].began()))
}

// Reruled reports whether the base was agreed under a rule that meant something
// else than r.
func (s State) Reruled(r *Rule) bool { return s.ruled && r != nil && s.digest != r.digest }

// Base returns the pair last agreed; ok is false when there is none.
func (s State) Base() (state schema.ACDState, status string, ok bool) {
	return s.base.state, s.base.status, s.hasBase
}

// Pending returns what a side is being set to; ok is false when it is not.
func (s State) Pending(side Side) (target string, ok bool) {
	p := s.pending[side]
	if p == nil {
		return "", false
	}
	return p.want.text(side), true
}

// Command returns the command by which what is pending on a side was last sent,
// 0 when nothing is, or nobody was asked for it.
func (s State) Command(side Side) uint64 {
	if p := s.pending[side]; p != nil {
		return p.id
	}
	return 0
}

// Parked returns why the agent is parked; ok is false when it is not.
func (s State) Parked() (reason string, ok bool) { return s.heldFor(s.parked && !s.stopped) }

// Stopped returns why the agent's sync is stopped; ok is false when it is not.
func (s State) Stopped() (reason string, ok bool) { return s.heldFor(s.stopped) }

// heldFor returns the reason if it is one for that.
func (s State) heldFor(that bool) (reason string, ok bool) {
	if !that {
		return "", false
	}
	return s.reason, true
}

// Undeliverable reports whether a side cannot be written to at present.
func (s State) Undeliverable(side Side) bool { return s.blocked[side] != block{} }

// Next returns when [Step] wants to be called again; the zero time when only
// an event matters.
func (s State) Next() time.Time { return stamp(s.wake) }

func stamp(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
