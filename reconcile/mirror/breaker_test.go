package mirror

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestManyMovesFoundAtOnce lets 60 of 80 agents move, and the engine hear of it,
// or be able to answer it, only afterwards. More than a fifth of them within the
// breaker's time is an incident; the same over ten minutes is a working day, and
// an outage's end must not turn it into one: the only way out of a halt, which is
// to resume, drops what people did.
func TestManyMovesFoundAtOnce(t *testing.T) {
	const people, movers = 80, 60
	onCXone := func(w *world, i int) { w.state(i, lunch) }
	onSalesforce := func(w *world, i int) { w.status(i, "Lunch") }
	tests := []struct {
		why   string
		begin func(*world)
		move  func(*world, int)
		apart time.Duration
		end   func(*world)
		halts bool
	}{
		{
			"CXone cannot be read: one poll brings all",
			func(w *world) { w.failPoll = errFake }, onCXone, 10 * time.Second, func(w *world) { w.failPoll = nil }, false,
		},
		{
			"Salesforce cannot be written to for longer than decisions live: they are decided again together",
			func(w *world) { w.failPush = errFake }, onCXone, 10 * time.Second, func(w *world) { w.failPush = nil }, false,
		},
		{
			"CXone cannot be written to",
			func(w *world) {
				w.receipt = func(string) schema.Receipt { return schema.Receipt{Result: schema.Unanswered, Detail: "down"} }
			}, onSalesforce, 10 * time.Second, func(w *world) { w.receipt = nil }, false,
		},
		{
			"nothing fails, and everybody moves at once",
			func(*world) {}, onCXone, 0, func(*world) {}, true,
		},
		{
			"everybody moves at once while CXone cannot be read: it is no less of an incident for being found later",
			func(w *world) { w.failPoll = errFake }, onCXone, time.Second,
			func(w *world) { w.failPoll = nil }, true,
		},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(people)
				h := start(t, w, openFile(t), settings())
				pass(10 * time.Second)
				w.change(test.begin)
				for i := range movers {
					test.move(w, i)
					pass(test.apart)
				}
				pass(time.Minute)
				w.change(test.end)
				pass(20 * time.Second)
				if halted := h.snapshot().Halted; (halted != "") != test.halts {
					t.Errorf("halted: %q", halted)
				}
				for i := range movers {
					if test.halts {
						break
					}
					w.want(t, i, lunch, "Lunch")
				}
			})
		})
	}
}

// change lets something happen to the vendors.
func (w *world) change(how func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how(w)
}

func TestManyMovesWhileRunIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(40), openFile(t)
		h := start(t, w, s, settings())
		pass(10 * time.Second)
		h.end()
		for i := range 15 {
			w.state(i, lunch)
			w.status(20+i, "Meeting")
			pass(40 * time.Second)
		}
		h = start(t, w, s, settings())
		pass(15 * time.Second)
		if halted := h.snapshot().Halted; halted != "" {
			t.Errorf("halted: %s", halted)
		}
		for i := range 15 {
			w.want(t, i, lunch, "Lunch")
			w.want(t, 20+i, meeting, "Meeting")
		}
	})
}

// TestRestartWithOtherRules: what a reload paces, and does not take for an
// incident, is no other thing when it comes with a restart.
func TestRestartWithOtherRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 40
		w, s := newWorld(people), openFile(t)
		set := settings()
		set.WritesPerSecond = 4
		h := start(t, w, s, set)
		pass(10 * time.Second)
		h.end()
		rows := []schema.Row{
			{State: available, Status: schema.Status{Name: "Online"}}, {State: lunch, Status: schema.Status{Name: "Lunch"}},
		}
		set.Rules = []schema.Rule{{Name: "Support", Executor: "lockstep", Mode: "live", Publisher: rows, Teams: []string{"Support"}}}
		h = start(t, w, s, set)
		pass(2 * time.Second)
		w.state(people-1, lunch) // whose turn has not come: who moves does not wait for it
		pass(4 * time.Second)
		w.want(t, people-1, lunch, "Lunch")
		if n := decided(t, s, people); n < 4 || n > 30 {
			t.Errorf("%d agents are decided about within six seconds at four a second", n)
		}
		pass(20 * time.Second)
		if halted := h.snapshot().Halted; halted != "" {
			t.Errorf("halted: %s", halted)
		}
		for i := range people - 1 {
			w.want(t, i, available, "Online")
		}
		if n := decided(t, s, people); n != people {
			t.Errorf("%d decisions; want one for each of %d agents", n, people)
		}
	})
}

// decided counts the decisions about everybody.
func decided(t *testing.T, s store.Store, people int) int {
	t.Helper()
	n := 0
	for i := range people {
		n += len(lines(t, s, key(i), presence.Decided))
	}
	return n
}
