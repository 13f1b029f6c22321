package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// An overhearer notes the tokens that go over the wire; they are secrets, too.
type overhearer struct {
	next   http.RoundTripper
	mu     sync.Mutex
	tokens map[string]bool
}

func (o *overhearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		o.mu.Lock()
		o.tokens[token] = true
		o.mu.Unlock()
	}
	return o.next.RoundTrip(r)
}

func (o *overhearer) heard() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.tokens))
}

// overhear makes the world's tokens count as planted secrets.
func (w *world) overhear() {
	w.Transport = &overhearer{next: w.Transport, tokens: map[string]bool{}}
}

// wantNoCanary fails when a planted secret stands in a text, the consumer
// secret that the emulator generated for an External Client App, or a token.
func (w *world) wantNoCanary(where, text string) {
	w.t.Helper()
	secrets := []string{canaryPassword, canaryKey, canaryClient, canaryToken, canaryStore, canaryHook}
	for _, consumer := range w.emulator.Org.Records("OAuthConsumer") {
		secrets = append(secrets, fmt.Sprint(consumer["Secret"]))
	}
	if o, ok := w.Transport.(*overhearer); ok {
		secrets = append(secrets, o.heard()...)
	}
	for _, secret := range secrets {
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{secret, strings.Trim(string(quoted), `"`), strings.ReplaceAll(secret, "=", "%3D")} {
			if strings.Contains(text, form) {
				w.t.Errorf("%s holds the planted secret %s:\n%s", where, secret, around(text, form))
				break
			}
		}
	}
}

// around is the line of text that holds what.
func around(text, what string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, what) {
			return line
		}
	}
	return ""
}

// wantNoCanaries looks at everything that a command wrote: both streams, with
// the log at its most talkative, and every file of the folder.
func (w *world) wantNoCanaries(when string) {
	w.t.Helper()
	w.wantNoCanary(when+": standard output", w.out.String())
	w.wantNoCanary(when+": standard error", w.err.String())
	err := filepath.WalkDir(w.chdir, func(path string, entry fs.DirEntry, err error) error {
		w.wantNoCanary(when+": the name of a file", path)
		if err != nil || entry.IsDir() || entry.Name() == "handover.txt" {
			return err
		}
		text, err := os.ReadFile(path)
		w.wantNoCanary(when+": "+entry.Name(), string(text))
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
}

// talkative lists every command that reads a configuration or a vendor, each
// with the outputs it has.
func (w *world) talkative() [][]string {
	file := func(name string) string { return filepath.Join(w.chdir, name) }
	return [][]string{
		{"validate"},
		{"plan", "-out=" + file("a.plan"), "-out-json=" + file("a.json")},
		{"plan", "-format=json", "-rewrite=account_mapping.production"},
		{"doctor"},
		{"doctor", "-format=json"},
		{"confirm", "account_mapping.production"},
		{"fmt", "-check", "-diff"},
		{"apply", file("a.plan")},
		{"apply", "-auto-approve", "-format=json"},
		{"apply", "-auto-approve", "-rewrite=account_mapping.production"},
	}
}

// everyFault lists all ways to misbehave, and one more: a vendor that answers
// with what it was sent.
func everyFault() []emulator.Fault {
	var faults []emulator.Fault
	for _, kind := range append(faultKinds, emulator.NoREST, emulator.NoAgentApp) {
		faults = append(faults, emulator.Fault{Kind: kind})
	}
	sent := map[string]string{
		emulator.Salesforce: canaryClient,
		emulator.CXone:      canaryKey,
	}
	for vendor, echo := range sent {
		for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusInternalServerError} {
			faults = append(faults,
				emulator.Fault{Vendor: vendor, Kind: emulator.Status, Status: status, Body: `[{"errorCode": "ECHO", "message": "you sent ` + echo + `"}]`},
				emulator.Fault{Vendor: vendor, Kind: emulator.Status, Status: status, Body: `{"error": "` + echo + `", "error_description": "` + echo + `", "access_token": "a-token-of-no-worth"}`},
				emulator.Fault{Vendor: vendor, Kind: emulator.Status, Status: status, Body: "<html>" + echo + "</html>"},
			)
		}
	}
	// A write of the mapping is the one call that sends the password.
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch} {
		faults = append(faults, emulator.Fault{Vendor: emulator.CXone, Method: method, Contains: canaryPassword, Kind: emulator.Status, Status: http.StatusBadRequest, Body: `{"message": "` + canaryPassword + `"}`})
	}
	return faults
}

// TestNoSecretShows runs every command under every fault, from the first call
// on or from a later one, with all secrets planted: none appears anywhere.
func TestNoSecretShows(t *testing.T) {
	t.Parallel()
	for turn, adapters := range []string{"api", "manual"} {
		for i, fault := range everyFault() {
			if fault.Body == "" && i%2 != turn {
				continue // what echoes nothing is tried in turn
			}
			t.Run(fmt.Sprintf("%s/%s-%d", adapters, fault.Kind, i), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { keepSecret(t, adapters, fault, i) })
			})
		}
	}
}

