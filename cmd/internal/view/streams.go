package view

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// Streams is where output goes.
type Streams struct {
	Out, Err io.Writer
	// Live is true when Err is a terminal, where progress may be redrawn.
	Live bool
	// Base is a folder that files are named from; "" leaves names alone.
	Base string
}

// near names a file from Base.
func (s Streams) near(file string) string {
	if s.Base == "" {
		return file
	}
	return strings.TrimPrefix(file, s.Base+string(os.PathSeparator))
}

// NewStreams wraps standard output and error. Colour is left out where the
// writer is no terminal, where NO_COLOR is set in the environment, or where
// plain asks for it.
func NewStreams(out, err io.Writer, environ []string, plain bool) Streams {
	return Streams{Out: colours(out, environ, plain), Err: colours(err, environ, plain), Live: isTerminal(err) && !plain && !slices.Contains(environ, "TERM=dumb")}
}

func colours(w io.Writer, environ []string, plain bool) io.Writer {
	writer := colorprofile.NewWriter(w, environ)
	if plain || !isTerminal(w) {
		writer.Profile = colorprofile.NoTTY
	}
	return writer
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Say writes a line of talk to standard error.
func (s Streams) Say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Err, format+"\n", args...)
}

// Print writes a line of results to standard output.
func (s Streams) Print(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Out, format+"\n", args...)
}

// A style is how text looks on a terminal: the parameters of its escape
// sequence. Writers drop it where it does not belong.
type style string

// The styles. Colours are of the terminal's own palette, which suits light and
// dark.
const (
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "36"
)

// Render returns text in the style.
func (s style) Render(text string) string { return "\x1b[" + string(s) + "m" + text + "\x1b[m" }

// and returns both styles at once.
func (s style) and(other style) style { return s + ";" + other }
