package rest

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/singleflight"
)

// A Login keeps what a sign-in gave, T, and signs in once however many
// callers need it. The zero value with SignIn set is ready to use.
type Login[T any] struct {
	// SignIn makes a new T. Old is the one that is no longer fresh, which may
	// serve to renew it; nil when there is none or it was dropped.
	SignIn func(ctx context.Context, old *T) (*T, error)
	// Fresh reports whether a T can still be used. Nil means always.
	Fresh func(*T) bool

	current atomic.Pointer[T]
	flight  singleflight.Group
}

// Get returns what is kept, signing in when there is nothing fresh. Callers
// that wait for the same sign-in share its error.
func (l *Login[T]) Get(ctx context.Context) (*T, error) {
	for {
		if kept := l.current.Load(); l.isFresh(kept) {
			return kept, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case r := <-l.flight.DoChan("", func() (any, error) { return l.renew(ctx) }):
			if r.Err == nil {
				return r.Val.(*T), nil
			}
			// The sign-in ran under the first caller's context. When it was
			// that caller who gave up, the others go on.
			var gone *gaveUp
			if errors.As(r.Err, &gone) && ctx.Err() == nil {
				continue
			}
			return nil, r.Err
		}
	}
}

// Drop forgets old, unless it has been replaced already.
func (l *Login[T]) Drop(old *T) { l.current.CompareAndSwap(old, nil) }

func (l *Login[T]) isFresh(kept *T) bool {
	return kept != nil && (l.Fresh == nil || l.Fresh(kept))
}

func (l *Login[T]) renew(ctx context.Context) (*T, error) {
	old := l.current.Load()
	if l.isFresh(old) {
		return old, nil
	}
	made, err := l.SignIn(ctx, old)
	if err != nil && ctx.Err() != nil {
		return nil, &gaveUp{err}
	}
	if err != nil {
		return nil, err
	}
	l.current.Store(made)
	return made, nil
}

// gaveUp marks the error of a sign-in whose caller stopped waiting.
type gaveUp struct{ error }

func (g *gaveUp) Unwrap() error { return g.error }
