package history

import (
	"context"
	"iter"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A Journal yields lines in the order in which they were written, and ends with
// an error when it cannot be read further.
type Journal = iter.Seq2[mirror.Line, error]

// Read returns the lines that a query asks a store for.
func Read(ctx context.Context, s store.Store, q store.Query) Journal {
	return func(yield func(mirror.Line, error) bool) {
		for entry, err := range s.Journal(ctx, q) {
			if err != nil {
				yield(mirror.Line{}, err)
				return
			}
			line, err := mirror.DecodeEntry(entry)
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
