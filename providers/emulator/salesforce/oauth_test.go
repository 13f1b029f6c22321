package salesforce_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func newKey(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

func sign(t *testing.T, key *rsa.PrivateKey, header string, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(body)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestJWTBearer(t *testing.T) {
	key, certificate := newKey(t)
	other, _ := newKey(t)
	d := newDesk(t, func(a *tenant.Tenant) { a.Salesforce.Integration[0].Certificate = certificate })
	const rs256 = `{"alg":"RS256"}`
	good := func(change map[string]any) map[string]any {
		claims := map[string]any{"iss": tenant.AcmeClientID, "sub": tenant.AcmeIntegration, "aud": "https://login.salesforce.com", "exp": at.Add(2 * time.Minute).Unix()}
		maps.Copy(claims, change)
		return claims
	}
	tests := map[string]struct {
		token        string
		want, reason string
	}{
		"Good":      {sign(t, key, rs256, good(nil)), "200", "as documented"},
		"Slash":     {sign(t, key, rs256, good(map[string]any{"aud": "https://login.salesforce.com/"})), "200", "the CLI ends aud with a slash"},
		"Millis":    {sign(t, key, rs256, good(map[string]any{"exp": at.Add(time.Minute).UnixMilli()})), "200", "the CLI sends exp in milliseconds"},
		"MyDomain":  {sign(t, key, rs256, good(map[string]any{"aud": "https://acme.my.salesforce.com"})), "200", "the CLI tries My Domain as well"},
		"Quoted":    {sign(t, key, rs256, good(map[string]any{"exp": fmt.Sprint(at.Add(time.Minute).Unix())})), "200", "go-salesforce quotes exp"},
		"Sandbox":   {sign(t, key, rs256, good(map[string]any{"aud": "https://test.salesforce.com"})), "400 invalid_grant/audience is invalid", "this org is production"},
		"Expired":   {sign(t, key, rs256, good(map[string]any{"exp": at.Unix()})), "400 invalid_grant/expired authorization code", "the vendor's odd words"},
		"WrongKey":  {sign(t, other, rs256, good(nil)), "400 invalid_grant/invalid assertion", "signed by somebody else"},
		"None":      {sign(t, key, `{"alg":"none"}`, good(nil)), "400 invalid_grant/invalid assertion", "only RS256 counts"},
		"Unknown":   {sign(t, key, rs256, good(map[string]any{"iss": "x"})), "400 invalid_client_id/client identifier invalid", "no such app"},
		"WrongUser": {sign(t, key, rs256, good(map[string]any{"sub": "ana.lopez@acme.example"})), "400 invalid_grant/user hasn't approved this consumer", "not pre-authorised"},
		"Garbage":   {"a.b", "400 invalid_grant/invalid assertion", "not a token at all"},
		"NoExp":     {sign(t, key, rs256, good(map[string]any{"exp": nil})), "400 invalid_grant/invalid assertion", "exp is required"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d.t = t
			status, body := d.form("/services/oauth2/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {tc.token}})
			if diff := cmp.Diff(tc.want, outcome(status, body)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func outcome(status int, body map[string]any) string {
	if status == http.StatusOK {
		return "200"
	}
	return fmt.Sprintf("%d %v/%v", status, body["error"], body["error_description"])
}

func TestTokenGrants(t *testing.T) {
	d := newDesk(t, func(a *tenant.Tenant) {
		a.Salesforce.ConnectedApps = []tenant.App{{Name: "Old", Label: "Old", ConsumerKey: "oldkey00", ConsumerSecret: "oldsecret"}}
	})
	form := func(pairs ...string) url.Values {
		values := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		return values
	}
	const id, secret = tenant.AcmeClientID, tenant.AcmeClientSecret
	tests := map[string]struct {
		form         url.Values
		want, reason string
	}{
		"Good":        {form("grant_type", "client_credentials", "client_id", id, "client_secret", secret), "200", "as documented"},
		"WrongSecret": {form("grant_type", "client_credentials", "client_id", id, "client_secret", "x"), "400 invalid_client/invalid client credentials", "400, not 401"},
		"WrongID":     {form("grant_type", "client_credentials", "client_id", "x", "client_secret", secret), "400 invalid_client_id/client identifier invalid", "no such app"},
		"NoUser":      {form("grant_type", "client_credentials", "client_id", "oldkey00", "client_secret", "oldsecret"), "400 invalid_grant/no client credentials user enabled", "the app is known, nobody runs it"},
		"Refresh":     {form("grant_type", "refresh_token", "client_id", id, "client_secret", secret, "refresh_token", "5Aep861acme.refresh.token"), "200", "the seed's token"},
		"BadRefresh":  {form("grant_type", "refresh_token", "client_id", id, "client_secret", secret, "refresh_token", "x"), "400 invalid_grant/expired access/refresh token", "another token"},
		"NoSecret":    {form("grant_type", "refresh_token", "client_id", id, "refresh_token", "5Aep861acme.refresh.token"), "400 invalid_client/invalid client credentials", "the secret is required for refreshing, too"},
		"Password":    {form("grant_type", "password", "client_id", id, "client_secret", secret, "username", "x", "password", "y"), "400 invalid_grant/authentication failure", "blocked in every new org"},
		"Unknown":     {form("grant_type", "magic"), "400 unsupported_grant_type/grant type not supported", "no such flow"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d.t = t
			status, body := d.form("/services/oauth2/token", tc.form)
			if diff := cmp.Diff(tc.want, outcome(status, body)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if _, has := body["expires_in"]; has {
				t.Error("expires_in is there; the vendor does not send it")
			}
		})
	}
}

// Client credentials work on the org's own domain only, and the token's
// answer always names that domain.
func TestLoginHost(t *testing.T) {
	acme := tenant.Acme()
	org := salesforce.New(acme, salesforce.Options{})
	ask := func(host, grant string) string {
		form := url.Values{"grant_type": {grant}, "client_id": {tenant.AcmeClientID}, "client_secret": {tenant.AcmeClientSecret}, "refresh_token": {acme.Salesforce.Integration[0].RefreshToken}}
		r := httptest.NewRequest(http.MethodPost, "https://"+host+"/services/oauth2/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		org.ServeHTTP(w, r)
		return w.Body.String()
	}
	if body := ask("login.salesforce.com", "client_credentials"); !strings.Contains(body, "request not supported on this domain") {
		t.Error(body)
	}
	if body := ask("login.salesforce.com", "refresh_token"); !strings.Contains(body, `"instance_url":"https://acme.my.salesforce.com"`) {
		t.Error(body)
	}
}

func TestIdentity(t *testing.T) {
	d := newDesk(t, nil)
	status, body := d.do(http.MethodGet, "//services/oauth2/userinfo/", nil)
	who, _ := body.(map[string]any)
	if status != http.StatusOK || who["preferred_username"] != tenant.AcmeIntegration || who["organization_id"] != "00D5g00000ABCDEEA3" && len(who["organization_id"].(string)) != 18 {
		t.Errorf("userinfo: %d %v", status, body)
	}
	id, err := url.Parse(who["sub"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := d.do(http.MethodGet, id.Path, nil); status != http.StatusOK {
		t.Errorf("identity: %d %v", status, body)
	}
	client := url.Values{"client_id": {tenant.AcmeClientID}, "client_secret": {tenant.AcmeClientSecret}, "token": {d.token}}
	if _, body := d.form("/services/oauth2/introspect", client); body["active"] != true {
		t.Errorf("introspect: %v", body)
	}
	if status, _ := d.form("/services/oauth2/revoke", url.Values{"token": {d.token}}); status != http.StatusOK {
		t.Errorf("revoke: %d", status)
	}
	if _, body := d.form("/services/oauth2/introspect", client); body["active"] != false {
		t.Errorf("introspect after revoke: %v", body)
	}
	if got := code(d.do(http.MethodGet, v67+"/limits", nil)); got != "401 INVALID_SESSION_ID" {
		t.Errorf("a revoked token: %s", got)
	}
	if status, _ := d.form("/services/oauth2/revoke", url.Values{"token": {d.token}}); status != http.StatusBadRequest {
		t.Errorf("revoking twice: %d", status)
	}
}

// A session lives as long as it is used; a token in JWT format does not.
func TestSessionLifetime(t *testing.T) {
	for name, tc := range map[string]struct {
		jwt  bool
		want []string
	}{"Opaque": {false, []string{"200", "200", "401 INVALID_SESSION_ID"}}, "JWT": {true, []string{"200", "401 INVALID_SESSION_ID", "401 INVALID_SESSION_ID"}}} {
		t.Run(name, func(t *testing.T) {
			now := at
			acme := tenant.Acme()
			acme.Salesforce.Integration[0].JWTTokens = tc.jwt
			d := &desk{t: t, org: salesforce.New(acme, salesforce.Options{Now: func() time.Time { return now }, SessionLifetime: time.Hour})}
			d.token = d.signIn(acme.Salesforce.Integration[0])
			if tc.jwt != (strings.Count(d.token, ".") == 2) {
				t.Errorf("format of %q", d.token)
			}
			var got []string
			for _, wait := range []time.Duration{40 * time.Minute, 40 * time.Minute, time.Hour} {
				now = now.Add(wait)
				got = append(got, code(d.do(http.MethodGet, v67+"/limits", nil)))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error("-want +got:\n" + diff)
			}
		})
	}
}
