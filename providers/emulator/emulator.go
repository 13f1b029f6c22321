// Package emulator serves both vendors, Salesforce and CXone, for one tenant:
// what the providers are tested against, what the demo talks to, and what
// `lockstep emulate` puts on loopback ports.
//
// The vendors themselves are in packages salesforce and cxone. This package
// adds what no vendor offers: counts of calls, a script of faults, a hook at
// every call, and ways to change things by hand. An [Emulator] is a pair of
// handlers first; [Emulator.Client] reaches them without a socket, so that
// tests in a synctest bubble can use them, and [Listen] puts them on ports.
//
// It is not a mock: nothing is expected and nothing is canned.
package emulator

import (
	"crypto/rsa"
	"net/http"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/desk"
	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// The vendors, as faults and counts name them.
const (
	Salesforce = "salesforce"
	CXone      = "cxone"
)

// Options say what a caller wants beside the tenant.
type Options struct {
	// Now is the clock of both vendors; time.Now when nil.
	Now func() time.Time
	// DeskNow is the clock of the agents' machines; the vendors' when nil.
	DeskNow func() time.Time
	// SessionLifetime is how long a Salesforce token lives after its last use.
	SessionLifetime time.Duration
	// Key signs CXone's tokens; one is made when it is nil, which takes a while.
	Key *rsa.PrivateKey
	// OnRequest is called with every call as it came and its body, before
	// OnCall. It must change neither.
	OnRequest func(vendor string, r *http.Request, body []byte)
	// OnCall is called before a call is handled, with the number of the call
	// since the start, over both vendors. When it cancels the call's context,
	// the call never reaches the vendor.
	OnCall func(vendor, method, path string, n int)
	// OnAnswer is called after a call was handled and before the client gets
	// the answer. When it cancels the context, the answer is lost.
	OnAnswer func(vendor, method, path string, n int)
}

// An Emulator is one tenant's two vendors. It is safe for concurrent use.
type Emulator struct {
	// Org and Tenant are the vendors behind the handlers, for hands that
	// change what no call can.
	Org    *salesforce.Org
	Tenant *cxone.Tenant
	// Desks are the agents' browsers with Salesforce's console.
	Desks *desk.Room

	seed    *tenant.Tenant
	options Options
	stats   *counter
	script  *script
	gates   map[string]*gate // by vendor
}

// New returns an emulator of the tenant, which must be valid; the seed is kept
// and must not change.
func New(seed *tenant.Tenant, options Options) *Emulator {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.DeskNow == nil {
		options.DeskNow = options.Now
	}
	e := &Emulator{
		Tenant:  cxone.New(seed, cxone.Options{Now: options.Now, Key: options.Key, Hosts: cxone.ByRequest}),
		seed:    seed,
		options: options,
		stats:   newCounter(),
		script:  &script{},
	}
	e.Org = salesforce.New(seed, salesforce.Options{
		Now: options.Now, SessionLifetime: options.SessionLifetime, OnMessage: e.onMessage,
	})
	e.Desks = desk.NewRoom(e.Org, desk.Options{Now: options.DeskNow})
	e.gates = map[string]*gate{
		Salesforce: newGate(e, Salesforce, e.Org),
		CXone:      newGate(e, CXone, e.Tenant),
	}
	return e
}

// Salesforce returns the handler of the Salesforce org.
func (e *Emulator) Salesforce() http.Handler { return e.gates[Salesforce] }

// CXone returns the handler of the CXone tenant.
func (e *Emulator) CXone() http.Handler { return e.gates[CXone] }

// SalesforceURL is where in-process clients find the org.
func (e *Emulator) SalesforceURL() string { return "https://" + e.Org.Domain() }

// CXoneURL is the issuer that in-process clients begin discovery at.
func (e *Emulator) CXoneURL() string { return "https://" + cxone.IssuerHost }

// Fault adds faults to the script, behind those that are there.
func (e *Emulator) Fault(faults ...Fault) error { return e.script.add(faults) }

// ClearFaults ends all misbehaviour.
func (e *Emulator) ClearFaults() { e.script.clear() }

// Stats returns how often each endpoint was called.
func (e *Emulator) Stats() Stats { return e.stats.snapshot() }

// ResetStats starts counting anew.
func (e *Emulator) ResetStats() { e.stats.reset() }
