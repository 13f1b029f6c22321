package cxone_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/cxone"
	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// Every kind is declared in full: what its documentation, its messages and
// its decoding are made of.
func TestKindsAreWellFormed(t *testing.T) {
	labels := []string{"VERIFIED", "SECONDARY", "UNCERTAIN", "INVENTED"}
	for _, k := range cxone.Vendor().Kinds {
		if k.Doc == "" || k.Removal == "" || k.Provider != "cxone" || k.Shape.Argument(k.Key) == nil {
			t.Errorf("%s: documentation, removal, provider or key is missing", k.Name)
		}
		if len(k.Cannot) == 0 {
			t.Errorf("%s: it says nothing about what the vendor cannot do", k.Name)
		}
		for _, limit := range k.Cannot {
			if limit.Then == "" || !slices.ContainsFunc(labels, func(l string) bool { return strings.Contains(limit.Why, l) }) {
				t.Errorf("%s: the limit %q has no label, or no way out", k.Name, limit.What)
			}
		}
		checkShape(t, k.Name, k.Shape)
	}
	checkShape(t, "provider", cxone.Vendor().Shape)
}

func checkShape(t *testing.T, path string, shape *schema.Shape) {
	t.Helper()
	for _, a := range shape.Arguments {
		name := path + "." + a.Name
		if a.Doc == "" || !strings.HasSuffix(a.Doc, ".") {
			t.Errorf("%s: no sentence of documentation", name)
		}
		if a.Required && (a.Default != nil || a.Computed) {
			t.Errorf("%s: required, and has a default or is computed", name)
		}
		if a.Type.Shape != nil {
			checkShape(t, name, a.Type.Shape)
		}
		if a.Type.Elem != nil && a.Type.Elem.Shape != nil {
			checkShape(t, name, a.Type.Elem.Shape)
		}
	}
}

func TestOptionsFrom(t *testing.T) {
	complete := map[string]schema.Value{
		"access_key_id": schema.String("AJ2K==="), "access_key_secret": schema.NewSecret("planted", "the test"),
	}
	for _, tc := range []struct {
		why    string
		change map[string]schema.Value
		err    string
	}{
		{"a key is enough", nil, ""},
		{"no key", map[string]schema.Value{"access_key_id": nil}, "access_key_id is missing"},
		{"a client's secret belongs to a client", map[string]schema.Value{"client_secret": schema.NewSecret("s", "")}, "client_id is missing"},
		{"a version is a number", map[string]schema.Value{"api_version": schema.String("latest")}, "api_version"},
		{"an issuer over http", map[string]schema.Value{"issuer": schema.String("http://cxone.example")}, "issuer"},
	} {
		block := schema.NewRecord(cxone.Vendor().Shape)
		for name, v := range complete {
			block.Set(name, v)
		}
		for name, v := range tc.change {
			block.Set(name, v)
		}
		options, err := cxone.OptionsFrom(block)
		if got := fmt.Sprint(err); (err == nil) != (tc.err == "") || !strings.Contains(got, tc.err) {
			t.Errorf("%s: %v", tc.why, err)
		}
		if strings.Contains(fmt.Sprintf("%+v %v", options, err), "planted") {
			t.Errorf("%s: the secret shows", tc.why)
		}
	}
}

// The simulated contract never meets a host that is not known to speak it.
func TestSimulatedContractStaysAtHome(t *testing.T) {
	b := newBench(t, func(o *cxoneOptions, _ *tenant.Tenant) { o.AdaptersPrivate = false })
	_, err := b.provider.Read(t.Context(), schema.Query{Wanted: []*schema.Object{mapping(t, nil)}})
	if err == nil || !strings.Contains(err.Error(), "adapters_api_is_private") {
		t.Errorf("error %v", err)
	}
	for _, line := range b.wire.asked() {
		if strings.Contains(line, "/adapter-apis/") {
			t.Errorf("asked for %s", line)
		}
	}
}

func TestPinIsChecked(t *testing.T) {
	b := newBench(t, func(o *cxoneOptions, _ *tenant.Tenant) { o.TenantID = "00000000-0000-0000-0000-000000000000" })
	_, err := b.provider.Read(t.Context(), schema.Query{Wanted: []*schema.Object{lunch(t, nil)}})
	if err == nil {
		t.Error("another tenant was read")
	}
}

