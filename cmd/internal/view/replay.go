package view

import (
	"encoding/csv"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
)

// mostSpans bounds what is shown of one agent; JSON and CSV hold everything.
const mostSpans = 5

// Replay writes which agents and minutes would change under other rules.
func (s Streams) Replay(r history.Replay, names history.Names) {
	var total time.Duration
	for _, c := range r.Changed {
		total += c.For
	}
	s.Print("%s to %s: %s, %s as recorded and %s under these rules.", moment(r.From), moment(r.To), count(r.Agents, "agent"), count(r.Writes[0], "decision"), count(r.Writes[1], "decision"))
	if len(r.Changed) == 0 {
		s.Print("%s Nobody would have shown anything else.", green.Render("No change."))
		return
	}
	s.Print("%s of %d would have shown something else, for %s in all.", bold.Render(count(len(r.Changed), "agent")), r.Agents, about(total))
	if r.Shadow > 0 {
		s.Print("%s made in shadow: nothing was written then, so what was shown differs even where the rules are the same.", were(r.Shadow, r.Writes[0]))
	}
	for _, c := range r.Changed {
		s.Print("\n%s %s", bold.Render(names.Of(c.Agent)), faint.Render(teamName(c.Team)+": something else for "+about(c.For)))
		for i, p := range c.Spans {
			if i == mostSpans {
				s.Print("  %s", faint.Render("and "+count(len(c.Spans)-mostSpans, "more time")))
				break
			}
			s.Print("  %s  %-12s %s", p.From.Format("2006-01-02 15:04:05"), about(p.To.Sub(p.From)), differs(p))
		}
	}
}

// were says how many of the decisions something is said about.
func were(n, of int) string {
	switch {
	case n == 1 && of > 1:
		return fmt.Sprintf("One of the %s as recorded was", count(of, "decision"))
	case n < of:
		return fmt.Sprintf("%d of the %s as recorded were", n, count(of, "decision"))
	case n == 1:
		return "The decision as recorded was"
	}
	return "The decisions as recorded were"
}

// about writes a duration to the second: what is replayed takes no time, so
// that fractions tell nothing.
func about(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Second:
		return "under 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return span(d)
}

// differs names what is different: one side, or both.
func differs(p history.Span) string {
	switch {
	case p.Was.State == p.Would.State:
		return "Salesforce " + p.Was.Status + " → " + p.Would.Status + faint.Render(" at "+p.Was.State)
	case p.Was.Status == p.Would.Status:
		return "CXone " + p.Was.State + " → " + p.Would.State + faint.Render(" at "+p.Was.Status)
	}
	return "CXone " + p.Was.State + " → " + p.Would.State + ", Salesforce " + p.Was.Status + " → " + p.Would.Status
}

type spanJSON struct {
	From            time.Time `json:"from"`
	To              time.Time `json:"to"`
	WasCXone        string    `json:"was_cxone"`
	WasSalesforce   string    `json:"was_salesforce"`
	WouldCXone      string    `json:"would_cxone"`
	WouldSalesforce string    `json:"would_salesforce"`
}

// ReplayJSON writes the replay as JSON.
func (s Streams) ReplayJSON(r history.Replay, names history.Names) error {
	type agent struct {
		Agent   string     `json:"agent"`
		Key     string     `json:"key"`
		Team    string     `json:"team"`
		Minutes float64    `json:"minutes"`
		Spans   []spanJSON `json:"spans"`
	}
	document := struct {
		FormatVersion string    `json:"format_version"`
		From          time.Time `json:"from"`
		To            time.Time `json:"to"`
		Agents        int       `json:"agents"`
		Recorded      int       `json:"decisions_recorded"`
		Shadow        int       `json:"decisions_in_shadow"` // of those recorded
		Replayed      int       `json:"decisions_replayed"`
		Changed       []agent   `json:"changed"`
	}{"1.0", r.From, r.To, r.Agents, r.Writes[0], r.Shadow, r.Writes[1], []agent{}}
	for _, c := range r.Changed {
		a := agent{names.Of(c.Agent), c.Agent, c.Team, rounded(c.For.Minutes()), nil}
		for _, p := range c.Spans {
			a.Spans = append(a.Spans, spanJSON{p.From, p.To, p.Was.State, p.Was.Status, p.Would.State, p.Would.Status})
		}
		document.Changed = append(document.Changed, a)
	}
	return s.json(document)
}

// ReplayCSV writes one line for each stretch that would change.
func (s Streams) ReplayCSV(r history.Replay, names history.Names) error {
	w := csv.NewWriter(s.Out)
	_ = w.Write([]string{"agent", "key", "team", "from", "to", "was_cxone", "was_salesforce", "would_cxone", "would_salesforce"})
	for _, c := range r.Changed {
		for _, p := range c.Spans {
			_ = w.Write(harmless(names.Of(c.Agent), c.Agent, c.Team, p.From.Format(time.RFC3339Nano), p.To.Format(time.RFC3339Nano), p.Was.State, p.Was.Status, p.Would.State, p.Would.Status))
		}
	}
	w.Flush()
	return w.Error()
}
