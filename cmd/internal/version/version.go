// Package version says which Lockstep this is, and answers `lockstep version`
// before any other package of the program is set up.
//
// Scripts and prompts ask for the version all the time, and setting up the
// libraries that speak to vendors takes several times as long as a bare
// program. The language initialises packages in the order of their import
// paths, as soon as what they import is ready; this one imports next to
// nothing, so that its turn comes before theirs. It must stay so: whatever it
// imports, everybody who asks waits for.
package version

import (
	"os"
	"runtime"
)

// Number is what this source tree will be released as.
const Number = "0.1.0"

// Line is what `lockstep version` prints.
func Line() string {
	return "lockstep " + Number + " (" + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
}

// The plain question is answered here; with flags, the command line does.
func init() { //nolint:gochecknoinits // being early is the point
	if len(os.Args) != 2 || os.Args[1] != "version" {
		return
	}
	if _, err := os.Stdout.WriteString(Line()); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}
