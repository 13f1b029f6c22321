package cli

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestForgetBesideRun: a run that serves goes on with the person, who can be
// asked for, stopped and forgotten as before; of what was, nothing is left.
func TestForgetBesideRun(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		key := c.key(ana)
		c.chooses(ana, "Lunch")
		pass(settles)
		asked := time.Now()
		c.orders(exitOK, "forget", ana)
		c.wantSaid("Forgot " + ana)
		for line, err := range c.journal() {
			c.must(err)
			if line.Agent == key && line.At.Before(asked) {
				t.Errorf("the journal still has %+v", line)
			}
		}
		pass(settles)
		c.wantPair(ana, "Lunch Lunch", "nobody is moved by being forgotten")
		c.chooses(ana, schema.StateAvailable)
		pass(settles)
		c.wantPair(ana, "Available Ready", "it begins anew")
		c.orders(exitOK, "why", ana)
		c.wantSaid("Ready")
		c.orders(exitOK, "stop", "-agent="+ana, "-reason=asked")
		pass(holdsWithin)
		c.chooses(ana, "Meeting")
		pass(settles)
		c.wantPair(ana, "Meeting Ready", "stopped by name")
		c.orders(exitOK, "resume", "-agent="+ana)
		c.orders(exitOK, "forget", ana)
		s.wantSaid("a person is forgotten by order")
		s.wantSilence("forget")
	})
}

// TestForgetLeavesNoByte: once nobody serves them, no byte of the store names a
// person who was forgotten.
func TestForgetLeavesNoByte(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		key := c.key(ana)
		for range 20 {
			c.chooses(ana, "Lunch")
			pass(settles)
			c.chooses(ana, schema.StateAvailable)
			pass(settles)
		}
		s.ends(exitOK)
		c.orders(exitOK, "forget", ana)
		c.must(c.store.Close())
		c.store = nil
		file, err := os.ReadFile(c.path)
		c.must(err)
		for _, name := range []string{key, ana, "Lopez"} {
			if n := bytes.Count(file, []byte(name)); n > 0 {
				t.Errorf("%d places of the store still have %s", n, name)
			}
		}
		if !bytes.Contains(file, []byte(ben)) {
			t.Error("others are forgotten as well")
		}
	})
}

// TestOrdersForWhomRunHasNotMet: both vendors list them, so that they can be
// stopped before the first run, and forgotten where the store has lost their name.
func TestOrdersForWhomRunHasNotMet(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.orders(exitOK, "stop", "-agent="+ana, "-reason=on leave")
		s := c.begins()
		c.chooses(ana, "Lunch")
		pass(settles)
		c.wantPair(ana, "Lunch Ready", "stopped before run met anybody")
		key := c.key(ana)
		s.ends(exitOK)
		c.loses("known/" + key)
		c.orders(exitOK, "forget", ana)
		c.wantSaid("Forgot " + ana)
		c.orders(exitError, "forget", ana)
		c.wantSaid("run knows no agent")
	})
}

// TestForgetByKey: a key does where no name is kept, and no vendor answers.
func TestForgetByKey(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		key := c.key(ana)
		s.ends(exitOK)
		c.loses("known/" + key)
		c.must(c.emulator.Fault(emulator.Fault{Kind: emulator.Unavailable, Times: -1}))
		c.orders(exitError, "forget", ana)
		c.wantSaid("run knows no agent")
		c.orders(exitOK, "forget", key)
		c.wantSaid("Forgot " + key)
	})
}

// loses takes a key out of what the store remembers.
func (c *centreWorld) loses(key string) {
	c.t.Helper()
	loaded, err := c.load(c.t.Context(), configFlags{}, true)
	c.must(err)
	_, err = c.memory().Commit(c.t.Context(), store.Batch{Tenant: accounts(loaded), Set: []store.Set{{Key: key, Was: store.Any}}})
	c.must(err)
}
