package mirror

import (
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// An Event is something that happened, for [Engine.Handle]: an answer to a
// [Request], or news from outside. Answers come at most once for each request;
// one that never comes is as if it were lost.
type Event interface{ event() }

// Tick says that [Engine.Next] has come.
type Tick struct{}

// Reload replaces the settings whole. Tenant, Owner, Mode and Once stay.
type Reload struct{ Settings Settings }

// Drain asks the engine to end in order: to begin nothing, to wait a moment for
// what is under way, to keep what it knows and to give the lease up.
type Drain struct{}

// Assigned lists the CXone agents whom NICE's own sync serves. They are left
// alone. It replaces the list before.
type Assigned struct{ Agents []string }

// Leased answers [Acquire] and [Renew].
type Leased struct {
	Lease store.Lease // after [store.ErrHeld] the other's
	Err   error
}

// Released answers [Release].
type Released struct{ Err error }

// Recalled answers [Recall] with all that the tenant remembers.
type Recalled struct {
	Turn  uint64
	Items []store.Item
	Err   error
}

// Controlled answers [ReadControl]: the value under [ControlKey], and what the
// stop file says.
type Controlled struct {
	Turn     uint64
	Item     store.Item
	Err      error
	StopFile string // why it stops everybody; "" without one
}

// Committed answers [Commit].
type Committed struct {
	ID  uint64
	Err error
}

// Erased answers [Erase].
type Erased struct {
	Turn  uint64
	Count int
	Err   error
}

// PeopleRead answers [ReadPeople].
type PeopleRead struct {
	Turn              uint64
	Salesforce, CXone []schema.Person
	Err               error
}

// Polled answers [Poll].
type Polled struct {
	Turn uint64
	News schema.News
	Err  error
}

// Swept answers [Sweep].
type Swept struct {
	Turn uint64
	News schema.News
	Err  error
}

// Looked answers [Look].
type Looked struct {
	Turn uint64
	News schema.News
	Err  error
}

// Watched is one message of the watching that [Watch] began. The next comes
// once the engine asks for [More].
type Watched struct {
	Watch uint64
	News  schema.News
}

// WatchEnded ends a watching.
type WatchEnded struct {
	Watch uint64
	Err   error
}

// OnlineRead answers [ReadOnline].
type OnlineRead struct {
	Turn  uint64
	Users []string
	Err   error
}

// LimitsRead answers [ReadLimits].
type LimitsRead struct {
	Turn   uint64
	Limits Allowances
	Err    error
}

// StateSet answers [SetState].
type StateSet struct {
	ID      uint64
	Receipt schema.Receipt
}

// Pushed answers [Push], with a receipt for each of its pushes.
type Pushed struct {
	ID       uint64
	Receipts []schema.Receipt
}

// Called tells how many calls to Salesforce the process has made since the
// engine began. Without it the engine goes by estimates.
type Called struct{ Calls int }

func (Tick) event()       {}
func (Reload) event()     {}
func (Drain) event()      {}
func (Assigned) event()   {}
func (Leased) event()     {}
func (Released) event()   {}
func (Recalled) event()   {}
func (Controlled) event() {}
func (Committed) event()  {}
func (Erased) event()     {}
func (PeopleRead) event() {}
func (Polled) event()     {}
func (Swept) event()      {}
func (Looked) event()     {}
func (Watched) event()    {}
func (WatchEnded) event() {}
func (OnlineRead) event() {}
func (LimitsRead) event() {}
func (StateSet) event()   {}
func (Pushed) event()     {}
func (Called) event()     {}
