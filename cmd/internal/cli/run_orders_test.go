package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// holdsWithin is how long a stop takes at most.
const holdsWithin = 2 * time.Second

// syncing is a centre whose sync block says more.
func syncing(lines string) string {
	return strings.Replace(centreText, "sync {\n", "sync {\n"+lines+"\n", 1) + rulesText
}

func TestRunStopped(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stop, resume []string
		ana, ben     string // what they show in the end
		says         string
	}{
		"everybody": {[]string{"stop", "-reason=incident 7"}, []string{"resume"}, "Lunch Ready", "Available Meeting", "Stopped: everybody."},
		"a team":    {[]string{"stop", "-team=support", "-reason=incident 7"}, []string{"resume", "-team=Support"}, "Lunch Ready", "Available Meeting", "Stopped: team support."},
		"one agent": {[]string{"stop", "-agent=" + ana, "-reason=incident 7"}, []string{"resume", "-agent=" + ana}, "Lunch Ready", "Meeting Meeting", "Stopped: agent " + ana},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				s := c.begins("-serve=127.0.0.1:0")
				c.orders(exitOK, tc.stop...)
				c.wantSaid(tc.says, "within two seconds")
				pass(holdsWithin)
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				pass(time.Hour)
				c.wantPair(ana, tc.ana, "stopped: nobody is moved")
				c.wantPair(ben, tc.ben, "stopped: only who was meant")
				c.orders(exitOK, "why", ana)
				c.wantSaid("stopped", "incident 7")
				if _, _, body := s.get("/api/v1/snapshot"); !strings.Contains(body, "incident 7") {
					t.Errorf("the page does not say why:\n%s", body)
				}
				s.wantSilence("stopped")

				c.orders(exitOK, tc.resume...)
				pass(settles)
				c.wantPair(ana, tc.ana, "resumed: nothing is caught up")
				c.wantPair(ben, tc.ben, "resumed: nothing is caught up")
				c.chooses(ana, schema.StateAvailable)
				pass(settles)
				c.wantPair(ana, "Available Ready", "resumed: mirrored again")
			})
		})
	}
}

// TestRunStopDropsWhatIsUnderWay: a command that was decided and not delivered
// is not delivered after the resume either.
func TestRunStopDropsWhatIsUnderWay(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		c.must(c.emulator.Fault(emulator.Fault{Vendor: emulator.Salesforce, Path: "*/push", Kind: emulator.Unavailable, Times: -1}))
		c.chooses(ana, "Lunch")
		pass(settles)
		c.orders(exitOK, "stop", "-reason=incident")
		pass(holdsWithin)
		c.emulator.ClearFaults()
		pass(time.Minute)
		c.orders(exitOK, "resume")
		pass(time.Minute)
		c.wantPair(ana, "Lunch Ready", "what was pending is dropped by a stop")
	})
}

// TestRunStopOutlivesTheProcess: a stop holds over a restart.
func TestRunStopOutlivesTheProcess(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins().ends(exitOK)
		c.orders(exitOK, "stop", "-reason=for the night")
		s := c.begins()
		c.chooses(ana, "Lunch")
		pass(time.Minute)
		c.wantPair(ana, "Lunch Ready", "stopped while nobody ran")
		s.wantSaid("nobody is moved: stopped: for the night")
	})
}

// TestRunStopFile: where the store cannot be reached a file stops, too.
func TestRunStopFile(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		// The store is a database that is not there, and the file that stands in
		// for it belongs to run.
		if status := c.run("stop", "-reason=the store is down"); status != exitError {
			t.Errorf("exit status %d, although nobody elsewhere is stopped", status)
		}
		c.wantSaid("the store cannot be reached", "left the stop file", "and nothing elsewhere")
		c.wantNoCanaries("stop")
		pass(holdsWithin)
		c.chooses(ana, "Lunch")
		pass(time.Minute)
		c.wantPair(ana, "Lunch Ready", "a stop file stops")
		s.wantSaid("stop file: the store is down")

		c.orders(exitOK, "resume")
		c.wantSaid("The stop file", "is gone")
		pass(settles)
		c.wantPair(ana, "Lunch Ready", "nothing is caught up")
		if _, err := os.Stat(filepath.Join(c.chdir, ".lockstep", "stop")); !os.IsNotExist(err) {
			t.Errorf("the stop file: %v", err)
		}
	})
}

