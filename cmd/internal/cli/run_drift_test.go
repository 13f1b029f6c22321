package cli

import (
	"strings"
	"testing"
	"time"
)

// TestRunChecksAsTheOwner: of two replicas the one that serves looks whether
// what both rely on still holds, and its calls are of the day's budget; the
// other looks once it has taken over.
func TestRunChecksAsTheOwner(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		first := c.begins("-serve=127.0.0.1:0")
		second := c.begins()
		calls, counted := c.calls(), first.budget().Calls
		c.must(c.emulator.Org.SetAccess("Support Agent", "Lunch", false))
		pass(checkInterval + settles)
		first.wantSaid("Not settled any more: profile_access.Support Agent")
		if said := second.said(); strings.Contains(said, "ettled any more") {
			t.Errorf("who stands by looks as well:\n%s", said)
		}
		pass(15 * time.Minute) // calls are counted with the next of the sync's own
		calls, counted = c.calls()-calls, first.budget().Calls-counted
		if counted != calls {
			t.Errorf("%d calls were made, and %d counted", calls, counted)
		}

		first.ends(exitOK)
		pass(checkInterval + settles)
		second.wantSaid("Not settled any more: profile_access.Support Agent")
	})
}
