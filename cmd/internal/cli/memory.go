package cli

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// storePath returns where run keeps its memory; "" is a database.
func (a *app) storePath(c *config.Configuration) (string, error) {
	where := c.Lockstep.Store
	if where.IsZero() {
		return filepath.Join(a.chdir, ".lockstep", "run.db"), nil
	}
	path, err := store.PathOf(where)
	if err != nil {
		return "", fmt.Errorf("open store: %w", err)
	}
	if path != "" {
		path = a.path(path)
	}
	return path, nil
}

// memory opens what run remembers, once. A file that a running run has open is
// reached through that.
func (a *app) memory(ctx context.Context, c *config.Configuration) (store.Store, error) {
	if a.store != nil {
		return a.store, nil
	}
	where := c.Lockstep.Store
	path, err := a.storePath(c)
	if err != nil {
		return nil, err
	}
	if path != "" {
		where = schema.NewSecret(path, where.Source())
	}
	s, err := a.openStore(where.Reveal(), func() (store.Store, error) { return store.Open(ctx, where) })
	if err != nil {
		return nil, err
	}
	a.store = s
	return s, nil
}

// openStore opens a store until the command ends; beside others, that is the
// one that they have open.
func (a *app) openStore(where string, open func() (store.Store, error)) (store.Store, error) {
	if a.among != nil {
		return a.among.stores.open(where, open)
	}
	s, err := open()
	if err == nil {
		a.closers = append(a.closers, s)
	}
	return s, err
}

// accounts names the pair of accounts that a configuration is about, so that
// several configurations can share a store. However an address is spelt, it is
// the same account.
func accounts(c *config.Configuration) string {
	org := strings.ToLower(strings.TrimRight(argument(c, "salesforce", "instance_url"), "/"))
	return "salesforce=" + org + " cxone=" + strings.ToLower(argument(c, "cxone", "tenant_id"))
}

// inShort names the accounts for a person at a terminal: the org by its
// domain's name, the tenant by the first part of its id.
func inShort(c *config.Configuration) string {
	org := argument(c, "salesforce", "instance_url")
	if u, err := url.Parse(org); err == nil && u.Host != "" {
		org = u.Host // with the port, which tells emulators apart
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			org, _, _ = strings.Cut(u.Hostname(), ".")
		}
	}
	tenant, _, _ := strings.Cut(argument(c, "cxone", "tenant_id"), "-")
	if tenant == "" {
		return org
	}
	return org + ", tenant " + tenant
}

func argument(c *config.Configuration, vendor, name string) string {
	if block := c.Providers[vendor]; block != nil {
		return block.Text(name)
	}
	return ""
}
