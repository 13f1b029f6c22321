package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

var update = flag.Bool("update", false, "rewrite what scripts compare with")

// canaries are planted as every secret of the scripts.
var canaries = map[string]string{
	"SALESFORCE_CLIENT_SECRET":         "canary-client-2c9e",
	"CXONE_ACCESS_KEY_SECRET":          "canary-access-2c9e====",
	"LOCKSTEP_VAR_salesforce_password": "canary-password-2c9e",
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lockstep": main, "stage": stage})
}

// TestScripts runs whole commands as a user would. Beside testscript's own
// commands there are: emulate [SEED-FILE], which starts both vendors and sets
// the variables that providers read; edit JSON and fault JSON, which change
// something at a vendor; agent NAME JSON, which makes a person do something, and
// await NAME STATE STATUS, which waits until both sides show that; page FILE,
// which opens the live page that FILE tells of; told FILE TEXT, which waits until
// a file that is being written holds a text; occupy, which listens where $OCCUPIED
// then says; nocanary FILE..., which looks for planted secrets.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			examples, err := filepath.Abs("../../examples")
			if err != nil {
				return err
			}
			env.Setenv("EXAMPLES", examples)
			env.Setenv("LOCKSTEP_USER", "ana")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"emulate": emulate, "edit": post("edit"), "fault": post("faults"), "nocanary": noCanary,
			"agent": agent, "await": await, "page": page, "told": told, "explained": explained, "occupy": occupy,
		},
	})
}

func emulate(ts *testscript.TestScript, _ bool, args []string) {
	seed := tenant.Acme()
	if len(args) == 1 {
		var err error
		seed, err = tenant.Load(ts.MkAbs(args[0]))
		ts.Check(err)
	}
	seed.Salesforce.Integration[0].ClientSecret = canaries["SALESFORCE_CLIENT_SECRET"]
	seed.CXone.AccessKeys[0].Secret = canaries["CXONE_ACCESS_KEY_SECRET"]
	server, err := emulator.Listen(context.Background(), emulator.New(seed, emulator.Options{}), "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	for _, v := range server.Env() {
		ts.Setenv(v.Name, v.Value)
	}
	for name, value := range canaries {
		ts.Setenv(name, value)
	}
}

// post sends its argument to one of the emulator's own endpoints.
func post(endpoint string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: %s JSON", endpoint)
		}
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, ts.Getenv("SALESFORCE_INSTANCE_URL")+"/_emulator/"+endpoint, strings.NewReader(args[0]))
		ts.Check(err)
		answer, err := http.DefaultClient.Do(request)
		ts.Check(err)
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			ts.Fatalf("%s: %s", endpoint, answer.Status)
		}
	}
}

// agent makes a person do something at one vendor or both.
func agent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: agent NAME JSON")
	}
	move(ts, args[0], args[1])
}

// A shown is what the emulators show of a person.
type shown struct {
	Status string `json:"salesforce_status"`
	State  string `json:"cxone_state"`
	Reason string `json:"cxone_reason"`
	ACW    bool   `json:"cxone_acw"`
}

func move(ts *testscript.TestScript, name, what string) (s shown) {
	address := ts.Getenv("SALESFORCE_INSTANCE_URL") + "/_emulator/agents/" + name
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(what))
	ts.Check(err)
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("agent %s: %s %s", name, answer.Status, text)
	}
	ts.Check(json.Unmarshal(text, &s))
	return s
}

// awaitPatience ends a wait that would otherwise never end. It is far above
// what anything takes.
const awaitPatience = time.Minute

// await waits until both sides show something: a state's name or a code's, and
// a status; "-" is none.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: await NAME STATE STATUS")
	}
	var now shown
	for begin := time.Now(); time.Since(begin) < awaitPatience; time.Sleep(20 * time.Millisecond) {
		now = move(ts, args[0], "{}")
		state := now.State
		if now.ACW {
			state = "ACW"
		} else if now.Reason != "" {
			state = now.Reason
		}
		if state == args[1] && cmp.Or(now.Status, "-") == args[2] {
			return
		}
	}
	ts.Fatalf("%s shows %+v and not %s and %s", args[0], now, args[1], args[2])
}

// told waits until a file that is being written holds a text.
func told(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: told FILE TEXT")
	}
	var text []byte
	for begin := time.Now(); time.Since(begin) < awaitPatience; time.Sleep(20 * time.Millisecond) {
		text, _ = os.ReadFile(ts.MkAbs(args[0])) // it may not be there yet
		if bytes.Contains(text, []byte(args[1])) {
			return
		}
	}
	ts.Fatalf("%s does not tell %q:\n%s", args[0], args[1], text)
}

// explained waits until why says something of an agent.
func explained(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: explained AGENT TEXT")
	}
	for begin := time.Now(); time.Since(begin) < awaitPatience; time.Sleep(20 * time.Millisecond) {
		if ts.Exec("lockstep", "why", args[0]) == nil && strings.Contains(ts.ReadFile("stdout"), args[1]) {
			return
		}
	}
	ts.Fatalf("why does not tell %q of %s:\n%s", args[1], args[0], ts.ReadFile("stdout"))
}

// occupy takes a port until the script ends.
func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Setenv("OCCUPIED", l.Addr().String())
}

// page opens the last live page that a file tells the address of.
func page(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: page FILE")
	}
	told := strings.Split(ts.ReadFile(args[0]), "Live page: ")
	address, _, _ := strings.Cut(told[len(told)-1], "\n")
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address+"/healthz", http.NoBody)
	ts.Check(err)
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s", request.URL, answer.Status)
	}
}

// noCanary fails when a planted secret stands in one of the files, or in what
// the last command wrote to stdout or stderr.
func noCanary(ts *testscript.TestScript, _ bool, files []string) {
	for _, file := range files {
		text := []byte(ts.ReadFile(file))
		for name, canary := range canaries {
			if bytes.Contains(text, []byte(canary)) {
				ts.Fatalf("%s holds the value of %s", file, name)
			}
		}
	}
}
