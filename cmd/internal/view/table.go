package view

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A table is text in columns, as wide as what they hold. A column whose heading
// starts with ">" holds figures and stands right.
type table struct {
	heads []string
	rows  [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table, indented by two.
func (t *table) print(s Streams) {
	widths := make([]int, len(t.heads))
	heads := make([]string, len(t.heads))
	for i, h := range t.heads {
		heads[i] = strings.TrimPrefix(h, ">")
		widths[i] = ansi.StringWidth(heads[i])
	}
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	s.Print("%s", faint.Render(t.line(heads, widths)))
	for _, row := range t.rows {
		s.Print("%s", t.line(row, widths))
	}
}

func (t *table) line(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		gap := strings.Repeat(" ", widths[i]-ansi.StringWidth(cell))
		b.WriteString("  ")
		if strings.HasPrefix(t.heads[i], ">") {
			b.WriteString(gap + cell)
		} else {
			b.WriteString(cell + gap)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
