package cxone_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

var update = flag.Bool("update", false, "write the golden files")

// What no API can do is a manual step whose click path holds every value to
// type, and no secret.
func TestClickPaths(t *testing.T) {
	everything := map[string]schema.Value{"users": schema.Strings("ana.lopez@acme.example"), "teams": schema.Strings("Support", "Sales")}
	removed := func(kindName, key string) reconcile.Wanted {
		return reconcile.Wanted{Removed: []schema.Removal{{Kind: kind(t, kindName), Key: key}}}
	}
	for golden, wanted := range map[string]reconcile.Wanted{
		"mapping": {Objects: []*schema.Object{mapping(t, map[string]schema.Value{
			"client_id": schema.Unknown{}, "email": schema.Strings("a@acme.example", "b@acme.example"),
		})}},
		"mapping_removed": removed("account_mapping", "Acme production"),
		"rule_of_cxone": {Objects: []*schema.Object{
			lunch(t, map[string]schema.Value{"teams": schema.Strings("Support", "Sales")}), rule(t, everything),
		}},
		"rule_of_lockstep": {Objects: []*schema.Object{lunch(t, nil), rule(t, map[string]schema.Value{
			"executor": schema.String("lockstep"), "subscriber": schema.List{},
			"both": rows(t, row{schema.String("LoggedOut"), schema.String(schema.Offline)}),
		})}},
		"rule_removed": removed("presence_rule", "Support"),
	} {
		t.Run(golden, func(t *testing.T) {
			b := newBench(t, manual)
			var text strings.Builder
			for _, step := range b.plan(wanted).Steps {
				if step.Action == schema.Manual {
					write(&text, step)
				}
			}
			if strings.Contains(text.String(), "planted") {
				t.Errorf("a secret shows:\n%s", text.String())
			}
			path := filepath.Join("testdata", golden+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func write(w *strings.Builder, step *schema.Step) {
	fmt.Fprintf(w, "%s: %s\n", step.Address, step.Reason)
	for _, warning := range step.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	for i, line := range step.Guide {
		value := ""
		if line.Value != nil {
			value = ": " + schema.Text(line.Value)
		}
		if secret, ok := line.Value.(schema.Secret); ok {
			value += " from " + secret.Source()
		}
		fmt.Fprintf(w, "%2d. %s%s\n", i+1, line.Text, value)
	}
}

func TestManualModeAsksNothingOfTheSimulatedContract(t *testing.T) {
	b := newBench(t, manual)
	b.plan(reconcile.Wanted{Objects: []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}})
	asked := b.wire.asked()
	for _, line := range asked {
		if strings.Contains(line, "/adapter-apis/") && line != "GET /adapter-apis/v1/salesforce/rule/"+tenant.AcmeOrganizationID {
			t.Errorf("asked for %s", line)
		}
	}
	if len(asked) > 5 {
		t.Errorf("%d calls: %v", len(asked), asked)
	}
}

// The one read that NICE publishes can confirm a wanted rule, and its failure
// is worth a note and no more.
func TestOwnRule(t *testing.T) {
	objects := func(t *testing.T) reconcile.Wanted {
		return reconcile.Wanted{Objects: []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}}
	}
	t.Run("confirms the rule that reaches the caller", func(t *testing.T) {
		api := newBench(t)
		api.apply(objects(t).Objects...)
		err := api.tenant.EditRule("Support", func(r *emulator.Rule) { r.Users = []string{tenant.AcmeAccessKeyUser} })
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, manual)
		b.wire.handler = api.tenant
		expectNote(t, b.plan(objects(t)), "presence_rule.Support", "exactly these rows")
	})
	t.Run("another rule, or none", func(t *testing.T) {
		expectNote(t, newBench(t, manual).plan(objects(t)), "", "equals none of the wanted rules")
	})
	t.Run("a tenant without presence sync", func(t *testing.T) {
		b := newBench(t, manual, func(_ *cxoneOptions, seed *tenant.Tenant) { seed.CXone.NoPresence = true })
		expectNote(t, b.plan(objects(t)), "", "could not be read")
	})
}

func expectNote(t *testing.T, plan *reconcile.Plan, address schema.Address, part string) {
	t.Helper()
	for _, note := range plan.Notes {
		if note.Address == address && strings.Contains(note.Text, part) {
			return
		}
	}
	t.Errorf("no note of %q says %q: %v", address, part, plan.Notes)
}
