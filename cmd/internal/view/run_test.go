package view

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	needs "github.com/lockstep-sync/lockstep/reconcile/forecast"
	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// aTimeline is one of each thing that a journal tells often.
func aTimeline() []mirror.Line {
	lunch, available := schema.ACDState{Code: "Lunch"}, schema.ACDState{Word: "Available"}
	var lines []mirror.Line
	add := func(after time.Duration, e presence.Entry) {
		at := nine
		if len(lines) > 0 {
			at = lines[len(lines)-1].At
		}
		e.Rule = "Support"
		lines = append(lines, mirror.Line{At: at.Add(after), Agent: "ana.lopez@acme.example", Entry: e})
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
	golden(t, "why.json", func(s Streams) { must(t, s.WhyJSON("Ana López", journalOf(aTimeline()[:3]))) })
	golden(t, "why.csv", func(s Streams) { must(t, s.WhyCSV(journalOf(aTimeline()))) })
	broken := func(yield func(mirror.Line, error) bool) { yield(mirror.Line{}, errors.New("the disk is gone")) }
	var out bytes.Buffer
	s := NewStreams(&out, &out, nil, false)
	for name, err := range map[string]error{"text": s.Why("x", broken), "json": s.WhyJSON("x", broken), "csv": s.WhyCSV(broken)} {
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
	golden(t, "compare-nothing.txt", func(s Streams) { s.Compare(history.Comparison{From: nine, To: nine.Add(time.Hour), Live: 1}) })
	golden(t, "compare.json", func(s Streams) { must(t, s.CompareJSON(aComparison())) })
	golden(t, "compare.csv", func(s Streams) { must(t, s.CompareCSV(aComparison())) })
}

func aReplay() history.Replay {
	break_, coffee := history.Pair{State: `code "Coffee"`, Status: "On_Break"}, history.Pair{State: `code "Coffee"`, Status: "On_Coffee"}
	r := history.Replay{From: nine, To: nine.Add(8 * time.Hour), Agents: 40, Writes: [2]int{812, 799}, Changed: []history.Replayed{
		{Agent: "ana.lopez@acme.example", Team: "Support", For: 70 * time.Minute},
		{Agent: "ben.ito@acme.example", For: 40 * time.Second, Spans: []history.Span{
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
	golden(t, "replay.txt", func(s Streams) { s.Replay(aReplay()) })
	golden(t, "replay-nothing.txt", func(s Streams) {
		s.Replay(history.Replay{From: nine, To: nine.Add(time.Hour), Agents: 1, Writes: [2]int{1, 1}})
	})
	golden(t, "replay.json", func(s Streams) { must(t, s.ReplayJSON(aReplay())) })
	golden(t, "replay.csv", func(s Streams) { must(t, s.ReplayCSV(aReplay())) })
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
		At: nine, Tenant: "acme-production", Owner: "replica-1", Epoch: 7, Mode: "live",
		Feed:   mirror.Feed{Salesforce: "events", CXone: "polling"},
		Totals: mirror.Totals{Agents: 1200, Apart: 3, Pending: 2, Unmatched: 1, Changes: 5000, Writes: 4900, Done: 4890, Failures: 4},
		Budget: mirror.Budget{Calls: 1840, CallsOf: 20000, Deliveries: 17320, DeliveriesOf: 20000},
	}
}

func TestLiveWithoutATerminal(t *testing.T) {
	golden(t, "live-lines.txt", func(s Streams) {
		l := s.NewLive(0, "")
		now := aSnapshot()
		l.Show(now)
		for range 20 { // counts alone are no news
			now.At = now.At.Add(10 * time.Second)
			now.Totals.Changes++
			l.Show(now)
		}
		now.Halted, now.OneWay = "the breaker: 24 % of the agents at once", "no presence_bridge is declared"
		l.Show(now)
		now.At = now.At.Add(quarter)
		l.Show(now)
		l.Clear()
	})
}

// TestLiveOnATerminal plays what is written to a terminal of a few lines and
// looks at what is left on it.
func TestLiveOnATerminal(t *testing.T) {
	var out bytes.Buffer
	l := Streams{Out: &out, Err: &out, Live: true}.NewLive(72, "http://127.0.0.1:9099/")
	now := aSnapshot()
	l.Show(now)
	now.At, now.Totals.Changes = now.At.Add(2*time.Second), now.Totals.Changes+9
	now.Halted = "the breaker " + strings.Repeat("and more of it ", 20)
	l.Show(now)
	screen := play(out.String())
	if len(screen) != 7 || !strings.Contains(screen[2], "4.5 changes/s") || !strings.HasPrefix(screen[5], "  HALTED: the breaker") {
		t.Errorf("the block is not redrawn in its place:\n%s", strings.Join(screen, "\n"))
	}
	for _, line := range screen {
		if n := len([]rune(line)); n > 72 {
			t.Errorf("%d wide: what wraps cannot be redrawn: %s", n, line)
		}
	}
	l.Clear()
	if screen = play(out.String()); len(screen) != 0 {
		t.Errorf("left behind: %q", screen)
	}
}

// play is a terminal that knows what Live uses of one.
func play(text string) []string {
	var screen []string
	row := 0
	for text != "" {
		switch {
		case strings.HasPrefix(text, "\x1b["):
			end := 2 + strings.IndexAny(text[2:], "AJKm")
			switch text[end] {
			case 'A':
				n := 0
				for _, d := range text[2:end] {
					n = 10*n + int(d-'0')
				}
				row -= n
			case 'J':
				screen = screen[:row]
			}
			text = text[end+1:]
		default:
			line, rest, _ := strings.Cut(text, "\n")
			for strings.Contains(line, "\x1b[") {
				start := strings.Index(line, "\x1b[")
				end := start + 2 + strings.IndexAny(line[start+2:], "AJKm")
				line = line[:start] + line[end+1:]
			}
			if row < len(screen) {
				screen[row] = line
			} else {
				screen = append(screen, line)
			}
			row, text = row+1, rest
		}
	}
	return screen
}
