package cli

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// TestRunWhileTheStoreFails: while nothing can be kept nobody is moved, because
// nobody could say afterwards why. That is told, and once the store works again
// nothing is lost and nothing done twice.
func TestRunWhileTheStoreFails(t *testing.T) {
	t.Parallel()
	refused := errors.New("connect to db.internal: connection refused")
	tests := map[string]storeFault{
		"full": {
			verbs:  []verb{commits},
			before: fmt.Errorf("run.db: nothing was written: %w", &os.PathError{Op: "write", Path: "run.db", Err: syscall.ENOSPC}),
		},
		"no answer to a commit":        {verbs: []verb{commits}, hangs: true},
		"no answer at all":             {verbs: []verb{commits, reads, leases}, hangs: true},
		"gone":                         {verbs: []verb{commits, reads, leases}, before: refused},
		"the lease cannot be kept":     {verbs: []verb{leases}, before: refused},
		"the lease went to another":    {verbs: []verb{leases}, before: store.ErrFenced},
		"a commit's answer is lost":    {verbs: []verb{commits}, after: store.ErrUnknown},
		"a commit is said to conflict": {verbs: []verb{commits}, before: store.ErrConflict},
		"orders cannot be read":        {verbs: []verb{reads}, before: refused},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				s := c.begins("-serve=127.0.0.1:0")
				c.watches(ana, ben, carla)
				s.plug.breaks(&fault)
				c.chooses(ana, "Lunch")
				c.shows(ben, "Meeting")
				pass(90 * time.Second)
				s.wantSilence("while the store fails")
				s.plug.breaks(nil)
				took := c.untilPairs(time.Hour, map[string]string{ana: "Lunch Lunch", ben: "Meeting Meeting"})
				if took > atOnce {
					t.Errorf("both sides agree %s after the store works again:\n%s", took, s.story())
				}
				pass(time.Minute)
				c.wantTrace(ana, "nothing is lost, and nothing done twice", "Available Ready", "Lunch Ready", "Lunch Lunch")
				c.wantTrace(ben, "nothing is lost, and nothing done twice", "Available Ready", "Available Meeting", "Meeting Meeting")
				c.wantTrace(carla, "who did nothing is left alone", "Available Ready")
				if fault.after == nil && !errors.Is(fault.before, store.ErrConflict) { // after which all is read again
					s.wantSaid(`"kind":"store"`)
				}
				s.wantSilence("after the store failed")
			})
		})
	}
}

// TestRunOnANewStore: the store was moved or lost, and the agents' browsers
// were not. They remember the highest epoch that they followed, and refuse
// lower ones.
func TestRunOnANewStore(t *testing.T) {
	inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
		for _, code := range []string{"Lunch", "Meeting", "Lunch"} { // the epoch of each run is higher
			s := c.begins()
			c.chooses(ana, code)
			pass(settles)
			c.wantPair(ana, code+" "+code, "with the old store")
			s.leaves()
		}
		c.must(c.store.Close())
		c.must(os.Remove(c.path))
		c.store = nil
		c.begins()
		c.chooses(ana, "Meeting")
		pass(settles)
		c.wantPair(ana, "Meeting Meeting", "with a new store")
	})
}

// badStores are files that cannot be a store, each made from a good one.
var badStores = map[string]struct {
	make func(t *testing.T, path string)
	says []string
}{
	"no store": {
		func(t *testing.T, path string) {
			rewrite(t, path, func([]byte) []byte { return []byte("notes of my own\n") })
		},
		[]string{"run.db", "the store is damaged", "put a copy in its place, or move it away"},
	},
	"zeros": {
		func(t *testing.T, path string) {
			rewrite(t, path, func(b []byte) []byte { return make([]byte, len(b)) })
		},
		[]string{"run.db", "the store is damaged", "put a copy in its place, or move it away"},
	},
	"cut short": {
		func(t *testing.T, path string) { rewrite(t, path, func(b []byte) []byte { return b[:len(b)/2] }) },
		[]string{"run.db", "the store is damaged", "put a copy in its place, or move it away"},
	},
	"of a newer version": {
		func(t *testing.T, path string) {
			inside(t, path, func(tx *bolt.Tx) error {
				return tx.Bucket([]byte("lockstep")).Put([]byte("version"), binary.BigEndian.AppendUint64(nil, 99))
			})
		},
		[]string{"run.db", "the store was written by a newer Lockstep", "version 99, this one knows", "use that Lockstep"},
	},
	"of another program": {
		func(t *testing.T, path string) {
			inside(t, path, func(tx *bolt.Tx) error {
				if err := tx.DeleteBucket([]byte("lockstep")); err != nil {
					return err
				}
				_, err := tx.CreateBucket([]byte("orders"))
				return err
			})
		},
		[]string{"run.db", "this is a database of some other program"},
	},
	"in use by a process that does not answer": {
		func(t *testing.T, path string) {
			f, err := store.OpenFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
		},
		[]string{"run.db", "the store is in use by "},
	},
	"a directory": {
		func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		},
		[]string{"run.db", "is a directory"},
	},
}

