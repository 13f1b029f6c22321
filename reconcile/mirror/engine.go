package mirror

import "time"

// An Engine keeps the agents of one tenant in step. It is a machine: events go
// in, requests come out. It reads no clock, starts no goroutine, does no I/O and
// iterates over no map, so that equal events give equal requests. It is for one
// goroutine at a time.
//
// It begins without a lease, and asks for one on its first [Tick].
type Engine struct {
	set Settings
	now time.Time
	out []Request
}

// New makes an engine.
func New(set Settings) *Engine { return &Engine{set: set} }

// Handle takes in an event and returns what is to be done. The slice is good
// until the next call.
func (e *Engine) Handle(now time.Time, _ Event) []Request {
	e.now, e.out = now, e.out[:0]
	return e.out
}

// Next returns when the engine wants a [Tick], unless another event comes
// before; the zero time when only an event matters.
func (e *Engine) Next() time.Time { return time.Time{} }

// Snapshot returns all there is to see.
func (e *Engine) Snapshot(now time.Time) Snapshot { return e.Changes(now, 0).Snapshot }

// Changes returns what is new since the version of earlier changes; from 0 that
// is everything.
func (e *Engine) Changes(now time.Time, _ uint64) Changes {
	return Changes{Snapshot: Snapshot{At: now, Tenant: e.set.Tenant, Mode: string(e.set.Mode)}}
}
