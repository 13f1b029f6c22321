package cxone

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

const (
	environments = "/adapter-apis/v1/salesforce/environments"
	mappings     = "/adapter-apis/v1/salesforce/account-mappings"
	rules        = "/adapter-apis/v1/salesforce/rules"
	users        = "/adapter-apis/v1/salesforce/users"
	ownRule      = "/adapter-apis/v1/salesforce/rule/"
)

// with returns a body with some members changed; nil takes one out.
func with(body row, changes row) row {
	changed := maps.Clone(body)
	for name, value := range changes {
		if value == nil {
			delete(changed, name)
			continue
		}
		changed[name] = value
	}
	return changed
}

func acmeEnvironment() row {
	return row{
		"environmentName": "Acme production", "organizationId": tenant.AcmeOrganizationID, "platformVersion": "Production",
		"userName": "admin@acme.example", "password": "planted-password", "clientId": "3MVG9", "clientSecret": "planted-secret",
		"emailAddresses": []string{"crm@acme.example"},
	}
}

func supportRule(mappingID string) row {
	return row{
		"ruleName": "Support", "accountMappingId": mappingID,
		"publisherStateMap": []row{
			{"incontactAgentState": "Available", "partnerAgentState": "Available for Chats"},
			{"incontactAgentState": "Break", "partnerAgentState": "On Break"},
			{"incontactAgentState": "Working", "partnerAgentState": "On a Call"},
		},
		"subscriberStateMap": []row{
			{"incontactAgentState": "Break", "partnerAgentState": "On Break"},
			{"incontactAgentState": "Previous State", "partnerAgentState": "On a Call"},
		},
	}
}

// mapped makes an environment and its account mapping.
func mapped(c *client) (environmentID, mappingID string) {
	c.t.Helper()
	environmentID = c.post(environments, acmeEnvironment()).want(201).text("environmentId")
	mappingID = c.post(mappings, row{"userId": c.userID(tenant.AcmeAccessKeyUser), "environmentId": environmentID}).want(201).text("accountMappingId")
	return environmentID, mappingID
}

// The simulated contract is labelled on every answer; NICE's own read is not.
func TestSimulatedContractIsLabelled(t *testing.T) {
	c := newClient(t, Options{})
	_, mapping := mapped(c)
	for _, a := range []*answer{
		c.get(environments), c.get(mappings), c.get(rules), c.get(users), c.get(rules + "/none"),
		c.post(rules, supportRule(mapping)), c.post(rules, row{}), c.post(users+"/refresh", nil),
	} {
		if a.header.Get(ContractHeader) != "simulated" {
			t.Errorf("%s %d is not labelled", a.what, a.status)
		}
	}
	if a := c.get(ownRule + tenant.AcmeOrganizationID).want(200); a.header.Get(ContractHeader) != "" {
		t.Errorf("%s is NICE's own and yet labelled", a.what)
	}
}

func TestEnvironmentValidation(t *testing.T) {
	cases := []struct {
		why     string
		changes row
		status  int
	}{
		{"as the form asks", nil, 201},
		{"a sandbox", row{"platformVersion": "Sandbox"}, 201},
		{"an unusual prefix is no error", row{"organizationId": "01D5g00000ABCDE"}, 201},
		{"no name", row{"environmentName": ""}, 400},
		{"18 characters", row{"organizationId": "00D5g00000ABCDEEA1"}, 400},
		{"14 characters", row{"organizationId": "00D5g00000ABCD"}, 400},
		{"no organization", row{"organizationId": nil}, 400},
		{"a platform in another case", row{"platformVersion": "production"}, 400},
		{"no user", row{"userName": nil}, 400},
		{"no password", row{"password": nil}, 400},
		{"an empty password", row{"password": ""}, 400},
		{"no client", row{"clientId": nil}, 400},
		{"no client secret", row{"clientSecret": nil}, 400},
		{"no e-mail", row{"emailAddresses": []string{}}, 400},
		{"no e-mail address", row{"emailAddresses": []string{"crm"}}, 400},
		{"a member that does not exist", row{"emailAddress": "crm@acme.example"}, 400},
		{"a read-only member", row{"environmentId": "1"}, 400},
	}
	for _, tc := range cases {
		c := newClient(t, Options{})
		a := c.post(environments, with(acmeEnvironment(), tc.changes))
		if a.status != tc.status {
			t.Errorf("%s: %d, want %d: %s", tc.why, a.status, tc.status, a.raw)
		}
		if a.status == 400 && (a.text("error_description") == "" || a.header.Get(reasonHeader) == "") {
			t.Errorf("%s: the reason is in the body and in the header: %s", tc.why, a.raw)
		}
	}
}

