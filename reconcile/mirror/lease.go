package mirror

import (
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// leaseName is the lease under which a tenant is kept in step.
func leaseName(tenant string) string { return "run/" + tenant }

// leasing is what was asked about the lease and not answered yet.
type leasing int

const (
	notLeasing leasing = iota
	acquiring
	renewing
)

// holdLease asks for the lease, or prolongs it.
func (e *Engine) holdLease() {
	switch {
	case e.leasing != notLeasing:
	case e.phase == standby:
		e.leasing = acquiring
		e.ask(Acquire{Name: leaseName(e.set.Tenant), Owner: e.set.Owner, TTL: leaseTTL, Timeout: leaseTimeout})
	default:
		e.leasing = renewing
		e.ask(Renew{Lease: e.lease, TTL: leaseTTL, Timeout: leaseTimeout})
	}
}

func (e *Engine) leased(l Leased) {
	asked := e.leasing
	e.leasing = notLeasing
	switch {
	case asked == acquiring:
		e.acquired(l)
	case e.phase == standby:
		e.by(taskLease, renewEvery) // the renewal of a lease that was given up since
	case l.Err == nil && l.Lease.Epoch == e.lease.Epoch:
		e.lease = l.Lease
		e.storeBack(toLease)
		e.at(taskLease, renewEvery)
	case errors.Is(l.Err, store.ErrFenced):
		e.lose("the lease went to somebody else")
	default:
		e.storeFailed(toLease, l.Err)
		e.at(taskLease, renewEvery/4)
	}
}

func (e *Engine) acquired(l Leased) {
	switch {
	case l.Err == nil:
		e.own(l.Lease)
	case errors.Is(l.Err, store.ErrHeld):
		e.standBy(l.Lease)
		// Neither sooner than the other's lease ends, nor much later.
		e.at(taskLease, min(max(l.Lease.Until.Sub(e.now), 50*time.Millisecond), renewEvery))
	case errors.Is(l.Err, store.ErrUnknown), errors.Is(l.Err, store.ErrNewer), errors.Is(l.Err, store.ErrCorrupt):
		e.finish(l.Err) // no waiting helps
	default:
		e.storeFailed(toLease, l.Err)
		e.at(taskLease, renewEvery)
	}
}

// standBy says whom it waits for. Who is to go round once does not wait for
// somebody who keeps the lease, only for one who has left it behind.
func (e *Engine) standBy(theirs store.Lease) {
	if was := e.holder; theirs.Owner != was {
		e.holder = theirs.Owner
		if theirs.Owner != "" { // else it is nobody's yet
			e.ask(Tell{Notice: Notice{At: e.now, Tenant: e.set.Tenant, Kind: "lease", Text: "waiting: " + theirs.Owner + " serves"}})
		}
	}
	if e.set.Once && e.now.Sub(e.began) > leaseTTL+renewEvery {
		e.finish(fmt.Errorf("once: %s serves these accounts already: %w", theirs.Owner, store.ErrHeld))
	}
}

// own begins a lease: nothing that was known before it counts.
func (e *Engine) own(l store.Lease) {
	e.lease, e.epoch, e.phase, e.holder = l, uint64(l.Epoch), waking, l.Owner
	e.storeBack(toLease)
	e.at(taskControl, 0)
	e.at(taskPeople, 0)
	e.at(taskDay, 0)
	e.at(taskRecall, 0)
	e.worryAnew()
	e.at(taskLease, renewEvery)
}

func (e *Engine) recall() {
	e.ask(Recall{Turn: e.turn, Tenant: e.set.Tenant, Timeout: sweepTimeout})
}

// lose stops at once: somebody else may be writing by now. What is on the wire
// cannot be taken back; everything else is dropped.
func (e *Engine) lose(why string) {
	if e.phase == draining {
		e.finish(e.ended)
		return
	}
	e.stopWatching()
	e.reset()
	e.holder = ""
	e.notice(Notice{Kind: "lease", Text: why})
	e.at(taskLease, renewEvery)
}
