package mirror

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

func TestStopHoldsWithinTwoSeconds(t *testing.T) {
	tests := map[string]struct {
		order StopOrder
		free  int // an agent whom the order does not reach; -1 for none
	}{
		"everybody": {StopOrder{Reason: "incident"}, -1},
		"a team":    {StopOrder{Team: "Support", Reason: "incident"}, -1},
		"one agent": {StopOrder{Agent: key(0), Reason: "asked to"}, 1},
	}
	for why, test := range tests {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newWorld(2), openFile(t)
				h := start(t, w, s, settings())
				pass(5 * time.Second)
				if err := Stop(t.Context(), s, "acme", test.order); err != nil {
					t.Fatal(err)
				}
				pass(2 * time.Second)
				w.status(0, "Lunch")
				w.status(1, "Lunch")
				pass(20 * time.Second)
				w.want(t, 0, available, "Lunch")
				if test.free == 1 {
					w.want(t, 1, lunch, "Lunch")
				}
				if got := h.snapshot(); got.Totals.Stopped == 0 || (got.Halted != "") != (test.order.Team+test.order.Agent == "") {
					t.Errorf("it does not show: %q, %+v", got.Halted, got.Totals)
				}
				h.end() // and a successor obeys as well
				h = start(t, w, s, settings())
				pass(5 * time.Second)
				w.want(t, 0, available, "Lunch")
				if err := Resume(t.Context(), s, "acme", test.order.Team, test.order.Agent); err != nil {
					t.Fatal(err)
				}
				pass(20 * time.Second)
				w.want(t, 0, available, "Lunch") // what is there is adopted
				w.status(0, "Meeting")
				pass(time.Second)
				w.want(t, 0, meeting, "Meeting")
				if got := h.snapshot().Totals.Stopped; got != 0 {
					t.Errorf("%d are still stopped", got)
				}
			})
		})
	}
}

// TestStopOfWhoIsParked: who was parked when a new owner comes is stopped like
// anybody else, and stays so when the quiet is over that would release them.
func TestStopOfWhoIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(1), openFile(t)
		h := start(t, w, s, settings())
		pass(5 * time.Second)
		for i := range 20 { // more than the budget of a minute
			w.status(0, []string{"Lunch", "Meeting"}[i%2])
			pass(time.Second)
		}
		if got := h.snapshot().Totals.Parked; got != 1 {
			t.Fatalf("%d are parked", got)
		}
		w.status(0, "Ready")
		pass(time.Second)
		h.end()
		if err := Stop(t.Context(), s, "acme", StopOrder{Reason: "incident"}); err != nil {
			t.Fatal(err)
		}
		h, before := start(t, w, s, settings()), w.postsSoFar()
		pass(5 * time.Minute)
		if got := h.snapshot().Totals; got.Stopped != 1 || got.Parked != 0 || w.postsSoFar() != before {
			t.Errorf("%d are stopped, %d parked, %d writes; want one stopped", got.Stopped, got.Parked, w.postsSoFar()-before)
		}
	})
}

func TestStopFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s, file := newWorld(1), openFile(t), filepath.Join(t.TempDir(), "stop")
		h := start(t, w, s, settings(), func(o *Options) { o.StopFile = file })
		pass(5 * time.Second)
		if err := os.WriteFile(file, []byte("the floor is on fire\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		w.status(0, "Lunch")
		pass(10 * time.Second)
		w.want(t, 0, available, "Lunch")
		if got := h.snapshot().Halted; !strings.Contains(got, "on fire") {
			t.Errorf("halted by %q", got)
		}
	})
}

func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(1), openFile(t)
		set := settings()
		end := time.Now().Add(time.Minute)
		set.Freeze = []Window{{Text: "now", Holds: func(t time.Time) bool { return t.Before(end) }}}
		start(t, w, s, set)
		pass(5 * time.Second)
		w.status(0, "Lunch")
		pass(10 * time.Second)
		w.want(t, 0, available, "Lunch")
		pass(time.Minute)
		w.want(t, 0, available, "Lunch") // adopted
		w.status(0, "Meeting")
		pass(time.Second)
		w.want(t, 0, meeting, "Meeting")
	})
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(60), openFile(t)
		hook := &webhook{}
		h := start(t, w, s, settings(), func(o *Options) { o.Webhook = hook })
		pass(5 * time.Second)
		n := schema.News{}
		w.mu.Lock()
		for i := range 30 {
			n.Sightings = append(n.Sightings, schema.Sighting{Person: userID(i), Status: "Lunch", Since: time.Now()})
		}
		w.publish(n)
		w.mu.Unlock()
		pass(10 * time.Second)
		if w.postsSoFar() != 0 {
			t.Errorf("%d writes of a mass move went out", w.postsSoFar())
		}
		if got := h.snapshot(); !strings.Contains(got.Halted, "breaker") || got.Totals.Stopped != 60 || hook.count.Load() == 0 {
			t.Errorf("halted by %q, %d stopped, %d told", got.Halted, got.Totals.Stopped, hook.count.Load())
		}
		h.end()
		h = start(t, w, s, settings())
		pass(5 * time.Second)
		if got := h.snapshot().Halted; !strings.Contains(got, "breaker") {
			t.Errorf("a restart forgets the breaker: %q", got)
		}
		if err := Resume(t.Context(), s, "acme", "", ""); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		if got := h.snapshot(); got.Halted != "" || got.Totals.Stopped != 0 {
			t.Errorf("after resume: %q %+v", got.Halted, got.Totals)
		}
		if w.postsSoFar() != 0 {
			t.Errorf("resuming caught up with %d writes", w.postsSoFar())
		}
	})
}

