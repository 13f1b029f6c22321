//go:build linux

package store

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestRemoteWithoutOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	_, err := Dial(t.Context(), path)
	wantErr(t, err, ErrLocked)
	if !strings.Contains(err.Error(), SocketPath(path)) {
		t.Errorf("%v does not say where it asked", err)
	}

	// A socket that a killed process left behind answers nobody, and is
	// replaced by the next one that has the file.
	left, err := Listen(t.Context(), path)
	must(t, err)
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	must(t, left.Close())
	_, err = Dial(t.Context(), path)
	wantErr(t, err, ErrLocked)
	_, stop := serveFile(t, path)
	defer stop()
	r, err := Dial(t.Context(), path)
	must(t, err)
	commit1(t, r, Batch{Set: set("k", "v")})
}

// TestRemoteIsPrivate keeps other users of the machine out.
func TestRemoteIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	_, stop := serveFile(t, path)
	defer stop()
	info, err := os.Stat(SocketPath(path))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v", info.Mode())
	}
}

// TestOpenReachesTheOwner opens a file that somebody has open.
func TestOpenReachesTheOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	f, stop := serveFile(t, path)
	defer stop()
	commit1(t, f, Batch{Set: set("k", "v")})
	s, err := Open(t.Context(), schema.NewSecret(path, ""))
	must(t, err)
	item, err := s.Recall(t.Context(), "acme", "k")
	must(t, err)
	if string(item.Value) != "v" {
		t.Errorf("the owner's store holds %q", item.Value)
	}
}

// TestRemoteEndsInTheMiddle cuts the answer to a commit off: whether it was
// written is not known then.
func TestRemoteEndsInTheMiddle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := Listen(t.Context(), path)
	must(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(conn, make([]byte, 1))
			_ = conn.Close()
		}
	}()
	r := &Remote{path: path}
	_, err = r.Commit(t.Context(), Batch{Tenant: "acme", Set: set("k", "v")})
	wantErr(t, err, ErrUnknown)
}

// TestRemoteStrangeCall is a call of some other version.
func TestRemoteStrangeCall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	_, stop := serveFile(t, path)
	defer stop()
	r, err := Dial(t.Context(), path)
	must(t, err)
	for _, m := range []message{{Verb: "compact"}, {Verb: "commit"}, {}} {
		if _, err := r.call(context.Background(), m, nil); err == nil || !strings.Contains(err.Error(), "no call of a store") {
			t.Errorf("%q was answered with %v", m.Verb, err)
		}
	}
}
