package mirror

import "time"

// A Pace is how often an engine asks by the clock while events come and nothing
// fails, so that a day can be computed beforehand. The engine goes by the same
// figures.
type Pace struct {
	// Sweep, People, Online and Limits are how far apart those readings of
	// Salesforce are.
	Sweep, People, Online, Limits time.Duration
	// Pages is how many calls a sweep takes; each of the others takes one, but
	// people a page.
	Pages int
	// Hurried is how far apart the polls of CXone are that a write brings on:
	// two of them.
	Hurried time.Duration
	// Doubt is how long a logout may turn out to be a change before it is looked
	// at, together with what else came to be doubted.
	Doubt time.Duration
	// PushMost is how many commands one call carries.
	PushMost int
}

// PaceOf returns the pace for so many agents.
func PaceOf(agents int) Pace {
	pages := pagesOf(agents)
	return Pace{
		Sweep: spread(resyncEvery, pages, sweepShare), People: spread(peopleEvery, pages, peopleShare),
		Online: spread(onlineEvery, 1, onlineShare), Limits: limitsEvery,
		Pages: pages, Hurried: minInterval, Doubt: lookAfter, PushMost: pushMost,
	}
}

// PolledSweep is how far apart sweeps are when no events come: what is left of
// the calls, spread over the rest of the day.
func PolledSweep(pages, left int, rest time.Duration) time.Duration {
	if left <= 0 {
		return rest
	}
	return min(max(rest*time.Duration(pages)/time.Duration(left), shortestSweep), rest)
}

// SweepBudget is the part of a day's calls that reading may use. It leaves a
// tenth to pushes and to looking at logouts.
func SweepBudget(callsPerDay int) int { return callsPerDay * 9 / 10 }

// spread returns how often something of so many calls can be done that it costs
// its share of a day, and no oftener than usual.
func spread(usual time.Duration, calls, share int) time.Duration {
	return max(usual, 24*time.Hour*time.Duration(calls)/time.Duration(share))
}

func pagesOf(people int) int { return 1 + people/page }
