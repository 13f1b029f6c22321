package mirror

import (
	"context"
	"errors"
)

// A View shows others what a [Run] does. It is safe for concurrent use; asking
// waits until Run has begun.
type View struct {
	ask   chan question
	ended chan struct{}
}

// ErrEnded: there is nothing to be seen any more.
var ErrEnded = errors.New("the sync has ended")

// NewView returns a view for [Options].
func NewView() *View { return &View{ask: make(chan question), ended: make(chan struct{})} }

type question struct {
	since  uint64
	all    bool
	answer chan<- Changes
}

// Changes are what is new since a version. Snapshot holds what concerns
// everybody, and the changed agents only.
type Changes struct {
	Version uint64 `json:"version"`
	Snapshot
	Gone []string `json:"gone,omitempty"` // keys of agents that are matched no more
}

// Snapshot returns all there is to see.
func (v *View) Snapshot(ctx context.Context) (Snapshot, error) {
	c, err := v.put(ctx, question{all: true})
	return c.Snapshot, err
}

// Changes returns what is new since the version of earlier changes, without
// waiting for something to be; from 0 that is everything.
func (v *View) Changes(ctx context.Context, since uint64) (Changes, error) {
	return v.put(ctx, question{since: since})
}

func (v *View) put(ctx context.Context, q question) (Changes, error) {
	answer := make(chan Changes, 1)
	q.answer = answer
	select {
	case v.ask <- q:
		return <-answer, nil // the loop answers before it does anything else
	case <-v.ended:
		return Changes{}, ErrEnded
	case <-ctx.Done():
		return Changes{}, ctx.Err()
	}
}
