package emulator_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gosalesforce "github.com/k-capehart/go-salesforce/v3"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func listen(t *testing.T, seed *tenant.Tenant) (*emulator.Emulator, *emulator.Server) {
	t.Helper()
	e := emulator.New(seed, emulator.Options{})
	server, err := emulator.Listen(t.Context(), e, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return e, server
}

func TestListenRefuses(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", "192.168.1.1:80", "localhost:0", "", ":0", "8.8.8.8:53"} {
		if server, err := emulator.Listen(t.Context(), emulator.New(tenant.Acme(), emulator.Options{}), addr); err == nil {
			_ = server.Close()
			t.Errorf("%q was listened on", addr)
		}
	}
}

func TestListenEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server, err := emulator.Listen(ctx, emulator.New(tenant.Acme(), emulator.Options{}), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	server.Wait()
	if _, err := fetch(t, http.MethodGet, server.SalesforceURL+"/services/data", ""); err == nil {
		t.Error("the server answers after its context ended")
	}
}

// fetch makes a call over the network and returns the body of a success.
func fetch(t *testing.T, method, address, body string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%d %s", response.StatusCode, data)
	}
	return string(data), err
}

func TestEnv(t *testing.T) {
	_, server := listen(t, tenant.Acme())
	path := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := server.WriteEnv(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "export CXONE_ACCESS_KEY_ID='" + tenant.AcmeAccessKeyID + "'\n" +
		"export CXONE_ACCESS_KEY_SECRET='" + tenant.AcmeAccessKeySecret + "'\n" +
		"export CXONE_ISSUER='" + server.CXoneURL + "'\n" +
		"export CXONE_TENANT_ID='" + tenant.AcmeTenantID + "'\n" +
		"export SALESFORCE_CLIENT_ID='" + tenant.AcmeClientID + "'\n" +
		"export SALESFORCE_CLIENT_SECRET='" + tenant.AcmeClientSecret + "'\n" +
		"export SALESFORCE_INSTANCE_URL='" + server.SalesforceURL + "'\n" +
		"export SALESFORCE_PUBSUB_ENDPOINT='" + server.PubSubURL + "'\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, want 0600: it holds secrets", info.Mode())
	}
}

func TestDiscoveryLeadsHere(t *testing.T) {
	_, server := listen(t, tenant.Acme())
	body, err := fetch(t, http.MethodGet, server.CXoneURL+"/.well-known/cxone-configuration?tenantId="+tenant.AcmeTenantID, "")
	if err != nil || !strings.Contains(body, `"api_endpoint":"`+server.CXoneURL+`"`) {
		t.Errorf("got %s %v, want endpoints on the same port", body, err)
	}
}

// A page in somebody's browser must not reach the emulator by a name that
// leads to this machine.
func TestForeignName(t *testing.T) {
	_, server := listen(t, tenant.Acme())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.SalesforceURL+"/services/data", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host, r.Close = "evil.example", true
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("got %s", response.Status)
	}
}

func TestControls(t *testing.T) {
	e, server := listen(t, tenant.Acme())
	steps := []struct{ method, path, body, want, reason string }{
		{"POST", "/_emulator/agents/ana.lopez@acme.example", `{"salesforce_status":"Away","cxone_state":"Available"}`, `"salesforce_status":"Away"`, "a person acts on both sides"},
		{"POST", "/_emulator/agents/ana.lopez@acme.example", `{"salesforce_status":"Nowhere"}`, `no presence status`, "only what is there"},
		{"POST", "/_emulator/agents/sup.one@acme.example", `{"salesforce_status":"Away"}`, `no access`, "only what the profile allows"},
		{"POST", "/_emulator/agents/nobody", `{"cxone_state":"Available"}`, `there is no agent`, "only who is there"},
		{"POST", "/_emulator/edit", `{"object":"ServicePresenceStatus","field":"DeveloperName","value":"Away","set":{"MasterLabel":"Gone"}}`, `true`, "somebody renames a status"},
		{"POST", "/_emulator/edit", `{"object":"ServicePresenceStatus","field":"DeveloperName","value":"Away","set":{"Colour":"Red"}}`, `no field Colour`, "only what it has"},
		{"POST", "/_emulator/edit", `{"profile":"Sales Agent","status":"Available_Cases","enabled":false}`, `true`, "somebody takes a status away"},
		{"POST", "/_emulator/edit", `{"code":"Break","timeout":15}`, `true`, "somebody changes a code"},
		{"POST", "/_emulator/edit", `{"colour":1}`, `unknown field`, "nothing is ignored"},
		{"POST", "/_emulator/faults", `{"kind":"drop","path":"/services/data"}`, `"kind":"drop"`, "one fault"},
		{"POST", "/_emulator/faults", `[{"kind":"nonsense"}]`, `want one of`, "a kind that is not there"},
		{"GET", "/services/data", ``, `EOF`, "the fault"},
		{"GET", "/_emulator/faults", ``, `[]`, "it was for one call"},
		{"GET", "/_emulator/stats", ``, `"GET /services/data":1`, "the controls are not counted"},
		{"DELETE", "/_emulator/stats", ``, `{"cxone":{},"salesforce":{}}`, "counting anew"},
	}
	for _, step := range steps {
		body, err := fetch(t, step.method, server.SalesforceURL+step.path, step.body)
		if !strings.Contains(body+fmt.Sprint(err), step.want) {
			t.Errorf("%s: %s %s: got %s %v, want %s", step.reason, step.method, step.path, body, err, step.want)
		}
	}
	statuses := e.Org.Records("ServicePresenceStatus")
	if statuses[1]["MasterLabel"] != "Gone" || e.Org.Presence("ana.lopez@acme.example") != "Away" {
		t.Errorf("nothing changed: %v", statuses)
	}
}

