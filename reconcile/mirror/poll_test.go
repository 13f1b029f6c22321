package mirror

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// A blank CXone can list nobody, as one that is being started does.
type blank struct {
	cxone
	is *bool // under the world's lock
}

func (b blank) Poll(ctx context.Context, cursor []byte) (schema.News, error) {
	n, err := b.cxone.Poll(ctx, cursor)
	b.mu.Lock()
	defer b.mu.Unlock()
	if *b.is {
		n.Sightings = nil
	}
	return n, err
}

// TestEmptyList: a list of nobody would log everybody out, and what they change
// from then on would be taken for a login and be adopted.
func TestEmptyList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(3), openFile(t)
		empty := false
		on := func(o *Options) { o.CXone = blank{cxone{w}, &empty} }
		set := func(is bool) { w.change(func(*world) { empty = is }) }
		wantIn := func(h *host, in bool, why string) {
			t.Helper()
			for _, a := range h.snapshot().Agents {
				if out := a.State == schema.StateLoggedOut; out == in {
					t.Errorf("%s: %s shows %s", why, a.Key, a.State)
				}
			}
		}
		h := start(t, w, s, settings(), on)
		pass(10 * time.Second)

		set(true)
		pass(resyncEvery)
		wantIn(h, true, "listed nobody for a moment")
		if feed := h.snapshot().Feed.CXone; !strings.Contains(feed, "lists nobody") {
			t.Errorf("the feed is %q", feed)
		}
		w.status(0, "Lunch")
		pass(time.Second)
		set(false)
		pass(15 * time.Second)
		w.want(t, 0, lunch, "Lunch")
		if feed := h.snapshot().Feed.CXone; feed != "polling" {
			t.Errorf("the feed is %q once everybody is listed again", feed)
		}
		h.end()

		set(true)
		h = start(t, w, s, settings(), on)
		pass(10 * time.Second)
		wantIn(h, true, "listed nobody after a restart, for a moment")
		pass(emptyFor)
		wantIn(h, false, "listed nobody for as long as it takes to be believed")
	})
}

func TestPollsLeaveCXoneAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		h := start(t, w, openFile(t), settings())
		pass(10 * time.Second)
		asked := func(within time.Duration) int {
			before := w.pollsSoFar()
			pass(within)
			return w.pollsSoFar() - before
		}
		w.change(func(w *world) { w.failPoll = &schema.Pause{For: time.Minute, Err: errFake} })
		w.status(0, "Lunch") // a write hastens nothing now
		if n := asked(59 * time.Second); n != 1 {
			t.Errorf("%d polls, want the one that was told to come again in a minute", n)
		}
		w.change(func(w *world) { w.failPoll = nil })
		if n := asked(15 * time.Second); n < 2 {
			t.Errorf("%d polls in the quarter of a minute after that", n)
		}
		if feed := h.snapshot().Feed.CXone; feed != "polling" {
			t.Errorf("the feed is %q", feed)
		}
	})
}

// TestPollsOfABusyCentre holds what the sync block says of poll_interval.
func TestPollsOfABusyCentre(t *testing.T) {
	for _, test := range []struct {
		why    string
		writes int           // in a minute
		every  time.Duration // a poll
	}{
		{"nobody writes: the interval is the interval", 0, 30 * time.Second},
		{"somebody writes all the time: a write is to be seen before it would be sent again", 60, time.Second},
	} {
		t.Run(test.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, set := newWorld(60), settings()
				set.PollInterval, set.Breaker = 30*time.Second, Breaker{}
				start(t, w, openFile(t), set)
				pass(40 * time.Second)
				before := w.pollsSoFar()
				for i := range 60 {
					if i < test.writes {
						w.status(i, "Lunch")
					}
					pass(time.Second)
				}
				n, want := w.pollsSoFar()-before, int(time.Minute/test.every)
				if n < want-2 || n > want+2 {
					t.Errorf("%d polls in a minute, want about %d", n, want)
				}
			})
		})
	}
}

// pollsSoFar counts the polls of CXone.
func (w *world) pollsSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.polls
}

// A lull is in the middle between two polls, however many there are.
func TestLull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, lulls, polls := newWorld(2), 0, 0
		set := settings()
		set.PollInterval = minInterval
		start(t, w, openFile(t), set, func(o *Options) {
			o.Lull = func() {
				w.mu.Lock()
				lulls, polls = lulls+1, w.polls
				w.mu.Unlock()
				time.Sleep(minInterval / 4) // it holds nobody up
			}
		})
		pass(time.Minute + minInterval*3/4)
		w.mu.Lock()
		defer w.mu.Unlock()
		if polls < 60 || polls != w.polls || lulls < polls-1 {
			t.Errorf("%d lulls, the last after %d polls of %d; want one after each", lulls, polls, w.polls)
		}
	})
}
