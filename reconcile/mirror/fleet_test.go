package mirror

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A crew is one process that runs several tenants.
type crew struct {
	runs []*host
	stop context.CancelFunc
	gone chan struct{}
}

func crewOf(t *testing.T, s store.Store, owner string, tenants ...string) *crew {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &crew{stop: cancel, gone: make(chan struct{})}
	fleet := &Fleet{Store: s, Owner: owner}
	for _, tenant := range tenants {
		set := settings()
		set.Tenant, set.Owner = tenant, owner
		c.runs = append(c.runs, start(t, newWorld(1), s, set, func(o *Options) { o.Fleet = fleet }))
	}
	go func() {
		defer close(c.gone)
		fleet.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-c.gone
	})
	return c
}

func (c *crew) end() {
	c.stop()
	<-c.gone
	for _, h := range c.runs {
		h.end()
	}
}

// holders tells how many tenants each process holds.
func holders(t *testing.T, s store.Store) map[string]int {
	t.Helper()
	leases, err := s.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	holds := map[string]int{}
	for _, l := range leases {
		if strings.HasPrefix(l.Name, leaseName("")) {
			holds[l.Owner]++
		}
	}
	return holds
}

func wantSpread(t *testing.T, s store.Store, why string, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, holders(t, s)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", why, diff)
	}
}

// Who comes late is handed its share, one tenant a minute, and takes the rest
// when the other ends.
func TestLeasesSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openFile(t)
		tenants := []string{"acme", "globex", "initech", "umbrella", "wayne"}
		first := crewOf(t, s, "first", tenants...)
		pass(10 * time.Second)
		wantSpread(t, s, "one is alone", map[string]int{"first": 5})

		second := crewOf(t, s, "second", tenants...)
		pass(10 * time.Second)
		wantSpread(t, s, "another came", map[string]int{"first": 4, "second": 1})
		pass(30 * time.Second)
		wantSpread(t, s, "one a minute", map[string]int{"first": 4, "second": 1})
		pass(30 * time.Second)
		wantSpread(t, s, "a minute later", map[string]int{"first": 3, "second": 2})
		pass(time.Hour)
		wantSpread(t, s, "what cannot be shared out better stays", map[string]int{"first": 3, "second": 2})

		first.end()
		pass(2 * time.Second)
		wantSpread(t, s, "the other has ended", map[string]int{"second": 5})
		second.end()
		leases, err := s.Leases(t.Context())
		if err != nil || len(leases) > 0 {
			t.Errorf("left behind: %v, %v", leases, err)
		}
	})
}

// What is handed over is kept in step by the new owner, and by the old one again
// when nobody takes it.
func TestHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := openFile(t), newWorld(2)
		fleet := &Fleet{Store: s, Owner: "a"}
		old := start(t, w, s, settings(), func(o *Options) { o.Fleet = fleet })
		pass(5 * time.Second)
		if !fleet.give(fleet.tenants()) {
			t.Fatal("nothing is held")
		}
		pass(4 * time.Second)
		wantSpread(t, s, "others go first", map[string]int{})
		pass(3 * time.Second)
		wantSpread(t, s, "nobody wants it", map[string]int{"a": 1})

		late := settings()
		late.Owner = "b"
		next := start(t, w, s, late)
		pass(time.Second)
		w.status(0, "Lunch")
		fleet.give(fleet.tenants())
		pass(3 * time.Second)
		wantSpread(t, s, "it is handed over", map[string]int{"b": 1})
		if owner := old.snapshot().Owner; owner != "b" {
			t.Errorf("the old owner takes %q for the new one", owner)
		}
		w.status(1, "Meeting")
		pass(5 * time.Second)
		w.want(t, 0, lunch, "Lunch")
		w.want(t, 1, meeting, "Meeting")
		if len(w.sets) != 2 {
			t.Errorf("CXone was set by %v, want each once", w.sets)
		}
		next.end()
		old.end()
	})
}

// Processes that run other tenants could not take over what they are given.
func TestOnlyTheSameTenantsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openFile(t)
		crewOf(t, s, "first", "acme", "globex", "initech")
		pass(10 * time.Second)
		crewOf(t, s, "second", "umbrella", "wayne")
		crewOf(t, s, "third", "stark")
		pass(10 * time.Minute)
		wantSpread(t, s, "each has its own", map[string]int{"first": 3, "second": 2, "third": 1})
	})
}

func TestOneTooMany(t *testing.T) {
	tests := []struct {
		why   string
		holds map[string]int
		want  bool
	}{
		{"who is not there gives nothing", map[string]int{"b": 4}, false},
		{"alone", map[string]int{"a": 4}, false},
		{"one more is as even as it gets", map[string]int{"a": 2, "b": 1}, false},
		{"two more", map[string]int{"a": 2, "b": 0}, true},
		{"another holds more", map[string]int{"a": 2, "b": 0, "c": 3}, false},
		{"another holds as many, and is later by name", map[string]int{"a": 2, "b": 2, "c": 0}, true},
		{"another holds as many, and is first", map[string]int{"0": 2, "a": 2, "c": 0}, false},
	}
	for _, test := range tests {
		if got := oneTooMany("a", test.holds); got != test.want {
			t.Errorf("%s: %v", test.why, got)
		}
	}
}

// However the leases lie, handing over one at a time ends, and evenly.
func TestSpreadingEnds(t *testing.T) {
	for _, begin := range []map[string]int{{"a": 9, "b": 0, "c": 0}, {"a": 5, "b": 5, "c": 0, "d": 0}, {"a": 1, "b": 7}} {
		t.Run(fmt.Sprint(begin), func(t *testing.T) {
			holds := begin
			for range 20 {
				from, to := "", ""
				for owner, n := range holds {
					if oneTooMany(owner, holds) {
						from = owner
					}
					if to == "" || n < holds[to] {
						to = owner
					}
				}
				if from == "" {
					break
				}
				holds[from], holds[to] = holds[from]-1, holds[to]+1
			}
			for a, n := range holds {
				for b, m := range holds {
					if n-m > 1 {
						t.Errorf("%s holds %d and %s %d", a, n, b, m)
					}
				}
			}
		})
	}
}
