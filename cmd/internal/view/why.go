package view

import (
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// Why tells an agent's timeline, a line for each thing that was seen or done,
// with the reason of every write. An agent of whom nothing is known is said so.
func (s Streams) Why(agent string, journal history.Journal) error {
	return s.timeline(agent, journal, func(*mirror.Line) string { return "" })
}

// WhyEverybody tells everybody's timeline in one.
func (s Streams) WhyEverybody(names history.Names, journal history.Journal) error {
	return s.timeline("Everybody", journal, func(l *mirror.Line) string { return names.Of(l.Agent) })
}

func (s Streams) timeline(title string, journal history.Journal, who func(*mirror.Line) string) error {
	s.Print("%s", bold.Render(title))
	day, told := "", false
	for line, err := range journal {
		if err != nil {
			return err
		}
		if date := line.At.Format("Monday 2 January 2006"); date != day {
			day = date
			s.Print("\n%s", faint.Render(day+" ("+line.At.Format("MST")+")"))
		}
		told = true
		s.told(&line, who(&line))
	}
	if !told {
		s.Print("Nothing is recorded of this time.")
	}
	return nil
}

// Decided writes a decision about who as it is made.
func (s Streams) Decided(l *mirror.Line, who string) { s.told(l, who) }

// told writes one line of a timeline, about who; what does not fit goes on below
// it.
func (s Streams) told(l *mirror.Line, who string) {
	text := history.Explain(l)
	if who != "" {
		text = who + ": " + text
	}
	text = strings.ReplaceAll(wrap(text, 84), "\n", "\n"+strings.Repeat(" ", 29))
	s.Print("  %s  %s %s", l.At.Format("15:04:05.000"), tone(l)(pad(string(l.What), 12)), text)
}

func tone(l *mirror.Line) func(string) string {
	switch l.What {
	case presence.Decided, presence.Resent:
		return blue.Render
	case presence.Done, presence.Landed:
		return green.Render
	case presence.Undeliverable, presence.Missed:
		return red.Render
	case presence.Parked, presence.Stopped, mirror.Noticed:
		return yellow.Render
	case mirror.Saw, presence.Answered, presence.Superseded, presence.Ignored:
		return faint.Render
	}
	return bold.Render
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-len(text)))
}

// A whyRow is one line of a timeline as data. Its names are CSV's as well.
type whyRow struct {
	At         time.Time `json:"at"`
	Agent      string    `json:"agent,omitempty"`
	Key        string    `json:"key,omitempty"`
	What       string    `json:"what"`
	CXone      string    `json:"cxone,omitempty"`
	Salesforce string    `json:"salesforce,omitempty"`
	BaseCXone  string    `json:"base_cxone,omitempty"`
	BaseStatus string    `json:"base_salesforce,omitempty"`
	Moved      string    `json:"moved,omitempty"`
	Rule       string    `json:"rule,omitempty"`
	Row        string    `json:"row,omitempty"`
	Side       string    `json:"side,omitempty"`
	Target     string    `json:"target,omitempty"`
	Command    uint64    `json:"command,omitempty"`
	Shadow     bool      `json:"shadow,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	Text       string    `json:"text"`
}

func whyRowOf(l *mirror.Line, names history.Names) whyRow {
	r := whyRow{
		At: l.At, Agent: names.Of(l.Agent), Key: l.Agent, What: string(l.What), CXone: l.State.String(), Salesforce: l.Status,
		BaseCXone: l.BaseState.String(), BaseStatus: l.BaseStatus, Moved: l.Moved, Rule: l.Rule, Row: l.Row,
		Target: l.Target, Command: l.Command, Shadow: l.Shadow, Detail: l.Detail, Text: history.Explain(l),
	}
	if l.Target != "" || l.What == mirror.Saw {
		r.Side = l.Side.String()
	}
	return r
}

// WhyJSON writes a timeline as JSON; everybody's has no agent.
func (s Streams) WhyJSON(agent string, names history.Names, journal history.Journal) error {
	document := struct {
		FormatVersion string   `json:"format_version"`
		Agent         string   `json:"agent,omitempty"`
		Lines         []whyRow `json:"lines"`
	}{"1.0", agent, []whyRow{}}
	for line, err := range journal {
		if err != nil {
			return err
		}
		document.Lines = append(document.Lines, whyRowOf(&line, names))
	}
	return s.json(document)
}

// WhyCSV writes a timeline as CSV, line by line as it is read: an audit may ask
// for years of everybody.
func (s Streams) WhyCSV(names history.Names, journal history.Journal) error {
	w := csv.NewWriter(s.Out)
	_ = w.Write([]string{"at", "agent", "key", "what", "cxone", "salesforce", "base_cxone", "base_salesforce", "moved", "rule", "row", "side", "target", "command", "shadow", "detail", "text"})
	for line, err := range journal {
		if err != nil {
			w.Flush()
			return err
		}
		r := whyRowOf(&line, names)
		command := ""
		if r.Command != 0 {
			command = strconv.FormatUint(r.Command, 10)
		}
		_ = w.Write(harmless(r.At.Format(time.RFC3339Nano), r.Agent, r.Key, r.What, r.CXone, r.Salesforce, r.BaseCXone, r.BaseStatus, r.Moved,
			r.Rule, r.Row, r.Side, r.Target, command, strconv.FormatBool(r.Shadow), r.Detail, r.Text))
	}
	w.Flush()
	return w.Error()
}

// harmless keeps a spreadsheet from taking a text for a formula: names are
// other people's to choose.
func harmless(cells ...string) []string {
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
