// Command lockstep keeps Salesforce Omni-Channel and NICE CXone agents in step.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/lockstep-sync/lockstep/cmd/internal/cli"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(cli.Main(os.Args[1:], cli.Process{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Environ: os.Environ(), Signals: signals,
	}))
}
