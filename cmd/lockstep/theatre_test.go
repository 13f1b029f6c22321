package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A theatre is a stage, seen from the benchmark, and a configuration that was
// applied to it.
type theatre struct {
	b       *testing.B
	binary  string
	dir     string
	environ []string
	in      *json.Encoder
	out     *json.Decoder
}

// settings are those of the sync block that benchmarks differ in.
type settings struct {
	agents int
	poll   string // interval
	store  string // "" is the file
}

func newTheatre(b *testing.B, binary string, set settings) *theatre {
	b.Helper()
	h := &theatre{b: b, binary: binary, dir: b.TempDir()}
	program, err := os.Executable()
	must(b, err)
	command := exec.CommandContext(b.Context(), program)
	command.Args[0] = "stage"
	command.Env = append(os.Environ(), stageAgents+"="+strconv.Itoa(set.agents))
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	must(b, err)
	out, err := command.StdoutPipe()
	must(b, err)
	must(b, command.Start())
	b.Cleanup(func() {
		_ = in.Close() // which ends it
		_ = command.Wait()
	})
	h.in, h.out = json.NewEncoder(in), json.NewDecoder(out)
	h.environ = h.hear().Env

	writeText(b, filepath.Join(h.dir, "centre.hcl"), centreText(set))
	run(b, h.dir, h.environ, binary, "apply", "-auto-approve")
	h.order(order{Do: "place"})
	return h
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (h *theatre) order(o order) reply {
	h.b.Helper()
	must(h.b, h.in.Encode(o))
	return h.hear()
}

func (h *theatre) hear() reply {
	h.b.Helper()
	var r reply
	must(h.b, h.out.Decode(&r))
	if r.Error != "" {
		h.b.Fatal(r.Error)
	}
	return r
}

// live lets agents change things, and returns what was measured since the last
// tally, when all of it has come to rest.
func (h *theatre) live(rate, seconds float64, side string) tally {
	h.b.Helper()
	h.order(order{Do: "tally"})
	h.order(order{Do: "live", Rate: rate, Seconds: seconds, Side: side})
	h.settle()
	t := h.order(order{Do: "tally"}).Tally
	if t.Failed != "" {
		h.b.Fatal(t.Failed)
	}
	return t
}

// patience is how long after the last change everything may take to agree.
const patience = 15 * time.Second

// settle waits until both sides show, for everybody, what the agent last chose;
// whoever they never do for is a lost change.
func (h *theatre) settle() {
	h.b.Helper()
	end := time.Now().Add(patience)
	for {
		apart := h.order(order{Do: "apart"}).Apart
		if len(apart) == 0 {
			return
		}
		if time.Now().After(end) {
			h.b.Errorf("%d agents' last change was lost: %s", len(apart), strings.Join(apart[:min(5, len(apart))], "; "))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// A process is one lockstep run.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
	live []float64 // MiB of heap that each garbage collection left
}

// start starts lockstep run.
func (h *theatre) start() *process {
	h.b.Helper()
	m := &process{cmd: exec.CommandContext(h.b.Context(), h.binary, "run"), ended: make(chan struct{})}
	m.cmd.Dir, m.cmd.Env = h.dir, slices.Concat(os.Environ(), h.environ, []string{"GODEBUG=gctrace=1"})
	talk, err := m.cmd.StderrPipe()
	must(h.b, err)
	must(h.b, m.cmd.Start())
	go m.listen(talk)
	h.b.Cleanup(m.end)
	return m
}

// gcLine is what Go's runtime says of a collection, with the heap that is left
// last: gc 7 @1.2s 3%: … ms clock, … ms cpu, 40->41->30 MB, …
var gcLine = regexp.MustCompile(`^gc \d+ @.*->(\d+) MB,`)

func (m *process) listen(talk io.Reader) {
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		m.note(lines.Text())
	}
	_ = m.cmd.Wait()
	close(m.ended)
}

func (m *process) note(line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := gcLine.FindStringSubmatch(line); at != nil {
		live, _ := strconv.ParseFloat(at[1], 64) // it is digits
		m.live = append(m.live, live)
		return
	}
	if m.said.Len() < 1<<20 {
		m.said.WriteString(line + "\n")
	}
}

func (m *process) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return tail(m.said.String())
}

// heap waits for a collection while nothing is under way, and returns what it
// leaves, in MiB. Go's runtime begins one by itself when there was none for two
// minutes.
func (m *process) heap() float64 {
	m.calm()
	collections := func() []float64 {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.live
	}
	for begin := len(collections()); ; time.Sleep(100 * time.Millisecond) {
		if all := collections(); len(all) > begin {
			return all[begin]
		}
	}
}

// calm waits until a run has nothing to do but to ask whether there is.
func (m *process) calm() {
	for before := m.cpu(); ; before = m.cpu() {
		time.Sleep(2 * time.Second)
		if m.cpu()-before < .2 {
			return
		}
	}
}

// end asks the process to end, and waits until it has.
func (m *process) end() {
	_ = m.cmd.Process.Signal(os.Interrupt)
	<-m.ended
}

// kill ends it without a word.
func (m *process) kill() {
	_ = m.cmd.Process.Kill()
	<-m.ended
}

// awake waits until a run has read both sides twice and has nothing more to do:
// then everybody was taken in.
func (h *theatre) awake(m *process) {
	h.b.Helper()
	h.order(order{Do: "tally"})
	h.until(m, func(t *tally) bool { return t.Polls >= 5 && t.Sweeps >= 2 })
	m.calm()
}

// until waits for what a run does, as the vendors see it.
func (h *theatre) until(m *process, done func(*tally) bool) {
	h.b.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		select {
		case <-m.ended:
			h.b.Fatalf("lockstep run ended: %s", m.text())
		default:
		}
		if t := h.order(order{Do: "look"}).Tally; done(&t) {
			return
		}
		if time.Now().After(end) {
			h.b.Fatalf("lockstep run does not begin: %s", m.text())
		}
	}
}

