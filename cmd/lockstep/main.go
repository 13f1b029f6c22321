// Command lockstep keeps Salesforce Omni-Channel and NICE CXone agents in step.
package main

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/lockstep-sync/lockstep/cmd/internal/cli"
)

func main() {
	// A plan of a large centre often runs on a small CI machine: give some CPU
	// for a smaller heap, unless the user has said otherwise.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	os.Exit(cli.Main(os.Args[1:], cli.Process{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Environ: os.Environ(), Signals: interrupts(),
	}))
}

// interrupts passes two on to the command, the first to end well and the second
// to end at once. Whatever hangs even then, a third ends as it ends any process.
func interrupts() <-chan os.Signal {
	caught, passed := make(chan os.Signal, 2), make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range cap(passed) {
			passed <- <-caught
		}
		signal.Stop(caught)
	}()
	return passed
}