func TestEnvironmentLife(t *testing.T) {
	c := newClient(t, Options{})
	id, mapping := mapped(c)
	at := environments + "/" + id

	other := with(acmeEnvironment(), row{"environmentName": "Acme PRODUCTION", "organizationId": "00D5g00000FGHIJ"})
	c.post(environments, other).want(409)
	c.post(environments, with(acmeEnvironment(), row{"environmentName": "Other"})).want(409)

	changed := with(acmeEnvironment(), row{"environmentName": "Acme live", "password": nil, "clientSecret": "second-secret"})
	c.put(at, changed).want(200)
	got := c.get(at).want(200)
	for _, secret := range []string{"password", "clientSecret", "planted", "second"} {
		if strings.Contains(got.raw, secret) {
			t.Errorf("%q is shown: %s", secret, got.raw)
		}
	}
	held := c.tenant.Mappings()[0]
	if held.Environment != "Acme live" || held.Password.Reveal() != "planted-password" || held.ClientSecret.Reveal() != "second-secret" {
		t.Errorf("an update keeps a secret that it leaves out and takes one that it has: %+v", held)
	}
	c.put(at, with(changed, row{"password": ""})).want(400)

	c.delete(at, nil).want(409)
	c.delete(mappings+"/"+mapping, nil).want(204)
	c.delete(at, nil).want(204)
	c.delete(at, nil).want(404)
	c.get(at).want(404)
	c.put(at, changed).want(404)
	if n := c.get(environments).want(200).number("totalRecords"); n != 0 {
		t.Errorf("%d environments are left", n)
	}
}

func TestMappingLife(t *testing.T) {
	c := newClient(t, Options{})
	environmentID, id := mapped(c)
	at := mappings + "/" + id
	first := c.get(at).want(200)
	key := first.text("accessKeyId")
	if key == "" || key == tenant.AcmeAccessKeyID || first.text("status") != "ACTIVE" {
		t.Errorf("choosing the user makes a key: %s", first.raw)
	}
	owner := c.userID(tenant.AcmeAccessKeyUser)
	c.post(mappings, row{"userId": owner, "environmentId": environmentID}).want(409)
	c.post(mappings, row{"userId": "nobody", "environmentId": environmentID}).want(400)
	c.post(mappings, row{"userId": owner, "environmentId": "none"}).want(400)
	c.put(at, row{"userId": owner, "environmentId": environmentID, "accessKeyId": key}).want(400)

	if got := c.put(at, row{"userId": owner, "environmentId": environmentID}).want(200).text("accessKeyId"); got != key {
		t.Errorf("the same user keeps the key: %s", got)
	}
	other := c.put(at, row{"userId": c.userID(ana), "environmentId": environmentID}).want(200)
	if other.text("accessKeyId") == key {
		t.Error("another user needs another key")
	}
	c.get("/access-key-management/v1/access-keys/" + key).want(404)

	if err := c.tenant.SetUserActive(ana, false); err != nil {
		t.Fatal(err)
	}
	if got := c.get(at).want(200).text("status"); got != "INACTIVE" {
		t.Errorf("a mapping stops with its user: %s", got)
	}
}

