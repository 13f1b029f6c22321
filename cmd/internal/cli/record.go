package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// keeper returns where what no vendor tells again is kept: a file beside the
// configuration or, where it names a store, the store.
func (a *app) keeper(ctx context.Context, c *config.Configuration) (reconcile.Keeper, error) {
	if c.Lockstep.Store.IsZero() {
		return reconcile.File(filepath.Join(a.chdir, ".lockstep", "record.json")), nil
	}
	s, err := a.memory(ctx, c)
	if err != nil {
		return nil, err
	}
	return stored{s, accounts(c)}, nil
}

// recordKey is the name of the record among what a store remembers.
const recordKey = "record"

// stored keeps the record in a store.
type stored struct {
	store  store.Store
	tenant string
}

// Load implements [reconcile.Keeper].
func (s stored) Load(ctx context.Context) ([]byte, error) {
	item, err := s.store.Recall(ctx, s.tenant, recordKey)
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	return item.Value, nil
}

// Change implements [reconcile.Keeper]: it begins again as often as somebody
// else was faster.
func (s stored) Change(ctx context.Context, edit func(was []byte) ([]byte, error)) error {
	for {
		item, err := s.store.Recall(ctx, s.tenant, recordKey)
		if err != nil {
			return fmt.Errorf("write record: %w", err)
		}
		is, err := edit(item.Value)
		if err != nil {
			return err
		}
		_, err = s.store.Commit(ctx, store.Batch{
			Tenant: s.tenant, Set: []store.Set{{Key: recordKey, Value: is, Was: item.Version}},
		})
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return fmt.Errorf("write record: %w", err)
		}
		return nil
	}
}

// unkept is the record of a command that may write nowhere: nobody attested
// anything, and nothing is remembered.
type unkept struct{}

// Load implements [reconcile.Keeper].
func (unkept) Load(context.Context) ([]byte, error) { return nil, nil }

// Change implements [reconcile.Keeper].
func (unkept) Change(_ context.Context, edit func(was []byte) ([]byte, error)) error {
	_, err := edit(nil)
	return err
}
