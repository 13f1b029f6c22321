package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// maxDiagnostics bounds what is shown at once; a person mends the first ones
// first.
const maxDiagnostics = 50

// A SourceOf returns a file's text, nil when it is not known.
type SourceOf func(file string) []byte

// Diagnostics writes diagnostics to standard error, each with the lines of the
// file that it is about. Where there are too many, errors come first.
func (s Streams) Diagnostics(diags schema.Diagnostics, source SourceOf) {
	if len(diags) > maxDiagnostics {
		diags = slices.Clone(diags)
		slices.SortStableFunc(diags, func(a, b schema.Diagnostic) int { return cmp.Compare(a.Severity, b.Severity) })
	}
	source = keepLast(source)
	for _, d := range diags[:min(len(diags), maxDiagnostics)] {
		s.diagnostic(d, source)
	}
	if more := len(diags) - maxDiagnostics; more > 0 {
		s.Say("… and %d more.", more)
	}
}

// keepLast remembers the text that was asked for last: getting it reads the
// file again, and diagnostics come file by file.
func keepLast(source SourceOf) SourceOf {
	if source == nil {
		return nil
	}
	var name string
	var text []byte
	return func(file string) []byte {
		if file != name {
			name, text = file, source(file)
		}
		return text
	}
}

// Fail writes an error that is about no file.
func (s Streams) Fail(err error) {
	if diags, ok := err.(schema.Diagnostics); ok { //nolint:errorlint // a wrapped one is shown as the chain it is
		s.Diagnostics(diags, nil)
		return
	}
	s.Say("%s %v", red.Render("Error:"), err)
}

// diagnostic writes one; on a terminal a bar holds it together.
func (s Streams) diagnostic(d schema.Diagnostic, source SourceOf) {
	colour, title := red, "Error: "
	if d.Severity == schema.Warning {
		colour, title = yellow, "Warning: "
	}
	bar := ""
	if s.Live {
		bar = colour.Render("│") + " "
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n", colour.and(bold).Render(title), bold.Render(d.Summary))
	if d.Subject.File != "" {
		s.snippet(&b, d, source)
	}
	fmt.Fprintf(&b, "\n%s", wrap(d.Detail, 78))
	for line := range strings.SplitSeq(b.String(), "\n") {
		s.Say("%s", strings.TrimRight(bar+line, " "))
	}
	s.Say("")
}

// snippet writes the place and, where the file is known, its line with the
// subject marked.
func (s Streams) snippet(b *strings.Builder, d schema.Diagnostic, source SourceOf) {
	in := ""
	if d.Address != "" {
		in = ", in " + string(d.Address)
	}
	fmt.Fprintf(b, "  on %s line %d%s:\n", s.near(d.Subject.File), d.Subject.Start.Line, in)
	if source == nil {
		return
	}
	if line, ok := excerptOf(source(d.Subject.File), d.Subject); ok {
		fmt.Fprintf(b, "  %4d: %s\n", d.Subject.Start.Line, line.text)
		fmt.Fprintf(b, "        %s%s\n", strings.Repeat(" ", line.column), red.Render(strings.Repeat("^", line.width)))
	}
}
