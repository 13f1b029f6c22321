package mirror_test

import (
	"testing"
	"time"
	"unsafe"

	"github.com/lockstep-sync/lockstep/schema"
)

// A clock is one machine's or vendor's: it can be wrong, and be set.
type clock struct {
	w     *world
	ahead time.Duration // of true time
	set   int           // counts how often it was
}

// wall is the clock's time of day.
func (c *clock) wall() time.Time { return c.wallAt(c.w.now) }

func (c *clock) wallAt(at time.Duration) time.Time {
	return begin.Add(c.w.plan.hour + at + c.ahead)
}

// stamp is wall as a vendor writes it: in milliseconds.
func (c *clock) stamp() time.Time { return c.wall().Truncate(time.Millisecond) }

// reading is what time.Now returns on the machine: besides the wall clock it has
// a monotonic reading, by which a lease is measured however the clock is set.
func (c *clock) reading() time.Time { return moment(c.wall(), c.w.now) }

// A rawTime is how package time lays out a [time.Time]. There is no other way to
// make one whose two readings part, as they do when a clock is set; TestMoment
// finds out when the layout changes.
type rawTime struct {
	wall uint64
	ext  int64
	loc  *time.Location
}

// moment makes a time with both readings.
func moment(wall time.Time, monotonic time.Duration) time.Time {
	const (
		hasMonotonic = 1 << 63
		year1885     = -2682288000 // in Unix seconds
	)
	raw := rawTime{
		wall: hasMonotonic | uint64(wall.Unix()-year1885)<<30 | uint64(wall.Nanosecond()),
		ext:  int64(monotonic) + 1,
	}
	return *(*time.Time)(unsafe.Pointer(&raw))
}

func TestMoment(t *testing.T) {
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 5, time.UTC)
	first, second := moment(noon, time.Hour), moment(noon.Add(-time.Minute), time.Hour+time.Second)
	if got := second.Sub(first); got != time.Second {
		t.Errorf("the monotonic readings are %s apart", got)
	}
	if !first.Round(0).Equal(noon) || first.UnixNano() != noon.UnixNano() {
		t.Errorf("the wall clock reads %s", first)
	}
	if got := second.Round(0).Sub(first.Round(0)); got != -time.Minute {
		t.Errorf("the wall clocks are %s apart", got)
	}
}

// An estimate is what a provider knows of how a vendor's clock differs from the
// machine's: right within its uncertainty when it was made.
type estimate struct {
	schema.Skew
	reading time.Duration // how far the machine's clock was ahead then
}

func (w *world) estimate(vendor, machine *clock) estimate {
	wrong := w.between(-w.plan.unsure, w.plan.unsure)
	return estimate{schema.Skew{Ahead: vendor.ahead - machine.ahead + wrong, Uncertainty: w.plan.unsure}, machine.ahead}
}

// now is the estimate as the machine's clock has been set since.
func (e estimate) now(machine *clock) schema.Skew {
	e.Ahead -= machine.ahead - e.reading
	return e.Skew
}
