package cxone

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestDiscovery(t *testing.T) {
	const loopback = "http://127.0.0.1:4711"
	cases := []struct {
		why   string
		hosts Hosts
		base  string
		want  map[string]string
	}{
		{
			why:   "as the vendor: every endpoint has its own believable host",
			hosts: AsVendor, base: "https://" + IssuerHost,
			want: map[string]string{
				"auth_endpoint": "https://na1.nice-incontact.com", "api_endpoint": "https://api-na1.niceincontact.com",
				"ui_endpoint": "https://na1.nice-incontact.com", "area": "na1", "cluster": "c42",
				"domain": "niceincontact.com", "acdDomain": "nice-incontact.com", "uhDomain": "nice-incontact.com",
				"globaldomain": "niceincontact.com", "tenantId": tenant.AcmeTenantID,
			},
		},
		{
			why:   "one origin: everything is where the request came to, and derived names are loopback names",
			hosts: OneOrigin, base: loopback,
			want: map[string]string{
				"auth_endpoint": loopback, "api_endpoint": loopback, "ui_endpoint": loopback,
				"domain": "localhost:4711", "acdDomain": "localhost:4711", "tenantId": tenant.AcmeTenantID,
			},
		},
	}
	for _, tc := range cases {
		c := newClient(t, Options{Hosts: tc.hosts})
		a := c.get(tc.base + "/.well-known/cxone-configuration?tenantId=" + tenant.AcmeTenantID).want(200)
		got := map[string]string{}
		for name := range tc.want {
			got[name] = a.text(name)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tc.why, diff)
		}
		issuer := c.get(tc.base + "/.well-known/openid-configuration").want(200)
		if got := issuer.text("token_endpoint"); got != tc.base+"/auth/token" {
			t.Errorf("%s: token_endpoint %s", tc.why, got)
		}
	}
}

func TestDiscoveryRefusals(t *testing.T) {
	c := newClient(t, Options{})
	c.get("https://" + IssuerHost + "/.well-known/cxone-configuration?tenantId=nobody").want(404)
	c.get("https://" + IssuerHost + "/.well-known/cxone-configuration").want(400)
	// The area host knows whose it is.
	c.get("https://" + AreaHost + "/.well-known/cxone-configuration").want(200)
}

