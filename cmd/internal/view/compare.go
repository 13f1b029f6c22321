package view

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
)

// Compare writes by team and rule row what others did of what the rules ask for.
func (s Streams) Compare(c history.Comparison) {
	if len(c.Rows) == 0 {
		if c.Live > 0 {
			s.Print("Between %s and %s Lockstep carried out %s itself, so there is nothing of others to compare.", moment(c.From), moment(c.To), count(c.Live, "decision"))
			return
		}
		s.Print("Nothing was watched between %s and %s.", moment(c.From), moment(c.To))
		return
	}
	all := c.Total("")
	s.Print("%s to %s: %s, %s.", moment(c.From), moment(c.To), count(c.Agents, "agent"), count(all.Decisions, "decision"))
	team := ""
	var t *table
	flush := func() {
		if t != nil {
			t.print(s)
		}
	}
	for i := range c.Rows {
		r := &c.Rows[i]
		if i == 0 || r.Team != team {
			flush()
			team = r.Team
			t = &table{heads: []string{"Row", ">Asked", ">Apart", ">Late", ">Missed", ">Overtaken", ">Differ", ">Slowest", "Asks"}}
			s.Print("\n%s", bold.Render(teamName(team)))
		}
		t.add(place(r.Row), strconv.Itoa(r.Decisions), hours(r.Apart), share(r.Late, r.Decisions), share(r.Missed, r.Decisions),
			share(r.Overtaken, r.Decisions), share(r.Differ, r.Decisions), span(r.Slowest), r.Asks)
	}
	flush()
	s.Print("\nIn all the sides were apart for %s. %s", bold.Render(hours(all.Apart)+" agent-hours"), others(c.NICE, &all))
	switch n := all.Late + all.Missed + all.Differ; n {
	case 0:
	case 1:
		s.Print("Lockstep would have set it within its own delay: see `lockstep forecast`.")
	default:
		s.Print("Lockstep would have set each of the %d within its own delay: see `lockstep forecast`.", n)
	}
	if c.Live > 0 {
		s.Print("%s that Lockstep carried out itself: not compared.", count(c.Live, "decision"))
	}
	s.Print("%s", faint.Render(fmt.Sprintf("Late: set after more than %s. Missed: not set by anybody. Overtaken: the side that asked moved on first. Differ: set to something else.", about(history.Grace))))
}

// others tells what was done of what the rules ask for, and by whom as far as
// that is known.
func others(nice bool, all *history.Compared) string {
	who, missed := "somebody or something else", "nobody acted"
	if nice {
		who, missed = "NICE's own sync", "NICE's own sync never came"
	}
	var did []string
	for _, one := range []struct {
		n    int
		what string
	}{{all.Late, who + " was late"}, {all.Missed, missed}, {all.Differ, who + " set what the rule does not ask for"}} {
		if one.n > 0 {
			did = append(did, times(one.n)+" "+one.what)
		}
	}
	if len(did) == 0 {
		return "What the rules ask for was done in time, or was overtaken."
	}
	text := strings.Join(did, "; ") + "."
	return strings.ToUpper(text[:1]) + text[1:]
}

func teamName(team string) string {
	if team == "" {
		return "(no team)"
	}
	return team
}

func place(row string) string {
	if row == "" {
		return "after_contact"
	}
	return row
}

func moment(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }

func hours(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', 2, 64) }

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func share(n, of int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%.0f%%)", n, 100*float64(n)/float64(of))
}

// span writes a duration as people say it, no more exactly than it matters.
func span(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}

type comparedJSON struct {
	Team           string  `json:"team"`
	Rule           string  `json:"rule"`
	Row            string  `json:"row"`
	Asks           string  `json:"asks"`
	Decisions      int     `json:"decisions"`
	Prompt         int     `json:"prompt"`
	Late           int     `json:"nice_late"`
	Missed         int     `json:"nice_missed"`
	Differ         int     `json:"we_differ"`
	Overtaken      int     `json:"overtaken"`
	AgentHours     float64 `json:"agent_hours_apart"`
	SlowestSeconds float64 `json:"slowest_seconds"`
}

func comparedOf(r *history.Compared) comparedJSON {
	return comparedJSON{r.Team, r.Rule, r.Row, r.Asks, r.Decisions, r.Prompt, r.Late, r.Missed, r.Differ, r.Overtaken, rounded(r.Apart.Hours()), rounded(r.Slowest.Seconds())}
}

// rounded keeps a figure to what is meant: milliseconds of an hour are noise.
func rounded(v float64) float64 {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', 4, 64), 64)
	return f
}

// CompareJSON writes the comparison as JSON.
func (s Streams) CompareJSON(c history.Comparison) error {
	document := struct {
		FormatVersion string         `json:"format_version"`
		From          time.Time      `json:"from"`
		To            time.Time      `json:"to"`
		Agents        int            `json:"agents"`
		Live          int            `json:"carried_out_by_lockstep"`
		Rows          []comparedJSON `json:"rows"`
	}{"1.0", c.From, c.To, c.Agents, c.Live, []comparedJSON{}}
	for i := range c.Rows {
		document.Rows = append(document.Rows, comparedOf(&c.Rows[i]))
	}
	return s.json(document)
}

// CompareCSV writes the comparison as CSV.
func (s Streams) CompareCSV(c history.Comparison) error {
	w := csv.NewWriter(s.Out)
	_ = w.Write([]string{"team", "rule", "row", "asks", "decisions", "prompt", "nice_late", "nice_missed", "we_differ", "overtaken", "agent_hours_apart", "slowest_seconds"})
	for i := range c.Rows {
		r := comparedOf(&c.Rows[i])
		_ = w.Write(harmless(r.Team, r.Rule, r.Row, r.Asks, strconv.Itoa(r.Decisions), strconv.Itoa(r.Prompt), strconv.Itoa(r.Late), strconv.Itoa(r.Missed),
			strconv.Itoa(r.Differ), strconv.Itoa(r.Overtaken), strconv.FormatFloat(r.AgentHours, 'f', -1, 64), strconv.FormatFloat(r.SlowestSeconds, 'f', -1, 64)))
	}
	w.Flush()
	return w.Error()
}
