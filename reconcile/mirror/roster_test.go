package mirror

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// A staffed side lists who is on the staff at the time, rather than everybody.
type staffed struct {
	cxone
	of *roll
}

func (s staffed) People(ctx context.Context) ([]schema.Person, error) {
	list, err := s.cxone.People(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of.list(list), err
}

// Poll leaves out who is not there yet.
func (s staffed) Poll(ctx context.Context, cursor []byte) (schema.News, error) {
	n, err := s.cxone.Poll(ctx, cursor)
	s.mu.Lock()
	defer s.mu.Unlock()
	n.Sightings = slices.DeleteFunc(n.Sightings, func(seen schema.Sighting) bool { return (*s.of)[seen.Person] == "" })
	return n, err
}

// A roll is who is on the staff, and by what e-mail address. It is kept under the
// world's lock.
type roll map[string]string // by agent

func (r roll) list(all []schema.Person) []schema.Person {
	list := slices.DeleteFunc(all, func(p schema.Person) bool { return r[p.ID] == "" })
	for i := range list {
		list[i].Email = r[list[i].ID]
	}
	return list
}

// TestPeopleAreReadWhileRunning: who leaves or is given another address during
// the day is served, or not, from the next reading on.
func TestPeopleAreReadWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		of := roll{agentID(0): mail(0), agentID(1): "typed.wrong@acme.example", agentID(2): mail(2)}
		h := start(t, w, openFile(t), settings(), func(o *Options) { o.CXone = staffed{cxone{w}, &of} })
		pass(10 * time.Second)
		move := func(want map[int]string, why string) {
			t.Helper()
			for i := range 3 {
				w.state(i, lunch)
			}
			pass(10 * time.Second)
			for i, status := range want {
				w.want(t, i, lunch, status)
			}
			for i := range 3 {
				w.state(i, available)
				w.status(i, "Ready")
			}
			pass(10 * time.Second)
			if t.Failed() {
				t.Log(why)
			}
		}
		move(map[int]string{0: "Lunch", 1: "Ready", 2: "Lunch"}, "as at the start")

		w.change(func(*world) { of = roll{agentID(0): mail(0), agentID(1): mail(1)} })
		pass(peopleEvery)
		move(map[int]string{0: "Lunch", 1: "Lunch", 2: "Ready"}, "one gone, one with the address corrected")
		if got := h.snapshot().Totals; got.Agents != 2 {
			t.Errorf("%d agents are kept in step, want 2", got.Agents)
		}
	})
}

// TestHiredAndSeenAtOnce: who shows something and was listed by nobody is looked
// up sooner than people are read anyway.
func TestHiredAndSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		of := roll{agentID(0): mail(0)}
		start(t, w, openFile(t), settings(), func(o *Options) { o.CXone = staffed{cxone{w}, &of} })
		pass(2 * strangersEvery)
		w.change(func(*world) { of[agentID(1)] = mail(1) })
		w.state(1, meeting)
		pass(strangersEvery + 10*time.Second)
		w.state(1, lunch)
		pass(10 * time.Second)
		w.want(t, 1, lunch, "Lunch")
	})
}
