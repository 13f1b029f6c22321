package cli

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the garbage of a thousand small worlds lie for longer than a
// program's, and looks at the end for goroutines that nobody ended.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	goleak.VerifyTestMain(m)
}
