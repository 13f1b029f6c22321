package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// reloads lets run read its files anew, as SIGHUP does.
func (s *shift) reloads() {
	s.app.hangups <- syscall.SIGHUP
	pass(settles)
}

// swapped has Lunch and Meeting the wrong way round.
var swapped = strings.NewReplacer(
	"unavailable_code.Lunch, salesforce_status = presence_status.Lunch", "unavailable_code.Lunch, salesforce_status = presence_status.Meeting",
	"unavailable_code.Meeting, salesforce_status = presence_status.Meeting", "unavailable_code.Meeting, salesforce_status = presence_status.Lunch",
).Replace(rulesText)

// TestRunLoadsNewRules: they are in force whole, for what is shown as well.
func TestRunLoadsNewRules(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.chooses(ana, "Lunch")
		pass(settles)
		c.watches(ana)
		c.write("main.hcl", centreText+swapped)
		s.reloads()
		s.wantSaid("The changed configuration is in force.")
		c.chooses(ben, "Lunch")
		pass(settles)
		c.wantTrace(ana, "the new row is published", "Lunch Lunch", "Lunch Meeting")
		c.wantPair(ben, "Lunch Meeting", "the new row is in force")
		c.shows(carla, "Lunch")
		pass(settles)
		c.wantPair(carla, "Meeting Lunch", "the new row is in force the other way, too")
		s.wantSilence("reloaded")
	})
}

// TestRunKeepsItsRules: files that are wrong, or cannot be put in force, change
// nothing, and it is said why.
func TestRunKeepsItsRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		says []string
	}{
		"a syntax error": {centreText + swapped + "presence_rule \"x\" {\n", []string{"main.hcl", "The changed configuration is not used; the one before stays in force."}},
		"a half file":    {(centreText + swapped)[:len(centreText)+len(swapped)/2], []string{"is not used; the one before stays in force"}},
		"a loop": {centreText + strings.Replace(swapped, "publisher = [", "subscriber = [{ salesforce_status = presence_status.On_a_Call, acd_state = \"Working\" }]\n publisher = [", 1),
			[]string{"main.hcl", "is not used; the one before stays in force"}},
		"a status that is none":  {centreText + strings.ReplaceAll(swapped, "presence_status.Meeting", "presence_status.Meting"), []string{"presence_status.Meting", "is not used; the one before stays in force"}},
		"nothing":                {"", []string{"stays in force"}},
		"no rule":                {centreText, []string{"no presence_rule is declared", "is not used; the one before stays in force"}},
		"a status not there yet": {centreText + "presence_status \"New\" {}\n" + swapped, []string{"not in force yet: not settled: presence_status.New; lockstep apply settles it"}},
		"another store":          {strings.Replace(centreText, `env("STORE")`, `"other.db"`, 1) + swapped, []string{"has another store, which takes a restart"}},
		"another webhook":        {strings.Replace(centreText, `env("WEBHOOK")`, `"https://`+hookHost+`/other"`, 1) + swapped, []string{"has another webhook, which takes a restart"}},
		"no bridge":              {strings.Replace(centreText, bridgeText, "", 1) + swapped, []string{"has another bridge, which takes a restart"}},
		"another tenant":         {strings.Replace(centreText, `provider "cxone" {`, "provider \"cxone\" {\n tenant_id = \"11eb8f0a-7c1d-4e52-9a60-000000000000\"\n", 1) + swapped, []string{"has other accounts, which takes a restart"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				s := c.begins()
				c.write("main.hcl", tc.text)
				s.reloads()
				s.wantSaid(tc.says...)
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				pass(settles)
				c.wantPair(ana, "Lunch Lunch", "the rules before are in force")
				c.wantPair(ben, "Meeting Meeting", "the rules before are in force")
				s.wantSilence(name)
			})
		})
	}
}