type channelRecord struct {
	Id          string //nolint:revive // the library reads this name
	Name        string
	Description string
}

// A client that nobody here wrote: sign-in, pages, records, collections.
func TestGoSalesforce(t *testing.T) {
	seed := tenant.Acme()
	for i := range 2500 {
		seed.Agents = append(seed.Agents, tenant.Agent{Email: fmt.Sprintf("many.%d@acme.example", i), FirstName: "Many", LastName: fmt.Sprint(i), Profile: "Standard User"})
	}
	e, server := listen(t, seed)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	sf, err := gosalesforce.Init(gosalesforce.Creds{
		Domain: server.SalesforceURL, ConsumerKey: tenant.AcmeClientID, ConsumerSecret: tenant.AcmeClientSecret,
	}, gosalesforce.WithRoundTripper(transport), gosalesforce.WithValidateAuthentication(true))
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections() // the library signs in with it

	var users []struct{ Username string }
	if err := sf.Query("SELECT Username FROM User WHERE FirstName = 'Many'", &users); err != nil || len(users) != 2500 {
		t.Errorf("query: %d users, %v", len(users), err)
	}
	one, err := sf.InsertOne("StreamingChannel", map[string]any{"Name": "/u/one"})
	if err != nil || !one.Success {
		t.Fatalf("insert: %+v %v", one, err)
	}
	if err := sf.UpdateOne("StreamingChannel", channelRecord{Id: one.Id, Name: "/u/one", Description: "first"}); err != nil {
		t.Errorf("update: %v", err)
	}
	many, err := sf.InsertCollection("StreamingChannel", []channelRecord{{Name: "/u/two"}, {Name: "/u/one"}, {Name: "/u/three"}}, 200)
	if err != nil || !many.HasSalesforceErrors || len(many.Results) != 3 || many.Results[1].Success || !many.Results[2].Success {
		t.Errorf("collection: the second is a duplicate, the others are not: %+v %v", many, err)
	}
	composite, err := sf.InsertComposite("StreamingChannel", []channelRecord{{Name: "/u/four"}, {Name: "/u/bad name"}, {Name: "five"}}, 200, true)
	if err != nil || !composite.HasSalesforceErrors {
		t.Errorf("composite: all or none must be none: %+v %v", composite, err)
	}
	if err := sf.DeleteOne("StreamingChannel", map[string]any{"Id": one.Id}); err != nil {
		t.Errorf("delete: %v", err)
	}
	var names []string
	for _, r := range e.Org.Records("StreamingChannel") {
		names = append(names, r["Name"].(string))
	}
	if diff := cmp.Diff([]string{"/u/two", "/u/three"}, names); diff != "" {
		t.Error("what is left: -want +got:\n" + diff)
	}
	limits, err := sf.DoRequest(http.MethodGet, "/limits", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = limits.Body.Close() }()
	var body map[string]struct{ Max, Remaining int }
	if err := json.NewDecoder(limits.Body).Decode(&body); err != nil || body["DailyApiRequests"].Max-body["DailyApiRequests"].Remaining != e.Stats().Total(emulator.Salesforce)-1 {
		t.Errorf("limits: %v %v; every call but the sign-in counts: %v", body["DailyApiRequests"], err, e.Stats())
	}
	e.Org.ExpireSessions()
	if err := sf.Query("SELECT Username FROM User LIMIT 1", &users); err != nil {
		t.Errorf("the library signs in anew after a 401: %v", err)
	}
}

func TestGoSalesforceJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	seed := tenant.Acme()
	seed.Salesforce.Integration[0].Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	_, server := listen(t, seed)
	defer http.DefaultClient.CloseIdleConnections() // the library signs in with it
	if _, err := gosalesforce.Init(gosalesforce.Creds{
		Domain: server.SalesforceURL, Username: tenant.AcmeIntegration, ConsumerKey: tenant.AcmeClientID, ConsumerRSAPem: string(private),
	}); err != nil {
		t.Error(err)
	}
}
