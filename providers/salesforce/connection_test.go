package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// A desk is a vendor made of handlers by path, for answers that a strict
// emulator would not give. It signs in whoever asks and knows two versions.
type desk struct {
	mu     sync.Mutex
	routes map[string]http.HandlerFunc
	log    []string // method and path of every request
	tokens int
}

const (
	deskOrg  = "00D5g00000ABCDE"
	deskHost = "https://acme.my.salesforce.com"
	query67  = "/services/data/v67.0/query"
	soap67   = "/services/Soap/m/67.0"
)

func newDesk(routes map[string]http.HandlerFunc) *desk { return &desk{routes: routes} }

func (d *desk) RoundTrip(req *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	d.log = append(d.log, req.Method+" "+req.URL.Path)
	if req.Body == nil {
		req.Body = http.NoBody // as a server's handler gets it
	}
	w := httptest.NewRecorder()
	switch handler := d.routes[req.URL.Path]; {
	case handler != nil:
		handler(w, req)
	case req.URL.Path == "/services/oauth2/token":
		d.tokens++
		fmt.Fprintf(w, `{"access_token":"%s!token%d","instance_url":%q,"id":"https://login.salesforce.com/id/%s/0055g00000AAAAA","token_type":"Bearer"}`,
			deskOrg, d.tokens, deskHost, deskOrg)
	case req.URL.Path == "/services/data":
		_, _ = io.WriteString(w, `[{"version":"65.0"},{"version":"67.0"}]`)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`)
	}
	return w.Result(), nil
}

// count returns how often a path was asked for.
func (d *desk) count(path string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, line := range d.log {
		if strings.HasSuffix(line, " "+path) {
			n++
		}
	}
	return n
}

func (d *desk) options() Options {
	return Options{
		InstanceURL:       deskHost,
		ClientCredentials: &ClientCredentials{ClientID: "3MVG9", ClientSecret: schema.NewSecret("client-canary", "a test")},
		HTTP:              d,
	}
}

func (d *desk) connect() *Connection { return Connect(d.options()) }

// says answers with a status and a body.
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

const expired = `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`

func TestConnectMakesNoCallAndSignsInOnce(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{"/services/data/v67.0/limits": says(200, `{"DailyApiRequests":{"Max":100,"Remaining":40}}`)})
	c := d.connect()
	if len(d.log) != 0 {
		t.Fatalf("connecting made calls: %v", d.log)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			limits, err := c.Limits(t.Context())
			if err != nil || limits["DailyApiRequests"] != (Limit{Max: 100, Remaining: 40}) {
				t.Errorf("%v %v", limits, err)
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff(schema.Calls{Reading: 8, SignIn: 2}, c.Calls()); diff != "" {
		t.Errorf("one sign-in and one look at the versions for all (-want +got)\n%s", diff)
	}
}

func TestDroppedSessions(t *testing.T) {
	tests := map[string]struct {
		reason  string
		handler http.HandlerFunc
		token   bool // a given access token
		tries   int
		signIns int
		wantErr string
	}{
		"once":            {"sessions end without notice", inTurns(says(401, expired), says(200, `{}`)), false, 2, 2, ""},
		"for ever":        {"a second new session would not help either", says(401, expired), false, 2, 2, "a new one did not help"},
		"not attached":    {"this 401 never heals", says(401, `[{"message":"Connected app is not attached to Agent","errorCode":"INVALID_SESSION_ID"}]`), false, 1, 1, "through another app"},
		"not for REST":    {"neither does this one", says(401, `[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]`), false, 1, 1, "api scope"},
		"other 401":       {"not about the session", says(401, `[{"message":"x","errorCode":"INVALID_AUTH_HEADER"}]`), false, 1, 1, "INVALID_AUTH_HEADER"},
		"access token":    {"a token that was given cannot be renewed", says(401, expired), true, 1, 0, "fresh access_token"},
		"day's limit":     {"told apart from concurrency", says(403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`), false, 1, 1, "last 24 hours"},
		"retired version": {"410 says so", says(410, ""), false, 1, 1, "leave api_version out"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{"/services/data/v67.0/limits": tt.handler})
			o := d.options()
			if tt.token {
				o.ClientCredentials, o.AccessToken = nil, schema.NewSecret(deskOrg+"!given", "a test")
			}
			_, err := Connect(o).Limits(t.Context())
			if (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("%s: error %v, want %q", tt.reason, err, tt.wantErr)
			}
			if tries, signIns := d.count("/services/data/v67.0/limits"), d.count("/services/oauth2/token"); tries != tt.tries || signIns != tt.signIns {
				t.Errorf("%s: %d tries, %d sign-ins", tt.reason, tries, signIns)
			}
		})
	}
}

