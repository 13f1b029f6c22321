package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// Plan writes a plan for people to standard output. The vendors are in the
// order to name them in.
func (s Streams) Plan(p *reconcile.Plan, vendors []*schema.Vendor) {
	w := planWriter{s.Out, s}
	w.where(p.Where, vendors)
	for _, step := range p.Steps {
		w.step(step)
	}
	w.notes(p.Notes)
	w.summary(p)
}

type planWriter struct {
	io.Writer
	streams Streams
}

func (w planWriter) printf(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

func (w planWriter) where(where map[string]string, vendors []*schema.Vendor) {
	for _, vendor := range vendors {
		if where[vendor.Name] != "" {
			w.printf("%s\n", faint.Render(fmt.Sprintf("%-11s %s", vendor.Title, where[vendor.Name])))
		}
	}
	w.printf("\n")
}

func (w planWriter) step(step *schema.Step) {
	place := ""
	if r := origin(step); r != "" {
		place = faint.Render("  " + w.streams.near(r))
	}
	w.printf("%s %s%s\n", sign(step.Action), bold.Render(string(step.Address)), place)
	if step.Reason != "" {
		w.printf("    %s\n", faint.Render(step.Reason))
	}
	if held := step.Held; held != nil && held.Seen != (schema.LastChange{}) && len(step.Changes) > 0 {
		w.printf("    %s\n", faint.Render(lastChanged(held.Seen)))
	}
	width := 0
	for _, change := range step.Changes {
		width = max(width, len(change.Path))
	}
	for _, change := range step.Changes {
		w.change(step.Held == nil, change, width)
	}
	w.guide(step.Guide)
	for _, warning := range step.Warnings {
		w.printf("    %s %s\n", yellow.Render("Warning:"), warning)
	}
	w.printf("\n")
}

// guide writes a click path as numbered lines.
func (w planWriter) guide(lines []schema.Instruction) {
	for i, line := range lines {
		w.printf("    %2d. %s", i+1, line.Text)
		if line.Value != nil {
			w.printf(": %s", value(line.Value))
		}
		w.printf("\n")
	}
}

// change writes one argument: what is wanted for a new object, what it was and
// what it becomes for one that exists.
func (w planWriter) change(created bool, c schema.Change, width int) {
	head := fmt.Sprintf("    %-*s  ", width, c.Path)
	place := ""
	if c.Source.File != "" && !created {
		place = "  " + faint.Render(w.streams.near(c.Source.String()))
	}
	if c.Note != "" {
		place = "  " + faint.Render("("+c.Note+")") + place
	}
	wanted, isList := c.Wanted.(schema.List)
	held, wasList := c.Held.(schema.List)
	switch {
	case c.Secret:
		w.printf("%s%s%s\n", head, secretChange(c), place)
	case created && isList && isLong(wanted):
		w.elements(head, "", wanted)
	case created:
		w.printf("%s%s%s\n", head, value(c.Wanted), place)
	case isList && (wasList || c.Held == nil), wasList && c.Wanted == nil:
		added, removed := schema.DiffSet(wanted, held)
		w.printf("%s%s%s\n", head, listChange(len(added), len(removed)), place)
		w.elements(strings.Repeat(" ", len(head)), green.Render("+ "), added)
		w.elements(strings.Repeat(" ", len(head)), red.Render("- "), removed)
	default:
		w.printf("%s%s → %s%s\n", head, red.Render(value(c.Held)), green.Render(value(c.Wanted)), place)
	}
}

func secretChange(c schema.Change) string {
	if s, ok := c.Wanted.(schema.Secret); ok {
		return secret(s)
	}
	return value(c.Wanted)
}

func listChange(added, removed int) string {
	if added == 0 && removed == 0 {
		return "another order"
	}
	var parts []string
	if added > 0 {
		parts = append(parts, fmt.Sprintf("%d more", added))
	}
	if removed > 0 {
		parts = append(parts, fmt.Sprintf("%d fewer", removed))
	}
	return strings.Join(parts, ", ")
}

// elements writes a list one element a line, the first behind head.
func (w planWriter) elements(head, mark string, list schema.List) {
	for _, e := range list {
		w.printf("%s%s%s\n", head, mark, value(e))
		head = strings.Repeat(" ", ansi.StringWidth(head))
	}
}

func (w planWriter) notes(notes []schema.Note) {
	if len(notes) == 0 {
		return
	}
	w.printf("%s\n", bold.Render("Notes"))
	for _, note := range notes {
		if note.Address != "" {
			w.printf("  %s: %s\n", note.Address, note.Text)
			continue
		}
		w.printf("  %s\n", note.Text)
	}
	w.printf("\n")
}

func (w planWriter) summary(p *reconcile.Plan) {
	if p.Settled() {
		w.printf("%s %s compared, nothing to do.%s\n", green.Render("Settled."), count(p.Compared, "block"), unmanaged(p.Unmanaged))
		w.printf("%s\n", faint.Render(fmt.Sprintf("API calls: %d made.", p.Calls.Reading)))
		return
	}
	w.printf("%s %s.%s\n", bold.Render("Plan:"), summary(p), unmanaged(p.Unmanaged))
	w.printf("%s\n", faint.Render(fmt.Sprintf("API calls: %d made, %s (polling and read-back apart).", p.Calls.Reading, forecast(p))))
}

func forecast(p *reconcile.Plan) string {
	text := fmt.Sprintf("%d forecast for apply", p.Forecast)
	if p.Fallback > 0 {
		text += fmt.Sprintf(", %d more if a deletion is refused", p.Fallback)
	}
	return text
}

func summary(p *reconcile.Plan) string {
	var parts []string
	for _, a := range []struct {
		action schema.Action
		words  string
	}{
		{schema.Create, "to create"}, {schema.Update, "to update"}, {schema.Replace, "to replace"},
		{schema.Delete, "to remove"}, {schema.Manual, "by hand"},
	} {
		if n := p.Count(a.action); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.words))
		}
	}
	return strings.Join(parts, ", ")
}

// unmanaged says how many objects no block names, by kind.
func unmanaged(counts map[string]int) string {
	total := 0
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[kind]; n > 0 {
			total += n
			parts = append(parts, fmt.Sprintf("%s %d", kind, n))
		}
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf(" %d unmanaged (%s), left alone.", total, strings.Join(parts, ", "))
}

func origin(step *schema.Step) string {
	if step.Wanted != nil {
		return step.Wanted.Range("").String()
	}
	return step.Removal.String()
}

func lastChanged(seen schema.LastChange) string {
	text := "last changed"
	if seen.By != "" {
		text += " by " + seen.By
	}
	if seen.At != "" {
		text += " on " + seen.At
	}
	return text
}

// sign is the coloured sign of an action.
func sign(a schema.Action) string {
	text := string(rune(a))
	switch a {
	case schema.Create:
		return green.Render(text)
	case schema.Delete, schema.Replace:
		return red.Render(text)
	case schema.Manual:
		return blue.Render(text)
	}
	return yellow.Render(text)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
