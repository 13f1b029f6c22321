package mirror

import (
	"context"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// CXone is what the mirror needs of the CXone tenant.
type CXone interface {
	// People lists the agents.
	People(ctx context.Context) ([]schema.Person, error)
	// Poll returns what changed since the cursor of an earlier reading, and
	// everything without one. The vendor having no news is an empty reading.
	Poll(ctx context.Context, cursor []byte) (schema.News, error)
	// SetState asks for a state: Available or a code.
	SetState(ctx context.Context, agent string, state schema.ACDState) schema.Receipt
}

// Salesforce is what the mirror needs of the org.
type Salesforce interface {
	// People lists the users who may show a presence.
	People(ctx context.Context) ([]schema.Person, error)
	// Sweep reads what everybody shows, in one call a page.
	Sweep(ctx context.Context) (schema.News, error)
	// Look reads what some people show, in as few calls as the vendor allows:
	// a logout is confirmed like this.
	Look(ctx context.Context, people []string) (schema.News, error)
	// Watch passes news on, in order, from after the cursor, from now on without
	// one, until ctx ends or watching does. It asks for no more while handle has
	// not returned, and ends with handle's error.
	Watch(ctx context.Context, cursor []byte, handle func(schema.News) error) error
	// Push sends commands to the consoles of named users, in one call as far as
	// the vendor allows, and returns a receipt for each.
	Push(ctx context.Context, pushes []schema.Push) []schema.Receipt
	// Online lists the users who have a console open that listens.
	Online(ctx context.Context) ([]string, error)
	// Bridged reports whether there is a channel to consoles at all.
	Bridged() bool
	// Limits reads how much of its daily allowances the org has left.
	Limits(ctx context.Context) (Allowances, error)
}

// Allowances are an org's own daily limits.
type Allowances = schema.Allowances

// A Webhook tells somebody outside.
type Webhook interface {
	Notify(ctx context.Context, n Notice) error
}

// A Notice is something that a person should know now: the breaker, a stop, a
// parked agent, an allowance that is spent.
type Notice struct {
	At     time.Time `json:"at"`
	Tenant string    `json:"tenant"`
	Kind   string    `json:"kind"`
	Agent  string    `json:"agent,omitempty"`
	Text   string    `json:"text"`
	Over   bool      `json:"over,omitempty"`
}