func TestWriteIsSentAgainWithANewSession(t *testing.T) {
	var bodies []string
	record := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, r.Header.Get("Authorization")+" "+string(body))
			next(w, r)
		}
	}
	d := newDesk(map[string]http.HandlerFunc{
		"/services/data/v67.0/sobjects/User": inTurns(record(says(401, expired)), record(says(201, `{"id":"x"}`))),
	})
	if err := d.connect().Post(t.Context(), "sobjects/User", map[string]string{"a": "b"}, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{`Bearer ` + deskOrg + `!token1 {"a":"b"}`, `Bearer ` + deskOrg + `!token2 {"a":"b"}`}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

type named struct{ Name string }

func TestQueryFollowsPages(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{
		query67:            says(200, `{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v67.0/query/01g-2","records":[{"Name":"a"},{"Name":"b"}]}`),
		query67 + "/01g-2": says(200, `{"totalSize":3,"done":true,"records":[{"Name":"c"}]}`),
	})
	got, err := Query[named](t.Context(), d.connect(), "SELECT Name FROM X")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]named{{"a"}, {"b"}, {"c"}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestQueryRefusesBadPages(t *testing.T) {
	tests := map[string]struct{ reason, page, want string }{
		"foreign host": {"the token must not travel", `{"done":false,"nextRecordsUrl":"https://evil.example/services/x","records":[]}`, "not under /services/"},
		"same page":    {"no endless loop", `{"done":false,"nextRecordsUrl":"/services/data/v67.0/query/1","records":[]}`, "same page"},
		"no next":      {"a short answer is not the whole", `{"done":false,"totalSize":9,"records":[{"Name":"a"}]}`, "no next page"},
		"html":         {"a page for browsers", `<html>`, "is instance_url a My Domain host?"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{query67: says(200, tt.page), query67 + "/1": says(200, tt.page)})
			_, err := Query[named](t.Context(), d.connect(), "SELECT Name FROM X")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", tt.reason, err)
			}
		})
	}
}

func TestChildrenHavePagesOfTheirOwn(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{
		query67: says(200, `{"done":true,"totalSize":2,"records":[
			{"Name":"a","Items":{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v67.0/query/kids","records":[{"Name":"x"}]}},
			{"Name":"b","Items":null}]}`),
		query67 + "/kids": says(200, `{"totalSize":2,"done":true,"records":[{"Name":"y"}]}`),
	})
	c := d.connect()
	type parent struct {
		Name  string
		Items Children[named]
	}
	rows, err := Query[parent](t.Context(), c, "SELECT Name, (SELECT Name FROM Items) FROM X")
	if err != nil {
		t.Fatal(err)
	}
	kids, err := rows[0].Items.All(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	none, err := rows[1].Items.All(t.Context(), c)
	if diff := cmp.Diff([]named{{"x"}, {"y"}}, kids); diff != "" || len(none) != 0 || err != nil {
		t.Errorf("(-want +got)\n%s%v %v", diff, none, err)
	}
}

