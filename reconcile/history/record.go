package history

import (
	"iter"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// A Record is one line of the journal: when and of whom.
type Record struct {
	At    time.Time
	Agent string // the key
	presence.Entry
}

// A Journal yields records in the order in which they were written, and ends
// with an error when it cannot be read further.
type Journal = iter.Seq2[Record, error]
