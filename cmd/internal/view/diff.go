package view

import (
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff writes what changes in a file.
func (s Streams) Diff(file string, was, is []byte) {
	for line := range strings.Lines(string(diff.Diff(file, was, file+" (formatted)", is))) {
		switch line[0] {
		case '+':
			line = green.Render(strings.TrimSuffix(line, "\n")) + "\n"
		case '-':
			line = red.Render(strings.TrimSuffix(line, "\n")) + "\n"
		}
		s.Print("%s", strings.TrimSuffix(line, "\n"))
	}
}
