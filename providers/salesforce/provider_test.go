package salesforce_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	provider "github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// guide is one of everything that NICE's guide asks for.
func guide(t *testing.T) []*schema.Object {
	return []*schema.Object{
		status(t, "Available_for_Chats", "sfdc_livemessage"),
		status(t, "On_Break"),
		access(t, "profile_access", "Support Agent", refs("Available_for_Chats", "On_Break")),
		access(t, "permission_set_access", "Presence_Access", refs("On_Break")),
		connector(t, nil),
		agents(t, "ana.lopez@acme.example", "no.cxone@acme.example"),
		bridge(t, values{"apps": schema.Strings("LightningService"), "users": schema.Strings("ana.lopez@acme.example")}),
	}
}

func TestGuideFromAnotherMachine(t *testing.T) { synctest.Test(t, guideFromAnotherMachine) }

// The org is the only state: a provider that remembers nothing sees the same.
func guideFromAnotherMachine(t *testing.T) {
	o := acme(t, nil)
	o.apply(wanted(guide(t)...))
	o.provider = o.connect()
	plan := o.settled(wanted(guide(t)...))

	if want := "Acme 00D5g00000ABCDE (production)"; plan.Where["salesforce"] != want {
		t.Errorf("where: got %q, want %q", plan.Where["salesforce"], want)
	}
	want := map[string]int{"presence_status": 2, "profile_access": 1}
	if diff := cmp.Diff(want, plan.Unmanaged); diff != "" {
		t.Errorf("unmanaged (-want +got):\n%s", diff)
	}
}

func TestCallsDoNotGrow(t *testing.T) { synctest.Test(t, callsDoNotGrow) }

// A plan's calls grow with pages, not with objects.
func callsDoNotGrow(t *testing.T) {
	var few, many int
	for _, n := range []int{2, 1900} {
		o := acme(t, func(s *tenant.Tenant) {
			for i := range n {
				s.Salesforce.Statuses = append(s.Salesforce.Statuses, tenant.Status{DeveloperName: fmt.Sprintf("S%d", i), Label: fmt.Sprintf("S%d", i), Channels: []string{"Cases"}})
			}
		})
		var objects []*schema.Object
		var names []string
		for i := range n {
			objects = append(objects, status(t, fmt.Sprintf("S%d", i), "Cases"))
			names = append(names, fmt.Sprintf("S%d", i))
		}
		objects = append(objects, access(t, "profile_access", "Support Agent", refs(names...)))
		plan := o.plan(wanted(objects...))
		if n == 2 {
			few = plan.Calls.Reading
		}
		many = plan.Calls.Reading
	}
	if few != many || many > 3 {
		t.Errorf("2 statuses cost %d calls, 1900 cost %d; want the same, at most 3", few, many)
	}
}

func TestCallsOfTheGuide(t *testing.T) { synctest.Test(t, callsOfTheGuide) }

// The numbers are a promise to people who pay for calls; a change of them is a
// change to say.
func callsOfTheGuide(t *testing.T) {
	o := acme(t, nil)
	o.apply(wanted(guide(t)...))
	all := guide(t)
	tests := []struct {
		reason  string
		objects []*schema.Object
		want    int
	}{
		{"five tables in one call", all[:4], 1},
		{"the listing, three reads of ten apps, the usage, and two calls for the app", all[4:5], 7},
		{"five tables in one call, and the packages", all[5:6], 2},
		{"everything shares tables and listings, and so do the packages and the event members", all, 12},
	}
	for _, test := range tests {
		o.provider = o.connect()
		if got := o.plan(wanted(test.objects...)).Calls.Reading; got != test.want {
			t.Errorf("%s: %d calls, want %d", test.reason, got, test.want)
		}
	}
}

func TestWhoChangedAStatus(t *testing.T) { synctest.Test(t, whoChangedAStatus) }

// A plan can say who changed what it undoes.
func whoChangedAStatus(t *testing.T) {
	o := acme(t, nil)
	o.apply(wanted(status(t, "On_Break")))
	held, err := o.provider.Read(t.Context(), schema.Query{Wanted: []*schema.Object{status(t, "On_Break")}})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(held.Objects, func(h *schema.Object) bool { return h.Key() == "On_Break" })
	seen := held.Objects[i].Seen
	if _, err := time.Parse(time.RFC3339, seen.At); err != nil || seen.By != "Lockstep Integration" {
		t.Errorf("changed by %q at %q (%v)", seen.By, seen.At, err)
	}
}

func TestAbandonedStatus(t *testing.T) { synctest.Test(t, abandonedStatus) }

