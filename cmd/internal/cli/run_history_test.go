package cli

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestWhy: every write is explained, by what was seen and by the line that asked
// for it, in each format and only within the span.
func TestWhy(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.chooses(ana, "Lunch")
		pass(time.Hour)
		c.shows(ana, "Ready")
		pass(settles)

		c.orders(exitOK, "why", ana)
		c.wantSaid("CXone moved to code \"Lunch\"; the publisher row main.hcl:", "of rule Support sets Salesforce to Lunch",
			"Salesforce answered: accepted", "Salesforce moved to Ready; the subscriber row main.hcl:", "sets CXone to Available")
		c.orders(exitOK, "why", ana, "-since=30m")
		if strings.Contains(c.said(), "publisher row") {
			t.Errorf("-since=30m tells what is older:\n%s", c.out)
		}
		c.orders(exitOK, "why", "-from=2000-01-01T00:00:05Z", "-to=2000-01-01T00:30:00Z", "-format=csv", ana)
		rows, err := csv.NewReader(strings.NewReader(c.out.String())).ReadAll()
		if err != nil || len(rows) < 4 {
			t.Fatalf("%d rows of CSV, %v:\n%s", len(rows), err, c.out)
		}
		if text := c.out.String(); !strings.Contains(text, "decided") || strings.Contains(text, "adopted") {
			t.Errorf("the span is not kept:\n%s", text)
		}
		c.orders(exitOK, "why", "-format=json", strings.ToUpper(ana))
		if !json.Valid(c.out.Bytes()) || !strings.Contains(c.out.String(), `"main.hcl:`) {
			t.Errorf("no JSON that names the row:\n%s", c.out)
		}
		c.orders(exitError, "why")
		c.wantSaid("name an AGENT, or everybody with -all")
		c.orders(exitError, "why", "-all", ana)
		c.wantSaid("name an AGENT, or everybody with -all")
		c.orders(exitOK, "why", "-all", "-format=csv", "-since=2h")
		wantNamed(t, c.out.String(), ana, ben, carla)
		c.orders(exitOK, "why", "-all", "-since=30m")
		c.wantSaid("Everybody", ana+": Salesforce moved to Ready")
		c.orders(exitOK, "why", ben, "-since=1m")
		c.wantSaid("Nothing is recorded of this time.")
		s.wantSilence("why")
	})
}

// wantNamed looks whether each of these stands in CSV, and everybody by name,
// with the key beside it.
func wantNamed(t *testing.T, text string, agents ...string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	name, key := slices.Index(rows[0], "agent"), slices.Index(rows[0], "key")
	met := map[string]bool{}
	for _, row := range rows[1:] {
		if row[key] != "" {
			met[row[name]] = true
		}
		if strings.Contains(row[name], "+") || (row[key] == "") != (row[name] == "") {
			t.Errorf("an agent by key only: %v", row)
		}
	}
	for _, agent := range agents {
		if !met[agent] {
			t.Errorf("%s is not in it:\n%s", agent, text)
		}
	}
}

// TestReplay: other rules over the same hour show whom they would have shown
// something else, and nothing at all is changed by asking.
func TestReplay(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.begins()
		c.chooses(ana, "Lunch")
		pass(30 * time.Minute)
		before := c.pair(ana)

		c.orders(exitOK, "replay", "-since=1h")
		c.wantSaid("No change.")
		other := filepath.Join(c.chdir, "other")
		c.must(os.MkdirAll(other, 0o700))
		c.must(os.WriteFile(filepath.Join(other, "main.hcl"), []byte(centreText+swapped), 0o600))
		c.orders(exitOK, "replay", "-since=1h", "-with=other")
		c.wantSaid("1 agent of", "would have shown something else", "Meeting")
		c.orders(exitOK, "replay", "-since=1h", "-with=other", "-format=json")
		var document struct {
			Changed []struct {
				Minutes float64
				Spans   []json.RawMessage
			}
		}
		c.must(json.Unmarshal(c.out.Bytes(), &document))
		if len(document.Changed) != 1 || document.Changed[0].Minutes < 29 || document.Changed[0].Minutes > 31 {
			t.Errorf("changed: %+v\n%s", document.Changed, c.out)
		}
		c.orders(exitOK, "replay", "-since=1h", "-with=other", "-format=csv")
		text := c.out.String()
		if rows, err := csv.NewReader(strings.NewReader(text)).ReadAll(); err != nil || len(rows) != 2 {
			t.Errorf("%d rows of CSV: %v", len(rows), err)
		}
		wantNamed(t, text, ana)
		c.orders(exitError, "replay", "-with=nowhere")
		c.wantPair(ana, before, "a replay moves nobody")
	})
}

