package mirror

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// set changes the world while run looks at it.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (h *host) wantFeed(feed, when string) {
	h.t.Helper()
	if got := h.snapshot().Feed.Salesforce; !strings.HasPrefix(got, feed) {
		h.t.Errorf("%s: the feed is %q, want %q", when, got, feed)
	}
}

// troubles lists what does not work.
func (h *host) troubles() string {
	h.t.Helper()
	var all []string
	for _, t := range h.snapshot().Troubles {
		all = append(all, t.What)
	}
	return strings.Join(all, " ")
}

// TestOrgsOwnAllowances: the declared budget is not used by far, and the org's
// own allowance nearly is, by others. Events come again the same day, as soon
// as there is room.
func TestOrgsOwnAllowances(t *testing.T) {
	tests := map[string]struct {
		spent error // what the vendor says to who watches
		left  int   // of 1,000 deliveries
		feed  string
	}{
		"little is left":        {left: 99, feed: "polling: of the org's own 1000 event deliveries a day 99 are left"},
		"nothing is delivered":  {spent: schema.ErrAllowance, left: 0, feed: "polling: "},
		"so says the vendor":    {spent: schema.ErrAllowance, left: 1000, feed: "polling: Salesforce delivers no more"},
		"a tenth is left":       {left: 100, feed: "events"},
		"the org does not tell": {feed: "events"},
	}
	for why, test := range tests {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newWorld(2), openFile(t)
				if test.left > 0 || test.spent != nil {
					w.limits = Allowances{Deliveries: 1000, DeliveriesLeft: test.left}
				}
				w.failWatch = test.spent
				h := start(t, w, s, settings())
				pass(2 * limitsEvery)
				h.wantFeed(test.feed, "when it is spent")
				w.status(0, "Lunch")
				pass(20 * time.Second)
				w.want(t, 0, lunch, "Lunch")
				w.set(func() { w.failWatch, w.limits = nil, Allowances{Deliveries: 1000, DeliveriesLeft: 200} })
				pass(limitsEvery + keepalive + time.Minute)
				h.wantFeed("events", "when there is room again")
			})
		})
	}
}

func TestOrgsOwnPushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		h := start(t, w, s, settings())
		for _, step := range []struct {
			left     int
			troubles string
		}{{100, ""}, {99, "pushes"}, {150, "pushes"}, {200, ""}} {
			w.set(func() { w.limits = Allowances{Pushes: 1000, PushesLeft: step.left} })
			pass(limitsEvery + time.Second)
			if got := h.troubles(); got != step.troubles {
				t.Errorf("with %d of 1,000 left the troubles are %q, want %q", step.left, got, step.troubles)
			}
		}
	})
}

// TestSilentStream: a permission was taken away, and the stream goes on without
// a word about it.
func TestSilentStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		h := start(t, w, s, settings())
		pass(time.Minute)
		w.set(func() { w.silent = true })
		for _, status := range []string{"Lunch", "Ready"} {
			h.wantFeed("events", "before two sweeps have shown it")
			w.status(0, status)
			pass(resyncEvery)
		}
		h.wantFeed("polling: silent", "after two sweeps")
		if got := h.troubles(); got != "events" {
			t.Errorf("troubles %q", got)
		}
		w.status(1, "Meeting")
		pass(20 * time.Second)
		w.want(t, 1, meeting, "Meeting")
		pass(time.Hour)
		h.wantFeed("polling: silent", "that the stream is alive says nothing")
		w.set(func() { w.silent = false })
		w.status(2, "Lunch")
		pass(time.Minute)
		h.wantFeed("events", "with the next event")
		w.want(t, 2, lunch, "Lunch")
	})
}

// TestLostEventIsNoSilence: one event that was lost, and a quiet night, are no
// reason to poll.
func TestLostEventIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		h := start(t, w, s, settings())
		for range 4 {
			pass(time.Minute)
			w.set(func() { w.silent = true })
			w.status(0, "Lunch")
			pass(resyncEvery)
			w.set(func() { w.silent = false })
			w.status(0, "Ready")
			pass(resyncEvery)
			h.wantFeed("events", "now and then an event is lost")
		}
		pass(4 * time.Hour)
		h.wantFeed("events", "nobody changes anything")
	})
}

// TestBreakingStream: a stream that breaks every second, and says each time that
// something may be missing, does not use the day's calls.
func TestBreakingStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		w.breaks = true
		h := start(t, w, s, settings())
		pass(time.Hour)
		if got, most := h.snapshot().Budget.Calls, 20_000/24+50; got > most {
			t.Errorf("%d calls in an hour, want %d at most; the day has 20,000", got, most)
		}
		w.status(0, "Lunch")
		pass(20 * time.Second)
		w.want(t, 0, lunch, "Lunch")
	})
}

// A counting side tells how many calls it made: three for every push, one for
// every sweep, and one for watching.
type counting struct{ salesforce }

func (c counting) Calls() schema.Calls {
	c.mu.Lock()
	defer c.mu.Unlock()
	return schema.Calls{Reading: 100 + c.sweeps + c.watches, Writing: 3 * c.pushCalls, SignIn: 1000}
}

// TestCallsAreThoseMade: what was called counts, not what was to be expected of
// it, and not what was called before.
func TestCallsAreThoseMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(20), openFile(t)
		w.failWatch, w.failPush = errFake, errFake
		side := counting{salesforce{w}}
		before := side.Calls().Billed()
		h := start(t, w, s, settings(), func(o *Options) { o.Salesforce = side })
		pass(time.Minute)
		for i := range 3 {
			w.state(i, lunch)
		}
		pass(10 * time.Minute)
		made := side.Calls().Billed() - before
		if got := h.snapshot(); w.pushCalls == 0 || got.Budget.Calls != made || got.Totals.Calls != made {
			t.Errorf("%d calls were made, with %d pushes; the budget has %d and the total is %d", made, w.pushCalls, got.Budget.Calls, got.Totals.Calls)
		}
	})
}

// TestBudgetUsedIsDown: who neither is told nor may ask does not say that it
// polls.
func TestBudgetUsedIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		w.failWatch = errFake
		set := settings()
		set.CallsPerDay = 1000
		h := start(t, w, s, set)
		pass(time.Minute)
		h.wantFeed("polling", "while there is a budget")
		set.CallsPerDay = 3
		h.end()
		h = start(t, w, s, set)
		pass(time.Minute)
		h.wantFeed("down: the budget is used", "with the budget used")
	})
}
