package config

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// plainBlocks writes n blocks of some 220 bytes: three statuses, one code, and
// an access list that refers to the statuses.
func plainBlocks(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() == 0 || i < n; i++ {
		switch i % 5 {
		case 0, 1, 2:
			fmt.Fprintf(&b, "status \"Status_%d\" {\n  # What agents of team %d show while they chat.\n  label    = \"Status number %d\"\n  option   = \"online\"\n  channels = [\"sfdc_livemessage\", \"sfdc_phone\"]\n  order    = %d\n  hidden   = false\n}\n\n", i, i%40, i, i%100)
		case 3:
			fmt.Fprintf(&b, "unavailable_code \"Code_%d\" {\n  # Time away that counts as work.\n  name    = \"Code number %d\"\n  timeout = \"60m\"\n  teams   = [\"Support\", \"Sales\", \"Billing\"]\n}\n\n", i, i)
		case 4:
			fmt.Fprintf(&b, "access \"Profile_%d\" {\n  profile  = \"Profile number %d\"\n  statuses = [status.Status_%d, status.Status_%d, status.Status_%d]\n}\n\n", i, i, i-2, i-3, i-4)
		}
	}
	return b.Bytes()
}

// repeatedBlocks writes the same number of objects with for_each.
func repeatedBlocks(n int) []byte {
	return fmt.Appendf(nil, `
locals {
  numbers = toset([for i in range(%d) : tostring(i)])
}

status "Status" {
  for_each       = local.numbers
  developer_name = "Status_${each.key}"
  label          = "Status number ${each.value}"
  option         = "online"
  channels       = ["sfdc_livemessage", "sfdc_phone"]
  order          = 7
  hidden         = false
}
`, n)
}

// referringBlocks adds as many objects, each of which reads an attribute of
// one of the first and refers to it.
func referringBlocks(n int) []byte {
	return append(repeatedBlocks(n), `
access "Access" {
  for_each = local.numbers
  profile  = "for ${status.Status[each.key].label}"
  statuses = [status.Status[each.key]]
}
`...)
}

// repeatedWrittenOut writes out what repeatedBlocks makes.
func repeatedWrittenOut(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "status \"Status_%d\" {\n  developer_name = \"Status_%d\"\n  label          = \"Status number %d\"\n  option         = \"online\"\n  channels       = [\"sfdc_livemessage\", \"sfdc_phone\"]\n  order          = 7\n  hidden         = false\n}\n", i, i, i)
	}
	return b.Bytes()
}

func BenchmarkLoad(b *testing.B) {
	for _, bench := range []struct {
		name string
		n    int
		text []byte
	}{
		{"blocks=1000", 1_000, plainBlocks(1_000)},
		{"blocks=10000", 10_000, plainBlocks(10_000)},
		{"blocks=100000", 100_000, plainBlocks(100_000)},
		{"for_each=10000", 10_000, repeatedBlocks(10_000)},
		{"for_each=10000/referring", 20_000, referringBlocks(10_000)},
		{"for_each=10000/written_out", 10_000, repeatedWrittenOut(10_000)},
	} {
		b.Run(bench.name, func(b *testing.B) { benchmarkLoad(b, bench.text, bench.n) })
	}
}

func benchmarkLoad(b *testing.B, text []byte, n int) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), text, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		peak := watchHeap(b)
		c, ds := Load(context.Background(), Options{Dir: dir, Vendors: testVendors(), Environ: environment})
		b.ReportMetric(peak(), "peak-MiB")
		if ds.HasErrors() || len(c.Objects) != n {
			b.Fatalf("%d objects, %v", len(c.Objects), ds)
		}
	}
}

// watchHeap samples the heap until the returned function is called, which
// returns its peak in MiB.
func watchHeap(b *testing.B) func() float64 {
	b.Helper()
	debug.FreeOSMemory()
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		var stats runtime.MemStats
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for {
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapSys-stats.HeapReleased)
			select {
			case <-stop:
				done <- peak
				return
			case <-ticker.C:
			}
		}
	}()
	return func() float64 {
		close(stop)
		return float64(<-done) / (1 << 20)
	}
}
