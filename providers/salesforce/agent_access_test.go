package salesforce_test

import (
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

func agents(t *testing.T, users ...string) *schema.Object {
	return declare(t, "agent_access", "support", values{"users": schema.Strings(users...)})
}

func TestAgentAccess(t *testing.T) { synctest.Test(t, testAgentAccess) }

func testAgentAccess(t *testing.T) {
	o := acme(t, nil)
	// Greg has the permission set but no licence; no.cxone has neither.
	o.apply(wanted(agents(t, "ana.lopez@acme.example", "greg.evans@acme.example", "no.cxone@acme.example")))
}

func TestAgentAccessExclusive(t *testing.T) { synctest.Test(t, testAgentAccessExclusive) }

func testAgentAccessExclusive(t *testing.T) {
	o := acme(t, nil)
	only := declare(t, "agent_access", "support", values{"users": schema.Strings("ana.lopez@acme.example"), "exclusive": schema.Bool(true)})
	o.apply(wanted(only))
}

func TestAgentAccessThroughGroups(t *testing.T) { synctest.Test(t, testAgentAccessThroughGroups) }

// Whoever has the permission set through a group counts as having it, and an
// exclusive list does not take the group away.
func testAgentAccessThroughGroups(t *testing.T) {
	o := acme(t, nil)
	user := recordOf(o, "User", "Username", "ben.okafor@acme.example")["Id"]
	row := assignmentOf(t, o, user)
	if err := o.handler.Edit("PermissionSetAssignment", "Id", row, map[string]any{"PermissionSetGroupId": "0PG000000000001AAA"}); err != nil {
		t.Fatal(err)
	}
	o.settled(wanted(agents(t, "ben.okafor@acme.example")))
	o.apply(wanted(declare(t, "agent_access", "support", values{"users": schema.Strings("ana.lopez@acme.example"), "exclusive": schema.Bool(true)})))
	if assignmentOf(t, o, user) != row {
		t.Error("the group was taken away")
	}
}

func recordOf(o *org, sobject, field, value string) map[string]any {
	for _, r := range o.handler.Records(sobject) {
		if r[field] == value {
			return r
		}
	}
	return nil
}

// assignmentOf returns the Id of a user's assignment of CXone Agent.
func assignmentOf(t *testing.T, o *org, user any) string {
	t.Helper()
	set := recordOf(o, "PermissionSet", "Label", "CXone Agent")["Id"]
	for _, r := range o.handler.Records("PermissionSetAssignment") {
		if r["AssigneeId"] == user && r["PermissionSetId"] == set {
			return r["Id"].(string)
		}
	}
	t.Fatal("no assignment")
	return ""
}

func TestAgentAccessRefused(t *testing.T) { synctest.Test(t, testAgentAccessRefused) }

func testAgentAccessRefused(t *testing.T) {
	o := acme(t, nil)
	o.refused(wanted(agents(t, "nobody@acme.example")), "User that cannot be told", "No user")
	o.refused(wanted(agents(t, "old.hand@acme.example")), "User that cannot be told", "not active")
	named := agents(t, "ana.lopez@acme.example")
	named.Set("package", schema.String("CXone Agent"))
	o.refused(wanted(named), "Package that is not installed")
	set := agents(t, "ana.lopez@acme.example")
	set.Set("permission_set", schema.String("CXone Agnt"))
	o.refused(wanted(set), "Permission set that does not exist", `Did you mean "CXone Agent"?`)

	first, second := agents(t, "ana.lopez@acme.example"), declare(t, "agent_access", "rest", values{"users": schema.Strings("ben.okafor@acme.example"), "exclusive": schema.Bool(true)})
	o.refused(wanted(first, second), "Exclusive list beside another")

	full := acme(t, func(s *tenant.Tenant) { s.Salesforce.Packages[0].Allowed = 1 })
	full.refused(wanted(agents(t, "no.cxone@acme.example")), "Not enough package licences", "1 of the listed users")
}