func TestSignIn(t *testing.T) {
	const (
		byKey  = "/authentication/v1/token/access-key"
		oauth  = "/auth/token"
		key    = tenant.AcmeAccessKeyID
		secret = tenant.AcmeAccessKeySecret
		form   = "application/x-www-form-urlencoded"
		asJSON = "application/json"
		grant  = "grant_type=password&username=" + key + "&password=" + secret
		client = "&client_id=acme-registered-client&client_secret=acme-registered-secret"
	)
	cases := []struct {
		why, path, contentType, body string
		basic                        []string
		status                       int
		code                         string
	}{
		{why: "JSON is the documented body", path: byKey, contentType: asJSON, body: `{"accessKeyId":"` + key + `","accessKeySecret":"` + secret + `"}`, status: 200},
		{why: "some clients send a form", path: byKey, contentType: form, body: "accessKeyId=" + key + "&accessKeySecret=" + secret, status: 200},
		{why: "the padding of a key belongs to it", path: byKey, contentType: asJSON, body: `{"accessKeyId":"` + strings.TrimRight(key, "=") + `","accessKeySecret":"` + secret + `"}`, status: 401, code: "invalid_grant"},
		{why: "a wrong secret", path: byKey, contentType: asJSON, body: `{"accessKeyId":"` + key + `","accessKeySecret":"x"}`, status: 401, code: "invalid_grant"},
		{why: "a missing secret is a bad request", path: byKey, contentType: asJSON, body: `{"accessKeyId":"` + key + `"}`, status: 400, code: "invalid_request"},
		{why: "broken JSON", path: byKey, contentType: asJSON, body: `{"accessKeyId":`, status: 400, code: "invalid_request"},
		{why: "password grant, client in the body", path: oauth, contentType: form, body: grant + client, status: 200},
		{why: "password grant, client by Basic", path: oauth, contentType: form, body: grant, basic: []string{"acme-registered-client", "acme-registered-secret"}, status: 200},
		{why: "NICE's client labels its form as JSON", path: oauth, contentType: asJSON, body: grant + client, status: 200},
		{why: "real JSON works as well", path: oauth, contentType: asJSON, body: `{"grant_type":"password","username":"` + key + `","password":"` + secret + `","client_id":"acme-registered-client","client_secret":"acme-registered-secret"}`, status: 200},
		{why: "the password grant needs a registered client", path: oauth, contentType: form, body: grant, status: 401, code: "invalid_client"},
		{why: "a wrong client secret", path: oauth, contentType: form, body: grant, basic: []string{"acme-registered-client", "no"}, status: 401, code: "invalid_client"},
		{why: "a wrong key at the token endpoint", path: oauth, contentType: form, body: "grant_type=password&username=a&password=b" + client, status: 401, code: "invalid_grant"},
		{why: "a grant that is not offered", path: oauth, contentType: form, body: "grant_type=implicit", status: 400, code: "unsupported_grant_type"},
		{why: "no grant at all", path: oauth, contentType: form, status: 400, code: "invalid_request"},
		{why: "an unknown refresh token", path: oauth, contentType: form, body: "grant_type=refresh_token&refresh_token=x", status: 400, code: "invalid_grant"},
	}
	for _, tc := range cases {
		t.Run(tc.why, func(t *testing.T) {
			c := newClient(t, Options{})
			r := httptest.NewRequest("POST", "https://"+AreaHost+tc.path, strings.NewReader(tc.body))
			r.Header.Set("Content-Type", tc.contentType)
			if tc.basic != nil {
				r.SetBasicAuth(tc.basic[0], tc.basic[1])
			}
			a := c.send(r).want(tc.status)
			if tc.status != 200 {
				if a.text("error") != tc.code || a.text("errorDescription") == "" {
					t.Errorf("error %s, want %s with errorDescription: %s", a.text("error"), tc.code, a.raw)
				}
				return
			}
			if a.text("token_type") != "Bearer" || a.number("expires_in") != 3600 {
				t.Errorf("not an hour's bearer token: %s", a.raw)
			}
			c.token = a.text("access_token")
			c.get("~/business-unit").want(200)
		})
	}
}

// Access-key tokens are renewed on another path with other key names, and a
// refresh token works once.
func TestRefreshOfKeyToken(t *testing.T) {
	c := newClient(t, Options{})
	first := c.post("/authentication/v1/token/access-key", map[string]any{
		"accessKeyId": tenant.AcmeAccessKeyID, "accessKeySecret": tenant.AcmeAccessKeySecret,
	}).want(200)
	c.tenant.ExpireTokens()
	c.token = first.text("access_token")
	c.get("~/business-unit").want(401)

	body := map[string]any{"token": first.text("refresh_token")}
	renewed := c.post("/public/user/refresh", body).want(200)
	if _, wrong := renewed.body["access_token"]; wrong || renewed.number("tokenExpirationTimeSec") != 3600 {
		t.Errorf("the refresh answers in its own spelling: %s", renewed.raw)
	}
	c.post("/public/user/refresh", body).want(401)
	c.post("/public/user/refresh", map[string]any{}).want(400)
	c.token = renewed.text("token")
	c.get("~/business-unit").want(200)

	c.tenant.EndSessions()
	c.post("/public/user/refresh", map[string]any{"token": renewed.text("refreshToken")}).want(401)
}