// cpu is how many seconds of processor time the process has used.
func (m *process) cpu() float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid)) // one that has ended uses none
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // the kernel's ticks, on every Linux that Go runs on
}

// percentile returns the value that p of all are at or below, 0 of none.
func percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// figure reports what was measured, in the log too: the table of metrics is not
// printed when a bar is missed.
func figure(b *testing.B, what string, got float64) {
	b.Helper()
	b.ReportMetric(got, what)
	b.Logf("%s: %.4g", what, got)
}

// bar reports a figure, and fails the benchmark where it is past its bar.
func bar(b *testing.B, what string, got, most float64) {
	b.Helper()
	figure(b, what, got)
	if got > most {
		b.Errorf("%s is %.3g; the bar is %.3g", what, got, most)
	}
}

// centreText is a centre whose tables are as long as real ones.
func centreText(set settings) string {
	store := ""
	if set.store != "" {
		store = fmt.Sprintf("lockstep {\n  store = %q\n}\n", set.store)
	}
	var names []string
	for i := range aways {
		names = append(names, strconv.Quote(away(i+1)))
	}
	return store + fmt.Sprintf(`
provider "salesforce" {}

provider "cxone" {}

locals {
  teams    = ["Support", "Sales", "Billing", "Retention", "Supervisors"]
  profiles = ["Support Agent", "Sales Agent", "Support Supervisor", "Custom: Support Profile"]
  away     = toset([%s])
}

presence_status "Ready" {
  option   = "online"
  channels = ["sfdc_livemessage", "Cases"]
}

presence_status "On_a_Call" { option = "busy" }
presence_status "Wrapping_Up" { option = "busy" }

presence_status "away" {
  for_each       = local.away
  developer_name = each.key
  label          = each.key
  option         = "busy"
}

profile_access "agents" {
  for_each = toset(local.profiles)
  profile  = each.key
  statuses = concat([presence_status.Ready, presence_status.On_a_Call, presence_status.Wrapping_Up], values(presence_status.away))
}

unavailable_code "away" {
  for_each = local.away
  name     = each.key
  timeout  = "8h"
  teams    = local.teams
}

presence_bridge "LockstepPresence" {
  apps  = ["LightningService"]
  users = []
}

presence_rule "everybody" {
  executor = "lockstep"
  both = concat(
    [{ acd_state = "Available", salesforce_status = presence_status.Ready }],
    [for code in local.away : { acd_state = unavailable_code.away[code], salesforce_status = presence_status.away[code] }],
  )
  publisher = [
    { acd_state = "Working", salesforce_status = presence_status.On_a_Call },
    { acd_state = "ACW", salesforce_status = presence_status.Wrapping_Up },
  ]
  teams = local.teams
}

sync {
  poll_interval     = %q
  writes_per_second = 10000
  budget {
    salesforce_calls_per_day      = 1000000000
    salesforce_deliveries_per_day = 1000000000
  }
  breaker {
    moved  = "100%%"
    within = "1s"
  }
}
`, strings.Join(names, ", "), set.poll)
}

// peak is the most memory that the process has used, in MiB.
func (m *process) peak() float64 { return m.status("VmHWM:") }

// resident is what it uses now.
func (m *process) resident() float64 { return m.status("VmRSS:") }

func (m *process) status(field string) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid)) // one that has ended uses none
	_, after, _ := strings.Cut(string(text), field)
	var kib float64
	_, _ = fmt.Sscan(after, &kib)
	return kib / 1024
}

// fillJournal writes so many lines about the theatre's agents into the store of
// a run that has ended, as run writes them.
func (h *theatre) fillJournal(records int) {
	h.b.Helper()
	file, err := store.OpenFile(filepath.Join(h.dir, ".lockstep", "run.db"))
	must(h.b, err)
	variables := map[string]string{}
	for _, pair := range h.environ {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	tenant := "salesforce=" + variables["SALESFORCE_INSTANCE_URL"] + " cxone=" + variables["CXONE_TENANT_ID"]
	var lines []store.Entry
	for line, err := range file.Journal(h.b.Context(), store.Query{Tenant: tenant}) {
		must(h.b, err)
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		h.b.Fatal("run left no journal")
	}
	for at := 0; at < records; {
		batch := store.Batch{Tenant: tenant}
		for range min(10_000, records-at) {
			batch.Append = append(batch.Append, lines[at%len(lines)])
			at++
		}
		_, err := file.Commit(h.b.Context(), batch)
		must(h.b, err)
	}
	must(h.b, file.Close())
}
