package salesforce_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func access(t *testing.T, kind, name string, statuses schema.List) *schema.Object {
	return declare(t, kind, name, values{"statuses": statuses})
}

func TestProfileAccessLife(t *testing.T) { synctest.Test(t, testProfileAccessLife) }

func testProfileAccessLife(t *testing.T) {
	o := acme(t, nil)
	chats, lunch := status(t, "Chats", "Cases"), status(t, "Lunch")
	for _, profile := range []string{"Support Agent", "Admin", "Custom: Support Profile"} {
		o.apply(wanted(chats, lunch, access(t, "profile_access", profile, refs("Chats", "Lunch"))))
		o.apply(wanted(chats, lunch, access(t, "profile_access", profile, refs("Lunch"))))
		o.apply(reconcile.Wanted{
			Objects: []*schema.Object{chats, lunch},
			Removed: []schema.Removal{removal(t, "profile_access", profile)},
		})
	}
	// What nobody declares was never touched, and is said.
	plan := o.settled(wanted(chats, lunch, access(t, "profile_access", "Support Agent", schema.List{})))
	if len(plan.Notes) == 0 || !strings.Contains(plan.Notes[0].Text, "2 more statuses") {
		t.Errorf("notes %v do not count the two statuses that are left alone", plan.Notes)
	}
}

func TestProfileAccessExclusive(t *testing.T) { synctest.Test(t, testProfileAccessExclusive) }

func testProfileAccessExclusive(t *testing.T) {
	o := acme(t, nil)
	lunch := status(t, "Lunch")
	only := declare(t, "profile_access", "Support Agent", values{"statuses": refs("Lunch"), "exclusive": schema.Bool(true)})
	o.apply(wanted(lunch, only))
	plan := o.settled(wanted(lunch, access(t, "profile_access", "Support Agent", refs("Lunch"))))
	if len(plan.Notes) != 0 {
		t.Errorf("undeclared statuses are still enabled: %v", plan.Notes)
	}
}

func TestProfileAccessRefused(t *testing.T) { synctest.Test(t, testProfileAccessRefused) }

func testProfileAccessRefused(t *testing.T) {
	o := acme(t, nil)
	lunch := status(t, "Lunch")
	o.refused(wanted(lunch, access(t, "profile_access", "Support Agnet", refs("Lunch"))), "Profile that does not exist", `Did you mean "Support Agent"?`)
	o.refused(wanted(lunch, access(t, "profile_access", "Admin", refs("Lunch")), access(t, "profile_access", "System Administrator", refs("Lunch"))), "Profile named twice")
	o.refused(wanted(access(t, "profile_access", "Support Agent", schema.Strings("Awai"))), "Presence status that does not exist", `Did you mean "Away"?`)
	if o.count("deployRequest") != 0 {
		t.Error("something was deployed")
	}
}

func TestPermissionSetAccessLife(t *testing.T) { synctest.Test(t, testPermissionSetAccessLife) }

func testPermissionSetAccessLife(t *testing.T) {
	o := acme(t, nil)
	chats, lunch := status(t, "Chats", "Cases"), status(t, "Lunch")
	o.apply(wanted(chats, lunch, access(t, "permission_set_access", "Presence_Access", refs("Chats", "Lunch"))))
	o.apply(wanted(chats, lunch, access(t, "permission_set_access", "Presence_Access", refs("Chats"))))
	o.apply(reconcile.Wanted{
		Objects: []*schema.Object{chats, lunch},
		Removed: []schema.Removal{removal(t, "permission_set_access", "Presence_Access")},
	})
}

func TestPermissionSetAccessRefused(t *testing.T) { synctest.Test(t, testPermissionSetAccessRefused) }

func testPermissionSetAccessRefused(t *testing.T) {
	o := acme(t, nil)
	lunch := status(t, "Lunch")
	o.refused(wanted(lunch, access(t, "permission_set_access", "CXone_Agent", refs("Lunch"))), "Managed permission set", "icAgentConsole")
	o.refused(wanted(lunch, access(t, "permission_set_access", "Presence_Acess", refs("Lunch"))), "Permission set that does not exist", `Did you mean "Presence_Access"?`)
}

func TestProfileOfAnotherLanguage(t *testing.T) { synctest.Test(t, testProfileOfAnotherLanguage) }

// Labels of standard profiles follow the language of whoever asks; deployed
// under the label, a profile would be made beside Admin.
func testProfileOfAnotherLanguage(t *testing.T) {
	o := acme(t, nil)
	if err := o.handler.Edit("Profile", "Name", "System Administrator", map[string]any{"Name": "Systemadministrator"}); err != nil {
		t.Fatal(err)
	}
	before := len(o.handler.Records("Profile"))
	lunch := status(t, "Lunch")
	o.apply(wanted(lunch, access(t, "profile_access", "Systemadministrator", refs("Lunch"))))
	if after := len(o.handler.Records("Profile")); after != before {
		t.Errorf("%d profiles became %d", before, after)
	}
}

func TestProfileThatGoesMeanwhile(t *testing.T) { synctest.Test(t, testProfileThatGoesMeanwhile) }

// A profile that is deleted between plan and apply is not made again.
func testProfileThatGoesMeanwhile(t *testing.T) {
	o := acme(t, nil)
	lunch := status(t, "Lunch")
	plan := o.plan(wanted(lunch, access(t, "profile_access", "Custom: Support Profile", refs("Lunch"))))
	o.fault = goesBeforeTheDeploy(t, o)
	applied := o.reconciler().Apply(t.Context(), nil, plan, nil)
	if !applied.Failed() {
		t.Error("nothing failed")
	}
	for _, profile := range o.handler.Records("Profile") {
		if profile["Name"] == "Custom: Support Profile" {
			t.Error("the profile was made again")
		}
	}
}

// goesBeforeTheDeploy deletes the profile when the first SOAP call arrives:
// what applying reads over REST still shows it.
func goesBeforeTheDeploy(t *testing.T, o *org) func(http.ResponseWriter, *http.Request) bool {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/services/Soap/") {
			o.fault = nil
			if err := o.handler.Delete("Profile", "Name", "Custom: Support Profile"); err != nil {
				t.Error(err)
			}
		}
		return false
	}
}
