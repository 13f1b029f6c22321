package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A storeModel keeps what the documentation of package store promises: a batch
// is written whole or not at all, a fence that has fallen or a value that has
// changed refuses it, a lease fences as long as nobody has taken it, and epochs
// only rise. The real stores are held to the same promises elsewhere.
//
// It is used at one moment of virtual time; what happens on the way there and
// back is the caller's.
type storeModel struct {
	w       *world
	items   map[string]store.Item
	keys    []string // of items, sorted
	version int64
	lines   int
	lease   store.Lease
	until   time.Duration // when the lease ends
	epochs  int64
}

func newStoreModel(w *world) *storeModel {
	return &storeModel{w: w, items: map[string]store.Item{}, epochs: int64(w.rng.IntN(5))}
}

var _ store.Store = (*storeModel)(nil)

func (s *storeModel) Commit(_ context.Context, b store.Batch) (int64, error) {
	if b.Fence != (store.Fence{}) && (b.Fence.Lease != s.lease.Name || b.Fence.Epoch != s.lease.Epoch) {
		return 0, fmt.Errorf("commit: %w", store.ErrFenced)
	}
	for _, set := range b.Set {
		if set.Was != store.Any && set.Was != s.items[set.Key].Version {
			return 0, fmt.Errorf("commit %s: %w", set.Key, store.ErrConflict)
		}
	}
	s.version++
	for _, set := range b.Set {
		s.set(set)
	}
	for i := range b.Append {
		s.lines++
		s.w.check.line(&b.Append[i])
	}
	return s.version, nil
}

func (s *storeModel) set(set store.Set) {
	at, there := slices.BinarySearch(s.keys, set.Key)
	if set.Value == nil {
		if there {
			s.keys = slices.Delete(s.keys, at, at+1)
		}
		delete(s.items, set.Key)
		return
	}
	if !there {
		s.keys = slices.Insert(s.keys, at, set.Key)
	}
	s.w.check.kept(set.Key, set.Value)
	s.items[set.Key] = store.Item{Key: set.Key, Value: slices.Clone(set.Value), Version: s.version}
}

func (s *storeModel) Recall(_ context.Context, _, key string) (store.Item, error) {
	item := s.items[key]
	item.Key = key
	return item, nil
}

func (s *storeModel) Memory(_ context.Context, _, prefix string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for _, key := range s.keys {
			if strings.HasPrefix(key, prefix) && !yield(s.items[key], nil) {
				return
			}
		}
	}
}

// Journal is not needed: every line is checked when it is written.
func (s *storeModel) Journal(context.Context, store.Query) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		yield(store.Entry{}, errors.New("the model keeps no journal"))
	}
}

func (s *storeModel) Erase(context.Context, store.Query) (int, error) { return 0, nil }

func (s *storeModel) held() bool { return s.lease.Epoch != 0 && s.w.now < s.until }

func (s *storeModel) Acquire(_ context.Context, name, owner string, ttl time.Duration) (store.Lease, error) {
	if s.held() {
		return s.lease, fmt.Errorf("acquire: %w", store.ErrHeld)
	}
	s.epochs++
	s.lease = store.Lease{Name: name, Owner: owner, Epoch: s.epochs}
	s.until = s.w.now + ttl
	s.w.check.succeeded(s.lease)
	return s.lease, nil
}

func (s *storeModel) Renew(_ context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	if l.Epoch != s.lease.Epoch {
		return store.Lease{}, fmt.Errorf("renew: %w", store.ErrFenced)
	}
	s.until = s.w.now + ttl
	return s.lease, nil
}

func (s *storeModel) Release(_ context.Context, l store.Lease) error {
	if l.Epoch == s.lease.Epoch {
		s.until = min(s.until, s.w.now)
	}
	return nil
}

func (s *storeModel) Leases(context.Context) ([]store.Lease, error) {
	if !s.held() {
		return nil, nil
	}
	return []store.Lease{s.lease}, nil
}

func (s *storeModel) Close() error { return nil }

// outcome is what a commit that reached the store, or did not, came to. A store
// that is asked for something else has no such doubts.
func (s *storeModel) commit(h *host, b store.Batch) error {
	w := s.w
	switch {
	case w.under(w.weather.storeFull):
		return errors.New("no space left on device")
	case w.under(w.weather.lossy) && w.chance(w.weather.conflict):
		return fmt.Errorf("commit: %w", store.ErrConflict)
	}
	_, err := s.Commit(context.Background(), b)
	if err == nil && w.under(w.weather.lossy) && w.chance(w.weather.unknown) {
		w.tally.reach(classUnknown)
		w.say(nil, "%s is not told whether its commit was written", h.name)
		return fmt.Errorf("commit: %w", store.ErrUnknown)
	}
	return err
}
