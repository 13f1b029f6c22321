package presence

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/schema"
)

// The states and statuses of the tests, in the short form "Available",
// "Lunch", "previous": what is no word is a code.
func acd(name string) schema.ACDState {
	if name == schema.Previous || slices.Contains(schema.StateWords(), name) {
		return schema.ACDState{Word: name}
	}
	return schema.ACDState{Code: name}
}

// rows reads "state > status" and "status > state", one row a line, as rows of
// a table whose file:line is rules.hcl and the line's number.
func rows(t testing.TB, first int, publisher bool, lines ...string) []schema.Row {
	t.Helper()
	table := make([]schema.Row, len(lines))
	for i, line := range lines {
		left, right, ok := strings.Cut(line, " > ")
		if !ok {
			t.Fatalf("row %q has no arrow", line)
		}
		if !publisher {
			left, right = right, left
		}
		table[i] = schema.Row{
			State:  acd(left),
			Status: schema.Status{Name: right},
			Source: schema.Range{File: "rules.hcl", Start: schema.Pos{Line: int32(first + i)}},
		}
	}
	return table
}

func ruleOf(t testing.TB, afterContact string, publisher, subscriber []string) schema.Rule {
	t.Helper()
	return schema.Rule{
		Name: "Support", Address: "presence_rule.Support", Executor: "lockstep", Mode: "live",
		Source:       schema.Range{File: "rules.hcl", Start: schema.Pos{Line: 1}},
		AfterContact: afterContact,
		Publisher:    rows(t, 10, true, publisher...),
		Subscriber:   rows(t, 20, false, subscriber...),
		Teams:        []string{"Support"},
	}
}

