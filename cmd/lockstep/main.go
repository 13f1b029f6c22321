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
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(cli.Main(os.Args[1:], cli.Process{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Environ: os.Environ(), Signals: signals,
	}))
}
