package cxone_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func TestGuideThroughTheAPI(t *testing.T) {
	b := newBench(t)
	objects := []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}
	plan := b.apply(objects...)
	// A code and its team, an environment and its mapping, a rule and its
	// team, and Get CXone Users, because the adapters' list is empty.
	if plan.Forecast != 7 {
		t.Errorf("forecast %d calls, want 7", plan.Forecast)
	}
	if calls := b.plan(reconcile.Wanted{Objects: objects}).Calls.Reading; calls > 7 {
		t.Errorf("a plan took %d calls", calls)
	}

	wantRule := []emulator.Rule{{
		Name: "Support", Environment: "Acme production",
		Publisher:  []emulator.Row{{State: "Available", Status: "Available for Chats"}, {State: "Lunch", Status: "On Break"}, {State: "Working", Status: "On a Call"}},
		Subscriber: []emulator.Row{{State: "Available", Status: "Available for Chats"}, {State: "Lunch", Status: "On Break"}, {State: "Previous State", Status: "On a Call"}},
		Teams:      []string{"Support"},
	}}
	if diff := cmp.Diff(wantRule, b.tenant.Rules(), cmpopts.IgnoreFields(emulator.Rule{}, "ID")); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	mappings := b.tenant.Mappings()
	if len(mappings) != 1 || mappings[0].Password.Reveal() != "planted-password" || mappings[0].ClientSecret.Reveal() != "planted-client-secret" {
		t.Errorf("the secrets did not arrive: %+v", mappings)
	}
	if got := codeNamed(t, b, "Lunch"); got.Timeout != 60 || !cmp.Equal(got.Teams, []string{"Support"}) {
		t.Errorf("code %+v", got)
	}
}

func codeNamed(t *testing.T, b *bench, name string) emulator.Code {
	t.Helper()
	for _, c := range b.tenant.Codes() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no code %q", name)
	return emulator.Code{}
}

// Every argument can be changed by itself, in as few writes as there are
// objects and lists that change.
func TestChanges(t *testing.T) {
	both := func(t *testing.T) schema.Value {
		return rows(t, row{schema.String("Available"), status("Available_for_Chats", "Available for Chats")})
	}
	for _, tc := range []struct {
		why    string
		change func(*testing.T) *schema.Object
		writes []string // how they begin, without ids
	}{
		{"a time-out is the code's", func(t *testing.T) *schema.Object { return lunch(t, map[string]schema.Value{"timeout": minutes(45)}) }, []string{"PUT unavailable-codes/"}},
		{"so is the ACW mark", func(t *testing.T) *schema.Object { return lunch(t, map[string]schema.Value{"acw": schema.Bool(true)}) }, []string{"PUT unavailable-codes/"}},
		{"a team more is one write of the list", func(t *testing.T) *schema.Object {
			return lunch(t, map[string]schema.Value{"teams": schema.Strings("Sales", "Support")})
		}, []string{"PUT unavailable-codes/teams"}},
		{"another user is the mapping's", func(t *testing.T) *schema.Object {
			return mapping(t, map[string]schema.Value{"access_key_user": schema.String("helen.park@acme.example")})
		}, []string{"PUT account-mappings/"}},
		{"another administrator is the environment's", func(t *testing.T) *schema.Object {
			return mapping(t, map[string]schema.Value{"username": schema.String("other@acme.example")})
		}, []string{"PUT environments/"}},
		{"two addresses instead of one", func(t *testing.T) *schema.Object {
			return mapping(t, map[string]schema.Value{"email": schema.Strings("a@acme.example", "b@acme.example")})
		}, []string{"PUT environments/"}},
		{"a row less is the rule's", func(t *testing.T) *schema.Object { return rule(t, map[string]schema.Value{"both": both(t)}) }, []string{"PUT rules/"}},
		{"people are a list of their own", func(t *testing.T) *schema.Object {
			return rule(t, map[string]schema.Value{"users": schema.Strings("ben.okafor@acme.example")})
		}, []string{"POST users/", "PUT rules/users"}},
		{"to take the teams away is a write", func(t *testing.T) *schema.Object { return rule(t, map[string]schema.Value{"teams": schema.List{}}) }, []string{"PUT rules/teams"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			b := newBench(t)
			objects := []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}
			b.apply(objects...)
			changed := tc.change(t)
			for i, o := range objects {
				if o.Address == changed.Address {
					objects[i] = changed
				}
			}
			plan := b.plan(reconcile.Wanted{Objects: objects})
			b.wire.asked()
			b.reconciler.Apply(t.Context(), nil, plan, nil)
			if diff := cmp.Diff(tc.writes, shortened(b.wire.writes())); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
			b.apply(objects...)
		})
	}
}

