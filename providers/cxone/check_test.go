package cxone_test

import (
	"strings"
	"testing"

	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// What the tenant holds is judged at plan time, before anything is written.
func TestChecksAgainstTheTenant(t *testing.T) {
	with := func(name string, v schema.Value) map[string]schema.Value { return map[string]schema.Value{name: v} }
	rowsWith := func(state schema.Value) func(*testing.T) schema.Value {
		return func(t *testing.T) schema.Value { return rows(t, row{state, status("Away", "Away")}) }
	}
	for _, tc := range []struct {
		why     string
		wanted  func(*testing.T) reconcile.Wanted
		summary string // "" for no error
		part    string
	}{
		{"all is well", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}
		}), "", ""},
		{"a team of a code", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{lunch(t, with("teams", schema.Strings("Supports")))}
		}), "Team that does not exist", `Did you mean "Support"?`},
		{"a user of a rule", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, with("users", schema.Strings("ana.lopes@acme.example")))}
		}), "User that does not exist", `Did you mean "ana.lopez@acme.example"?`},
		{"somebody who is excluded", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, with("exclude", schema.Strings("nobody@acme.example")))}
		}), "User that does not exist", "nobody@acme.example"},
		{"the key's user", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, with("access_key_user", schema.String("nobody@acme.example")))}
		}), "User that does not exist", "access key"},
		{"a key dies with its user", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, with("access_key_user", schema.String("old.hand@acme.example")))}
		}), "User who is not active", "dies with its user"},
		{"a code that nobody declares", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, with("both", rowsWith(code("Braek"))(t)))}
		}), "Code that does not exist", `Did you mean "Break"?`},
		{"capitals differ in codes", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, with("both", rowsWith(code("break"))(t)))}
		}), "Code that does not exist", `Did you mean "Break"?`},
		{"a code of the tenant on all teams", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, with("both", rowsWith(code("Break"))(t)))}
		}), "", ""},
		{"an inactive code", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, with("both", rowsWith(code("Old Project"))(t)))}
		}), "Code that is not active", "Old Project"},
		{"an inactive code that a block activates", objects(func(t *testing.T) []*schema.Object {
			revived := object(t, "unavailable_code.Old Project", with("teams", schema.Strings("Support")))
			return []*schema.Object{revived, mapping(t, nil), rule(t, with("both", rowsWith(code("Old Project"))(t)))}
		}), "", ""},
		{"an ACW code as a target", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, with("both", rowsWith(code("Wrap Up"))(t)))}
		}), "State that cannot be set", "Wrap Up"},
		{"an ACW code that is only published", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, map[string]schema.Value{"both": schema.List{}, "publisher": rowsWith(code("Wrap Up"))(t)})}
		}), "", ""},
		{"a code that is not on a team", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, with("both", rowsWith(code("Training"))(t)))}
		}), "Code missing on a team", `"Training" is not on "Support"`},
		{"a code that is not on the team of a user", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, with("users", schema.Strings("helen.park@acme.example")))}
		}), "Code missing on a user's team", `"Lunch" is not on "Supervisors", the team of "helen.park@acme.example"`},
		{"a code that is on the team of a user", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, with("users", schema.Strings("ana.lopez@acme.example")))}
		}), "", ""},
		{"a published code need not be on a user's team", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{mapping(t, nil), rule(t, map[string]schema.Value{
				"both": schema.List{}, "publisher": rowsWith(code("Training"))(t),
				"teams": schema.Strings("Sales"), "users": schema.Strings("ana.lopez@acme.example"),
			})}
		}), "", ""},
		{"a declared code that leaves its teams to others", objects(func(t *testing.T) []*schema.Object {
			return []*schema.Object{object(t, "unavailable_code.Training", nil), mapping(t, nil), rule(t, with("both", rowsWith(code("Training"))(t)))}
		}), "Code missing on a team", "Training"},
		{"a removed code that a rule names", func(t *testing.T) reconcile.Wanted {
			return reconcile.Wanted{
				Objects: []*schema.Object{mapping(t, nil), rule(t, with("both", rowsWith(code("Break"))(t)))},
				Removed: []schema.Removal{{Kind: kind(t, "unavailable_code"), Key: "Break"}},
			}
		}, "Removed code that a rule names", "presence_rule.Support"},
	} {
		for _, mode := range []string{"api", "manual"} {
			t.Run(tc.why+", "+mode, func(t *testing.T) {
				b := newBench(t, func(o *cxoneOptions, _ *tenant.Tenant) { o.Adapters = mode })
				b.tenant.AddCode(emulator.Code{Name: "Training", Active: true, Teams: []string{"Sales"}})
				expectError(t, b.tryPlan(tc.wanted(t)).Diagnostics, tc.summary, tc.part)
			})
		}
	}
}

