package cli

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the garbage of a thousand small worlds lie for longer than a
// program's, lets more tests go on at once than there are processors, because
// some wait rather than work, and looks at the end for goroutines that nobody
// ended.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		program()
	}
	flag.Parse()
	debug.SetGCPercent(400)
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // else as many as there are processors
	}
	goleak.VerifyTestMain(m)
}