// TestStopWithoutStore: a stop that may reach only this machine does not end as
// one that holds everywhere, and nobody waits long for a database to answer.
func TestStopWithoutStore(t *testing.T) {
	t.Parallel()
	ownFile := strings.Replace(centreText, "lockstep { store = env(\"STORE\") }", "", 1)
	hangs, gone := &storeFault{verbs: []verb{reads, commits}, hangs: true}, &storeFault{verbs: []verb{reads, commits}, before: errors.New("connection refused")}
	tests := map[string]struct {
		text  string
		fault *storeFault
		want  int
		says  string
	}{
		"a database is gone":  {centreText, gone, exitError, "the store cannot be reached: connection refused"},
		"a database hangs":    {centreText, hangs, exitError, "the store cannot be reached: it does not answer within 10s"},
		"the file is in use":  {ownFile, gone, exitOK, "The store cannot be reached (connection refused)"},
		"the files are wrong": {centreText + "presence_rule {", nil, exitError, "the configuration that names it has mistakes"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				c.write("main.hcl", tc.text)
				began := time.Now()
				c.ordersOn(tc.fault, tc.want, "stop", "-reason=incident 7")
				c.wantSaid(tc.says, "the stop file", "halts what runs from this directory")
				if took := time.Since(began); took > storePatience {
					t.Errorf("it took %s", took)
				}
				text, err := os.ReadFile(filepath.Join(c.chdir, ".lockstep", "stop"))
				if err != nil || string(text) != "incident 7\n" {
					t.Errorf("the stop file: %q, %v", text, err)
				}
				c.wantNoCanaries(name)
			})
		})
	}
}

// ordersOn is orders with a store that fails.
func (c *centreWorld) ordersOn(fault *storeFault, want int, args ...string) {
	c.t.Helper()
	c.out.Reset()
	c.err.Reset()
	a, p := newApp(c.Process), &plug{}
	p.breaks(fault)
	a.alone, a.store = true, pluggedStore{c.memory(), p}
	if got := a.main(append([]string{"-chdir=" + c.chdir}, args...)); got != want {
		c.t.Errorf("%v: exit status %d, want %d:\n%s%s", args, got, want, c.out, c.err)
	}
}

// TestResumeSaysWhoStillHolds: what was taken back is not all that keeps people
// from being moved, and whoever resumes believes what they are told.
func TestResumeSaysWhoStillHolds(t *testing.T) {
	t.Parallel()
	team, agent := []string{"-team=Support"}, []string{"-agent=" + ana}
	tests := map[string]struct {
		text   string
		stops  [][]string // besides
		resume []string
		says   []string
		not    string
	}{
		"nothing":            {centreText, nil, team, []string{"Resumed: team Support."}, "Still not moved"},
		"everybody":          {centreText, [][]string{{}}, team, []string{"Taken back: what was ordered for team Support.", "everybody, stopped by ana: why not"}, "Resumed"},
		"everybody, agent":   {centreText, [][]string{{}}, agent, []string{"everybody, stopped by ana: why not"}, "Resumed"},
		"their team":         {centreText, [][]string{team}, agent, []string{"team Support, stopped by ana: why not"}, "Resumed"},
		"one of the team":    {centreText, [][]string{{"-agent=" + ben}}, team, []string{"agent " + ben + ", stopped by ana: why not"}, "Resumed"},
		"another agent":      {centreText, [][]string{{"-agent=" + ben}}, agent, []string{"Resumed: agent " + ana}, "Still not moved"},
		"a freeze":           {syncing(`freeze = ["Sat 00:00-01:00 UTC"]`), nil, nil, []string{"everybody, by freeze: Sat 00:00-01:00 UTC"}, "Resumed"},
		"a freeze elsewhere": {syncing(`freeze = ["Sun 00:00-01:00 UTC"]`), nil, nil, []string{"Resumed: everybody."}, "Still not moved"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				c.begins().ends(exitOK)
				c.write("main.hcl", tc.text)
				for _, whom := range append([][]string{tc.resume}, tc.stops...) {
					c.orders(exitOK, append([]string{"stop", "-reason=why not"}, whom...)...)
				}
				c.orders(exitOK, append([]string{"resume"}, tc.resume...)...)
				c.wantSaid(tc.says...)
				if strings.Contains(c.said(), tc.not) {
					t.Errorf("it says %q:\n%s%s", tc.not, c.out, c.err)
				}
			})
		})
	}
}

