package view

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockstep-sync/lockstep/schema"
)

// An excerpt is a line of a file, or the part of a long one that matters, with
// the display columns to mark.
type excerpt struct {
	text          string
	column, width int
}

// maxLine bounds a shown line; of what stands before the subject in a longer
// one, lead is kept.
const (
	maxLine = 160
	lead    = 60
)

// maxLineBytes is as much on either side of the subject as is looked at,
// whatever its letters are: a line of a broken file can be as long as the file.
const maxLineBytes = 8 * maxLine

// excerptOf returns the first line of a range; ok is false when the text does
// not reach that far or the line is empty.
func excerptOf(text []byte, r schema.Range) (e excerpt, ok bool) {
	at := int(r.Start.Byte)
	if at > len(text) {
		return e, false
	}
	from := max(bytes.LastIndexByte(text[:at], '\n')+1, at-maxLineBytes)
	before := clean(text[from:at])
	if runes := []rune(before); ansi.StringWidth(before) > maxLine-lead {
		before = "…" + string(runes[len(runes)-lead:])
	}
	rest := firstLine(text[at:min(len(text), at+maxLineBytes)])
	e.text = before + clean(rest)
	if runes := []rune(e.text); len(runes) > maxLine {
		e.text = string(runes[:maxLine]) + "…"
	}
	e.column = ansi.StringWidth(before)
	subject := rest[:min(len(rest), max(0, int(r.End.Byte)-at))]
	e.width = max(1, min(ansi.StringWidth(clean(subject)), ansi.StringWidth(e.text)-e.column))
	return e, e.text != ""
}

func firstLine(text []byte) []byte {
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	return bytes.TrimRight(text, "\r")
}

// clean makes text fit to be shown: a terminal would obey control characters.
func clean(text []byte) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(string(text), ""), "\t", "    ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// wrap breaks text at spaces. A line that is indented is something to copy and
// stays whole.
func wrap(text string, width int) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if strings.HasPrefix(line, " ") || ansi.StringWidth(line) <= width {
			b.WriteString(line)
			continue
		}
		wrapLine(&b, line, width)
	}
	return b.String()
}

func wrapLine(b *strings.Builder, line string, width int) {
	column := 0
	for word := range strings.FieldsSeq(line) {
		switch w := ansi.StringWidth(word); {
		case column == 0:
			column = w
		case column+1+w <= width:
			b.WriteByte(' ')
			column += 1 + w
		default:
			b.WriteByte('\n')
			column = w
		}
		b.WriteString(word)
	}
}
