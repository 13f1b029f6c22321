package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A breaker counts who is about to be moved, by when people moved. Too many at
// once is an incident at a vendor, or a mistake of ours, and not news: then
// nothing is sent, not even what was decided before it was noticed. Many who
// moved one after the other, and are found together once an outage has ended,
// are news.
type breaker struct {
	counts   map[int64]int    // of agents, by the tick of their last move
	ticks    map[*agent]int64 // of the agents counted
	tripped  *trip
	intended bool // moves are being made on purpose, as by new rules
	adopting bool // likewise, by -align
}

// ticksWithin is into how many ticks the breaker's time is divided.
const ticksWithin = 30

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

// moved counts an agent for whom a write was decided. What is decided again
// rests on the same move, and counts once.
func (b *breaker) moved(e *Engine, a *agent) {
	if b.intended || b.adopting || b.tripped != nil || e.set.Breaker.Moved <= 0 {
		return
	}
	tick := a.hot.state.Moved().UnixNano() / max(int64(e.set.Breaker.Within/ticksWithin), 1)
	if was, counted := b.ticks[a]; counted && was >= tick {
		return
	}
	b.leave(a)
	if b.ticks == nil {
		b.counts, b.ticks = map[int64]int{}, map[*agent]int64{}
	}
	b.ticks[a] = tick
	b.counts[tick]++
	if n := b.around(tick); n > fewMoves && float64(n) > e.set.Breaker.Moved*float64(len(e.agents)) {
		b.trip(e, n)
	}
}

// leave takes an agent out of the count.
func (b *breaker) leave(a *agent) {
	tick, counted := b.ticks[a]
	if !counted {
		return
	}
	delete(b.ticks, a)
	if b.counts[tick]--; b.counts[tick] == 0 {
		delete(b.counts, tick)
	}
}

// around returns how many agents have moved within the breaker's time, in the
// worst one that a tick is part of: a reading tells of moves in any order.
func (b *breaker) around(tick int64) int {
	n := 0
	for t := tick - ticksWithin + 1; t <= tick; t++ {
		n += b.counts[t]
	}
	worst := n
	for t := tick + 1; t < tick+ticksWithin; t++ {
		n += b.counts[t] - b.counts[t-ticksWithin]
		worst = max(worst, n)
	}
	return worst
}

func (b *breaker) trip(e *Engine, n int) {
	b.tripped = &trip{At: e.now.UTC(), Resumes: e.control.Resumes, Reason: fmt.Sprintf(
		"breaker: %d of %d agents were to be moved within %s", n, len(e.agents), e.set.Breaker.Within)}
	b.counts, b.ticks = nil, nil
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