func TestRuleValidation(t *testing.T) {
	states := func(names ...string) []row {
		rows := []row{}
		for _, name := range names {
			rows = append(rows, row{"incontactAgentState": name, "partnerAgentState": "On Break"})
		}
		return rows
	}
	cases := []struct {
		why     string
		changes row
		status  int
	}{
		{"as the form asks", nil, 201},
		{"one section may be empty", row{"subscriberStateMap": []row{}}, 201},
		{"but not both", row{"publisherStateMap": []row{}, "subscriberStateMap": []row{}}, 400},
		{"nor may one be missing", row{"subscriberStateMap": nil}, 400},
		{"no name", row{"ruleName": " "}, 400},
		{"no mapping", row{"accountMappingId": "none"}, 400},
		{"a row without a status", row{"publisherStateMap": []row{{"incontactAgentState": "Available"}}}, 400},
		{"a row without a state", row{"publisherStateMap": []row{{"partnerAgentState": "On Break"}}}, 400},
		{"contact states, ACW and logged out can be published", row{"publisherStateMap": states("InboundContact", "ACW", "Refused", "LoggedOut", "Previous State", "Wrap Up")}, 201},
		{"a code that does not exist", row{"publisherStateMap": states("Siesta")}, 400},
		{"a code in another case", row{"publisherStateMap": states("break")}, 400},
		{"an inactive code", row{"publisherStateMap": states("Old Project")}, 400},
		{"the code named like the state", row{"subscriberStateMap": states("Unavailable")}, 201},
		{"a contact state cannot be set", row{"subscriberStateMap": states("InboundContact")}, 400},
		{"nor can Working", row{"subscriberStateMap": states("Working")}, 400},
		{"nor LoggedOut", row{"subscriberStateMap": states("LoggedOut")}, 400},
		{"an ACW code cannot be picked", row{"subscriberStateMap": states("Wrap Up")}, 400},
		{"assigning is a second step", row{"teams": []row{}}, 400},
	}
	for _, tc := range cases {
		c := newClient(t, Options{})
		_, mapping := mapped(c)
		a := c.post(rules, with(supportRule(mapping), tc.changes))
		if a.status != tc.status {
			t.Errorf("%s: %d, want %d: %s", tc.why, a.status, tc.status, a.raw)
		}
	}
}

func TestRuleLife(t *testing.T) {
	c := newClient(t, Options{})
	_, mapping := mapped(c)
	id := c.post(rules, supportRule(mapping)).want(201).text("ruleId")
	at := rules + "/" + id
	c.post(rules, with(supportRule(mapping), row{"ruleName": "SUPPORT"})).want(409)
	c.delete(mappings+"/"+mapping, nil).want(409)

	c.put(at+"/teams", row{"teams": []row{{"teamId": c.teamID("Support")}}}).want(200)
	c.put(at, with(supportRule(mapping), row{"ruleName": "Renamed"})).want(200)
	got := c.get(at).want(200)
	if got.text("ruleName") != "Renamed" || len(got.list("teams")) != 1 || len(got.list("users")) != 0 {
		t.Errorf("a rule is read with its assignment, which an update keeps: %s", got.raw)
	}
	want := []Rule{{
		ID: id, Name: "Renamed", Environment: "Acme production",
		Publisher:  []Row{{"Available", "Available for Chats"}, {"Break", "On Break"}, {"Working", "On a Call"}},
		Subscriber: []Row{{"Break", "On Break"}, {"Previous State", "On a Call"}},
		Teams:      []string{"Support"},
	}}
	if diff := cmp.Diff(want, c.tenant.Rules()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	c.delete(at, nil).want(204)
	c.get(at).want(404)
	c.delete(at, nil).want(404)
}

// A code does nothing for an agent until it is on the agent's team, so a rule
// that uses it cannot be assigned there.
func TestAssignment(t *testing.T) {
	c := newClient(t, Options{})
	_, mapping := mapped(c)
	c.tenant.AddCode(Code{Name: "Lunch", Active: true, Teams: []string{"Support"}})
	body := supportRule(mapping)
	body["publisherStateMap"] = []row{{"incontactAgentState": "Lunch", "partnerAgentState": "On Break"}}
	id := c.post(rules, body).want(201).text("ruleId")
	teams, people := rules+"/"+id+"/teams", rules+"/"+id+"/users"
	uuid := c.get("~/teams?searchString=Support").want(200).text("teams", 0, "teamUuid")

	got := c.put(teams, row{"teams": []row{{"teamId": uuid}, {"teamId": uuid}}}).want(200)
	if diff := cmp.Diff([]string{uuid}, got.column("teams", "teamId")); diff != "" {
		t.Errorf("a team counts once: -want +got\n%s", diff)
	}
	a := c.put(teams, row{"teams": []row{{"teamId": c.teamID("Sales")}}}).want(409)
	if !strings.Contains(a.reason(), `"Lunch"`) || !strings.Contains(a.reason(), `"Sales"`) {
		t.Errorf("the refusal names code and team: %s", a.reason())
	}
	c.put(teams, row{"teams": []row{{"teamId": 999}}}).want(400)
	c.put(teams, row{}).want(400)
	c.put(rules+"/none/teams", row{"teams": []row{}}).want(404)

	anaID, jonasID := c.userID(ana), c.userID("jonas.berg@acme.example")
	a = c.put(people, row{"users": []row{{"userId": anaID}}}).want(400)
	if !strings.Contains(a.reason(), "refresh") {
		t.Errorf("users are known only after Get CXone Users: %s", a.reason())
	}
	c.post(users+"/refresh", nil).want(202)
	c.put(people, row{"users": []row{{"userId": jonasID}}}).want(409) // Jonas is in Sales
	c.put(people, row{"users": []row{{"userId": anaID}}}).want(200)
	if got := c.tenant.Rules()[0]; !cmp.Equal(got.Teams, []string{"Support"}) || !cmp.Equal(got.Users, []string{ana}) {
		t.Errorf("a refused assignment changes nothing: %+v", got)
	}
	// A new row is checked against the teams that the rule has already.
	body["publisherStateMap"] = []row{{"incontactAgentState": "Old Project", "partnerAgentState": "On Break"}}
	if err := c.tenant.EditCode("Old Project", func(held *Code) { held.Active = true }); err != nil {
		t.Fatal(err)
	}
	c.put(rules+"/"+id, body).want(409)
	c.put(teams, row{"teams": []row{}}).want(200)
	if got := c.get(teams).want(200).number("totalRecords"); got != 0 {
		t.Errorf("%d teams are left", got)
	}
}

func TestUsersAreAsOldAsTheLastRefresh(t *testing.T) {
	c := newClient(t, Options{})
	count := func() int { return c.get(users).want(200).number("totalRecords") }
	if got := count(); got != 0 {
		t.Errorf("%d users before the first refresh", got)
	}
	c.post(users+"/refresh", nil).want(202)
	before := count()
	c.tenant.AddAgent(tenant.Agent{Email: "new@acme.example", FirstName: "New", LastName: "Agent", Team: "Support"})
	if got := count(); got != before {
		t.Errorf("a new agent is in the list unasked: %d, %d", before, got)
	}
	c.post(users+"/refresh", nil).want(202)
	if got := count(); got != before+1 {
		t.Errorf("%d users after the refresh, want %d", got, before+1)
	}
}

func TestAdaptersGates(t *testing.T) {
	c := newClient(t, Options{})
	_, mapping := mapped(c)
	c.tenant.Deny(PermissionRules, true)
	c.post(rules, supportRule(mapping)).want(403)
	c.post(users+"/refresh", nil).want(403)
	c.get(rules).want(200)
	c.tenant.Deny(PermissionAccountMapping, true)
	c.post(environments, acmeEnvironment()).want(403)

	c.tenant.Throttle(1, 1500*time.Millisecond)
	if got := c.get(rules).want(429).header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want whole seconds, upwards", got)
	}
	c.get(rules).want(200)

	seed := tenant.Acme()
	seed.CXone.NoPresence = true
	off := newClientOf(t, seed, Options{})
	off.get(environments).want(403)
	off.get(ownRule + tenant.AcmeOrganizationID).want(403)
}

