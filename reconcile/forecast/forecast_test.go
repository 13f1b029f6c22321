package forecast

import (
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
				"CXone polls":                 {Amount: 17280},
				"CXone writes":                {Amount: 1050},
			}, ours, Fits,
		}, {
			"past the deliveries Salesforce is polled as often as the calls that are left allow",
			Centre{Agents: 3000, Changes: 50, Org: enterprise},
			map[string]Need{
				"Salesforce event deliveries": {Amount: 300_000, Budget: 20000, Limit: 25000, Left: 25000, Verdict: Exceeds},
				"consoles open at once":       {Amount: 3000, Limit: 1000, Left: 1000, Verdict: Exceeds},
				"pushes to consoles":          {Amount: 78_750, Limit: 200_000, Left: 200_000, Verdict: Fits},
			}, 7*time.Hour + 28*time.Minute + ours, Exceeds,
		}, {
			"with more calls it is polled as fast as it may be",
			Centre{Agents: 3000, Changes: 50, CallsPerDay: 130_000, Org: enterprise},
			nil, 5*time.Second + ours, Exceeds,
		}, {
			"one-way nothing is pushed and no console is needed; half of the events do not come about",
			Centre{Agents: 400, Changes: 50, OneWay: true, Org: enterprise},
			map[string]Need{
				"Salesforce API calls":        {Amount: 1400, Budget: 20000, Limit: 145_000, Left: 140_000, Verdict: Fits},
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

// TestBatching: pushes that come together go together, so that calls grow more
// slowly than changes and never beyond one at a time.
func TestBatching(t *testing.T) {
	day := 8 * time.Hour
	if got := batched(100, day); got != 100 {
		t.Errorf("100 a day are %d calls: they never meet", got)
	}
	most := int(day / pushTime)
	if got := batched(1e9, day); got > most {
		t.Errorf("%d calls, more than %d one after another", got, most)
	}
	if once, twice := batched(50_000, day), batched(100_000, day); twice >= 2*once || twice <= once {
		t.Errorf("twice the pushes are %d calls, after %d", twice, once)
	}
}
