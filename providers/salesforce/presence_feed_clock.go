package salesforce

import (
	"net/http"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	// drift bounds how fast two clocks part: computers' crystals stay below.
	drift = 200e-6
	// unknownSkew is what the vendor's clock can be off before it showed us.
	unknownSkew = time.Minute
)

// A clock compares the vendor's clock with ours by the Date headers of REST
// answers. One header leaves a second and the time on the way open; the bounds
// of many answers together are narrower. That Date comes from the clock which
// stamps intervals of presence is UNCERTAIN.
type clock struct {
	mu        sync.Mutex
	low, high time.Duration // the vendor's is ahead by so much
	at        time.Time     // when that was so; zero before the first answer
}

// note takes in one answer. Repeats between sent and received only widen it.
func (c *clock) note(header http.Header, sent, received time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	low, high := date.Sub(received), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() {
		slack := time.Duration(drift * float64(received.Sub(c.at).Abs()))
		before, after := c.low-slack, c.high+slack
		// Bounds that do not meet: one of the clocks was set.
		if before <= high && low <= after {
			low, high = max(low, before), min(high, after)
		}
	}
	c.low, c.high, c.at = low, high, received
}

func (c *clock) skew() schema.Skew {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return schema.Skew{Uncertainty: unknownSkew}
	}
	return schema.Skew{Ahead: (c.low + c.high) / 2, Uncertainty: (c.high - c.low) / 2}
}