func TestRuleOfCaller(t *testing.T) {
	const long = tenant.AcmeOrganizationID + "XYZ"
	c := newClient(t, Options{})
	_, mapping := mapped(c)
	id := c.post(rules, supportRule(mapping)).want(201).text("ruleId")
	mine := func(organization string) int {
		a := c.get(ownRule + organization).want(200)
		// Either array missing hangs NICE's own client.
		return len(a.list("publisherStateMap")) + 10*len(a.list("subscriberStateMap"))
	}
	expect := func(why, organization string, want int) {
		t.Helper()
		if got := mine(organization); got != want {
			t.Errorf("%s: %d rows, want %d", why, got, want)
		}
	}
	expect("a rule that reaches nobody is nobody's", tenant.AcmeOrganizationID, 0)
	c.put(rules+"/"+id+"/teams", row{"teams": []row{{"teamId": c.teamID("Supervisors")}}}).want(200)
	expect("the caller's team has it", tenant.AcmeOrganizationID, 23)
	expect("18 characters name the same org", long, 23)
	expect("another org has none", "00D5g00000FGHIJ", 0)
	expect("no org id at all", "x", 0)

	own := with(supportRule(mapping), row{"ruleName": "Own", "subscriberStateMap": []row{}})
	other := c.post(rules, own).want(201).text("ruleId")
	c.post(users+"/refresh", nil).want(202)
	c.put(rules+"/"+other+"/users", row{"users": []row{{"userId": c.userID(tenant.AcmeAccessKeyUser)}}}).want(200)
	expect("a user's rule beats the team's", tenant.AcmeOrganizationID, 3)

	if err := c.tenant.EditRule("Own", func(r *Rule) { r.Users = nil }); err != nil {
		t.Fatal(err)
	}
	expect("and without it the team's is back", tenant.AcmeOrganizationID, 23)
	key := c.tenant.Mappings()[0].AccessKeyID
	c.patch("/access-key-management/v1/access-keys?accessKeyId="+key, row{"isActive": false}).want(200)
	expect("a dead mapping stops its rules", tenant.AcmeOrganizationID, 0)
}

