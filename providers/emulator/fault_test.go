package emulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A caller is a signed-in client of both vendors.
type caller struct {
	t        *testing.T
	emulator *emulator.Emulator
	client   *http.Client
	base     string // of the org
	token    string
}

func newCaller(t *testing.T, options emulator.Options) *caller {
	t.Helper()
	e := emulator.New(tenant.Acme(), options)
	c := &caller{t: t, emulator: e, client: e.Client(), base: e.SalesforceURL()}
	c.signIn()
	return c
}

func (c *caller) signIn() {
	c.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {tenant.AcmeClientID}, "client_secret": {tenant.AcmeClientSecret}}
	status, body, err := c.send(http.MethodPost, c.base+"/services/oauth2/token", form.Encode(), "application/x-www-form-urlencoded")
	_, after, _ := strings.Cut(body, `"access_token":"`)
	c.token, _, _ = strings.Cut(after, `"`)
	if err != nil || c.token == "" {
		c.t.Fatalf("sign in: %d %s %v", status, body, err)
	}
}

func (c *caller) send(method, address, body, contentType string) (int, string, error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", contentType)
	response, err := c.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, string(data), err
}

const sobjects = "/services/data/v67.0/sobjects/"

// create makes a streaming channel; it is the write of these tests.
func (c *caller) create(name string) (int, string, error) {
	c.t.Helper()
	return c.send(http.MethodPost, c.base+sobjects+"StreamingChannel", `{"Name":"/u/`+name+`"}`, "application/json")
}

func (c *caller) channels() (int, string, error) {
	c.t.Helper()
	return c.send(http.MethodGet, c.base+"/services/data/v67.0/query?q="+url.QueryEscape("SELECT Name FROM StreamingChannel"), "", "")
}

// held is how many streaming channels the org has, whatever is answered.
func (c *caller) held() int { return len(c.emulator.Org.Records("StreamingChannel")) }

// Every kind, against one write: what the client is told, and whether the org
// was changed all the same.
func TestFaultKinds(t *testing.T) {
	tests := map[string]struct {
		fault  emulator.Fault
		status int
		body   string
		err    error
		held   int
		reason string
	}{
		"None":         {emulator.Fault{Kind: emulator.Drop, Path: "/nowhere"}, 201, `"success":true`, nil, 1, "a fault elsewhere does nothing here"},
		"Unauthorized": {emulator.Fault{Kind: emulator.Unauthorized}, 401, "Session expired or invalid", nil, 0, "heals by signing in"},
		"NoREST":       {emulator.Fault{Kind: emulator.NoREST}, 401, "not valid for use with the REST API", nil, 0, "never heals"},
		"NoAgentApp":   {emulator.Fault{Kind: emulator.NoAgentApp}, 401, "not attached to Agent", nil, 0, "never heals"},
		"Forbidden":    {emulator.Fault{Kind: emulator.Forbidden}, 403, "INSUFFICIENT_ACCESS", nil, 0, "a permission is missing"},
		"DailyLimit":   {emulator.Fault{Kind: emulator.DailyLimit}, 403, "TotalRequests Limit exceeded.", nil, 0, "stop until the day ages out"},
		"Concurrency":  {emulator.Fault{Kind: emulator.Concurrency}, 403, "ConcurrentRequests", nil, 0, "the same code, the other meaning"},
		"Gone":         {emulator.Fault{Kind: emulator.Gone}, 420, "", nil, 0, "the org is gone"},
		"Throttled":    {emulator.Fault{Kind: emulator.Throttled}, 429, "", nil, 0, "too many requests"},
		"ServerError":  {emulator.Fault{Kind: emulator.ServerError}, 500, "UNKNOWN_EXCEPTION", nil, 0, "nothing was done"},
		"Unavailable":  {emulator.Fault{Kind: emulator.Unavailable}, 503, "", nil, 0, "nothing was done"},
		"LockedRow":    {emulator.Fault{Kind: emulator.LockedRow}, 400, "UNABLE_TO_LOCK_ROW", nil, 0, "a passing lock"},
		"Status":       {emulator.Fault{Kind: emulator.Status, Status: 418, Body: "teapot"}, 418, "teapot", nil, 0, "whatever the test says"},
		"CommitError":  {emulator.Fault{Kind: emulator.CommitError}, 500, "UNKNOWN_EXCEPTION", nil, 1, "done, and told that it was not"},
		"LostAnswer":   {emulator.Fault{Kind: emulator.LostAnswer}, 0, "", syscall.ECONNRESET, 1, "done, and nothing told"},
		"Drop":         {emulator.Fault{Kind: emulator.Drop}, 0, "", syscall.ECONNRESET, 0, "not done, and nothing told"},
		"HTML":         {emulator.Fault{Kind: emulator.HTML}, 200, "<html>", nil, 0, "a page for people"},
		"Truncated":    {emulator.Fault{Kind: emulator.Truncated}, 201, `{"`, io.ErrUnexpectedEOF, 1, "half an answer"},
		"Hang":         {emulator.Fault{Kind: emulator.Hang}, 0, "", context.DeadlineExceeded, 0, "the client has to give up"},
		"Slow":         {emulator.Fault{Kind: emulator.Slow, Delay: 30 * time.Second}, 201, `"success":true`, nil, 1, "late, but there"},
		"TooSlow":      {emulator.Fault{Kind: emulator.Slow, Delay: time.Hour}, 0, "", context.DeadlineExceeded, 1, "done, and too late"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t, emulator.Options{})
				if tc.fault.Path == "" {
					tc.fault.Path = sobjects + "*"
				}
				if err := c.emulator.Fault(tc.fault); err != nil {
					t.Fatal(err)
				}
				status, body, err := c.create("one")
				if status != tc.status || !strings.Contains(body, tc.body) || !errors.Is(err, tc.err) {
					t.Errorf("%s: got %d %q %v, want %d %q %v", tc.reason, status, body, err, tc.status, tc.body, tc.err)
				}
				if c.held() != tc.held {
					t.Errorf("%s: the org holds %d channels, want %d", tc.reason, c.held(), tc.held)
				}
				if status, _, err := c.create("two"); err != nil || status != http.StatusCreated {
					t.Errorf("the fault is for one call, but the next got %d %v", status, err)
				}
			})
		})
	}
}

