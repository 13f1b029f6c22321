package schema

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// When something happened lies within the bounds that a skew gives, wherever the
// vendor cuts its times down.
func TestSkewCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		within := func(name string, most time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(-int64(most), int64(most)).Draw(t, name))
		}
		is, wrong, unit := within("skew", time.Hour), within("error", time.Minute), within("unit", time.Second).Abs()
		happened := time.Unix(1_800_000_000, 0).Add(within("moment", time.Hour))
		stamp := happened.Add(is).Truncate(max(unit, 1))
		skew := Skew{Ahead: is + wrong, Uncertainty: wrong.Abs()}.Cut(unit)
		if off := stamp.Add(-skew.Ahead).Sub(happened).Abs(); off > skew.Uncertainty+1 { // a nanosecond for halves
			t.Errorf("off by %v, and unsure by %v", off, skew.Uncertainty)
		}
	})
}