func TestByHand(t *testing.T) {
	c := newClient(t, Options{})
	_, mapping := mapped(c)
	c.post(rules, supportRule(mapping)).want(201)
	err := c.tenant.EditRule("support", func(r *Rule) {
		r.Publisher, r.Teams, r.Name = []Row{{"Break", "Away"}}, []string{"Billing"}, "Changed"
	})
	if err != nil {
		t.Fatal(err)
	}
	a := c.get(rules).want(200)
	if a.text("rules", 0, "ruleName") != "Changed" || a.text("rules", 0, "publisherStateMap", 0, "partnerAgentState") != "Away" || len(a.list("rules", 0, "teams")) != 1 {
		t.Errorf("the API shows what was done by hand: %s", a.raw)
	}
	for why, err := range map[string]error{
		"a team that does not exist": c.tenant.EditRule("Changed", func(r *Rule) { r.Teams = []string{"None"} }),
		"a user who does not exist":  c.tenant.EditRule("Changed", func(r *Rule) { r.Users = []string{"none"} }),
		"a rule that does not exist": c.tenant.EditRule("Support", func(*Rule) {}),
		"a code that does not exist": c.tenant.EditCode("None", func(*Code) {}),
		"no such rule to remove":     c.tenant.RemoveRule("None"),
		"no such user":               c.tenant.SetUserActive("none", false),
		"no such agent":              c.tenant.SetPresence("none", "Available", ""),
		"no such state":              c.tenant.SetPresence(ana, "Asleep", ""),
		"no such code to be in":      c.tenant.SetPresence(ana, "Unavailable", "None"),
	} {
		if err == nil {
			t.Errorf("%s: no error", why)
		}
	}
	if err := c.tenant.EditCode("Break", func(held *Code) { held.Name, held.Teams = "Pause", []string{"Sales"} }); err != nil {
		t.Fatal(err)
	}
	if got := c.tenant.Codes()[1]; got.Name != "Pause" || !cmp.Equal(got.Teams, []string{"Sales"}) {
		t.Errorf("code: %+v", got)
	}
	c.post("~/unavailable-codes", row{"name": "Pause"}).want(409)
	c.post("~/unavailable-codes", row{"name": "Break"}).want(200)
	if err := c.tenant.RemoveRule("Changed"); err != nil || len(c.tenant.Rules()) != 0 {
		t.Errorf("remove: %v, %d rules left", err, len(c.tenant.Rules()))
	}
}

// Ten thousand codes and rules are read in pages, and every name is found.
func TestTenThousand(t *testing.T) {
	const many = 10_000
	seed := tenant.Acme()
	for i := range many {
		seed.CXone.Codes = append(seed.CXone.Codes, tenant.Code{Name: fmt.Sprintf("Code %05d", i), Teams: []string{"Support"}})
	}
	c := newClientOf(t, seed, Options{})
	_, mapping := mapped(c)
	for i := range many {
		code := fmt.Sprintf("Code %05d", i)
		c.post(rules, with(supportRule(mapping), row{
			"ruleName": fmt.Sprintf("Rule %05d", i), "publisherStateMap": []row{{"incontactAgentState": code, "partnerAgentState": "X"}},
		})).want(201)
	}
	for plural, at := range map[string]string{"unavailableCodes": "~/unavailable-codes", "rules": rules} {
		rows, pages, next := 0, 0, at+"?top=1000"
		for next != "" {
			a := c.get(next).want(200)
			rows, pages = rows+len(a.list(plural)), pages+1
			next, _ = a.at("_links", "next").(string)
		}
		if rows < many || pages > 11 {
			t.Errorf("%s: %d rows in %d pages", plural, rows, pages)
		}
	}
}