// TestForget: nothing is left of a person, in no byte of the store; run goes on
// with the others, and begins anew with them.
func TestForget(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		s := c.begins()
		c.chooses(ana, "Lunch")
		pass(settles)
		s.ends(exitOK)
		key := c.key(ana)
		c.orders(exitOK, "forget", ana)
		c.wantSaid("Forgot " + ana)
		for _, command := range [][]string{{"why", ana}, {"forget", ana}} {
			c.orders(exitError, command...)
			c.wantSaid("run knows no agent")
		}
		for line, err := range c.journal() {
			c.must(err)
			if line.Agent == key {
				t.Errorf("the journal still has %+v", line)
			}
		}
		c.begins()
		c.wantPair(ana, "Lunch Lunch", "nobody is moved by being forgotten")
		c.chooses(ana, schema.StateAvailable)
		pass(settles)
		c.wantPair(ana, "Available Ready", "it begins anew")
	})
}

// TestProbe: a volunteer is moved on both sides and back, unless run serves
// them, or they cannot be moved.
func TestProbe(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		c.watches(ana, ben, carla)
		c.orders(exitOK, "doctor", "-probe="+ana)
		c.wantSaid("Probe of "+ana, "showed after", "and back after")
		c.wantPair(ana, "Available Ready", "restored")
		for _, other := range []string{ben, carla} {
			c.wantTrace(other, "nobody else is touched", "Available Ready")
		}
		if trace := c.traces.agents[ana]; len(trace) < 4 {
			t.Errorf("ana was not moved on both sides: %v", trace)
		}
		c.orders(exitOK, "doctor", "-format=json", "-probe="+ana)
		var document struct {
			Checkups []json.RawMessage
			Probe    struct {
				Who   string
				Sides []struct {
					Side string
					Set  float64 `json:"set_seconds"`
				}
			}
		}
		c.must(json.Unmarshal(c.out.Bytes(), &document))
		if sides := document.Probe.Sides; len(document.Checkups) == 0 || document.Probe.Who != ana || len(sides) != 2 || sides[1].Set <= 0 {
			t.Errorf("the probe as JSON:\n%s", c.out)
		}
		c.orders(exitError, "doctor", "-probe=nobody@acme.example")
		c.wantSaid("probe: nobody is called nobody@acme.example on both sides")
		c.orders(exitError, "doctor", "-probe="+ofSales())
		c.wantSaid("probe: no rule that reaches " + ofSales())

		s := c.begins()
		c.watches(ana)
		c.orders(exitError, "doctor", "-probe="+ana)
		c.wantSaid("run is serving these accounts", "end it first")
		c.wantTrace(ana, "a probe does not fight with run", "Available Ready")
		s.ends(exitOK)

		c.must(c.emulator.Fault(emulator.Fault{Vendor: emulator.CXone, Method: "POST", Path: "*/state", Kind: emulator.Forbidden, Times: -1}))
		c.orders(exitError, "doctor", "-probe="+ana)
		c.wantPair(ana, "Available Ready", "a probe that fails leaves people as they were")
		c.wantNoCanaries("probe")
	})
}

// journal is all that run has written down.
func (c *centreWorld) journal() history.Journal {
	c.t.Helper()
	loaded, err := c.load(c.t.Context(), configFlags{}, true)
	c.must(err)
	return past{config: loaded, store: c.memory(), to: time.Now().Add(time.Hour)}.of(c.t.Context(), "")
}

// ofSales is somebody whom no rule reaches.
func ofSales() string {
	agents := canaried().Agents
	return agents[slices.IndexFunc(agents, func(a tenant.Agent) bool { return a.Team == "Sales" })].Email
}
