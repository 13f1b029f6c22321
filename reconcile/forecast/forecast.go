// Package forecast computes what run will need of both vendors before anything
// is installed: calls, event deliveries, open consoles and the delay that
// results, against the org's own limits.
//
// It is arithmetic on a day of a centre and measures nothing. What a centre
// really uses is in the dashboard and the metrics. That run does what is
// computed here is tested with its engine.
package forecast

import (
	"math"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Centre is what a day looks like and how run is set up. The zero value of an
// argument takes the default that its comment names.
type Centre struct {
	Agents  int
	Changes int           // of presence, by one agent in a working day
	Workday time.Duration // 8 hours
	// Begins is when the working day does, after midnight UTC, where the budgets'
	// day begins; 9 hours. A working day that goes past midnight has two budgets,
	// and is not computed.
	Begins time.Duration
	// FromSalesforce is the part of the changes that is made there; a half.
	FromSalesforce float64
	// Peak is how much busier the busiest minutes are than the average; 4 times.
	Peak float64

	PollInterval     time.Duration // of CXone; 5 seconds
	WritesPerSecond  int           // 25
	CallsPerDay      int           // budget of Salesforce calls; 20,000
	DeliveriesPerDay int           // budget of event deliveries; 20,000
	OneWay           bool          // no bridge is declared: Salesforce is not written to

	// Org holds the org's own limits; zero where they are not known. Edition is
	// whose they are, when they were not asked for.
	Org     schema.Allowances
	Edition string
}

func (c *Centre) complete() {
	usual := mirror.DefaultSettings()
	set(&c.Workday, 8*time.Hour)
	set(&c.Begins, max(0, min(9*time.Hour, wholeDay-c.Workday)))
	set(&c.FromSalesforce, 0.5)
	set(&c.Peak, 4)
	set(&c.PollInterval, usual.PollInterval)
	set(&c.WritesPerSecond, usual.WritesPerSecond)
	set(&c.CallsPerDay, usual.CallsPerDay)
	set(&c.DeliveriesPerDay, usual.DeliveriesPerDay)
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
	// repeats is how many writes a change takes, lost answers included.
	repeats = 1.05
	// logoutsPerAgent is how often a day somebody's logout has to be confirmed.
	logoutsPerAgent = 2
	// tight is the part of a bound past which there is little room left.
	tight = 0.8
	// ours is what Lockstep itself adds, at the 99th percentile.
	ours = 50 * time.Millisecond
)

// Of computes a centre's needs.
func Of(c Centre) Forecast {
	c.complete()
	f := Forecast{Centre: c, Changes: c.Agents * c.Changes}
	d, r := walkDay(&c, 0), ratesOf(&c, 1)
	seconds := c.Workday.Seconds()
	inSalesforce, toSalesforce := r.toCXone*seconds, r.toSalesforce*seconds
	deliveries := whole(eventsPerChange * (inSalesforce + toSalesforce))
	calls := demandedCalls(&c, r)
	f.Needs = append(f.Needs,
		need("Salesforce API calls", calls, c.CallsPerDay, c.Org.Calls, c.left(c.Org.CallsLeft), callsAdvice(&c, &d, deliveries, calls)),
		need("Salesforce event deliveries", deliveries, c.DeliveriesPerDay, c.Org.Deliveries, c.left(c.Org.DeliveriesLeft), deliveriesAdvice(&c, &d, deliveries, calls)),
	)
	if !c.OneWay {
		f.Needs = append(f.Needs,
			need("pushes to consoles", whole(toSalesforce*repeats), 0, c.Org.Pushes, c.left(c.Org.PushesLeft), "past the org's limit no command reaches a console until the day ends; Salesforce raises it on request"),
			need("consoles open at once", c.Agents, 0, c.Org.Clients, c.left(c.Org.ClientsLeft), "agents beyond the limit cannot be written to; Salesforce raises it on request"),
		)
	}
	f.Needs = append(f.Needs,
		need("CXone polls", whole(polls(&c, r, wholeDay)), 0, 0, 0, ""),
		need("CXone writes", whole(inSalesforce*repeats), 0, 0, 0, ""),
		need("writes a second at the busiest", busiest(&c), c.WritesPerSecond, 0, 0, writesAdvice),
	)
	f.Delays = delays(&c, &d)
	return f
}

// left is what an org says that it has left; an edition does not.
func (c *Centre) left(n int) int {
	if c.Edition != "" {
		return 0
	}
	return n
}

// demandedCalls are those of a day on which events are never spent.
func demandedCalls(c *Centre, r rates) int {
	pace := mirror.PaceOf(c.Agents)
	clock := clockCalls(c, pace, wholeDay) + float64(pace.Pages)*wholeDay.Seconds()/pace.Sweep.Seconds()
	return ceil(clock + (r.pushes+r.looks)*c.Workday.Seconds())
}

// polls are those of a time with a working day in it.
func polls(c *Centre, r rates, span time.Duration) float64 {
	return r.polls*c.Workday.Seconds() + (span-c.Workday).Seconds()/c.PollInterval.Seconds()
}

// busiest is how many calls that write there are a second in the busiest
// minutes: one for each agent in CXone, and those that push to consoles.
func busiest(c *Centre) int {
	r := ratesOf(c, c.Peak)
	return ceil(r.toCXone*repeats + r.pushes)
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
	known := budget > 0 || limit > 0
	switch {
	case share > 1:
		n.Verdict, n.Then = Exceeds, then
	case share > tight:
		n.Verdict, n.Then = Tight, then
	case known || amount == 0:
		n.Verdict = Fits
	case then != "":
		n.Verdict = Unknown
	}
	return n
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
