// Package store is what run remembers: a journal of what happened, a memory
// of what was last agreed, and leases that say who may act. It is for one
// process on one machine ([OpenFile]) and for replicas that share a database
// ([OpenPostgres]); both keep the same promises, and one suite of tests holds
// them to it.
//
// There are four verbs. Append and compare-and-set come together in
// [Store.Commit], because a decision and the line that explains it must not be
// parted by a crash. Read is [Store.Journal], [Store.Memory] and
// [Store.Recall]. Lease is [Store.Acquire], [Store.Renew] and [Store.Release].
//
// The store knows nothing of presence: agents are names, values are bytes. It
// is not for secrets; nothing it holds is encrypted.
package store

import (
	"context"
	"errors"
	"iter"
	"time"
)

// What a caller may have to tell apart. Each comes wrapped in a sentence.
var (
	// ErrFenced: the lease is no longer the caller's. Nothing was written, and
	// nothing that the caller knows can be relied on.
	ErrFenced = errors.New("the lease is not held any more")
	// ErrConflict: a value is not of the version that the caller saw. Nothing
	// was written.
	ErrConflict = errors.New("changed by somebody else")
	// ErrHeld: somebody else has the lease.
	ErrHeld = errors.New("the lease is held by somebody else")
	// ErrUnknown: the answer to a commit was lost and cannot be found out any
	// more. Read before repeating.
	ErrUnknown = errors.New("it is not known whether this was written")
	// ErrLocked: another process has the file open.
	ErrLocked = errors.New("the store is in use")
	// ErrNewer: a newer Lockstep wrote the store.
	ErrNewer = errors.New("the store was written by a newer Lockstep")
	// ErrCorrupt: the file does not hold what was written to it.
	ErrCorrupt = errors.New("the store is damaged")
)

// A Store keeps journal, memory and leases. It is safe for concurrent use.
type Store interface {
	// Commit writes a batch: all of it, on disk when Commit returns, or none.
	// It returns the version that the values it set now have.
	//
	// It refuses a batch whose fence has fallen (ErrFenced) or one of whose
	// values has changed (ErrConflict).
	Commit(ctx context.Context, b Batch) (version int64, err error)

	// Journal yields the entries a query asks for, in the order in which they
	// were committed. It holds nothing open while the caller looks at one.
	Journal(ctx context.Context, q Query) iter.Seq2[Entry, error]

	// Erase removes the entries that a query asks for, for retention and for
	// people who want to be forgotten, and says how many there were. Nothing
	// is fenced: erasing twice is erasing once.
	Erase(ctx context.Context, q Query) (int, error)

	// Memory yields what a tenant remembers under keys that begin with prefix,
	// by key.
	Memory(ctx context.Context, tenant, prefix string) iter.Seq2[Item, error]

	// Recall returns one value. One that is not there has version 0.
	Recall(ctx context.Context, tenant, key string) (Item, error)

	// Acquire takes a lease that nobody holds. When somebody does, even under
	// the same owner's name, the error is ErrHeld and the lease returned says
	// who and until when.
	Acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, error)

	// Renew makes a lease last ttl from now. It succeeds even when the lease
	// has run out, as long as nobody else has taken it; else it is ErrFenced.
	Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error)

	// Release gives a lease up at once. A lease that is not held any more is
	// left as it is, so it may be called twice.
	Release(ctx context.Context, l Lease) error

	// Leases lists those that are held now, by name.
	Leases(ctx context.Context) ([]Lease, error)

	// Close ends the use of the store. It releases no lease of a database.
	Close() error
}

// A Lease is the right to act for a while. Its epoch is greater than that of
// every lease granted before it, so a value or a command that carries the
// epoch can be refused once there is a successor.
type Lease struct {
	Name  string
	Owner string
	Epoch int64
	// Until is when the lease ends, by the clock of this process and never
	// later than the store thinks. It carries a monotonic reading: compare it
	// with time.Now, and a wall clock that jumps does no harm.
	Until time.Time
}

// Fence returns what a batch needs to be written under the lease only.
func (l Lease) Fence() Fence { return Fence{Lease: l.Name, Epoch: l.Epoch} }
