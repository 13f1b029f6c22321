package cli

import (
	"context"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// watched is a running sync as the page looks at it.
type watched struct {
	*mirror.View
	store  store.Store // nil in a dry run
	tenant string
}

// Timeline implements [dashboard.Source].
func (w watched) Timeline(ctx context.Context, agent string, from, to time.Time) history.Journal {
	if w.store == nil {
		return func(func(mirror.Line, error) bool) {}
	}
	return history.Read(ctx, w.store, store.Query{Tenant: w.tenant, Agent: agent, From: from, To: to})
}
