package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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

// collectGrown collects garbage once the heap has come half the way to where it
// would be collected anyway. That is most often when a poll's answer is taken in,
// for nothing makes more garbage, and held it up by tens of milliseconds.
func collectGrown() {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/goal:bytes"}}
	metrics.Read(heap)
	if heap[0].Value.Uint64() > heap[1].Value.Uint64()/2 {
		runtime.GC()
	}
}
