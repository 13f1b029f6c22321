package cli

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// aRule is what it takes for people to matter.
const aRule = `
provider "salesforce" {}
provider "cxone" {}
presence_rule "Support" {
  executor   = "lockstep"
  publisher  = [{ acd_state = "Available", salesforce_status = "Available_Cases" }, { acd_state = "Unavailable", salesforce_status = "Away" }]
  subscriber = [{ acd_state = "Available", salesforce_status = "Available_Cases" }]
  teams      = ["Support"]
}
`

// TestUnmatchedAreTold: plan and doctor count whom run will leave alone, and name
// every user_mapping that is wrong, whichever side it is wrong on.
func TestUnmatchedAreTold(t *testing.T) {
	t.Parallel()
	seed := canaried()
	seed.Agents = append(seed.Agents,
		tenant.Agent{Email: "lone@acme.example", FirstName: "Lone", LastName: "Wolf", Team: "Support"},
		tenant.Agent{Email: "ben.okafor@acme.example.off", FirstName: "Ben", LastName: "Twin", Profile: "Support Agent"},
		tenant.Agent{Email: "other.team@acme.example", FirstName: "Other", LastName: "Team", Team: "Sales"}, // no rule reaches them
	)
	w := newWorld(t, seed, emulator.Options{})
	w.write("main.hcl", aRule+`
sync { strip = [".off"] }
user_mapping "cxone is mistyped" {
  salesforce = "ana.lopez@acme.example"
  cxone      = "anna.lopez@acme.example"
}
user_mapping "inactive" {
  salesforce = "jonas.berg@acme.example"
  cxone      = "Old.Hand@acme.example"
}
user_mapping "both are" {
  salesforce = "karla.rossi@acme.example"
  cxone      = "karla.rosi@acme.example"
}
`)
	for _, command := range []string{"plan", "doctor"} {
		w.run(command)
		w.wantSaid(
			"3 of 10 agents whom the rules reach cannot be matched",
			"no Salesforce user has the e-mail address ana.lopez@acme.example", // hers is the mapping's
			"no Salesforce user has the e-mail address lone@acme.example",
			"2 Salesforce users have the e-mail address ben.okafor@acme.example",
			`a user_mapping joins "ana.lopez@acme.example" and "anna.lopez@acme.example", whom CXone does not know`,
			`a user_mapping joins "jonas.berg@acme.example" and "Old.Hand@acme.example", who is inactive`,
			`a user_mapping joins "karla.rossi@acme.example", whom Salesforce does not know, and "karla.rosi@acme.example", whom CXone does not know`,
		)
		w.out.Reset()
		w.err.Reset()
	}
}

func TestMatching(t *testing.T) {
	t.Parallel()
	sync := func(match string, strip []string, users ...config.UserMapping) *config.Configuration {
		return &config.Configuration{Sync: config.Sync{Match: match, Strip: strip}, Users: users}
	}
	tests := []struct {
		why  string
		c    *config.Configuration
		want mirror.Matching
	}{
		{"what sync says", sync("username", []string{".uat"}), mirror.Matching{By: mirror.ByUsername, Strip: []string{".uat"}}},
		{"an empty list is no list that was left out", sync("email", []string{}), mirror.Matching{By: mirror.ByEmail, Strip: []string{}}},
		{
			"the blocks, in their order", sync("federation_id", []string{}, config.UserMapping{Salesforce: "a", CXone: "b"}, config.UserMapping{Salesforce: "c", CXone: "d"}),
			mirror.Matching{By: mirror.ByFederation, Strip: []string{}, Mappings: []mirror.UserMapping{{Salesforce: "a", CXone: "b"}, {Salesforce: "c", CXone: "d"}}},
		},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, matching(test.c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
	}
}

func TestSandboxEndings(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]string{
		"https://acme.my.salesforce.com":              nil,
		"https://acme--uat.sandbox.my.salesforce.com": {".uat", ".invalid"},
		"https://acme--.sandbox.my.salesforce.com":    nil,
		"https://acme.my.salesforce.com/a--b":         nil,
		"":                                            nil,
		"://":                                         nil,
	} {
		if diff := cmp.Diff(want, sandboxEndings(address)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", address, diff)
		}
	}
}

// TestRunGoesByMatching lets a run match people by what the files say. All have
// one e-mail address on both sides, by which it would match otherwise.
func TestRunGoesByMatching(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const dmitri, elena = "dmitri.volkov@acme.example", "elena.petrova@acme.example"
		seed := canaried()
		for i := range seed.Agents {
			if a := &seed.Agents[i]; a.Email == dmitri || a.Email == elena {
				a.Username = "x." + a.Email
			}
		}
		c := newCentre(t, seed, strings.Replace(centreText, "sync {", "sync {\n match = \"username\"", 1)+rulesText+`
user_mapping "elena" {
  salesforce = "x.`+elena+`"
  cxone      = "`+elena+`"
}
`)
		for _, agent := range []string{dmitri, elena} {
			console, err := c.emulator.Desks.Open("x." + agent)
			c.must(err)
			c.must(console.SetStatus("Ready"))
			c.chooses(agent, schema.StateAvailable)
		}
		c.begins()
		for _, agent := range []string{ben, "x." + dmitri, "x." + elena} {
			c.shows(agent, "Meeting")
		}
		pass(settles)
		for agent, want := range map[string]string{ben: "Meeting", dmitri: "", elena: "Meeting"} {
			if got := c.emulator.Tenant.Presence(agent).Reason; got != want {
				t.Errorf("%s shows %q in CXone, want %q", agent, got, want)
			}
		}
	})
}
