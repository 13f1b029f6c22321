package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TestEraseLeavesNoByte: who is forgotten is in no byte of the file, whatever
// others do meanwhile, and the file is none the worse for it.
func TestEraseLeavesNoByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	f, err := OpenFile(path)
	must(t, err)
	commit := func(agent string, lines int) error {
		b := Batch{Tenant: "acme", Set: []Set{{"agent/" + agent, []byte("state of " + agent), Any}}}
		for range lines {
			b.Append = append(b.Append, Entry{At: time.Now(), Agent: agent, Data: bytes.Repeat([]byte("line of "+agent+" "), 40)})
		}
		_, err := f.Commit(t.Context(), b)
		return err
	}
	for range 10 {
		must(t, errors.Join(commit("ana.lopez", 100), commit("ben.okafor", 100)))
	}
	_, err = f.Commit(t.Context(), Batch{Tenant: "acme", Set: []Set{{"agent/ana.lopez", nil, Any}}})
	must(t, err)
	if !bytes.Contains(readFile(t, path), []byte("ana.lopez")) {
		t.Fatal("nothing was there to be erased")
	}
	var others sync.WaitGroup
	others.Go(func() {
		for range 10 {
			if err := commit("ben.okafor", 1); err != nil {
				t.Error(err)
			}
		}
	})
	others.Go(func() {
		for _, err := range f.Journal(t.Context(), Query{Tenant: "acme", Agent: "ben.okafor"}) {
			if err != nil {
				t.Error(err)
			}
		}
	})
	n, err := f.Erase(t.Context(), Query{Tenant: "acme", Agent: "ana.lopez"})
	others.Wait()
	if err != nil || n != 1000 {
		t.Errorf("erased %d: %v", n, err)
	}
	must(t, f.Close())
	file := readFile(t, path)
	if bytes.Contains(file, []byte("ana.lopez")) {
		t.Errorf("%d bytes of the file still name her", bytes.Count(file, []byte("ana.lopez")))
	}
	if n := bytes.Count(file, []byte("state of ben.okafor")); n == 0 {
		t.Error("others are gone as well")
	}
	db, err := bolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.View(func(tx *bolt.Tx) error {
		var all error
		for err := range tx.Check() {
			all = errors.Join(all, err)
		}
		return all
	}))
	must(t, db.Close())
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}
