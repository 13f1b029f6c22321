package rest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A vendor is a base that answers from a script and then with 200.
type vendor struct {
	script []answer
	bodies []string // of the requests it got
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error
	hang   bool
	broken bool // the body ends in an error
}

func (v *vendor) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		body = string(b)
	}
	v.bodies = append(v.bodies, body)
	a := answer{status: 200, body: "{}"}
	if len(v.script) > 0 {
		a, v.script = v.script[0], v.script[1:]
	}
	if a.hang {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	var r io.Reader = strings.NewReader(a.body)
	if a.broken {
		r = io.MultiReader(r, errReader{})
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(r), Request: req}, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// words reads faults written as "CODE: message", final with a leading "!".
func words(_ int, _ http.Header, body []byte) Fault {
	if strings.HasPrefix(string(body), "<") {
		return Fault{}
	}
	text, final := strings.CutPrefix(string(body), "!")
	code, message, _ := strings.Cut(text, ": ")
	return Fault{Code: code, Message: message, Final: final}
}

func newClient(v http.RoundTripper) *Client {
	return &Client{Transport: NewTransport(Settings{Base: v, Fault: words})}
}

var (
	errDial  = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	errReset = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	errHost  = &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "acme.example", IsNotFound: true}}
)

func repeat(a answer, n int) []answer {
	var script []answer
	for range n {
		script = append(script, a)
	}
	return script
}

