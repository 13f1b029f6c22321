//go:build linux

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// journalOf fills a journal with n entries of 100,000 agents.
func journalOf(b *testing.B, s Store, n int) {
	b.Helper()
	data := make([]byte, 120)
	for done := 0; done < n; {
		batch := Batch{Tenant: "acme"}
		for range min(10_000, n-done) {
			batch.Append = append(batch.Append, line(fmt.Sprintf("agent-%05d", done*7919%100_000), string(data), noon.Add(time.Duration(done)*time.Millisecond)))
			done++
		}
		_, err := s.Commit(b.Context(), batch)
		must(b, err)
	}
}

// BenchmarkOpen opens a file of a million entries and reads the last hundred,
// and an agent's whole story.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store")
	f, err := OpenFile(path)
	must(b, err)
	journalOf(b, f, 1_000_000)
	must(b, f.Close())
	for b.Loop() {
		f, err := OpenFile(path)
		must(b, err)
		if got := len(journal(b, f, Query{Last: 100})); got != 100 {
			b.Fatalf("%d entries", got)
		}
		if got := len(journal(b, f, Query{Agent: "agent-00000"})); got != 10 {
			b.Fatalf("%d entries", got)
		}
		must(b, f.Close())
	}
	info, err := os.Stat(path)
	must(b, err)
	b.ReportMetric(float64(info.Size())/1e6, "MB")
}

// BenchmarkCommit commits decisions of so many agents at once, each a base and
// a line, against the floor of the same bytes appended to a file and synced.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		batch := func(n int) Batch {
			batch := Batch{Tenant: "acme"}
			for i := range size {
				agent := fmt.Sprintf("agent-%05d", (n*size+i)*7919%100_000)
				batch.Set = append(batch.Set, Set{Key: "base/" + agent, Value: make([]byte, 100), Was: Any})
				batch.Append = append(batch.Append, line(agent, string(make([]byte, 120)), noon.Add(time.Duration(n)*time.Millisecond)))
			}
			return batch
		}
		run := func(kind string, commit func(b *testing.B, batch Batch)) {
			b.Run(fmt.Sprint(kind, "/", size), func(b *testing.B) {
				n := 0
				for b.Loop() {
					commit(b, batch(n))
					n++
				}
				b.ReportMetric(float64(n*size)/b.Elapsed().Seconds(), "changes/s")
			})
		}
		floor, err := os.Create(filepath.Join(b.TempDir(), "floor"))
		must(b, err)
		run("floor", func(b *testing.B, batch Batch) {
			_, err := floor.Write(make([]byte, 300*len(batch.Set)))
			must(b, err)
			must(b, floor.Sync())
		})
		f, err := OpenFile(filepath.Join(b.TempDir(), "store"))
		must(b, err)
		run("file", func(b *testing.B, batch Batch) { mustCommit(b, f, batch) })
		must(b, f.Close())
		b.Run(fmt.Sprint("postgres/", size), func(b *testing.B) {
			p, err := OpenPostgres(b.Context(), needServer(b).fresh(b))
			must(b, err)
			defer p.Close()
			l, err := p.Acquire(b.Context(), "acme", "me", time.Hour)
			must(b, err)
			n := 0
			for b.Loop() {
				fenced := batch(n)
				fenced.Fence = l.Fence()
				mustCommit(b, p, fenced)
				n++
			}
			b.ReportMetric(float64(n*size)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}

func mustCommit(b *testing.B, s Store, batch Batch) {
	b.Helper()
	_, err := s.Commit(b.Context(), batch)
	must(b, err)
}
