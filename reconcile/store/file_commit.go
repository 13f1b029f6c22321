package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"
)

// A tenant is one tenant's bucket. Its sequence counts both the journal's
// entries and the versions of values.
type tenant struct {
	bucket  *bolt.Bucket
	memory  *bolt.Bucket // key: value
	journal *bolt.Bucket // sequence number: entry
	leaves  *bolt.Bucket // sequence number of its last entry: leaf of the index by agent
	minutes *bolt.Bucket // minute: the first and last sequence number in it
}

// tenantOf returns a tenant, nil when it has never committed.
func tenantOf(tx *bolt.Tx, name string) *tenant {
	bucket := tx.Bucket(bucketTenants).Bucket([]byte(name))
	if bucket == nil {
		return nil
	}
	return &tenant{
		bucket:  bucket,
		memory:  bucket.Bucket([]byte("memory")),
		journal: bucket.Bucket([]byte("journal")),
		leaves:  bucket.Bucket([]byte("leaves")),
		minutes: bucket.Bucket([]byte("minutes")),
	}
}

func makeTenant(tx *bolt.Tx, name string) (*tenant, error) {
	if t := tenantOf(tx, name); t != nil {
		return t, nil
	}
	bucket, err := tx.Bucket(bucketTenants).CreateBucket([]byte(name))
	if err != nil {
		return nil, err
	}
	for _, part := range []string{"memory", "journal", "leaves", "minutes"} {
		if _, err := bucket.CreateBucket([]byte(part)); err != nil {
			return nil, err
		}
	}
	return tenantOf(tx, name), nil
}

// Commit implements [Store].
func (f *File) Commit(ctx context.Context, b Batch) (version int64, err error) {
	if err := b.check(); err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	f.write.Lock()
	defer f.write.Unlock()
	if err := f.checkFence(b.Fence); err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	err = f.update(ctx, func(tx *bolt.Tx) error {
		t, err := makeTenant(tx, b.Tenant)
		if err != nil {
			return err
		}
		version, err = t.commit(b)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	return version, nil
}

func (t *tenant) commit(b Batch) (version int64, err error) {
	first := int64(t.bucket.Sequence()) + 1
	version = first + int64(len(b.Append))
	if err := t.bucket.SetSequence(uint64(version)); err != nil {
		return 0, err
	}
	for i := range b.Set {
		if err := t.set(&b.Set[i], version); err != nil {
			return 0, err
		}
	}
	return version, t.append(b.Append, first)
}

func (t *tenant) set(s *Set, version int64) error {
	key := []byte(s.Key)
	if s.Was != Any {
		is, err := t.recall(key)
		if err != nil {
			return err
		}
		if is.Version != s.Was {
			return fmt.Errorf("%q: %w", s.Key, ErrConflict)
		}
	}
	if s.Value == nil {
		return t.memory.Delete(key)
	}
	return t.memory.Put(key, encodeItem(Item{s.Key, s.Value, version}))
}

func (t *tenant) recall(key []byte) (Item, error) {
	sealed := t.memory.Get(key)
	if sealed == nil {
		return Item{Key: string(key)}, nil
	}
	return decodeItem(key, sealed)
}

// Recall implements [Store].
func (f *File) Recall(ctx context.Context, tenant, key string) (Item, error) {
	item := Item{Key: key}
	if err := checkName("tenant", tenant); err != nil {
		return Item{}, fmt.Errorf("recall %q: %w", key, err)
	}
	err := f.view(ctx, func(tx *bolt.Tx) (err error) {
		if t := tenantOf(tx, tenant); t != nil {
			item, err = t.recall([]byte(key))
		}
		return err
	})
	if err != nil {
		return Item{}, fmt.Errorf("recall %q: %w", key, err)
	}
	return item, nil
}

// Memory implements [Store].
func (f *File) Memory(ctx context.Context, tenant, prefix string) iter.Seq2[Item, error] {
	return paged(func(last *Item) (page []Item, err error) {
		if err := checkName("tenant", tenant); err != nil {
			return nil, fmt.Errorf("read memory: %w", err)
		}
		err = f.view(ctx, func(tx *bolt.Tx) (err error) {
			if t := tenantOf(tx, tenant); t != nil {
				page, err = t.items([]byte(prefix), last)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read memory: %w", err)
		}
		return page, nil
	})
}

func (t *tenant) items(prefix []byte, last *Item) ([]Item, error) {
	from := prefix
	if last != nil {
		from = append([]byte(last.Key), 0) // the next key there could be
	}
	var page []Item
	cursor := t.memory.Cursor()
	for key, sealed := cursor.Seek(from); key != nil && bytes.HasPrefix(key, prefix) && len(page) < pageSize; key, sealed = cursor.Next() {
		item, err := decodeItem(key, sealed)
		if err != nil {
			return nil, err
		}
		page = append(page, item)
	}
	return page, nil
}
