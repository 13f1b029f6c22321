package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres starts a private PostgreSQL on a socket of its own, and returns its
// address. Where the package is not installed the benchmark is skipped.
func postgres(b *testing.B) string {
	b.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(programs) == 0 {
		b.Skip("no PostgreSQL here (Debian's package postgresql)")
	}
	program := slices.Max(programs)
	dir, err := os.MkdirTemp("", "lockstep-pg") //nolint:usetesting // a socket's path has room for 107 bytes
	must(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // as which PostgreSQL refuses to run
		attributes.Credential = unprivileged(b)
		must(b, os.Chown(dir, int(attributes.Credential.Uid), int(attributes.Credential.Gid)))
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(filepath.Dir(program), name), args...)
		c.Dir, c.SysProcAttr = dir, attributes
		return c
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "lockstep", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		b.Fatalf("initdb: %v\n%s", err, out)
	}
	var log bytes.Buffer
	server := command("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=")
	server.Stderr = &log
	must(b, server.Start())
	b.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT)
		_ = server.Wait()
	})
	address := fmt.Sprintf("postgres://lockstep@/postgres?%s", url.Values{"host": {dir}}.Encode())
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(b.Context(), address)
		if err == nil {
			must(b, conn.Close(b.Context()))
			return address
		}
		if time.Now().After(end) {
			b.Fatalf("PostgreSQL does not start: %v\n%s", err, log.String())
		}
	}
}

func unprivileged(b *testing.B) *syscall.Credential {
	b.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	b.Skip("no user to run PostgreSQL as")
	return nil
}
