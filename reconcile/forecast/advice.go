package forecast

import (
	"fmt"
	"math"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

const writesAdvice = "commands wait for each other at the busiest, those that make somebody unavailable last; raise writes_per_second"

// callsAdvice says what is to be done about a number of calls. Its budget is the
// one that deliveriesAdvice names, where that one asks for calls as well.
func callsAdvice(c *Centre, d *day, deliveries, calls int) string {
	text := "past nine tenths of the budget Salesforce is not read any more, and past all of it nothing is sent there, until midnight UTC; "
	if polled, every := polledBudget(c, d, deliveries, calls); polled > c.CallsPerDay && (c.Org.Calls == 0 || polled <= c.Org.Calls) {
		return text + fmt.Sprintf("salesforce_calls_per_day = %d is enough, also to poll every %s once the event deliveries are used up", polled, words(every))
	}
	if enough := budgetFor(calls); c.Org.Calls == 0 || enough <= c.Org.Calls {
		return text + fmt.Sprintf("salesforce_calls_per_day = %d is enough", enough)
	}
	return text + "the org has no room for more: ask Salesforce for calls, or raise poll_interval, so that more changes share a call"
}

// budgetFor is the round budget whose reading part, too, covers the calls.
func budgetFor(calls int) int {
	budget := calls
	for mirror.SweepBudget(budget) < calls {
		budget += max(1, calls-mirror.SweepBudget(budget))
	}
	return roundUp(budget)
}

// deliveriesAdvice says what is to be done about a number of event deliveries.
func deliveriesAdvice(c *Centre, d *day, deliveries, calls int) string {
	text := "past it Salesforce is polled instead of listened to, see the delay; "
	if c.Org.Deliveries == 0 || deliveries <= c.Org.Deliveries {
		return text + fmt.Sprintf("salesforce_deliveries_per_day = %d keeps the events, if the org has room for them", roundUp(deliveries))
	}
	text += "the org has no room for more: ask Salesforce for deliveries"
	enough, shortest := polledBudget(c, d, deliveries, calls)
	switch {
	case enough == 0:
		return text
	case enough <= c.CallsPerDay:
		return text + "; the budget of calls polls every " + words(shortest)
	case c.Org.Calls > 0 && enough > c.Org.Calls:
		return text
	}
	return text + fmt.Sprintf(", or poll every %s with salesforce_calls_per_day = %d", words(shortest), enough)
}

// polledBudget is the budget of calls that polls as often as may be once the
// deliveries, of which the org has no more, are used up; 0 where they are not.
func polledBudget(c *Centre, d *day, deliveries, calls int) (enough int, every time.Duration) {
	if c.Org.Deliveries == 0 || deliveries <= c.Org.Deliveries || d.eventsEnd == never {
		return 0, 0
	}
	pace := mirror.PaceOf(c.Agents)
	every = mirror.PolledSweep(pace.Pages, math.MaxInt32, wholeDay)
	rest := wholeDay - c.Begins - d.eventsEnd
	return budgetFor(calls + pace.Pages*int(rest/every)), every
}

func roundUp(n int) int {
	const round = 1000
	return (n + round - 1) / round * round
}

func delays(c *Centre, d *day) []Delay {
	all := []Delay{toCXone(c, d)}
	if !c.OneWay {
		all = append(all, toSalesforce(c, d))
	}
	return all
}

func toCXone(c *Centre, d *day) Delay {
	to := Delay{Direction: "Salesforce to CXone", Usual: ours, Slower: ours, Why: "events arrive by themselves"}
	if d.eventsEnd == never || d.eventsEnd > c.Workday {
		return to
	}
	to.Why = fmt.Sprintf("events last for %s of the working day", words(d.eventsEnd))
	if d.slowest > 0 {
		to.Slower = d.slowest + ours
		to.Why += ", then Salesforce is polled every " + words(d.fastest)
		if words(d.slowest) != words(d.fastest) {
			to.Why += " to " + words(d.slowest)
		}
	}
	if d.sweepsEnd != never && d.sweepsEnd < c.Workday {
		to.Slower = untilMidnight(c, max(d.sweepsEnd, d.eventsEnd))
		to.Why += fmt.Sprintf("; after %s no calls are left to poll it with, and its changes wait for midnight UTC", words(d.sweepsEnd))
	}
	return to
}

func toSalesforce(c *Centre, d *day) Delay {
	to := Delay{
		Direction: "CXone to Salesforce", Usual: c.PollInterval/2 + ours, Slower: c.PollInterval + 2*ours,
		Why: fmt.Sprintf("CXone is polled every %s, more often after a write: it tells nobody by itself", words(c.PollInterval)),
	}
	if d.pushesEnd != never && d.pushesEnd < c.Workday {
		to.Slower = untilMidnight(c, d.pushesEnd)
		to.Why += fmt.Sprintf("; after %s of the working day no calls are left, and nothing is sent until midnight UTC", words(d.pushesEnd))
	}
	return to
}

// untilMidnight is from a time of the working day.
func untilMidnight(c *Centre, at time.Duration) time.Duration { return wholeDay - c.Begins - at }

// words writes a duration as people say it.
func words(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return count(int(math.Ceil(d.Seconds())), "second")
	case d < 2*time.Hour:
		return count(int(d.Minutes()), "minute")
	}
	h, m := int(d.Hours()), int(d.Minutes())%60
	if m == 0 {
		return count(h, "hour")
	}
	return fmt.Sprintf("%d h %02d min", h, m)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
