package salesforce

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// An appDesk is a signed-in client of an org that has one External Client App.
type appDesk struct {
	t     *testing.T
	org   *Org
	token string
}

func newAppDesk(t *testing.T, change func(*tenant.Tenant)) *appDesk {
	t.Helper()
	acme := tenant.Acme()
	change(acme)
	o := New(acme, Options{})
	o.addComponent("ExternalClientApplication", "Connector", element("label", "Salesforce & Connector"))
	return &appDesk{t, o, o.open(clientOf(acme.Salesforce.Integration[0]), o.activeUser(tenant.AcmeIntegration)).token}
}

func (d *appDesk) do(method, path, body string) (int, map[string]any) {
	d.t.Helper()
	r := httptest.NewRequest(method, "/services/data/v67.0/apps/oauth"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+d.token)
	w := httptest.NewRecorder()
	d.org.ServeHTTP(w, r)
	var value map[string]any
	var refusal []map[string]any
	if json.Unmarshal(w.Body.Bytes(), &value) != nil && json.Unmarshal(w.Body.Bytes(), &refusal) == nil {
		value = refusal[0]
	}
	return w.Code, value
}

// The whole way of the contract: app, consumer, key and secret, a staged pair,
// rotation, and the old pair dropped.
func TestCredentials(t *testing.T) {
	d := newAppDesk(t, func(*tenant.Tenant) {})
	_, usage := d.do("GET", "/usage", "")
	app := usage["apps"].([]any)[0].(map[string]any)
	if app["developerName"] != "Connector" || app["label"] != "Salesforce & Connector" || len(app["identifier"].(string)) != 15 {
		t.Fatalf("usage: %v", usage)
	}
	at := "/credentials/" + app["identifier"].(string)
	_, consumers := d.do("GET", at, "")
	at += "/" + consumers["consumers"].([]any)[0].(map[string]any)["id"].(string)
	_, first := d.do("GET", at+"?part=keyandsecret", "")
	if first["key"] == nil || first["secret"] == nil {
		t.Fatalf("key and secret: %v", first)
	}
	if _, key := d.do("GET", at+"?part=key", ""); key["secret"] != nil || key["key"] != first["key"] {
		t.Errorf("the key alone: %v", key)
	}
	if _, secret := d.do("GET", at+"?part=secret", ""); secret["secret"] != first["secret"] || secret["key"] != nil {
		t.Errorf("the secret alone: %v", secret)
	}
	status, staged := d.do("POST", at+"/staged", "{}")
	if status != http.StatusCreated || staged["key"] == first["key"] {
		t.Fatalf("stage: %d %v", status, staged)
	}
	stagedAt := at + "/staged/" + staged["id"].(string)[:15]
	if status, rotated := d.do("PATCH", stagedAt, `{"command":"rotate"}`); status != http.StatusOK || rotated["status"] != "rotated" {
		t.Errorf("rotate: %d %v", status, rotated)
	}
	_, second := d.do("GET", at+"?part=keyandsecret", "")
	if diff := cmp.Diff([]any{staged["key"], staged["secret"]}, []any{second["key"], second["secret"]}); diff != "" {
		t.Error("the staged pair is in use: -want +got:\n" + diff)
	}
	var got []int
	for range 2 {
		status, _ := d.do("DELETE", stagedAt, "")
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{204, 404}, got); diff != "" {
		t.Error("dropped once: -want +got:\n" + diff)
	}
}

func TestCredentialsResetWithoutBody(t *testing.T) {
	d := newAppDesk(t, func(*tenant.Tenant) {})
	_, usage := d.do("GET", "/usage", "")
	at := "/credentials/" + usage["apps"].([]any)[0].(map[string]any)["identifier"].(string)
	_, consumers := d.do("GET", at, "")
	at += "/" + consumers["consumers"].([]any)[0].(map[string]any)["id"].(string) + "/staged"
	defer func() {
		if reason := recover(); reason != http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this, too
			t.Errorf("no reset: %v", reason)
		}
		if _, staged := d.do("GET", at, ""); len(staged["stagedCredentials"].([]any)) != 0 {
			t.Errorf("a pair was staged all the same: %v", staged)
		}
	}()
	d.do("POST", at, "")
}

func TestCredentialsPreconditions(t *testing.T) {
	tests := map[string]struct {
		change       func(*tenant.Tenant)
		want, reason string
	}{
		"Setting":    {func(a *tenant.Tenant) { a.Salesforce.NoClientSecretAPI = true }, "not currently enabled", "the org's setting is off"},
		"Permission": {func(a *tenant.Tenant) { a.Salesforce.MissingPermissions = []string{"ViewClientSecret"} }, "required permissions", "the user may not"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := newAppDesk(t, tc.change)
			_, usage := d.do("GET", "/usage", "")
			status, refusal := d.do("GET", "/credentials/"+usage["apps"].([]any)[0].(map[string]any)["identifier"].(string), "")
			if message, _ := refusal["message"].(string); status != http.StatusForbidden || !strings.Contains(message, tc.want) {
				t.Errorf("%s: %d %v", tc.reason, status, refusal)
			}
		})
	}
}
