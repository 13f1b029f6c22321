package dashboard

import (
	"context"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// A Source is what the dashboard looks at: one tenant's sync.
type Source interface {
	// Snapshot returns what can be seen now, nil before there is anything. With
	// agents false it leaves out the agents and the unmatched, which are all
	// that grows with the centre: metrics need neither.
	Snapshot(agents bool) *mirror.Snapshot
	// Timeline yields what the journal holds of one agent from one time up to
	// another, oldest first.
	Timeline(ctx context.Context, agent string, from, to time.Time) history.Journal
}
