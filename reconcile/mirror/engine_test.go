package mirror

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestIdleAgentIsSmall holds the bar of DESIGN §9: 1 KiB beyond the store.
func TestIdleAgentIsSmall(t *testing.T) {
	const n = 20_000
	before := heap()
	e := New(settings())
	drive(t, e, time.Now(), n)
	each := (heap() - before) / n
	if len(e.agents) != n || e.gauges.unseen != 0 {
		t.Fatalf("%d agents, %d of them unseen", len(e.agents), e.gauges.unseen)
	}
	if each > 1024 {
		t.Errorf("an idle agent takes %d bytes", each)
	}
	t.Logf("%d bytes", each)
	runtime.KeepAlive(e)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestSameEventsSameRequests keeps the engine a machine.
func TestSameEventsSameRequests(t *testing.T) {
	now := time.Now()
	run := func() [][]Request {
		e := New(settings())
		drive(t, e, now, 50)
		var all [][]Request
		for i := range 30 {
			at := now.Add(time.Duration(i) * time.Second)
			n := schema.News{Sightings: []schema.Sighting{
				{Person: userID(i), Status: "Lunch", Since: at}, {Person: userID(49 - i), Status: "Meeting", Since: at},
			}}
			all = append(all, append([]Request(nil), e.Handle(at, Watched{Watch: 1, News: n})...))
		}
		return all
	}
	if diff := cmp.Diff(run(), run()); diff != "" {
		t.Errorf("the second run differs (-first +second):\n%s", diff)
	}
}

func TestAnswersOfAnEarlierLeaseCountForNothing(t *testing.T) {
	now := time.Now()
	e := New(settings())
	drive(t, e, now, 2)
	turn := e.turn
	e.lose("a test")
	drive(t, e, now.Add(5*time.Second), 2)
	stale := schema.News{Whole: true, Sightings: []schema.Sighting{{Person: agentID(0), State: lunch, Since: now.Add(time.Second)}}}
	e.Handle(now.Add(6*time.Second), Polled{Turn: turn, News: stale})
	e.Handle(now.Add(6*time.Second), Swept{Turn: turn, News: schema.News{Whole: true}})
	for _, a := range e.Snapshot(now).Agents {
		if a.State != available.String() || a.Status != "Ready" {
			t.Errorf("%s shows %s and %s", a.Key, a.State, a.Status)
		}
	}
}

func TestLines(t *testing.T) {
	lines := map[string]Line{
		"a decision": {At: time.UnixMilli(1).UTC(), Agent: "a", Entry: presence.Entry{
			What: presence.Decided, State: lunch, Status: "Ready", BaseState: available, BaseStatus: "Ready", Moved: "CXone",
			Rule: "Support", Digest: 1 << 63, Cause: presence.ByPublisher, Row: "r.hcl:2", Side: presence.Salesforce,
			Target: "Lunch", Command: 9, Shadow: true, Detail: "why",
		}},
		"what was seen": {At: time.UnixMilli(1).UTC(), Agent: "a", Since: time.UnixMilli(7).UTC(), Whole: true, Team: "Support",
			Clock: schema.Skew{Ahead: time.Second, Uncertainty: time.Millisecond}, Entry: presence.Entry{What: Saw, State: lunch}},
		"a notice": {At: time.UnixMilli(1).UTC(), Kind: "halt", Over: true, Entry: presence.Entry{What: Noticed, Detail: "text"}},
	}
	for why, l := range lines {
		kept, err := EncodeEntry(l)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeEntry(kept)
		if diff := cmp.Diff(l, got); err != nil || diff != "" {
			t.Errorf("%s is read back otherwise: %v (-want +got)\n%s", why, err, diff)
		}
	}
	for why, data := range map[string]string{"a newer version": `{"v":2}`, "no JSON": "{"} {
		if _, err := DecodeEntry(store.Entry{Data: []byte(data)}); err == nil {
			t.Errorf("%s is read", why)
		}
	}
}

func TestMatchPeople(t *testing.T) {
	user := func(id, username, email string) schema.Person {
		return schema.Person{ID: id, Username: username, Email: email, Active: true}
	}
	gone := func(p schema.Person) schema.Person {
		p.Active = false
		return p
	}
	type pair struct{ Salesforce, CXone string }
	tests := []struct {
		why         string
		users, cxes []schema.Person
		by          Matching
		want        []pair
		strange     []string // Ids
	}{
		{
			"addresses differ in case, and a sandbox adds an ending",
			[]schema.Person{user("u", "x", "Ana@Acme.example.INVALID")}, []schema.Person{user("a", "y", "ana@acme.example")},
			Matching{By: ByEmail, Strip: []string{".invalid"}},
			[]pair{{"u", "a"}}, nil,
		},
		{
			"two users with one address are not guessed between",
			[]schema.Person{user("u", "x", "m"), user("v", "y", "m")}, []schema.Person{user("a", "z", "m")},
			Matching{By: ByEmail}, nil, []string{"a", "u", "v"},
		},
		{
			"of two users one is inactive: the other is meant",
			[]schema.Person{gone(user("u", "x", "m")), user("v", "y", "m")}, []schema.Person{user("a", "z", "m")},
			Matching{By: ByEmail}, []pair{{"v", "a"}}, nil,
		},
		{
			"somebody inactive is no counterpart",
			[]schema.Person{gone(user("u", "x", "m"))}, []schema.Person{user("a", "z", "m")},
			Matching{By: ByEmail}, nil, []string{"a"},
		},
		{
			"a mapping wins over the address, and takes both out",
			[]schema.Person{user("u", "x", "m"), user("v", "y", "n")}, []schema.Person{user("a", "z", "m"), user("b", "w", "n")},
			Matching{By: ByEmail, Mappings: []UserMapping{{Salesforce: "X", CXone: "w"}}},
			[]pair{{"u", "b"}}, []string{"a", "v"},
		},
		{
			"a mapping that leads nowhere is told, and nothing else is tried",
			[]schema.Person{user("u", "x", "m")}, []schema.Person{user("a", "z", "m")},
			Matching{By: ByEmail, Mappings: []UserMapping{{Salesforce: "x", CXone: "nobody"}}},
			nil, []string{"u", "a"},
		},
		{
			"nobody has no address",
			[]schema.Person{user("u", "x", "")}, []schema.Person{user("a", "z", "")},
			Matching{By: ByEmail}, nil, []string{"a", "u"},
		},
		{
			"by username",
			[]schema.Person{user("u", "ana@acme.example.uat", "m")}, []schema.Person{user("a", "ana@acme.example", "n")},
			Matching{By: ByUsername, Strip: []string{".uat"}}, []pair{{"u", "a"}}, nil,
		},
		{
			"by federation identifier, which an agent's username stands for",
			[]schema.Person{{ID: "u", Federation: "F1", Active: true}}, []schema.Person{user("a", "f1", "n")},
			Matching{By: ByFederation}, []pair{{"u", "a"}}, nil,
		},
	}
	for _, test := range tests {
		matches, strange := MatchPeople(test.users, test.cxes, test.by)
		var got []pair
		for _, m := range matches {
			got = append(got, pair{m.Salesforce.ID, m.CXone.ID})
		}
		var ids []string
		for _, s := range strange {
			ids = append(ids, s.ID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
		if diff := cmp.Diff(test.strange, ids); diff != "" {
			t.Errorf("%s: the unmatched (-want +got):\n%s\n%+v", test.why, diff, strange)
		}
	}
}