// Salesforce documents no delete for presence statuses. Where it refuses,
// access goes, and the plan is settled all the same.
func abandonedStatus(t *testing.T) {
	o := acme(t, nil)
	o.handler.SetMetadataRules(salesforce.MetadataRules{RefuseStatusDelete: true})
	lunch := status(t, "Lunch")
	o.apply(wanted(lunch, access(t, "profile_access", "Support Agent", refs("Lunch")), access(t, "permission_set_access", "Presence_Access", refs("Lunch"))))

	gone := reconcile.Wanted{
		Objects: []*schema.Object{status(t, "Kept")},
		Removed: []schema.Removal{removal(t, "presence_status", "Lunch"), removal(t, "presence_status", "Away")},
	}
	plan := o.plan(gone)
	applied := o.reconciler().Apply(t.Context(), nil, plan, nil)
	// The profiles' names, the permission set, and the deploy again.
	if made := applied.Calls.Writing; plan.Fallback != 3 || made != plan.Forecast+plan.Fallback {
		t.Errorf("forecast %d calls and %d more if refused, want 3 more; made %d", plan.Forecast, plan.Fallback, made)
	}
	for i, outcome := range applied.Outcomes {
		if outcome.Result != schema.Done {
			t.Fatalf("%s: %s: %v", outcome.Step.Address, outcome.Result, outcome.Err)
		}
		if abandoned := outcome.Err != nil && strings.Contains(outcome.Err.Error(), "abandoned"); abandoned != (i > 0) {
			t.Errorf("%s: says abandoned: %t (%v)", outcome.Step.Address, abandoned, outcome.Err)
		}
	}
	if plan := o.settled(gone); len(plan.Notes) != 2 {
		t.Errorf("want a note for each abandoned status, got %v", plan.Notes)
	}
}

func TestDeletedStatus(t *testing.T) { synctest.Test(t, deletedStatus) }

// Where the org deletes the status, the calls are those forecast; what a
// refusal would have cost is apart.
func deletedStatus(t *testing.T) {
	o := acme(t, nil)
	o.apply(wanted(status(t, "Lunch")))
	gone := reconcile.Wanted{Removed: []schema.Removal{removal(t, "presence_status", "Lunch")}}
	plan := o.plan(gone)
	applied := o.reconciler().Apply(t.Context(), nil, plan, nil)
	if made := applied.Calls.Writing; applied.Failed() || made != plan.Forecast || plan.Fallback != 1 {
		t.Errorf("forecast %d calls and %d more if refused, want 1 more; made %d", plan.Forecast, plan.Fallback, made)
	}
	o.settled(gone)
}

func TestLostDeploy(t *testing.T) { synctest.Test(t, lostDeploy) }

// A deploy whose answer is lost is read back, not sent again.
func lostDeploy(t *testing.T) {
	o := acme(t, nil)
	lost := false
	o.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if lost || r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/metadata/deployRequest") {
			return false
		}
		lost = true
		o.handler.ServeHTTP(discard{http.Header{}}, r)
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	plan := o.plan(wanted(status(t, "On_Break")))
	applied := o.reconciler().Apply(t.Context(), nil, plan, nil)
	if got := applied.Outcomes[0]; got.Result != schema.Done {
		t.Errorf("%s: %v", got.Result, got.Err)
	}
	o.settled(wanted(status(t, "On_Break")))
}

// discard is an answer that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func TestOptionsFrom(t *testing.T) {
	environment := map[string]string{
		"SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com", "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": "secret",
	}
	shape := provider.Vendor().Shape
	nested := func(name string, arguments values) schema.Record {
		record := schema.NewRecord(shape.Argument(name).Type.Shape)
		for argument, v := range arguments {
			record.Set(argument, v)
		}
		return record
	}
	refresh := nested("refresh_token", values{"client_id": schema.String("x"), "refresh_token": schema.NewSecret("y", "test")})
	tests := []struct {
		reason    string
		arguments values
		env       map[string]string
		wrong     string
	}{
		{"the environment completes an empty block", nil, environment, ""},
		{"without the environment an empty block says what to add", values{"instance_url": schema.String("https://acme.my.salesforce.com")}, nil, "no way of signing in"},
		{"a flow of the block's own needs no environment", values{"instance_url": schema.String("https://acme.my.salesforce.com"), "refresh_token": refresh}, nil, ""},
		{"two ways are one too many", values{"refresh_token": refresh, "access_token": schema.NewSecret("t", "test")}, environment, "give one"},
		{"client credentials take what is missing from the environment", values{"client_credentials": nested("client_credentials", nil)}, environment, ""},
	}
	for _, test := range tests {
		block := schema.NewRecord(shape)
		for argument, v := range test.arguments {
			block.Set(argument, v)
		}
		_, err := provider.OptionsFrom(block, func(name string) string { return test.env[name] })
		switch {
		case test.wrong == "" && err != nil:
			t.Errorf("%s: %v", test.reason, err)
		case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
			t.Errorf("%s: got %v, want an error that says %q", test.reason, err, test.wrong)
		}
	}
}
