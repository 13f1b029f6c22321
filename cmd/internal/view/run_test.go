package view

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	needs "github.com/lockstep-sync/lockstep/reconcile/forecast"
	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// people are those of timelines and replays; ben is not known any more.
var people = history.Names{"48123+0055g00000AbCdE": "ana.lopez@acme.example"}

// aTimeline is one of each thing that a journal tells often.
func aTimeline() []mirror.Line {
	lunch, available := schema.ACDState{Code: "Lunch"}, schema.ACDState{Word: "Available"}
	var lines []mirror.Line
	const key = "48123+0055g00000AbCdE"
	add := func(after time.Duration, e presence.Entry) {
		at := nine
		if len(lines) > 0 {
			at = lines[len(lines)-1].At
		}
		e.Rule = "Support"
		lines = append(lines, mirror.Line{At: at.Add(after), Agent: key, Entry: e})
	}
	add(0, presence.Entry{What: presence.Adopted, State: available, Status: "Chats", Detail: "logged in"})
	add(3*time.Hour, presence.Entry{What: mirror.Saw, Side: presence.CXone, State: lunch})
	add(4*time.Millisecond, presence.Entry{What: presence.Decided, State: lunch, Status: "Chats", BaseState: available, BaseStatus: "Chats", Moved: "CXone", Cause: presence.ByPublisher, Row: "centre.hcl:42", Side: presence.Salesforce, Target: "On_Break", Command: 11})
	add(180*time.Millisecond, presence.Entry{What: presence.Answered, State: lunch, Status: "Chats", Side: presence.Salesforce, Target: "On_Break", Command: 11, Detail: "=accepted, says a name that a spreadsheet would run"})
	add(620*time.Millisecond, presence.Entry{What: presence.Done, State: lunch, Status: "On_Break", Side: presence.Salesforce, Target: "On_Break", Command: 11})
	add(20*time.Hour, presence.Entry{What: presence.Decided, State: lunch, Status: "Chats", Moved: "Salesforce", Cause: presence.BySubscriber, Row: "centre.hcl:41", Side: presence.CXone, Target: "Available", Shadow: true})
	add(2*time.Minute, presence.Entry{What: presence.Missed, State: lunch, Status: "Chats", Side: presence.CXone, Target: "Available", Shadow: true, Detail: "nobody set it"})
	add(time.Minute, presence.Entry{What: presence.Parked, State: lunch, Status: "Chats", Detail: "more than the budget of writes a minute"})
	return lines
}