func TestOAuthRefresh(t *testing.T) {
	c := newClient(t, Options{})
	refresh := c.post("/authentication/v1/token/access-key", map[string]any{
		"accessKeyId": tenant.AcmeAccessKeyID, "accessKeySecret": tenant.AcmeAccessKeySecret,
	}).want(200).text("refresh_token")
	// As NICE's client does it: a form labelled JSON, and no client secret.
	a := c.do("POST", "/auth/token", "application/json", "grant_type=refresh_token&scope=openid&refresh_token="+refresh).want(200)
	c.token = a.text("access_token")
	c.get("~/business-unit").want(200)
}

// Each API family has its own 401.
func TestExpiry(t *testing.T) {
	c := newClient(t, Options{})
	c.clock.advance(time.Hour - time.Second)
	c.get("~/business-unit").want(200)
	c.clock.advance(time.Second)

	a := c.get("~/business-unit").want(401)
	if a.raw != "" || a.header.Get(reasonHeader) == "" {
		t.Errorf("the ACD's 401 has no body and a reason header: %q %v", a.raw, a.header)
	}
	a = c.get("/user-management/v1/users").want(401)
	for _, name := range []string{"timestamp", "status", "error", "message", "path"} {
		a.text(name)
	}
	a = c.get("/adapter-apis/v1/salesforce/rules").want(401)
	if a.text("error") != "invalid_token" || a.text("error_description") == "" {
		t.Errorf("the adapters' 401: %s", a.raw)
	}
	c.token = ""
	c.get("~/business-unit").want(401)
}

// Deactivating the user of a key ends what rests on it, at once.
func TestUserOfKeyDeactivated(t *testing.T) {
	c := newClient(t, Options{})
	if err := c.tenant.SetUserActive(tenant.AcmeAccessKeyUser, false); err != nil {
		t.Fatal(err)
	}
	c.get("~/business-unit").want(401)
	c.post("/authentication/v1/token/access-key", map[string]any{
		"accessKeyId": tenant.AcmeAccessKeyID, "accessKeySecret": tenant.AcmeAccessKeySecret,
	}).want(401)
}

func TestTokenIsSignedAndSaysWho(t *testing.T) {
	c := newClient(t, Options{})
	keys := c.get("/auth/jwks").want(200)
	parts := strings.Split(c.token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %d parts", len(parts))
	}
	var header, claims map[string]any
	for i, into := range []*map[string]any{&header, &claims} {
		if err := json.Unmarshal(decode64(t, parts[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	if header["kid"] != keys.text("keys", 0, "kid") || header["alg"] != "RS256" {
		t.Errorf("header %v does not name the published key", header)
	}
	public := &rsa.PublicKey{
		N: new(big.Int).SetBytes(decode64(t, keys.text("keys", 0, "n"))),
		E: int(new(big.Int).SetBytes(decode64(t, keys.text("keys", 0, "e"))).Int64()),
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], decode64(t, parts[2])); err != nil {
		t.Errorf("signature: %v", err)
	}
	for _, name := range []string{"tenantId", "tenant", "icAgentId", "icBUId", "icClusterId", "userId", "given_name", "family_name", "name", "teamId"} {
		if claims[name] == nil || claims[name] == "" {
			t.Errorf("no claim %s in %v", name, claims)
		}
	}
	if claims["sub"] != "user:"+claims["userId"].(string) {
		t.Errorf("sub %v", claims["sub"])
	}
}

func decode64(t *testing.T, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWhoami(t *testing.T) {
	c := newClient(t, Options{})
	token := c.token
	c.token = ""
	// The path's case varies between NICE's own clients.
	a := c.post("https://"+ACDHost+"/InContactAuthorizationServer/token/whoami", map[string]any{"token": token}).want(200)
	if got := a.text("resource_server_base_uri"); got != "https://"+ACDHost+"/inContactAPI/" {
		t.Errorf("resource_server_base_uri %s", got)
	}
	c.token = token
	c.get(a.text("resource_server_base_uri") + "services/v23.0/agents/" + a.text("agent_id")).want(200)
	c.token = ""
	c.post("/incontactauthorizationserver/token/whoami", map[string]any{"token": "x"}).want(401)
}
