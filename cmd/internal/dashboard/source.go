package dashboard

import (
	"context"
	"math"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// A Source is what the dashboard looks at: one tenant's sync.
type Source interface {
	// Changes returns what is new since the version of earlier changes; from 0
	// that is everything. A [mirror.View] does so.
	Changes(ctx context.Context, since uint64) (mirror.Changes, error)
	// Timeline yields what the journal holds of one agent from one time up to
	// another, oldest first.
	Timeline(ctx context.Context, agent string, from, to time.Time) history.Journal
}

// glance is how long a look may take. A sync that has not begun answers nobody.
const glance = 2 * time.Second

// nothing is a version that nothing is newer than.
const nothing = math.MaxUint64

// head returns what concerns everybody, nil while there is nothing to see.
func head(ctx context.Context, s Source) *mirror.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	c, err := s.Changes(ctx, nothing)
	if err != nil {
		return nil
	}
	return &c.Snapshot
}
