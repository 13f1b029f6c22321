package mirror

import (
	"context"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestStoreTroubleIsSeen: while nothing can be kept nothing is sent, and whoever
// looks is told why.
func TestStoreTroubleIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), &flaky{Store: openFile(t)}
		h := start(t, w, s, settings())
		pass(5 * time.Second)
		if got := h.snapshot().Troubles; got == nil || len(got) > 0 {
			t.Errorf("all is well, and the troubles are %#v", got)
		}
		full := error(syscall.ENOSPC)
		s.fail.Store(&full)
		w.status(0, "Lunch")
		pass(5 * time.Second)
		want := []Trouble{{What: "store", Text: full.Error()}}
		if diff := cmp.Diff(want, h.snapshot().Troubles); diff != "" {
			t.Errorf("a full disk (-want +got):\n%s", diff)
		}
		s.fail.Store(nil)
		pass(15 * time.Second)
		if got := h.snapshot().Troubles; len(got) > 0 {
			t.Errorf("the disk has room again, and the troubles are %v", got)
		}
		h.end()
	})
}

// TestStandbyTellsNothingItCannotKnow: a replica that has lost the lease has no
// view of the vendors any more, so that what it knew of them is no trouble.
func TestStandbyTellsNothingItCannotKnow(t *testing.T) {
	now := time.Now()
	e := New(settings())
	drive(t, e, now, 2)
	e.Handle(now, Polled{Turn: e.turn, Err: errFake})
	if got := e.Snapshot(now); len(got.Troubles) != 1 || got.Feed.CXone != "down: "+errFake.Error() {
		t.Errorf("CXone cannot be read, and that is told as %v, %q", got.Troubles, got.Feed.CXone)
	}
	e.lose("a test")
	got := e.Snapshot(now)
	if got.Standing != Standby || len(got.Troubles) > 0 || got.Feed.CXone != "standby" || got.Feed.Salesforce != "standby" || !got.Feed.News.IsZero() {
		t.Errorf("a replica on standby tells %s, %v, %+v", got.Standing, got.Troubles, got.Feed)
	}
}

// TestStanding: who has the lease is starting until both sides were read.
func TestStanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		w.failSweep = errFake
		first := start(t, w, s, settings())
		pass(5 * time.Second)
		got := first.snapshot()
		if got.Standing != Starting || got.Feed.CXone != "polling" || got.Feed.Salesforce != "down: "+errFake.Error() {
			t.Errorf("Salesforce was never read, and the owner is %s with %+v", got.Standing, got.Feed)
		}
		w.mu.Lock()
		w.failSweep = nil
		w.mu.Unlock()
		pass(10 * time.Second)
		if got := first.snapshot(); got.Standing != Running || got.Feed.Salesforce != "events" {
			t.Errorf("both sides were read, and the owner is %s with %+v", got.Standing, got.Feed)
		}
		other := settings()
		other.Owner = "b"
		second := start(t, w, s, other)
		pass(2 * time.Second)
		if got := second.snapshot(); got.Standing != Standby || got.Owner != "a" {
			t.Errorf("the second replica is %s while %q serves", got.Standing, got.Owner)
		}
		first.end()
		pass(10 * time.Second)
		if got := second.snapshot(); got.Standing != Running || got.Owner != "b" {
			t.Errorf("the second replica is %s while %q serves; the first has ended", got.Standing, got.Owner)
		}
	})
}

// TestOnDuty: who is logged out on a side, or whom no rule reaches, is nobody to
// keep in step.
func TestOnDuty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, set := newWorld(5), settings()
		set.Rules[0].Exclude = []string{mail(4)}
		w.status(0, schema.Offline)
		w.state(1, schema.ACDState{Word: schema.StateLoggedOut})
		w.state(2, lunch) // a pair of no row
		h := start(t, w, openFile(t), set)
		pass(10 * time.Second)
		got := h.snapshot().Totals
		if got.Agents != 5 || got.OnDuty != 2 || got.Apart != 1 {
			t.Errorf("%d agents, %d on duty, %d apart; want 5, 2, 1", got.Agents, got.OnDuty, got.Apart)
		}
		counts, err := h.view.Changes(t.Context(), 1<<60)
		if err != nil || counts.Totals.OnDuty != 2 || len(counts.Agents) != 0 {
			t.Errorf("who asks for counts only is told %d on duty and %d agents: %v", counts.Totals.OnDuty, len(counts.Agents), err)
		}
	})
}

