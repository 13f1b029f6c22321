package salesforce_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// Rules that belong to one sObject, one after the other on one org: each step
// says what it got.
func TestRecordRules(t *testing.T) {
	d := newDesk(t, func(a *tenant.Tenant) {
		a.Salesforce.ConnectedApps = []tenant.App{{Name: "Old", Label: "Old", ConsumerKey: "oldkey00", ConsumerSecret: "oldsecret"}}
	})
	profile := d.id(`SELECT Id FROM Profile WHERE Name = 'Standard User'`)
	owned := d.id(`SELECT Id FROM PermissionSet WHERE ProfileId = '` + profile + `'`)
	packaged := d.id(`SELECT Id FROM PermissionSet WHERE Name = 'CXone_Agent'`)
	own := d.id(`SELECT Id FROM PermissionSet WHERE Name = 'Presence_Access'`)
	status := d.id(`SELECT Id FROM ServicePresenceStatus WHERE DeveloperName = 'Away'`)
	access := d.query(`SELECT Id FROM SetupEntityAccess LIMIT 1`)[0]["Id"].(string)
	app := d.id(`SELECT Id FROM ConnectedApplication WHERE Name = 'Old'`)
	user := map[string]any{"Username": "new@acme.example", "Email": "new@acme.example", "FirstName": "New", "LastName": "Hand", "ProfileId": profile}

	steps := []struct {
		method, path string
		body         map[string]any
		want, reason string
	}{
		{"POST", "User", user, "201", "a user"},
		{"POST", "User", user, "400 DUPLICATE_USERNAME", "user names are unique"},
		{"POST", "PermissionSet", map[string]any{"Name": "Mine", "Label": "Mine"}, "201", "a permission set"},
		{"POST", "PermissionSet", map[string]any{"Name": "mine", "Label": "Mine"}, "400 DUPLICATE_DEVELOPER_NAME", "unique, whatever the case"},
		{"PATCH", "PermissionSet/" + own, map[string]any{"Label": "Ours"}, "204", "the label may change"},
		{"PATCH", "PermissionSet/" + own, map[string]any{"Name": "Mine"}, "400 DUPLICATE_DEVELOPER_NAME", "not to a name that is taken"},
		{"DELETE", "PermissionSet/" + owned, nil, "403 INSUFFICIENT_ACCESS_OR_READONLY", "a profile owns it"},
		{"DELETE", "PermissionSet/" + packaged, nil, "403 INSUFFICIENT_ACCESS_OR_READONLY", "a package owns it"},
		{"PATCH", "Profile/" + profile, map[string]any{"Name": "x"}, "400 INVALID_TYPE_FOR_OPERATION", "profiles are the Metadata API's"},
		{"PATCH", "ServicePresenceStatus/" + status, map[string]any{"MasterLabel": "Out"}, "204", "a label may change"},
		{"PATCH", "ServicePresenceStatus/" + status, map[string]any{"DeveloperName": "Available_Cases"}, "400 DUPLICATE_DEVELOPER_NAME", "not to a name that is taken"},
		{"POST", "SetupEntityAccess", map[string]any{"ParentId": own, "SetupEntityId": status}, "400 FIELD_INTEGRITY_EXCEPTION", "presence access is the Metadata API's"},
		{"POST", "SetupEntityAccess", map[string]any{"ParentId": own, "SetupEntityId": app}, "201", "an app's access is a record"},
		{"DELETE", "SetupEntityAccess/" + access, nil, "403 INSUFFICIENT_ACCESS_OR_READONLY", "presence access again"},
		{"POST", "PermissionSetAssignment", map[string]any{"AssigneeId": "0055g0000000001", "PermissionSetId": owned}, "400 INVALID_CROSS_REFERENCE_KEY", "nobody has this Id"},
		{"PATCH", "StreamingChannel/0M65g0000009999", map[string]any{"Description": "x"}, "404 NOT_FOUND", "nothing to change"},
	}
	for _, step := range steps {
		var body any
		if step.body != nil {
			body = step.body
		}
		if diff := cmp.Diff(step.want, code(d.do(step.method, v67+"/sobjects/"+step.path, body))); diff != "" {
			t.Errorf("%s %s: %s: -want +got:\n%s", step.method, step.path, step.reason, diff)
		}
	}
	if got := d.query(`SELECT Name, IsActive, LastModifiedBy.Username FROM User WHERE Username = 'new@acme.example'`)[0]; got["Name"] != "New Hand" || got["IsActive"] != true ||
		got["LastModifiedBy"].(map[string]any)["Username"] != tenant.AcmeIntegration {
		t.Errorf("the new user: %v", got)
	}
}

func TestUpdateMany(t *testing.T) {
	d := newDesk(t, nil)
	record := func(id string, active any) map[string]any {
		return map[string]any{"attributes": map[string]string{"type": "User"}, "id": id, "IsActive": active}
	}
	ana := d.id(`SELECT Id FROM User WHERE Username = 'ana.lopez@acme.example'`)
	status, body := d.do(http.MethodPatch, v67+"/composite/sobjects", map[string]any{"records": []any{record(ana, false), record("0055g0000009999", true), record(ana, "yes")}})
	if got := results(status, body); got != "true,NOT_FOUND,JSON_PARSER_ERROR" {
		t.Error(got)
	}
	if got := d.query(`SELECT Id FROM User WHERE Id = '` + ana[:15] + `' AND IsActive = false`); len(got) != 1 {
		t.Errorf("found %d, want the one that was changed", len(got))
	}
}

func TestObjectLists(t *testing.T) {
	d := newDesk(t, nil)
	for api, want := range map[string]map[string]bool{
		"":         {"User": true, "UserServicePresence": true, "PlatformEventChannel": false, "OAuthConsumer": false},
		"/tooling": {"User": false, "ServicePresenceStatus": true, "InstalledSubscriberPackage": true, "MetadataComponent": false},
	} {
		_, body := d.do(http.MethodGet, v67+api+"/sobjects/", nil)
		shown := map[string]bool{}
		for _, o := range body.(map[string]any)["sobjects"].([]any) {
			shown[o.(map[string]any)["name"].(string)] = true
		}
		for name, there := range want {
			if shown[name] != there {
				t.Errorf("%q: %s is shown: %t, want %t", api, name, shown[name], there)
			}
		}
	}
	if status, body := d.do(http.MethodGet, v67+"/sobjects/User", nil); status != http.StatusOK || body.(map[string]any)["objectDescribe"] == nil {
		t.Errorf("%d %v", status, body)
	}
	if status, body := d.do(http.MethodGet, v67, nil); status != http.StatusOK || body.(map[string]any)["query"] != v67+"/query" {
		t.Errorf("%d %v", status, body)
	}
}