func TestQueryThatIsTooLongIsNotSent(t *testing.T) {
	d := newDesk(nil)
	_, err := Query[named](t.Context(), d.connect(), "SELECT "+strings.Repeat("A,", maxQuery)+" FROM X")
	if err == nil || len(d.log) != 0 {
		t.Errorf("%v %v", err, d.log)
	}
}

func TestCompositeSplitsAndLooksInside(t *testing.T) {
	var sizes []int
	d := newDesk(map[string]http.HandlerFunc{"/services/data/v67.0/composite": func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Requests []struct{ ReferenceID, URL string } `json:"compositeRequest"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		sizes = append(sizes, len(in.Requests))
		var rows []map[string]any
		for i, sub := range in.Requests {
			row := map[string]any{"referenceId": sub.ReferenceID, "httpStatusCode": 200, "body": map[string]string{"url": sub.URL}}
			if i == 1 {
				row["httpStatusCode"], row["body"] = 404, []map[string]string{{"errorCode": "NOT_FOUND", "message": "gone"}}
			}
			rows = append([]map[string]any{row}, rows...) // in another order
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"compositeResponse": rows})
	}})
	var requests []Subrequest
	for i := range 30 {
		requests = append(requests, Subrequest{Method: "GET", Path: fmt.Sprintf("sobjects/User/%d", i)})
	}
	for i := range 7 {
		requests = append(requests, Subrequest{Method: "GET", Path: fmt.Sprintf("query?q=%d", i)})
	}
	answers := d.connect().Composite(t.Context(), requests)
	if diff := cmp.Diff([]int{25, 10, 2}, sizes); diff != "" {
		t.Errorf("25 requests to a call, 5 queries of them (-want +got)\n%s", diff)
	}
	if got := string(answers[29].Body); got != `{"url":"/services/data/v67.0/sobjects/User/29"}` {
		t.Errorf("answer 29 is %s", got)
	}
	if err := answers[1].Err; rest.StatusOf(err) != 404 || rest.CodeOf(err) != "NOT_FOUND" || answers[0].Err != nil {
		t.Errorf("inner failure: %v", err)
	}
}

func TestCollectionsAnswerForEveryRecord(t *testing.T) {
	var sizes []int
	d := newDesk(map[string]http.HandlerFunc{"/services/data/v67.0/composite/sobjects": func(w http.ResponseWriter, r *http.Request) {
		n := len(strings.Split(r.URL.Query().Get("ids"), ","))
		if r.Method == http.MethodPost {
			var in struct{ Records []map[string]any }
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				t.Error(err)
			}
			n = len(in.Records)
		}
		sizes = append(sizes, n)
		if len(sizes) == 2 {
			w.WriteHeader(500) // the second call's answer is lost
			return
		}
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"id":"%d","success":true,"errors":[]}`, i)
		}
		rows[0] = `{"success":false,"errors":[{"statusCode":"DUPLICATE_VALUE","message":"twice"}]}`
		if n > 1 {
			rows[1] = `{"success":false,"errors":[]}`
		}
		_, _ = io.WriteString(w, "["+strings.Join(rows, ",")+"]")
	}})
	c := d.connect()
	results := c.CreateAll(t.Context(), "PermissionSetAssignment", make([]map[string]any, 201))
	if diff := cmp.Diff([]int{200, 1}, sizes); diff != "" || len(results) != 201 {
		t.Fatalf("(-want +got)\n%s%d results", diff, len(results))
	}
	switch {
	case rest.CodeOf(results[0].Err) != "DUPLICATE_VALUE" || rest.IsUnclear(results[0].Err):
		t.Errorf("a refused record: %v", results[0].Err)
	case results[1].Err == nil:
		t.Error("false without a reason is a failure")
	case results[2].Err != nil || results[2].ID != "2":
		t.Errorf("a saved record: %+v", results[2])
	case !rest.IsUnclear(results[200].Err):
		t.Errorf("a record whose answer was lost: %v", results[200].Err)
	}
	if deleted := c.DeleteAll(t.Context(), []string{"a", "b", "c"}); len(deleted) != 3 || deleted[2].Err != nil {
		t.Errorf("deleted: %+v", deleted)
	}
}