func keepSecret(t *testing.T, adapters string, fault emulator.Fault, turn int) {
	w := newWorld(t, canaried(), emulator.Options{})
	w.guide()
	w.overhear()
	w.Environ = append(w.Environ, "LOCKSTEP_VAR_adapters="+adapters)
	for i, command := range w.talkative() {
		w.emulator.ClearFaults()
		fault.Times = -1
		if fault.Contains == "" {
			fault.After = []int{0, 5, 14}[(i+turn)%3]
		}
		if err := w.emulator.Fault(fault); err != nil {
			t.Fatal(err)
		}
		w.run(command...)
		w.wantNoCanaries(fmt.Sprintf("%v under %s after %d", command, fault.Kind, fault.After))
	}
}

// TestNoSecretShowsWithoutFaults runs every command where all goes well, first
// and again when there is nothing left to do. The handover is the one place
// where secrets may stand, and they do.
func TestNoSecretShowsWithoutFaults(t *testing.T) {
	t.Parallel()
	for _, adapters := range []string{"api", "manual"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, canaried(), emulator.Options{})
			w.guide()
			w.overhear()
			w.Environ = append(w.Environ, "LOCKSTEP_VAR_adapters="+adapters)
			for range 2 {
				for _, command := range w.talkative() {
					w.run(command...)
					w.wantNoCanaries(fmt.Sprintf("%v, %s", command, adapters))
				}
			}
			if len(w.emulator.Org.Records("OAuthConsumer")) == 0 {
				t.Error("no app was made, so no generated secret was looked for")
			}
			if len(w.Transport.(*overhearer).heard()) < 2 {
				t.Error("no tokens were overheard, so none were looked for")
			}
		})
	}
}

// TestHandover: the secrets that a person has to type stand in the handover,
// which only its owner may read, and nowhere else.
func TestHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, canaried(), emulator.Options{})
		w.guide()
		w.Environ = append(w.Environ, "LOCKSTEP_VAR_adapters=manual")
		path := filepath.Join(w.chdir, "handover.txt")
		w.run("apply", "-auto-approve", "-handover="+path)
		w.wantNoCanaries("apply")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		generated := fmt.Sprint(w.emulator.Org.Records("OAuthConsumer")[0]["Secret"])
		for _, secret := range []string{canaryPassword, generated} {
			if !strings.Contains(string(text), secret) {
				t.Errorf("the handover lacks the secret %s:\n%s", secret, text)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
		}
	})
}

// TestLiteralSecretIsNotRepeated: a secret that somebody wrote into the file is warned
// about, and neither diagnostics nor a diff of the formatting repeat it.
func TestLiteralSecretIsNotRepeated(t *testing.T) {
	literal := "provider \"cxone\" {\naccess_key_id=\"x\"\naccess_key_secret=\"" + canaryKey + "\"\n}\n"
	tests := map[string]struct {
		text string
		args []string
	}{
		"validate":             {literal, []string{"validate"}},
		"plan":                 {literal, []string{"plan"}},
		"fmt of a broken file": {literal + "provider {{\n", []string{"fmt", "-check"}},
		"fmt -diff":            {literal, []string{"fmt", "-check", "-diff"}},
		"fmt of a broken line": {strings.Replace(literal, "====\"", "====", 1), []string{"fmt", "-check"}},
		"a misspelt argument":  {strings.Replace(literal, "access_key_secret", "access_key_secrt", 1), []string{"validate"}},
		"quite another name":   {strings.Replace(literal, "access_key_secret", "password", 1), []string{"validate"}},
		"a misspelt block":     {"provider \"salesforce\" {\njwt_beerer {\nprivate_key = \"" + canaryKey + "\"\n}\n}\n", []string{"validate"}},
		"-var without a name":  {"variable \"p\" {}\n", []string{"validate", "-var=" + canaryClient}},
		"-var of a wrong type": {"variable \"p\" {\ntype=number\nsensitive=true\n}\n", []string{"validate", "-var=p=" + canaryKey}},
		"-var of nothing":      {"variable \"p\" {}\n", []string{"validate", "-var=q=" + canaryKey}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, canaried(), emulator.Options{})
			w.write("main.hcl", tc.text)
			w.run(tc.args...)
			w.wantNoCanary("standard output", w.out.String())
			w.wantNoCanary("standard error", w.err.String())
			if w.out.Len()+w.err.Len() == 0 {
				t.Error("nothing is said at all")
			}
		})
	}
}

// TestEchoedPassword: the vendor refuses the mapping with the password in its
// message. What is said about it has the rest of the message.
func TestEchoedPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, canaried(), emulator.Options{})
		w.guide()
		if err := w.emulator.Fault(emulator.Fault{
			Vendor: emulator.CXone, Method: http.MethodPost, Contains: canaryPassword, Kind: emulator.Status,
			Status: http.StatusBadRequest, Body: `{"message": "the password ` + canaryPassword + ` is too old"}`, Times: -1,
		}); err != nil {
			t.Fatal(err)
		}
		if status := w.run("apply", "-auto-approve"); status != exitError {
			t.Errorf("exit status %d:\n%s%s", status, w.out, w.err)
		}
		w.wantSaid("account_mapping.production: not done", "the password (secret) is too old", "presence_rule.Support: not done, because of account_mapping.production")
		w.wantNoCanaries("apply")
	})
}
