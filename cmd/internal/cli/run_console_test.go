package cli

import (
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestRunWhenCommandsGoAstray: a command is lost on its way to the console, or
// comes twice, late, or after the next one, and Salesforce says that it arrived.
// What the agent chose shows in the end, once, and nothing older after it.
func TestRunWhenCommandsGoAstray(t *testing.T) {
	tests := []emulator.Fault{
		{Kind: emulator.ConsoleLoss},
		{Kind: emulator.ConsoleDuplicate, Times: -1},
		{Kind: emulator.ConsoleDelay, Delay: time.Second, Times: -1},
		{Kind: emulator.ConsoleDelay, Delay: 40 * time.Second},
		{Kind: emulator.ConsoleReorder},
	}
	for _, fault := range tests {
		t.Run(string(fault.Kind)+" "+fault.Delay.String(), func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				c.begins()
				c.watches(ana)
				c.must(c.emulator.Fault(fault))
				c.chooses(ana, "Lunch")
				pass(30 * time.Second)
				c.wantPair(ana, "Lunch Lunch", "a command that is not followed is given again")
				c.chooses(ana, "Meeting")
				pass(15 * time.Second)
				c.chooses(ana, schema.StateAvailable)
				pass(2 * time.Minute)
				c.wantTrace(ana, "nothing that was overtaken is followed", "Available Ready", "Lunch Ready", "Lunch Lunch",
					"Meeting Lunch", "Meeting Meeting", "Available Meeting", "Available Ready")
			})
		})
	}
}