func TestEveryRuleOfRepeating(t *testing.T) {
	type want struct {
		Tries   int
		Done    bool
		Unclear bool
	}
	status := func(code int, body string) answer { return answer{status: code, body: body} }
	const (
		get      = "GET"
		put      = "PUT"
		del      = "DELETE"
		post     = "POST"
		patch    = "PATCH"
		postMay  = "POST repeatable"
		postRead = "POST read-only"
		postOne  = "POST one try"
		getOne   = "GET one try"
		getOnce  = "GET once"
		putOnce  = "PUT once"
	)
	tests := map[string]struct {
		reason  string
		request string
		script  []answer
		want    want
	}{
		"success":               {"nothing to repeat", get, nil, want{1, true, false}},
		"accepted":              {"202 is success: taken on", post, repeat(status(202, ""), 1), want{1, true, false}},
		"no content":            {"204 is success: an empty list, or deleted", get, repeat(status(204, ""), 1), want{1, true, false}},
		"not modified":          {"304 is success: nothing new", get, repeat(status(304, ""), 1), want{1, true, false}},
		"refused":               {"a refusal does not change by asking again", get, repeat(status(404, "NOT_FOUND: x"), 1), want{1, false, false}},
		"refused write":         {"a refused write was not carried out", post, repeat(status(400, "BAD: x"), 1), want{1, false, false}},
		"busy":                  {"503 passes", get, repeat(status(503, ""), 2), want{3, true, false}},
		"busy for ever":         {"tries are bounded", get, repeat(status(503, ""), 9), want{5, false, false}},
		"bad gateway put":       {"PUT sets a value and may be repeated", put, repeat(status(502, ""), 1), want{2, true, false}},
		"bad gateway post":      {"POST may have been carried out behind the gateway", post, repeat(status(502, ""), 1), want{1, false, true}},
		"bad gateway may":       {"the caller says that a second time does no harm", postMay, repeat(status(504, ""), 1), want{2, true, false}},
		"bad gateway patch":     {"PATCH is not idempotent by itself", patch, repeat(status(504, ""), 1), want{1, false, true}},
		"put once":              {"the caller's word goes before the method's", putOnce, repeat(status(502, ""), 1), want{1, false, true}},
		"get once":              {"reading is harmless whatever was said further up", getOnce, repeat(status(502, ""), 1), want{2, true, false}},
		"error 500 get":         {"500 on a read is worth asking again", get, repeat(status(500, ""), 1), want{2, true, false}},
		"error 500 read by":     {"a POST that reads is a read", postRead, repeat(status(500, ""), 1), want{2, true, false}},
		"error 500 put":         {"500 may come after the commit; it is read back, not repeated", put, repeat(status(500, ""), 1), want{1, false, true}},
		"error 500 decided":     {"a SOAP fault is a decision in spite of its 500", post, repeat(status(500, "!INVALID_TYPE: x"), 1), want{1, false, false}},
		"error 501":             {"not to be healed, and who knows what was done", put, repeat(status(501, ""), 1), want{1, false, true}},
		"throttled post":        {"429 refuses before anything is done, so even POST is sent again", post, repeat(status(429, ""), 1), want{2, true, false}},
		"throttled for ever":    {"a refusal stays a refusal", post, repeat(status(429, ""), 9), want{5, false, false}},
		"gone org":              {"420 is worth one more look", get, repeat(status(420, ""), 9), want{2, false, false}},
		"gone org post":         {"420 says nothing about a write, so it is not repeated", post, repeat(status(420, ""), 9), want{1, false, false}},
		"locked":                {"a lock passes; the caller said that repeating is harmless", postMay, repeat(status(400, "UNABLE_TO_LOCK_ROW: x"), 2), want{3, true, false}},
		"locked soap":           {"the same in a fault, with its prefix", postMay, repeat(status(500, "!sf:UNABLE_TO_LOCK_ROW: x"), 1), want{2, true, false}},
		"locked once":           {"not without the caller's word", post, repeat(status(400, "UNABLE_TO_LOCK_ROW: x"), 1), want{1, false, false}},
		"day used up":           {"asking again only spends more", get, repeat(status(403, "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."), 1), want{1, false, false}},
		"too many at once":      {"concurrency passes in a moment, and nothing was done", post, repeat(status(403, "REQUEST_LIMIT_EXCEEDED: ConcurrentRequests (Concurrent API Requests) Limit exceeded."), 1), want{2, true, false}},
		"refused dial":          {"nothing was sent, so anything may be sent again", post, repeat(answer{err: errDial}, 1), want{2, true, false}},
		"refused dial for ever": {"a wrong port is the likeliest reason: give up early", post, repeat(answer{err: errDial}, 9), want{3, false, false}},
		"no such host":          {"a typo does not heal", get, repeat(answer{err: errHost}, 9), want{1, false, false}},
		"reset get":             {"connections break", get, repeat(answer{err: errReset}, 4), want{5, true, false}},
		"reset post":            {"it may have arrived", post, repeat(answer{err: errReset}, 1), want{1, false, true}},
		"reset may for ever":    {"repeating did not help; it may have arrived", postMay, repeat(answer{err: errReset}, 9), want{5, false, true}},
		"broken answer get":     {"half an answer is none", get, repeat(answer{status: 200, body: "{", broken: true}, 1), want{2, true, false}},
		"broken answer post":    {"it was carried out, or not: the status alone came", post, repeat(answer{status: 201, body: "{", broken: true}, 1), want{1, false, true}},
		"hang get":              {"one more try after a hang", get, repeat(answer{hang: true}, 1), want{2, true, false}},
		"hang get for ever":     {"a third minute would not help", get, repeat(answer{hang: true}, 9), want{2, false, false}},
		"hang post":             {"it may have arrived", post, repeat(answer{hang: true}, 1), want{1, false, true}},
		"one try, throttled":    {"the caller asks again when it knows better, if at all", postOne, repeat(status(429, ""), 1), want{1, false, false}},
		"one try, lost":         {"it may have arrived", postOne, repeat(answer{err: errReset}, 1), want{1, false, true}},
		"one try, no dial":      {"not even what was never sent", postOne, repeat(answer{err: errDial}, 1), want{1, false, false}},
		"one try of a read":     {"reads too", getOne, repeat(status(503, ""), 1), want{1, false, false}},
		"lost, then refused":    {"the first DELETE may be why the second finds nothing", del, []answer{{err: errReset}, status(404, "NOT_FOUND: x")}, want{2, false, true}},
		"lost, then done":       {"the second try's success settles it", del, []answer{{err: errReset}, status(204, "")}, want{2, true, false}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				method, how, _ := strings.Cut(tt.request, " ")
				switch how {
				case "repeatable":
					ctx = Repeatable(ctx)
				case "read-only":
					ctx = ReadOnly(ctx)
				case "once":
					ctx = Once(ctx)
				case "one try":
					ctx = OneTry(ctx)
				}
				v := &vendor{script: tt.script}
				client := newClient(v)
				_, err := client.Do(ctx, Request{Method: method, URL: "https://acme.example/x?secret=1", Body: []byte("body")})
				got := want{len(v.bodies), err == nil, IsUnclear(err)}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: (-want +got)\n%s%v", tt.reason, diff, err)
				}
				for _, body := range v.bodies {
					if body != "body" {
						t.Errorf("a try was sent with body %q", body)
					}
				}
				if calls := client.Transport.Calls().Reading; calls != len(v.bodies) {
					t.Errorf("%d calls counted, %d made", calls, len(v.bodies))
				}
				if err != nil && (strings.Contains(err.Error(), "secret=1") || !strings.HasPrefix(err.Error(), method+" /x: ")) {
					t.Errorf("error %q does not read as it should", err)
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	tests := map[string]struct {
		reason, value string
		least, most   time.Duration
	}{
		"seconds":   {"the vendor knows best", "7", 7 * time.Second, 8 * time.Second},
		"date":      {"the other form of the header", "+20s", 19 * time.Second, 21 * time.Second},
		"past date": {"clocks differ; our own delay counts", "-20s", 0, time.Second},
		"too long":  {"nobody waits for an hour at a prompt", "3600", maxRetryAfter, maxRetryAfter},
		"huge":      {"no overflow", "9223372036854775807", maxRetryAfter, maxRetryAfter},
		"negative":  {"nonsense is ignored", "-5", 0, time.Second},
		"nonsense":  {"nonsense is ignored", "soon", 0, time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				value := tt.value
				if d, err := time.ParseDuration(value); err == nil && value != "0" {
					value = time.Now().Add(d).UTC().Format(http.TimeFormat)
				}
				v := &vendor{script: []answer{{status: 429, header: http.Header{"Retry-After": {value}}}}}
				start := time.Now()
				if _, err := newClient(v).Do(t.Context(), Request{Method: "GET", URL: "https://acme.example/x"}); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(start); waited < tt.least || waited > tt.most {
					t.Errorf("%s: waited %v, not between %v and %v", tt.reason, waited, tt.least, tt.most)
				}
			})
		})
	}
}

func TestTotalTimeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{script: repeat(answer{status: 503, header: http.Header{"Retry-After": {"9999"}}}, 99)}
		start := time.Now()
		_, err := newClient(v).Do(t.Context(), Request{Method: "GET", URL: "https://acme.example/x"})
		if err == nil || time.Since(start) > maxElapsed {
			t.Errorf("gave up after %v with %v", time.Since(start), err)
		}
	})
}

func TestContextWakesEveryWait(t *testing.T) {
	cause := errors.New("the user pressed Ctrl-C")
	scripts := map[string][]answer{
		"between tries": repeat(answer{status: 503, header: http.Header{"Retry-After": {"60"}}}, 9),
		"in a hang":     repeat(answer{hang: true}, 9),
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(cause) })
				start := time.Now()
				_, err := newClient(&vendor{script: script}).Do(ctx, Request{Method: "PUT", URL: "https://acme.example/x"})
				if !errors.Is(err, cause) || time.Since(start) > time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				if !IsUnclear(err) {
					t.Errorf("a PUT that was on its way is unclear: %v", err)
				}
			})
		})
	}
}

func TestCanceledBeforeSendingIsNoCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client := newClient(&vendor{})
	_, err := client.Do(ctx, Request{Method: "POST", URL: "https://acme.example/x"})
	if !errors.Is(err, context.Canceled) || IsUnclear(err) {
		t.Errorf("error %v, unclear %t", err, IsUnclear(err))
	}
	if diff := cmp.Diff(schema.Calls{}, client.Transport.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

func TestHangNamesEndpointAndWayOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &Client{Transport: NewTransport(Settings{
			Base: &vendor{script: repeat(answer{hang: true}, 9)}, Timeout: 5 * time.Second, StatusPage: "https://status.example",
		})}
		_, err := client.Do(t.Context(), Request{Method: "GET", URL: "https://acme.example/services/data"})
		const want = "GET /services/data: no answer after 2 tries: acme.example did not answer within 5s: " +
			"check the network and the address, look at https://status.example, then try again"
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("error (-want +got)\n%s", diff)
		}
	})
}

func TestCallsAreCountedByPurpose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{script: []answer{{status: 503}}}
		client := newClient(v)
		for _, p := range []schema.Purpose{schema.Reading, schema.Writing, schema.Polling, schema.ReadBack, schema.SignIn} {
			if _, err := client.Do(schema.For(t.Context(), p), Request{Method: "GET", URL: "https://acme.example/x"}); err != nil {
				t.Fatal(err)
			}
		}
		want := schema.Calls{Reading: 2, Writing: 1, Polling: 1, ReadBack: 1, SignIn: 1} // the first was tried twice
		if diff := cmp.Diff(want, client.Transport.Calls()); diff != "" {
			t.Errorf("calls (-want +got)\n%s", diff)
		}
	})
}

func TestAnswersAreBounded(t *testing.T) {
	v := roundTrip(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(endless{}), Request: req}, nil
	})
	_, err := newClient(v).Do(t.Context(), Request{Method: "GET", URL: "https://acme.example/x"})
	if err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
		t.Errorf("error %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
