package cxone

import (
	"crypto/rsa"
	"net/http"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// Options say how the emulated tenant behaves. The zero value is a tenant on
// the vendor's own host names, on the real clock.
type Options struct {
	// Now is the tenant's clock; nil is time.Now.
	Now func() time.Time
	// Hosts says how discovery names hosts.
	Hosts Hosts
	// Key signs tokens; nil makes one when the first token is issued.
	Key *rsa.PrivateKey
	// Quirks choose among spellings that NICE's sources disagree on.
	Quirks Quirks
}

// Quirks choose among the spellings and statuses on which NICE's sources
// disagree. The zero value is what NICE's own client needs.
type Quirks struct {
	// LowerOutstate spells a team's codes outstateId and outstateName, as the
	// v34 description does, rather than outStateId and outStateName.
	LowerOutstate bool
	// ResultSet wraps a team's codes in resultSet, as older versions do.
	ResultSet bool
	// IdleNotModified answers an agent-states poll without news with 304
	// rather than 204.
	IdleNotModified bool
	// LoggedOutConflict answers a state change of an agent who is not logged
	// in with 409 rather than 404 (UNCERTAIN which the vendor does).
	LoggedOutConflict bool
	// PascalCase writes agents' states as samples of 2015 are written:
	// AgentStateId for agentStateId, and a null out-state for who is Available.
	PascalCase bool
	// Tick is how coarse the clock is that stamps changes of state and
	// lastPollTime: what changes in the tick of a poll, after it, is not after
	// that poll's lastPollTime. 0 is a clock that never shows a time twice.
	Tick time.Duration
	// StatesBehind is how far the replica that answers reads of states is
	// behind. It does not know that it is: its lastPollTime is the present.
	StatesBehind time.Duration
	// CallsPerSecond is how many calls of the ACD's API are answered within a
	// second, the others with 429 and Retry-After; 0 is any number.
	CallsPerSecond int
}

// A Tenant is one emulated CXone tenant. It is safe for concurrent use.
type Tenant struct {
	id           string
	businessUnit int
	name         string
	noPresence   bool // NICE has not switched Salesforce presence sync on
	clients      map[string]string
	hosts        Hosts
	quirks       Quirks
	mux          *http.ServeMux
	store        *store
	signer       *signer
	sessions     *sessions
}

// New makes a tenant that holds what the seed says. The seed is not changed
// and not kept.
func New(seed *tenant.Tenant, options Options) *Tenant {
	now := options.Now
	if now == nil {
		now = time.Now
	}
	t := &Tenant{
		id:           seed.CXone.TenantID,
		businessUnit: seed.CXone.BusinessUnit,
		name:         seed.Salesforce.Name,
		noPresence:   seed.CXone.NoPresence,
		clients:      map[string]string{},
		hosts:        options.Hosts,
		mux:          http.NewServeMux(),
		store:        newStore(now),
		signer:       &signer{key: options.Key},
		sessions:     newSessions(),
	}
	t.SetQuirks(options.Quirks)
	t.seed(seed)
	for _, r := range routes() {
		t.mux.HandleFunc(r.pattern, t.serve(r))
	}
	return t
}
