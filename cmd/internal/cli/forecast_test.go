package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

type forecastDocument struct {
	Edition string
	Needs   []struct {
		Name          string
		Amount        int
		Budget, Limit int
		Left          int
	}
}

func (w *world) forecasts(args ...string) forecastDocument {
	w.t.Helper()
	if status := w.run(append([]string{"forecast", "-agents=500", "-format=json"}, args...)...); status != 0 {
		w.t.Fatalf("%v: status %d\n%s", args, status, w.err)
	}
	var d forecastDocument
	if err := json.Unmarshal(w.out.Bytes(), &d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// TestForecastBeforeAnything: nothing has to be there to know what is needed.
func TestForecastBeforeAnything(t *testing.T) {
	w := newWorld(t, canaried(), emulator.Options{})
	if d := w.forecasts(); len(d.Needs) == 0 || d.Needs[0].Limit != 0 || d.Needs[0].Budget != 20_000 {
		t.Errorf("without a configuration the defaults count, and no limit is known: %+v", d)
	}
	if d := w.forecasts("-edition=enterprise"); d.Edition != "enterprise" || d.Needs[0].Limit != 600_000 || d.Needs[0].Left != 0 {
		t.Errorf("the limits of an edition: %+v", d)
	}
	if status := w.run("forecast", "-agents=500", "-edition=essential"); status == 0 {
		t.Error("an edition that nobody knows is taken")
	}
	w.wantSaid("essential", "enterprise, performance")
}

// TestForecastAsksTheOrg: what the configuration budgets and what the org
// allows stand beside each other, unless it is told to ask nobody.
func TestForecastAsksTheOrg(t *testing.T) {
	w := newWorld(t, canaried(), emulator.Options{})
	w.write("main.hcl", "provider \"salesforce\" {}\nprovider \"cxone\" {}\nsync {\n  budget {\n    salesforce_calls_per_day = 7000\n  }\n}\n")
	if d := w.forecasts(); d.Needs[0].Budget != 7000 || d.Needs[0].Limit == 0 || d.Needs[0].Left == 0 {
		t.Errorf("the org's limits are missing: %+v", d)
	}
	for _, quiet := range []string{"-offline", "-edition=unlimited"} {
		w.Transport = nil // whoever asks now, fails
		if d := w.forecasts(quiet); d.Needs[0].Budget != 7000 || d.Needs[0].Left != 0 {
			t.Errorf("%s: %+v", quiet, d)
		}
	}
	if strings.Contains(w.out.String(), canaryClient) {
		t.Error("a secret is told")
	}
	if entries, err := os.ReadDir(filepath.Join(w.chdir, ".lockstep")); err == nil && len(entries) > 0 {
		t.Errorf("a forecast leaves %v behind", entries)
	}
}