// A plan's calls grow with the vendor's pages: two thousand codes take one call
// more than a handful.
func TestPlanOfManyObjects(t *testing.T) {
	b := newBench(t)
	var objects []*schema.Object
	for i := range 1990 {
		name := fmt.Sprintf("Code %04d", i)
		b.tenant.AddCode(emulator.Code{Name: name, Active: true, Teams: []string{"Support"}})
		objects = append(objects, object(t, schema.Address("unavailable_code."+name), map[string]schema.Value{"teams": schema.Strings("Support")}))
	}
	plan := b.plan(reconcile.Wanted{Objects: append(objects, mapping(t, nil), rule(t, map[string]schema.Value{"both": schema.List{}}))})
	if got := plan.Count(schema.Create) + plan.Count(schema.Update); got != 2 {
		t.Errorf("%d steps, want the mapping and the rule", got)
	}
	if plan.Calls.Reading > 7 { // six, and a second page of codes
		t.Errorf("%d calls", plan.Calls.Reading)
	}
	if plan.Unmanaged["unavailable_code"] != 3 {
		t.Errorf("unmanaged: %v; Acme has three active codes of its own", plan.Unmanaged)
	}
}

func TestReadAsksNothingForNothing(t *testing.T) {
	b := newBench(t)
	if _, err := b.provider.Read(t.Context(), schema.Query{}); err != nil || len(b.wire.asked()) > 0 {
		t.Errorf("error %v", err)
	}
}

// A wave that is called off does nothing and says so of every step.
func TestCalledOff(t *testing.T) {
	b := newBench(t)
	plan := b.plan(reconcile.Wanted{Objects: []*schema.Object{lunch(t, nil), object(t, "unavailable_code.Tea", nil)}})
	b.wire.asked()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	outcomes := b.provider.Arrange(plan.Steps)[0].Run(ctx)
	if len(outcomes) != 2 || len(b.wire.asked()) > 0 {
		t.Errorf("outcomes %v", outcomes)
	}
	for _, outcome := range outcomes {
		if outcome.Result != schema.NotDone || outcome.Err == nil {
			t.Errorf("%s: %v: %v", outcome.Step.Address, outcome.Result, outcome.Err)
		}
	}
}

func TestDoctor(t *testing.T) {
	const (
		signIn = "The access key signs in"
		on     = "NICE has switched on Salesforce Presence Sync for the tenant"
		codes  = "Active unavailable codes are on teams"
		users  = "The users of the account mappings are active"
		key    = "The access key and its user are active"
		states = "Agents' states can be read"
	)
	for _, tc := range []struct {
		why     string
		setting setting
		prepare func(*bench)
		want    map[string]schema.Condition
	}{
		{"all is well", nil, nil, map[string]schema.Condition{signIn: schema.Healthy, on: schema.Healthy, codes: schema.Healthy, users: schema.Healthy, key: schema.Healthy, states: schema.Healthy}},
		{"no API shows account mappings", manual, nil, map[string]schema.Condition{users: schema.Unseen}},
		{"a wrong secret", func(o *cxoneOptions, _ *tenant.Tenant) { o.AccessKeySecret = schema.NewSecret("wrong", "") }, nil, map[string]schema.Condition{signIn: schema.Broken}},
		{"presence sync is off", func(_ *cxoneOptions, seed *tenant.Tenant) { seed.CXone.NoPresence = true }, nil, map[string]schema.Condition{on: schema.Broken}},
		{"a code on no team", nil, func(b *bench) { b.tenant.AddCode(emulator.Code{Name: "Idle", Active: true}) }, map[string]schema.Condition{codes: schema.Ailing}},
		{"keys may not be listed", nil, func(b *bench) { b.tenant.Deny(emulator.PermissionAccessKey, true) }, map[string]schema.Condition{key: schema.Unseen}},
		{"a mapping's user has left", nil, func(b *bench) {
			b.apply(mapping(t, map[string]schema.Value{"access_key_user": schema.String("helen.park@acme.example")}))
			if err := b.tenant.SetUserActive("helen.park@acme.example", false); err != nil {
				b.Fatal(err)
			}
		}, map[string]schema.Condition{users: schema.Broken}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			var settings []setting
			if tc.setting != nil {
				settings = append(settings, tc.setting)
			}
			b := newBench(t, settings...)
			if tc.prepare != nil {
				tc.prepare(b)
			}
			found := map[string]schema.Condition{}
			for _, c := range b.provider.Doctor(t.Context()) {
				found[c.Name] = c.Condition
				if c.Detail == "" || c.Condition != schema.Healthy && c.Remedy == "" {
					t.Errorf("%s: no detail or no way out", c.Name)
				}
			}
			for name, want := range tc.want {
				if found[name] != want {
					t.Errorf("%s: %q, want %q", name, found[name], want)
				}
			}
			if found["Permission Rules: Create"] != schema.Unseen {
				t.Error("a permission that no API shows is not listed as such")
			}
		})
	}
}
