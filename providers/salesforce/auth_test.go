package salesforce

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

func secret(value string) schema.Secret { return schema.NewSecret(value, "a test") }

func TestOptionsAreChecked(t *testing.T) {
	good := func() Options {
		return Options{InstanceURL: deskHost, ClientCredentials: &ClientCredentials{ClientID: "a", ClientSecret: secret("b")}}
	}
	jwt := &JWTBearer{ClientID: "a", Username: "b", PrivateKey: secret("c")}
	tests := map[string]struct {
		reason string
		change func(*Options)
		want   string // "" is good
	}{
		"good":           {"nothing wrong", func(*Options) {}, ""},
		"slash":          {"people paste it so", func(o *Options) { o.InstanceURL += "/" }, ""},
		"loopback":       {"the emulator speaks http", func(o *Options) { o.InstanceURL = "http://127.0.0.1:8080" }, ""},
		"localhost":      {"and is also called so", func(o *Options) { o.InstanceURL = "http://localhost:8080" }, ""},
		"lightning":      {"the address in the browser", func(o *Options) { o.InstanceURL = "https://acme.lightning.force.com/lightning/setup" }, "use https://acme.my.salesforce.com"},
		"sandbox":        {"the same of a sandbox", func(o *Options) { o.InstanceURL = "https://acme--uat.sandbox.lightning.force.com" }, "use https://acme--uat.sandbox.my.salesforce.com"},
		"setup":          {"the other address in the browser", func(o *Options) { o.InstanceURL = "https://acme.my.salesforce-setup.com" }, "use https://acme.my.salesforce.com"},
		"http":           {"tokens in the clear", func(o *Options) { o.InstanceURL = "http://acme.my.salesforce.com" }, "use https://acme.my.salesforce.com"},
		"looks loopback": {"a host is no number", func(o *Options) { o.InstanceURL = "http://127.evil.example" }, "in the clear"},
		"no scheme":      {"half an address", func(o *Options) { o.InstanceURL = "acme.my.salesforce.com" }, "of the form https://"},
		"path":           {"more than a host", func(o *Options) { o.InstanceURL += "/services" }, "more than a host"},
		"user":           {"a password in an address", func(o *Options) { o.InstanceURL = "https://u:canary@acme.my.salesforce.com" }, "of the form"},
		"missing":        {"nothing to connect to", func(o *Options) { o.InstanceURL = "" }, "is missing"},
		"no way":         {"nothing to sign in with", func(o *Options) { o.ClientCredentials = nil }, "no way to sign in"},
		"two ways":       {"which one?", func(o *Options) { o.JWTBearer = jwt }, "2 ways to sign in (jwt_bearer, client_credentials)"},
		"lacks":          {"half a way", func(o *Options) { o.ClientCredentials.ClientSecret = schema.Secret{} }, "client_credentials lacks client_secret"},
		"login host":     {"client credentials need My Domain", func(o *Options) { o.InstanceURL = "https://login.salesforce.com" }, "My Domain"},
		"jwt at login": {"an assertion may go there; the answer names the instance", func(o *Options) {
			o.InstanceURL, o.ClientCredentials, o.JWTBearer = "https://test.salesforce.com", nil, jwt
		}, ""},
		"old version":     {"presence access came with 64, the rest with 65", func(o *Options) { o.APIVersion = "64.0" }, "too old"},
		"new version":     {"a preview is the user's choice", func(o *Options) { o.APIVersion = "68.0" }, ""},
		"odd version":     {"not how the vendor writes it", func(o *Options) { o.APIVersion = "v67" }, "not of the form"},
		"pin":             {"15 characters", func(o *Options) { o.OrganizationID = deskOrg }, ""},
		"pin with a typo": {"checksum", func(o *Options) { o.OrganizationID = deskOrg + "AAA" }, "checksum"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := good()
			tt.change(&o)
			err := o.Check()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", tt.reason, err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("shows a secret: %v", err)
			}
		})
	}
}

