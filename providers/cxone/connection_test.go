package cxone

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// A desk is a vendor made of handlers by host and path, for answers that a
// strict emulator would not give. It knows discovery and signs in whoever asks.
type desk struct {
	mu     sync.Mutex
	routes map[string]http.HandlerFunc // "host/path", or "/path" on any host
	log    []string                    // method, host and path of every request
	tokens int
	tenant string // what tokens claim; "" gives opaque ones
	life   int    // of tokens, in seconds
}

const (
	deskTenant = "11eb0000-aaaa-bbbb-cccc-000000000001"
	apiHost    = "api-na1.niceincontact.com"
	authHost   = "na1.nice-incontact.com"
	acd        = "/incontactapi/services/v34.0"
	keyPath    = "/authentication/v1/token/access-key"
	renewPath  = "/public/user/refresh"
)

func newDesk(routes map[string]http.HandlerFunc) *desk {
	return &desk{routes: routes, tenant: deskTenant, life: 3600}
}

func (d *desk) RoundTrip(req *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, req.Method+" "+req.URL.Host+req.URL.Path)
	if req.Body == nil {
		req.Body = http.NoBody // as a server's handler gets it
	}
	w := httptest.NewRecorder()
	handler := d.routes[req.URL.Host+req.URL.Path]
	if handler == nil {
		handler = d.routes[req.URL.Path]
	}
	switch {
	case handler != nil:
		handler(w, req)
	case req.URL.Path == "/.well-known/cxone-configuration":
		fmt.Fprintf(w, `{"api_endpoint":"https://%s","auth_endpoint":"https://%s/","area":"na1","tenantId":%q}`, apiHost, authHost, req.URL.Query().Get("tenantId"))
	case req.URL.Path == "/.well-known/openid-configuration":
		_, _ = io.WriteString(w, `{"token_endpoint":"https://cxone.niceincontact.com/auth/token"}`)
	case req.URL.Path == keyPath, req.URL.Path == "/auth/token":
		fmt.Fprintf(w, `{"access_token":%q,"refresh_token":"refresh-canary-%d","expires_in":%d,"token_type":"Bearer"}`, d.token(), d.tokens, d.life)
	case req.URL.Path == renewPath:
		fmt.Fprintf(w, `{"token":%q,"refreshToken":"refresh-canary-%d","tokenExpirationTimeSec":%d}`, d.token(), d.tokens, d.life)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

func (d *desk) token() string {
	d.tokens++
	if d.tenant == "" {
		return fmt.Sprintf("opaque-canary-%d", d.tokens)
	}
	claims := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"tenantId":%q,"n":%d}`, d.tenant, d.tokens))
	return "eyJhbGciOiJSUzI1NiJ9." + claims + ".c2lnbmF0dXJl"
}

// asked returns the requests made, without those to sign in.
func (d *desk) asked(signIn bool) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var lines []string
	for _, line := range d.log {
		isSignIn := strings.Contains(line, "/.well-known/") || strings.HasSuffix(line, keyPath) ||
			strings.HasSuffix(line, renewPath) || strings.HasSuffix(line, "/auth/token")
		if isSignIn == signIn {
			lines = append(lines, line)
		}
	}
	return lines
}

func (d *desk) options() Options {
	return Options{TenantID: deskTenant, AccessKeyID: "KEY======", AccessKeySecret: schema.NewSecret("secret-canary==", "a test"), HTTP: d}
}

func (d *desk) connect() *Connection { return Connect(d.options()) }

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// inTurns answers with one handler after the other; the last one stays.
func inTurns(handlers ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		handlers[0](w, r)
		if len(handlers) > 1 {
			handlers = handlers[1:]
		}
	}
}

func TestHostsComeFromDiscovery(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{
		apiHost + acd + "/teams":                says(200, `{}`),
		authHost + "/user-management/v1/users":  says(200, `{}`),
		apiHost + "/adapter-apis/v1/x/rule/00D": says(200, `{}`),
	})
	c := d.connect()
	if len(d.log) != 0 {
		t.Fatalf("connecting made calls: %v", d.log)
	}
	for _, path := range []string{c.ACD("/teams"), "/user-management/v1/users", "/adapter-apis/v1/x/rule/00D"} {
		if _, err := c.Get(t.Context(), path, nil); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"GET cxone.niceincontact.com/.well-known/cxone-configuration", "POST " + authHost + keyPath,
	}
	if diff := cmp.Diff(want, d.asked(true)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(schema.Calls{Reading: 3, SignIn: 2}, c.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

func TestSignInSendsWhatTheVendorWants(t *testing.T) {
	var got []string
	record := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			user, password, _ := r.BasicAuth()
			got = append(got, strings.TrimSpace(r.Header.Get("Content-Type")+" "+string(body)+" "+user+" "+password))
			next(w, r)
		}
	}
	d := newDesk(map[string]http.HandlerFunc{acd + "/teams": says(200, "{}")})
	d.routes[keyPath] = record(says(200, `{"access_token":"a"}`))
	d.routes["/auth/token"] = record(says(200, `{"access_token":"a"}`))
	d.routes[acd+"/business-unit"] = says(200, `{"businessUnits":[{"tenantId":"`+deskTenant+`"}]}`)
	o := d.options()
	if _, err := Connect(o).Get(t.Context(), acd+"/teams", nil); err != nil {
		t.Fatal(err)
	}
	o.ClientID, o.ClientSecret = "client", schema.NewSecret("a+b", "a test")
	if _, err := Connect(o).Get(t.Context(), acd+"/teams", nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`application/json {"accessKeyId":"KEY======","accessKeySecret":"secret-canary=="}`,
		"application/x-www-form-urlencoded grant_type=password&password=secret-canary%3D%3D&scope=openid&username=KEY%3D%3D%3D%3D%3D%3D client a%2Bb",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTokensAreRenewed(t *testing.T) {
	tests := map[string]struct {
		reason string
		life   int
		after  time.Duration
		routes map[string]http.HandlerFunc
		client bool
		want   []string // the second sign-in
	}{
		"still good":        {"no call for nothing", 3600, 54 * time.Minute, nil, false, nil},
		"nearly over":       {"renewed before it ends, at the other path", 3600, 56 * time.Minute, nil, false, []string{"POST " + authHost + renewPath}},
		"short-lived":       {"nine tenths of a minute", 60, 55 * time.Second, nil, false, []string{"POST " + authHost + renewPath}},
		"refresh refused":   {"a fresh sign-in still works", 3600, 2 * time.Hour, map[string]http.HandlerFunc{renewPath: says(401, "")}, false, []string{"POST " + authHost + renewPath, "GET cxone.niceincontact.com/.well-known/cxone-configuration", "POST " + authHost + keyPath}},
		"refresh lost":      {"refresh tokens may work once, so it is not repeated", 3600, 2 * time.Hour, map[string]http.HandlerFunc{renewPath: says(503, "")}, false, []string{"POST " + authHost + renewPath, "GET cxone.niceincontact.com/.well-known/cxone-configuration", "POST " + authHost + keyPath}},
		"registered client": {"OpenID Connect renews where it signed in", 3600, 2 * time.Hour, nil, true, []string{"POST cxone.niceincontact.com/auth/token"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(map[string]http.HandlerFunc{acd + "/teams": says(200, "{}")})
				maps.Copy(d.routes, tt.routes)
				d.life = tt.life
				o := d.options()
				if tt.client {
					o.ClientID, o.ClientSecret = "client", schema.NewSecret("b", "a test")
				}
				c := Connect(o)
				if _, err := c.Get(t.Context(), acd+"/teams", nil); err != nil {
					t.Fatal(err)
				}
				before := len(d.asked(true))
				time.Sleep(tt.after) // in a bubble
				if _, err := c.Get(rest.Repeatable(t.Context()), acd+"/teams", nil); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, append([]string(nil), d.asked(true)[before:]...)); diff != "" {
					t.Errorf("%s (-want +got)\n%s", tt.reason, diff)
				}
			})
		})
	}
}

func TestRefusedTokenMeansOneFreshSignIn(t *testing.T) {
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		tries   int
		failed  bool
	}{
		"once":     {inTurns(says(401, ""), says(200, "{}")), 2, false},
		"for ever": {says(401, ""), 2, true},
	} {
		d := newDesk(map[string]http.HandlerFunc{acd + "/unavailable-codes": tt.handler})
		c := d.connect()
		_, err := c.Post(t.Context(), c.ACD("unavailable-codes"), nil, map[string]string{"name": "Lunch"})
		if (err != nil) != tt.failed || len(d.asked(false)) != tt.tries || len(d.asked(true)) != 4 || rest.IsUnclear(err) {
			t.Errorf("%s: %v after %v", name, err, d.log)
		}
	}
}

func TestTenantPin(t *testing.T) {
	tests := map[string]struct {
		reason, tenant, unit string
		client               bool
		want                 string
	}{
		"right":             {"the token says so", deskTenant, "", false, ""},
		"other case":        {"UUIDs are written in either", strings.ToUpper(deskTenant), "", false, ""},
		"wrong":             {"nothing more is asked of it", "22eb", "", false, `belongs to tenant "22eb", but the provider block pins`},
		"wrong by client":   {"the same through OpenID Connect", "22eb", "", true, `belongs to tenant "22eb"`},
		"opaque":            {"the business unit tells", "", deskTenant, false, ""},
		"opaque and wrong":  {"the business unit tells", "", "22eb", false, `belongs to tenant "22eb"`},
		"opaque and silent": {"not taken on trust", "", "", false, "find out the tenant"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{acd + "/teams": says(200, "{}")})
			d.tenant = tt.tenant
			if tt.unit != "" {
				d.routes[acd+"/business-unit"] = says(200, `{"resultSet":{"businessUnits":[{"tenantId":"`+tt.unit+`"}]}}`)
			}
			o := d.options()
			if tt.client {
				o.ClientID, o.ClientSecret = "client", schema.NewSecret("b", "a test")
			}
			_, err := Connect(o).Get(t.Context(), acd+"/teams", nil)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", tt.reason, err)
			}
			for _, line := range d.asked(false) {
				if err != nil && strings.HasSuffix(line, "/teams") {
					t.Error("a refused tenant was asked for more")
				}
			}
		})
	}
}

func TestDiscoveryIsNotTrustedBlindly(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"http":     {`{"api_endpoint":"http://evil.example","auth_endpoint":"https://a.example"}`, "in the clear"},
		"half":     {`{"api_endpoint":"https://a.example"}`, "auth_endpoint: is missing"},
		"html":     {`<html>`, "answer is HTML"},
		"path":     {`{"api_endpoint":"https://a.example/x","auth_endpoint":"https://a.example"}`, "more than a host"},
		"loopback": {`{"api_endpoint":"http://127.0.0.1:1","auth_endpoint":"http://127.evil.example"}`, "in the clear"},
	} {
		d := newDesk(map[string]http.HandlerFunc{"/.well-known/cxone-configuration": says(200, tt.body)})
		_, err := d.connect().Get(t.Context(), acd+"/teams", nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(d.log) != 1 {
			t.Errorf("%s: %v after %v", name, err, d.log)
		}
	}
}

func TestSuccessIsMoreThan200(t *testing.T) {
	for _, status := range []int{200, 201, 202, 204, 304} {
		d := newDesk(map[string]http.HandlerFunc{acd + "/x": says(status, "")})
		c := d.connect()
		answer, err := c.Put(t.Context(), c.ACD("x"), url.Values{"a": {"b"}}, map[string]int{"n": 1})
		if err != nil || answer.Status != status {
			t.Errorf("%d: %v", status, err)
			continue
		}
		out := struct{ N int }{7}
		if err := answer.Decode(&out); err != nil || out.N != 7 {
			t.Errorf("%d: an empty body changes nothing: %v", status, err)
		}
	}
}

func TestErrorsInEveryShape(t *testing.T) {
	tests := map[string]struct{ reason, header, body, want string }{
		"header":    {"the ACD's reason is often in a header", "Code is not on the team", "", "409: Code is not on the team"},
		"both":      {"the header is the more exact", "exact", `{"error":"Conflict","error_description":"vague"}`, "409 Conflict: exact"},
		"acd":       {"the ACD's JSON", "", `{"error":"invalid_request","error_description":"name is taken"}`, "409 invalid_request: name is taken"},
		"auth":      {"the sign-in's JSON", "", `{"error":"invalid_grant","errorDescription":"bad key"}`, "409 invalid_grant: bad key"},
		"userhub":   {"UserHub's JSON", "", `{"code":"USER_EXISTS","details":"taken","hostName":"h"}`, "409 USER_EXISTS: taken"},
		"spring":    {"UserHub's gateway", "", `{"timestamp":1,"status":409,"error":"Already There","message":"no","path":"/x"}`, "409: no"},
		"no detail": {"a reason phrase is better than nothing", "", `{"status":409,"error":"Already There"}`, "409: Already There"},
		"empty":     {"nothing to go by", "", "", "409: Conflict"},
		"html":      {"a proxy's page", "", "<html>canary</html>", "409: answer is HTML, not JSON: is issuer right, and no proxy in between?"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{acd + "/x": func(w http.ResponseWriter, r *http.Request) {
				if tt.header != "" {
					w.Header().Set("icStatusDescription", tt.header)
				}
				says(409, tt.body)(w, r)
			}})
			_, err := d.connect().Get(t.Context(), acd+"/x", nil)
			if want := "GET " + acd + "/x: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("%s:\n got %v\nwant %s", tt.reason, err, want)
			}
		})
	}
}

func TestWaysOut(t *testing.T) {
	for name, tt := range map[string]struct {
		path string
		code int
		body string
		want string
	}{
		"wrong key":    {keyPath, 401, `{"error":"invalid_grant"}`, "check access_key_id"},
		"wrong tenant": {"/.well-known/cxone-configuration", 404, "", "set tenant_id"},
		"forbidden":    {acd + "/x", 403, "", "up to six hours"},
	} {
		d := newDesk(map[string]http.HandlerFunc{tt.path: says(tt.code, tt.body)})
		if _, err := d.connect().Get(t.Context(), acd+"/x", nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := newDesk(map[string]http.HandlerFunc{"/auth/token": says(401, `{"error":"invalid_client"}`)})
	o := d.options()
	o.ClientID, o.ClientSecret = "c", schema.NewSecret("d", "a test")
	if _, err := Connect(o).Get(t.Context(), acd+"/x", nil); err == nil || !strings.Contains(err.Error(), "leave both out") {
		t.Errorf("wrong client: %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"good":           {func(*Options) {}, ""},
		"loopback":       {func(o *Options) { o.Issuer = "http://[::1]:8080/" }, ""},
		"http":           {func(o *Options) { o.Issuer = "http://cxone.niceincontact.com" }, "in the clear"},
		"looks loopback": {func(o *Options) { o.Issuer = "http://127.0.0.1.evil.example" }, "in the clear"},
		"no key":         {func(o *Options) { o.AccessKeyID = "" }, "access_key_id is missing"},
		"no secret":      {func(o *Options) { o.AccessKeySecret = schema.Secret{} }, "access_key_secret is missing"},
		"half a client":  {func(o *Options) { o.ClientID = "x" }, "client_secret is missing"},
		"other half":     {func(o *Options) { o.ClientSecret = schema.NewSecret("canary", "") }, "client_id is missing"},
		"adapters":       {func(o *Options) { o.Adapters = "automatic" }, `neither "manual" nor "api"`},
		"version":        {func(o *Options) { o.APIVersion = "v34" }, "not of the form"},
	} {
		d := newDesk(map[string]http.HandlerFunc{acd + "/x": says(200, "{}")})
		o := d.options()
		tt.change(&o)
		err := o.Check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, asked := Connect(o).Get(t.Context(), acd+"/x", nil); err != nil && (asked == nil || asked.Error() != err.Error() || len(d.log) != 0) {
			t.Errorf("%s: a call says %v after %v", name, asked, d.log)
		}
	}
}

// The simulated adapter contract (INVENTED) must never reach NICE unasked.
func TestAdapterContractStaysAway(t *testing.T) {
	const rules = "/adapter-apis/v1/salesforce/rules"
	tests := map[string]struct {
		reason, adapters string
		private          bool
		loopback         bool
		method, path     string
		allowed          bool
	}{
		"real read":        {"NICE's own", "manual", false, false, "GET", "/adapter-apis/v1/salesforce/rule/00D5g00000ABCDE", true},
		"manual write":     {"no API is published", "manual", false, false, "POST", rules, false},
		"manual list":      {"invented as well", "manual", false, false, "GET", rules, false},
		"rule write":       {"only reading it is NICE's own", "manual", false, false, "PUT", "/adapter-apis/v1/salesforce/rule/00D5g00000ABCDE", false},
		"api, NICE":        {"not without saying that the host is one's own", "api", false, false, "POST", rules, false},
		"api, private":     {"said so", "api", true, false, "POST", rules, true},
		"api, loopback":    {"the emulator", "api", false, true, "POST", rules, true},
		"manual, loopback": {"the default also holds there", "", false, true, "POST", rules, false},
		"private, manual":  {"one flag is not the other", "manual", true, false, "POST", rules, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{tt.path: says(200, "{}")})
			if tt.loopback {
				d.routes["/.well-known/cxone-configuration"] = says(200, `{"api_endpoint":"http://127.0.0.1:1","auth_endpoint":"http://127.0.0.1:1"}`)
			}
			o := d.options()
			o.Adapters, o.AdaptersPrivate = tt.adapters, tt.private
			_, err := Connect(o).call(t.Context(), tt.method, tt.path, nil, nil)
			if (err == nil) != tt.allowed || len(d.asked(false)) == 1 != tt.allowed {
				t.Errorf("%s: %v after %v", tt.reason, err, d.asked(false))
			}
		})
	}
}

// A vendor that quotes everything it was sent must not make us show it.
func TestPlantedSecretsAreShownNowhere(t *testing.T) {
	for _, status := range []int{200, 302, 400, 401, 403, 404, 500} {
		for _, signedIn := range []bool{true, false} {
			for _, client := range []bool{true, false} {
				for _, tenant := range []string{deskTenant, ""} {
					synctest.Test(t, func(t *testing.T) {
						quoteEverything(t, status, signedIn, client, tenant)
					})
				}
			}
		}
	}
}

func quoteEverything(t *testing.T, status int, signedIn, client bool, tenant string) {
	var shown strings.Builder
	quote := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(&shown, r.URL)
		body, _ := io.ReadAll(r.Body)
		text := r.Header.Get("Authorization") + " " + string(body)
		w.Header().Set("icStatusDescription", text)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":%q,"error_description":%q,"errorCount":1,"rows":[{"id":1,"success":false,"error":%q}]}`, text, text, text)
	}
	d := newDesk(map[string]http.HandlerFunc{acd + "/x": quote, acd + "/business-unit": quote})
	d.tenant = tenant
	if !signedIn {
		d.routes[keyPath], d.routes["/auth/token"] = quote, quote
	}
	o := d.options()
	if client {
		o.ClientID, o.ClientSecret = "client", schema.NewSecret("client canary+/", "a test")
	}
	if tenant == "" {
		o.TenantID = ""
	}
	o.Log = slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := Connect(o)
	fmt.Fprintf(&shown, "%v %+v %#v\n", o, o, o)
	for range 2 {
		answer, err := c.Post(t.Context(), c.ACD("x"), url.Values{"secretive": {"query-canary"}}, map[string]int{})
		fmt.Fprintln(&shown, err)
		if err == nil {
			body, err := answer.Loose()
			fmt.Fprintln(&shown, len(body), err)
		}
		_, err = List[struct{ ID int }](t.Context(), c, c.ACD("x"), nil, "rows")
		fmt.Fprintln(&shown, err)
		time.Sleep(time.Hour) // in a bubble; so that the token is renewed
	}
	text := strings.ReplaceAll(shown.String(), "?secretive=query-canary", "") // the vendor's own note of the URL
	if i := strings.Index(text, "canary"); i >= 0 {
		t.Fatalf("%d %t %t: a secret is shown: …%s…", status, signedIn, client, text[max(0, i-120):min(len(text), i+80)])
	}
}