// TestWritesBySide: the two sides are called by ways of their own, so that one
// may be busy while the other is not.
func TestWritesBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		h := start(t, w, openFile(t), settings())
		pass(time.Second)
		w.status(0, "Lunch")
		w.state(1, meeting)
		w.state(2, lunch)
		pass(10 * time.Second)
		if got := h.snapshot().Totals; got.Writes != 3 || got.WritesTo != (Two{CXone: 1, Salesforce: 2}) {
			t.Errorf("%d writes, %+v; want 1 to CXone, 2 to Salesforce", got.Writes, got.WritesTo)
		}
	})
}

// TestSweepIsNews: while Salesforce is polled, a sweep is its word.
func TestSweepIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1)
		w.failWatch = schema.ErrSetup // tried again in ten minutes
		h := start(t, w, openFile(t), settings())
		pass(8 * time.Minute)
		if silent := time.Since(h.snapshot().Feed.News); silent > time.Minute {
			t.Errorf("Salesforce is swept, and said to have been silent for %v", silent)
		}
		w.mu.Lock()
		w.failSweep = errFake
		w.mu.Unlock()
		pass(time.Minute)
		if silent := time.Since(h.snapshot().Feed.News); silent < 50*time.Second {
			t.Errorf("sweeps fail, and Salesforce is said to have been silent for %v", silent)
		}
	})
}

// A lopsided CXone lists people who are no users of Salesforce.
type lopsided struct {
	cxone
	more []schema.Person
}

func (l lopsided) People(ctx context.Context) ([]schema.Person, error) {
	people, err := l.cxone.People(ctx)
	return append(people, l.more...), err
}

// TestUnmatchedAreThoseToBeKeptInStep is what plan and doctor count as well.
func TestUnmatchedAreThoseToBeKeptInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		someone := func(id, team string) schema.Person {
			return schema.Person{ID: id, Name: id, Username: id + "@acme.example", Email: id + "@acme.example", Team: team, Active: true}
		}
		side := lopsided{cxone{w}, []schema.Person{someone("lost", "Support"), someone("robot", "Integration"), someone("named", "Integration")}}
		set := settings()
		set.Rules[0].Users = []string{"named@acme.example"}
		reload := make(chan Settings)
		kept := openFile(t)
		h := start(t, w, kept, set, func(o *Options) { o.CXone, o.Reload = side, reload })
		pass(5 * time.Second)
		if told := lines(t, kept, "", Noticed); len(told) == 0 || told[0].Detail != "2 agents are kept in step, 2 people are unmatched" {
			t.Errorf("the day begins with %+v", told)
		}
		all := h.changes(0)
		if diff := cmp.Diff([]string{"lost", "named"}, ids(all.Strange)); diff != "" || all.Totals.Unmatched != 2 {
			t.Errorf("%d are unmatched (-want +got):\n%s", all.Totals.Unmatched, diff)
		}
		if again := h.changes(all.Version); again.Strange != nil || again.Totals.Unmatched != 2 {
			t.Errorf("the list is sent again, or is not counted: %v", again.Strange)
		}
		set.Rules = rules()
		reload <- set
		pass(time.Second)
		if diff := cmp.Diff([]string{"lost"}, ids(h.changes(all.Version).Strange)); diff != "" {
			t.Errorf("other rules reach others (-want +got):\n%s", diff)
		}
	})
}

func (h *host) changes(since uint64) Changes {
	h.t.Helper()
	c, err := h.view.Changes(h.t.Context(), since)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func ids(strange []Strange) []string {
	var list []string
	for i := range strange {
		list = append(list, strange[i].ID)
	}
	return list
}

// TestReachedLeavesUsersOut: an org has users who are nobody's agents.
func TestReachedLeavesUsersOut(t *testing.T) {
	set := presence.NewRuleset(rules(), presence.Facts{})
	strange := []Strange{{Side: sideSalesforce, ID: "u", Team: "Support"}, {Side: sideCXone, ID: "a", Team: "Support"}}
	if diff := cmp.Diff([]string{"a"}, ids(Reached(strange, set))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
