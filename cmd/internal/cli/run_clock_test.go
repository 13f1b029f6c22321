package cli

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestRunAcrossClocks: the vendors' clocks are not ours, and nor are those of
// the agents' machines, by which consoles tell that a command has expired.
// However far they are off, who acted last is followed.
func TestRunAcrossClocks(t *testing.T) {
	t.Parallel()
	tests := []struct{ ahead, desks time.Duration }{
		{ahead: -24 * time.Hour}, {ahead: -time.Minute}, {ahead: -3 * time.Second},
		{ahead: 3 * time.Second}, {ahead: time.Minute}, {ahead: 24 * time.Hour},
		{desks: -time.Minute}, {desks: time.Minute},
		{ahead: time.Minute, desks: time.Minute}, {ahead: time.Minute, desks: -time.Minute}, // a daemon that is behind
		{ahead: -time.Minute, desks: time.Minute},
	}
	for _, tc := range tests {
		t.Run("vendors "+tc.ahead.String()+", desks "+tc.desks.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := unapplied(t, canaried(), centreText+rulesText)
				c.ahead.Store(int64(tc.ahead))
				c.desks.Store(int64(tc.desks))
				c.opens()
				c.begins()
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				pass(settles)
				c.wantPair(ana, "Lunch Lunch", "a clock that is off")
				c.wantPair(ben, "Meeting Meeting", "a clock that is off")
				c.shows(ana, "Ready")
				c.chooses(ben, schema.StateAvailable)
				pass(settles)
				c.wantPair(ana, "Available Ready", "a clock that is off")
				c.wantPair(ben, "Available Ready", "a clock that is off")
			})
		})
	}
}

// TestRunAcrossAJump: the clocks are set while run works, ours or the vendors'.
// What is asked for by time may be missed, and is found by the next whole
// reading.
func TestRunAcrossAJump(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{time.Second, 5 * time.Second} {
		t.Run(by.String(), func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				s := c.begins()
				c.watches(ana, ben, carla)
				c.ahead.Store(int64(by))
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				if took := c.untilPairs(time.Hour, map[string]string{ana: "Lunch Lunch", ben: "Meeting Meeting"}); took > mirror.PaceOf(40).Sweep+atOnce {
					t.Errorf("both sides agree %s after the jump:\n%s", took, s.story())
				}
				pass(20 * time.Minute)
				c.wantTrace(ana, "a jump moves nobody", "Available Ready", "Lunch Ready", "Lunch Lunch")
				c.wantTrace(ben, "a jump moves nobody", "Available Ready", "Available Meeting", "Meeting Meeting")
				c.wantTrace(carla, "a jump moves nobody", "Available Ready")
			})
		})
	}
}
