package cli

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// TestCollectGrown is not parallel: the heap is the process's.
func TestCollectGrown(t *testing.T) {
	runtime.GC()
	read := func(name string) uint64 {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	forced := func() uint64 { return read("/gc/cycles/forced:gc-cycles") }

	before := forced()
	collectGrown()
	if got := forced(); got != before {
		t.Errorf("%d collections although there is no garbage", got-before)
	}
	garbage := make([]byte, read("/gc/heap/goal:bytes")/2)
	collectGrown()
	runtime.KeepAlive(garbage)
	if got := forced(); got != before+1 {
		t.Errorf("%d collections of half of what the heap may hold, want one", got-before)
	}
}
