package dashboard

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

const (
	// pace is the time between two points of a trend, span how far they go back.
	pace = 10 * time.Second
	span = 6 * time.Hour
)

// A Point is what happened in one stretch of time.
type Point struct {
	At      time.Time `json:"at"`
	Changes float64   `json:"changes"` // a second
	Writes  float64   `json:"writes"`
	// Delays in seconds: from news in to call out, and from news in to done; nil
	// when there were none.
	Delay    *Quantiles `json:"delay,omitempty"`
	Reaction *Quantiles `json:"reaction,omitempty"`

	Apart         int `json:"apart"`
	Pending       int `json:"pending"`
	Undeliverable int `json:"undeliverable"`
	Calls         int `json:"calls"`      // of the day's budget
	Deliveries    int `json:"deliveries"` // of the day's budget
}

// Quantiles are estimates from a histogram's buckets, in seconds.
type Quantiles struct {
	Median float64 `json:"p50"`
	High   float64 `json:"p99"`
}

// A trend keeps the points of the last hours.
type trend struct {
	points []Point
	at     time.Time
	was    mirror.Totals
}

func (t *trend) due(now time.Time) bool {
	return t.at.IsZero() || now.Sub(t.at) >= pace || now.Before(t.at)
}

// note adds a point and returns it; nil for the first look, which has nothing
// to compare with, and when the counts began anew.
func (t *trend) note(now time.Time, s *mirror.Snapshot) *Point {
	was, since := t.was, now.Sub(t.at).Seconds()
	first := t.at.IsZero() || since <= 0 || s.Totals.Changes < was.Changes || s.Totals.Writes < was.Writes
	t.at, t.was = now, s.Totals
	if first {
		return nil
	}
	p := Point{
		At:       now.UTC(),
		Changes:  float64(s.Totals.Changes-was.Changes) / since,
		Writes:   float64(s.Totals.Writes-was.Writes) / since,
		Delay:    between(was.Delay, s.Totals.Delay),
		Reaction: between(was.Reaction, s.Totals.Reaction),
		Apart:    s.Totals.Apart, Pending: s.Totals.Pending, Undeliverable: s.Totals.Undeliverable,
		Calls: s.Budget.Calls, Deliveries: s.Budget.Deliveries,
	}
	t.points = append(t.points, p)
	if most := int(span / pace); len(t.points) > most {
		t.points = slices.Delete(t.points, 0, len(t.points)-most)
	}
	return &p
}

// between estimates the quantiles of what was counted between two histograms.
func between(was, is mirror.Histogram) *Quantiles {
	counts := slices.Clone(is.Counts)
	var total uint64
	for i := range counts {
		if i < len(was.Counts) && was.Counts[i] <= counts[i] {
			counts[i] -= was.Counts[i]
		}
		total += counts[i]
	}
	if total == 0 {
		return nil
	}
	return &Quantiles{Median: quantile(is.Bounds, counts, total, 0.5), High: quantile(is.Bounds, counts, total, 0.99)}
}

// quantile interpolates within the bucket, as Prometheus does. What lies beyond
// all bounds counts as the last bound.
func quantile(bounds []float64, counts []uint64, total uint64, q float64) float64 {
	rank, below := q*float64(total), uint64(0)
	for i, n := range counts {
		if i >= len(bounds) {
			break
		}
		if float64(below+n) >= rank && n > 0 {
			low := 0.0
			if i > 0 {
				low = bounds[i-1]
			}
			return low + (bounds[i]-low)*(rank-float64(below))/float64(n)
		}
		below += n
	}
	if len(bounds) == 0 {
		return 0
	}
	return bounds[len(bounds)-1]
}
