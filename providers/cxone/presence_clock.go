package cxone

import (
	"net/http"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	// drift bounds how fast two clocks part: computers' crystals stay below.
	drift = 200e-6
	// unknownSkew is what a vendor's clock can be off when it never showed us.
	unknownSkew = time.Minute
)

// A clock compares the vendor's clock with ours by the Date header, whose
// seconds are coarse: every answer bounds the difference from both sides, and
// the bounds of many answers together are narrow. That Date comes from the
// clock that states are stamped with is UNCERTAIN.
type clock struct {
	mu        sync.Mutex
	low, high time.Duration // the vendor's is ahead by so much
	at        time.Time     // when that was so; zero before the first answer
}

// note takes in one answer.
func (c *clock) note(a *Answer) {
	date, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		return
	}
	low, high := date.Sub(a.received), date.Add(time.Second).Sub(a.sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() {
		slack := time.Duration(drift * float64(a.received.Sub(c.at).Abs()))
		before, after := c.low-slack, c.high+slack
		// Bounds that do not meet: one of the clocks was set.
		if before <= high && low <= after {
			low, high = max(low, before), min(high, after)
		}
	}
	c.low, c.high, c.at = low, high, a.received
}

func (c *clock) skew() schema.Skew {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return schema.Skew{Uncertainty: unknownSkew}
	}
	return schema.Skew{Ahead: (c.low + c.high) / 2, Uncertainty: (c.high - c.low) / 2}
}
