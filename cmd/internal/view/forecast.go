package view

import (
	"strconv"
	"strings"

	needs "github.com/lockstep-sync/lockstep/reconcile/forecast"
	"github.com/lockstep-sync/lockstep/schema"
)

// Forecast writes what a centre needs of both vendors, against the limits.
func (s Streams) Forecast(f needs.Forecast) {
	c := f.Centre
	s.Print("%s, %s a day each: %s in all, in %s.\n", count(c.Agents, "agent"), count(c.Changes, "change"), thousands(f.Changes), span(c.Workday))
	t := &table{heads: []string{"", "A day", ">Needed", ">Budget", ">Org's limit", ">Left"}}
	for _, n := range f.Needs {
		t.add(verdict(n.Verdict), n.Name, thousands(n.Amount), bound(n.Budget), bound(n.Limit), bound(n.Left))
	}
	t.print(s)
	switch {
	case c.Edition != "":
		s.Print(faint.Render("  The org's limits are those of the edition %s, without add-ons; deliveries are uncertain."), c.Edition)
	case c.Org == schema.Allowances{}:
		s.Print("%s", faint.Render("  The org was not asked for its limits: that takes its credentials, without -offline. -edition=NAME takes those of an edition."))
	}
	for _, n := range f.Needs {
		if n.Then != "" {
			s.Print("\n%s: %s.", bold.Render(n.Name), n.Then)
		}
	}
	s.Print("\n%s", bold.Render("Delay beyond the vendors' own"))
	for _, d := range f.Delays {
		figure := span(d.Usual)
		if d.Slower != d.Usual {
			figure += ", up to " + span(d.Slower)
		}
		s.Print("  %-20s %s", d.Direction, figure)
		s.Print("  %-20s %s", "", faint.Render(d.Why))
	}
}

func verdict(v needs.Verdict) string {
	switch v {
	case needs.Fits:
		return green.Render("fits   ")
	case needs.Tight:
		return yellow.Render("tight  ")
	case needs.Exceeds:
		return red.Render("exceeds")
	case needs.Unknown:
		return blue.Render("unknown")
	}
	return "       "
}

func bound(n int) string {
	if n == 0 {
		return "-"
	}
	return thousands(n)
}

// thousands writes a number with commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && d != '-' && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// ForecastJSON writes the forecast as JSON.
func (s Streams) ForecastJSON(f needs.Forecast) error {
	type need struct {
		Name    string        `json:"name"`
		Amount  int           `json:"amount"`
		Budget  int           `json:"budget,omitempty"`
		Limit   int           `json:"limit,omitempty"`
		Left    int           `json:"left,omitempty"`
		Verdict needs.Verdict `json:"verdict,omitempty"`
		Then    string        `json:"then,omitempty"`
	}
	type delay struct {
		Direction string  `json:"direction"`
		Usual     float64 `json:"usual_seconds"`
		Slower    float64 `json:"slower_seconds"`
		Why       string  `json:"why"`
	}
	document := struct {
		FormatVersion string        `json:"format_version"`
		Agents        int           `json:"agents"`
		Changes       int           `json:"changes_per_day"`
		Edition       string        `json:"edition,omitempty"`
		Worst         needs.Verdict `json:"worst"`
		Needs         []need        `json:"needs"`
		Delays        []delay       `json:"delays"`
	}{FormatVersion: "1.0", Agents: f.Centre.Agents, Changes: f.Changes, Edition: f.Centre.Edition, Worst: f.Worst()}
	for _, n := range f.Needs {
		document.Needs = append(document.Needs, need(n))
	}
	for _, d := range f.Delays {
		document.Delays = append(document.Delays, delay{d.Direction, rounded(d.Usual.Seconds()), rounded(d.Slower.Seconds()), d.Why})
	}
	return s.json(document)
}
