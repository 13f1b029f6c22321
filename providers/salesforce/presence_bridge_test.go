package salesforce_test

import (
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func bridge(t *testing.T, with values) *schema.Object {
	return declare(t, "presence_bridge", "LockstepPresence", with)
}

func TestPresenceBridgeLife(t *testing.T) { synctest.Test(t, testPresenceBridgeLife) }

func testPresenceBridgeLife(t *testing.T) {
	o := acme(t, func(s *tenant.Tenant) {
		s.Salesforce.LightningApps = append(s.Salesforce.LightningApps, tenant.Lightning{Name: "Bare", Label: "Bare"})
	})
	both := values{
		"apps":  schema.Strings("LightningService", "Bare"),
		"users": schema.Strings("ana.lopez@acme.example", "ben.okafor@acme.example"),
	}
	o.apply(wanted(bridge(t, nil)))
	o.apply(wanted(bridge(t, both)))
	o.apply(wanted(bridge(t, values{"apps": schema.Strings("Bare"), "users": schema.Strings("ana.lopez@acme.example")})))
	o.apply(wanted(bridge(t, values{"event_filter": schema.String("IsCurrentState = false")})))
	o.apply(wanted(bridge(t, both)))
	for name, v := range (values{
		"component":      schema.String("OtherPresence"),
		"permission_set": schema.String("Other_Bridge"),
		"event_channel":  schema.String("Other__chn"),
	}) {
		other := bridge(t, both)
		other.Set(name, v)
		o.apply(wanted(other))
	}
	o.apply(wanted(bridge(t, both)))
	before := o.count("composite/sobjects")
	o.apply(reconcile.Wanted{Removed: []schema.Removal{removal(t, "presence_bridge", "LockstepPresence")}})
	if calls := o.count("composite/sobjects") - before; calls != 2 {
		t.Errorf("setup records and the streaming channel went in %d calls, want one each", calls)
	}
}

func TestPresenceBridgeRefused(t *testing.T) { synctest.Test(t, testPresenceBridgeRefused) }

func testPresenceBridgeRefused(t *testing.T) {
	o := acme(t, nil)
	o.refused(wanted(bridge(t, values{"apps": schema.Strings("LightningServise")})), "Lightning app that does not exist", `Did you mean "LightningService"?`)
	o.refused(wanted(bridge(t, values{"users": schema.Strings("nobody@acme.example")})), "User that cannot be told")
	o.refused(wanted(bridge(t, nil), declare(t, "presence_bridge", "Another", nil)), "Part of two bridges")
}

// What is deployed is what consoles run: the component in a utility bar, on the
// channel that the block names.
func TestPresenceBridgeRunsInConsoles(t *testing.T) {
	synctest.Test(t, testPresenceBridgeRunsInConsoles)
}

func testPresenceBridgeRunsInConsoles(t *testing.T) {
	o := acme(t, nil)
	if got := o.handler.UtilityChannel(); got != "" {
		t.Errorf("consoles listen on %q before there is a bridge", got)
	}
	o.apply(wanted(bridge(t, values{"apps": schema.Strings("LightningService")})))
	if got := o.handler.UtilityChannel(); got != "/u/LockstepPresence" {
		t.Errorf("consoles listen on %q", got)
	}
	o.apply(wanted(bridge(t, nil)))
	if got := o.handler.UtilityChannel(); got != "" {
		t.Errorf("consoles of no app listen on %q", got)
	}
}