func TestChangedPasswordIsSentAgain(t *testing.T) {
	b := newBench(t)
	b.remember()
	b.apply(mapping(t, nil))
	plan := b.apply(mapping(t, map[string]schema.Value{"password": schema.NewSecret("planted-second", "the test")}))
	if len(plan.Steps) != 1 || plan.Forecast != 1 {
		t.Errorf("steps %v, forecast %d", plan.Steps, plan.Forecast)
	}
	if got := b.tenant.Mappings()[0]; got.Password.Reveal() != "planted-second" || got.ClientSecret.Reveal() != "planted-client-secret" {
		t.Error("the vendor does not hold the new password and the old client secret")
	}
}

// shortened leaves hosts' prefixes and ids out of requests.
func shortened(lines []string) []string {
	short := []string{}
	for _, line := range lines {
		method, path, _ := strings.Cut(line, " ")
		path = strings.TrimPrefix(strings.TrimPrefix(path, "/incontactapi/services/v34.0/"), "/adapter-apis/v1/salesforce/")
		parts := strings.Split(path, "/")
		if len(parts) > 1 {
			parts[1] = ""
		}
		short = append(short, strings.Replace(method+" "+strings.Join(parts, "/"), "//", "/", 1))
	}
	return short
}

func TestDeclaredCodeIsActivatedAgain(t *testing.T) {
	b := newBench(t)
	plan := b.apply(object(t, "unavailable_code.Old Project", nil))
	if len(plan.Steps) != 1 || plan.Steps[0].Action != schema.Update || plan.Steps[0].Changed("active") == nil {
		t.Errorf("steps: %v", plan.Steps)
	}
	if !codeNamed(t, b, "Old Project").Active {
		t.Error("it is still inactive")
	}
}

func TestChangingACodeKeepsItsNotes(t *testing.T) {
	b := newBench(t)
	b.tenant.AddCode(emulator.Code{Name: "Training", Active: true, Notes: "ask HR"})
	b.apply(object(t, "unavailable_code.Training", map[string]schema.Value{"timeout": minutes(90)}))
	if got := codeNamed(t, b, "Training"); got.Notes != "ask HR" || got.Timeout != 90 {
		t.Errorf("code %+v", got)
	}
}

func TestRemoval(t *testing.T) {
	b := newBench(t)
	b.apply(lunch(t, nil), mapping(t, nil), rule(t, nil))
	removed := []schema.Removal{
		{Kind: kind(t, "unavailable_code"), Key: "Lunch"},
		{Kind: kind(t, "account_mapping"), Key: "Acme production"},
		{Kind: kind(t, "presence_rule"), Key: "Support"},
	}
	b.applyAll(reconcile.Wanted{Removed: removed})
	if got := codeNamed(t, b, "Lunch"); got.Active || len(got.Teams) > 0 {
		t.Errorf("a removed code is inactive and on no team: %+v", got)
	}
	if rules, mappings := b.tenant.Rules(), b.tenant.Mappings(); len(rules)+len(mappings) > 0 {
		t.Errorf("left: %v %v", rules, mappings)
	}
}

func TestRuleOfLockstepIsAssignedToNobody(t *testing.T) {
	b := newBench(t)
	objects := []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, map[string]schema.Value{"executor": schema.String("lockstep")})}
	b.apply(objects...)
	if got := b.tenant.Rules()[0]; len(got.Teams)+len(got.Users) > 0 {
		t.Errorf("assigned: %+v", got)
	}

	err := b.tenant.EditRule("Support", func(r *emulator.Rule) {
		r.Teams, r.Users = []string{"Support"}, []string{"ana.lopez@acme.example"}
	})
	if err != nil {
		t.Fatal(err)
	}
	drift := b.plan(reconcile.Wanted{Objects: objects})
	if len(drift.Steps) != 1 || drift.Steps[0].Changed("assigned_teams") == nil || drift.Steps[0].Changed("assigned_users").Note == "" {
		t.Fatalf("drift: %v", drift.Steps)
	}
	b.apply(objects...)
	if got := b.tenant.Rules()[0]; len(got.Teams)+len(got.Users) > 0 {
		t.Errorf("still assigned: %+v", got)
	}
}

func TestRuleOfLockstepWithoutMappingIsNotPutThere(t *testing.T) {
	b := newBench(t)
	local := rule(t, map[string]schema.Value{"executor": schema.String("lockstep"), "account_mapping": nil})
	b.apply(lunch(t, nil), local)
	if got := b.tenant.Rules(); len(got) > 0 {
		t.Errorf("rules: %v", got)
	}
	plan := b.tryPlan(reconcile.Wanted{Objects: []*schema.Object{
		rule(t, map[string]schema.Value{"executor": schema.String("lockstep"), "account_mapping": nil, "teams": schema.Strings("Supports")}),
	}})
	if !plan.Diagnostics.HasErrors() || !strings.Contains(plan.Diagnostics.Error(), `Did you mean "Support"?`) {
		t.Errorf("its people are checked all the same: %v", plan.Diagnostics)
	}
}

