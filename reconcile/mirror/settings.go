package mirror

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Mode says how far decisions go.
type Mode string

// The modes.
const (
	// Live carries decisions out.
	Live Mode = "live"
	// Shadow decides and records both sides, and writes to no vendor.
	Shadow Mode = "shadow"
)

// Settings are what an [Engine] goes by. A reload replaces them whole.
type Settings struct {
	// Tenant names the sync in the store; Owner names this replica.
	Tenant, Owner string
	Mode          Mode
	// Once ends the run when every agent was seen and nothing is under way.
	Once bool
	// Align brings adopted pairs that are not mapped in line with one side.
	Align presence.Align
	// OneWay says why Salesforce cannot be written to; "" when it can.
	OneWay string

	Rules []schema.Rule
	Facts presence.Facts
	Match Matching

	Conflict        presence.Conflict
	PollInterval    time.Duration
	WritesPerSecond int // calls that write, to both vendors together
	Parallel        int // CXone writes under way at once; 0 lets the engine choose
	// CallsPerDay and DeliveriesPerDay are what Salesforce may be asked for.
	CallsPerDay, DeliveriesPerDay int
	Breaker                       Breaker
	Freeze                        []Window
	Retention                     time.Duration // of the journal; 0 keeps it for ever
}

// DefaultSettings returns the settings of a sync block that leaves all out.
func DefaultSettings() Settings {
	return Settings{
		Mode:             Live,
		Match:            Matching{By: ByEmail},
		Conflict:         presence.Latest,
		PollInterval:     5 * time.Second,
		WritesPerSecond:  25,
		CallsPerDay:      20_000,
		DeliveriesPerDay: 20_000,
		Breaker:          Breaker{Moved: 0.2, Within: 30 * time.Second},
		Retention:        90 * 24 * time.Hour,
	}
}

// A Breaker halts everybody when the engine is about to move a larger part of
// the agents than Moved within a time. The zero Breaker never does.
type Breaker struct {
	Moved  float64
	Within time.Duration
}

// A Window is a time in which nobody is moved.
type Window struct {
	Text  string // as the user wrote it
	Holds func(time.Time) bool
}

// Matching says what makes a Salesforce user and a CXone agent the same person.
type Matching struct {
	By string // ByEmail, ByUsername or ByFederation
	// Strip lists endings that are taken off what Salesforce says before it is
	// compared: sandboxes add some.
	Strip    []string
	Mappings []UserMapping
}

// What people are matched by.
const (
	ByEmail      = "email"
	ByUsername   = "username"
	ByFederation = "federation_id"
)

// A UserMapping names two people who are the same, each by Id, username or
// e-mail.
type UserMapping struct{ Salesforce, CXone string }
