package forecast

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

var enterprise = schema.Allowances{Calls: 145_000, CallsLeft: 140_000, Deliveries: 25_000, DeliveriesLeft: 25_000, Pushes: 200_000, PushesLeft: 200_000, Clients: 1_000, ClientsLeft: 1_000}

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		reason string
		centre Centre
		want   map[string]Need
		delay  time.Duration // the slower one, Salesforce to CXone
		worst  Verdict
	}{
		{
			"forty agents need next to nothing",
			Centre{Agents: 40, Changes: 50, Org: enterprise},
			map[string]Need{
				"Salesforce event deliveries": {Amount: 4000, Budget: 20000, Limit: 25000, Left: 25000, Verdict: Fits},
				"consoles open at once":       {Amount: 40, Limit: 1000, Left: 1000, Verdict: Fits},
				"CXone polls":                 {Amount: 18614},
				"CXone writes":                {Amount: 1050},
			}, ours, Fits,
		}, {
			"past the deliveries Salesforce is polled as often as the calls that are left allow",
			Centre{Agents: 3000, Changes: 50, Org: enterprise},
			map[string]Need{
				"Salesforce event deliveries": {Amount: 300_000, Budget: 20000, Limit: 25000, Left: 25000, Verdict: Exceeds},
				"consoles open at once":       {Amount: 3000, Limit: 1000, Left: 1000, Verdict: Exceeds},
				"pushes to consoles":          {Amount: 78_750, Limit: 200_000, Left: 200_000, Verdict: Fits},
			}, 10*time.Hour + 29*time.Minute, Exceeds,
		}, {
			"with more calls it is polled as fast as it may be",
			Centre{Agents: 3000, Changes: 50, CallsPerDay: 130_000, Org: enterprise},
			nil, 5*time.Second + ours, Exceeds,
		}, {
			"one-way nothing is pushed and no console is needed; half of the events do not come about",
			Centre{Agents: 400, Changes: 50, OneWay: true, Org: enterprise},
			map[string]Need{
				"Salesforce API calls":        {Amount: 1032, Budget: 20000, Limit: 145_000, Left: 140_000, Verdict: Fits},
				"Salesforce event deliveries": {Amount: 20_000, Budget: 20_000, Limit: 25_000, Left: 25_000, Verdict: Tight},
			}, ours, Tight,
		}, {
			"limits that nobody told are not taken for none",
			Centre{Agents: 40, Changes: 50},
			map[string]Need{"consoles open at once": {Amount: 40, Verdict: Unknown}}, ours, Unknown,
		}, {
			"nobody needs nothing",
			Centre{Changes: 50, Org: enterprise},
			map[string]Need{"writes a second at the busiest": {Amount: 0, Budget: 25, Verdict: Fits}}, ours, Fits,
		},
	} {
		f := Of(c.centre)
		for name, want := range c.want {
			got, found := Need{}, false
			for _, n := range f.Needs {
				if n.Name == name {
					got, found = n, true
				}
			}
			if !found {
				t.Errorf("%s: no %s", c.reason, name)
				continue
			}
			if (got.Verdict == Exceeds || got.Verdict == Tight) != (got.Then != "") {
				t.Errorf("%s: %s: what then? %q", c.reason, name, got.Then)
			}
			want.Name, got.Then = name, ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
		}
		if got := f.Delays[0].Slower; got.Round(time.Minute) != c.delay.Round(time.Minute) || got < ours {
			t.Errorf("%s: the delay is %v, not %v (%s)", c.reason, got, c.delay, f.Delays[0].Why)
		}
		if f.Worst() != c.worst {
			t.Errorf("%s: at worst %s, not %s", c.reason, f.Worst(), c.worst)
		}
	}
}

