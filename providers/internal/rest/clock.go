package rest

import (
	"net/http"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// drift bounds how fast two clocks part: computers' crystals stay below.
const drift = 200e-6

// UnknownSkew is what a vendor's clock can be off before it showed us.
const UnknownSkew = time.Minute

// A Clock compares a vendor's clock with this machine's by the Date headers of
// its answers. One header leaves a second and the time on the way open; the
// bounds of many answers together are narrower. That Date comes from the clock
// which stamps presences is UNCERTAIN. The zero Clock has seen no answer. It may
// be used by several goroutines at once.
type Clock struct {
	mu        sync.Mutex
	low, high time.Duration // the vendor's is ahead by so much
	at        time.Time     // when that was so; zero before the first answer
}

// Note takes in one answer. Repeats between sent and received only widen it.
func (c *Clock) Note(header http.Header, sent, received time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	low, high := date.Sub(received), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() {
		was := schema.ClockSet(c.at, received)
		slack := time.Duration(drift * float64(received.Sub(c.at).Abs()))
		before, after := c.low-was-slack, c.high-was+slack
		// Bounds that do not meet: the vendor's clock was set.
		if before <= high && low <= after {
			low, high = max(low, before), min(high, after)
		}
	}
	c.low, c.high, c.at = low, high, received
}

// Skew returns how far the vendor's clock is ahead of this machine's at a time,
// which is from [time.Now].
func (c *Clock) Skew(now time.Time) schema.Skew {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return schema.Skew{Uncertainty: UnknownSkew}
	}
	return schema.Skew{Ahead: (c.low+c.high)/2 - schema.ClockSet(c.at, now), Uncertainty: (c.high - c.low) / 2}
}
