package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A breaker counts who is about to be moved. Too many at once is an incident at
// a vendor, or a mistake of ours, and not news: then nothing is sent, not even
// what was decided before it was noticed.
type breaker struct {
	moves    []move
	agents   map[*agent]int // how many of the moves are whose
	tripped  *trip
	intended bool // moves are being made on purpose, as by new rules
	adopting bool // likewise, by -align
}

type move struct {
	at    time.Time
	agent *agent
}

// A trip is what is kept of a breaker that halted everybody. An operator's
// resume ends it.
type trip struct {
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`
	Resumes int64     `json:"resumes"` // [Control.Resumes] at that time
}

func (t *trip) resumedBy(c *Control) bool { return c.Resumes > t.Resumes }

// readTrip returns what halts a tenant, nil when nothing does.
func readTrip(ctx context.Context, s store.Store, tenant string) (*trip, error) {
	item, err := s.Recall(ctx, tenant, keyBreaker)
	if err != nil || len(item.Value) == 0 {
		return nil, err
	}
	return decodeTrip(item.Value)
}

func decodeTrip(value []byte) (*trip, error) {
	var t trip
	if err := json.Unmarshal(value, &t); err != nil {
		return nil, fmt.Errorf("the breaker: %w", err)
	}
	return &t, nil
}

// fewMoves is how many agents may always move: in a small team a fifth is soon
// reached by people who go to lunch together (INVENTED).
const fewMoves = 10

// moved counts an agent for whom a write was decided.
func (b *breaker) moved(e *Engine, a *agent) {
	if b.intended || b.adopting || b.tripped != nil || e.set.Breaker.Moved <= 0 {
		return
	}
	if b.agents == nil {
		b.agents = map[*agent]int{}
	}
	for len(b.moves) > 0 && e.now.Sub(b.moves[0].at) > e.set.Breaker.Within {
		old := b.moves[0].agent
		if b.agents[old]--; b.agents[old] == 0 {
			delete(b.agents, old)
		}
		b.moves = b.moves[1:]
	}
	b.moves = append(b.moves, move{e.now, a})
	b.agents[a]++
	if n := len(b.agents); n > fewMoves && float64(n) > e.set.Breaker.Moved*float64(len(e.agents)) {
		b.trip(e, n)
	}
}

func (b *breaker) trip(e *Engine, n int) {
	b.tripped = &trip{At: e.now.UTC(), Resumes: e.control.Resumes, Reason: fmt.Sprintf(
		"breaker: %d of %d agents were to be moved within %s", n, len(e.agents), e.set.Breaker.Within)}
	b.moves, b.agents = nil, nil
	e.gather.breaker = true
	e.by(taskHalt, 0)
}

// resumed ends the halt when an operator has resumed everybody since.
func (b *breaker) resumed(e *Engine) {
	if b.tripped != nil && b.tripped.resumedBy(&e.control) {
		b.tripped = nil
		e.gather.breaker = true
	}
}

func (b *breaker) encode() ([]byte, error) {
	if b.tripped == nil {
		return nil, nil
	}
	return json.Marshal(b.tripped)
}

func (e *Engine) recallBreaker(value []byte) (err error) {
	e.guard.tripped, err = decodeTrip(value)
	return err
}
