//go:build linux

package store

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lockstep-sync/lockstep/schema"
)

// password is a canary: no test may find it in an error.
const password = "pw-canary-8c1f"

// A server is a private PostgreSQL on a socket in a directory of its own.
type server struct {
	dir     string
	program string
	user    *syscall.Credential // nil when the tests do not run as root
	cmd     *exec.Cmd
	log     bytes.Buffer
	schemas int
}

// private is the one server of a test run, started by the first test that
// needs it.
var private struct {
	sync.Mutex
	server *server
	skip   string
}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		child(role, os.Getenv(childPath))
		return
	}
	code := m.Run()
	if s := private.server; s != nil {
		s.stop(syscall.SIGINT)
		_ = os.RemoveAll(s.dir)
	}
	os.Exit(code)
}

// needServer returns the server, or skips where PostgreSQL is not installed.
func needServer(t testing.TB) *server {
	t.Helper()
	private.Lock()
	defer private.Unlock()
	if private.server == nil && private.skip == "" {
		programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
		if len(programs) == 0 {
			private.skip = "no PostgreSQL here (Debian's package postgresql)"
		} else {
			private.server = newServer(t, slices.Max(programs))
		}
	}
	if private.skip != "" {
		t.Skip(private.skip)
	}
	return private.server
}

func newServer(t testing.TB, program string) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "lockstep-pg") //nolint:usetesting // it outlives the test, and a socket's path has room for 107 bytes
	must(t, err)
	s := &server{dir: dir, program: program}
	if os.Getuid() == 0 { // as which PostgreSQL refuses to run
		s.user = unprivileged(t)
		must(t, os.Chown(dir, int(s.user.Uid), int(s.user.Gid)))
	}
	pwfile := filepath.Join(dir, "pw")
	must(t, os.WriteFile(pwfile, []byte(password), 0o644))
	initdb := s.command(filepath.Join(filepath.Dir(program), "initdb"),
		"-D", filepath.Join(dir, "data"), "-U", "lockstep", "-A", "scram-sha-256", "--pwfile", pwfile, "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.start(t)
	return s
}

func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Skip("no user to run PostgreSQL as")
	return nil
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	return cmd
}

func (s *server) start(t testing.TB) {
	t.Helper()
	s.cmd = s.command(s.program, "-D", filepath.Join(s.dir, "data"), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=500")
	if _, measured := t.(*testing.B); !measured {
		s.cmd.Args = append(s.cmd.Args, "-c", "fsync=off") // outlives the server's crash, not the machine's
	}
	s.cmd.Stderr = &s.log
	must(t, s.cmd.Start())
	deadline := time.Now().Add(time.Minute)
	for {
		conn, err := pgx.Connect(context.Background(), s.url("public"))
		if err == nil {
			must(t, conn.Close(context.Background()))
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("PostgreSQL does not start: %v\n%s", err, s.log.String())
		}
		<-time.After(20 * time.Millisecond)
	}
}

// stop ends the server by its own process id.
func (s *server) stop(how syscall.Signal) {
	_ = s.cmd.Process.Signal(how)
	_ = s.cmd.Wait()
}

func (s *server) url(schema string) string {
	q := url.Values{"host": {s.dir}, "search_path": {schema}}
	return fmt.Sprintf("postgres://lockstep:%s@/postgres?%s", password, q.Encode())
}

// fresh makes an empty schema and returns the URL of it.
func (s *server) fresh(t testing.TB) schema.Secret {
	t.Helper()
	private.Lock()
	s.schemas++
	name := fmt.Sprintf("test_%d", s.schemas)
	private.Unlock()
	conn, err := pgx.Connect(t.Context(), s.url("public"))
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), "CREATE SCHEMA "+name)
	must(t, err)
	return schema.NewSecret(s.url(name), "the test")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
