package view

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/lockstep-sync/lockstep/schema"
)

// maxDiagnostics bounds what is shown at once; a person mends the first ones
// first.
const maxDiagnostics = 50

// A SourceOf returns a file's text, nil when it is not known.
type SourceOf func(file string) []byte

// Diagnostics writes diagnostics to standard error, each with the lines of the
// file that it is about.
func (s Streams) Diagnostics(diags schema.Diagnostics, source SourceOf) {
	for i, d := range diags {
		if i == maxDiagnostics {
			s.Say("… and %d more.", len(diags)-maxDiagnostics)
			return
		}
		diagnostic(s.Err, d, source)
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

func diagnostic(w io.Writer, d schema.Diagnostic, source SourceOf) {
	bar, title := red, "Error: "
	if d.Severity == schema.Warning {
		bar, title = yellow, "Warning: "
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s\n", bar.Bold(true).Render(title), bold.Render(d.Summary))
	if d.Subject.File != "" {
		snippet(&b, d, source)
	}
	fmt.Fprintf(&b, "\n%s\n", lipgloss.Wrap(d.Detail, 78, ""))
	for line := range strings.Lines(b.String()) {
		_, _ = fmt.Fprintf(w, "%s %s", bar.Render("│"), line)
	}
	_, _ = fmt.Fprintln(w)
}

// snippet writes the place and, where the file is known, its lines with the
// subject marked.
func snippet(b *bytes.Buffer, d schema.Diagnostic, source SourceOf) {
	in := ""
	if d.Address != "" {
		in = ", in " + string(d.Address)
	}
	fmt.Fprintf(b, "  on %s line %d%s:\n", d.Subject.File, d.Subject.Start.Line, in)
	if source == nil {
		return
	}
	line, column := lineAt(source(d.Subject.File), d.Subject)
	if line == "" {
		return
	}
	fmt.Fprintf(b, "  %4d: %s\n", d.Subject.Start.Line, line)
	if column >= 0 {
		fmt.Fprintf(b, "        %s%s\n", strings.Repeat(" ", column), red.Render(strings.Repeat("^", underline(line, d.Subject, column))))
	}
}

// maxLine bounds a shown line; longer ones are cut.
const maxLine = 160

// maxLineBytes is as much of a line as is looked at, whatever its letters are:
// a line of a broken file can be as long as the file.
const maxLineBytes = 8 * maxLine

// lineAt returns the subject's first line and the display column where it
// starts, -1 when the line had to be cut before it.
func lineAt(text []byte, r schema.Range) (line string, column int) {
	at := int(r.Start.Byte)
	if at > len(text) {
		return "", -1
	}
	start := bytes.LastIndexByte(text[:at], '\n') + 1
	shown := text[start:min(len(text), start+maxLineBytes)]
	if end := bytes.IndexByte(shown, '\n'); end >= 0 {
		shown = shown[:end]
	}
	line = strings.TrimRight(expand(strings.ToValidUTF8(string(shown), "")), "\r")
	if lipgloss.Width(line) > maxLine {
		line = string([]rune(line)[:min(maxLine, len([]rune(line)))]) + "…"
	}
	if at-start > len(shown) {
		return line, -1
	}
	if column = lipgloss.Width(expand(string(shown[:at-start]))); column >= maxLine {
		column = -1
	}
	return line, column
}

func expand(s string) string { return strings.ReplaceAll(s, "\t", "    ") }

func underline(line string, r schema.Range, column int) int {
	width := 1
	if r.End.Line == r.Start.Line {
		width = max(1, int(r.End.Column-r.Start.Column))
	}
	return max(1, min(width, lipgloss.Width(line)-column))
}
