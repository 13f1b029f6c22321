package forecast

import (
	"math"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// Rates are what a second of the working day brings.
type rates struct {
	toCXone, toSalesforce float64 // changes that the other side is to follow
	polls                 float64 // of CXone
	pushes                float64 // calls to Salesforce that carry commands
	looks                 float64 // calls that confirm logouts
}

// ratesOf computes them for minutes that are busier than the average.
func ratesOf(c *Centre, busier float64) rates {
	changes := busier * float64(c.Agents*c.Changes) / c.Workday.Seconds()
	r := rates{toCXone: changes * c.FromSalesforce, toSalesforce: changes * (1 - c.FromSalesforce)}
	pace := mirror.PaceOf(c.Agents)
	var bringing float64
	r.polls, bringing = polling(pace.Hurried, c.PollInterval, r.toCXone*repeats, r.toSalesforce)
	// What one poll brings goes out in one call, as far as there is room in it.
	r.pushes = max(bringing, r.toSalesforce*repeats/float64(pace.PushMost))
	if c.OneWay {
		r.toSalesforce, r.pushes = 0, 0
	}
	logouts := busier * float64(c.Agents*logoutsPerAgent) / c.Workday.Seconds()
	r.looks = logouts / (1 + logouts*pace.Doubt.Seconds())
	return r
}

// polling returns how many polls of CXone there are a second, and how many of
// them bring a change, when writes to CXone and changes there come by chance.
//
// A write makes the next poll come soon, and the one after it. So a poll leaves
// the engine either calm, and the next comes after the usual time unless a write
// hastens it, or hurried, and the next comes soon whatever happens; then a write
// meanwhile is all that keeps it hurried.
func polling(soon, usual time.Duration, writes, changes float64) (polls, bringing float64) {
	s, u := soon.Seconds(), usual.Seconds()
	if u <= s || writes == 0 {
		return 1 / u, (1 - math.Exp(-changes*u)) / u
	}
	rushed, kept := 1-math.Exp(-writes*u), 1-math.Exp(-writes*s)
	calm := (1 - kept) / (1 - kept + rushed) // the part of the polls that leave it calm
	gap := calm*(s+(math.Exp(-writes*s)-math.Exp(-writes*u))/writes) + (1-calm)*s

	both := writes + changes
	soonEmpty := math.Exp(-changes * s)
	calmEmpty := kept*soonEmpty + writes/both*(math.Exp(-both*s)-math.Exp(-both*u)) + math.Exp(-both*u)
	empty := calm*calmEmpty + (1-calm)*soonEmpty
	return 1 / gap, (1 - empty) / gap
}
