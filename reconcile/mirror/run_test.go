package mirror

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

func TestBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		h := start(t, w, s, settings())
		pass(time.Second)
		w.status(0, "Lunch")
		w.state(1, meeting)
		pass(200 * time.Millisecond)
		w.want(t, 0, lunch, "Lunch") // Salesforce's news are not waited for
		pass(6 * time.Second)
		w.want(t, 1, meeting, "Meeting") // CXone's come with the next poll
		w.want(t, 2, available, "Ready")
		got := h.snapshot().Totals
		if got.Writes != 2 || got.Decisions != 2 || got.Changes != 2 || got.Done != 2 || got.Pending != 0 || got.Apart != 0 {
			t.Errorf("totals: %+v; want two changes, decisions, writes and ends", got)
		}
		if l := lines(t, s, key(0), presence.Decided); len(l) != 1 || l[0].Row != "r.hcl:2" {
			t.Errorf("the decision is not explained by its row: %+v", l)
		}
		if l := lines(t, s, key(0), Saw); len(l) < 2 || l[len(l)-1].Team != "Support" {
			t.Errorf("what was seen is not in the journal: %+v", l)
		}
		h.end()
	})
}

func TestWhatHappensBeforeEventsBeginIsSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		h := start(t, w, openFile(t), settings())
		pass(time.Second) // the first sweep is over
		w.mu.Lock()
		w.silent = true // and the stream is not there yet
		w.mu.Unlock()
		w.status(0, "Lunch")
		pass(settleAfter + time.Second)
		w.want(t, 0, lunch, "Lunch")
		h.end()
	})
}

// A sweep that is wanted while another is being read may be wanted for what
// that one no longer shows.
func TestGapDuringASweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		h := start(t, w, openFile(t), settings())
		pass(time.Minute)
		w.mu.Lock()
		w.slowSweep = 2 * time.Second
		w.stream <- schema.News{Gap: true}
		w.mu.Unlock()
		pass(time.Second) // it was read, and its answer is on its way
		w.mu.Lock()
		w.silent = true
		w.mu.Unlock()
		w.status(0, "Lunch")
		w.stream <- schema.News{Gap: true}
		pass(shortestSweep + 3*time.Second)
		w.want(t, 0, lunch, "Lunch")
		h.end()
	})
}

func TestLogoutIsConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		h := start(t, w, s, settings())
		pass(5 * time.Second)
		w.status(0, schema.Offline)
		pass(time.Second)
		w.mu.Lock()
		if w.looks != 0 {
			t.Error("looked before the logout had time to turn out to be a change")
		}
		w.mu.Unlock()
		pass(2 * time.Second)
		if a := h.snapshot().Agents[0]; a.Status != schema.Offline {
			t.Errorf("a logout shows as %q", a.Status)
		}
		w.state(0, lunch)
		pass(10 * time.Second)
		w.want(t, 0, lunch, schema.Offline) // nobody is logged in by us
	})
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		h := start(t, w, s, settings())
		pass(5 * time.Second)
		h.end()
		// What changes while nobody looks is found by comparing with the base.
		w.status(0, "Lunch")
		w.state(1, meeting)
		start(t, w, s, settings())
		pass(3 * time.Second)
		w.want(t, 0, lunch, "Lunch")
		w.want(t, 1, meeting, "Meeting")
	})
}

func TestUndeliverable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		w.console[userID(0)] = false
		h := start(t, w, s, settings())
		pass(time.Second)
		w.state(0, lunch)
		pass(6 * time.Second)
		if got := h.snapshot().Totals; got.Undeliverable != 1 || got.Done != 0 {
			t.Errorf("without a console: %+v", got)
		}
		w.mu.Lock()
		w.console[userID(0)] = true
		w.mu.Unlock()
		pass(30 * time.Second)
		w.want(t, 0, lunch, "Lunch")
		if got := h.snapshot().Totals; got.Undeliverable != 0 {
			t.Errorf("with one again: %+v", got)
		}
	})
}

func TestOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		w.noBridge = true
		h := start(t, w, s, settings())
		pass(time.Second)
		w.state(0, lunch)
		w.status(1, "Meeting")
		pass(10 * time.Second)
		w.want(t, 0, lunch, "Ready")
		w.want(t, 1, meeting, "Meeting")
		if got := h.snapshot(); got.OneWay == "" || got.Totals.Undeliverable != 0 {
			t.Errorf("one way is not said, or told as a failure of each agent: %q %+v", got.OneWay, got.Totals)
		}
	})
}

func TestUnavailableFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(40), openFile(t)
		for i := range 20 {
			w.setState(agentID(i), lunch)
			w.shows[userID(i)] = schema.Sighting{Person: userID(i), Status: "Lunch", Since: time.Now()}
		}
		set := settings()
		set.WritesPerSecond, set.Breaker = 5, Breaker{}
		start(t, w, s, set)
		pass(10 * time.Second)
		// Everybody at once: twenty become available, then twenty unavailable.
		w.mu.Lock()
		n := schema.News{Deliveries: 80}
		for i := range 40 {
			status := "Ready"
			if i >= 20 {
				status = "Lunch"
			}
			shown := schema.Sighting{Person: userID(i), Status: status, Since: time.Now()}
			w.shows[userID(i)] = shown
			n.Sightings = append(n.Sightings, shown)
		}
		w.publish(n)
		w.mu.Unlock()
		pass(time.Second)
		w.mu.Lock()
		if len(w.order) > 11 {
			t.Errorf("%d writes within a second of a bucket of five, at five a second", len(w.order))
		}
		w.mu.Unlock()
		pass(time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.order) != 40 {
			t.Fatalf("%d writes for forty changes", len(w.order))
		}
		for i, what := range w.order[:20] {
			if what == available.String() {
				t.Errorf("write %d makes somebody available while others wait to be made unavailable", i)
			}
		}
	})
}

// TestLeftOver lets more change at once than one call to Salesforce carries.
func TestLeftOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 2*pushMost + 50
		w, s := newWorld(people), openFile(t)
		set := settings()
		set.WritesPerSecond, set.Breaker = 1000, Breaker{}
		start(t, w, s, set)
		pass(10 * time.Second)
		w.slowPush = 2 * time.Second
		for i := range people {
			w.state(i, lunch)
		}
		pass(set.PollInterval + time.Second)
		w.state(0, meeting) // whose command is under way
		pass(20 * time.Second)
		for i := 1; i < people; i++ {
			w.want(t, i, lunch, "Lunch")
		}
		w.want(t, 0, meeting, "Meeting")
		if w.mostPushing != 3 || w.pushCalls != 4 {
			t.Errorf("%d calls, %d at once; want 4, 3: what a full one leaves over need not wait, what is newer must", w.pushCalls, w.mostPushing)
		}
	})
}

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		set := settings()
		set.Once, set.Align = true, presence.AlignSalesforce
		w.shows[userID(0)] = schema.Sighting{Person: userID(0), Status: "Lunch", Since: time.Now()}
		h := start(t, w, s, set)
		if err := <-h.done; err != nil {
			t.Fatal(err)
		}
		h.done <- nil
		w.want(t, 0, lunch, "Lunch")
	})
}

func TestShadowWritesToNoVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		set := settings()
		set.Mode = Shadow
		h := start(t, w, s, set)
		pass(time.Second)
		if told := lines(t, s, "", Noticed); len(told) == 0 || told[0].Detail != "2 agents are watched, 0 people are unmatched" {
			t.Errorf("the day begins with %+v", told)
		}
		w.status(0, "Lunch")
		w.state(1, meeting)
		pass(20 * time.Second)
		if w.postsSoFar()+w.pushCalls != 0 {
			t.Error("it wrote to a vendor")
		}
		if got := h.snapshot().Totals; got.Decisions != 2 {
			t.Errorf("%d decisions for two changes", got.Decisions)
		}
		if len(lines(t, s, key(0), presence.Decided)) == 0 {
			t.Error("no decision in the journal")
		}
		for _, l := range slices.Concat(lines(t, s, key(0), Saw), lines(t, s, key(0), presence.Decided)) {
			if !l.Shadow {
				t.Errorf("a line that is not of a shadow: %+v", l)
			}
		}
	})
}
