package salesforce

import (
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// What is dropped is the oldest that ended, never what somebody shows now.
func TestPrune(t *testing.T) {
	o := New(tenant.Acme(), Options{})
	set := func(username, status string) {
		if err := o.SetPresence(username, status); err != nil {
			t.Fatal(err)
		}
	}
	const ana, ben = "ana.lopez@acme.example", "ben.okafor@acme.example"
	set(ben, "Away") // the oldest of all, and current
	for range 10 {
		set(ana, "Away")
	}
	o.prune(8)
	if got := len(o.store.rows(presenceObject)); got != 11 {
		t.Errorf("%d rows, want 11: nine that ended are not a quarter more than eight", got)
	}
	newest := o.store.rows(presenceObject)[10].text("Id")
	o.prune(4)
	rows := o.store.rows(presenceObject)
	if len(rows) != 6 || rows[5].text("Id") != newest || o.Presence(ben) != "Away" || o.Presence(ana) != "Away" {
		t.Errorf("%d rows, want four that ended and two current", len(rows))
	}
}
