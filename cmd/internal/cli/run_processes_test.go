package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// asProgram makes the tests' own binary be the program, for processes that can
// be killed. Its value is how often a tenant is handed over.
const asProgram = "LOCKSTEP_TEST_PROGRAM"

func program() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt)
	a := newApp(Process{Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Signals: signals})
	a.spreadEvery, _ = time.ParseDuration(os.Getenv(asProgram))
	os.Exit(a.main(os.Args[1:]))
}

// A killable is the program in a process of its own.
type killable struct {
	*heard
	cmd   *exec.Cmd
	ended chan struct{}
}

func (c *centreWorld) process(args ...string) *killable {
	c.t.Helper()
	self, err := os.Executable()
	c.must(err)
	p := &killable{heard: newHeard(), cmd: exec.Command(self, args...), ended: make(chan struct{})} //nolint:gosec // it is this very program
	p.cmd.Env, p.cmd.Stderr, p.cmd.Stdout = append([]string{asProgram + "=1s"}, c.Environ...), p, p
	c.must(p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is in its state
	}()
	c.t.Cleanup(p.kill)
	return p
}

// kill ends the process without a word.
func (p *killable) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// interrupt ends it in order, and returns its exit status.
func (p *killable) interrupt() int {
	_ = p.cmd.Process.Signal(os.Interrupt)
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

var livePageAt = regexp.MustCompile(livePage + `(http://\S+)`)

// page waits for the process to serve its page, and returns its address.
func (p *killable) page(t *testing.T) string {
	t.Helper()
	p.wait(t, livePage)
	return livePageAt.FindStringSubmatch(p.text())[1]
}

func read(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }() // only read
	text, _ := io.ReadAll(answer.Body)         // as far as it came
	return answer.StatusCode, string(text)
}

// eventually waits for something to be so, and returns how long that took.
func eventually(t *testing.T, what string, patience time.Duration, so func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !so() {
		if time.Since(began) > patience {
			t.Fatalf("not after %s: %s", patience, what)
		}
		<-time.After(20 * time.Millisecond)
	}
	return time.Since(began)
}

// The promise, and what a busy machine may add.
const (
	takeOver = 5 * time.Second
	slack    = 5 * time.Second
)

// onNetwork is a centre that processes reach, with its memory at where. All are
// set up alike but for their addresses.
func onNetwork(t *testing.T, where string) *centreWorld {
	t.Helper()
	c := unapplied(t, canaried(), "")
	server, err := emulator.Listen(t.Context(), c.emulator, "127.0.0.1:0")
	c.must(err)
	t.Cleanup(func() { _ = server.Close() })
	c.Environ = []string{"STORE=" + where, "PATH=" + os.Getenv("PATH")}
	for _, v := range server.Env() {
		c.Environ = append(c.Environ, v.Name+"="+v.Value)
	}
	c.Transport, c.PubSubDial = nil, nil
	c.write("main.hcl", fmt.Sprintf(`
provider "salesforce" {
	instance_url    = %q
	pubsub_endpoint = %q
}
provider "cxone" { issuer = %q }
lockstep { store = env("STORE") }
sync { poll_interval = "1s" }
`, server.SalesforceURL, server.PubSubURL, server.CXoneURL)+bridgeless+bridgeText+rulesText)
	if status := c.run("apply", "-auto-approve"); status != exitOK {
		t.Fatalf("apply: exit status %d:\n%s%s", status, c.out, c.err)
	}
	for _, agent := range []string{ana, ben, carla} {
		c.comes(agent)
	}
	return c
}

// TestRunOwnerKilled kills the process that serves. The other takes over, and a stop
// that is given at a third place halts it.
func TestRunOwnerKilled(t *testing.T) {
	t.Parallel()
	c := onNetwork(t, database(t))
	first := c.process("-chdir="+c.chdir, "run")
	first.wait(t, "are kept in step")
	second := c.process("-chdir="+c.chdir, "run", "-serve=127.0.0.1:0")
	page := second.page(t)
	eventually(t, "the second stands by", time.Minute, func() bool {
		status, text := read(t, page+"/readyz")
		return status == http.StatusOK && strings.HasPrefix(text, "standby")
	})
	c.untilAdopted(ana)
	c.chooses(ana, "Lunch")
	c.until(map[string]string{ana: "Lunch Lunch"})

	first.kill()
	c.shows(ben, "Meeting")
	took := eventually(t, "the second takes over", time.Minute, func() bool { return c.pair(ben) == "Meeting Meeting" })
	t.Logf("a change is carried over %s after the kill", took)
	if took > takeOver+slack {
		t.Errorf("taken over after %s, promised within %s", took, takeOver)
	}

	third := t.TempDir()
	text, err := os.ReadFile(filepath.Join(c.chdir, "main.hcl"))
	c.must(err)
	c.must(os.WriteFile(filepath.Join(third, "main.hcl"), text, 0o600))
	elsewhere := func(args ...string) {
		t.Helper()
		if status := Main(append([]string{"-chdir=" + third}, args...), c.Process); status != exitOK {
			t.Fatalf("%v: exit status %d:\n%s", args, status, c.err)
		}
	}
	elsewhere("stop", "-reason=enough")
	halted := eventually(t, "it halts", time.Minute, func() bool { return strings.Contains(second.text(), "nobody is moved: stopped: enough") })
	t.Logf("halted %s after stop had ended", halted)
	if halted > 2*time.Second+slack {
		t.Errorf("halted after %s, promised within two seconds", halted)
	}
	c.chooses(ana, "Meeting")
	c.shows(ben, "Lunch")
	polls := c.polls()
	eventually(t, "it goes on looking", time.Minute, func() bool { return c.polls() >= polls+3 })
	c.wantPair(ana, "Meeting Lunch", "nobody is moved")
	c.wantPair(ben, "Meeting Lunch", "nobody is moved")

	elsewhere("resume")
	second.wait(t, "agents are moved again")
	c.shows(carla, "Meeting")
	c.until(map[string]string{carla: "Meeting Meeting"})
	c.wantPair(ana, "Meeting Lunch", "nothing is caught up")
	if status := second.interrupt(); status != exitOK {
		t.Errorf("exit status %d:\n%s", status, second.text())
	}
}