func objects(list func(*testing.T) []*schema.Object) func(*testing.T) reconcile.Wanted {
	return func(t *testing.T) reconcile.Wanted { return reconcile.Wanted{Objects: list(t)} }
}

func expectError(t *testing.T, diags schema.Diagnostics, summary, part string) {
	t.Helper()
	found := false
	for _, d := range diags {
		if d.Severity == schema.Error && d.Summary != summary {
			t.Errorf("unexpected: %v", d)
		}
		found = found || d.Severity == schema.Error && d.Summary == summary && strings.Contains(d.Detail, part)
	}
	if summary != "" && !found {
		t.Errorf("no error %q with %q: %v", summary, part, diags)
	}
}

// What one block alone can be wrong about is said without asking CXone.
func TestChecksOfOneBlock(t *testing.T) {
	argument := func(kindName, name, value string) string {
		a := kind(t, kindName).Shape.Argument(name)
		return a.Check(schema.String(value))
	}
	if argument("unavailable_code", "name", "") == "" || argument("unavailable_code", "name", "Lunch") != "" {
		t.Error("a code needs a name")
	}
	timeout := kind(t, "unavailable_code").Shape.Argument("timeout").Check
	for minutesGiven, ok := range map[int]bool{29: false, 30: true, 120: true, 720: true, 721: false} {
		if got := timeout(minutes(minutesGiven)); (got == "") != ok {
			t.Errorf("%d minutes: %q", minutesGiven, got)
		}
	}
	if timeout(schema.Duration(90_500_000_000*60)) == "" {
		t.Error("CXone counts in whole minutes")
	}

	env := kind(t, "account_mapping").Shape.Argument("salesforce_environment").Type.Shape
	for _, tc := range []struct {
		why, id string
		ok      bool
	}{
		{"15 characters", "00D5g00000ABCDE", true},
		{"18 with the right checksum", "00D5g00000ABCDEEA5", true},
		{"18 with another checksum", "00D5g00000ABCDEEA6", false},
		{"another prefix is a warning, not an error", "0015g00000ABCDE", true},
		{"16 characters", "00D5g00000ABCDEF", false},
		{"a character that no ID has", "00D5g00000ABCD-", false},
	} {
		if got := env.Argument("organization_id").Check(schema.String(tc.id)); (got == "") != tc.ok {
			t.Errorf("%s: %q", tc.why, got)
		}
	}
	for _, tc := range []struct {
		why    string
		emails schema.List
		ok     bool
	}{
		{"one", schema.Strings("crm@acme.example"), true},
		{"none", schema.List{}, false},
		{"no address", schema.Strings("crm"), false},
		{"a name before it", schema.Strings("CRM <crm@acme.example>"), false},
	} {
		if got := env.Argument("email").Check(tc.emails); (got == "") != tc.ok {
			t.Errorf("%s: %q", tc.why, got)
		}
	}

	unusual := mapping(t, map[string]schema.Value{"organization_id": schema.String("0015g00000ABCDE")})
	if diags := unusual.Kind.Check(unusual); len(diags) != 1 || diags[0].Severity != schema.Warning {
		t.Errorf("prefix: %v", diags)
	}
	orphan := rule(t, map[string]schema.Value{"account_mapping": nil})
	expectError(t, orphan.Kind.Check(orphan), "Rule for CXone without account mapping", "account_mapping")
}

// The org is the connected Salesforce's unless the block says; here there is
// none.
func TestMappingOfNoKnownOrg(t *testing.T) {
	for _, mode := range []string{"api", "manual"} {
		b := newBench(t, func(o *cxoneOptions, _ *tenant.Tenant) { o.Adapters = mode })
		plan := b.tryPlan(reconcile.Wanted{Objects: []*schema.Object{mapping(t, map[string]schema.Value{"organization_id": nil, "platform": nil})}})
		expectError(t, plan.Diagnostics, "Salesforce org that is not known", "organization_id")
		expectError(t, plan.Diagnostics, "Salesforce org that is not known", "platform")
	}
}

func TestEnvironmentNamesTheMapping(t *testing.T) {
	long := mapping(t, map[string]schema.Value{"organization_id": schema.String("00D5g00000ABCDEEA5")})
	env, _ := long.Record.Record("salesforce_environment")
	if long.Key() != "Acme production" || env.Text("organization_id") != tenant.AcmeOrganizationID {
		t.Errorf("key %q, organization %q", long.Key(), env.Text("organization_id"))
	}
	for address, want := range map[schema.Address]string{
		"account_mapping.production":                 "production",
		`account_mapping.environment["EU \"west\""]`: `EU "west"`,
	} {
		unnamed := mapping(t, nil)
		env, _ := unnamed.Record.Record("salesforce_environment")
		env.Set("name", nil)
		unnamed.Address = address
		unnamed.Kind.Complete(unnamed)
		if unnamed.Key() != want {
			t.Errorf("%s: key %q, want %q", address, unnamed.Key(), want)
		}
	}
}
