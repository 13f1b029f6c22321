package presence

import "time"

// A Conflict says which side wins when both have moved.
type Conflict string

// The ways to settle a conflict.
const (
	Latest         Conflict = "latest"
	CXoneWins      Conflict = "cxone"
	SalesforceWins Conflict = "salesforce"
)

// An Align says which side a pair that is adopted without being mapped is
// brought in line with.
type Align string

// The ways to align. By default nothing is written.
const (
	AlignNone       Align = ""
	AlignCXone      Align = "cxone"
	AlignSalesforce Align = "salesforce"
)

// Settings are how the engine behaves, the same for all agents.
type Settings struct {
	Conflict Conflict
	Align    Align
	// Shadow makes every rule decide without writing.
	Shadow bool
	// FirstRetry doubles with every try up to Confirm, which is also how long an
	// accepted command may take to show. Both are below the ten seconds within
	// which the sides agree once a fault ends.
	FirstRetry, Confirm time.Duration
	// CommandLife is how long one command may be carried out, DecisionLife how
	// long a decision is sent again before it is reported as undeliverable.
	CommandLife, DecisionLife time.Duration
	// WritesPerMinute is the budget of decisions for one agent; past it the
	// agent is parked until both sides have been quiet for Quiet.
	WritesPerMinute int
	Quiet           time.Duration
	// RevertWithin is how soon after our write a change back counts as somebody
	// undoing it.
	RevertWithin time.Duration
}

// DefaultSettings returns the settings of a sync block that leaves all out.
func DefaultSettings() Settings {
	return Settings{
		Conflict:        Latest,
		FirstRetry:      time.Second,
		Confirm:         8 * time.Second,
		CommandLife:     10 * time.Second,
		DecisionLife:    2 * time.Minute,
		WritesPerMinute: 12,
		Quiet:           time.Minute,
		RevertWithin:    30 * time.Second,
	}
}

// tieMargin is how far apart two changes must be, beyond the clocks' uncertainty,
// for the later to win over the person's side.
const tieMargin = 2 * time.Second

// resight is how old what was seen must be before a reading of present data may
// go back in the vendor's own time. Replicas of the vendor lag by less.
const resight = 30 * time.Second

// forgive is how long two undone changes may be apart and still count together.
const forgive = 5 * time.Minute
