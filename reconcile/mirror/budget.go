package mirror

import (
	"encoding/json"
	"fmt"
	"time"
)

// A day is what has been used of the day's allowances. Days are those of UTC:
// when the org's own begins is its own matter (UNCERTAIN: Salesforce counts the
// last 24 hours), and the budget is below its allowance.
type day struct {
	Day        string `json:"day"`
	Calls      int    `json:"calls"`
	Deliveries int    `json:"deliveries"`

	allCalls, allDeliveries int // since the process started

	told    int // calls that were told of by [Called]
	guessed int // calls since then, as far as they were to be expected
}

func (d *day) call(n int)    { d.Calls, d.allCalls = d.Calls+n, d.allCalls+n }
func (d *day) deliver(n int) { d.Deliveries, d.allDeliveries = d.Deliveries+n, d.allDeliveries+n }

// spendCalls counts calls to Salesforce that are to be expected, and sees to it
// that they stay counted.
func (e *Engine) spendCalls(n int) {
	e.used.call(n)
	e.used.guessed += n
	e.dayNew = true
}

// recount puts what was really called in place of what was expected: one answer
// can take many calls, and some are nobody's answer. What is under way is
// counted when it was called.
func (e *Engine) recount(c Called) {
	more := c.Calls - e.used.told
	if more < 0 {
		return // told late
	}
	e.used.Calls += more - e.used.guessed
	e.used.allCalls = max(e.used.allCalls, c.Calls) // a total that falls reads like a restart
	e.used.told, e.used.guessed = c.Calls, 0
	e.dayNew = true
}

func (d *day) encode() ([]byte, error) { return json.Marshal(d) }

func (e *Engine) recallDay(value []byte) error {
	var kept day
	if err := json.Unmarshal(value, &kept); err != nil {
		return fmt.Errorf("what the day has used: %w", err)
	}
	if kept.Day == e.today() {
		e.used.Day = kept.Day
		e.used.Calls, e.used.Deliveries = max(e.used.Calls, kept.Calls), max(e.used.Deliveries, kept.Deliveries)
	}
	return nil
}

func (e *Engine) today() string { return e.now.UTC().Format(time.DateOnly) }

// newDay begins a day's budget when there is a new day.
func (e *Engine) newDay() {
	if today := e.today(); today != e.used.Day {
		e.used.Day, e.used.Calls, e.used.Deliveries, e.used.guessed = today, 0, 0, 0
		e.dayNew = true
		if e.fine("budget") {
			e.by(taskSweep, 0) // which was put off until now, and looked at the old day's budget
		}
		if e.spent && !scarce(e.limits.Deliveries, e.limits.DeliveriesLeft) {
			e.resumeEvents()
		}
	}
	e.at(taskDay, e.untilMidnight())
}

func (e *Engine) untilMidnight() time.Duration {
	t := e.now.UTC()
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC).Sub(t.Round(0))
}

// What an idle day costs is bounded: 2,000 calls to Salesforce, shared out like
// this. A page of people or of a sweep is a call.
const (
	page        = 2000
	sweepShare  = 700
	onlineShare = 500
	peopleShare = 200
)

// shortestSweep is how often Salesforce is polled at most when there are no events.
const shortestSweep = 5 * time.Second

// sweepEvery is slow while there are events, and else what the rest of the day's
// budget allows.
func (e *Engine) sweepEvery() time.Duration {
	if e.why == "" {
		return spread(resyncEvery, pagesOf(len(e.agents)), sweepShare)
	}
	return e.polledEvery()
}

// polledEvery is what the rest of the day's budget allows.
func (e *Engine) polledEvery() time.Duration {
	left := SweepBudget(e.set.CallsPerDay) - e.used.Calls
	if e.limits.Calls > 0 {
		left = min(left, e.limits.CallsLeft/2) // others live on the org's allowance as well
	}
	return PolledSweep(pagesOf(len(e.agents)), left, e.untilMidnight())
}

func (e *Engine) maySweep() bool { return e.used.Calls < SweepBudget(e.set.CallsPerDay) }
func (e *Engine) mayCall() bool {
	if e.used.Calls < e.set.CallsPerDay {
		return true
	}
	e.trouble("budget", "the declared budget of calls to Salesforce is used; nothing is sent there until midnight UTC")
	return false
}
