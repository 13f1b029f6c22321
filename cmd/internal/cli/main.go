package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// The exit statuses.
const (
	exitOK      = 0 // settled, applied, valid
	exitError   = 1
	exitPending = 2 // with -detailed-exitcode: there is something to do
)

// A Process is what a program gets from its surroundings.
type Process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string // "NAME=value"
	Signals        <-chan os.Signal
	// Transport reaches the vendors; nil is the network. Tests put an emulator
	// here.
	Transport http.RoundTripper
	// PubSubDial reaches Salesforce's Pub/Sub API in the network's place.
	PubSubDial func(ctx context.Context, address string) (net.Conn, error)
}

// Main runs one command and returns the exit status.
func Main(args []string, process Process) int {
	return newApp(process).main(args)
}

func newApp(process Process) *app {
	process.Stderr = inTurn(process.Stderr)
	return &app{Process: process, stop: make(chan struct{}), hangups: make(chan os.Signal, 1)}
}

func (a *app) main(args []string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go a.watchSignals(ctx, cancel)
	defer a.close()
	root := a.root()
	root.SetArgs(twoDashes(args))
	err := root.ExecuteContext(ctx)
	var status exitStatus
	switch {
	case errors.As(err, &status):
		return int(status)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		a.view().Fail(errLeft)
		return exitError
	case err != nil:
		a.view().Fail(err)
		return exitError
	}
	return exitOK
}

// close ends what commands opened.
func (a *app) close() {
	for _, c := range slices.Backward(a.closers) {
		_ = c.Close() // all that counts was committed
	}
}

// inTurn lets the log and the views share standard error; a file takes care of
// that itself, and must stay known as one.
func inTurn(w io.Writer) io.Writer {
	if _, file := w.(*os.File); file || w == nil {
		return w
	}
	return &serialWriter{to: w}
}

type serialWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *serialWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(text)
}

// titled puts a title in front of each line.
type titled struct {
	title string
	to    io.Writer
}

// Write implements [io.Writer].
func (t titled) Write(text []byte) (int, error) {
	var all bytes.Buffer
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) > 0 {
			all.WriteString(t.title + ": ")
		}
		all.Write(line)
	}
	_, err := t.to.Write(all.Bytes())
	return len(text), err
}

// An exitStatus ends a command whose output has already been written.
type exitStatus int

func (s exitStatus) Error() string { return "exit status" }

// app is one run of the program.
type app struct {
	Process

	chdir   string
	title   string   // in front of what is said; "" is nothing
	among   *several // the others that this one runs beside; nil for none
	noColor bool
	base    string // the folder that files are named from
	quiet   bool   // leaves out warnings that have been shown
	noInput bool   // nobody is asked anything

	parallelism int // see planFlags

	stop     chan struct{} // closed by the first interrupt
	graceful atomic.Bool   // the first interrupt lets calls in flight finish
	closers  []io.Closer   // what is open until the command ends
	typed    *bufio.Reader // see input

	screen  screen
	store   store.Store    // what run remembers, once it is open
	hangups chan os.Signal // each one makes run read its files
	// alone leaves the machine out: no socket, no watched files, no signals but
	// those of the process. A synctest bubble has none of them.
	alone      bool
	digestWork int // see reconcile.Record; 0 is the usual
	// spreadEvery is how often a tenant is handed to another process; 0 is the
	// usual.
	spreadEvery time.Duration
	// listen opens the page's address in the network's place.
	listen func(ctx context.Context, address string) (net.Listener, error)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "lockstep",
		Short: "Keep Salesforce Omni-Channel and NICE CXone agents in step",
		Long: `Lockstep keeps Salesforce Omni-Channel and NICE CXone agents in step.

HCL files declare presence statuses, who may use them, the connected app, the
CXone account mapping and the presence rules. "plan" shows what differs at both
vendors, "apply" makes it so, and "run" mirrors presence both ways all day. To see it
without any account: lockstep demo

LOCKSTEP_LOG=debug logs every call to a vendor on standard error.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(wrongFlag)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetIn(a.Stdin)
	root.PersistentFlags().StringVar(&a.chdir, "chdir", ".", "run as if started in this `directory`")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "no colour, no redrawn lines")
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(
		a.initCommand(), a.validateCommand(), a.fmtCommand(),
		a.planCommand(), a.applyCommand(), a.confirmCommand(), a.doctorCommand(),
		a.forecastCommand(), a.runCommand(), a.stopCommand(), a.resumeCommand(),
		a.whyCommand(), a.compareCommand(), a.replayCommand(), a.forgetCommand(),
		a.docsCommand(), a.emulateCommand(), a.demoCommand(), a.versionCommand(),
	)
	return root
}

// view returns where output goes, with the flags as they are now.
func (a *app) view() view.Streams {
	streams := a.bare()
	streams.Out, streams.Err = a.screen.above(streams.Out), a.screen.above(streams.Err)
	if a.title != "" { // not the only one that speaks, so no block is drawn
		streams.Err, streams.Live = titled{a.title, streams.Err}, false
	}
	return streams
}

// bare is view for what is drawn on the screen itself.
func (a *app) bare() view.Streams {
	streams := view.NewStreams(a.Stdout, a.Stderr, a.Environ, a.noColor)
	streams.Base = a.base
	return streams
}

// report shows diagnostics.
func (a *app) report(diags schema.Diagnostics, source view.SourceOf) {
	if a.quiet {
		diags = slices.DeleteFunc(slices.Clone(diags), func(d schema.Diagnostic) bool { return d.Severity == schema.Warning })
	}
	a.view().Diagnostics(diags, source)
}

// watchSignals ends the command at an interrupt. A command that asked for
// grace is only told at the first one, and ended by the second.
func (a *app) watchSignals(ctx context.Context, cancel context.CancelFunc) {
	for range 2 {
		select {
		case <-ctx.Done():
			return
		case <-a.Signals:
		}
		if !a.graceful.Load() || closed(a.stop) {
			cancel()
			return
		}
		a.view().Say("Interrupted: calls in flight finish, no further step is begun. Interrupt again to end at once.")
		close(a.stop)
	}
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// env returns an environment variable.
func (a *app) env(name string) (string, bool) {
	for _, v := range slices.Backward(a.Environ) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// twoDashes lets flags be written with one dash, as Terraform's are.
func twoDashes(args []string) []string {
	var spelled []string
	for i, arg := range args {
		if arg == "--" {
			return append(spelled, args[i:]...)
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			arg = "-" + arg
		}
		spelled = append(spelled, arg)
	}
	return spelled
}

// failed returns the status of a command whose diagnostics have been shown.
func failed(diags schema.Diagnostics) error {
	if diags.HasErrors() {
		return exitStatus(exitError)
	}
	return nil
}