func newKey(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestAssertion(t *testing.T) {
	key, text := newKey(t)
	yes, no := true, false
	tests := map[string]struct {
		reason, host, override string
		sandbox                *bool
		want                   string
	}{
		"production":      {"the login host, not the one posted to", "https://acme.my.salesforce.com", "", nil, "https://login.salesforce.com"},
		"sandbox":         {"told by the address", "https://acme--uat.sandbox.my.salesforce.com", "", nil, "https://test.salesforce.com"},
		"scratch org":     {"told by the address", "https://quick-fox-1.scratch.my.salesforce.com", "", nil, "https://test.salesforce.com"},
		"test host":       {"told by the address", "https://test.salesforce.com", "", nil, "https://test.salesforce.com"},
		"pin":             {"the address does not tell", "http://127.0.0.1:1", "", &yes, "https://test.salesforce.com"},
		"production pin":  {"the address does not tell", "http://127.0.0.1:1", "", &no, "https://login.salesforce.com"},
		"sandbox, no pin": {"the address is surer than a wrong pin, which is told later", "https://acme--uat.sandbox.my.salesforce.com", "", &no, "https://test.salesforce.com"},
		"override":        {"Experience Cloud sites have their own", "https://acme.my.salesforce.com", "https://site.example", &yes, "https://site.example"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				jwt := &JWTBearer{ClientID: "3MVG9", Username: "lockstep@acme.example", PrivateKey: secret(text), Audience: tt.override}
				c := Connect(Options{InstanceURL: tt.host, JWTBearer: jwt, Sandbox: tt.sandbox})
				assertion, err := jwt.assertion(c.audience())
				if err != nil {
					t.Fatal(err)
				}
				parts := strings.Split(assertion, ".")
				signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
				digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
				if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
					t.Error(err)
				}
				text, _ := base64.RawURLEncoding.DecodeString(parts[1])
				var got map[string]any
				if err := json.Unmarshal(text, &got); err != nil {
					t.Fatal(err)
				}
				want := map[string]any{"iss": "3MVG9", "sub": "lockstep@acme.example", "aud": tt.want, "exp": float64(time.Now().Unix() + 120)}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got)\n%s", tt.reason, diff)
				}
			})
		})
	}
}

