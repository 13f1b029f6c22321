package cli

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// The bar of calls per plan: what up to 2,000 objects of every kind of both
// vendors take together, and what each connected app adds. Beyond it counts
// only a page that follows a full one: Salesforce's pages have 2,000 rows,
// CXone's 1,000.
const (
	callsPerPlan = 16
	callsPerApp  = 2
)

// crowded is a tenant with more profiles, permission sets and people than a
// plan may ask for one by one.
func crowded() *tenant.Tenant {
	seed := canaried()
	seed.Salesforce.Packages[0].Allowed = 1000
	for i := range 300 {
		seed.Salesforce.Profiles = append(seed.Salesforce.Profiles, tenant.Profile{Label: fmt.Sprintf("Agents: Site %03d", i)})
		seed.Salesforce.PermissionSets = append(seed.Salesforce.PermissionSets,
			tenant.PermSet{Name: fmt.Sprintf("Site_%03d", i), Label: fmt.Sprintf("Site %03d", i)})
	}
	for i := range 500 {
		seed.Agents = append(seed.Agents, tenant.Agent{
			Email: fmt.Sprintf("agent%03d@acme.example", i), FirstName: "Agent", LastName: fmt.Sprint(i), Team: "Support", Profile: "Support Agent",
		})
	}
	return seed
}

// crowd declares many objects of every kind: all but a page of statuses and
// two of codes, a rule for every agent.
const crowd = providersAPI + `
presence_status "S" {
	for_each       = toset([for i in range(1990) : format("S%04d", i)])
	developer_name = each.key
	channels       = ["Cases"]
	option         = "online"
}
profile_access "P" {
	for_each = toset([for i in range(300) : format("Agents: Site %03d", i)])
	profile  = each.key
	statuses = ["S0000", "S0001"]
}
permission_set_access "P" {
	for_each       = toset([for i in range(300) : format("Site_%03d", i)])
	permission_set = each.key
	statuses       = ["S0002", "S0003"]
}
agent_access "A" {
	users = [for i in range(200) : format("agent%03d@acme.example", i)]
}
presence_bridge "LockstepPresence" {
	apps  = ["LightningService", "Other_Console"]
	users = [for i in range(200) : format("agent%03d@acme.example", i)]
}
unavailable_code "C" {
	for_each = toset([for i in range(1990) : format("Code %04d", i)])
	name     = each.key
	teams    = ["Support"]
}
account_mapping "M" {
	access_key_user = "presence-sync@acme.example"
	salesforce_environment {
		username      = "admin@acme.example"
		password      = var.salesforce_password
		client_id     = connected_app.App["One"].consumer_key
		client_secret = connected_app.App["One"].consumer_secret
		email         = "crm@acme.example"
	}
}
presence_rule "R" {
	for_each        = { for i in range(500) : format("Rule %03d", i) => format("agent%03d@acme.example", i) }
	name            = each.key
	account_mapping = account_mapping.M
	users           = [each.value]
	both            = [{ acd_state = unavailable_code.C["Code 0000"], salesforce_status = presence_status.S["S0000"] }]
}
connected_app "App" {
	for_each      = toset(local.apps)
	api_name      = each.key
	contact_email = "crm-team@acme.example"
	callback_url  = "https://callback.acme.example/oauth"
	scopes        = ["api"]
}
`

// TestCallsOfACrowd holds both promises about calls: a plan's do not grow with
// the objects, and an apply makes as many as its plan said.
func TestCallsOfACrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("large, and of one goroutine")
	}
	t.Parallel()
	const furtherPages = 1 // of codes
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, crowded(), emulator.Options{})
		for apps, names := range []string{`["One"]`, `["One", "Two"]`, `["One", "Two", "Three"]`} {
			w.write("crowd.hcl", crowd+"locals { apps = "+names+" }")
			w.mustApply() // compares the forecast
			plan, _ := w.mustPlan()
			most := callsPerPlan + callsPerApp*(apps+1) + furtherPages
			if !plan.Settled() || plan.Calls.Reading > most {
				t.Errorf("with %d apps: %d calls, want %d at most; %d steps\n%v", apps+1, plan.Calls.Reading, most, len(plan.Steps), w.emulator.Stats())
			}
			w.emulator.ResetStats()
		}
	})
}

// TestNotesOfACodeAreForecast: a code's notes are read before it is changed,
// and that call is one of the forecast, not one on the side.
func TestNotesOfACodeAreForecast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, canaried(), emulator.Options{})
		code := func(timeout string) string {
			return providersAPI + "unavailable_code \"Lunch\" { timeout = " + timeout + " }"
		}
		w.write("code.hcl", code(`"60m"`))
		w.mustApply()
		w.write("code.hcl", code(`"90m"`))
		if plan := w.mustApply(); plan.Forecast != 2 {
			t.Errorf("forecast %d calls, want the notes and the change", plan.Forecast)
		}
	})
}

// TestKindsAreAllInTheCrowd keeps the crowd complete when a kind is added.
func TestKindsAreAllInTheCrowd(t *testing.T) {
	w := newWorld(t, crowded(), emulator.Options{})
	w.write("crowd.hcl", crowd+`locals { apps = ["One"] }`)
	c, _ := w.open(t.Context())
	declared := map[string]bool{}
	for _, o := range c.Objects {
		declared[o.Kind.Name] = true
	}
	for _, kind := range allKinds() {
		if !declared[kind.Name] {
			t.Errorf("the crowd has no %s", kind.Name)
		}
	}
}
