package forecast

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

const wholeDay = 24 * time.Hour

// A day is how a day goes within the budgets. Times are since the working day
// began; never is none.
type day struct {
	calls, deliveries float64 // used in the end
	// eventsEnd is when the event deliveries are spent, sweepsEnd when the calls
	// that reading may use are, and pushesEnd when all calls are.
	eventsEnd, sweepsEnd, pushesEnd time.Duration
	// fastest and slowest are how far apart sweeps are after the events, while
	// people work.
	fastest, slowest time.Duration
}

const never = time.Duration(-1)

// A walk goes through a day a minute at a time, because what has been used by
// then decides how the next minute goes: as in the engine.
type walk struct {
	c    *Centre
	pace mirror.Pace
	r    rates
	d    day
}

const stride = time.Minute

// walkDay goes through what is left of a day from a time after midnight.
func walkDay(c *Centre, from time.Duration) day {
	w := walk{c: c, pace: mirror.PaceOf(c.Agents), r: ratesOf(c, 1)}
	w.d.eventsEnd, w.d.sweepsEnd, w.d.pushesEnd = never, never, never
	for at := from; at < wholeDay; at += stride {
		w.minute(at-c.Begins, wholeDay-at)
	}
	return w.d
}

// minute goes through one minute, at a time of the working day, with so much of
// the day to come.
func (w *walk) minute(at, rest time.Duration) {
	works := at >= 0 && at < w.c.Workday
	w.clock(at)
	if works {
		w.write(at)
	}
	if w.d.eventsEnd != never {
		w.sweep(at, rest, works)
		return
	}
	w.d.calls += float64(w.pace.Pages) * per(w.pace.Sweep)
	if works {
		w.hear(at)
	}
}

func per(every time.Duration) float64 { return stride.Seconds() / every.Seconds() }

// clock counts what is asked whatever happens.
func (w *walk) clock(at time.Duration) {
	if w.exhausted(at, mirror.SweepBudget(w.c.allowedCalls()), &w.d.sweepsEnd) {
		return
	}
	w.d.calls += clockCalls(w.c, w.pace, stride)
}

// clockCalls are those of people, limits and open consoles.
func clockCalls(c *Centre, pace mirror.Pace, span time.Duration) float64 {
	calls := float64(pace.Pages)/pace.People.Seconds() + 1/pace.Limits.Seconds()
	if !c.OneWay {
		calls += 1 / pace.Online.Seconds()
	}
	return calls * span.Seconds()
}

// write counts pushes, and looks at who has logged out.
func (w *walk) write(at time.Duration) {
	if !w.exhausted(at, w.c.allowedCalls(), &w.d.pushesEnd) {
		w.d.calls += (w.r.pushes + w.looks()) * stride.Seconds()
	}
}

// looks are only needed where events tell of a logout; a sweep tells by itself.
func (w *walk) looks() float64 {
	if w.d.eventsEnd != never {
		return 0
	}
	return w.r.looks
}

// hear counts event deliveries.
func (w *walk) hear(at time.Duration) {
	w.d.deliveries += eventsPerChange * (w.r.toCXone + w.r.toSalesforce) * stride.Seconds()
	if allowed := lesser(w.c.DeliveriesPerDay, w.c.Org.Deliveries); w.d.deliveries >= float64(allowed) {
		w.d.deliveries, w.d.eventsEnd = float64(allowed), at+stride
	}
}

// sweep counts the sweeps that stand in for events.
func (w *walk) sweep(at, rest time.Duration, works bool) {
	budget := mirror.SweepBudget(w.c.allowedCalls())
	if w.exhausted(at, budget, &w.d.sweepsEnd) {
		return
	}
	left := budget - int(w.d.calls)
	if w.c.Org.Calls > 0 {
		left = min(left, (w.c.Org.CallsLeft-int(w.d.calls))/2) // the engine leaves half to others
	}
	every := mirror.PolledSweep(w.pace.Pages, left, rest)
	w.d.calls += float64(w.pace.Pages) * per(every)
	if !works {
		return
	}
	if w.d.fastest == 0 {
		w.d.fastest = every
	}
	w.d.fastest, w.d.slowest = min(w.d.fastest, every), max(w.d.slowest, every)
}

// exhausted reports whether the calls have come to a bound, and keeps when.
func (w *walk) exhausted(at time.Duration, bound int, when *time.Duration) bool {
	if w.d.calls < float64(bound) {
		return false
	}
	if *when == never {
		*when = max(at, 0)
	}
	return true
}

// allowedCalls is the budget, or the org's limit where that is less.
func (c *Centre) allowedCalls() int { return lesser(c.CallsPerDay, c.Org.Calls) }

// lesser is the smaller bound, of those that are known.
func lesser(budget, limit int) int {
	if limit > 0 {
		return min(budget, limit)
	}
	return budget
}
