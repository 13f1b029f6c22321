package cxone_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// Older versions of the list of teams do not carry their codes, and spell
// them in other ways: each team is then asked.
func TestTeamsThatDoNotShowTheirCodes(t *testing.T) {
	b := newBench(t)
	old := emulator.New(tenant.Acme(), emulator.Options{Key: signingKey(), Quirks: emulator.Quirks{LowerOutstate: true, ResultSet: true}})
	b.tenant = old
	b.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		old.ServeHTTP(recorder, r)
		if !strings.HasSuffix(r.URL.Path, "/teams") {
			w.WriteHeader(recorder.Code)
			_, _ = w.Write(recorder.Body.Bytes())
			return
		}
		_ = json.NewEncoder(w).Encode(withoutCodes(t, recorder.Body.Bytes()))
	})
	b.apply(lunch(t, map[string]schema.Value{"teams": schema.Strings("Sales", "Support")}))
	b.apply(object(t, "unavailable_code.Break", map[string]schema.Value{"timeout": minutes(30), "teams": schema.Strings("Support")}))
}

func withoutCodes(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var answer map[string]any
	if len(body) == 0 {
		return answer // the answer to a write
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	teams, _ := answer["teams"].([]any)
	for _, team := range teams {
		delete(team.(map[string]any), "unavailableCodes")
	}
	return answer
}

// An access key may be somebody's who is no agent: the ACD does not know them,
// UserHub does.
func TestAccessKeyOfSomebodyWhoIsNoAgent(t *testing.T) {
	b := newBench(t, func(_ *cxoneOptions, seed *tenant.Tenant) {
		seed.CXone.AccessKeys = append(seed.CXone.AccessKeys, tenant.AccessKey{ID: "K", Secret: "S", User: "robot@acme.example"})
	})
	b.apply(mapping(t, map[string]schema.Value{"access_key_user": schema.String("robot@acme.example")}))
	if got := b.tenant.Mappings()[0].User; got != "robot@acme.example" {
		t.Errorf("user %q", got)
	}
	// No rule reaches them, although UserHub knows them.
	plan := b.tryPlan(reconcile.Wanted{Objects: []*schema.Object{
		lunch(t, nil), mapping(t, nil), rule(t, map[string]schema.Value{"users": schema.Strings("robot@acme.example")}),
	}})
	if !strings.Contains(plan.Diagnostics.Error(), "User that does not exist") {
		t.Errorf("diagnostics: %v", plan.Diagnostics)
	}
}
