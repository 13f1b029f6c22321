package cxone

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

const ana = "ana.lopez@acme.example"

func TestPathsAreForgiving(t *testing.T) {
	c := newClient(t, Options{})
	for why, target := range map[string]string{
		"the description's spelling":     "/incontactapi/services/v34.0/server-time",
		"the SDK's spellings":            "/InContactAPI/services/v23.0/server-time",
		"the other of them":              "/inContactAPI/services/v2.0/server-time",
		"a doubled slash from whoami":    "/inContactAPI//services/v27.0/server-time",
		"a trailing slash":               "/inContactAPI/services/v27.0/server-time/",
		"the issuer serves the ACD, too": "https://" + IssuerHost + "/inContactAPI/services/v27.0/server-time",
	} {
		if got := c.get(target).want(200).text("ServerTime"); got != "2026-03-02T09:00:00.000Z" {
			t.Errorf("%s: %s", why, got)
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	c := newClient(t, Options{})
	code := strconv.Itoa(c.codeID("Break"))
	cases := []struct {
		why, method, target string
		status              int
	}{
		{"a code cannot be deleted", "DELETE", "~/unavailable-codes/" + code, 405},
		{"no such path in the ACD", "GET", "~/unavailable", 404},
		{"no version", "GET", "/incontactapi/services/agents", 404},
		{"no such path in UserHub", "GET", "/user-management/v9/users", 404},
		{"no such path in the adapters", "GET", "/adapter-apis/v1/salesforce/nothing", 404},
		{"another partner", "GET", "/adapter-apis/v1/zoom/rule/1", 404},
		{"discovery is read only", "POST", "/.well-known/openid-configuration", 405},
		{"no such team", "GET", "~/teams/999", 404},
		{"no such agent", "GET", "~/agents/999", 404},
		{"no such code", "GET", "~/unavailable-codes/999", 404},
		{"a code's id is a number", "GET", "~/unavailable-codes/Break", 404},
	}
	for _, tc := range cases {
		a := c.json(tc.method, tc.target, nil)
		if a.status != tc.status {
			t.Errorf("%s: %d, want %d", tc.why, a.status, tc.status)
		}
		if a.reason() == "" {
			t.Errorf("%s: no reason anywhere: %q %v", tc.why, a.raw, a.header)
		}
	}
	if allow := c.delete("~/unavailable-codes/"+code, nil).header.Get("Allow"); !strings.Contains(allow, "PUT") {
		t.Errorf("a 405 says what is allowed, not %q", allow)
	}
}

func TestBusinessUnit(t *testing.T) {
	c := newClient(t, Options{})
	if got := c.get("~/business-unit").want(200).text("businessUnits", 0, "tenantId"); got != tenant.AcmeTenantID {
		t.Errorf("tenantId %s", got)
	}
	if n := len(c.get("~/apiversion?verb=put&searchUriText=unavailable").want(200).list("apiInfo")); n != 3 {
		t.Errorf("%d paths, want the three that replace codes or a code's teams", n)
	}
}

func TestAgents(t *testing.T) {
	c := newClient(t, Options{})
	all := c.get("~/agents").want(200).number("totalRecords")
	cases := []struct {
		why, query string
		status     int
		want       []string
	}{
		{"by search, in any case", "searchString=ANA.LOPEZ", 200, []string{ana}},
		{"inactive ones", "isActive=false", 200, []string{"old.hand@acme.example"}},
		{"nobody is an empty 204", "searchString=nobody", 204, nil},
		{"nobody is locked", "isLocked=true", 204, nil},
		{"ordered and cut", "orderBy=lastName+desc&top=1", 200, []string{"qi.zhang@acme.example"}},
		{"ordered by a number", "orderBy=agentId+desc&top=1&isActive=true", 200, []string{tenant.AcmeAccessKeyUser}},
		{"the future has no news", "updatedSince=2030-01-01T00:00:00Z", 204, nil},
		{"the description's misspelling", "updateSince=2030-01-01T00:00:00.000Z", 204, nil},
		{"no number", "top=many", 400, nil},
		{"no time", "updatedSince=yesterday", 400, nil},
		{"no truth", "isActive=perhaps", 400, nil},
		{"no such member to order by", "orderBy=shoeSize", 400, nil},
	}
	for _, tc := range cases {
		a := c.get("~/agents?" + tc.query)
		if a.status != tc.status {
			t.Errorf("%s: status %d, want %d", tc.why, a.status, tc.status)
			continue
		}
		if tc.status != 200 {
			if tc.status == 204 && a.raw != "" {
				t.Errorf("%s: a body: %s", tc.why, a.raw)
			}
			continue
		}
		if diff := cmp.Diff(tc.want, a.column("agents", "userName")); diff != "" {
			t.Errorf("%s: -want +got\n%s", tc.why, diff)
		}
	}
	if all != 39 {
		t.Errorf("%d agents", all)
	}
	only := c.get("~/agents?fields=agentId,userName&top=1").want(200)
	if row := only.at("agents", 0).(map[string]any); len(row) != 2 {
		t.Errorf("fields keeps two members, not %v", row)
	}
}

// The two id spaces are bridged by the agent's row, and an agent is found by
// either id.
func TestAgentByEitherID(t *testing.T) {
	c := newClient(t, Options{})
	a := c.get("~/agents?searchString=" + ana).want(200)
	byNumber := c.get("~/agents/" + a.text("agents", 0, "agentId")).want(200)
	byUUID := c.get("~/agents/" + a.text("agents", 0, "userID")).want(200)
	if diff := cmp.Diff(byNumber.body, byUUID.body); diff != "" {
		t.Errorf("-number +uuid\n%s", diff)
	}
	user := c.get("/user-management/v1/users/" + a.text("agents", 0, "userID")).want(200)
	if user.text("user", "acdInfos", 0, "loginId") != a.text("agents", 0, "agentId") {
		t.Errorf("loginId is not the agent id: %s", user.raw)
	}
	if user.text("user", "teamId") != a.text("agents", 0, "teamUuId") {
		t.Errorf("UserHub's teamId is not the team's UUID: %s", user.raw)
	}
}

// Pages link to each other absolutely and keep the query.
func TestPages(t *testing.T) {
	seed := tenant.Acme()
	for i := range 2500 {
		seed.CXone.Codes = append(seed.CXone.Codes, tenant.Code{Name: fmt.Sprintf("Code %04d", i)})
	}
	c := newClientOf(t, seed, Options{})
	if n := len(c.get("~/unavailable-codes").want(200).list("unavailableCodes")); n != defaultTop {
		t.Errorf("a page is %d rows unless asked for more", n)
	}
	next, names, pages := "~/unavailable-codes?top=9999&searchString=code", map[string]bool{}, 0
	for next != "" {
		a := c.get(next).want(200)
		pages++
		for _, name := range a.column("unavailableCodes", "name") {
			names[name] = true
		}
		if a.number("totalRecords") != 2500 {
			t.Fatalf("totalRecords %d", a.number("totalRecords"))
		}
		next, _ = a.at("_links", "next").(string)
		if next != "" && !strings.HasPrefix(next, "https://"+FacadeHost+"/incontactapi/services/v34.0/") {
			t.Fatalf("next is not absolute: %s", next)
		}
	}
	if pages != 3 || len(names) != 2500 {
		t.Errorf("%d codes in %d pages, want 2500 in 3", len(names), pages)
	}
	last := c.get("~/unavailable-codes?skip=2400&top=200").want(200)
	if previous := last.text("_links", "previous"); !strings.Contains(previous, "skip=2200") {
		t.Errorf("previous %s", previous)
	}
}

func TestAgentWritesFailRowByRow(t *testing.T) {
	c := newClient(t, Options{})
	support := c.teamID("Support")
	a := c.post("~/agents", map[string]any{"agents": []row{
		{"userName": "new.one@acme.example", "firstName": "New", "lastName": "One", "emailAddress": "new.one@acme.example", "teamId": strconv.Itoa(support), "profileId": 1},
		{"userName": ana, "firstName": "Ana", "lastName": "Lopez", "emailAddress": ana, "teamId": support},
		{"userName": "x@acme.example", "firstName": "X", "lastName": "Y", "emailAddress": "x@acme.example", "teamId": 1},
		{"userName": "y@acme.example"},
	}}).want(200)
	if diff := cmp.Diff([]string{"true", "false", "false", "false"}, a.column("agentResults", "success")); diff != "" || a.number("errorCount") != 3 {
		t.Errorf("errorCount %d: -want +got\n%s", a.number("errorCount"), diff)
	}
	id := a.number("agentResults", 0, "agentId")
	change := func(entry row) { c.put("~/agents", map[string]any{"agents": []row{entry}}).want(200) }
	lastName := func() string { return c.get(fmt.Sprintf("~/agents/%d", id)).want(200).text("agents", 0, "lastName") }
	change(row{"agentId": id, "lastName": "Two"})
	if got := lastName(); got != "One" {
		t.Errorf("an entry without teamId and profileId is ignored, yet the name is %s", got)
	}
	change(row{"agentId": id, "lastName": "Two", "teamId": support, "profileId": 1})
	if got := lastName(); got != "Two" {
		t.Errorf("last name %s", got)
	}
	c.post("~/agents", "[]").want(400)
	c.post("~/agents", nil).want(400)
}

func TestTeams(t *testing.T) {
	c := newClient(t, Options{})
	a := c.get("~/teams").want(200)
	if diff := cmp.Diff([]string{"Support", "Sales", "Billing", "Retention", "Supervisors"}, a.column("teams", "teamName")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if n := len(a.list("teams", 0, "unavailableCodes")); n != 3 {
		t.Errorf("the list of teams carries their codes: %d, want 3", n)
	}
	one := c.get("~/teams/" + a.text("teams", 0, "teamUuid")).want(200)
	if one.text("teams", 0, "teamId") != a.text("teams", 0, "teamId") {
		t.Errorf("a team is found by its UUID, too")
	}
	if n := len(one.list("teams", 0, "UnavailableCodes")); n != 3 {
		t.Errorf("%d UnavailableCodes", n)
	}
	members := c.get("~/teams/" + a.text("teams", 0, "teamId") + "/agents?searchString=lopez").want(200)
	if got := members.text("teams", 0, "agents", 0, "userName"); got != ana {
		t.Errorf("the team's agents are inside the team: %s", members.raw)
	}
}

func TestCodeValidation(t *testing.T) {
	cases := []struct {
		why, body string
		status    int
	}{
		{"the least", `{"name":"Lunch"}`, 200},
		{"everything", `{"name":"Lunch","isACW":true,"agentTimeout":60,"notes":"n"}`, 200},
		{"the shortest timeout", `{"name":"Lunch","agentTimeout":30}`, 200},
		{"the longest", `{"name":"Lunch","agentTimeout":720}`, 200},
		{"shorter", `{"name":"Lunch","agentTimeout":29}`, 400},
		{"longer", `{"name":"Lunch","agentTimeout":721}`, 400},
		{"zero is not documented", `{"name":"Lunch","agentTimeout":0}`, 400},
		{"no name", `{"agentTimeout":60}`, 400},
		{"a blank name", `{"name":"  "}`, 400},
		{"a name in use", `{"name":"Break"}`, 409},
		{"in another case", `{"name":"BREAK"}`, 409},
		{"not JSON", `name=Lunch`, 400},
		{"nothing", ``, 400},
		{"a timeout that is text", `{"name":"Lunch","agentTimeout":"60m"}`, 400},
	}
	for _, tc := range cases {
		c := newClient(t, Options{})
		a := c.do("POST", "~/unavailable-codes", "text/plain;charset=UTF-8", tc.body)
		if a.status != tc.status {
			t.Errorf("%s: %d, want %d: %s", tc.why, a.status, tc.status, a.raw)
		}
		switch {
		case a.status == 400 && (a.text("error") != "invalid_request" || a.header.Get(reasonHeader) == ""):
			t.Errorf("%s: a 400 has a body and the header: %s", tc.why, a.raw)
		case a.status == 409 && (a.raw != "" || a.header.Get(reasonHeader) == ""):
			t.Errorf("%s: a 409 has the header alone: %q", tc.why, a.raw)
		}
		if made := len(c.tenant.Codes()) - 4; made != map[bool]int{true: 1, false: 0}[tc.status == 200] {
			t.Errorf("%s: %d codes made", tc.why, made)
		}
	}
}

func TestCodeLife(t *testing.T) {
	c := newClient(t, Options{})
	id := c.post("~/unavailable-codes", map[string]any{"name": "Lunch", "notes": "noon"}).want(200).number("id")
	at := fmt.Sprintf("~/unavailable-codes/%d", id)
	c.put(at, map[string]any{"name": "Late lunch", "agentTimeout": 45}).want(200)
	c.put(at, map[string]any{"name": "Break"}).want(409)
	c.put(at, map[string]any{}).want(400)
	c.patch(at+"/status?isActive=false", nil).want(204)
	c.patch(at+"/status", nil).want(400)
	got := c.get(at).want(200).at("unavailableCode")
	want := map[string]any{"id": float64(id), "name": "Late lunch", "isActive": false, "isACW": false, "agentTimeout": 45.0, "notes": "noon"}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	inactive := c.get("~/unavailable-codes?isActive=false").want(200)
	if diff := cmp.Diff([]string{"Old Project", "Late lunch"}, inactive.column("unavailableCodes", "name")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if _, shown := inactive.at("unavailableCodes", 0).(map[string]any)["notes"]; shown {
		t.Error("the list does not show notes")
	}
}

func TestTeamsOfCode(t *testing.T) {
	c := newClient(t, Options{})
	id := c.post("~/unavailable-codes", map[string]any{"name": "Lunch"}).want(200).number("id")
	at := fmt.Sprintf("~/unavailable-codes/%d/teams", id)
	support, sales := c.teamID("Support"), c.teamID("Sales")
	teams := func() []string {
		for _, held := range c.tenant.Codes() {
			if held.ID == id {
				return held.Teams
			}
		}
		return nil
	}
	expect := func(why string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, teams()); diff != "" {
			t.Errorf("%s: -want +got\n%s", why, diff)
		}
	}
	c.get(at).want(204)
	a := c.post(at, map[string]any{"teams": []row{{"id": strconv.Itoa(support)}, {"id": 999}}}).want(200)
	if a.number("assignedTeams", 0, "teamId") != support || a.text("invalidTeams", 0, "teamId") != "999" {
		t.Errorf("per-team results: %s", a.raw)
	}
	expect("the good team is assigned, the bad one is not", "Support")
	c.put(at, map[string]any{"teams": []row{{"teamId": sales}, {"teamId": 999}}}).want(400)
	expect("replacing is all or nothing", "Support")
	c.put(at, map[string]any{"teams": []row{{"teamId": sales}}}).want(200)
	expect("replacing takes the others off", "Sales")
	c.post(at+"?addAll=true", nil).want(200)
	expect("addAll", "Support", "Sales", "Billing", "Retention", "Supervisors")
	a = c.delete(at, map[string]any{"teams": []row{{"id": support}}}).want(200)
	if a.number("unassignedTeams", 0, "teamId") != support {
		t.Errorf("unassignedTeams: %s", a.raw)
	}
	if got := c.get(at+"/unassigned").want(200).column("teams", "name"); !cmp.Equal(got, []string{"Support"}) {
		t.Errorf("unassigned %v", got)
	}
	c.delete(at+"?removeAll=true", nil).want(200)
	expect("removeAll")
	c.post(at, nil).want(400)
	c.post("~/unavailable-codes/999/teams", nil).want(404)
}

func TestCodesOfTeamSpellings(t *testing.T) {
	cases := []struct {
		why    string
		quirks Quirks
		path   []any
		id     string
	}{
		{"NICE's own client reads outStateId", Quirks{}, []any{"unavailableCodes"}, "outStateId"},
		{"the v34 description says outstateId", Quirks{LowerOutstate: true}, []any{"unavailableCodes"}, "outstateId"},
		{"older versions wrap", Quirks{ResultSet: true}, []any{"resultSet", "unavailableCodes"}, "outStateId"},
	}
	for _, tc := range cases {
		c := newClient(t, Options{Quirks: tc.quirks})
		a := c.get(fmt.Sprintf("~/teams/%d/unavailable-codes", c.teamID("Support"))).want(200)
		if got := a.number(append(tc.path, 0, tc.id)...); got != c.codeID("Unavailable") {
			t.Errorf("%s: %s %d", tc.why, tc.id, got)
		}
		for _, name := range []string{"isActive", "isAcw", "agentTimeoutMins"} {
			a.text(append(tc.path, 0, name)...)
		}
	}
}

func TestCodesOfTeam(t *testing.T) {
	c := newClient(t, Options{})
	at := fmt.Sprintf("~/teams/%d/unavailable-codes", c.teamID("Support"))
	brk, old := c.codeID("Break"), c.codeID("Old Project")
	names := func(query string) []string {
		return c.get(at+query).want(200).column("unavailableCodes", "outStateName")
	}

	a := c.post(at, map[string]any{"codes": []row{{"outstateId": old}, {"outstateId": 999}}}).want(200)
	if a.number("resultSet", "errorCount") != 1 || a.text("resultSet", "codeResults", 1, "success") != "false" {
		t.Errorf("rows fail one by one, inside resultSet: %s", a.raw)
	}
	if diff := cmp.Diff([]string{"Unavailable", "Break", "Wrap Up", "Old Project"}, names("?activityOnly=true")); diff != "" {
		t.Errorf("a misspelt activeOnly is ignored: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Unavailable", "Break", "Wrap Up"}, names("?activeOnly=true")); diff != "" {
		t.Errorf("activeOnly: -want +got\n%s", diff)
	}
	a = c.put(at, map[string]any{"unavailableCodes": []row{{"outStateId": strconv.Itoa(brk)}}}).want(200)
	if diff := cmp.Diff([]string{"Break"}, names("")); diff != "" || a.number("errorCount") != 0 {
		t.Errorf("PUT replaces: %s -want +got\n%s", a.raw, diff)
	}
	c.delete(at, map[string]any{"codes": []row{{"outstateId": brk}}}).want(200)
	if got := names(""); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	c.put(at, map[string]any{}).want(400)
}

func TestSetState(t *testing.T) {
	c := newClient(t, Options{})
	brk, wrap, old := c.codeID("Break"), c.codeID("Wrap Up"), c.codeID("Old Project")
	cases := []struct {
		why, state, code string // where the agent is
		query, body      string // what is asked
		status           int
		want             string
	}{
		{"the current form", "Available", "", fmt.Sprintf("?state=Unavailable&outStateId=%d", brk), "", 202, "Unavailable Break"},
		{"the older form", "Available", "", "", fmt.Sprintf(`{"state":"Unavailable","outStateId":%d}`, brk), 202, "Unavailable Break"},
		{"back", "Unavailable", "Break", "?state=Available", "", 202, "Available "},
		{"nobody is logged in by it", "LoggedOut", "", "?state=Available", "", 404, "LoggedOut "},
		{"a contact state cannot be set", "Available", "", "?state=InboundContact", "", 400, "Available "},
		{"nothing asked", "Available", "", "", "", 400, "Available "},
		{"an unknown code", "Available", "", "?state=Unavailable&outStateId=999", "", 400, "Available "},
		{"an inactive code", "Available", "", fmt.Sprintf("?state=Unavailable&outStateId=%d", old), "", 400, "Available "},
		{"an ACW code without a contact", "Available", "", fmt.Sprintf("?state=Unavailable&outStateId=%d", wrap), "", 409, "Available "},
		{"during a contact it is queued", "InboundContact", "", fmt.Sprintf("?state=Unavailable&outStateId=%d", brk), "", 202, "InboundContact "},
		{"an ACW code during a contact", "InboundContact", "", fmt.Sprintf("?state=Unavailable&outStateId=%d", wrap), "", 202, "InboundContact "},
	}
	agent := c.get("~/agents?searchString="+ana).want(200).text("agents", 0, "agentId")
	now := func() string {
		a := c.get("~/agents/" + agent + "/states").want(200)
		return a.text("agentStates", 0, "agentStateName") + " " + a.text("agentStates", 0, "outStateDescription")
	}
	for _, tc := range cases {
		if err := c.tenant.SetPresence(ana, tc.state, tc.code); err != nil {
			t.Fatal(err)
		}
		a := c.do("POST", "~/agents/"+agent+"/state"+tc.query, "application/json", tc.body)
		if a.status != tc.status || now() != tc.want {
			t.Errorf("%s: %d and %q, want %d and %q: %s", tc.why, a.status, now(), tc.status, tc.want, a.reason())
		}
	}
	// What was asked during the contact happens when it ends.
	if err := c.tenant.SetPresence(ana, "Available", ""); err != nil {
		t.Fatal(err)
	}
	if got := now(); got != "Unavailable Wrap Up" {
		t.Errorf("after the contact: %s", got)
	}
	c.post("~/agents/"+agent+"/logout", nil).want(202)
	c.post("~/agents/"+agent+"/logout", nil).want(404)
	c.post("~/agents/999/state?state=Available", nil).want(404)
}

// A client that polls with the server's cursor misses nothing and sees nothing
// twice, even while the clock stands still.
func TestStatePolling(t *testing.T) {
	for _, idle := range []int{http.StatusNoContent, http.StatusNotModified} {
		c := newClient(t, Options{Quirks: Quirks{IdleNotModified: idle == http.StatusNotModified}})
		poll := func(cursor string) *answer {
			return c.get("~/agents/states?top=1000&updatedSince=" + url.QueryEscape(cursor))
		}
		all := poll("1970-01-01T00:00:00.000Z").want(200)
		if all.number("totalRecords") < 38 {
			t.Errorf("the first poll shows everybody: %d", all.number("totalRecords"))
		}
		cursor := all.text("lastPollTime")
		poll(cursor).want(idle)
		for range 3 {
			if err := c.tenant.SetPresence(ana, "Available", ""); err != nil {
				t.Fatal(err)
			}
			a := poll(cursor).want(200)
			if diff := cmp.Diff([]string{ana}, a.column("agentStates", "userName")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			cursor = a.text("lastPollTime")
			poll(cursor).want(idle)
		}
		c.clock.advance(time.Minute)
		poll(cursor).want(idle)
	}
}

func TestLoggedOutQuirk(t *testing.T) {
	c := newClient(t, Options{Quirks: Quirks{LoggedOutConflict: true}})
	agent := c.get("~/agents?searchString="+ana).want(200).text("agents", 0, "agentId")
	c.post("~/agents/"+agent+"/state?state=Available", nil).want(409)
}

func TestStateCatalogue(t *testing.T) {
	c := newClient(t, Options{})
	a := c.get("~/agents-states").want(200)
	if a.text("agentStates", 8, "agentStateName") != "LoggedIn" || a.number("agentStates", 7, "agentStateId") != 7 {
		t.Errorf("catalogue: %s", a.raw)
	}
}

func TestPermissionOnCodes(t *testing.T) {
	c := newClient(t, Options{})
	c.tenant.Deny(PermissionUnavailableCodes, true)
	c.post("~/unavailable-codes", map[string]any{"name": "Lunch"}).want(403)
	c.get("~/unavailable-codes").want(200)
	c.tenant.Deny(PermissionUnavailableCodes, false)
	c.post("~/unavailable-codes", map[string]any{"name": "Lunch"}).want(200)
}

func TestBodyTooLarge(t *testing.T) {
	c := newClient(t, Options{})
	a := c.post("~/unavailable-codes", `{"name":"`+strings.Repeat("x", maxBody)+`"}`).want(413)
	if a.reason() == "" {
		t.Error("no reason")
	}
}