// TestResumeOfNothing: "Resumed" would say that something was wrong before.
func TestResumeOfNothing(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins().ends(exitOK)
		for _, whom := range [][]string{{}, {"-team=Support"}, {"-agent=" + ana}} {
			c.orders(exitOK, append([]string{"resume"}, whom...)...)
			c.wantSaid("Nobody was stopped.")
		}
		c.write("main.hcl", syncing(`freeze = ["Sat 00:00-01:00 UTC"]`))
		c.orders(exitOK, "resume")
		c.wantSaid("Nothing was ordered for everybody. Still not moved:", "everybody, by freeze")
		c.orders(exitOK, "stop", "-reason=why not")
		c.orders(exitOK, "resume", "-team=Support")
		c.wantSaid("Nothing was ordered for team Support. Still not moved:", "everybody, stopped by ana: why not")
	})
}

// TestResumeBesideAStopFile: the file was left for everybody.
func TestResumeBesideAStopFile(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		c.must(c.leaveStopFile("by hand"))
		c.orders(exitOK, "resume", "-team=Support")
		c.wantSaid("Still not moved", "everybody who runs from this directory, by the stop file")
		c.orders(exitOK, "resume")
		c.wantSaid("Resumed: everybody.")
	})
}

// TestRunOrdersForNobody: an order that reaches nobody would look like one that
// holds.
func TestRunOrdersForNobody(t *testing.T) {
	tests := map[string]struct {
		args []string
		says []string
	}{
		"no reason":       {[]string{"stop"}, []string{"-reason: say why"}},
		"a typo":          {[]string{"stop", "-agent=ana.lopes@acme.example", "-reason=x"}, []string{"did you mean ana.lopez@acme.example?"}},
		"a strange team":  {[]string{"stop", "-team=Suport", "-reason=x"}, []string{"did you mean Support?"}},
		"resume, a typo":  {[]string{"resume", "-agent=ana.lopes@acme.example"}, []string{"did you mean ana.lopez@acme.example?"}},
		"why nobody":      {[]string{"why", "nobody@acme.example"}, []string{"run knows no agent"}},
		"forget nobody":   {[]string{"forget", "nobody@acme.example"}, []string{"run knows no agent"}},
		"why in a format": {[]string{"why", "-format=xml", ana}, []string{"-format=xml: must be text, json or csv"}},
		"why backwards":   {[]string{"why", "-from=2001-01-01T00:00:00Z", "-to=2000-01-01T00:00:00Z", ana}, []string{"nothing lies between"}},
		"align what":      {[]string{"run", "-align=both"}, []string{"must be cxone or salesforce"}},
		"align in shadow": {[]string{"run", "-align=cxone", "-shadow"}, []string{"leave one out"}},
	}
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		for name, tc := range tests {
			c.orders(exitError, tc.args...)
			c.wantSaid(tc.says...)
			c.wantNoCanaries(name)
		}
		c.chooses(ana, "Lunch")
		pass(settles)
		c.wantPair(ana, "Lunch Lunch", "nobody was stopped by mistake")
	})
}

// TestRunFrozen: nobody is moved in a window of freeze, and what is shown at its
// end is adopted.
func TestRunFrozen(t *testing.T) {
	inBubble(t, syncing(`freeze = ["Sat 00:10-00:20 UTC"]`), func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.chooses(ana, "Lunch")
		pass(settles)
		c.wantPair(ana, "Lunch Lunch", "before the window")
		pass(10 * time.Minute)
		c.chooses(ana, schema.StateAvailable)
		pass(5 * time.Minute)
		c.wantPair(ana, "Available Lunch", "in the window")
		s.wantSaid("nobody is moved: freeze: Sat 00:10-00:20 UTC")
		pass(10 * time.Minute)
		c.wantPair(ana, "Available Lunch", "nothing is caught up")
		c.chooses(ana, "Meeting")
		pass(settles)
		c.wantPair(ana, "Meeting Meeting", "after the window")
	})
}

// crowdedTeam is Acme with so many more people in the team Support.
func crowdedTeam(more int) *tenant.Tenant {
	seed := canaried()
	for i := range more {
		seed.Agents = append(seed.Agents, tenant.Agent{
			Email: fmt.Sprintf("new%02d@acme.example", i), FirstName: "New", LastName: fmt.Sprint(i), Team: "Support", Profile: "Support Agent",
		})
	}
	return seed
}