func TestPrivateKeysThatDoNotServe(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(elliptical)
	if err != nil {
		t.Fatal(err)
	}
	block := func(typ string, content []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: content}))
	}
	tests := map[string]struct{ text, want string }{
		"a path":      {"salesforce-canary.pem", "not PEM"},
		"certificate": {block("CERTIFICATE", []byte("canary")), "give the private key"},
		"encrypted":   {block("ENCRYPTED PRIVATE KEY", []byte("canary")), "is encrypted"},
		"elliptic":    {block("PRIVATE KEY", der), "RS256 only"},
		"garbage":     {block("PRIVATE KEY", []byte("canary")), "cannot be read"},
	}
	for name, tt := range tests {
		_, err := (&JWTBearer{PrivateKey: secret(tt.text)}).assertion("x")
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTokenForms(t *testing.T) {
	_, key := newKey(t)
	tests := map[string]struct {
		change func(*Options)
		want   url.Values
	}{
		"client credentials": {func(*Options) {},
			url.Values{"grant_type": {"client_credentials"}, "client_id": {"3MVG9"}, "client_secret": {"client-canary"}}},
		"refresh token": {func(o *Options) {
			o.ClientCredentials, o.RefreshToken = nil, &RefreshToken{ClientID: "3MVG9", ClientSecret: secret("b"), RefreshToken: secret("r")}
		}, url.Values{"grant_type": {"refresh_token"}, "client_id": {"3MVG9"}, "client_secret": {"b"}, "refresh_token": {"r"}}},
		"refresh token without secret": {func(o *Options) {
			o.ClientCredentials, o.RefreshToken = nil, &RefreshToken{ClientID: "3MVG9", RefreshToken: secret("r")}
		}, url.Values{"grant_type": {"refresh_token"}, "client_id": {"3MVG9"}, "refresh_token": {"r"}}},
		"jwt bearer": {func(o *Options) {
			o.ClientCredentials, o.JWTBearer = nil, &JWTBearer{ClientID: "3MVG9", Username: "u", PrivateKey: secret(key)}
		}, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {"…"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got url.Values
			d := newDesk(nil)
			d.routes = map[string]http.HandlerFunc{
				"/services/data/v67.0/limits": says(200, "{}"),
				"/services/oauth2/token": func(w http.ResponseWriter, r *http.Request) {
					if r.URL.RawQuery != "" {
						t.Errorf("query %q", r.URL.RawQuery)
					}
					if err := r.ParseForm(); err != nil {
						t.Error(err)
					}
					got = r.PostForm
					says(200, `{"access_token":"t","instance_url":"https://acme.my.salesforce.com"}`)(w, r)
				},
			}
			o := d.options()
			tt.change(&o)
			if _, err := Connect(o).Limits(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got.Get("assertion") != "" {
				got.Set("assertion", "…")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRotatedRefreshTokenIsUsedNext(t *testing.T) {
	var sent []string
	var log bytes.Buffer
	d := newDesk(nil)
	d.routes = map[string]http.HandlerFunc{
		"/services/data/v67.0/limits": inTurns(says(401, expired), says(200, "{}")),
		"/services/oauth2/token": func(w http.ResponseWriter, r *http.Request) {
			sent = append(sent, r.PostFormValue("refresh_token"))
			says(200, fmt.Sprintf(`{"access_token":"t%d","refresh_token":"canary-%d"}`, len(sent), len(sent)))(w, r)
		},
	}
	o := d.options()
	o.ClientCredentials, o.RefreshToken = nil, &RefreshToken{ClientID: "3MVG9", RefreshToken: secret("canary-0")}
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	if _, err := Connect(o).Limits(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"canary-0", "canary-1"}, sent); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !strings.Contains(log.String(), "replaced the refresh token") || strings.Contains(log.String(), "canary") {
		t.Errorf("log: %s", log.String())
	}
}

func TestRefreshTokenIsSentOnce(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{"/services/oauth2/token": says(503, "")})
	o := d.options()
	o.ClientCredentials, o.RefreshToken = nil, &RefreshToken{ClientID: "3MVG9", RefreshToken: secret("r")}
	// The caller's own request may be repeated; the sign-in on its way may not.
	if _, err := Connect(o).Limits(rest.Repeatable(t.Context())); err == nil || d.count("/services/oauth2/token") != 1 {
		t.Errorf("%v after %d tries", err, d.count("/services/oauth2/token"))
	}
}

func TestEveryRefusalHasAWayOut(t *testing.T) {
	for _, a := range waysOut() {
		if strings.HasPrefix(a.code, strings.ToUpper(a.code)) {
			continue // said by the API, not by the token endpoint
		}
		body, err := json.Marshal(map[string]string{"error": a.code, "error_description": a.part})
		if err != nil {
			t.Fatal(err)
		}
		d := newDesk(map[string]http.HandlerFunc{"/services/oauth2/token": says(400, string(body))})
		_, err = d.connect().Limits(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "sign in to salesforce: POST /services/oauth2/token: 400 "+a.code) ||
			!strings.HasSuffix(err.Error(), a.text) || d.count("/services/oauth2/token") != 1 {
			t.Errorf("%s %q: %v", a.code, a.part, err)
		}
	}
}

func TestAnswersOfTheTokenEndpoint(t *testing.T) {
	tests := map[string]struct{ reason, body, want string }{
		"html":             {"a login page", "<html>", "is instance_url a My Domain host?"},
		"no token":         {"not an answer", `{"token_type":"Bearer"}`, "no access_token"},
		"instance by http": {"the token must not travel in the clear", `{"access_token":"canary-t","instance_url":"http://evil.example"}`, "in the clear"},
		"cut short":        {"a truncated answer", `{"access_token":"canary-`, "breaks off"},
	}
	for name, tt := range tests {
		d := newDesk(map[string]http.HandlerFunc{"/services/oauth2/token": says(200, tt.body)})
		_, err := d.connect().Limits(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %s: %v", name, tt.reason, err)
		}
	}
}

func TestPins(t *testing.T) {
	yes, no := true, false
	organization := `{"done":true,"totalSize":1,"records":[{"Id":"00D5g00000ABCDEEA3","IsSandbox":true}]}`
	tests := map[string]struct {
		reason  string
		pin     string
		sandbox *bool
		token   string // given instead of signing in
		calls   int    // to sign in
		want    string
	}{
		"no pin":        {"nothing to check", "", nil, "", 2, ""},
		"right":         {"the token answer says which org", deskOrg, nil, "", 2, ""},
		"wrong":         {"nothing more is asked of the other org", "00D5g00000ABCDF", nil, "", 1, `is organization 00D5g00000ABCDE, but the provider block pins organization_id = "00D5g00000ABCDF"`},
		"sandbox":       {"only the org itself tells", "", &yes, "", 3, ""},
		"not a sandbox": {"a production pin in a sandbox", deskOrg, &no, "", 2, "is a sandbox, but the provider block pins sandbox = false"},
		"given token":   {"a session begins with its org", deskOrg, nil, deskOrg + "!x", 1, ""},
		"wrong token":   {"a session begins with its org", "00D5g00000ABCDF", nil, deskOrg + "!x", 0, "pins organization_id"},
		"JWT token":     {"one that does not is asked about", deskOrg, nil, "eyJ.eyJ.c", 2, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{query67: says(200, organization), "/services/data/v67.0/limits": says(200, "{}")})
			o := d.options()
			o.OrganizationID, o.Sandbox = tt.pin, tt.sandbox
			if tt.token != "" {
				o.ClientCredentials, o.AccessToken = nil, secret(tt.token)
			}
			c := Connect(o)
			_, err := c.Limits(t.Context())
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", tt.reason, err)
			}
			if got := c.Calls().SignIn; got != tt.calls {
				t.Errorf("%s: %d calls to sign in: %v", tt.reason, got, d.log)
			}
			if err != nil && d.count("/services/data/v67.0/limits") != 0 {
				t.Error("a refused org was asked for more")
			}
		})
	}
}

func TestVersionThatIsNotOffered(t *testing.T) {
	d := newDesk(nil)
	o := d.options()
	o.APIVersion = "68.0"
	_, err := Connect(o).Limits(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not offer API version 68.0; it offers 65.0, 67.0") {
		t.Errorf("%v", err)
	}
}

// A vendor that quotes everything it was sent must not make us show it.
func TestPlantedSecretsAreShownNowhere(t *testing.T) {
	_, key := newKey(t)
	ways := map[string]func(*Options){
		"client credentials": func(*Options) {},
		"refresh token": func(o *Options) {
			o.ClientCredentials, o.RefreshToken = nil, &RefreshToken{ClientID: "a", ClientSecret: secret("client-canary"), RefreshToken: secret("refresh canary/+=")}
		},
		"jwt bearer": func(o *Options) {
			o.ClientCredentials, o.JWTBearer = nil, &JWTBearer{ClientID: "a", Username: "u", PrivateKey: secret(key)}
		},
		"access token": func(o *Options) { o.ClientCredentials, o.AccessToken = nil, secret("given-canary") },
	}
	statuses := []int{200, 302, 400, 401, 403, 404, 500}
	for name, change := range ways {
		for _, status := range statuses {
			for _, signedIn := range []bool{true, false} {
				t.Run(fmt.Sprint(name, " ", status, " ", signedIn), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { quoteEverything(t, change, status, signedIn, key) })
				})
			}
		}
	}
}

