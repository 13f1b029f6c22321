package presence

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/schema"
)

// noon is second 0 of every script.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func second(n float64) time.Time { return noon.Add(time.Duration(n * float64(time.Second))) }

// supportRule is the rule that the scripts follow unless they say otherwise.
func supportRule(t testing.TB) schema.Rule {
	return ruleOf(t, "previous",
		[]string{"Available > Chats", "Lunch > On_Break", "Coffee > On_Break", "Working > On_a_Call", "ACW > Wrapping", "Refused > Missed_Call"},
		[]string{"Chats > Available", "On_Break > Lunch", "On_a_Call > previous"})
}

var supportFacts = Facts{
	Codes: map[string]CodeFacts{"Wrap-up": {ACW: true, Known: true}},
	Statuses: map[string]StatusFacts{
		"Chats": {Known: true}, "Mails": {Known: true},
		"On_Break": {Known: true, Busy: true}, "On_a_Call": {Known: true, Busy: true},
	},
}

// An actor plays a script against Step, one line at a time, and makes sure
// after each that a state survives a store, that the same input again changes
// nothing, and that the state given stays as it was.
type actor struct {
	t      testing.TB
	set    Settings
	rules  map[string]*Rule
	rule   *Rule
	hold   bool
	lost   string
	s      State
	epoch  uint64
	told   []string // writes and reports
	log    []Entry
	unsure time.Duration
	ids    [2]uint64 // of the last command, by side
	lastID uint64
}

func newActor(t testing.TB, change func(*schema.Rule), set func(*Settings)) *actor {
	rule := supportRule(t)
	if change != nil {
		change(&rule)
	}
	a := &actor{t: t, set: DefaultSettings(), epoch: 1, rules: map[string]*Rule{}}
	if set != nil {
		set(&a.set)
	}
	a.rule = Compile(rule, supportFacts)
	a.rules["first"] = a.rule
	return a
}

// play reads lines such as
//
//	10 cxone Lunch @9       CXone shows Lunch, by its own clock since second 9
//	10 sweep salesforce X   read from Salesforce's present data
//	10 answer unknown       to the last command (or "answer cxone refused")
//	10 tick                 time passes
//	10 restart              the state is stored and read by a new owner
//	10 login                restart, and both sides observed as they were
//	10 stop / resume / reach salesforce / unreach salesforce
//	10 rule NAME / rule none / lost why / found
//	10 hold NAME            the rule has changed, and the agent's turn has not come
func (a *actor) play(lines ...string) {
	a.t.Helper()
	for _, line := range lines {
		a.line(line)
	}
}

func (a *actor) line(line string) {
	a.t.Helper()
	words := strings.Fields(line)
	at, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		a.t.Fatalf("%q: %v", line, err)
	}
	rest := words[2:]
	switch words[1] {
	case "tick":
		a.step(at, nil)
	case "cxone", "salesforce":
		a.observe(at, words[1], rest, false)
	case "sweep":
		a.observe(at, rest[0], rest[1:], true)
	case "answer":
		a.answer(at, rest)
	case "stop":
		a.step(at, Stop{Reason: strings.Join(rest, " ")})
	case "resume":
		a.step(at, Resume{})
	case "reach", "unreach":
		a.step(at, Reach{Side: sideOf(rest[0]), OK: words[1] == "reach"})
	case "restart":
		a.epoch++
		a.step(at, nil)
	case "rule", "hold":
		a.rule, a.hold = a.rules[rest[0]], words[1] == "hold"
		a.step(at, nil)
	case "lost":
		a.lost = strings.Join(rest, " ")
		a.step(at, nil)
	case "found":
		a.lost = ""
		a.step(at, nil)
	default:
		a.t.Fatalf("%q: no such line", line)
	}
}

func sideOf(name string) Side {
	if name == "cxone" {
		return CXone
	}
	return Salesforce
}

func (a *actor) observe(at float64, who string, words []string, whole bool) {
	o := Observation{Side: sideOf(who), Since: second(at), Whole: whole, Clock: Skew{Uncertainty: a.unsure}}
	if len(words) > 1 {
		since, _ := strconv.ParseFloat(words[1][1:], 64)
		o.Since = second(since)
	}
	switch {
	case o.Side == Salesforce:
		o.Status = words[0]
	case strings.HasPrefix(words[0], "ACW:"):
		o.State = schema.ACDState{Word: schema.StateACW, Code: words[0][4:]}
	default:
		o.State = acd(words[0])
	}
	a.step(at, o)
}

func (a *actor) answer(at float64, words []string) {
	results := map[string]Result{"accepted": Accepted, "unknown": Unknown, "refused": Refused, "unreachable": Unreachable}
	id := a.lastID
	if len(words) > 1 {
		id, words = a.ids[sideOf(words[0])], words[1:]
	}
	a.step(at, Answer{Command: id, Result: results[words[0]]})
}

