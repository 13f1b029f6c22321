package presence

import (
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// An Input is one call of [Step]: the time, who is asking, the rule in force,
// and what happened, if anything did.
type Input struct {
	// Now is the shell's clock. It only measures waits; who was first is told by
	// the vendors' timestamps.
	Now time.Time
	// Epoch is that of the lease under which the shell acts. An input of an
	// older epoch than the state's is refused whole; a newer one means a new
	// owner, who observes both sides afresh before anything is decided.
	Epoch uint64
	// Rule is the rule that reaches the agent now; nil when none does.
	Rule *Rule
	// Hold puts off what a changed rule asks for of a pair that nobody has moved:
	// the shell says whose turn it is, so that not everybody is written to at
	// once.
	Hold bool
	// Unmatched says why the agent has no counterpart on the other side; ""
	// when there is one. An unmatched agent follows no rule.
	Unmatched string
	// Event is what happened; nil when only time has passed.
	Event Event
}

// An Event is something that happened to one agent: [Observation], [Answer],
// [Reach], [Stop] or [Resume].
type Event interface{ event() }

// An Observation is what one side shows.
type Observation struct {
	Side   Side
	State  schema.ACDState // on CXone: after-call work is the word ACW, with its code when known
	Status string          // on Salesforce: the developer name, or [schema.Offline]
	// Since is the vendor's own time of the change, in one precision a side;
	// zero when the vendor does not tell, and then Now stands in.
	Since time.Time
	// Clock is how the vendor's clock differs from ours.
	Clock Skew
	// Whole marks a reading of the vendor's present data, as a sweep makes it,
	// rather than news of a change.
	Whole bool
}

// A Skew is how far a vendor's clock is ahead of ours, and how far that
// estimate can be wrong either way.
type Skew struct{ Ahead, Uncertainty time.Duration }

// An Answer is what became of a command on its way to the vendor. It never
// says that the command is done: only an observation does.
type Answer struct {
	Command uint64
	Result  Result
	// RetryAfter is how long the vendor asks to be left alone, if it does.
	RetryAfter time.Duration
	Detail     string // the vendor's words, free of secrets
}

// A Result says how a vendor received a command.
type Result int

// The results.
const (
	// Accepted: the vendor took it; a 202 or a push to a console that listens.
	Accepted Result = iota
	// Unknown: the answer was lost, or the vendor could not answer now.
	Unknown
	// Refused: the vendor will not do it, however often it is asked.
	Refused
	// Unreachable: no console is open, or the agent is logged out.
	Unreachable
)

// Reach says that commands to a side can, or cannot, get to the agent now.
type Reach struct {
	Side Side
	OK   bool
}

// Stop halts the agent's sync and drops pending commands: by an operator, in a
// freeze window, by the breaker, or because somebody else carries out the rule.
type Stop struct{ Reason string }

// Resume ends a stop. What is there then is adopted; nothing is caught up.
type Resume struct{}

func (Observation) event() {}
func (Answer) event()      {}
func (Reach) event()       {}
func (Stop) event()        {}
func (Resume) event()      {}
