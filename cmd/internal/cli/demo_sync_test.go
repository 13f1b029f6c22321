package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/desk"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// demonstrated is the demo's second half over a centre's volunteers, none of
// whom anybody keeps in step.
func (c *centreWorld) demonstrated() *centre {
	c.t.Helper()
	loaded, err := c.load(c.t.Context(), configFlags{}, false)
	c.must(err)
	return &centre{
		story:  &story{app: newApp(c.Process), emulator: c.emulator},
		config: loaded, rules: presence.NewRuleset(presenceRules(loaded.Objects), presenceFacts(loaded.Objects)),
		chosen: map[string]choice{},
		people: slices.DeleteFunc(canaried().Agents, func(a tenant.Agent) bool { return a.Email != ana && a.Email != ben && a.Email != carla }),
	}
}

// TestDemoCounts: what the demo tells of its agents does not pass a change over
// that was lost.
func TestDemoCounts(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		d := c.demonstrated()
		want := func(agree, free int, missing, why string) {
			t.Helper()
			if got := d.count(); got.agree != agree || got.free != free || !strings.Contains(got.missing(), missing) || (missing == "") != (got.missing() == "") {
				t.Errorf("%s: want %d and %d and %q, got %+v, %q", why, agree, free, missing, got, got.missing())
			}
		}
		shows := func(agent, status string) {
			c.shows(agent, status)
			d.remember(desk.Change{Agent: agent, Did: "shows " + status})
		}
		chooses := func(agent, code string) {
			c.chooses(agent, code)
			d.remember(desk.Change{Agent: agent, Did: "is unavailable: " + code})
		}
		want(3, 0, "", "all agree")
		shows(ana, "On_a_Call")
		want(2, 1, "", "a status that asks for nothing is the person's own")
		chooses(ana, "Lunch")
		want(2, 1, "", "a choice right after it is one conflict with it, which the status wins")
		pass(time.Minute)
		chooses(ana, "Meeting")
		want(2, 0, "these are apart: "+ana, "a later choice asks for another status, and nobody set it")
		shows(ana, "Wrapping_Up")
		want(2, 1, "", "a new choice counts anew")
		chooses(ana, "")
		pass(time.Minute)
		c.shows(ana, "Wrapping_Up")
		d.remember(desk.Change{Agent: ana, Did: "comes to work, and shows Wrapping_Up"})
		want(2, 1, "", "what is chosen on coming to work is chosen")
		shows(ben, "On_a_Call")
		want(1, 2, "only 1 of 3 agents agree by a row", "hardly anybody is in step")
	})
}

// TestDemoRests: a status chosen during a contact asks for a state that CXone
// shows when the contact ends, which is when the demo counts.
func TestDemoRests(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		for _, agent := range []string{ana, ben} {
			c.must(c.emulator.Tenant.BeginContact(agent, cxone.Contact{AfterCallWork: agent == ben}))
		}
		pass(settles)
		c.must(c.emulator.Tenant.EndContact(ben))
		c.shows(ana, "Meeting")
		pass(time.Minute)
		d := c.demonstrated()
		if got := d.count(); len(got.apart) != 1 {
			t.Errorf("during the contact: %+v", got)
		}
		c.must(d.rest())
		pass(settles)
		if got := d.count(); got.agree != 3 {
			t.Errorf("after it: %+v", got)
		}
		c.wantPair(ana, "Meeting Meeting", "what was chosen during the contact")
	})
}

// TestDemoExplains: who is apart at the end is told of, and so is the story of
// how that came about.
func TestDemoExplains(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		c.orders(exitOK, "stop", "-reason=a test")
		pass(settles)
		c.chooses(ana, "Meeting")
		pass(settles)
		d := c.demonstrated()
		d.chdir, d.store, d.syncs = c.chdir, c.memory(), &process{gone: make(chan struct{})}
		if err := d.agree(t.Context()); err == nil || !strings.Contains(err.Error(), "these are apart: "+ana) {
			t.Errorf("agree: %v", err)
		}
		if told := c.out.String(); !strings.Contains(told, "a test") || !strings.Contains(told, `CXone shows code "Meeting"`) {
			t.Errorf("nothing explains it:\n%s", told)
		}
	})
}

// TestDemoMissesItsSync: a sync that ended by itself fails the demo in its own
// words, before it would be killed and while it goes on.
func TestDemoMissesItsSync(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		d := c.demonstrated()
		var err error
		d.syncs, err = launch(t.Context(), []string{"-no-such-flag"}, c.Environ)
		c.must(err)
		day := desk.NewDay(c.emulator.Desks, c.emulator.Tenant, d.people, 1)
		for name, err := range map[string]error{"live": d.live(t.Context()), "goOn": d.goOn(t.Context(), day), "served": d.served(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), "lockstep run ended by itself: flag provided but not defined: -no-such-flag") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
