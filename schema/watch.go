package schema

import (
	"errors"
	"time"
)

// A Person is one Salesforce user or CXone agent, as the vendor tells.
type Person struct {
	ID         string // User Id of 18 characters, or agentId
	Name       string // what people call them
	Username   string
	Email      string
	Federation string // federation identifier; "" when there is none
	Team       string // the CXone team's name; "" in Salesforce
	Active     bool
}

// A Sighting is what one vendor shows of one person.
type Sighting struct {
	Person string   // [Person.ID]
	State  ACDState // in CXone; after-call work is the word ACW, with its code when known
	Status string   // in Salesforce: the developer name, or [Offline]
	// Since is the vendor's own time of the change; zero when it does not tell.
	Since time.Time
}

// News is one answer or message of a vendor about what people show.
type News struct {
	Sightings []Sighting
	// Whole says that the reading covers everybody: who is not in it is logged
	// out. It is then a reading of present data rather than news of changes. A
	// vendor's answer that there is nothing new is never whole.
	Whole bool
	// Cursor is where to go on after what the reading holds; nil leaves the last
	// one as it is. It is opaque, and is to be kept together with what was made
	// of the reading.
	Cursor []byte
	// Doubt lists people of whom something was missed: they are to be read again.
	// Gap says that this may be anybody.
	Doubt []string
	Gap   bool
	// Deliveries is how many event deliveries the reading cost.
	Deliveries int
	// Clock is how the vendor's clock differs from ours, as its times tell it:
	// with [Skew.Cut], where they are cut down.
	Clock Skew
	// At is when that was so, from [time.Now]; the zero time is when the news is
	// taken in. This machine's clock may be set in between.
	At time.Time
}

// A Skew is how far a vendor's clock is ahead of ours, and how far that
// estimate can be wrong either way.
type Skew struct{ Ahead, Uncertainty time.Duration }

// ClockSet returns by how much this machine's clock was set ahead between two
// times from [time.Now]: what passed by the wall's clock and not by the monotonic
// one.
func ClockSet(from, to time.Time) time.Duration {
	return to.Round(0).Sub(from.Round(0)) - to.Sub(from)
}

// Cut returns the skew of times that the vendor cuts down to whole units: they
// are half a unit behind its clock, give or take as much.
func (s Skew) Cut(unit time.Duration) Skew {
	return Skew{Ahead: s.Ahead - unit/2, Uncertainty: s.Uncertainty + unit/2}
}

// A Push asks a person's open console to show a status.
type Push struct {
	Person string // User Id
	// ID tells commands apart; a console acts once on each.
	ID string
	// Epoch is that of the sender's lease: a console refuses older ones.
	Epoch   uint64
	Expires time.Time
	// Status is the developer name to show, Expected the one that must show now;
	// both may be [Offline].
	Status, Expected string
}

// A Receipt is what a vendor said to a write. It never says that the write is
// done: only a sighting does.
type Receipt struct {
	Result     Reception
	RetryAfter time.Duration // how long the vendor asks to be left alone
	Detail     string        // the vendor's words, free of secrets
}

// A Reception says how a vendor received a write.
type Reception int

// The receptions.
const (
	// Accepted: the vendor took it; a 202, or a push to a console that listens.
	Accepted Reception = iota
	// Unanswered: the answer was lost, or the vendor could not answer now.
	Unanswered
	// Refused: the vendor will not do it, however often it is asked.
	Refused
	// Unreachable: no console is open, or the agent is logged out.
	Unreachable
)

// Why watching a vendor ended. Each comes wrapped in a sentence; any other
// error is worth another try, with growing pauses.
var (
	// ErrCursor: the vendor cannot go on from the cursor. Read everything, then
	// watch from now.
	ErrCursor = errors.New("the position in the event stream is not valid any more")
	// ErrAllowance: the vendor delivers no more today. Poll instead.
	ErrAllowance = errors.New("the daily allowance of events is spent")
	// ErrSetup: nothing will come until somebody changes the set-up.
	ErrSetup = errors.New("the set-up does not allow it")
)

// A Pause is an error with which a vendor asks to be left alone for a time.
type Pause struct {
	For time.Duration
	Err error
}

func (p *Pause) Error() string { return p.Err.Error() }
func (p *Pause) Unwrap() error { return p.Err }

// Allowances are an org's own limits: what a day allows and what is left of it.
type Allowances struct {
	Calls, CallsLeft           int // API calls in 24 hours
	Deliveries, DeliveriesLeft int // event deliveries in 24 hours; 0 and 0 when not told
	Pushes, PushesLeft         int // generic streaming notifications in 24 hours
	Clients, ClientsLeft       int // concurrent streaming clients: open consoles
}
