package cli

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/schema"
)

// readOnly makes both vendors refuse whatever would move somebody.
func (c *centreWorld) readOnly() {
	c.t.Helper()
	c.must(c.emulator.Fault(
		emulator.Fault{Vendor: emulator.CXone, Method: "POST", Path: "*/state", Kind: emulator.Forbidden, Times: -1},
		emulator.Fault{Vendor: emulator.Salesforce, Method: "POST", Path: "*/push", Kind: emulator.Forbidden, Times: -1},
	))
}

// TestRunMovesNobody: what only looks on tries no write, although people move
// and the rules would have it.
func TestRunMovesNobody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		args []string
	}{
		"-shadow":                    {rulesText, []string{"-shadow"}},
		"-dry-run":                   {rulesText, []string{"-dry-run"}},
		"-dry-run -align":            {rulesText, []string{"-dry-run", "-align=cxone"}},
		"a rule in shadow":           {strings.Replace(rulesText, "executor = \"lockstep\"", "executor = \"lockstep\"\n mode = \"shadow\"", 1), nil},
		"a rule that is off":         {strings.Replace(rulesText, "executor = \"lockstep\"", "executor = \"lockstep\"\n mode = \"off\"", 1), nil},
		"a rule NICE's app executes": {strings.Replace(rulesText, "executor = \"lockstep\"", "executor = \"cxone\"\n account_mapping = \"elsewhere\"", 1), []string{"-allow-drift"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				c.write("main.hcl", centreText+tc.text)
				c.readOnly()
				s := c.begins(append(tc.args, "-serve=127.0.0.1:0")...)
				c.watches(ana, ben)
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				pass(10 * time.Minute)
				c.wantTrace(ana, "only looked at", "Available Ready", "Lunch Ready")
				c.wantTrace(ben, "only looked at", "Available Ready", "Available Meeting")
				if n := c.writes(); n > 0 {
					t.Errorf("%d writes were tried: %v", n, c.emulator.Stats())
				}
				s.wantSilence(name)
			})
		})
	}
}

// TestRunDryShows: each decision is a result, with what was seen, the row that it
// rests on and what would be set.
func TestRunDryShows(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins("-dry-run", "-serve=127.0.0.1:0")
		c.chooses(ana, "Lunch")
		c.shows(ben, "Meeting")
		pass(settles)
		out := strings.Join(strings.Fields(s.out.String()), " ")
		for _, want := range []string{
			ana + `: CXone moved to code "Lunch"; the publisher row main.hcl:`, "of rule Support would set Salesforce to Lunch",
			ben + `: Salesforce moved to Meeting; the subscriber row main.hcl:`, `of rule Support would set CXone to code "Meeting"`,
		} {
			if !strings.Contains(out, want) {
				t.Errorf("it does not show %q:\n%s", want, s.out)
			}
		}
		if _, _, page := s.get("/api/v1/snapshot"); !strings.Contains(page, `"mode":"dry-run"`) {
			t.Errorf("the page does not tell that it is a dry run:\n%s", page)
		}
		s.ends(exitOK)
		s.wantSaid("Decisions: 2. Nothing was written.")
	})
}

// TestRunDryOnce: it shows what would be brought in line at the first look, and
// says so when that is nothing.
func TestRunDryOnce(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.starts("-dry-run", "-once")
		s.wantEnd(exitOK)
		s.wantSaid("No decision. What both sides show at the first look is taken as agreed")
		c.chooses(ana, "Lunch")
		s = c.starts("-dry-run", "-once", "-align=cxone")
		s.wantEnd(exitOK)
		if out := s.out.String(); !strings.Contains(out, ana+":") || !strings.Contains(out, "would set Salesforce to") || strings.Contains(out, ben+":") {
			t.Errorf("shown:\n%s", out)
		}
		c.wantPair(ana, "Lunch Ready", "nobody is moved")
	})
}

// TestRunDryLeavesNothing: a dry run writes to no store and no file either, and
// looks on beside a run that is live.
func TestRunDryLeavesNothing(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		before := c.files()
		dry := c.begins("-dry-run")
		if after := c.files(); after != before {
			t.Errorf("files before: %s\nafter: %s", before, after)
		}
		c.begins()
		c.chooses(ana, "Lunch")
		pass(settles)
		c.wantPair(ana, "Lunch Lunch", "the live one moves people")
		dry.ends(exitOK)
	})
}

// files lists what the folder and the store hold.
func (c *centreWorld) files() string {
	c.t.Helper()
	var names []string
	entries, err := os.ReadDir(c.chdir)
	c.must(err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	text, err := os.ReadFile(c.path)
	c.must(err)
	return strings.Join(names, " ") + " " + fmt.Sprintf("%x", sha256.Sum256(text))
}

// TestRunOnce: it does what there is to do, and ends by itself.
func TestRunOnce(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.starts("-once").wantEnd(exitOK)
		c.wantPair(ana, "Available Ready", "the first look adopts")
		pass(settles)
		c.chooses(ana, "Lunch")
		c.shows(ben, "Meeting")
		s := c.starts("-once")
		s.wantEnd(exitOK)
		c.wantPair(ana, "Lunch Lunch", "what changed since is carried over before it ends")
		c.wantPair(ben, "Meeting Meeting", "what changed since is carried over before it ends")
		s.wantSilence("once")
	})
}

