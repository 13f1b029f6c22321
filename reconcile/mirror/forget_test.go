package mirror

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// remembered lists what a store keeps of an agent: keys of its memory, and of the
// journal how many entries.
func remembered(t *testing.T, s store.Store, agent string) (keys []string, entries int) {
	t.Helper()
	for item, err := range s.Memory(t.Context(), "acme", "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(item.Key+string(item.Value), agent) {
			keys = append(keys, item.Key)
		}
	}
	for _, err := range s.Journal(t.Context(), store.Query{Tenant: "acme", Agent: agent}) {
		if err != nil {
			t.Fatal(err)
		}
		entries++
	}
	return keys, entries
}

// TestForget: whatever the owner of the lease is doing, afterwards the person's
// history is gone, they are known by name as long as anybody serves them, and
// they are begun anew with: nothing that was agreed before counts.
func TestForget(t *testing.T) {
	known := []string{"agent/" + key(0), "known/" + key(0)}
	tests := map[string]struct {
		reason string
		serves func(t *testing.T, w *world, s store.Store) // until the order is given
		keys   []string
		begins bool // anew
	}{
		"a run that serves": {
			"the engine holds what the store forgot, and would go on with it unseen",
			func(t *testing.T, w *world, s store.Store) { start(t, w, s, settings()) }, known, true,
		},
		"a run that has ended": {
			"nobody reads orders, so the order is not left behind either",
			func(t *testing.T, w *world, s store.Store) {
				h := start(t, w, s, settings())
				pass(time.Minute)
				h.end()
			}, nil, false,
		},
		"a run that was cut off": {
			"its lease is waited out, and fences what it may still try to keep",
			func(t *testing.T, w *world, s store.Store) {
				cut := &flaky{Store: s}
				start(t, w, cut, settings())
				pass(time.Minute)
				cut.cut.Store(true)
			}, nil, false,
		},
		"a run that has a write under way": {
			"the answer to it is about somebody who is not there any more",
			func(t *testing.T, w *world, s store.Store) {
				w.delay = 1500 * time.Millisecond
				start(t, w, s, settings())
				pass(time.Minute)
				w.status(0, "Meeting")
				time.Sleep(10 * time.Millisecond)
			}, known, true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newWorld(2), openFile(t)
				tc.serves(t, w, s)
				pass(0)
				began := time.Now()
				entries, err := Forget(t.Context(), s, "acme", key(0))
				if err != nil || entries == 0 {
					t.Fatalf("%s: %d entries, %v", tc.reason, entries, err)
				}
				if took := time.Since(began); took > forgetPatience/2 {
					t.Errorf("%s: it took %s", tc.reason, took)
				}
				pass(time.Minute)
				keys, _ := remembered(t, s, key(0))
				if diff := cmp.Diff(tc.keys, keys); diff != "" {
					t.Errorf("%s: what is kept in memory, -want +got\n%s", tc.reason, diff)
				}
				for line, err := range s.Journal(t.Context(), store.Query{Tenant: "acme", Agent: key(0)}) {
					if err != nil || line.At.Before(began) {
						t.Errorf("%s: the journal has %s of %s, %v", tc.reason, line.Data, line.At, err)
					}
				}
				if _, others := remembered(t, s, key(1)); others == 0 {
					t.Errorf("%s: others are forgotten as well", tc.reason)
				}
				if !tc.begins {
					return
				}
				w.status(0, "Lunch")
				pass(10 * time.Second)
				w.want(t, 0, lunch, "Lunch")
				if _, again := remembered(t, s, key(0)); again == 0 {
					t.Errorf("%s: what is written from now on cannot be asked for", tc.reason)
				}
			})
		})
	}
}

// TestForgetAdoptsAnew: what was agreed before counts for nothing, so that a pair
// that is apart when the order comes stays as it is.
func TestForgetAdoptsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(1), openFile(t)
		start(t, w, s, settings())
		pass(time.Minute)
		if err := Stop(t.Context(), s, "acme", StopOrder{Agent: key(0), Reason: "asked"}); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		w.status(0, "Lunch")
		if _, err := Forget(t.Context(), s, "acme", key(0)); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		w.want(t, 0, available, "Lunch") // a stop outlives being forgotten
		if err := Resume(t.Context(), s, "acme", "", key(0)); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		w.want(t, 0, available, "Lunch")
		w.status(0, "Meeting")
		pass(10 * time.Second)
		w.want(t, 0, meeting, "Meeting")
	})
}

// TestForgetUnheard: an owner that never carries the order out is named.
func TestForgetUnheard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openFile(t)
		lease, err := s.Acquire(t.Context(), leaseName("acme"), "host/7", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Release(t.Context(), lease) }()
		_, err = Forget(t.Context(), s, "acme", key(0))
		if err == nil || !strings.Contains(err.Error(), "host/7 serves and has not carried it out") {
			t.Errorf("it says %v", err)
		}
	})
}