// TestRunLoadsWhatWasSettledSince: right files that could not be put in force are
// tried again.
func TestRunLoadsWhatWasSettledSince(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.write("main.hcl", centreText+"presence_status \"New\" {}\n"+swapped)
		s.reloads()
		s.wantSaid("not settled: presence_status.New")
		c.orders(exitOK, "apply", "-auto-approve")
		pass(againAfter)
		s.wantSaid("The changed configuration is in force.")
		c.chooses(ana, "Lunch")
		pass(settles)
		c.wantPair(ana, "Lunch Meeting", "in force once it was settled")
	})
}

// TestRunSeesDrift: what run relies on is changed by hand, and put back.
func TestRunSeesDrift(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.must(c.emulator.Org.SetAccess("Support Agent", "Lunch", false))
		pass(checkInterval)
		s.wantSaid("Not settled any more: profile_access.Support Agent; lockstep plan shows how.")
		c.must(c.emulator.Org.SetAccess("Support Agent", "Lunch", true))
		pass(checkInterval)
		s.wantSaid("What run relies on is settled again.")
		if n := strings.Count(c.hook.told(), `"kind":"drift"`); n != 2 {
			t.Errorf("the webhook was told %d times:\n%s", n, c.hook.told())
		}
		if n := strings.Count(s.said(), "Not settled any more"); n != 1 {
			t.Errorf("it was said %d times", n)
		}
		s.wantSilence("drift")
	})
}

// TestRunReloadsWhileAVendorIsDown: rules cannot be checked, which is said, and
// they are in force once they can be.
func TestRunReloadsWhileAVendorIsDown(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.write("main.hcl", centreText+swapped)
		c.must(c.emulator.Fault(emulator.Fault{Kind: emulator.Unavailable, Times: -1}))
		s.reloads()
		pass(10 * time.Minute)
		s.wantSaid("what it relies on could not be checked", "which is tried again")
		c.emulator.ClearFaults()
		pass(againAfter + 10*time.Minute)
		s.wantSaid("The changed configuration is in force.")
		s.wantSilence("down")
	})
}

// TestRunWatchesItsFiles is about the machine: a file that is written in several
// steps is read once it is whole, and a real SIGHUP is heard.
func TestRunWatchesItsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, canaried(), emulator.Options{})
	w.PubSubDial = w.emulator.PubSubDialer()
	w.Environ = append(w.Environ, "SALESFORCE_PUBSUB_ENDPOINT=http://127.0.0.1:7443")
	w.write("main.hcl", bothProviders+bridgeless+rulesText)
	w.mustApply()
	signals, said := make(chan os.Signal, 2), newHeard()
	process := w.Process
	process.Stdout, process.Stderr, process.Signals = said, said, signals
	ended := make(chan int, 1)
	go func() { ended <- Main([]string{"-chdir=" + w.chdir, "run"}, process) }()
	said.wait(t, "are kept in step")

	half := (bothProviders + bridgeless + swapped)[:700]
	w.write("main.hcl", half)
	w.write("main.hcl", bothProviders+bridgeless+swapped)
	said.wait(t, "The changed configuration is in force.")
	if strings.Contains(said.text(), "is not used") {
		t.Errorf("a half file was read:\n%s", said.text())
	}
	// As Kubernetes swaps a directory of links.
	w.write("other", "")
	if err := os.WriteFile(filepath.Join(w.chdir, "main.hcl"), []byte("presence_rule {"), 0o600); err != nil {
		t.Fatal(err)
	}
	said.wait(t, "The changed configuration is not used")
	w.write("main.hcl", bothProviders+bridgeless+rulesText)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	said.waitFor(t, "The changed configuration is in force.", 2)

	// Another command reaches the store through run.
	if status := w.run("stop", "-reason=enough"); status != exitOK {
		t.Errorf("stop: exit status %d:\n%s%s", status, w.out, w.err)
	}
	w.wantSaid("Stopped: everybody.")
	said.wait(t, "nobody is moved: stopped: enough")
	signals <- os.Interrupt
	if status := <-ended; status != exitOK {
		t.Errorf("run ended with %d:\n%s", status, said.text())
	}
	w.wantNoCanary("output", said.text())
}