// TestAdviceIsEnough: who does as is said fits.
func TestAdviceIsEnough(t *testing.T) {
	poor := Centre{Agents: 1500, Changes: 50, CallsPerDay: 10_000, DeliveriesPerDay: 10_000}
	for _, c := range []struct {
		reason, name, then string
		better             func(*Centre)
	}{
		{"more calls", "Salesforce API calls", "salesforce_calls_per_day = 27000 is enough", func(c *Centre) { c.CallsPerDay = 27_000 }},
		{"more deliveries", "Salesforce event deliveries", "salesforce_deliveries_per_day = 150000 keeps", func(c *Centre) { c.DeliveriesPerDay = 150_000 }},
	} {
		if n := find(t, Of(poor), c.name); n.Verdict != Exceeds || !strings.Contains(n.Then, c.then) {
			t.Errorf("%s: %s: %q", c.reason, n.Verdict, n.Then)
		}
		better := poor
		c.better(&better)
		if n := find(t, Of(better), c.name); n.Verdict == Exceeds {
			t.Errorf("%s: still %s", c.reason, n.Verdict)
		}
	}
	// Where the org sells no more deliveries, so many calls poll as fast as may be.
	poor.Org, _ = LimitsOf("enterprise", poor.Agents)
	then := find(t, Of(poor), "Salesforce event deliveries").Then
	_, number, found := strings.Cut(then, "or poll every 5 seconds with salesforce_calls_per_day = ")
	calls, err := strconv.Atoi(number)
	if !found || err != nil {
		t.Fatalf("no number of calls in %q", then)
	}
	if then := find(t, Of(poor), "Salesforce API calls").Then; !strings.Contains(then, "salesforce_calls_per_day = "+number+" is enough") {
		t.Errorf("two numbers for one budget: %s and %q", number, then)
	}
	poor.CallsPerDay = calls
	if d := Of(poor).Delays[0]; d.Slower != 5*time.Second+ours {
		t.Errorf("with %d calls a day: %s, %s", calls, d.Slower, d.Why)
	}
	// And where it has no room for those either, none are promised.
	poor.Org.Calls, poor.Org.CallsLeft = 20_000, 20_000
	for _, name := range []string{"Salesforce event deliveries", "Salesforce API calls"} {
		if then := find(t, Of(poor), name).Then; strings.Contains(then, "_per_day") || !strings.Contains(then, "ask Salesforce") {
			t.Errorf("%s: an org without room: %q", name, then)
		}
	}
}

func find(t *testing.T, f Forecast, name string) Need {
	t.Helper()
	for _, n := range f.Needs {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("no need is called %s", name)
	return Need{}
}

func TestEditions(t *testing.T) {
	for _, name := range Editions() {
		if limits, known := LimitsOf(name, 10); !known || limits.Calls <= 100_000 || limits.Clients == 0 {
			t.Errorf("%s: %v %+v", name, known, limits)
		}
	}
	if _, known := LimitsOf("essentials", 10); known {
		t.Error("an edition without figures has some")
	}
	c := Centre{Agents: 1100, Changes: 1, Edition: "enterprise"}
	c.Org, _ = LimitsOf(c.Edition, c.Agents)
	for _, n := range Of(c).Needs {
		if n.Left != 0 {
			t.Errorf("%s: an edition does not tell what is left, but here it is %d", n.Name, n.Left)
		}
	}
	if n := find(t, Of(c), "consoles open at once"); n.Verdict != Exceeds {
		t.Errorf("1,100 consoles in an Enterprise org are %s", n.Verdict)
	}
}

// TestCallsThatEnd: when the calls are used up, the delays say so.
func TestCallsThatEnd(t *testing.T) {
	f := Of(Centre{Agents: 3000, Changes: 50, CallsPerDay: 5_000})
	for i, want := range []string{"its changes wait for midnight UTC", "nothing is sent until midnight UTC"} {
		if d := f.Delays[i]; !strings.Contains(d.Why, want) || d.Slower < 8*time.Hour {
			t.Errorf("%s: %s: %q", d.Direction, d.Slower, d.Why)
		}
	}
}
