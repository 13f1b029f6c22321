package salesforce_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestRefusals(t *testing.T) {
	d := newDesk(t, nil)
	tests := map[string]struct {
		method, path string
		body         any
		want, reason string
	}{
		"Retired":      {"GET", "/services/data/v30.0/limits", nil, "410 UNSUPPORTED_API_VERSION", "gone since Summer '25"},
		"Preview":      {"GET", "/services/data/v68.0/limits", nil, "404 NOT_FOUND", "in preview, not here"},
		"NoVersion":    {"GET", "/services/data/latest/limits", nil, "404 NOT_FOUND", "there is no such alias"},
		"Nothing":      {"GET", v67 + "/nothing", nil, "404 NOT_FOUND", "no such resource"},
		"Object":       {"GET", v67 + "/sobjects/Nothing/describe", nil, "404 NOT_FOUND", "404 where SOQL says 400"},
		"Record":       {"GET", v67 + "/sobjects/User/0055g0000000000AAA", nil, "404 NOT_FOUND", "no such record"},
		"DeleteStatus": {"DELETE", v67 + "/sobjects/ServicePresenceStatus/0N55g0000000000", nil, "400 INVALID_TYPE_FOR_OPERATION", "no delete is documented"},
		"SetPresence":  {"POST", v67 + "/sobjects/UserServicePresence", map[string]any{}, "400 INVALID_TYPE_FOR_OPERATION", "presence cannot be set from a server"},
		"Missing":      {"POST", v67 + "/sobjects/ServicePresenceStatus", map[string]any{"MasterLabel": "x"}, "400 REQUIRED_FIELD_MISSING", "a developer name is required"},
		"BadName":      {"POST", v67 + "/sobjects/ServicePresenceStatus", map[string]any{"MasterLabel": "x", "DeveloperName": "a__b"}, "400 INVALID_INPUT", "no double underscore"},
		"LongLabel":    {"POST", v67 + "/sobjects/ServicePresenceStatus", map[string]any{"MasterLabel": strings.Repeat("x", 81), "DeveloperName": "a"}, "400 STRING_TOO_LONG", "80 characters"},
		"Twice":        {"POST", v67 + "/sobjects/ServicePresenceStatus", map[string]any{"MasterLabel": "x", "DeveloperName": "AWAY"}, "400 DUPLICATE_DEVELOPER_NAME", "unique, whatever the case"},
		"Column":       {"POST", v67 + "/sobjects/StreamingChannel", map[string]any{"Name": "/u/a", "Colour": 1}, "400 INVALID_FIELD", "no such column"},
		"ReadOnly":     {"POST", v67 + "/sobjects/StreamingChannel", map[string]any{"Name": "/u/a", "CreatedDate": "2026-01-01T00:00:00Z"}, "400 INVALID_FIELD_FOR_INSERT_UPDATE", "the system writes that"},
		"Type":         {"POST", v67 + "/sobjects/StreamingChannel", map[string]any{"Name": 7}, "400 JSON_PARSER_ERROR", "a text is a text"},
		"ChannelName":  {"POST", v67 + "/sobjects/StreamingChannel", map[string]any{"Name": "mine"}, "400 INVALID_FIELD", "generic channels begin with /u/"},
		"Reference":    {"POST", v67 + "/sobjects/PermissionSetAssignment", map[string]any{"AssigneeId": "0055g0000009999", "PermissionSetId": "0PS5g0000009999"}, "400 INVALID_CROSS_REFERENCE_KEY", "to nothing"},
		"NotAnId":      {"POST", v67 + "/sobjects/PermissionSetAssignment", map[string]any{"AssigneeId": "ana", "PermissionSetId": "x"}, "400 MALFORMED_ID", "Ids have a shape"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d.t = t
			if diff := cmp.Diff(tc.want, code(d.do(tc.method, tc.path, tc.body))); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAssignments(t *testing.T) {
	d := newDesk(t, nil)
	user := d.id(`SELECT Id FROM User WHERE Username = 'no.cxone@acme.example'`)
	set := d.id(`SELECT Id FROM PermissionSet WHERE Name = 'CXone_Agent'`)
	licence := d.id(`SELECT Id FROM PackageLicense WHERE NamespacePrefix = 'icAgentConsole'`)
	used := func() any {
		return d.query(`SELECT UsedLicenses FROM PackageLicense`)[0]["UsedLicenses"]
	}
	before := used().(float64)
	assign := map[string]any{"AssigneeId": user[:15], "PermissionSetId": set}
	give := map[string]any{"UserId": user, "PackageLicenseId": licence[:15]}
	var got []string
	for _, step := range []struct {
		path string
		body map[string]any
	}{{"PermissionSetAssignment", assign}, {"PermissionSetAssignment", assign}, {"UserPackageLicense", give}, {"UserPackageLicense", give}} {
		got = append(got, code(d.do(http.MethodPost, v67+"/sobjects/"+step.path, step.body)))
	}
	if diff := cmp.Diff([]string{"201", "400 DUPLICATE_VALUE", "201", "400 DUPLICATE_VALUE"}, got); diff != "" {
		t.Error("each can be given once, by either form of Id: -want +got:\n" + diff)
	}
	if used().(float64) != before+1 {
		t.Errorf("licences used: %v, want one more than %v", used(), before)
	}
	id := d.id(`SELECT Id FROM UserPackageLicense WHERE UserId = '` + user + `'`)
	if status, _ := d.do(http.MethodDelete, v67+"/sobjects/UserPackageLicense/"+id, nil); status != http.StatusNoContent || used().(float64) != before {
		t.Errorf("taken back: %d, used %v", status, used())
	}
}

func TestLicencesRunOut(t *testing.T) {
	d := newDesk(t, func(a *tenant.Tenant) {
		for i := range a.Agents {
			a.Agents[i].PackageLicence = false
		}
		a.Salesforce.Packages[0].Allowed = 1
	})
	licence := d.id(`SELECT Id FROM PackageLicense`)
	var got []string
	for _, name := range []string{"ana.lopez@acme.example", "ben.okafor@acme.example"} {
		user := d.id(`SELECT Id FROM User WHERE Username = '` + name + `'`)
		got = append(got, code(d.do(http.MethodPost, v67+"/sobjects/UserPackageLicense", map[string]any{"UserId": user, "PackageLicenseId": licence})))
	}
	if diff := cmp.Diff([]string{"201", "400 LICENSE_LIMIT_EXCEEDED"}, got); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
}

func TestPermissions(t *testing.T) {
	d := newDesk(t, nil)
	const names = v67 + "/query?q=SELECT+DeveloperName+FROM+ServicePresenceStatus"
	d.org.Deny("ViewDeveloperName")
	if got := code(d.do(http.MethodGet, names, nil)); got != "200" {
		t.Errorf("View Setup is enough: %s", got)
	}
	d.org.Deny("ViewSetup", "AssignPermissionSets")
	want := []string{"400 INVALID_FIELD", "400 INVALID_TYPE", "403 INSUFFICIENT_ACCESS_OR_READONLY"}
	got := []string{
		code(d.do(http.MethodGet, names, nil)),
		code(d.do(http.MethodGet, v67+"/query?q=SELECT+Id+FROM+SetupEntityAccess", nil)),
		code(d.do(http.MethodPost, v67+"/sobjects/PermissionSetAssignment", map[string]any{
			"AssigneeId": d.id(`SELECT Id FROM User WHERE Username = 'no.cxone@acme.example'`), "PermissionSetId": d.id(`SELECT Id FROM PermissionSet WHERE Name = 'CXone_Agent'`),
		})),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("what a poor user may not do: -want +got:\n" + diff)
	}
}

func TestOmniDisabled(t *testing.T) {
	d := newDesk(t, func(a *tenant.Tenant) {
		a.Salesforce.OmniDisabled, a.Salesforce.Statuses, a.Salesforce.Channels = true, nil, nil
	})
	got := []string{
		code(d.do(http.MethodGet, v67+"/query?q=SELECT+Id+FROM+ServicePresenceStatus", nil)),
		code(d.do(http.MethodGet, v67+"/sobjects/ServicePresenceStatus/describe", nil)),
	}
	if diff := cmp.Diff([]string{"400 INVALID_TYPE", "404 NOT_FOUND"}, got); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
}

// Clients from before API 64.0 do not see who may use which status.
func TestAccessBefore64(t *testing.T) {
	d := newDesk(t, nil)
	for version, want := range map[string]float64{"v63.0": 0, "v64.0": 3} {
		_, body := d.do(http.MethodGet, "/services/data/"+version+"/query/?q=SELECT+COUNT()+FROM+SetupEntityAccess", nil)
		if got := body.(map[string]any)["totalSize"]; got != want {
			t.Errorf("%s: %v access rows, want %v", version, got, want)
		}
	}
}

func TestPages(t *testing.T) {
	d := newDesk(t, func(a *tenant.Tenant) {
		for i := range 4500 {
			a.Agents = append(a.Agents, tenant.Agent{Email: fmt.Sprintf("many.%d@acme.example", i), FirstName: "Many", LastName: fmt.Sprint(i), Profile: "Standard User"})
		}
	})
	for batch, want := range map[string][]int{"": {2000, 2000, 500}, "batchSize=9000": {2000, 2000, 500}, "batchSize=1": {200, 200, 200}} {
		var got []int
		next := v67 + "/query?q=" + url.QueryEscape("SELECT Id, Username FROM User WHERE FirstName = 'Many'")
		for next != "" && len(got) < 3 {
			_, body := d.do(http.MethodGet, next, nil, "Sforce-Query-Options", batch)
			page := body.(map[string]any)
			got = append(got, len(page["records"].([]any)))
			next, _ = page["nextRecordsUrl"].(string)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got:\n%s", batch, diff)
		}
	}
	if got := code(d.do(http.MethodGet, v67+"/query/01g5g0000000000AAA-2000", nil)); got != "400 INVALID_QUERY_LOCATOR" {
		t.Errorf("a locator of nobody: %s", got)
	}
}

func TestHeadersAndColumns(t *testing.T) {
	d := newDesk(t, func(a *tenant.Tenant) { a.Salesforce.DailyAPIRequests = 3 })
	w := d.raw(http.MethodGet, v67+"/query/?q=SELECT+Id,Profile.Name+FROM+User&columns=true", nil, "Authorization", "OAuth "+d.token)
	for _, part := range []string{`"columnMetadata"`, `"entityName":"User"`, `"groupBy":false`, `"idSelected":true`, `"keyPrefix":"005"`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("columns: no %s in %s", part, w.Body)
		}
	}
	if got := w.Header().Get("Sforce-Limit-Info"); got != "api-usage=1/3" {
		t.Errorf("usage: %q", got)
	}
	var got []string
	for range 3 {
		got = append(got, code(d.do(http.MethodGet, v67+"/limits", nil)))
	}
	if diff := cmp.Diff([]string{"200", "200", "403 REQUEST_LIMIT_EXCEEDED"}, got); diff != "" {
		t.Error("the allocation is three: -want +got:\n" + diff)
	}
}

func TestVersionsNeedNoSignIn(t *testing.T) {
	d := newDesk(t, nil)
	d.token = ""
	status, body := d.do(http.MethodGet, "//services/data/", nil)
	list := body.([]any)
	want := map[string]any{"label": "Summer '26", "url": v67, "version": "67.0"}
	if diff := cmp.Diff(want, list[len(list)-1]); status != http.StatusOK || diff != "" {
		t.Errorf("%d: -want +got:\n%s", status, diff)
	}
}

func TestDescribe(t *testing.T) {
	d := newDesk(t, nil)
	_, body := d.do(http.MethodGet, v67+"/sobjects/ServicePresenceStatus/describe/", nil)
	about := body.(map[string]any)
	var children []string
	for _, c := range about["childRelationships"].([]any) {
		children = append(children, fmt.Sprint(c.(map[string]any)["relationshipName"]))
	}
	if diff := cmp.Diff([]string{"ServiceChannelStatuses", "SetupEntityAccessItems", "UserServicePresences"}, children); diff != "" || about["deletable"] != false || about["createable"] != true {
		t.Errorf("%v: -want +got:\n%s", about["deletable"], diff)
	}
}
