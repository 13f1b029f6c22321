package mirror

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Request is what an [Engine] wants done. The driver carries requests out at
// once and side by side, in no order; the engine itself keeps apart what must
// not overlap. Every request but [Unwatch], [More], [Tell] and [Finish] has an
// answer among the events, which must come even when Timeout is over, and
// repeats Turn or ID: that is how an answer that is late by a lease is known.
type Request interface{ request() }

// Acquire asks for the tenant's lease.
type Acquire struct {
	Name, Owner string
	TTL         time.Duration
	Timeout     time.Duration
}

// Renew prolongs it.
type Renew struct {
	Lease   store.Lease
	TTL     time.Duration
	Timeout time.Duration
}

// Release gives it up.
type Release struct {
	Lease   store.Lease
	Timeout time.Duration
}

// Recall asks for all that a tenant remembers.
type Recall struct {
	Turn    uint64
	Tenant  string
	Timeout time.Duration
}

// ReadControl asks what operators have ordered.
type ReadControl struct {
	Turn    uint64
	Tenant  string
	Timeout time.Duration
}

// Commit asks to keep a batch. There is never more than one under way.
type Commit struct {
	ID      uint64
	Batch   store.Batch
	Timeout time.Duration
}

// Erase asks to forget old history.
type Erase struct {
	Turn  uint64
	Query store.Query
}

// ReadPeople asks both vendors who there is.
type ReadPeople struct {
	Turn    uint64
	Timeout time.Duration
}

// Poll asks CXone what changed since the cursor; everything without one.
type Poll struct {
	Turn    uint64
	Cursor  []byte
	Timeout time.Duration
}

// Sweep asks what everybody shows in Salesforce.
type Sweep struct {
	Turn    uint64
	Timeout time.Duration
}

// Look asks what some people show in Salesforce.
type Look struct {
	Turn    uint64
	People  []string
	Timeout time.Duration
}

// Watch begins to watch Salesforce from a cursor; from now on without one.
type Watch struct {
	Watch  uint64
	Cursor []byte
}

// More asks for the next message of a watching.
type More struct{ Watch uint64 }

// Unwatch ends a watching. It is answered by [WatchEnded], whose error says
// nothing.
type Unwatch struct{ Watch uint64 }

// ReadOnline asks who has a console open that listens.
type ReadOnline struct {
	Turn    uint64
	Timeout time.Duration
}

// ReadLimits asks for the org's own allowances.
type ReadLimits struct {
	Turn    uint64
	Timeout time.Duration
}

// SetState sets an agent's state in CXone. It must not be begun after Before:
// the lease might end while it is on the wire. Then the answer is
// [schema.Unanswered].
type SetState struct {
	ID      uint64
	Agent   string
	State   schema.ACDState
	Before  time.Time
	Timeout time.Duration
}

// Push sends commands to consoles. Before is as for [SetState].
type Push struct {
	ID      uint64
	Pushes  []schema.Push
	Before  time.Time
	Timeout time.Duration
}

// Tell tells people. Urgent ones go to the webhook as well as to the log.
type Tell struct {
	Notice Notice
	Urgent bool
}

// Finish ends the run. Nothing is asked for after it.
type Finish struct{ Err error }

func (Acquire) request()     {}
func (Renew) request()       {}
func (Release) request()     {}
func (Recall) request()      {}
func (ReadControl) request() {}
func (Commit) request()      {}
func (Erase) request()       {}
func (ReadPeople) request()  {}
func (Poll) request()        {}
func (Sweep) request()       {}
func (Look) request()        {}
func (Watch) request()       {}
func (More) request()        {}
func (Unwatch) request()     {}
func (ReadOnline) request()  {}
func (ReadLimits) request()  {}
func (SetState) request()    {}
func (Push) request()        {}
func (Tell) request()        {}
func (Finish) request()      {}
