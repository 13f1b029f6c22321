package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The bars of the design. Each is a ratio within one run, or a ceiling far
// above the noise of a shared machine.
const (
	wallBar    = 20.0 // terraform plan's wall time over ours
	cpuBar     = 15.0
	memoryBar  = 13.0
	linearBar  = 11.0 // 100,000 blocks over 10,000
	forEachBar = 1.3  // for_each over the same blocks written out
	memoryMiB  = 400.0
)

// usage is what one finished process cost.
type usage struct {
	wall, cpu time.Duration
	mib       float64
	out       string
}

// run runs a command to its end; the benchmark fails when the command does.
func run(b *testing.B, dir string, environ []string, name string, args ...string) usage {
	b.Helper()
	command := exec.CommandContext(b.Context(), name, args...)
	command.Dir, command.Env = dir, append(os.Environ(), environ...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	start := time.Now()
	err := command.Start()
	var mib float64
	if err == nil {
		peak := watchMemory(command.Process.Pid)
		err = command.Wait()
		mib = peak()
	}
	u := usage{wall: time.Since(start), mib: mib, out: out.String()}
	if err != nil {
		b.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, tail(u.out))
	}
	state := command.ProcessState
	u.cpu = state.UserTime() + state.SystemTime()
	return u
}

// watchMemory looks at a process's peak memory, in MiB, until the function that
// it returns is called. The usage that the kernel reports at the end will not
// do: it begins with the peak of the process that forked.
func watchMemory(pid int) (peak func() float64) {
	status := fmt.Sprintf("/proc/%d/status", pid)
	stop, most := make(chan struct{}), make(chan float64)
	go func() {
		var mib float64
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			mib = max(mib, highWater(status))
			select {
			case <-stop:
				most <- mib
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(stop)
		return <-most
	}
}

// highWater reads a process's peak memory, 0 where there is none to read.
func highWater(status string) float64 {
	text, err := os.ReadFile(status)
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	var kib float64
	_, _ = fmt.Sscan(after, &kib)
	return kib / 1024
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// best returns the cheapest of n runs: the machine's noise only ever adds.
func best(n int, measure func() usage) usage {
	cheapest := measure()
	for range n - 1 {
		u := measure()
		cheapest.wall, cheapest.cpu, cheapest.mib = min(cheapest.wall, u.wall), min(cheapest.cpu, u.cpu), min(cheapest.mib, u.mib)
	}
	return cheapest
}

// build compiles the command into a temporary folder, static as a release is:
// there is no C library to load at the start.
func build(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "lockstep")
	run(b, ".", []string{"CGO_ENABLED=0"}, "go", "build", "-o", binary, ".")
	return binary
}

// centre is a configuration of n settled blocks with the emulator, in another
// process, that holds just them.
type centre struct {
	dir     string
	environ []string
}

func newCentre(b *testing.B, binary string, n int, write func(dir string)) centre {
	b.Helper()
	dir := b.TempDir()
	seed, env := filepath.Join(dir, "seed.json"), filepath.Join(dir, "env")
	writeJSON(b, seed, statusSeed(n))
	config := filepath.Join(dir, "config")
	if err := os.Mkdir(config, 0o700); err != nil {
		b.Fatal(err)
	}
	writeText(b, filepath.Join(config, "providers.hcl"), "provider \"salesforce\" {}\n")
	write(config)

	emulate := exec.CommandContext(b.Context(), binary, "emulate", "-env="+env, "-seed="+seed)
	talk, err := emulate.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := emulate.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = emulate.Process.Signal(os.Interrupt)
		_ = emulate.Wait()
	})
	// The first line says that it serves; the file is there by then.
	if _, err := bufio.NewReader(talk).ReadString('\n'); err != nil {
		b.Fatal(err)
	}
	go func() { _, _ = bufio.NewReader(talk).WriteTo(&bytes.Buffer{}) }()
	return centre{dir: config, environ: readEnv(b, env)}
}

func readEnv(b *testing.B, path string) []string {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	var environ []string
	for line := range strings.Lines(string(text)) {
		if pair, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			name, value, _ := strings.Cut(pair, "=")
			environ = append(environ, name+"="+strings.Trim(value, "'"))
		}
	}
	return environ
}

func (c centre) plan(b *testing.B, binary string) usage {
	b.Helper()
	u := run(b, c.dir, c.environ, binary, "plan", "-detailed-exitcode")
	if !strings.Contains(u.out, "Settled.") {
		b.Fatalf("the plan is not settled:\n%s", tail(u.out))
	}
	return u
}

