package salesforce_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func TestPresenceStatusLife(t *testing.T) { synctest.Test(t, testPresenceStatusLife) }

func testPresenceStatusLife(t *testing.T) {
	o := acme(t, nil)
	o.apply(wanted(status(t, "Available_for_Chats", "sfdc_livemessage"), status(t, "On_Break")))
	if n := o.count("POST /services/data/v67.0/metadata/deployRequest"); n != 1 {
		t.Errorf("%d deploys for one wave, want 1", n)
	}
	o.apply(wanted(status(t, "Available_for_Chats", "sfdc_livemessage", "Cases"), status(t, "On_Break")))
	// An online status becomes busy: its channels must really go.
	o.apply(wanted(status(t, "Available_for_Chats"), declare(t, "presence_status", "On_Break", values{"label": schema.String("Pause")})))
}

func TestPresenceStatusRemoval(t *testing.T) { synctest.Test(t, testPresenceStatusRemoval) }

func testPresenceStatusRemoval(t *testing.T) {
	o := acme(t, nil)
	o.apply(wanted(status(t, "Old_Lunch")))
	gone := reconcile.Wanted{Removed: []schema.Removal{removal(t, "presence_status", "Old_Lunch")}}
	o.apply(gone)
	if found := o.plan(wanted(status(t, "Old_Lunch"))); len(found.Steps) != 1 {
		t.Errorf("the status is still there, or is not wanted: %v", found.Steps)
	}
}

func TestPresenceStatusRefused(t *testing.T) { synctest.Test(t, testPresenceStatusRefused) }

func testPresenceStatusRefused(t *testing.T) {
	o := acme(t, nil)
	o.refused(wanted(status(t, "Chats", "sfdc_livemesage")), "Service channel that does not exist", `Did you mean "sfdc_livemessage"?`)
	o.refused(wanted(status(t, "away")), "Developer name that differs in case", `"Away"`)

	off := acme(t, func(s *tenant.Tenant) { s.Salesforce.OmniDisabled = true })
	off.refused(wanted(status(t, "On_Break")), "Omni-Channel is off", "Enable Omni-Channel")
}

// One refused component rolls the whole deploy back; each step says why.
func TestDeployRollsBack(t *testing.T) { synctest.Test(t, testDeployRollsBack) }

func testDeployRollsBack(t *testing.T) {
	o := acme(t, nil)
	deploys := 0
	o.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && r.URL.Path == "/services/data/v67.0/metadata/deployRequest" {
			deploys++
		}
		return false
	}
	bad := status(t, "Bad")
	bad.Set("label", schema.String("Bad"))
	plan := o.plan(wanted(status(t, "Good"), bad))
	// Somebody takes the channel away between plan and apply.
	plan.Steps[1].Wanted.Set("channels", schema.Strings("gone"))
	applied := o.reconciler().Apply(t.Context(), nil, plan, nil)
	good, refused := applied.Outcomes[0], applied.Outcomes[1]
	if refused.Result != schema.NotDone || refused.Err == nil {
		t.Errorf("refused step: %v %v", refused.Result, refused.Err)
	}
	if good.Result != schema.NotDone || good.Because != refused.Step.Address {
		t.Errorf("rolled-back step: %v because of %q, want because of %q", good.Result, good.Because, refused.Step.Address)
	}
	if deploys != 1 {
		t.Errorf("%d deploys, want 1: a refused deploy is not repeated", deploys)
	}
}

func TestPresenceStatusChecks(t *testing.T) {
	tests := []struct {
		reason    string
		arguments values
		summary   string
	}{
		{"busy is the absence of channels", values{"option": schema.String("busy"), "channels": schema.Strings("Cases")}, "Busy status with channels"},
		{"a status without channels is busy whatever one writes", values{"option": schema.String("online")}, "Online status without channels"},
		{"without an option the channels decide", values{"channels": schema.Strings("Cases")}, ""},
	}
	for _, test := range tests {
		o := declare(t, "presence_status", "S", test.arguments)
		got := ""
		if ds := o.Kind.Check(o); len(ds) > 0 {
			got = ds[0].Summary
		}
		if got != test.summary {
			t.Errorf("%s: got %q, want %q", test.reason, got, test.summary)
		}
	}
}
