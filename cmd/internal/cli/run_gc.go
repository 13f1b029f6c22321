package cli

import (
	"os"
	"runtime/debug"
)

// fewCollections is how far, in percent, the heap of run may grow over what it
// holds before garbage is collected. It holds little, and what a collection takes
// from two cores is a delay to somebody.
const fewCollections = 400

// collectLess lets garbage wait while run mirrors, unless GOGC says how long, and
// returns what ends that.
func collectLess() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	was := debug.SetGCPercent(fewCollections)
	return func() { debug.SetGCPercent(was) }
}