func TestProve(t *testing.T) {
	tests := []struct {
		name                  string
		why                   string
		after                 string
		publisher, subscriber []string
		acw                   []string
		longest               int
		chain                 []string // when not nil, the moves in words
		cycle                 []string
	}{
		{
			name: "guide", why: "NICE's own example: two rows that undo each other answer an action once",
			publisher: []string{"Available > Available_for_Chats"}, subscriber: []string{"Available_for_Chats > Available"},
			after: "previous", longest: 1,
		},
		{
			name: "inverse", why: "tables that are each other's inverse echo once, whatever after_contact says",
			publisher:  []string{"Available > Chats", "Lunch > Away", "Break > Pause"},
			subscriber: []string{"Chats > Available", "Away > Lunch", "Pause > Break"},
			after:      "previous", longest: 1,
		},
		{
			name: "one way", why: "without a subscriber table an echo finds no row",
			publisher: []string{"Available > Chats", "Unavailable > Away", "Working > Call"}, after: "rule", longest: 1,
		},
		{
			name: "nothing", why: "a rule without rows writes nothing", after: "previous",
		},
		{
			name: "swap", why: "A shows X, X sets B, B shows Y, Y sets A",
			publisher: []string{"A > X", "B > Y"}, subscriber: []string{"X > B", "Y > A"}, after: "previous",
			cycle: []string{
				"an action from outside changes Salesforce to X",
				`Salesforce shows X: the subscriber row (rules.hcl:20) sets CXone to code "B"`,
				`CXone shows code "B": the publisher row (rules.hcl:11) sets Salesforce to Y`,
				`Salesforce shows Y: the subscriber row (rules.hcl:21) sets CXone to code "A"`,
				`CXone shows code "A": the publisher row (rules.hcl:10) sets Salesforce to X`,
			},
		},
		{
			name: "tail", why: "the cycle is printed without the chain that leads into it",
			publisher:  []string{"A > X", "B > Y", "C > X"},
			subscriber: []string{"W > C", "X > B", "Y > A"}, after: "previous",
			cycle: []string{
				"an action from outside changes Salesforce to X",
				`Salesforce shows X: the subscriber row (rules.hcl:21) sets CXone to code "B"`,
				`CXone shows code "B": the publisher row (rules.hcl:11) sets Salesforce to Y`,
				`Salesforce shows Y: the subscriber row (rules.hcl:22) sets CXone to code "A"`,
				`CXone shows code "A": the publisher row (rules.hcl:10) sets Salesforce to X`,
			},
		},
		{
			name: "general row cycles", why: "Unavailable stands for codes without a row, so it closes the loop",
			publisher: []string{"Unavailable > X", "Available > Y"}, subscriber: []string{"X > Available", "Y > Lunch"},
			after: "rule",
			cycle: []string{
				"an action from outside changes Salesforce to X",
				"Salesforce shows X: the subscriber row (rules.hcl:20) sets CXone to Available",
				"CXone shows Available: the publisher row (rules.hcl:11) sets Salesforce to Y",
				`Salesforce shows Y: the subscriber row (rules.hcl:21) sets CXone to code "Lunch"`,
				`CXone shows code "Lunch": the publisher row (rules.hcl:10) sets Salesforce to X`,
			},
		},
		{
			name: "exact row beats the general", why: "Lunch has a row of its own, so Unavailable does not close the loop",
			publisher:  []string{"Unavailable > X", "Available > Y", "Lunch > Y"},
			subscriber: []string{"X > Available", "Y > Lunch"}, after: "rule", longest: 4,
		},
		{
			name: "one-step drift", why: "A shows X, X sets B, and B shows nothing: two writes, then rest",
			publisher: []string{"A > X"}, subscriber: []string{"X > B"}, after: "previous", longest: 2,
		},
		{
			name: "logged out of Salesforce", why: "offline is never left by a write, so the loop is cut there",
			publisher: []string{"A > offline", "B > Y"}, subscriber: []string{"offline > B", "Y > A"},
			after: "previous", longest: 4,
		},
		{
			name: "nothing to go back to", why: "an agent who was logged out before the contact gets the publisher row at its end",
			publisher: []string{"Working > T", "A > offline"}, subscriber: []string{"T > A", "offline > B"},
			after: "previous", longest: 4,
		},
		{
			name: "contact states cannot be set", why: "the row would loop if a contact could be set",
			publisher: []string{"InboundContact > X", "Available > Y"}, subscriber: []string{"X > Available", "Y > InboundContact"},
			after: "rule", longest: 3,
		},
		{
			name: "ACW codes cannot be set", why: "Wrap-up is an ACW code: its row belongs to the contact",
			publisher: []string{"Wrap-up > X", "Available > Y"}, subscriber: []string{"X > Available", "Y > Wrap-up"},
			acw: []string{"Wrap-up"}, after: "rule", longest: 3,
		},
		{
			name: "support", why: "DESIGN's rule: the contact shows, previous ends it, Salesforce goes back, and what it goes back to may set a code",
			publisher:  []string{"Available > Available_for_Chats", "Lunch > On_Break", "Working > On_a_Call"},
			subscriber: []string{"Available_for_Chats > Available", "On_Break > Lunch", "On_a_Call > previous"},
			after:      "previous", longest: 4,
			chain: []string{
				"an action from outside changes CXone to InboundContact",
				"CXone shows InboundContact: the publisher row (rules.hcl:12) sets Salesforce to On_a_Call",
				"Salesforce shows On_a_Call: the subscriber row (rules.hcl:22) sets CXone to Unavailable",
				"the contact ends in Unavailable: after_contact sets Salesforce to Available_for_Chats",
				"Salesforce shows Available_for_Chats: the subscriber row (rules.hcl:20) sets CXone to Available",
			},
		},
		{
			name: "support by rule", why: "without going back, the state before the contact publishes and is taken back as it is",
			publisher:  []string{"Available > Available_for_Chats", "Lunch > On_Break", "Working > On_a_Call"},
			subscriber: []string{"Available_for_Chats > Available", "On_Break > Lunch", "On_a_Call > previous"},
			after:      "rule", longest: 3,
		},
		{
			name: "previous state of the guide", why: "NICE allows Previous State in both tables; idle it does nothing, so it cannot loop",
			publisher:  []string{"Available > Chats", "previous > Chats"},
			subscriber: []string{"Chats > Available", "Call > previous"},
			after:      "rule", longest: 3,
			chain: []string{
				"an action from outside changes Salesforce to Call",
				"Salesforce shows Call: the subscriber row (rules.hcl:21) sets CXone to Unavailable",
				"CXone shows Unavailable: the publisher row (rules.hcl:11) sets Salesforce to Chats",
				"Salesforce shows Chats: the subscriber row (rules.hcl:20) sets CXone to Available",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts := Facts{Codes: map[string]CodeFacts{}}
			for _, code := range test.acw {
				facts.Codes[code] = CodeFacts{ACW: true, Known: true}
			}
			got := Prove(ruleOf(t, test.after, test.publisher, test.subscriber), facts)
			if diff := cmp.Diff(test.cycle, words(got.Cycle)); diff != "" {
				t.Errorf("%s: cycle (-want +got)\n%s", test.why, diff)
			}
			if got.Longest != test.longest {
				t.Errorf("%s: longest %d, want %d\n%s", test.why, got.Longest, test.longest, strings.Join(words(got.Chain), "\n"))
			}
			if got.Longest > 0 && len(got.Chain) != got.Longest+1 {
				t.Errorf("chain of %d moves for %d writes", len(got.Chain), got.Longest)
			}
			if diff := cmp.Diff(test.chain, words(got.Chain)); test.chain != nil && diff != "" {
				t.Errorf("%s: chain (-want +got)\n%s", test.why, diff)
			}
		})
	}
}

