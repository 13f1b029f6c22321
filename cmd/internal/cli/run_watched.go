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
	store  store.Store
	tenant string
	mode   string // as it was asked for
}

// Changes implements [dashboard.Source]. A dry run is a shadow that shows its
// journal and keeps none, which only the asker knows.
func (w watched) Changes(ctx context.Context, since uint64) (mirror.Changes, error) {
	c, err := w.View.Changes(ctx, since)
	c.Mode = w.mode
	return c, err
}

// Timeline implements [dashboard.Source].
func (w watched) Timeline(ctx context.Context, agent string, from, to time.Time) history.Journal {
	return history.Read(ctx, w.store, store.Query{Tenant: w.tenant, Agent: agent, From: from, To: to})
}
