package view

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// Busy says on a terminal that something takes its time; the function it
// returns ends that. Elsewhere it is silent.
func (s Streams) Busy(what string) (done func()) {
	if !s.Live {
		return func() {}
	}
	p := s.NewProgress(0)
	p.wait(what)
	return p.Close
}

// Pause takes the redrawn line away while a person is asked something.
func (p *Progress) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.waiting = ""
}

// Guide shows a manual step's click path.
func (s Streams) Guide(step *schema.Step) {
	s.Say("\n%s %s", sign(schema.Manual), bold.Render(string(step.Address)))
	if step.Reason != "" {
		s.Say("    %s", faint.Render(step.Reason))
	}
	planWriter{s.Err, s}.guide(step.Guide)
	s.Say("")
}

// Valid is what an offline check found out.
type Valid struct {
	Blocks int
	Rules  []ValidRule
}

// A ValidRule is a rule that comes to rest, with the largest number of writes
// that one human action can cause.
type ValidRule struct {
	Address schema.Address
	Writes  int
}

// Valid writes the outcome of an offline check.
func (s Streams) Valid(v Valid) {
	s.Print("%s %s.", green.Render("Valid."), count(v.Blocks, "block"))
	for _, rule := range v.Rules {
		s.Print("  %s comes to rest: one human action causes at most %s.", rule.Address, count(rule.Writes, "write"))
	}
}

type outcomeJSON struct {
	Address schema.Address `json:"address"`
	Action  string         `json:"action"`
	Result  string         `json:"result"`
	Because schema.Address `json:"because,omitempty"`
	Error   string         `json:"error,omitempty"`
}

// AppliedJSON writes a plan and how carrying it out ended, as one document.
func (s Streams) AppliedJSON(plan reconcile.Document, a *reconcile.Applied) error {
	document := struct {
		FormatVersion string             `json:"format_version"`
		Plan          reconcile.Document `json:"plan"`
		Outcomes      []outcomeJSON      `json:"outcomes"`
		Calls         int                `json:"calls"`
	}{FormatVersion: reconcile.DocumentVersion, Plan: plan, Outcomes: []outcomeJSON{}, Calls: a.Calls.Writing}
	for _, o := range a.Outcomes {
		row := outcomeJSON{Address: o.Step.Address, Action: o.Step.Action.String(), Result: o.Result.String(), Because: o.Because}
		if o.Err != nil {
			row.Error = o.Err.Error()
		}
		document.Outcomes = append(document.Outcomes, row)
	}
	return s.json(document)
}

func (s Streams) json(v any) error {
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Chapter writes a heading of a story told on the terminal.
func (s Streams) Chapter(format string, args ...any) {
	s.Print("\n%s", bold.Render(fmt.Sprintf(format, args...)))
}

// Took says how long something took.
func (s Streams) Took(d time.Duration) {
	s.Print("%s", faint.Render(fmt.Sprintf("(%.1f s)", d.Seconds())))
}
