//go:build linux

package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The test binary runs itself as a process that can be killed.
const (
	childRole = "LOCKSTEP_TEST_CHILD"
	childPath = "LOCKSTEP_TEST_STORE"
)

// child is that process: it says on standard output what was acknowledged.
func child(role, path string) {
	f, err := OpenFile(path)
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	switch role {
	case "write":
		for n := range math.MaxInt {
			if err := commitTwins(f, n); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println(n)
		}
	case "fill":
		fillUp(f)
	}
}

// commitTwins writes a number four times over, so that half a batch shows.
func commitTwins(s Store, n int) error {
	text := fmt.Sprint(n)
	_, err := s.Commit(context.Background(), Batch{
		Tenant: "acme",
		Set:    set("n", text, "twin", text, "filler/"+text, strings.Repeat("x", 3000)),
		Append: []Entry{line("ana", text, noon), line("bo", text, noon)},
	})
	return err
}

// twins returns how many batches the store holds, none of them in part.
func twins(t *testing.T, s Store) int {
	t.Helper()
	m := memory(t, s, "")
	last, err := strconv.Atoi(m["n"])
	must(t, err)
	var want []string
	for n := range last + 1 {
		want = append(want, fmt.Sprint(n))
	}
	same(t, "a batch has both its values", m["n"], m["twin"])
	same(t, "and every value of those before", last+1, len(m)-2)
	same(t, "and both its entries", want, journal(t, s, Query{Agent: "ana"}))
	same(t, "and both its entries", want, journal(t, s, Query{Agent: "bo"}))
	same(t, "once", 2*len(want), len(journal(t, s, Query{})))
	return len(want)
}

func startChild(t *testing.T, role, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

// TestKilled kills a process between, and in the middle of, its commits.
func TestKilled(t *testing.T) {
	for acknowledged := range 12 {
		path := filepath.Join(t.TempDir(), "store")
		cmd, lines := startChild(t, "write", path)
		last := -1
		for last < 5*acknowledged && lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			must(t, err)
			last = n
		}
		if acknowledged == 0 {
			_, err := OpenFile(path)
			wantErr(t, err, ErrLocked)
			if want := fmt.Sprintf("process %d (", cmd.Process.Pid); err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not name %q", err, want)
			}
		}
		must(t, cmd.Process.Kill())
		for lines.Scan() { // acknowledged before the kill, read after it
			last, _ = strconv.Atoi(lines.Text())
		}
		_ = cmd.Wait()

		f, err := OpenFile(path)
		must(t, err)
		if n := twins(t, f); n < last+1 {
			t.Errorf("%d batches are left of %d acknowledged", n, last+1)
		}
		acquire(t, f, "acme", "the next process") // waits for nobody
		must(t, f.Close())
	}
}

// fillUp writes until the file may not grow any more, which is to the file
// what a full disk is, then gets more room.
func fillUp(f *File) {
	signal.Ignore(syscall.SIGXFSZ)
	var all syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &all)
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 300_000, Max: all.Max})
	n := 0
	var err error
	for ; err == nil; n++ {
		err = commitTwins(f, n)
	}
	fmt.Println(err)
	again := commitTwins(f, n-1)
	fmt.Println(again != nil && !errors.Is(again, ErrUnknown) && !errors.Is(again, ErrCorrupt))
	fmt.Println(n - 1)
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &all)
	fmt.Println(commitTwins(f, n-1))
}

// TestFull has a disk without room: an error, nothing lost, and work goes on
// when there is room again.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	cmd, lines := startChild(t, "fill", path)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
	}
	must(t, cmd.Wait())
	if len(said) != 4 {
		t.Fatalf("the process said %q", said)
	}
	if !strings.Contains(said[0], "nothing was written") || !strings.Contains(said[0], path) {
		t.Errorf("the error is %q", said[0])
	}
	same(t, "full is full, and no more than that", "true", said[1])
	same(t, "a commit when there is room again", "<nil>", said[3])
	f, err := OpenFile(path)
	must(t, err)
	defer f.Close()
	acknowledged, err := strconv.Atoi(said[2])
	must(t, err)
	same(t, "all that was acknowledged", acknowledged+1, twins(t, f))
}

// TestFullDisk is the same on a small disk of its own, where it may mount one:
// there the file grows, and the pages do not fit.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=400k"); err != nil {
		t.Skipf("no right to mount a small disk: %v", err)
	}
	defer func() { must(t, syscall.Unmount(dir, 0)) }()
	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 100_000), 0o600))
	f, err := OpenFile(filepath.Join(dir, "store"))
	must(t, err)
	defer f.Close()
	n := 0
	for err == nil {
		if err = commitTwins(f, n); err == nil {
			n++
		}
	}
	wantErr(t, err, syscall.ENOSPC)
	same(t, "what was acknowledged can be read", n, twins(t, f))
	must(t, os.Remove(ballast))
	must(t, commitTwins(f, n))
	same(t, "and goes on", n+1, twins(t, f))
}