func TestIdentityIsAskedOnce(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{
		"/services/oauth2/userinfo": says(200, `{"organization_id":"00D5g00000ABCDEEA3","user_id":"0055g00000AAAAAAA4","preferred_username":"lockstep@acme.example"}`),
		query67: func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Query().Get("q"), "FROM Organization") {
				says(200, `{"done":true,"totalSize":1,"records":[{"Id":"00D5g00000ABCDE","Name":"Acme","IsSandbox":true,"OrganizationType":"Enterprise Edition","InstanceName":"CS1"}]}`)(w, r)
				return
			}
			says(200, `{"done":true,"totalSize":2,"records":[{"PermissionSet":{"PermissionsViewSetup":false,"PermissionsModifyAllData":false}},{"PermissionSet":{"PermissionsViewSetup":true}}]}`)(w, r)
		},
	})
	c := d.connect()
	id, _ := LongID("00D5g00000ABCDE")
	want := Identity{OrganizationID: id, OrganizationName: "Acme", OrganizationType: "Enterprise Edition", InstanceName: "CS1",
		Sandbox: true, UserID: "0055g00000AAAAAAA4", Username: "lockstep@acme.example"}
	for range 2 {
		got, err := c.Identity(schema.For(t.Context(), schema.Writing))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if diff := cmp.Diff(schema.Calls{SignIn: 4}, c.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	held, err := c.UserPermissions(t.Context(), "ViewSetup", "ModifyAllData")
	if diff := cmp.Diff(map[string]bool{"ViewSetup": true, "ModifyAllData": false}, held); diff != "" || err != nil {
		t.Errorf("permissions (-want +got)\n%s%v", diff, err)
	}
}

func TestWrongOptionsAnswerEveryCall(t *testing.T) {
	d := newDesk(nil)
	o := d.options()
	o.InstanceURL = "https://acme.lightning.force.com"
	c := Connect(o)
	_, err := c.Limits(t.Context())
	_, err2 := c.ReadMetadata(t.Context(), "Profile", []string{"Admin"})
	if err == nil || err2 == nil || len(d.log) != 0 {
		t.Errorf("%v, %v, calls %v", err, err2, d.log)
	}
}

func TestContextEndsASignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(map[string]http.HandlerFunc{"/services/oauth2/token": says(503, "")})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.connect().Limits(ctx); !errors.Is(err, context.Canceled) || len(d.log) != 0 {
			t.Errorf("%v %v", err, d.log)
		}
	})
}

// Over a real connection, as the emulator is reached: plain http on loopback.
func TestLoopbackAndClose(t *testing.T) {
	defer goleak.VerifyNone(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/services/oauth2/token":
			_, _ = io.WriteString(w, `{"access_token":"t"}`) // no instance_url: the host asked is the instance
		case "/services/data":
			_, _ = io.WriteString(w, `[{"version":"67.0"}]`)
		default:
			_, _ = io.WriteString(w, `{"DailyApiRequests":{"Max":1}}`)
		}
	}))
	defer server.Close()
	o := newDesk(nil).options()
	o.InstanceURL, o.HTTP = server.URL, nil
	c := Connect(o)
	defer c.Close()
	if limits, err := c.Limits(t.Context()); err != nil || limits["DailyApiRequests"].Max != 1 {
		t.Errorf("%v %v", limits, err)
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{`O'Neil`: `'O\'Neil'`, `a\b`: `'a\\b'`, "a\nb": `'a\nb'`, "": `''`} {
		if got := Quote(in); got != want {
			t.Errorf("%q is quoted as %s", in, got)
		}
	}
	if _, err := url.ParseQuery("q=" + url.QueryEscape(Quote("x&y"))); err != nil {
		t.Error(err)
	}
}
