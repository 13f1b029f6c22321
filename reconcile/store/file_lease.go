package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// checkFence refuses a fence that has fallen. The caller holds the write lock.
func (f *File) checkFence(fence Fence) error {
	if fence == (Fence{}) {
		return nil
	}
	if held, ok := f.leases[fence.Lease]; !ok || held.Epoch != fence.Epoch {
		return fmt.Errorf("lease %q, epoch %d: %w", fence.Lease, fence.Epoch, ErrFenced)
	}
	return nil
}

// Acquire implements [Store]. It syncs the file, so that no later process can
// be given the same epoch.
func (f *File) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, error) {
	if err := checkLease(name, owner, ttl); err != nil {
		return Lease{}, fmt.Errorf("acquire: %w", err)
	}
	f.write.Lock()
	defer f.write.Unlock()
	if held, ok := f.leases[name]; ok && time.Until(held.Until) > 0 {
		return held, fmt.Errorf("acquire %q: %w (%s)", name, ErrHeld, held.Owner)
	}
	l := Lease{Name: name, Owner: owner}
	err := f.update(ctx, func(tx *bolt.Tx) error {
		counter := tx.Bucket(bucketMeta)
		l.Epoch = nextEpoch(int64(counter.Sequence()), time.Now())
		return counter.SetSequence(uint64(l.Epoch))
	})
	if err != nil {
		return Lease{}, fmt.Errorf("acquire %q: %w", name, err)
	}
	l.Until = time.Now().Add(ttl)
	f.leases[name] = l
	return l, nil
}

// nextEpoch is above the last one, and no lower than the clock: consoles keep
// the highest epoch that they saw and refuse lower ones, so that a store which
// is new, or an older copy, must not count from where its own memory ends.
// Seconds are small enough for JavaScript's whole numbers.
func nextEpoch(last int64, now time.Time) int64 { return max(last+1, now.Unix()) }

// Renew implements [Store].
func (f *File) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	if err := checkLease(l.Name, l.Owner, ttl); err != nil {
		return Lease{}, fmt.Errorf("renew: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return Lease{}, fmt.Errorf("renew %q: %w", l.Name, err)
	}
	f.write.Lock()
	defer f.write.Unlock()
	if f.closed {
		return Lease{}, fmt.Errorf("renew %q: %w", l.Name, errClosed)
	}
	if err := f.checkFence(l.Fence()); err != nil {
		return Lease{}, fmt.Errorf("renew: %w", err)
	}
	l.Until = time.Now().Add(ttl)
	f.leases[l.Name] = l
	return l, nil
}

// Release implements [Store].
func (f *File) Release(_ context.Context, l Lease) error {
	f.write.Lock()
	defer f.write.Unlock()
	if f.leases[l.Name].Epoch == l.Epoch {
		delete(f.leases, l.Name)
	}
	return nil
}

// Leases implements [Store].
func (f *File) Leases(context.Context) ([]Lease, error) {
	f.write.Lock()
	defer f.write.Unlock()
	if f.closed {
		return nil, errClosed
	}
	var held []Lease
	for _, l := range f.leases {
		if time.Until(l.Until) > 0 {
			held = append(held, l)
		}
	}
	slices.SortFunc(held, func(a, b Lease) int { return cmp.Compare(a.Name, b.Name) })
	return held, nil
}