func quoteEverything(t *testing.T, change func(*Options), status int, signedIn bool, key string) {
	var shown strings.Builder
	quote := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(&shown, r.URL)
		body, _ := io.ReadAll(r.Body)
		text := r.Header.Get("Authorization") + " " + string(body)
		answer, _ := json.Marshal([]map[string]string{{"errorCode": "QUOTED " + text, "message": text}})
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}
	d := newDesk(map[string]http.HandlerFunc{query67: quote, soap67: quote, "/services/data/v67.0/limits": quote,
		"/services/data/v67.0/metadata/deployRequest": quote, "/services/data/v67.0/composite/sobjects": quote})
	if signedIn {
		d.routes["/services/oauth2/token"] = says(200, `{"access_token":"granted-canary","refresh_token":"rotated-canary"}`)
	} else {
		d.routes["/services/oauth2/token"] = quote
	}
	o := d.options()
	change(&o)
	o.Log = slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := Connect(o)
	fmt.Fprintf(&shown, "%v %+v %#v\n", o, o, o)
	_, err := c.Limits(t.Context())
	fmt.Fprintln(&shown, err)
	_, err = Query[named](t.Context(), c, "SELECT Name FROM X")
	fmt.Fprintln(&shown, err)
	_, err = c.ReadMetadata(t.Context(), "Profile", []string{"Admin"})
	fmt.Fprintln(&shown, err)
	_, err = c.Deploy(t.Context(), Package{}, DeployOptions{})
	fmt.Fprintln(&shown, err, c.CreateAll(t.Context(), "X", []map[string]any{{}}))
	text := shown.String()
	keyLine := strings.Split(key, "\n")[2]
	for _, planted := range []string{"canary", keyLine, "assertion=ey"} {
		if i := strings.Index(text, planted); i >= 0 {
			t.Fatalf("%q is shown: …%s…", planted, text[max(0, i-120):min(len(text), i+80)])
		}
	}
}
