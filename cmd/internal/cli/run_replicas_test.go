//go:build linux

package cli

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
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// database starts a private PostgreSQL and returns its URL, or skips where it is
// not installed.
func database(t *testing.T) string {
	t.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(programs) == 0 {
		t.Skip("no PostgreSQL here (Debian's package postgresql)")
	}
	dir, err := os.MkdirTemp("", "lockstep-pg") //nolint:usetesting // a socket's path has room for 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	owner := &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())} //nolint:gosec // they are no larger
	if os.Getuid() == 0 {                                                            // as which PostgreSQL refuses to run
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("no user postgres to run PostgreSQL as")
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil { //nolint:gosec // they are no larger
			t.Fatal(err)
		}
	}
	program := slices.Max(programs)
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(filepath.Dir(program), name), args...) //nolint:gosec // it was found above
		c.Dir, c.SysProcAttr = dir, &syscall.SysProcAttr{}
		if os.Getuid() == 0 {
			c.SysProcAttr.Credential = owner
		}
		return c
	}
	data, password := filepath.Join(dir, "data"), filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(canaryStore), 0o644); err != nil { //nolint:gosec // the server reads it as somebody else
		t.Fatal(err)
	}
	if out, err := command("initdb", "-D", data, "-U", "lockstep", "-A", "scram-sha-256", "--pwfile", password, "--no-sync", "-E", "UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	var log bytes.Buffer
	server := command("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT)
		_ = server.Wait()
	})
	where := fmt.Sprintf("postgres://lockstep:%s@/postgres?%s", canaryStore, url.Values{"host": {dir}}.Encode())
	for patience := time.After(time.Minute); ; {
		conn, err := pgx.Connect(t.Context(), where)
		if err == nil {
			_ = conn.Close(context.WithoutCancel(t.Context())) // it was only to see
			return where
		}
		select {
		case <-patience:
			t.Fatalf("PostgreSQL does not start: %v\n%s", err, log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A replica is one of several processes that run the same configuration.
type replica struct {
	*heard
	signals chan os.Signal
	ended   chan int
	plug    *plug
}

func (c *centreWorld) replica() *replica {
	r := &replica{heard: newHeard(), signals: make(chan os.Signal, 2), ended: make(chan int, 1), plug: &plug{}}
	process := c.Process
	process.Stdout, process.Stderr, process.Signals = r, r, r.signals
	process.Transport, process.PubSubDial = r.plug.carries(c.Transport), r.plug.dials(c.PubSubDial)
	go func() { r.ended <- Main([]string{"-chdir=" + c.chdir, "run"}, process) }()
	return r
}

// TestRunReplicas: two processes on one database. One serves; where it is cut
// off the other takes over, and what changed meanwhile is carried over once. A
// stop reaches whoever serves.
func TestRunReplicas(t *testing.T) {
	t.Parallel()
	where := database(t)
	c := unapplied(t, canaried(), strings.Replace(centreText, "sync {\n", "sync {\n poll_interval = \"1s\"\n", 1)+rulesText)
	c.Environ = append(c.Environ, "STORE="+where)
	if status := c.run("apply", "-auto-approve"); status != exitOK {
		t.Fatalf("apply: exit status %d:\n%s%s", status, c.out, c.err)
	}
	for _, agent := range []string{ana, ben, carla} {
		c.comes(agent)
	}
	first := c.replica()
	first.wait(t, "are kept in step")
	c.untilAdopted(ana)
	second := c.replica()
	c.watches(ana, ben)
	c.chooses(ana, "Lunch")
	c.until(map[string]string{ana: "Lunch Lunch"})
	if strings.Contains(second.text(), "are kept in step") {
		t.Errorf("both serve:\n%s", second.text())
	}

	began := time.Now()
	first.plug.pulled.Store(true) // it reaches no vendor any more
	first.signals <- os.Interrupt
	first.signals <- os.Interrupt
	<-first.ended
	c.shows(ben, "Meeting")
	second.wait(t, "are kept in step")
	c.until(map[string]string{ben: "Meeting Meeting"})
	t.Logf("taken over after %s", time.Since(began))
	c.chooses(ana, "Meeting")
	c.until(map[string]string{ana: "Meeting Meeting"})
	c.wantTrace(ana, "one writer", "Available Ready", "Lunch Ready", "Lunch Lunch", "Meeting Lunch", "Meeting Meeting")
	c.wantTrace(ben, "one writer", "Available Ready", "Available Meeting", "Meeting Meeting")

	if status := c.run("stop", "-reason=enough"); status != exitOK {
		t.Errorf("stop: exit status %d:\n%s%s", status, c.out, c.err)
	}
	second.wait(t, "nobody is moved: stopped: enough")
	second.signals <- os.Interrupt
	if status := <-second.ended; status != exitOK {
		t.Errorf("run ended with %d:\n%s", status, second.text())
	}
	c.run("why", ben)
	c.wantSaid("the subscriber row main.hcl:")
	c.wantNoCanary("the first", first.text())
	c.wantNoCanary("the second", second.text())
	c.wantNoCanaries("replicas")
}

// until waits, outside of a bubble, until agents show these pairs.
func (c *centreWorld) until(pairs map[string]string) {
	c.t.Helper()
	for patience := time.After(30 * time.Second); !c.shown(pairs); {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-patience:
			c.t.Fatalf("not %v: ana shows %s, ben %s", pairs, c.pair(ana), c.pair(ben))
		}
	}
}

// untilAdopted waits, outside of a bubble, until run has seen both sides of an
// agent.
func (c *centreWorld) untilAdopted(agent string) {
	c.t.Helper()
	patience := time.After(30 * time.Second)
	for c.run("why", agent); !strings.Contains(c.said(), "adopted"); c.run("why", agent) {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-patience:
			c.t.Fatalf("%s is not seen:\n%s%s", agent, c.out, c.err)
		}
	}
}