func journalOf(lines []mirror.Line) history.Journal {
	return func(yield func(mirror.Line, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func TestWhy(t *testing.T) {
	golden(t, "why.txt", func(s Streams) { must(t, s.Why("Ana López", journalOf(aTimeline()))) })
	golden(t, "why-nothing.txt", func(s Streams) { must(t, s.Why("Ana López", journalOf(nil))) })
	golden(t, "why.json", func(s Streams) { must(t, s.WhyJSON("Ana López", people, journalOf(aTimeline()[:3]))) })
	golden(t, "why.csv", func(s Streams) { must(t, s.WhyCSV(people, journalOf(aTimeline()))) })

	everybody := append(aTimeline()[:3], mirror.Line{At: nine.Add(4 * time.Hour), Agent: "48999+0055g00000FgHiJ", Entry: presence.Entry{What: presence.Parked}},
		mirror.Line{At: nine.Add(5 * time.Hour), Kind: "store", Entry: presence.Entry{What: mirror.Noticed, Detail: "disk full"}})
	golden(t, "why-everybody.txt", func(s Streams) { must(t, s.WhyEverybody(people, journalOf(everybody))) })
	golden(t, "why-everybody.csv", func(s Streams) { must(t, s.WhyCSV(people, journalOf(everybody))) })
	broken := func(yield func(mirror.Line, error) bool) { yield(mirror.Line{}, errors.New("the disk is gone")) }
	var out bytes.Buffer
	s := NewStreams(&out, &out, nil, false)
	for name, err := range map[string]error{"text": s.Why("x", broken), "json": s.WhyJSON("x", nil, broken), "csv": s.WhyCSV(nil, broken)} {
		if err == nil {
			t.Errorf("%s: a journal that cannot be read ends well", name)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func aComparison() history.Comparison {
	return history.Comparison{
		From: nine, To: nine.Add(24 * time.Hour), Agents: 31, Live: 4,
		Rows: []history.Compared{
			{Team: "Sales", Rule: "Support", Row: "centre.hcl:42", Asks: `CXone code "Lunch": Salesforce to On_Break`, Decisions: 120, Prompt: 88, Late: 21, Missed: 9, Overtaken: 2, Apart: 9*time.Hour + 12*time.Minute, Slowest: 131 * time.Second},
			{Team: "Support", Rule: "Support", Row: "centre.hcl:42", Asks: `CXone code "Lunch": Salesforce to On_Break`, Decisions: 200, Prompt: 199, Late: 1, Apart: 400 * time.Second, Slowest: 8200 * time.Millisecond},
			{Team: "Support", Rule: "Support", Row: "", Asks: "CXone Available: Salesforce to Chats", Decisions: 11, Prompt: 10, Differ: 1, Apart: 33 * time.Second, Slowest: 900 * time.Millisecond},
		},
	}
}

func TestCompare(t *testing.T) {
	golden(t, "compare.txt", func(s Streams) { s.Compare(aComparison()) })
	golden(t, "compare-nothing.txt", func(s Streams) { s.Compare(history.Comparison{From: nine, To: nine.Add(time.Hour)}) })
	golden(t, "compare-live.txt", func(s Streams) { s.Compare(history.Comparison{From: nine, To: nine.Add(time.Hour), Live: 1}) })
	golden(t, "compare-nice.txt", func(s Streams) {
		c := aComparison()
		c.NICE = true
		s.Compare(c)
	})
	golden(t, "compare-one.txt", func(s Streams) {
		c := aComparison()
		c.Agents, c.Live, c.Rows = 1, 0, c.Rows[2:]
		s.Compare(c)
	})
	golden(t, "compare-prompt.txt", func(s Streams) {
		c := aComparison()
		c.Agents, c.Live, c.Rows = 1, 0, c.Rows[2:]
		c.Rows[0].Prompt, c.Rows[0].Differ = 11, 0
		s.Compare(c)
	})
	golden(t, "compare.json", func(s Streams) { must(t, s.CompareJSON(aComparison())) })
	golden(t, "compare.csv", func(s Streams) { must(t, s.CompareCSV(aComparison())) })
}

func aReplay() history.Replay {
	break_, coffee := history.Pair{State: `code "Coffee"`, Status: "On_Break"}, history.Pair{State: `code "Coffee"`, Status: "On_Coffee"}
	r := history.Replay{From: nine, To: nine.Add(8 * time.Hour), Agents: 40, Writes: [2]int{812, 799}, Changed: []history.Replayed{
		{Agent: "48123+0055g00000AbCdE", Team: "Support", For: 70 * time.Minute},
		{Agent: "48999+0055g00000FgHiJ", For: 40 * time.Second, Spans: []history.Span{
			{From: nine, To: nine.Add(40 * time.Second), Was: history.Pair{State: "Available", Status: "Chats"}, Would: history.Pair{State: `code "Lunch"`, Status: "Chats"}},
		}},
	}}
	for i := range 7 {
		from := nine.Add(time.Duration(i) * time.Hour)
		r.Changed[0].Spans = append(r.Changed[0].Spans, history.Span{From: from, To: from.Add(10 * time.Minute), Was: break_, Would: coffee})
	}
	return r
}

func TestReplay(t *testing.T) {
	golden(t, "replay.txt", func(s Streams) { s.Replay(aReplay(), people) })
	golden(t, "replay-shadow.txt", func(s Streams) {
		r := aReplay()
		r.Shadow = r.Writes[0]
		s.Replay(r, people)
	})
	golden(t, "replay-partly-shadow.txt", func(s Streams) {
		r := aReplay()
		r.Shadow = 1
		r.Changed[1].For, r.Changed[1].Spans[0].To = 300*time.Millisecond, nine.Add(300*time.Millisecond)
		s.Replay(r, people)
	})
	golden(t, "replay-nothing.txt", func(s Streams) {
		s.Replay(history.Replay{From: nine, To: nine.Add(time.Hour), Agents: 1, Writes: [2]int{1, 1}}, nil)
	})
	golden(t, "replay.json", func(s Streams) { must(t, s.ReplayJSON(aReplay(), people)) })
	golden(t, "replay.csv", func(s Streams) { must(t, s.ReplayCSV(aReplay(), people)) })
}

func TestForecast(t *testing.T) {
	big := needs.Of(needs.Centre{Agents: 3000, Changes: 50, Org: schema.Allowances{Calls: 145_000, CallsLeft: 140_000, Deliveries: 25_000, DeliveriesLeft: 25_000, Pushes: 200_000, PushesLeft: 199_000, Clients: 1000}})
	golden(t, "forecast.txt", func(s Streams) { s.Forecast(big) })
	golden(t, "forecast.json", func(s Streams) { must(t, s.ForecastJSON(big)) })
	known := needs.Centre{Agents: 500, Changes: 40, Edition: "enterprise"}
	known.Org, _ = needs.LimitsOf(known.Edition, known.Agents)
	golden(t, "forecast-edition.txt", func(s Streams) { s.Forecast(needs.Of(known)) })
	golden(t, "forecast-small.txt", func(s Streams) { s.Forecast(needs.Of(needs.Centre{Agents: 1, Changes: 1, OneWay: true})) })
}

func aSnapshot() *mirror.Snapshot {
	return &mirror.Snapshot{
		At: nine, Tenant: "salesforce=https://acme.my.salesforce.com cxone=11eb8f0a-7c1d-4e52-9a60-2f4c5d6e7a8b", Owner: "replica-1", Epoch: 7, Mode: "live",
		Feed:   mirror.Feed{Salesforce: "events", CXone: "polling"},
		Totals: mirror.Totals{Agents: 1200, Apart: 3, Pending: 2, Unmatched: 1, Changes: 5000, Writes: 4900, Done: 4890, Failures: 4},
		Budget: mirror.Budget{Calls: 1840, CallsOf: 20000, Deliveries: 17320, DeliveriesOf: 20000},
	}
}

// TestLiveOnATerminal plays what is written to a terminal of a few lines and
// looks at what is left on it.
func TestLiveOnATerminal(t *testing.T) {
	for _, columns := range []int{80, 40, 12} {
		screen := &terminal{columns: columns}
		l := Streams{Out: screen, Err: screen}.NewLive("acme, tenant 11eb8f0a", "http://127.0.0.1:9099", screen.width)
		screen.WriteString("before\n")
		now := aSnapshot()
		now.Owner = "a-machine-with-a-long-name.of-some-cluster.acme.example/30123"
		now.Totals.Undeliverable, now.Totals.Stopped, now.Totals.Parked = 1000, 1000, 1000
		l.Show(now)
		now.At, now.Totals.Changes = now.At.Add(2*time.Second), now.Totals.Changes+9
		now.Halted = "the breaker " + strings.Repeat("and more of it ", 20)
		l.Show(now)
		if len(screen.lines) != 8 || !strings.HasPrefix(screen.lines[1], "acme, ten") || !strings.HasPrefix(screen.lines[3], "  4.5 ch") || !strings.HasPrefix(screen.lines[6], "  HALTED") {
			t.Errorf("%d columns: the block is not redrawn in its place:\n%s", columns, strings.Join(screen.lines, "\n"))
		}
		screen.typed = "^C"
		l.Clear()
		screen.WriteString("after\n")
		if diff := cmp.Diff([]string{"before", "after"}, screen.lines); diff != "" {
			t.Errorf("%d columns, left behind: -want +got:\n%s", columns, diff)
		}
	}
}

// TestLiveInAWindowThatShrinks: what was drawn before has wrapped, and goes all
// the same.
func TestLiveInAWindowThatShrinks(t *testing.T) {
	screen := &terminal{columns: 100}
	l := Streams{Out: screen, Err: screen}.NewLive("acme, tenant 11eb8f0a", "", screen.width)
	now := aSnapshot()
	now.Halted = strings.Repeat("the breaker ", 20)
	for _, columns := range []int{100, 30, 120} {
		screen.resize(columns)
		l.Show(now)
		if len(screen.lines) != 6 || screen.lines[0] != ansi.Truncate("acme, tenant 11eb8f0a  live, owner replica-1, epoch 7", columns-1, "…") {
			t.Errorf("%d columns:\n%s", columns, strings.Join(screen.lines, "\n"))
		}
	}
	screen.resize(20)
	if l.Clear(); len(screen.lines) != 0 {
		t.Errorf("left behind: %q", screen.lines)
	}
}

// A terminal knows what Live uses of one: it wraps what is too wide.
type terminal struct {
	columns int
	lines   []string
	row     int
	typed   string // what stands where the cursor is, in front of it
}

func (t *terminal) width() int { return t.columns }

// resize wraps what is on the screen anew, as terminals do. The cursor stays
// below it.
func (t *terminal) resize(columns int) {
	text := strings.Join(t.lines, "\n") + "\n"
	*t = terminal{columns: columns}
	if text != "\n" {
		t.WriteString(text)
	}
}

func (t *terminal) Write(text []byte) (int, error) {
	t.WriteString(string(text))
	return len(text), nil
}

func (t *terminal) WriteString(text string) {
	for text != "" {
		switch {
		case text[0] == '\r':
			t.typed, text = "", text[1:]
		case strings.HasPrefix(text, "\x1b["):
			end := 2 + strings.IndexAny(text[2:], "AJKm")
			switch text[end] {
			case 'A':
				n, _ := strconv.Atoi(text[2:end])
				t.row = max(0, t.row-n)
			case 'J':
				t.lines = t.lines[:t.row]
			}
			text = text[end+1:]
		default:
			line, rest, _ := strings.Cut(text, "\n")
			for part := range strings.SplitSeq(ansi.Hardwrap(ansi.Strip(line), t.columns, true), "\n") {
				t.put(part)
			}
			text = rest
		}
	}
}

func (t *terminal) put(line string) {
	line, t.typed = t.typed+line, ""
	if t.row < len(t.lines) {
		t.lines[t.row] = line
	} else {
		t.lines = append(t.lines, line)
	}
	t.row++
}