// statusSeed is a tenant with n presence statuses and little else.
func statusSeed(n int) map[string]any {
	statuses := make([]map[string]any, n)
	for i := range n {
		statuses[i] = map[string]any{"developer_name": statusName(i), "label": fmt.Sprintf("Status number %d", i), "channels": []string{"sfdc_phone", "Cases"}}
	}
	return map[string]any{
		"salesforce": map[string]any{
			"organization_id": "00D5g00000ABCDE", "name": "Bench",
			"profiles": []map[string]any{{"label": "System Administrator", "api_name": "Admin"}},
			"service_channels": []map[string]any{
				{"developer_name": "sfdc_phone", "label": "Phone", "entity": "VoiceCall"},
				{"developer_name": "Cases", "label": "Cases", "entity": "Case"},
			},
			"presence_statuses": statuses,
			"integration":       []map[string]any{{"client_id": "bench", "client_secret": "bench-secret", "username": "bench@acme.example"}},
		},
		"cxone": map[string]any{
			"tenant_id": "11eb8f0a-7c1d-4e52-9a60-2f4c5d6e7a8b", "business_unit": 1, "teams": []string{"T"},
			"access_keys": []map[string]any{{"id": "BENCH====", "secret": "BENCHSECRET====", "user": "bench@acme.example"}},
		},
		"agents": []map[string]any{{"email": "bench@acme.example", "first_name": "B", "last_name": "Ench", "profile": "System Administrator", "team": "T"}},
	}
}

func statusName(i int) string { return fmt.Sprintf("Status_%06d", i) }

// writeBlocks writes n blocks, perFile in each file.
func writeBlocks(b *testing.B, dir string, n, perFile int) {
	b.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "presence_status %q {\n  label    = \"Status number %d\"\n  option   = \"online\"\n  channels = [\"sfdc_phone\", \"Cases\"]\n}\n\n", statusName(i), i)
		if (i+1)%perFile == 0 || i == n-1 {
			writeText(b, filepath.Join(dir, fmt.Sprintf("statuses-%04d.hcl", i/perFile)), text.String())
			text.Reset()
		}
	}
}

func writeForEach(b *testing.B, dir string, n int) {
	b.Helper()
	statuses := map[string]any{}
	for i := range n {
		statuses[statusName(i)] = map[string]any{"label": fmt.Sprintf("Status number %d", i)}
	}
	writeJSON(b, filepath.Join(dir, "statuses.data"), statuses)
	writeText(b, filepath.Join(dir, "statuses.hcl"), `presence_status "status" {
  for_each       = jsondecode(file("statuses.data"))
  developer_name = each.key
  label          = each.value.label
  option         = "online"
  channels       = ["sfdc_phone", "Cases"]
}
`)
}

func writeText(b *testing.B, path, text string) {
	b.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func writeJSON(b *testing.B, path string, v any) {
	b.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	writeText(b, path, string(text))
}

// writeTerraform writes n terraform_data resources and the state in which they
// have all been applied, because applying so many for real is no part of what is
// measured.
func writeTerraform(b *testing.B, dir string, n int) {
	b.Helper()
	var text strings.Builder
	resources := make([]map[string]any, n)
	for i := range n {
		name := strings.ToLower(statusName(i))
		fmt.Fprintf(&text, "resource \"terraform_data\" %q {\n  input = {\n    name    = %q\n    label   = \"Status number %d\"\n    option  = \"online\"\n    first   = \"sfdc_phone\"\n    second  = \"Cases\"\n  }\n}\n\n", name, name, i)
		value := map[string]any{
			"value": map[string]any{"name": name, "label": fmt.Sprintf("Status number %d", i), "option": "online", "first": "sfdc_phone", "second": "Cases"},
			"type":  []any{"object", map[string]any{"name": "string", "label": "string", "option": "string", "first": "string", "second": "string"}},
		}
		resources[i] = map[string]any{
			"mode": "managed", "type": "terraform_data", "name": name, "provider": `provider["terraform.io/builtin/terraform"]`,
			"instances": []any{map[string]any{"schema_version": 0, "attributes": map[string]any{
				"id": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "input": value, "output": value, "triggers_replace": nil,
			}}},
		}
	}
	writeText(b, filepath.Join(dir, "main.tf"), text.String())
	writeJSON(b, filepath.Join(dir, "terraform.tfstate"), map[string]any{
		"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "00000000-0000-4000-8000-000000000000",
		"outputs": map[string]any{}, "resources": resources,
	})
}

// BenchmarkPlanBesideTerraform plans 10,000 settled blocks beside terraform's
// plan of 10,000 unchanged terraform_data, in one run.
func BenchmarkPlanBesideTerraform(b *testing.B) {
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		b.Skip("terraform is not on this machine")
	}
	const n = 10_000
	binary := build(b)
	c := newCentre(b, binary, n, func(dir string) { writeBlocks(b, dir, n, 250) })
	dir := b.TempDir()
	writeTerraform(b, dir, n)
	run(b, dir, nil, terraform, "init", "-input=false", "-no-color")
	for b.Loop() {
		ours := best(3, func() usage { return c.plan(b, binary) })
		theirs := run(b, dir, nil, terraform, "plan", "-input=false", "-no-color")
		if !strings.Contains(theirs.out, "No changes") {
			b.Fatalf("terraform's plan is not settled:\n%s", tail(theirs.out))
		}
		report(b, "wall", theirs.wall.Seconds(), ours.wall.Seconds(), wallBar)
		report(b, "cpu", theirs.cpu.Seconds(), ours.cpu.Seconds(), cpuBar)
		report(b, "MiB", theirs.mib, ours.mib, memoryBar)
	}
}

