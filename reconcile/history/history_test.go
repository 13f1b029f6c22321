package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestReplayOfTheSameRules is the law that makes a replay worth reading: under
// the rules that were in force nothing would have been otherwise.
func TestReplayOfTheSameRules(t *testing.T) {
	for seed := range uint64(50) {
		rule := ruleOf("live", publisher, subscriber)
		l := newLab("ana", rule)
		aMorning(l, seed)
		got := replayOf(t, l, rule)
		if len(got.Changed) > 0 {
			t.Fatalf("seed %d: %+v\n%s", seed, got.Changed[0].Spans[0], story(l.lines))
		}
		if got.Writes[0] != got.Writes[1] || got.Writes[0] < 10 {
			t.Errorf("seed %d: %d writes then, %d now", seed, got.Writes[0], got.Writes[1])
		}
	}
}

// TestReplayOfWhatWasWatched is about rules that were in shadow: where nobody
// did what they ask for, carrying them out would have changed something.
func TestReplayOfWhatWasWatched(t *testing.T) {
	rule := ruleOf("shadow", publisher, subscriber)
	l := newLab("ana", rule)
	l.shows(0, presence.CXone, "Available")
	l.shows(0, presence.Salesforce, "Chats")
	l.shows(time.Hour, presence.CXone, "Lunch")
	l.shows(30*time.Second, presence.Salesforce, "On_Break")
	l.wait(time.Hour)
	got := replayOf(t, l, rule)
	if got.Shadow != got.Writes[0] || got.Shadow == 0 {
		t.Errorf("%d of %d decisions are told to be of a shadow", got.Shadow, got.Writes[0])
	}
	if len(got.Changed) != 1 || got.Changed[0].For != 30*time.Second {
		t.Errorf("the half minute that somebody else took is not what would change: %+v\n%s", got.Changed, story(l.lines))
	}
}

