package mirror

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A pager keeps what people were called for, in order.
type pager struct {
	mu    sync.Mutex
	calls []string
}

func (p *pager) Notify(_ context.Context, n Notice) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	call := n.Kind
	if n.Over {
		call += " is over"
	}
	p.calls = append(p.calls, call)
	return nil
}

func (p *pager) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// TestPeopleAreCalled: for what a person can do something about, once it lasts,
// and when it is over; not for what passes.
func TestPeopleAreCalled(t *testing.T) {
	refuses := func(w *world) {
		w.receipt = func(string) schema.Receipt { return schema.Receipt{Result: schema.Unanswered, Detail: "time-out"} }
	}
	answers := func(w *world) { w.receipt = nil }
	tests := map[string]struct {
		fails, works func(w *world)
		lasts        time.Duration
		want         []string
	}{
		"CXone cannot be read":         {func(w *world) { w.failPoll = errFake }, func(w *world) { w.failPoll = nil }, time.Minute, []string{"poll", "poll is over"}},
		"for a moment":                 {func(w *world) { w.failPoll = errFake }, func(w *world) { w.failPoll = nil }, 10 * time.Second, nil},
		"CXone cannot be written to":   {refuses, answers, time.Minute, []string{"writing to CXone", "writing to CXone is over"}},
		"Salesforce tells no events":   {func(w *world) { w.failWatch = errFake }, func(w *world) { w.failWatch = nil }, 5 * time.Minute, []string{"events", "events is over"}},
		"Salesforce cannot be read":    {func(w *world) { w.failSweep = errFake }, func(w *world) { w.failSweep = nil }, 20 * time.Minute, []string{"sweep", "sweep is over"}},
		"everything works all the day": {func(*world) {}, func(*world) {}, time.Hour, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, hook := newWorld(2), &pager{}
				start(t, w, openFile(t), settings(), func(o *Options) { o.Webhook = hook })
				pass(5 * time.Second)
				w.with(tc.fails)
				w.status(0, "Lunch")
				pass(tc.lasts)
				w.with(tc.works)
				w.status(1, "Lunch")
				pass(5 * time.Minute)
				if diff := cmp.Diff(tc.want, hook.told()); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		})
	}
}

func (w *world) with(change func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// TestStandbySaysWhoServes: whoever looks at a replica that does nothing is told
// why, once; and one that is to go round once does not wait for ever.
func TestStandbySaysWhoServes(t *testing.T) {
	tests := map[string]struct {
		once, cut bool // is the one who serves cut off?
		ends      bool
		err       error
	}{
		"a replica":                   {false, false, false, nil},
		"once":                        {true, false, true, store.ErrHeld},
		"once, after who was cut off": {true, true, true, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s, set := newWorld(1), openFile(t), settings()
				first := &flaky{Store: s}
				start(t, w, first, set)
				pass(5 * time.Second)
				first.cut.Store(tc.cut)
				var log bytes.Buffer
				set.Owner, set.Once = "b", tc.once
				h := start(t, w, s, set, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
				pass(time.Minute)
				if n := strings.Count(log.String(), `msg="waiting: a serves"`); n != 1 {
					t.Errorf("it says %d times who serves:\n%s", n, log.String())
				}
				select {
				case err := <-h.done:
					h.done <- err
					if !tc.ends || !errors.Is(err, tc.err) {
						t.Errorf("it ends with %v, want %v", err, tc.err)
					}
				default:
					if tc.ends {
						t.Error("it waits for ever")
					}
				}
			})
		})
	}
}

// TestBudgetIsTold: that it is spent, and that a new day has begun.
func TestBudgetIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pass(23*time.Hour + 45*time.Minute) // so that the next day is near
		w, hook, set := newWorld(2), &pager{}, settings()
		set.CallsPerDay = 4
		w.noBridge = true
		start(t, w, openFile(t), set, func(o *Options) { o.Webhook = hook })
		pass(14 * time.Minute)
		if diff := cmp.Diff([]string{"budget"}, hook.told()); diff != "" {
			t.Errorf("spent: -want +got\n%s", diff)
		}
		pass(2 * time.Minute)
		if told := hook.told(); len(told) < 2 || told[1] != "budget is over" {
			t.Errorf("a new day: %v", told)
		}
	})
}
