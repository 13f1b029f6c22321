package rest

import (
	"context"
	"sync"
	"sync/atomic"
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

	mu       sync.Mutex
	underway *attempt
}

// An attempt is one sign-in, which runs in its first caller's goroutine: when
// that caller has gone, so has the sign-in, and nothing is left behind.
type attempt struct {
	done   chan struct{}
	err    error
	gaveUp bool // the caller stopped waiting, so the error is nobody else's
}

// Get returns what is kept, signing in when there is nothing fresh. Callers
// that wait for the same sign-in share its error; when it was its caller who
// gave up, one of the others goes on.
func (l *Login[T]) Get(ctx context.Context) (*T, error) {
	for {
		if kept := l.current.Load(); l.isFresh(kept) {
			return kept, nil
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		a, first := l.join()
		if first {
			a.err = l.renew(ctx)
			a.gaveUp = a.err != nil && ctx.Err() != nil
			l.leave(a)
			if a.err != nil {
				return nil, a.err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-a.done:
		}
		if a.err != nil && !a.gaveUp {
			return nil, a.err
		}
	}
}

// join returns the sign-in under way, or a new one that the caller has to run.
func (l *Login[T]) join() (a *attempt, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.underway == nil {
		l.underway = &attempt{done: make(chan struct{})}
		return l.underway, true
	}
	return l.underway, false
}

func (l *Login[T]) leave(a *attempt) {
	l.mu.Lock()
	l.underway = nil
	l.mu.Unlock()
	close(a.done)
}

// Drop forgets old, unless it has been replaced already.
func (l *Login[T]) Drop(old *T) { l.current.CompareAndSwap(old, nil) }

func (l *Login[T]) isFresh(kept *T) bool {
	return kept != nil && (l.Fresh == nil || l.Fresh(kept))
}

func (l *Login[T]) renew(ctx context.Context) error {
	old := l.current.Load()
	if l.isFresh(old) {
		return nil
	}
	made, err := l.SignIn(ctx, old)
	if err != nil {
		return err
	}
	l.current.Store(made)
	return nil
}