func words(moves []Move) []string {
	var lines []string
	for _, m := range moves {
		lines = append(lines, m.String())
	}
	return lines
}

// TestMain draws more than rapid does by itself, others in every run. A flag
// still wins; to look further:
//
//	go test ./reconcile/presence -rapid.checks=100000
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "2000")
	flag.Parse()
	os.Exit(m.Run())
}

// TestProveAgainstSearch compares the proof with a search that tries every
// pair, every pair before a contact and every single move, one by one.
func TestProveAgainstSearch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rule, facts := drawRule(rt)
		got, want := Prove(rule, facts), search(rule, facts)
		if (got.Cycle != nil) != want.cycle {
			rt.Fatalf("cycle %v, the search says %v\n%s", got.Cycle != nil, want.cycle, strings.Join(words(got.Cycle), "\n"))
		}
		if got.Longest != want.longest {
			rt.Fatalf("longest %d, the search found %d\n%s", got.Longest, want.longest, strings.Join(words(got.Chain), "\n"))
		}
		if got.Cycle != nil {
			checkCycle(rt, rule, got.Cycle)
		}
	})
}

// TestNextAgainstSearch compares one write of the engine's tables with one of
// the search, in any world at all.
func TestNextAgainstSearch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rule, facts := drawRule(rt)
		status := rapid.SampledFrom([]string{schema.Offline, "X", "Y", "Z", "W", otherStatus})
		idle := []schema.ACDState{acd("Available"), otherCode, acd("A"), acd("B"), acd("Refused"), acd("LoggedOut")}
		contact := []schema.ACDState{acd("InboundContact"), acd("Dialer"), acd("ACW"), {Word: schema.StateACW, Code: "Wrap"}}
		w := world{
			pair:  pair{rapid.SampledFrom(append(idle, contact...)).Draw(rt, "state"), status.Draw(rt, "status")},
			moved: Side(rapid.IntRange(0, 1).Draw(rt, "moved")),
		}
		if inContact(w.state) || w.moved == CXone && rapid.Bool().Draw(rt, "a contact has ended") {
			w.before = pair{rapid.SampledFrom(idle[:4]).Draw(rt, "state before"), status.Draw(rt, "status before")}
		}
		s := newSimulator(rule, facts)
		after, _, wrote := newTables(rule, facts).next(w)
		want := s.write(inWords(w))
		if got := inWords(after); wrote && got != want {
			rt.Fatalf("after %+v: got %+v, want %+v", w, got, want)
		}
		if wantWrote := want.state+want.status != inWords(w).state+w.status; wrote != wantWrote {
			rt.Fatalf("after %+v: wrote %v, want %v (%+v)", w, wrote, wantWrote, want)
		}
	})
}

// inWords is a world as the simulator sees it.
func inWords(w world) agent {
	state := func(s schema.ACDState) string {
		switch {
		case s == otherCode:
			return "code:never named"
		case s.Word != "" && s.Code != "":
			return "acw:" + s.Code
		case s.Code != "":
			return "code:" + s.Code
		}
		return s.Word
	}
	return agent{
		state: state(w.state), status: w.status, salesforceMoved: w.moved == Salesforce,
		wasState: state(w.before.state), wasStatus: w.before.status,
	}
}

