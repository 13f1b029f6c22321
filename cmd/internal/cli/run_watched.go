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
	view   *mirror.View
	store  store.Store // nil in a dry run
	tenant string
}

// glance bounds how long somebody who looks waits for the sync, which has
// other work.
const glance = 2 * time.Second

// Snapshot implements [dashboard.Source].
func (w watched) Snapshot(agents bool) *mirror.Snapshot {
	ctx, cancel := context.WithTimeout(context.Background(), glance)
	defer cancel()
	snapshot, err := w.view.Snapshot(ctx)
	if err != nil {
		return nil
	}
	if !agents {
		snapshot.Agents, snapshot.Strange = nil, nil
	}
	return &snapshot
}

// Timeline implements [dashboard.Source].
func (w watched) Timeline(ctx context.Context, agent string, from, to time.Time) history.Journal {
	if w.store == nil {
		return func(func(history.Record, error) bool) {}
	}
	return journal(ctx, w.store, store.Query{Tenant: w.tenant, Agent: agent, From: from, To: to})
}

// journal reads what the store holds as records.
func journal(ctx context.Context, s store.Store, q store.Query) history.Journal {
	return func(yield func(history.Record, error) bool) {
		for entry, err := range s.Journal(ctx, q) {
			if err != nil {
				yield(history.Record{}, err)
				return
			}
			line, err := mirror.DecodeEntry(entry)
			if !yield(history.Record{At: line.At, Agent: line.Agent, Entry: line.Entry}, err) || err != nil {
				return
			}
		}
	}
}
