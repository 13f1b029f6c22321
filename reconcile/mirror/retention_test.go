package mirror

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// aged is a store whose journal holds a line of each age, named by it.
func aged(t *testing.T, ages ...time.Duration) store.Store {
	t.Helper()
	s := openFile(t)
	b := store.Batch{Tenant: "acme"}
	for _, age := range ages {
		b.Append = append(b.Append, store.Entry{At: time.Now().Add(-age), Agent: age.String()})
	}
	if _, err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return s
}

func wantAges(t *testing.T, s store.Store, why string, want ...time.Duration) {
	t.Helper()
	var wanted, got []string
	for _, age := range want {
		wanted = append(wanted, age.String())
	}
	for e, err := range s.Journal(t.Context(), store.Query{Tenant: "acme"}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := time.ParseDuration(e.Agent); err == nil {
			got = append(got, e.Agent)
		}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s: the journal's old lines (-want +got):\n%s", why, diff)
	}
}

const month = 30 * 24 * time.Hour

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := aged(t, 2*month, month-30*time.Minute, time.Hour)
		set := settings()
		set.Retention = month
		h := start(t, newWorld(1), s, set)
		pass(eraseSoon + time.Second)
		wantAges(t, s, "soon after the start", month-30*time.Minute, time.Hour)
		pass(eraseEvery)
		wantAges(t, s, "as lines grow old", time.Hour)
		h.end()
	})
}

func TestRetentionOfOnce(t *testing.T) {
	for _, test := range []struct {
		why       string
		mode      Mode
		retention time.Duration
		want      []time.Duration
	}{
		{"a run from a timetable erases, however short it is", Live, month, []time.Duration{time.Hour}},
		{"one that only watches keeps a journal as well", Shadow, month, []time.Duration{time.Hour}},
		{"no retention is for ever", Live, 0, []time.Duration{2 * month, time.Hour}},
	} {
		t.Run(test.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := aged(t, 2*month, time.Hour)
				set := settings()
				set.Mode, set.Once, set.Retention = test.mode, true, test.retention
				h := start(t, newWorld(1), s, set)
				err := <-h.done
				h.done <- err
				if err != nil {
					t.Error(err)
				}
				wantAges(t, s, test.why, test.want...)
			})
		})
	}
}