func (a *actor) step(at float64, event Event) {
	a.t.Helper()
	in := Input{Now: second(at), Epoch: a.epoch, Rule: a.rule, Hold: a.hold, Unmatched: a.lost, Event: event}
	before := encode(a.t, a.s)
	s, effects := Step(&a.set, a.s, in)
	if !bytes.Equal(before, encode(a.t, a.s)) {
		a.t.Fatalf("at %v: the state that Step was given has changed", at)
	}
	if again, more := Step(&a.set, s, in); asks(more) || !reflect.DeepEqual(again, s) {
		a.t.Fatalf("at %v: the same input again does something: %+v\n%s", at, more, cmp.Diff(fmt.Sprintf("%+v", s), fmt.Sprintf("%+v", again)))
	}
	if twin, same := Step(&a.set, a.s, in); !reflect.DeepEqual(twin, s) || !reflect.DeepEqual(same, effects) {
		a.t.Fatalf("at %v: the same call gives another result", at)
	}
	a.s = decode(a.t, encode(a.t, s))
	if !reflect.DeepEqual(a.s, s) {
		a.t.Fatalf("at %v: the state does not survive a store\n%+v\n%+v", at, s, a.s)
	}
	for _, effect := range effects {
		a.note(at, effect)
	}
}

// asks reports whether effects are more than a line that something was ignored,
// which is all that the same input may cause again.
func asks(effects []Effect) bool {
	return slices.ContainsFunc(effects, func(effect Effect) bool {
		switch e := effect.(type) {
		case Entry:
			return e.What != Ignored
		case Report:
			return e.Kind != ReportPoison
		}
		return true
	})
}

func (a *actor) note(at float64, effect Effect) {
	switch e := effect.(type) {
	case SetStatus:
		a.ids[Salesforce], a.lastID = e.ID, e.ID
		a.told = append(a.told, fmt.Sprintf("%v set Salesforce %s if %s", at, e.Status, e.Expected))
	case SetState:
		a.ids[CXone], a.lastID = e.ID, e.ID
		a.told = append(a.told, fmt.Sprintf("%v set CXone %s", at, e.State))
	case Report:
		over := ""
		if e.Over {
			over = " over"
		}
		a.told = append(a.told, fmt.Sprintf("%v %s%s", at, e.Kind, over))
	case Entry:
		a.log = append(a.log, e)
	}
}

func (a *actor) base() string {
	state, status, ok := a.s.Base()
	if !ok {
		return "none"
	}
	return strings.Trim(strings.TrimPrefix(state.String(), "code "), `"`) + "/" + status
}

func encode(t rapid.TB, s State) []byte {
	t.Helper()
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t rapid.TB, b []byte) State {
	t.Helper()
	var s State
	if err := s.UnmarshalBinary(b); err != nil {
		t.Fatalf("decode: %v", err)
	}
	return s
}

// start is how most scripts begin: both sides known, the pair adopted.
var start = []string{"0 cxone Available", "0 salesforce Chats"}

type script struct {
	name, why string
	rule      func(*schema.Rule)
	set       func(*Settings)
	other     func(*schema.Rule) // the rule that "rule other" brings
	fresh     bool               // does not begin with start
	unsure    time.Duration
	play      []string
	want      []string
	base      string
}

func (s script) run(t *testing.T) *actor {
	t.Helper()
	a := newActor(t, s.rule, s.set)
	a.unsure = s.unsure
	if s.other != nil {
		rule := supportRule(t)
		s.other(&rule)
		a.rules["other"] = Compile(rule, supportFacts)
	}
	if !s.fresh {
		a.play(start...)
	}
	a.play(s.play...)
	if diff := cmp.Diff(s.want, a.told); diff != "" {
		t.Errorf("%s (-want +got)\n%s\n%s", s.why, diff, story(a.log))
	}
	if got := a.base(); s.base != "" && got != s.base {
		t.Errorf("%s: base %s, want %s\n%s", s.why, got, s.base, story(a.log))
	}
	return a
}

// story prints a journal, one line an entry.
func story(log []Entry) string {
	var b strings.Builder
	for _, e := range log {
		fmt.Fprintf(&b, "%s: shows %s/%s, base %s/%s, moved %q; %s to %q (command %d, %s) %s\n",
			e.What, e.State, e.Status, e.BaseState, e.BaseStatus, e.Moved, e.Side, e.Target, e.Command, e.Row, e.Detail)
	}
	return b.String()
}

func runScripts(t *testing.T, scripts []script) {
	t.Helper()
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) { s.run(t) })
	}
}
