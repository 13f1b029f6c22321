package salesforce_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
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

// A console knows its user and the statuses by Id, and is held to the same
// rules.
func TestPresenceByID(t *testing.T) {
	d := newDesk(t, nil)
	user := d.id(`SELECT Id FROM User WHERE Username = 'ana.lopez@acme.example'`)
	visitor := d.id(`SELECT Id FROM User WHERE Username = 'sup.one@acme.example'`)
	away := d.id(`SELECT Id FROM ServicePresenceStatus WHERE DeveloperName = 'Away'`)
	tests := map[string]struct {
		user, status string
		want, reason string
	}{
		"Long":      {user, away, "Away", "18 characters"},
		"Short":     {user[:15], away[:15], "Away", "15 characters"},
		"NoUser":    {"0055g0000009999", away, "", "nobody"},
		"NoStatus":  {user, "0N55g0000009999", "", "not a status"},
		"NotGiven":  {visitor, away, "", "the profile does not have it"},
		"NoneAtAll": {user, "", "", "logging out is another call"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if err := d.org.LogOutPresence(user); err != nil {
				t.Fatal(err)
			}
			err := d.org.SetPresenceByID(tc.user, tc.status)
			if got := d.org.Presence("ana.lopez@acme.example"); got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%s: got %q %v, want %q", tc.reason, got, err, tc.want)
			}
		})
	}
	if err := d.org.LogOutPresence("0055g0000009999"); err == nil {
		t.Error("nobody was logged out")
	}
	if err := d.org.SetWorkload("sup.one@acme.example", 1); err == nil {
		t.Error("one who is logged out was given work")
	}
}

// A row says how long its interval was, and only while it lasts that it is the
// current one; the replication calls find it.
func TestPresenceRows(t *testing.T) {
	now := at
	acme := tenant.Acme()
	d := &desk{t: t, org: salesforce.New(acme, salesforce.Options{Now: func() time.Time { return now }})}
	d.token = d.signIn(acme.Salesforce.Integration[0])
	for _, status := range []string{"Available_Cases", "Away", ""} {
		if err := d.org.SetPresence("ana.lopez@acme.example", status); err != nil {
			t.Fatal(err)
		}
		now = now.Add(90 * time.Second)
	}
	var got []string
	for _, r := range d.query(`SELECT StatusDuration, IsCurrentState, StatusStartDate, StatusEndDate FROM UserServicePresence ORDER BY StatusStartDate`) {
		got = append(got, fmt.Sprint(r["StatusDuration"], r["IsCurrentState"], r["StatusEndDate"].(string) > r["StatusStartDate"].(string)))
	}
	if diff := cmp.Diff([]string{"90 false true", "90 false true"}, got); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
	ids := d.query(`SELECT Id FROM UserServicePresence ORDER BY StatusStartDate`)
	window := func(from, until time.Time) string {
		return "?start=" + url.QueryEscape(from.Format(time.RFC3339)) + "&end=" + url.QueryEscape(until.Format(time.RFC3339))
	}
	const path = v67 + "/sobjects/UserServicePresence"
	_, updated := d.do(http.MethodGet, path+"/updated"+window(at.Add(3*time.Minute), at.Add(5*time.Minute)), nil)
	if diff := cmp.Diff([]any{ids[1]["Id"]}, updated.(map[string]any)["ids"]); diff != "" {
		t.Error("the second ended after three minutes: -want +got:\n" + diff)
	}
	if status, _ := d.do(http.MethodDelete, path+"/"+ids[0]["Id"].(string), nil); status != http.StatusNoContent {
		t.Fatalf("delete: %d", status)
	}
	_, deleted := d.do(http.MethodGet, path+"/deleted"+window(at, at.Add(time.Hour)), nil)
	if gone := deleted.(map[string]any)["deletedRecords"].([]any); len(gone) != 1 || gone[0].(map[string]any)["id"] != ids[0]["Id"] {
		t.Errorf("deleted: %v", gone)
	}
	for _, bad := range []string{window(at, at), window(at.AddDate(0, -2, 0), at), "?start=yesterday"} {
		if got := code(d.do(http.MethodGet, path+"/updated"+bad, nil)); got != "400 INVALID_REPLICATION_DATE" {
			t.Errorf("%s: %s", bad, got)
		}
	}
}