func TestRunAligns(t *testing.T) {
	t.Parallel()
	for side, pairs := range map[string][2]string{"": {"Lunch Ready", "Available Meeting"}, "cxone": {"Lunch Lunch", "Available Ready"}, "salesforce": {"Available Ready", "Meeting Meeting"}} {
		t.Run("-align="+side, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				var args []string
				if side != "" {
					args = []string{"-align=" + side}
				}
				s := c.begins(args...)
				pass(time.Minute)
				c.wantPair(ana, pairs[0], "a pair that is not mapped")
				c.wantPair(ben, pairs[1], "a pair that is not mapped")
				if side == "" {
					s.wantSaid("is adopted, and no row leads from one to the other")
				}
			})
		})
	}
}

// TestRunStartsOnWhatIsSettled: it does not start on a set-up that is not as the
// files say, and says what and what to do; -allow-drift insists.
func TestRunStartsOnWhatIsSettled(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.must(c.emulator.Org.SetAccess("Support Agent", "Lunch", false))
		c.chooses(ana, "Lunch")
		s := c.starts()
		s.wantEnd(exitError)
		s.wantSaid("run: not settled: profile_access.Support Agent; lockstep plan shows how, lockstep apply settles it, and -allow-drift starts all the same")
		if n := c.writes(); n > 0 {
			t.Errorf("%d writes", n)
		}
		c.chooses(ana, schema.StateAvailable)
		s = c.begins("-allow-drift")
		s.wantSaid("Not settled, and started all the same: profile_access.Support Agent.")
		c.chooses(ana, "Meeting")
		pass(settles)
		c.wantPair(ana, "Meeting Meeting", "it insists")
		s.wantSilence("drift")
	})
}

// TestRunOneWay: without a bridge nobody's status is set, and nobody is left to
// guess why.
func TestRunOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre(t, canaried(), strings.Replace(centreText, bridgeText, "", 1)+rulesText)
		s := c.begins("-serve=127.0.0.1:0")
		c.chooses(ana, "Lunch")
		c.shows(ben, "Meeting")
		pass(time.Minute)
		c.wantPair(ana, "Lunch Ready", "nothing can set a status")
		c.wantPair(ben, "Meeting Meeting", "the other way works")
		s.wantSaid("no change events of UserServicePresence are captured")
		s.wantSaid("One-way: CXone follows Salesforce, and nobody's status is set: no presence_bridge is declared")
		if _, _, text := s.get("/metrics"); !strings.Contains(text, "lockstep_one_way 1") && !strings.Contains(text, "lockstep_one_way{") {
			t.Errorf("the metrics do not tell:\n%s", text)
		}
		if _, _, text := s.get("/api/v1/snapshot"); !strings.Contains(text, "no presence_bridge is declared") {
			t.Errorf("the page does not tell:\n%s", text)
		}
		c.orders(exitOK, "doctor")
		c.wantSaid("run is one-way", "Declare a presence_bridge")
		s.wantSilence("one-way")
	})
}

// TestRunShadowThenCompare is the path to trust: somebody else carries the rules
// out, or does not, while run only records; then it is counted.
func TestRunShadowThenCompare(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.readOnly()
		s := c.begins("-shadow")
		c.chooses(ana, "Lunch") // NICE follows in time
		pass(6 * time.Second)
		c.shows(ana, "Lunch")
		pass(time.Minute)
		c.chooses(ben, "Meeting") // NICE is late
		pass(time.Minute)
		c.shows(ben, "Meeting")
		c.chooses(carla, "Lunch") // NICE never comes
		pass(time.Hour)
		s.ends(exitOK)

		c.orders(exitOK, "compare", "-since=3h")
		c.wantSaid("Support", "Late", "Missed", "agent-hours", "Once somebody or something else was late; once nobody acted.")
		c.orders(exitOK, "replay", "-since=3h")
		c.wantSaid("nothing was written then")
		c.orders(exitOK, "compare", "-since=3h", "-format=json")
		var document struct {
			Rows []struct {
				Team      string
				Decisions int
				Late      int `json:"nice_late"`
				Missed    int `json:"nice_missed"`
			}
		}
		c.must(json.Unmarshal(c.out.Bytes(), &document))
		late, missed, decisions := 0, 0, 0
		for _, row := range document.Rows {
			late, missed, decisions = late+row.Late, missed+row.Missed, decisions+row.Decisions
		}
		if late != 1 || missed != 1 || decisions != 3 {
			t.Errorf("late %d, missed %d of %d; want 1, 1 of 3:\n%s", late, missed, decisions, c.out)
		}
		c.orders(exitOK, "compare", "-since=3h", "-format=csv")
		if rows, err := csv.NewReader(c.out).ReadAll(); err != nil || len(rows) != len(document.Rows)+1 {
			t.Errorf("%d rows of CSV: %v", len(rows), err)
		}
		c.write("main.hcl", centreText+strings.Replace(rulesText, "executor = \"lockstep\"", "executor = \"cxone\"\n account_mapping = \"elsewhere\"", 1))
		c.orders(exitOK, "compare", "-since=3h")
		c.wantSaid("Once NICE's own sync was late; once NICE's own sync never came.")
		c.orders(exitOK, "compare", "-from=1999-01-01T00:00:00Z", "-to=1999-01-02T00:00:00Z")
		c.wantSaid("Nothing was watched")
		s.wantSilence("compared")
	})
}