type webhook struct{ count atomic.Int64 }

func (w *webhook) Notify(context.Context, Notice) error {
	w.count.Add(1)
	return nil
}

// A flaky store fails when it is told to.
type flaky struct {
	store.Store
	fail   atomic.Pointer[error] // commits
	cut    atomic.Bool           // everything
	commit atomic.Int64
}

var errCut = errors.New("the connection is cut")

func (f *flaky) Commit(ctx context.Context, b store.Batch) (int64, error) {
	f.commit.Add(1)
	if err := f.fail.Load(); err != nil {
		return 0, *err
	}
	if f.cut.Load() {
		return 0, errCut
	}
	return f.Store.Commit(ctx, b)
}

func (f *flaky) Renew(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	if f.cut.Load() {
		return store.Lease{}, errCut
	}
	return f.Store.Renew(ctx, l, ttl)
}

func TestStoreFails(t *testing.T) {
	for why, fail := range map[string]error{
		"full":           syscall.ENOSPC,
		"fenced":         store.ErrFenced,
		"conflict":       store.ErrConflict,
		"unknown answer": store.ErrUnknown,
	} {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newWorld(2), &flaky{Store: openFile(t)}
				h := start(t, w, s, settings())
				pass(5 * time.Second)
				s.fail.Store(&fail)
				w.status(0, "Lunch")
				w.state(1, meeting)
				pass(30 * time.Second)
				if w.postsSoFar()+w.pushCalls != 0 {
					t.Error("something was sent that is not kept")
				}
				s.fail.Store(nil)
				pass(15 * time.Second)
				w.want(t, 0, lunch, "Lunch")
				w.want(t, 1, meeting, "Meeting")
				h.end()
			})
		})
	}
}

func TestNoWriteNearTheLeasesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(1), &flaky{Store: openFile(t)}
		start(t, w, s, settings())
		pass(5 * time.Second)
		s.cut.Store(true)
		pass(leaseTTL - writeTimeout) // commits fail from here on in any case; so do renewals
		posts := w.postsSoFar()
		w.status(0, "Lunch")
		pass(time.Minute)
		if w.postsSoFar() != posts {
			t.Error("it wrote without a lease")
		}
		s.cut.Store(false)
		pass(10 * time.Second)
		w.want(t, 0, lunch, "Lunch")
	})
}

func TestFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		// The first replica is killed: its store is cut off, so that it can
		// neither release nor renew.
		cut := &flaky{Store: s}
		set := settings()
		first := start(t, w, cut, set)
		pass(2 * time.Second)
		set.Owner = "b"
		second := start(t, w, s, set)
		pass(2 * time.Second)
		if a, b := first.snapshot().Epoch, second.snapshot().Epoch; a == 0 || b != 0 {
			t.Fatalf("epochs %d and %d: both, or neither, have the lease", a, b)
		}
		cut.cut.Store(true)
		w.silent = true
		w.status(0, "Lunch")
		w.state(1, meeting)
		pass(5 * time.Second)
		w.want(t, 0, lunch, "Lunch")
		w.want(t, 1, meeting, "Meeting")
		if a, b := first.snapshot().Epoch, second.snapshot().Epoch; b <= a {
			t.Errorf("the successor's epoch is %d after %d", b, a)
		}
	})
}

func TestVendorOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		h := start(t, w, s, settings())
		pass(5 * time.Second)
		w.mu.Lock()
		w.failPoll, w.failPush = errFake, errFake
		w.receipt = func(string) schema.Receipt {
			return schema.Receipt{Result: schema.Unanswered, Detail: "503"}
		}
		w.mu.Unlock()
		w.status(0, "Lunch")
		w.state(1, meeting)
		pass(10 * time.Minute) // longer than any decision lives
		if got := h.snapshot(); !strings.HasPrefix(got.Feed.CXone, "down") {
			t.Errorf("CXone's feed is %q", got.Feed.CXone)
		}
		w.mu.Lock()
		w.failPoll, w.failPush, w.receipt = nil, nil, nil
		w.mu.Unlock()
		pass(10 * time.Second)
		w.want(t, 0, lunch, "Lunch")
		w.want(t, 1, meeting, "Meeting")
	})
}

func TestRetryAfterHoldsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(5), openFile(t)
		start(t, w, s, settings())
		pass(5 * time.Second)
		w.mu.Lock()
		w.receipt = func(string) schema.Receipt {
			return schema.Receipt{Result: schema.Unanswered, RetryAfter: 20 * time.Second, Detail: "429"}
		}
		w.mu.Unlock()
		w.status(0, "Lunch")
		pass(time.Second)
		w.mu.Lock()
		w.receipt = nil
		w.mu.Unlock()
		for i := range 5 {
			w.status(i, "Meeting")
		}
		pass(15 * time.Second)
		if w.postsSoFar() != 1 {
			t.Errorf("%d writes while the vendor asked to be left alone", w.postsSoFar())
		}
		pass(20 * time.Second)
		for i := range 5 {
			w.want(t, i, meeting, "Meeting")
		}
	})
}

func TestEventsEnd(t *testing.T) {
	tests := map[string]struct {
		err   error
		feed  string
		until time.Duration // when a change is to be seen at the latest
	}{
		"the position is gone":   {schema.ErrCursor, "polling", 20 * time.Second},
		"the allowance is spent": {schema.ErrAllowance, "polling", 20 * time.Second},
		"the set-up forbids it":  {schema.ErrSetup, "polling", 20 * time.Second},
		"the stream breaks":      {errFake, "polling", 20 * time.Second},
	}
	for why, test := range tests {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newWorld(2), openFile(t)
				w.failWatch = test.err
				w.silent = true
				h := start(t, w, s, settings())
				pass(5 * time.Second)
				w.status(0, "Lunch")
				pass(test.until)
				w.want(t, 0, lunch, "Lunch")
				if got := h.snapshot().Feed.Salesforce; !errors.Is(test.err, schema.ErrCursor) && !strings.HasPrefix(got, test.feed) {
					t.Errorf("Salesforce's feed is %q", got)
				}
				pass(time.Hour)
				if got, most := h.snapshot().Budget.Calls, 20_000/24*2; got > most {
					t.Errorf("%d calls in an hour of polling; the day has 20,000", got)
				}
			})
		})
	}
}

func TestBudgetOfDeliveries(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole day, tick by tick")
	}
	synctest.Test(t, func(t *testing.T) {
		pass(23*time.Hour + 45*time.Minute) // so that the next day is near
		w, s := newWorld(2), openFile(t)
		set := settings()
		set.DeliveriesPerDay = 10
		h := start(t, w, s, set)
		pass(5 * time.Second)
		for range 10 {
			w.status(0, "Lunch")
			pass(20 * time.Second)
			w.status(0, "Ready")
			pass(20 * time.Second)
		}
		if got := h.snapshot(); !strings.Contains(got.Feed.Salesforce, "deliveries") || got.Budget.Deliveries > 12 {
			t.Errorf("feed %q after %d deliveries of 10", got.Feed.Salesforce, got.Budget.Deliveries)
		}
		w.want(t, 0, available, "Ready")
		for len(w.stream) > 0 {
			<-w.stream // of the spent day
		}
		pass(20 * time.Minute)
		if got := h.snapshot().Feed.Salesforce; got != "events" {
			t.Errorf("the next day's feed is %q", got)
		}
	})
}

// TestBudgetOfCalls spends a day's calls, and wants Salesforce swept again when
// the next day has begun: what no event told is found then.
func TestBudgetOfCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pass(23*time.Hour + 55*time.Minute)
		w, s := newWorld(2), openFile(t)
		set := settings()
		set.CallsPerDay = 5
		h := start(t, w, s, set)
		w.mu.Lock()
		w.silent = true
		w.mu.Unlock()
		pass(4 * time.Minute)
		swept := w.sweptSoFar()
		if got := h.snapshot().Budget; got.Calls < SweepBudget(5) {
			t.Fatalf("%d calls of 5 are used", got.Calls)
		}
		w.status(0, "Lunch") // which no event tells
		pass(2 * time.Minute)
		if got := w.sweptSoFar(); got == swept {
			t.Error("the new day brings no sweep")
		}
		w.want(t, 0, lunch, "Lunch")
	})
}

func TestIdleDayCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole day, tick by tick")
	}
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		h := start(t, w, s, settings())
		pass(6 * time.Hour)
		if got := h.snapshot().Totals; got.Calls > 2000/4 || got.Writes != 0 {
			t.Errorf("a quarter of an idle day took %d calls to Salesforce and %d writes; feed %q", got.Calls, got.Writes, h.snapshot().Feed.Salesforce)
		}
	})
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		reload := make(chan Settings)
		start(t, w, s, settings(), func(o *Options) { o.Reload = reload })
		pass(5 * time.Second)
		next := settings()
		next.Rules[0].Publisher = append([]schema.Row{{State: available, Status: schema.Status{Name: "Open"}}}, next.Rules[0].Publisher[1:]...)
		next.Rules[0].Subscriber = []schema.Row{{State: available, Status: schema.Status{Name: "Open"}}}
		reload <- next
		pass(10 * time.Second)
		for i := range 3 {
			w.want(t, i, available, "Open") // by publishing
		}
	})
}

// TestReloadWhileACommandWaits: what waits to be sent is not, once the rule that
// it was decided by only watches, though the same is decided once more.
func TestReloadWhileACommandWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		w.delay = time.Second
		set := settings()
		set.Parallel = 1
		reload := make(chan Settings)
		start(t, w, s, set, func(o *Options) { o.Reload = reload })
		pass(5 * time.Second)
		w.status(0, "Lunch")
		w.status(1, "Lunch")
		pass(500 * time.Millisecond)
		set.Rules = rules()
		set.Rules[0].Mode = "shadow"
		reload <- set
		pass(20 * time.Second)
		if got := w.postsSoFar(); got != 1 {
			t.Errorf("%d writes; want the one that was under way", got)
		}
		if decided := lines(t, s, key(1), presence.Decided); len(decided) != 2 || !decided[1].Shadow {
			t.Errorf("decisions about who waited: %+v", decided)
		}
	})
}

func TestKilledBetweenCommitAndSending(t *testing.T) {
	set := settings()
	e := New(set)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	drive(t, e, now, 1)
	// Somebody goes to lunch; the batch is on its way, and nothing else is.
	out := e.Handle(now.Add(time.Second), Watched{Watch: 1, News: schema.News{Sightings: []schema.Sighting{{Person: userID(0), Status: "Lunch", Since: now.Add(time.Second)}}}})
	commit, sent := Commit{}, 0
	for _, r := range out {
		switch r := r.(type) {
		case Commit:
			commit = r
		case SetState, Push:
			sent++
		}
	}
	if commit.ID == 0 || sent != 0 {
		t.Fatalf("commit %d, %d sent before it", commit.ID, sent)
	}
	var state presence.State
	for _, set := range commit.Batch.Set {
		if set.Key == prefixAgent+key(0) {
			if err := state.UnmarshalBinary(set.Value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if target, ok := state.Pending(presence.CXone); !ok || target != lunch.String() {
		t.Errorf("the decision is not in the batch: %q", target)
	}
	if commit.Batch.Fence.Epoch != 7 {
		t.Errorf("the batch is not fenced: %+v", commit.Batch.Fence)
	}
}

// drive brings an engine to where it is running with n agents, answering what it
// asks at once.
func drive(t *testing.T, e *Engine, now time.Time, n int) {
	t.Helper()
	w := newWorld(n)
	for i := range n {
		w.states[agentID(i)] = schema.Sighting{Person: agentID(i), State: available, Since: now}
		w.shows[userID(i)] = schema.Sighting{Person: userID(i), Status: "Ready", Since: now}
	}
	users, _ := salesforce{w}.People(t.Context())
	agents, _ := cxone{w}.People(t.Context())
	sweep, _ := salesforce{w}.Sweep(t.Context())
	poll, _ := cxone{w}.Poll(t.Context(), nil)
	todo := append([]Request(nil), e.Handle(now, Tick{})...)
	for len(todo) > 0 {
		var event Event
		switch r := todo[0].(type) {
		case Acquire:
			event = Leased{Lease: store.Lease{Name: r.Name, Owner: r.Owner, Epoch: 7, Until: now.Add(time.Hour)}}
		case Recall:
			event = Recalled{Turn: r.Turn}
		case ReadControl:
			event = Controlled{Turn: r.Turn}
		case ReadPeople:
			event = PeopleRead{Turn: r.Turn, Salesforce: users, CXone: agents}
		case Sweep:
			event = Swept{Turn: r.Turn, News: sweep}
		case Poll:
			event = Polled{Turn: r.Turn, News: poll}
		case Commit:
			event = Committed{ID: r.ID}
		}
		todo = todo[1:]
		if event != nil {
			todo = append(todo, e.Handle(now, event)...)
		}
		if at := e.Next(); len(todo) == 0 && !at.After(now) && !at.IsZero() {
			todo = append(todo, e.Handle(now, Tick{})...)
		}
	}
}
