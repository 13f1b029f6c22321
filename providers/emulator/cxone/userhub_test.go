package cxone

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestUsers(t *testing.T) {
	c := newClient(t, Options{})
	all := len(c.get("/user-management/v1/users").want(200).list("users"))
	deleted := c.get("/user-management/v1/users?includeDeleted=true").want(200)
	if len(deleted.list("users")) != all+1 {
		t.Errorf("one user more when deleted ones are included: %d and %d", all, len(deleted.list("users")))
	}
	if got := c.get("/user-management/v1/users?fullNameContains=ana+lo").want(200).column("users", "userName"); !cmp.Equal(got, []string{ana}) {
		t.Errorf("by name: %v", got)
	}
	a := c.get("/user-management/v3/users/nobody").want(404)
	if a.text("code") == "" || a.text("details") == "" {
		t.Errorf("UserHub's refusal: %s", a.raw)
	}
}

func TestUserSearch(t *testing.T) {
	c := newClient(t, Options{})
	cases := []struct {
		why  string
		body row
		want []string
	}{
		{"one value", row{"filter": row{"userName": ana}}, []string{ana}},
		{"a list of values", row{"filter": row{"userName": []string{strings.ToUpper(ana), "nobody"}}}, []string{ana}},
		{"an object of values, as the description types it", row{"filter": row{"userName": row{"value": ana}}}, []string{ana}},
		{"like", row{"filter": row{"userName": []string{"sup."}}, "operations": row{"userName": "LIKE"}}, []string{"sup.one@acme.example", "sup.two@acme.example"}},
		{"ordered, cut and skipped", row{"filter": row{"userName": "sup."}, "operations": row{"userName": "LIKE"}, "orderBy": row{"userName": "DESC"}, "skip": 1, "top": 1}, []string{"sup.one@acme.example"}},
		{"not", row{"filter": row{"status": "ACTIVE"}, "operations": row{"status": "NOT"}}, []string{"old.hand@acme.example"}},
	}
	for _, tc := range cases {
		a := c.post("/user-management/v2/users/search", tc.body).want(200)
		if diff := cmp.Diff(tc.want, a.column("users", "userName")); diff != "" {
			t.Errorf("%s: -want +got\n%s", tc.why, diff)
		}
	}
}

func TestHubTeams(t *testing.T) {
	c := newClient(t, Options{})
	a := c.post("/user-management/v4/teams/search", row{"filter": row{"name": []string{"Support"}}}).want(200)
	if a.number("totalRecords") != 1 || a.text("teams", 0, "unavailableCodes", 1, "outStateName") != "Break" {
		t.Errorf("a team with its codes: %s", a.raw)
	}
	one := c.get("/user-management/v3/teams/" + a.text("teams", 0, "id")).want(200)
	if one.text("team", "name") != "Support" {
		t.Errorf("team: %s", one.raw)
	}
	if n := len(c.get("/user-management/v3/teams").want(200).list("teams")); n != 5 {
		t.Errorf("%d teams", n)
	}
}

func TestAccessKeys(t *testing.T) {
	c := newClient(t, Options{})
	const at = "/access-key-management/v1/access-keys"
	user := c.userID(ana)
	made := c.post(at, row{"userId": user, "tenantId": tenant.AcmeTenantID}).want(200)
	id, secret := made.text("resultSet", "accessKeyId"), made.text("resultSet", "accessKeySecret")
	if !strings.HasSuffix(id, "=") {
		t.Errorf("a key has padding: %s", id)
	}
	for _, a := range []*answer{c.get(at + "/" + id), c.get(at + "?userId=" + user)} {
		if strings.Contains(a.want(200).raw, secret) {
			t.Errorf("the secret is shown once: %s", a.what)
		}
	}
	signIn := func() *answer {
		return c.post("/authentication/v1/token/access-key", row{"accessKeyId": id, "accessKeySecret": secret})
	}
	signIn().want(200)
	c.patch(at+"?accessKeyId="+strings.ReplaceAll(id, "=", "%3D"), row{"isActive": false}).want(200)
	signIn().want(401)
	c.patch(at+"?accessKeyId="+id, row{}).want(400)
	c.delete(at+"/"+id, nil).want(204)
	c.get(at + "/" + id).want(404)
	c.post(at, row{"userId": "nobody"}).want(400)
	c.post(at, row{"userId": user, "tenantId": "another"}).want(400)
	c.tenant.Deny(PermissionAccessKey, true)
	c.get(at).want(403)
}