func replayOf(t *testing.T, l *lab, rule schema.Rule) Replay {
	t.Helper()
	compiled := presence.Compile(Carried([]schema.Rule{rule})[0], presence.Facts{})
	got, err := Under(journal(l.lines), func(agent, team string) *presence.Rule {
		if agent != l.key || team != "Support" && team != "" {
			t.Fatalf("asked for the rule of %s on %q", agent, team)
		}
		return compiled
	}, presence.DefaultSettings(), noon, l.now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func story(lines []mirror.Line) string {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintln(&b, lines[i].At.Format("15:04:05.000"), Explain(&lines[i]))
	}
	return b.String()
}

func TestReplayOfOtherRules(t *testing.T) {
	l := newLab("ana", ruleOf("live", publisher, subscriber))
	l.shows(0, presence.CXone, "Available")
	l.shows(0, presence.Salesforce, "Chats")
	l.shows(time.Hour, presence.CXone, "Coffee")
	l.carry(time.Second)
	l.shows(10*time.Minute, presence.CXone, "Available")
	l.carry(time.Second)
	l.wait(time.Hour)

	other := ruleOf("shadow", append([]row{{"Coffee", "On_Coffee"}}, publisher...), subscriber)
	got := replayOf(t, l, other)
	coffee := noon.Add(time.Hour)
	want := Replay{
		From: noon, To: l.now, Agents: 1, Writes: [2]int{2, 2},
		Changed: []Replayed{{Agent: "ana", Team: "Support", For: 10*time.Minute + time.Second, Spans: []Span{
			{coffee, coffee.Add(10*time.Minute + time.Second), Pair{`code "Coffee"`, "On_Break"}, Pair{`code "Coffee"`, "On_Coffee"}},
		}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, story(l.lines))
	}
	if _, err := Under(broken(l.lines), func(string, string) *presence.Rule { return nil }, presence.DefaultSettings(), noon, l.now); err == nil {
		t.Error("a journal that cannot be read to its end is replayed")
	}
}

// TestCompare goes through the ways in which somebody else carries a rule out.
func TestCompare(t *testing.T) {
	rule := ruleOf("shadow", publisher, subscriber)
	for _, c := range []struct {
		reason string
		play   func(*lab)
		want   Compared
	}{
		{
			"NICE's sync follows at once",
			func(l *lab) { l.shows(2*time.Second, presence.Salesforce, "On_Break") },
			Compared{Prompt: 1, Apart: 2 * time.Second, Slowest: 2 * time.Second},
		}, {
			"it follows, but late",
			func(l *lab) { l.shows(40*time.Second, presence.Salesforce, "On_Break") },
			Compared{Late: 1, Apart: 40 * time.Second, Slowest: 40 * time.Second},
		}, {
			"nobody does anything: the sides are apart until something moves",
			func(l *lab) { l.wait(time.Hour); l.shows(0, presence.CXone, "Available") },
			Compared{Missed: 1, Apart: time.Hour},
		}, {
			"something else is set",
			func(l *lab) { l.shows(10*time.Second, presence.Salesforce, "Away") },
			Compared{Differ: 1, Apart: 10 * time.Second},
		}, {
			"the person goes back before anybody has acted",
			func(l *lab) { l.shows(3*time.Second, presence.CXone, "Available") },
			Compared{Overtaken: 1, Apart: 3 * time.Second},
		},
	} {
		l := newLab("ana", rule)
		l.shows(0, presence.CXone, "Available")
		l.shows(0, presence.Salesforce, "Chats")
		l.shows(time.Minute, presence.CXone, "Lunch")
		c.play(l)
		l.wait(time.Second)
		got, err := Compare(journal(l.lines), noon, l.now)
		if err != nil {
			t.Fatal(err)
		}
		c.want.Team, c.want.Rule, c.want.Row, c.want.Decisions = "Support", "Support", "centre.hcl:11", 1
		c.want.Asks = `CXone code "Lunch": Salesforce to On_Break`
		if len(got.Rows) == 0 {
			t.Fatalf("%s: nothing is compared\n%s", c.reason, story(l.lines))
		}
		if diff := cmp.Diff(c.want, got.Rows[0]); diff != "" {
			t.Errorf("%s: -want +got:\n%s\n%s", c.reason, diff, story(l.lines))
		}
		if got.Agents != 1 || got.Live != 0 || got.Total("Support").Decisions < 1 || got.Total("Sales").Decisions != 0 {
			t.Errorf("%s: %+v", c.reason, got)
		}
	}
	if _, err := Compare(broken(nil), noon, noon); err == nil {
		t.Error("a journal that cannot be read is compared")
	}
}

func TestCompareLeavesOutWhatLockstepDid(t *testing.T) {
	l := newLab("ana", ruleOf("live", publisher, subscriber))
	aMorning(l, 1)
	got, err := Compare(journal(l.lines), noon, l.now)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 0 || got.Live < 10 {
		t.Errorf("%d rows, %d decisions of our own", len(got.Rows), got.Live)
	}
}

func TestExplain(t *testing.T) {
	code := schema.ACDState{Code: "Lunch"}
	for want, e := range map[string]presence.Entry{
		`CXone moved to code "Lunch"; the publisher row centre.hcl:11 of rule Support sets Salesforce to On_Break`:       {What: presence.Decided, Moved: "CXone", State: code, Cause: presence.ByPublisher, Row: "centre.hcl:11", Rule: "Support", Side: presence.Salesforce, Target: "On_Break"},
		`Salesforce moved to On_Break; the subscriber row centre.hcl:31 of rule Support would set CXone to code "Lunch"`: {What: presence.Decided, Moved: "Salesforce", Status: "On_Break", Cause: presence.BySubscriber, Row: "centre.hcl:31", Rule: "Support", Side: presence.CXone, Target: `code "Lunch"`, Shadow: true},
		`the contact ended in code "Lunch"; after_contact of rule Support sets Salesforce to On_Break`:                   {What: presence.Decided, State: code, Cause: presence.AfterContact, Rule: "Support", Side: presence.Salesforce, Target: "On_Break"},
		`Salesforce shows On_Break: done`:                 {What: presence.Done, Side: presence.Salesforce, Target: "On_Break"},
		`Salesforce shows On_Break, set by somebody else`: {What: presence.Done, Side: presence.Salesforce, Target: "On_Break", Shadow: true},
		`CXone shows code "Lunch"`:                        {What: mirror.Saw, State: code},
		`setting Salesforce to On_Break could not be delivered; the pair last agreed is kept: no console is open`: {What: presence.Undeliverable, Side: presence.Salesforce, Target: "On_Break", Detail: "no console is open"},
		`both sides are taken as they are: code "Lunch" and On_Break: logged in`:                                  {What: presence.Adopted, State: code, Status: "On_Break", Detail: "logged in"},
		`CXone moved to code "Lunch"; code "Lunch" and On_Break is agreed, nothing to write`:                      {What: presence.Agreed, Moved: "CXone", State: code, Status: "On_Break"},
		`parked: it flaps`:   {What: presence.Parked, Detail: "it flaps"},
		`stopped: a drill`:   {What: presence.Stopped, Detail: "stopped: a drill"},
		`stopped: freeze: x`: {What: presence.Stopped, Detail: "freeze: x"},
	} {
		if got := Explain(&mirror.Line{Entry: e}); got != want {
			t.Errorf("%s\nnot\n%s", got, want)
		}
	}
}
