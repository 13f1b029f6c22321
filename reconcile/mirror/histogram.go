package mirror

import (
	"slices"
	"time"
)

// delayBounds are the seconds up to which delays are counted apart: the bars are
// at 5 ms, 50 ms, and one poll interval.
func delayBounds() []float64 {
	return []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 60}
}

func newHistogram() Histogram {
	bounds := delayBounds()
	return Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

func (h *Histogram) add(d time.Duration) {
	seconds := max(d.Seconds(), 0)
	i, _ := slices.BinarySearch(h.Bounds, seconds)
	h.Counts[i]++
	h.Sum += seconds
}

func (h *Histogram) clone() Histogram {
	return Histogram{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Sum: h.Sum}
}
