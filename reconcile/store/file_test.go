//go:build linux

package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

const pageBytes = 4096

// written makes a store of n batches and returns its path and its bytes.
func written(t *testing.T, n int) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store")
	f, err := OpenFile(path)
	must(t, err)
	for i := range n {
		must(t, commitTwins(f, i))
	}
	must(t, f.Close())
	content, err = os.ReadFile(path)
	must(t, err)
	return path, content
}

func TestFileDamage(t *testing.T) {
	tests := []struct {
		why    string
		damage func(content []byte) []byte
		want   error // nil: nothing is lost
	}{
		{"a tail that was never part of a commit", func(c []byte) []byte {
			return append(c, bytes.Repeat([]byte("torn"), 3000)...)
		}, nil},
		{"the end is gone", func(c []byte) []byte { return c[:len(c)/2] }, ErrCorrupt},
		{"less than a page is left", func(c []byte) []byte { return c[:100] }, ErrCorrupt},
		{"both headers are scribbled over", func(c []byte) []byte {
			scribble(c[:2*pageBytes])
			return c
		}, ErrCorrupt},
		{"all but the headers is scribbled over", func(c []byte) []byte {
			scribble(c[2*pageBytes:])
			return c
		}, ErrCorrupt},
		{"some other file", func([]byte) []byte { return []byte(strings.Repeat("some text\n", 5000)) }, ErrCorrupt},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			path, content := written(t, 20)
			must(t, os.WriteFile(path, test.damage(content), 0o600))
			f, err := OpenFile(path)
			if test.want != nil {
				wantErr(t, err, test.want)
				if err == nil || !strings.Contains(err.Error(), path) {
					t.Errorf("%v does not say which file", err)
				}
				return
			}
			must(t, err)
			defer f.Close()
			twins(t, f)
			must(t, commitTwins(f, 20))
		})
	}
}

func scribble(part []byte) {
	for i := range part {
		part[i] = byte(i * 7)
	}
}

// TestTornCommit tears the page that would have made the last commit valid:
// the file is then as the commit before left it.
func TestTornCommit(t *testing.T) {
	path, content := written(t, 20)
	latest := content[:pageBytes]
	if transaction(content[pageBytes:]) > transaction(latest) {
		latest = content[pageBytes : 2*pageBytes]
	}
	scribble(latest[40:60])
	must(t, os.WriteFile(path, content, 0o600))
	f, err := OpenFile(path)
	must(t, err)
	defer f.Close()
	same(t, "all but the last", 19, twins(t, f))
}

// transaction returns the number of the commit that a header belongs to.
func transaction(header []byte) uint64 { return binary.NativeEndian.Uint64(header[16+48:]) }

// TestFlippedBits damages one byte after the other. Whatever is read then is
// what was written, or an error. Damage to the header of the last commit looks
// like a torn one, so what the commit before wrote may be read.
func TestFlippedBits(t *testing.T) {
	_, content := written(t, 3)
	dir := t.TempDir()
	refused := 0
	for at := 0; at < len(content); at += 211 {
		damaged := bytes.Clone(content)
		damaged[at] ^= 0x10
		path := filepath.Join(dir, fmt.Sprint(at))
		must(t, os.WriteFile(path, damaged, 0o600))
		if !readsTrue(t, path) {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}

// readsTrue reads all there is and reports whether there was no error.
func readsTrue(t *testing.T, path string) bool {
	t.Helper()
	f, err := OpenFile(path)
	if err != nil {
		return false
	}
	defer f.Close()
	for item, err := range f.Memory(t.Context(), "acme", "") {
		if err != nil {
			return false
		}
		if v := string(item.Value); len(v) != 3000 && v != "2" && v != "1" {
			t.Fatalf("%q is %q", item.Key, v)
		}
	}
	for e, err := range f.Journal(t.Context(), Query{Tenant: "acme"}) {
		if err != nil {
			return false
		}
		if v := string(e.Data); !e.At.Equal(noon) || v != "0" && v != "1" && v != "2" {
			t.Fatalf("entry %d is %q at %s", e.Seq, v, e.At)
		}
	}
	return true
}

func TestFileOfOthers(t *testing.T) {
	tests := []struct {
		why    string
		change func(tx *bolt.Tx) error
		want   string
	}{
		{"a newer layout", func(tx *bolt.Tx) error {
			return tx.Bucket(bucketMeta).Put(keyVersion, binary.BigEndian.AppendUint64(nil, 7))
		}, "written by a newer Lockstep: version 7, this one knows 1"},
		{"no version", func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyVersion) }, "it says no version"},
		{"another program's", func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketMeta) }, "some other program"},
	}
	for _, test := range tests {
		path, _ := written(t, 1)
		db, err := bolt.Open(path, 0o600, nil)
		must(t, err)
		must(t, db.Update(test.change))
		must(t, db.Close())
		if _, err := OpenFile(path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.why, err, test.want)
		}
	}
}

// TestFileLock has one process open the file twice; the message names it.
func TestFileLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "store")
	f, err := OpenFile(path)
	must(t, err)
	_, err = OpenFile(path)
	wantErr(t, err, ErrLocked)
	info, err := os.Stat(path)
	must(t, err)
	same(t, "only the owner reads it", os.FileMode(0o600), info.Mode().Perm())
	must(t, f.Close())
	must(t, f.Close())
	if _, err := os.Stat(path + ".holder"); !os.IsNotExist(err) {
		t.Error("the signature stays after close")
	}
}
