// Package forecast computes what run will need of both vendors before anything
// is installed: calls, event deliveries, open consoles and the delay that
// results, against the org's own limits.
//
// It is arithmetic on a day of a centre and measures nothing. What a centre
// really uses is in the dashboard and the metrics.
package forecast

import (
	"fmt"
	"math"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Centre is what a day looks like and how run is set up. The zero value of an
// argument takes the default that its comment names.
type Centre struct {
	Agents  int
	Changes int           // of presence, by one agent in a working day
	Workday time.Duration // 8 hours
	// FromSalesforce is the part of the changes that is made there; a half.
	FromSalesforce float64
	// Peak is how much busier the busiest minutes are than the average; 4 times.
	Peak float64

	PollInterval     time.Duration // of CXone; 5 seconds
	WritesPerSecond  int           // 25
	CallsPerDay      int           // budget of Salesforce calls; 20,000
	DeliveriesPerDay int           // budget of event deliveries; 20,000
	OneWay           bool          // no bridge is declared: Salesforce is not written to

	// Org holds the org's own limits; zero where they are not known.
	Org schema.Allowances
}

func (c *Centre) complete() {
	set(&c.Workday, 8*time.Hour)
	set(&c.FromSalesforce, 0.5)
	set(&c.Peak, 4)
	set(&c.PollInterval, 5*time.Second)
	set(&c.WritesPerSecond, 25)
	set(&c.CallsPerDay, 20_000)
	set(&c.DeliveriesPerDay, 20_000)
}

func set[T comparable](value *T, usual T) {
	var zero T
	if *value == zero {
		*value = usual
	}
}

// A Forecast is what a centre needs.
type Forecast struct {
	Centre  Centre
	Changes int // a day, of all agents
	Needs   []Need
	Delays  []Delay
}

// A Need is one thing that is used, in a day unless its name says otherwise.
type Need struct {
	Name   string
	Amount int
	// Budget is what the sync block allows, Limit and Left what the org allows
	// and has left; 0 where there is no such bound, or it is not known.
	Budget, Limit, Left int
	Verdict             Verdict
	// Then says what happens, or what to do, when it does not fit.
	Then string
}

// A Verdict says whether a need fits.
type Verdict string

// The verdicts.
const (
	Fits    Verdict = "fits"
	Tight   Verdict = "tight" // above four fifths
	Exceeds Verdict = "exceeds"
	Unknown Verdict = "unknown" // nobody told the limit
)

// A Delay is how long a change takes to the other side, beyond the vendors' own
// time.
type Delay struct {
	Direction     string // CXone to Salesforce
	Usual, Slower time.Duration
	Why           string
}

const (
	// eventsPerChange: a status change is an UPDATE and a CREATE (VERIFIED).
	eventsPerChange = 2
	// idleCalls is what sweeps, people and consoles cost on a day on which
	// nothing happens, at most; run shares it out itself.
	idleCalls = 1_400
	// pushTime is how long one push to consoles takes; what comes meanwhile goes
	// with the next. UNCERTAIN: measured at no org.
	pushTime = 300 * time.Millisecond
	// page is what one SOQL answer holds (VERIFIED).
	page = 2_000
	// repeats is how many writes a change takes, lost answers included.
	repeats = 1.05
	// shortestSweep is how often Salesforce is polled at most.
	shortestSweep = 5 * time.Second
	// tight is the part of a bound past which there is little room left.
	tight = 0.8
	// ours is what Lockstep itself adds, at the 99th percentile.
	ours = 50 * time.Millisecond
)

// Of computes a centre's needs.
func Of(c Centre) Forecast {
	c.complete()
	f := Forecast{Centre: c, Changes: c.Agents * c.Changes}
	inSalesforce := float64(f.Changes) * c.FromSalesforce
	toSalesforce := float64(f.Changes) - inSalesforce
	if c.OneWay {
		toSalesforce = 0
	}
	pushes := toSalesforce * repeats
	calls := idleCalls + batched(pushes, c.Workday)
	deliveries := whole(eventsPerChange * (inSalesforce + toSalesforce))
	f.Needs = append(f.Needs,
		need("Salesforce API calls", calls, c.CallsPerDay, c.Org.Calls, c.Org.CallsLeft, "sweeps become slower past the budget; raise salesforce_calls_per_day where the org has room"),
		need("Salesforce event deliveries", deliveries, c.DeliveriesPerDay, c.Org.Deliveries, c.Org.DeliveriesLeft, "past the budget Salesforce is polled instead of listened to, see the delay"),
	)
	if !c.OneWay {
		f.Needs = append(f.Needs,
			need("pushes to consoles", whole(pushes), 0, c.Org.Pushes, c.Org.PushesLeft, "past the org's limit no command reaches a console until the day ends; Salesforce raises it on request"),
			need("consoles open at once", c.Agents, 0, c.Org.Clients, c.Org.Clients, "agents beyond the limit cannot be written to; Salesforce raises it on request"),
		)
	}
	f.Needs = append(f.Needs,
		need("CXone polls", int(24*time.Hour/c.PollInterval), 0, 0, 0, ""),
		need("CXone writes", whole(inSalesforce*repeats), 0, 0, 0, ""),
		need("writes a second at the busiest", ceil(float64(f.Changes)*c.Peak*repeats/c.Workday.Seconds()), c.WritesPerSecond, 0, 0, "commands wait for each other at the busiest, those that make somebody unavailable last; raise writes_per_second"),
	)
	f.Delays = delays(c, deliveries, calls)
	return f
}

// batched counts calls that are made one after another, each taking all that
// came since the one before.
func batched(items float64, over time.Duration) int {
	rate := items / over.Seconds()
	return ceil(items / (1 + rate*pushTime.Seconds()))
}

func whole(n float64) int { return int(math.Round(n)) }
func ceil(n float64) int  { return int(math.Ceil(n - 1e-9)) }

// need judges an amount by its tightest bound.
func need(name string, amount, budget, limit, left int, then string) Need {
	n := Need{Name: name, Amount: amount, Budget: budget, Limit: limit, Left: left}
	share := 0.0
	for _, bound := range []int{budget, limit} {
		if bound > 0 {
			share = max(share, float64(amount)/float64(bound))
		}
	}
	switch {
	case share > 1:
		n.Verdict, n.Then = Exceeds, then
	case share > tight:
		n.Verdict, n.Then = Tight, then
	case share > 0 || amount == 0:
		n.Verdict = Fits
	case then != "":
		n.Verdict = Unknown
	}
	return n
}

func delays(c Centre, deliveries, calls int) []Delay {
	to := Delay{Direction: "Salesforce to CXone", Usual: ours, Slower: ours, Why: "events arrive by themselves"}
	if allowed := lesser(c.DeliveriesPerDay, c.Org.Deliveries); deliveries > allowed {
		last := time.Duration(float64(c.Workday) * float64(allowed) / float64(deliveries))
		to.Why = fmt.Sprintf("events last for %d minutes of the working day, then ", int(last.Minutes()))
		if every, ok := polling(c, calls, c.Workday-last); ok {
			to.Slower = every + ours
			to.Why += fmt.Sprintf("Salesforce is polled every %d seconds", int(every.Seconds()))
		} else {
			to.Slower = c.Workday - last
			to.Why += "no calls are left to poll Salesforce with: its changes wait for the next day"
		}
	}
	all := []Delay{to}
	if !c.OneWay {
		all = append(all, Delay{
			Direction: "CXone to Salesforce", Usual: c.PollInterval/2 + ours, Slower: c.PollInterval + 100*time.Millisecond,
			Why: fmt.Sprintf("CXone is polled every %s: it tells nobody by itself", c.PollInterval),
		})
	}
	return all
}

// polling is how often the calls that are left allow a sweep; false when they
// allow none.
func polling(c Centre, calls int, span time.Duration) (time.Duration, bool) {
	left := lesser(c.CallsPerDay, c.Org.Calls) - calls
	pages := 1 + (c.Agents-1)/page
	if left < pages {
		return 0, false
	}
	every := time.Duration(float64(span) * float64(pages) / float64(left))
	return max(shortestSweep, every.Round(time.Second)), true
}

// lesser is the smaller bound, of those that are known.
func lesser(budget, limit int) int {
	if limit > 0 {
		return min(budget, limit)
	}
	return budget
}

// Worst returns the worst verdict.
func (f Forecast) Worst() Verdict {
	worst := Fits
	for _, n := range f.Needs {
		switch {
		case n.Verdict == Exceeds:
			return Exceeds
		case n.Verdict == Tight, n.Verdict == Unknown && worst == Fits:
			worst = n.Verdict
		}
	}
	return worst
}
