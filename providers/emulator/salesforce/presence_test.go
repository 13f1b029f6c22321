package salesforce_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One row per interval; offline is the absence of a current row.
func TestPresence(t *testing.T) {
	d := newDesk(t, nil)
	const ana = "ana.lopez@acme.example"
	const now = `SELECT ServicePresenceStatus.DeveloperName, IsAway FROM UserServicePresence WHERE IsCurrentState = true AND User.Username = '` + ana + `'`
	look := func() string {
		records := d.query(now)
		if len(records) == 0 {
			return "offline"
		}
		name := records[0]["ServicePresenceStatus"].(map[string]any)["DeveloperName"].(string)
		if records[0]["IsAway"] == true {
			name += " (away)"
		}
		return name
	}
	var got []string
	for _, status := range []string{"Available_Cases", "Away", ""} {
		if err := d.org.SetPresence(ana, status); err != nil {
			t.Fatal(err)
		}
		got = append(got, look())
	}
	if diff := cmp.Diff([]string{"Available_Cases", "Away (away)", "offline"}, got); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
	if rows := d.query(`SELECT Id FROM UserServicePresence WHERE StatusEndDate != null`); len(rows) != 2 {
		t.Errorf("%d intervals ended, want 2", len(rows))
	}
	if err := d.org.SetPresence("sup.one@acme.example", "Away"); err == nil {
		t.Error("a status was set that the profile does not have")
	}
	if err := d.org.SetAccess("Support Supervisor", "Away", true); err != nil {
		t.Error(err)
	}
	if err := d.org.SetPresence("sup.one@acme.example", "Away"); err != nil {
		t.Errorf("after access was given: %v", err)
	}
}