func TestStale(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	if err := c.emulator.Fault(emulator.Fault{Kind: emulator.Stale, Method: "GET", Contains: "StreamingChannel", After: 1}); err != nil {
		t.Fatal(err)
	}
	var got []bool
	read := func() {
		_, body, err := c.channels()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Contains(body, "/u/one"))
	}
	read()
	if _, _, err := c.create("one"); err != nil {
		t.Fatal(err)
	}
	read() // the fault: as before the write
	read()
	if diff := cmp.Diff([]bool{false, false, true}, got); diff != "" {
		t.Error("the channel is seen late: -want +got:\n" + diff)
	}
}

// SOAP refuses with HTTP 500 and a fault, whatever REST would say.
func TestSOAPFault(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	if err := c.emulator.Fault(emulator.Fault{Kind: emulator.Unauthorized, Contains: "listMetadata"}); err != nil {
		t.Fatal(err)
	}
	envelope := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><listMetadata xmlns="http://soap.sforce.com/2006/04/metadata"/></e:Body></e:Envelope>`
	status, body, err := c.send(http.MethodPost, c.base+"//services/Soap/m/67.0", envelope, "text/xml")
	if err != nil || status != http.StatusInternalServerError || !strings.Contains(body, "<faultcode>sf:INVALID_SESSION_ID</faultcode>") {
		t.Errorf("got %d %s %v", status, body, err)
	}
	want := map[string]int{"POST /services/Soap/m/{version} listMetadata": 1, "POST /services/oauth2/token": 1}
	if diff := cmp.Diff(want, c.emulator.Stats()[emulator.Salesforce]); diff != "" {
		t.Error("counted by operation: -want +got:\n" + diff)
	}
}

func TestAfterAndTimes(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	if err := c.emulator.Fault(emulator.Fault{Vendor: emulator.Salesforce, Method: "post", Path: "/services/*Channel", Kind: emulator.ServerError, After: 1, Times: 2}); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, name := range []string{"a", "b", "c", "d"} {
		status, _, err := c.create(name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{201, 500, 500, 201}, got); diff != "" {
		t.Error("the first passes, two fail, then it is over: -want +got:\n" + diff)
	}
}

func TestFaultRefused(t *testing.T) {
	tests := map[string]emulator.Fault{
		"Kind":   {Kind: "tired"},
		"Vendor": {Kind: emulator.Drop, Vendor: "oracle"},
		"Status": {Kind: emulator.Status},
		"Delay":  {Kind: emulator.Slow},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			if err := emulator.New(tenant.Acme(), emulator.Options{}).Fault(fault); err == nil {
				t.Error("a fault that cannot be carried out was taken")
			}
		})
	}
}

// A test can cancel at any call: before the vendor sees it, and after.
func TestKill(t *testing.T) {
	for name, tc := range map[string]struct {
		answered bool
		held     int
	}{"OnCall": {false, 0}, "OnAnswer": {true, 1}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			hook := func(vendor, method, path string, n int) {
				if vendor == emulator.Salesforce && method == http.MethodPost && strings.HasPrefix(path, sobjects) && n == 2 {
					cancel()
				}
			}
			options := emulator.Options{OnCall: hook}
			if tc.answered {
				options = emulator.Options{OnAnswer: hook}
			}
			c := newCaller(t, options)
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+sobjects+"StreamingChannel", strings.NewReader(`{"Name":"/u/one"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+c.token)
			response, err := c.client.Do(r)
			if err == nil {
				_ = response.Body.Close()
			}
			if !errors.Is(err, context.Canceled) || c.held() != tc.held {
				t.Errorf("got %v and %d channels, want a cancelled call and %d", err, c.held(), tc.held)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	for address, want := range map[string]int{
		"https://login.salesforce.com/services/data":                                             200,
		"https://acme.my.salesforce.com/services/data":                                           200,
		"https://cxone.niceincontact.com/.well-known/openid-configuration":                       200,
		"https://na1.nice-incontact.com/.well-known/cxone-configuration":                         200,
		"https://api-c42.nice-incontact.com/inContactAPI/services/v33.0/agents":                  401,
		"https://other.my.salesforce.com/services/data":                                          0,
		"https://login.salesforce.com/services/data/v67.0/query?q=" + strings.Repeat("a", 17000): 431,
	} {
		c.token = ""
		if status, _, err := c.send(http.MethodGet, address, "", ""); status != want || (err != nil) != (want == 0) {
			t.Errorf("%.80s: got %d %v, want %d", address, status, err, want)
		}
	}
}