// checkCycle makes sure that a printed cycle is one: its last write shows what
// its first move did.
func checkCycle(t *rapid.T, rule schema.Rule, cycle []Move) {
	first, last := cycle[0], cycle[len(cycle)-1]
	if last.OnCXone || first.Status != last.Status || len(cycle) < 5 {
		t.Fatalf("not a cycle:\n%s", strings.Join(words(cycle), "\n"))
	}
	for _, m := range cycle[1:] {
		if m.Row == nil || !slices.Contains(append(slices.Clone(rule.Publisher), rule.Subscriber...), *m.Row) {
			t.Fatalf("a write without a row of the rule: %s", m)
		}
	}
}

func drawRule(t *rapid.T) (schema.Rule, Facts) {
	sources := append(schema.StateWords(), schema.Previous, "A", "B", "C", "D", "Wrap", "Wrap2")
	statuses := []string{schema.Offline, "X", "Y", "Z", "W"}
	targets := []string{schema.StateAvailable, "A", "B", "C", "D", schema.Previous, schema.Previous, "Wrap", schema.StateInboundContact}
	rule := schema.Rule{
		Address: "presence_rule.r", Teams: []string{"Support"},
		AfterContact: rapid.SampledFrom([]string{"previous", "rule"}).Draw(t, "after contact"),
	}
	for _, source := range rapid.SliceOfNDistinct(rapid.SampledFrom(sources), 0, rapid.SampledFrom([]int{3, 6, 12}).Draw(t, "size"), rapid.ID).Draw(t, "states") {
		status := rapid.SampledFrom(statuses).Draw(t, source)
		rule.Publisher = append(rule.Publisher, schema.Row{State: acd(source), Status: schema.Status{Name: status}})
	}
	for _, status := range rapid.SliceOfNDistinct(rapid.SampledFrom(statuses), 0, 5, rapid.ID).Draw(t, "statuses") {
		target := rapid.SampledFrom(targets).Draw(t, status)
		rule.Subscriber = append(rule.Subscriber, schema.Row{State: acd(target), Status: schema.Status{Name: status}})
	}
	return rule, Facts{Codes: map[string]CodeFacts{"Wrap": {ACW: true, Known: true}, "Wrap2": {ACW: true, Known: true}}}
}

// BenchmarkProve measures one table of 12 rows a side, one of 200, and ten
// thousand small rules.
func BenchmarkProve(b *testing.B) {
	for _, size := range []int{3, 12, 200, 2000} {
		for _, shape := range []string{"inverse", "chain", "previous"} {
			b.Run(fmt.Sprintf("rows=%d/%s", size, shape), func(b *testing.B) {
				rule := bigRule(b, size, shape)
				b.ReportAllocs()
				for b.Loop() {
					if Prove(rule, Facts{}).Cycle != nil {
						b.Fatal("a rule without a cycle has one")
					}
				}
			})
		}
	}
	b.Run("rules=10000", func(b *testing.B) {
		rules := make([]schema.Rule, 10_000)
		for i := range rules {
			rules[i] = bigRule(b, 5, "inverse")
			rules[i].Teams = []string{fmt.Sprint("team ", i)}
		}
		for b.Loop() {
			if Check(rules, Facts{}).HasErrors() {
				b.Fatal("sound rules have errors")
			}
		}
	})
}

// bigRule makes a rule of n rows a side: each row undone by its twin, each row
// leading to the next, or each status leading to the state before a contact.
func bigRule(t testing.TB, n int, shape string) schema.Rule {
	var publisher, subscriber []string
	for i := range n {
		target := i
		if shape == "chain" {
			target = i + 1
		}
		publisher = append(publisher, fmt.Sprintf("Code %d > S%d", i, i))
		if shape == "previous" {
			subscriber = append(subscriber, fmt.Sprintf("S%d > previous", i))
			continue
		}
		subscriber = append(subscriber, fmt.Sprintf("S%d > Code %d", i, target))
	}
	if shape == "previous" {
		publisher = append(publisher, "Working > S0")
	}
	return ruleOf(t, "previous", publisher, subscriber)
}
