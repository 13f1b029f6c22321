package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// keeper returns where what no vendor tells again is kept: a file beside the
// configuration or, where it names a store, the store.
func (a *app) keeper(ctx context.Context, c *config.Configuration) (reconcile.Keeper, error) {
	where := c.Lockstep.Store
	if where.IsZero() {
		return reconcile.File(filepath.Join(a.chdir, ".lockstep", "record.json")), nil
	}
	if !strings.Contains(where.Reveal(), "://") {
		where = schema.NewSecret(a.path(where.Reveal()), where.Source())
	}
	s, err := store.Open(ctx, where)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, s)
	return stored{s, accounts(c)}, nil
}

// accounts names the pair of accounts that a configuration is about, so that
// several configurations can share a store.
func accounts(c *config.Configuration) string {
	return "salesforce=" + argument(c, "salesforce", "instance_url") + " cxone=" + argument(c, "cxone", "tenant_id")
}

func argument(c *config.Configuration, vendor, name string) string {
	if block := c.Providers[vendor]; block != nil {
		return block.Text(name)
	}
	return ""
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
