package rest

import (
	"net/http"
	"testing"
	"time"
	"unsafe"
)

// A machine is one whose clock can be set: both its readings go on, but only the
// wall's jumps.
type machine struct{ passed, wrong time.Duration }

// now is what time.Now returns there. There is no other way to make a time whose
// two readings part than to lay it out as package time does.
func (m *machine) now() time.Time {
	wall := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(m.passed + m.wrong)
	const hasMonotonic, year1885 = 1 << 63, -2682288000
	raw := struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}{hasMonotonic | uint64(wall.Unix()-year1885)<<30 | uint64(wall.Nanosecond()), int64(m.passed) + 1, nil}
	return *(*time.Time)(unsafe.Pointer(&raw))
}

// hear lets a clock take in an answer that is half of its way's time old.
func (m *machine) hear(c *Clock, ahead, way time.Duration) {
	sent := m.now()
	date := sent.Round(0).Add(way/2 + ahead - m.wrong).Truncate(time.Second)
	m.passed += way
	c.Note(http.Header{"Date": {date.UTC().Format(http.TimeFormat)}}, sent, m.now())
}

func TestClock(t *testing.T) {
	var c Clock
	m := machine{}
	if got := c.Skew(m.now()); got.Uncertainty != UnknownSkew {
		t.Errorf("before any answer: %+v", got)
	}
	c.Note(http.Header{"Date": {"long ago"}}, m.now(), m.now())
	if got := c.Skew(m.now()); got.Uncertainty != UnknownSkew {
		t.Errorf("a date that cannot be read: %+v", got)
	}
	near := func(when string, ahead, within time.Duration) {
		t.Helper()
		got := c.Skew(m.now())
		if got.Uncertainty > within || (got.Ahead-ahead).Abs() > got.Uncertainty {
			t.Errorf("%s: %v ± %v, want %v ± at most %v", when, got.Ahead, got.Uncertainty, ahead, within)
		}
	}
	const ahead = 7300 * time.Millisecond
	m.hear(&c, ahead, 40*time.Millisecond)
	near("one answer", ahead, 530*time.Millisecond)
	for range 100 {
		m.passed += 370 * time.Millisecond
		m.hear(&c, ahead, 40*time.Millisecond)
	}
	near("many answers", ahead, 80*time.Millisecond)
	m.hear(&c, ahead, 20*time.Second)
	near("a slow answer takes nothing away", ahead, 120*time.Millisecond)

	m.wrong = -time.Minute
	near("this machine's clock was set, and the vendor has not answered since", ahead+time.Minute, 120*time.Millisecond)
	m.hear(&c, ahead, 40*time.Millisecond)
	near("nor is anything lost when it does", ahead+time.Minute, 120*time.Millisecond)

	m.hear(&c, -3*time.Second, 40*time.Millisecond)
	near("the vendor's clock was set", -3*time.Second+time.Minute, 530*time.Millisecond)
}