// rewrite changes a file's bytes.
func rewrite(t *testing.T, path string, edit func([]byte) []byte) {
	t.Helper()
	was, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, edit(was), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// inside changes a store behind its back.
func inside(t *testing.T, path string, edit func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err == nil {
		err = errors.Join(db.Update(edit), db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestBadStore: run does not begin with a store that it cannot use, says what is
// wrong and what to do, and leaves the file and both vendors as they are.
func TestBadStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, canaried(), emulator.Options{})
	w.write("main.hcl", bothProviders+bridgeless+rulesText)
	w.mustApply()
	good := filepath.Join(t.TempDir(), "good.db")
	f, err := store.OpenFile(good)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.chdir, ".lockstep", "run.db")
	before := w.vendors()
	for name, tc := range badStores {
		t.Run(name, func(t *testing.T) {
			spoil := func() (was []byte) {
				text, err := os.ReadFile(good)
				if err := errors.Join(err, os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600)); err != nil {
					t.Fatal(err)
				}
				tc.make(t, path)
				was, _ = os.ReadFile(path) // a directory cannot be read
				return was
			}
			commands := [][]string{{"run"}, {"run", "-shadow"}, {"why", ana}, {"compare"}, {"replay"}, {"resume"}, {"forget", ana}, {"doctor", "-probe=" + ana}}
			if strings.HasPrefix(name, "in use") {
				commands = commands[:1] // each waits for half a second
			}
			for _, command := range commands {
				was := spoil()
				if status := w.run(command...); status != exitError {
					t.Errorf("%v: exit status %d:\n%s%s", command, status, w.out, w.err)
				}
				w.wantSaid(tc.says...)
				w.wantNoCanaries(name)
				if is, _ := os.ReadFile(path); string(was) != string(is) {
					t.Errorf("%v: the file was changed", command)
				}
			}
			spoil()
			// A stop must work whatever happened to the store.
			if status := w.run("stop", "-reason=damaged"); status != exitOK {
				t.Errorf("stop: exit status %d:\n%s%s", status, w.out, w.err)
			}
			w.wantSaid(append(tc.says, "Left the stop file")...)
		})
	}
	if diff := cmp.Diff(before, w.vendors()); diff != "" {
		t.Errorf("something was changed, -before +after:\n%s", diff)
	}
}

// TestBadStoreAddress: what is no store is refused, and not a word of it is
// repeated: it may hold a password.
func TestBadStoreAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"another database":       "mysql://lockstep:" + canaryStore + "@db.internal/lockstep",
		"no scheme":              "lockstep:" + canaryStore + "@db.internal/lockstep",
		"words of a connection":  "host=db.internal password=" + canaryStore,
		"a host that is none":    "postgres://lockstep:" + canaryStore + "@nowhere.invalid/lockstep?connect_timeout=1",
		"a port that is none":    "postgres://lockstep:" + canaryStore + "@127.0.0.1:99999999/lockstep",
		"nobody listens":         "postgres://lockstep:" + canaryStore + "@127.0.0.1:1/lockstep",
		"a URL that breaks":      "postgres://lockstep:" + canaryStore + "%zz@db.internal/lockstep",
		"a socket that is none":  "postgres://lockstep:" + canaryStore + "@/lockstep?host=/nowhere",
		"an option that is none": "postgres://lockstep@/lockstep?host=/nowhere&password=" + canaryStore + "&sslmode=" + canaryStore,
	}
	for name, address := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, canaried(), emulator.Options{})
			w.write("main.hcl", bothProviders+"lockstep { store = env(\"STORE\") }\n"+bridgeless+rulesText)
			w.Environ = append(w.Environ, "STORE="+address)
			for _, command := range [][]string{{"run"}, {"run", "-dry-run", "-once"}, {"why", ana}, {"apply", "-auto-approve"}} {
				w.run(command...)
				w.wantNoCanaries(strings.Join(command, " "))
				if !slices.Contains(command, "-dry-run") && !strings.Contains(w.said(), "store") {
					t.Errorf("%v does not say that it is about the store:\n%s%s", command, w.out, w.err)
				}
			}
		})
	}
}