func report(b *testing.B, what string, theirs, ours, bar float64) {
	b.Helper()
	ratio := theirs / ours
	b.ReportMetric(ours, "lockstep-"+what)
	b.ReportMetric(theirs, "terraform-"+what)
	b.ReportMetric(ratio, what+"-ratio")
	if ratio < bar {
		b.Errorf("%s: terraform's %.2f over our %.2f is %.1f, the bar is %.0f", what, theirs, ours, ratio, bar)
	}
}

// BenchmarkPlanIsLinear plans ten times the blocks, in many files and in one.
func BenchmarkPlanIsLinear(b *testing.B) {
	binary := build(b)
	small := newCentre(b, binary, 10_000, func(dir string) { writeBlocks(b, dir, 10_000, 250) })
	large := newCentre(b, binary, 100_000, func(dir string) { writeBlocks(b, dir, 100_000, 250) })
	single := newCentre(b, binary, 100_000, func(dir string) { writeBlocks(b, dir, 100_000, 100_000) })
	for b.Loop() {
		base := best(3, func() usage { return small.plan(b, binary) })
		for name, c := range map[string]centre{"many-files": large, "one-file": single} {
			u := best(2, func() usage { return c.plan(b, binary) })
			ratio := u.cpu.Seconds() / base.cpu.Seconds()
			b.ReportMetric(ratio, name+"-cpu-ratio")
			b.ReportMetric(u.wall.Seconds(), name+"-wall")
			b.ReportMetric(u.mib, name+"-MiB")
			if ratio > linearBar || u.mib > memoryMiB {
				b.Errorf("%s: %.1f times the CPU of a tenth, %.0f MiB; the bars are %.0f and %.0f", name, ratio, u.mib, linearBar, memoryMiB)
			}
		}
	}
}

// BenchmarkForEach plans 10,000 instances of one block beside the same blocks
// written out.
func BenchmarkForEach(b *testing.B) {
	const n = 10_000
	binary := build(b)
	plain := newCentre(b, binary, n, func(dir string) { writeBlocks(b, dir, n, 250) })
	each := newCentre(b, binary, n, func(dir string) { writeForEach(b, dir, n) })
	for b.Loop() {
		written := best(3, func() usage { return plain.plan(b, binary) })
		repeated := best(3, func() usage { return each.plan(b, binary) })
		ratio := repeated.cpu.Seconds() / written.cpu.Seconds()
		b.ReportMetric(ratio, "cpu-ratio")
		if ratio > forEachBar {
			b.Errorf("for_each costs %.2f times the CPU of written blocks; the bar is %.1f", ratio, forEachBar)
		}
	}
}

// BenchmarkVersion starts the command and lets it say its version. Terraform's,
// where it is there, tells how fast the machine is today.
func BenchmarkVersion(b *testing.B) {
	binary := build(b)
	for b.Loop() {
		u := best(20, func() usage { return run(b, ".", nil, binary, "version") })
		b.ReportMetric(float64(u.wall.Microseconds())/1000, "ms")
		b.ReportMetric(u.mib, "MiB")
		if terraform, err := exec.LookPath("terraform"); err == nil {
			other := best(5, func() usage { return run(b, ".", nil, terraform, "version") })
			b.ReportMetric(float64(other.wall.Microseconds())/1000, "terraform-ms")
		}
		if u.wall > 15*time.Millisecond || u.mib > 20 {
			b.Errorf("version: %s, %.1f MiB; the bars are 15 ms and 20 MiB", u.wall, u.mib)
		}
	}
}
