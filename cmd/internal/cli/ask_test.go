package cli

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// keyboard is a person at a terminal: what the program says to standard error
// is matched with the next cue, which then happens.
type keyboard struct {
	mu   sync.Mutex
	said bytes.Buffer
	cues []cue
}

type cue struct {
	heard string
	do    func()
}

func (k *keyboard) Write(text []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.said.Write(text)
	if len(k.cues) > 0 && strings.Contains(k.said.String(), k.cues[0].heard) {
		go k.cues[0].do()
		k.cues = k.cues[1:]
	}
	return len(text), nil
}

func (k *keyboard) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.said.String()
}

const manualMapping = `
provider "salesforce" {}
provider "cxone" {}
account_mapping "m" {
  access_key_user = "presence-sync@acme.example"
  salesforce_environment {
    username      = "admin@acme.example"
    password      = "p"
    client_id     = "a-client-id"
    client_secret = "s"
    email         = "crm@acme.example"
  }
}
`

// TestInterruptedQuestion leaves each question by an interrupt: a read of a
// terminal does not end with its context, so the program must not wait for it.
func TestInterruptedQuestion(t *testing.T) {
	tests := map[string]struct {
		reason string
		args   []string
		typed  string // at the first question, before the interrupt at the second
		cue    string
		want   string
	}{
		"Approval": {
			reason: "nothing has begun, so one interrupt ends it",
			args:   []string{"apply"}, cue: "is taken as consent", want: "interrupted; nothing was changed",
		},
		"ManualStep": {
			reason: "an interrupt is no attestation; what was done so far is told",
			args:   []string{"apply"}, typed: "yes\n", cue: "Have you done this?", want: "Interrupted: calls in flight finish",
		},
		"Init": {
			reason: "half a configuration is worse than none",
			args:   []string{"init"}, cue: "The CXone team", typed: "Support Agent\n", want: "interrupted; nothing was written",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, canaried(), emulator.Options{})
			if tc.args[0] == "apply" {
				w.write("main.hcl", manualMapping)
			}
			stdin, typing := io.Pipe()
			defer func() { _ = typing.Close() }()
			signals := make(chan os.Signal, 2)
			k := &keyboard{}
			if tc.args[0] == "init" {
				k.cues = append(k.cues, cue{"organization ID", func() { _, _ = io.WriteString(typing, "\n"+tc.typed) }})
			} else if tc.typed != "" {
				k.cues = append(k.cues, cue{"is taken as consent", func() { _, _ = io.WriteString(typing, tc.typed) }})
			}
			k.cues = append(k.cues, cue{tc.cue, func() { signals <- os.Interrupt }})
			process := w.Process
			process.Stdin, process.Stderr, process.Signals = stdin, k, signals
			status := Main(append([]string{"-chdir=" + w.chdir}, tc.args...), process)
			if !strings.Contains(k.String(), tc.want) {
				t.Errorf("%s: want %q, got status %d and:\n%s", tc.reason, tc.want, status, k)
			}
			if tc.typed == "" && status != exitError {
				t.Errorf("%s: want status 1, got %d", tc.reason, status)
			}
		})
	}
}

// TestNobodyIsAsked applies where a pipe stays open and nobody types.
func TestNobodyIsAsked(t *testing.T) {
	w := newWorld(t, canaried(), emulator.Options{})
	w.write("main.hcl", manualMapping)
	stdin, typing := io.Pipe()
	defer func() { _ = typing.Close() }()
	process := w.Process
	process.Stdin = stdin
	if status := Main([]string{"-chdir=" + w.chdir, "apply", "-input=false"}, process); status != exitError {
		t.Errorf("want status 1, got %d", status)
	}
	if !strings.Contains(w.err.String(), "nobody is there to answer") {
		t.Errorf("want a way out, got:\n%s", w.err)
	}
	if status := Main([]string{"-chdir=" + w.chdir, "apply", "-auto-approve"}, process); status != exitOK {
		t.Errorf("-auto-approve asks nobody: want status 0, got %d:\n%s", status, w.err)
	}
}

// TestInterruptedPlan says what happened, not which call it happened to.
func TestInterruptedPlan(t *testing.T) {
	signals := make(chan os.Signal, 2)
	var once sync.Once
	w := newWorld(t, canaried(), emulator.Options{OnCall: func(string, string, string, int) {
		once.Do(func() { signals <- os.Interrupt })
	}})
	if err := w.emulator.Fault(emulator.Fault{Kind: emulator.Hang, Vendor: "salesforce", Times: -1}); err != nil {
		t.Fatal(err)
	}
	w.write("main.hcl", manualMapping)
	process := w.Process
	process.Signals = signals
	process.Environ = append(process.Environ, "LOCKSTEP_LOG=")
	if status := Main([]string{"-chdir=" + w.chdir, "plan"}, process); status != exitError {
		t.Errorf("want status 1, got %d", status)
	}
	if got := w.err.String(); !strings.HasSuffix(got, "Error: interrupted\n") {
		t.Errorf("want it said in one word, got:\n%s", got)
	}
}