// polls counts the calls that read CXone's states.
func (c *centreWorld) polls() (n int) {
	for endpoint, count := range c.emulator.Stats()[emulator.CXone] {
		if strings.HasPrefix(endpoint, "GET ") && strings.HasSuffix(endpoint, "/agents/states") {
			n += count
		}
	}
	return n
}

// TestRunSeveralProcesses runs four tenants in two processes. The one that comes
// late gets its share, and all of them when the other is killed.
func TestRunSeveralProcesses(t *testing.T) {
	t.Parallel()
	where := database(t)
	var centres []*centreWorld
	args := []string{"run", "-serve=127.0.0.1:0"}
	for range 4 {
		c := onNetwork(t, where)
		centres, args = append(centres, c), append(args, c.chdir)
	}
	memory, err := store.Open(t.Context(), schema.NewSecret(where, "the test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })

	first := centres[0].process(args...)
	first.waitFor(t, "are kept in step", 4)
	second := centres[0].process(args...)
	took := eventually(t, "two each", 2*time.Minute, func() bool { return cmp.Equal(spread(t, memory), map[int]int{2: 2}) })
	t.Logf("spread after %s", took)
	page := second.page(t)
	eventually(t, "all are ready in the second, as owner or standing by", time.Minute, func() bool {
		status, _ := read(t, page+"/readyz")
		return status == http.StatusOK
	})
	_, metrics := read(t, page+"/metrics")
	if n := strings.Count(metrics, "\nlockstep_leader{tenant="); n != 4 {
		t.Errorf("metrics of %d tenants:\n%s", n, metrics)
	}

	first.kill()
	took = eventually(t, "the other takes all", time.Minute, func() bool { return cmp.Equal(spread(t, memory), map[int]int{4: 1}) })
	t.Logf("all taken over after %s", took)
	if took > takeOver+slack {
		t.Errorf("taken over after %s, promised within %s", took, takeOver)
	}
	for _, c := range centres {
		c.shows(ben, "Meeting")
	}
	for _, c := range centres {
		c.until(map[string]string{ben: "Meeting Meeting"})
	}
	if status := second.interrupt(); status != exitOK {
		t.Errorf("exit status %d:\n%s", status, second.text())
	}
	if left := spread(t, memory); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// spread counts, for each number of tenants, the processes that hold so many.
func spread(t *testing.T, s store.Store) map[int]int {
	t.Helper()
	leases, err := s.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	holds, counts := map[string]int{}, map[int]int{}
	for _, l := range leases {
		if strings.HasPrefix(l.Name, "run/") {
			holds[l.Owner]++
		}
	}
	for _, n := range holds {
		counts[n]++
	}
	return counts
}

// TestRunSeveralOneFails: a directory that cannot be run says so, and leaves the
// others alone.
func TestRunSeveralOneFails(t *testing.T) {
	t.Parallel()
	c := onNetwork(t, "run.db")
	c.must(os.Mkdir(filepath.Join(c.chdir, "bad"), 0o700))
	c.must(os.WriteFile(filepath.Join(c.chdir, "bad", "main.hcl"), []byte(bothProviders), 0o600))
	again := t.TempDir()
	text, err := os.ReadFile(filepath.Join(c.chdir, "main.hcl"))
	c.must(err)
	c.must(os.WriteFile(filepath.Join(again, "main.hcl"), text, 0o600))
	p := c.process("-chdir="+c.chdir, "run", "-serve=127.0.0.1:0", "bad", ".", "bad/../bad")
	p.wait(t, "are kept in step")
	if n := strings.Count(p.text(), "bad: Error: run: no presence_rule is declared"); n != 1 {
		t.Errorf("said %d times that bad cannot be run:\n%s", n, p.text())
	}
	page := p.page(t)
	if status, body := read(t, page+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "bad: not running") {
		t.Errorf("ready: %d %s", status, body)
	}
	c.untilAdopted(ben)
	c.shows(ben, "Meeting")
	c.until(map[string]string{ben: "Meeting Meeting"})
	if status := p.interrupt(); status != exitError {
		t.Errorf("exit status %d, want %d:\n%s", status, exitError, p.text())
	}

	status := c.run("run", again, ".")
	c.wantSaid("Error: run: " + again + " and . are about the same accounts, so nothing was started; leave one of them out")
	if status != exitError || strings.Contains(c.said(), "kept in step") {
		t.Errorf("the same accounts twice: exit status %d:\n%s", status, c.err)
	}
}
