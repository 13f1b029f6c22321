package mirror

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A doubled CXone has agents whom NICE's own sync serves as well.
type doubled struct {
	cxone
	agents *[]string
}

func (d doubled) Assigned(context.Context) ([]string, error) { return *d.agents, nil }

// TestAssignedAreLeftAlone: whom NICE's own sync serves is not moved by a second
// writer, which is told; who is only watched goes on being watched.
func TestAssignedAreLeftAlone(t *testing.T) {
	told := []string{"assigned", "assigned is over"}
	tests := map[string]struct {
		reason  string
		change  func(*Settings)
		stopped int
		want    []string
	}{
		"live":              {"two would write", func(*Settings) {}, 1, told},
		"-shadow":           {"compare is about them", func(s *Settings) { s.Mode = Shadow }, 0, nil},
		"a rule in shadow":  {"compare is about them", func(s *Settings) { s.Rules[0].Mode = "shadow" }, 0, nil},
		"NICE's own rule":   {"it is carried out there", func(s *Settings) { s.Rules[0].Executor = "cxone" }, 0, nil},
		"nobody they reach": {"they are no business of run", func(s *Settings) { s.Rules[0].Teams = []string{"Sales"} }, 0, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, hook, set, agents := newWorld(2), &pager{}, settings(), []string{agentID(0)}
				tc.change(&set)
				h := start(t, w, openFile(t), set, func(o *Options) {
					o.CXone, o.Webhook = doubled{cxone{w}, &agents}, hook
				})
				pass(5 * time.Second)
				if got := h.snapshot().Totals.Stopped; got != tc.stopped {
					t.Errorf("%s: %d are stopped, want %d", tc.reason, got, tc.stopped)
				}
				w.status(0, "Lunch")
				pass(10 * time.Second)
				w.want(t, 0, available, "Lunch")
				agents = nil
				pass(2 * peopleEvery)
				if got := h.snapshot().Totals.Stopped; got != 0 {
					t.Errorf("%s: %d are stopped when nobody is assigned any more", tc.reason, got)
				}
				if diff := cmp.Diff(tc.want, hook.told()); diff != "" {
					t.Errorf("%s: told, -want +got\n%s", tc.reason, diff)
				}
			})
		})
	}
}
