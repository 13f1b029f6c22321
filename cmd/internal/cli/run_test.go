package cli

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/schema"
)

// inBubble runs a test at a centre, in a bubble of synctest, beside others.
func inBubble(t *testing.T, text string, test func(t *testing.T, c *centreWorld)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newCentre(t, canaried(), text)) })
}

func TestRunBothWays(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		c.wantPair(ana, "Available Ready", "at the start both sides agree")

		c.chooses(ana, "Lunch")
		c.shows(ben, "Meeting")
		pass(settles)
		c.wantPair(ana, "Lunch Lunch", "a code is published")
		c.wantPair(ben, "Meeting Meeting", "a status is carried over")
		c.wantPair(carla, "Available Ready", "who did nothing is left alone")

		c.shows(ana, "Ready")
		c.chooses(ben, schema.StateAvailable)
		pass(settles)
		c.wantPair(ana, "Available Ready", "back from the other side")
		c.wantPair(ben, "Available Ready", "back from the other side")
	})
}

func TestRunThroughContact(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		c.must(c.emulator.Tenant.BeginContact(ana, cxone.Contact{AfterCallWork: true}))
		pass(settles)
		c.wantPair(ana, "InboundContact On_a_Call", "a contact shows")
		c.must(c.emulator.Tenant.EndContact(ana))
		pass(settles)
		c.wantPair(ana, "ACW Wrapping_Up", "after-call work shows")
		c.must(c.emulator.Tenant.EndAfterCallWork(ana))
		pass(settles)
		c.wantPair(ana, "Available Ready", "as it was before the contact")
	})
}

func TestRunLogsNobodyIn(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		c.must(c.emulator.Desks.Console(ana).LogOut())
		c.chooses(ben, schema.StateLoggedOut)
		pass(settles)
		c.chooses(ana, "Lunch")
		c.shows(ben, "Meeting")
		pass(time.Minute)
		c.wantPair(ana, "Lunch offline", "nobody is logged in by us")
		c.wantPair(ben, "LoggedOut Meeting", "nobody is logged in by us")
		c.shows(ana, "Ready")
		pass(settles)
		c.wantPair(ana, "Lunch Ready", "a login is adopted")
		c.shows(ana, "Meeting")
		pass(settles)
		c.wantPair(ana, "Meeting Meeting", "and mirrored from then on")
	})
}