// Get CXone Users is asked for where the guide asks for it: before people are
// assigned, once, and not when they are taken away.
func TestGetCXoneUsers(t *testing.T) {
	b := newBench(t)
	objects := []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}
	b.apply(objects...)
	b.tenant.AddAgent(tenant.Agent{Email: "new.hire@acme.example", FirstName: "New", LastName: "Hire", Team: "Support"})
	for _, tc := range []struct {
		why     string
		users   schema.List
		refresh bool
	}{
		{"an agent may have been hired since", schema.Strings("new.hire@acme.example"), true},
		{"nobody is added", schema.List{}, false},
	} {
		objects[2] = rule(t, map[string]schema.Value{"users": tc.users})
		plan := b.plan(reconcile.Wanted{Objects: objects})
		b.wire.asked()
		b.reconciler.Apply(t.Context(), nil, plan, nil)
		want := []string{"PUT rules/users"}
		if tc.refresh {
			want = []string{"POST users/", "PUT rules/users"}
		}
		if diff := cmp.Diff(want, shortened(b.wire.writes())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.why, diff)
		}
		if plan.Forecast != len(want) {
			t.Errorf("%s: forecast %d", tc.why, plan.Forecast)
		}
	}
}

// A write whose answer is lost is looked for before it is repeated, and never
// made twice.
func TestLostAnswers(t *testing.T) {
	for _, losing := range []string{
		"POST /incontactapi/services/v34.0/unavailable-codes",
		"POST /adapter-apis/v1/salesforce/environments",
		"POST /adapter-apis/v1/salesforce/account-mappings",
		"POST /adapter-apis/v1/salesforce/rules",
		"POST /adapter-apis/v1/salesforce/users/refresh",
		"PUT /adapter-apis/v1/salesforce/rules/",
	} {
		t.Run(losing, func(t *testing.T) {
			b := newBench(t)
			objects := []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}
			plan := b.plan(reconcile.Wanted{Objects: objects})
			b.wire.losing = losing
			b.reconciler.Apply(t.Context(), nil, plan, nil)
			if b.wire.losing != "" {
				t.Fatal("no answer was lost")
			}
			b.apply(objects...)
			if codes, rules, mappings := b.tenant.Codes(), b.tenant.Rules(), b.tenant.Mappings(); len(codes) != 5 || len(rules) != 1 || len(mappings) != 1 {
				t.Errorf("%d codes, %d rules, %d mappings", len(codes), len(rules), len(mappings))
			}
		})
	}
}

// What somebody took away since the last look is made again, not taken for
// made.
func TestRuleTakenAwayByHandIsMadeAgain(t *testing.T) {
	b := newBench(t)
	objects := []*schema.Object{lunch(t, nil), mapping(t, nil), rule(t, nil)}
	b.apply(objects...)
	if err := b.tenant.RemoveRule("Support"); err != nil {
		t.Fatal(err)
	}
	b.apply(objects...)
	if len(b.tenant.Rules()) != 1 {
		t.Error("the rule is not there")
	}
}

func TestRefusalNamesThePermission(t *testing.T) {
	b := newBench(t)
	b.tenant.Deny(emulator.PermissionUnavailableCodes, true)
	plan := b.plan(reconcile.Wanted{Objects: []*schema.Object{lunch(t, nil)}})
	outcome := b.reconciler.Apply(t.Context(), nil, plan, nil).Outcomes[0]
	if outcome.Result != schema.NotDone || !strings.Contains(outcome.Err.Error(), `"Unavailable Codes: Create"`) {
		t.Errorf("%v: %v", outcome.Result, outcome.Err)
	}
}

// Whether a write clears what it leaves out is not documented, so a change of
// the time-out says that the code is active, and keeps its notes.
func TestChangedCodeSaysAllOfItself(t *testing.T) {
	b := newBench(t)
	b.apply(lunch(t, nil))
	var sent map[string]any
	b.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			body, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		b.tenant.ServeHTTP(w, r)
	})
	b.apply(lunch(t, map[string]schema.Value{"timeout": minutes(90)}))
	if sent["isActive"] != true || sent["name"] != "Lunch" || sent["agentTimeout"] != 90.0 {
		t.Errorf("sent %v", sent)
	}
}

// The call that sets a code's teams may say with status 200 that it did not.
func TestTeamsRefusedWithSuccess(t *testing.T) {
	b := newBench(t)
	plan := b.plan(reconcile.Wanted{Objects: []*schema.Object{lunch(t, nil)}})
	b.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/teams") {
			_, _ = io.WriteString(w, `{"error":"InvalidTeam","error_Description":"team 7 is in another division"}`)
			return
		}
		b.tenant.ServeHTTP(w, r)
	})
	outcome := b.reconciler.Apply(t.Context(), nil, plan, nil).Outcomes[0]
	if outcome.Result == schema.Done || outcome.Err == nil || !strings.Contains(outcome.Err.Error(), "another division") {
		t.Errorf("%v: %v", outcome.Result, outcome.Err)
	}
}
