package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// errLeft is what a command says that was left by an interrupt.
var errLeft = errors.New("interrupted")

// bindInput adds -input to a command that asks.
func (a *app) bindInput(c *cobra.Command) {
	c.Flags().BoolFunc("input", "ask where something has to be known (default true)", func(text string) error {
		ask, err := strconv.ParseBool(text)
		a.noInput = !ask
		return err
	})
}

// asks reports whether somebody can answer: a terminal, a pipe or a file, but
// not the null device, and nobody where -input=false says so.
func (a *app) asks() bool {
	if a.noInput || a.Stdin == nil {
		return false
	}
	f, ok := a.Stdin.(*os.File)
	if !ok {
		return true
	}
	info, err := f.Stat()
	return err == nil && !isNull(info)
}

func isNull(info os.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(null, info)
}

// answer returns the line that is typed next, "" at the end of the input. ok is
// false when an interrupt came instead: a read of a terminal does not end with
// its context, so it is left to itself, and nothing is asked after it.
func (a *app) answer(ctx context.Context) (line string, ok bool) {
	typed := make(chan string, 1)
	input := a.input()
	go func() {
		line, _ := input.ReadString('\n')
		typed <- strings.TrimSpace(line)
	}()
	select {
	case line := <-typed:
		return line, true
	case <-a.stop:
	case <-ctx.Done():
		a.view().Say("") // the terminal shows the interrupt on the question's line
	}
	return "", false
}

// input is the one reader of standard input, so that nothing typed ahead is
// lost between two questions.
func (a *app) input() *bufio.Reader {
	if a.typed == nil {
		a.typed = bufio.NewReader(a.stdin())
	}
	return a.typed
}

func (a *app) stdin() io.Reader {
	if a.Stdin == nil {
		return strings.NewReader("")
	}
	return a.Stdin
}