// all lets the whole team come to work. Whoever has no console that listens is
// logged in all the same.
func (c *centreWorld) all(seed *tenant.Tenant) []string {
	c.t.Helper()
	var team []string
	for _, agent := range seed.Agents {
		if agent.Team == "Support" {
			team = append(team, agent.Email)
		}
	}
	for _, agent := range team {
		c.must(c.emulator.Tenant.SetPresence(agent, schema.StateAvailable, ""))
		c.must(c.emulator.Org.SetPresence(agent, "Ready"))
	}
	return team
}

// TestRunBreaker: too many agents at once are an incident, told by the webhook,
// and nobody is moved until somebody has looked.
func TestRunBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seed := crowdedTeam(30)
		c := newCentre(t, seed, syncing("breaker {\n moved = \"20%\"\n within = \"30s\"\n}"))
		team := c.all(seed)
		s := c.begins()
		for _, agent := range team {
			c.is(agent, "Lunch") // by mistake, all of them
		}
		pass(time.Minute)
		moved := 0
		for _, agent := range team {
			if c.pair(agent) == "Lunch Lunch" {
				moved++
			}
		}
		if moved > len(team)/5+10 {
			t.Errorf("%d of %d were moved", moved, len(team))
		}
		s.wantSaid("nobody is moved: breaker: ")
		if told := c.hook.told(); !strings.Contains(told, "breaker") {
			t.Errorf("the webhook was told:\n%s", told)
		}
		s.ends(exitOK)
		s = c.begins()
		c.chooses(carla, "Meeting")
		pass(time.Minute)
		if got := c.pair(carla); strings.HasSuffix(got, " Meeting") {
			t.Errorf("a restart ended the halt: carla shows %s", got)
		}
		c.orders(exitOK, "resume", "-team=Support")
		c.wantSaid("Still not moved", "everybody, by the breaker: ", "lockstep resume ends it")
		c.orders(exitOK, "resume")
		c.wantSaid("Resumed: everybody.")
		pass(settles)
		c.chooses(carla, schema.StateAvailable)
		pass(settles)
		c.wantPair(carla, "Available Ready", "somebody has looked")
		s.wantSilence("breaker")
	})
}

// is is shows without a console.
func (c *centreWorld) is(agent, status string) {
	c.t.Helper()
	c.must(c.emulator.Org.SetPresence(agent, status))
}

// TestRunDrains: a first signal lets the write that is under way finish, and
// what it came to is kept.
func TestRunDrains(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.must(c.emulator.Fault(emulator.Fault{Vendor: emulator.Salesforce, Path: "*/push", Kind: emulator.Slow, Delay: 1500 * time.Millisecond, Times: -1}))
		c.chooses(ana, "Lunch")
		time.Sleep(5100 * time.Millisecond) // a poll has seen it, and the push is on its way
		s.signals <- syscall.SIGTERM
		s.wantEnd(exitOK)
		c.wantPair(ana, "Lunch Lunch", "what was under way is finished")
		s.wantSaid("Interrupted: calls in flight finish")
		c.emulator.ClearFaults()

		c.chooses(ana, "Meeting") // while nobody runs
		c.begins()
		c.wantPair(ana, "Meeting Meeting", "what changed meanwhile is carried over")
	})
}

// TestRunInterruptedTwice: a vendor hangs, and the second signal does not wait.
func TestRunInterruptedTwice(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.must(c.emulator.Fault(emulator.Fault{Kind: emulator.Hang, Times: -1}))
		c.chooses(ana, "Lunch")
		c.shows(ben, "Meeting")
		time.Sleep(5100 * time.Millisecond)
		s.signals <- os.Interrupt
		s.signals <- os.Interrupt
		began := time.Now()
		s.wantEnd(exitError)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
		c.emulator.ClearFaults()
		c.begins()
		c.wantPair(ana, "Lunch Lunch", "nothing is lost by it")
		c.wantPair(ben, "Meeting Meeting", "nothing is lost by it")
	})
}

// TestRunKilled: the process is gone without a word at any moment; the next one
// goes on where it was.
func TestRunKilled(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, time.Millisecond, 4900 * time.Millisecond, 5 * time.Second, 5100 * time.Millisecond, 7 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				s := c.begins()
				c.watches(ana, ben)
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				time.Sleep(after)
				s.killed()
				pass(time.Minute)
				c.begins()
				c.wantTrace(ana, "nothing is lost, and nothing done twice", "Available Ready", "Lunch Ready", "Lunch Lunch")
				c.wantTrace(ben, "nothing is lost, and nothing done twice", "Available Ready", "Available Meeting", "Meeting Meeting")
			})
		})
	}
}
