package rest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestErrorsSayWhatCame(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	tests := map[string]struct {
		reason string
		answer answer
		want   string
	}{
		"html with success": {"a login page where JSON was due", answer{status: 200, header: html, body: "<html>sk-secret</html>"},
			"GET /q: 200: answer is HTML, not JSON: is it the right host?"},
		"html without label": {"some proxies do not say so", answer{status: 200, body: "\n<!DOCTYPE html><p>"},
			"GET /q: 200: answer is HTML, not JSON: is it the right host?"},
		"html error": {"there are no words of the vendor to show", answer{status: 404, header: html, body: "<html></html>"},
			"GET /q: 404: answer is HTML, not JSON: is it the right host?"},
		"cut short": {"half an object", answer{status: 200, body: `{"n": 1`}, "GET /q: 200: answer breaks off after 7 bytes of JSON"},
		"not json":  {"what it is is not shown", answer{status: 200, body: `token=abc`}, "GET /q: 200: answer is not JSON at byte 2"},
		"empty":     {"no body where one was due", answer{status: 200}, "GET /q: 200: answer is empty where JSON was due"},
		"wrong type": {"the value is not shown: it may be a secret", answer{status: 200, body: `{"n": "sk-secret"}`},
			`GET /q: 200: answer has "n" of the wrong type: string where int was due`},
		"wrong number": {"neither is a number", answer{status: 200, body: `{"n": 123.5}`},
			`GET /q: 200: answer has "n" of the wrong type: number where int was due`},
		"vendor's words": {"code and message", answer{status: 403, body: "INSUFFICIENT_ACCESS: no\n access"},
			"GET /q: 403 INSUFFICIENT_ACCESS: no access"},
		"no words": {"the status at least has a name", answer{status: 409}, "GET /q: 409: Conflict"},
		"redirect": {"no redirect is followed with a token in hand", answer{status: 302, header: http.Header{"Location": {"https://other.example/x?token=1"}}},
			"GET /q: 302: answer redirects to https://other.example: use that address instead"},
		"echo of a token": {"a vendor may quote what it was sent", answer{status: 400, body: "BAD: session 00D5g00000ABCDE!AQ8AQ.x_y is bad, eyJhbGci.eyJzdWIi.c2ln too, Bearer abc.def"},
			"GET /q: 400 BAD: session (secret) is bad, (secret) too, (secret)"},
		"echo of a secret": {"known secrets are taken out", answer{status: 400, body: "BAD: client_secret=sk-secret%2F is wrong: sk-secret/"},
			"GET /q: 400 BAD: client_secret=(secret) is wrong: (secret)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var scrubber Scrubber
			scrubber.Add(schema.NewSecret("sk-secret/", "a test"), schema.Secret{})
			client := &Client{
				Transport: NewTransport(Settings{Base: &vendor{script: []answer{tt.answer}}, Fault: words, Scrub: scrubber.Scrub}),
				HTMLHint:  "is it the right host?",
			}
			resp, err := client.Do(t.Context(), Request{Method: "GET", URL: "https://acme.example/q?q=SELECT"})
			if err == nil {
				var out struct {
					N int `json:"n"`
				}
				err = resp.Decode(&out)
			}
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tt.reason, diff)
			}
		})
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	if got := []rune(clean(strings.Repeat("ä", 5000), nil)); len(got) != maxText+1 {
		t.Errorf("%d characters", len(got))
	}
}

func TestErrorCanBeBranchedOn(t *testing.T) {
	client := newClient(&vendor{script: []answer{{status: 403, body: "NO: x"}}})
	client.Advise = func(e *Error) string { return "ask " + e.Code }
	_, err := client.Do(t.Context(), Request{Method: "GET", URL: "https://acme.example/x"})
	if StatusOf(err) != 403 || CodeOf(err) != "NO" || !strings.HasSuffix(err.Error(), ": ask NO") {
		t.Errorf("status %d, code %q, error %v", StatusOf(err), CodeOf(err), err)
	}
	if other := errors.New("x"); StatusOf(other) != 0 || CodeOf(other) != "" || IsUnclear(other) || IsUnclear(nil) {
		t.Error("another error has properties")
	}
}

func TestDecodingNonsenseAfterAWriteIsUnclear(t *testing.T) {
	client := newClient(&vendor{script: []answer{{status: 200, body: "<html>"}, {status: 200, body: "<html>"}}})
	for method, want := range map[string]bool{"POST": true, "GET": false} {
		resp, err := client.Do(t.Context(), Request{Method: method, URL: "https://acme.example/x"})
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Decode(new(any)); IsUnclear(err) != want {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// A real connection tells whether a request reached the wire.
func TestLostAnswersOverTheWire(t *testing.T) {
	var mu sync.Mutex
	got := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		got++
		mu.Unlock()
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			connection.Close()
		}
	}))
	defer server.Close()
	client := newClient(nil)
	defer client.Transport.CloseIdleConnections()
	_, err := client.Do(t.Context(), Request{Method: "POST", URL: server.URL + "/x", Body: []byte("{}")})
	if !IsUnclear(err) {
		t.Errorf("the server had it: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if got != 1 {
		t.Errorf("a POST whose answer was lost was sent %d times", got)
	}
}

func TestNothingSentIsNotUnclear(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close() // nobody listens there now
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = newClient(nil).Do(ctx, Request{Method: "POST", URL: "http://" + listener.Addr().String() + "/x"})
	if err == nil || IsUnclear(err) {
		t.Errorf("error %v", err)
	}
}

func TestRoundTripperForLibraries(t *testing.T) {
	transport := NewTransport(Settings{Base: &vendor{script: []answer{{status: 200, body: "hello"}}}})
	resp, err := (&http.Client{Transport: transport}).Get("https://acme.example/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil || b.String() != "hello" || resp.StatusCode != 200 {
		t.Errorf("%d %q %v", resp.StatusCode, b.String(), err)
	}
}

func TestLogShowsNoSecret(t *testing.T) {
	var log bytes.Buffer
	client := &Client{Transport: NewTransport(Settings{
		Base: &vendor{script: []answer{{status: 400, body: "sk-canary: sk-canary"}}}, Fault: words,
		Log:   slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Scrub: func(s string) string { return strings.ReplaceAll(s, "sk-canary", "(secret)") },
	})}
	_, _ = client.Do(t.Context(), Request{
		Method: "POST", URL: "https://acme.example/x?skip=5&token=sk-canary", Body: []byte("sk-canary"),
		Header: http.Header{"Authorization": {"Bearer sk-canary"}},
	})
	line := log.String()
	if strings.Contains(line, "canary") {
		t.Errorf("log shows the secret: %s", line)
	}
	for _, want := range []string{"method=POST", "path=/x", "skip=5", "token=(secret)", "status=400", "attempt=1", "took=", "purpose=reading"} {
		if !strings.Contains(line, want) {
			t.Errorf("log lacks %s: %s", want, line)
		}
	}
}

func TestLoginSignsInOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signIns := 0
		login := Login[int]{SignIn: func(ctx context.Context, _ *int) (*int, error) {
			signIns++
			return &signIns, Sleep(ctx, time.Second)
		}}
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := login.Get(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if signIns != 1 {
			t.Errorf("signed in %d times", signIns)
		}
	})
}

func TestLoginGoesOnWhenTheFirstCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signIns := 0
		login := Login[int]{SignIn: func(ctx context.Context, _ *int) (*int, error) {
			signIns++
			return &signIns, Sleep(ctx, time.Minute)
		}}
		first, leave := context.WithCancelCause(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := login.Get(first); err == nil {
				t.Error("the first caller left and got an answer")
			}
		})
		synctest.Wait()
		group.Go(func() {
			if _, err := login.Get(t.Context()); err != nil {
				t.Errorf("the second caller stayed: %v", err)
			}
		})
		synctest.Wait()
		leave(errors.New("enough"))
		group.Wait()
		if signIns != 2 {
			t.Errorf("signed in %d times", signIns)
		}
	})
}

func TestLoginRenewsAndDrops(t *testing.T) {
	type token struct{ N, From int }
	made := 0
	login := Login[token]{
		SignIn: func(_ context.Context, old *token) (*token, error) {
			made++
			if old == nil {
				return &token{N: made}, nil
			}
			return &token{N: made, From: old.N}, nil
		},
		Fresh: func(k *token) bool { return k.N != 1 },
	}
	get := func() *token {
		k, err := login.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	get() // the first is stale at once
	second := get()
	if diff := cmp.Diff(&token{N: 2, From: 1}, second); diff != "" {
		t.Errorf("renewed (-want +got)\n%s", diff)
	}
	login.Drop(second)
	if diff := cmp.Diff(&token{N: 3}, get()); diff != "" {
		t.Errorf("a dropped one does not serve to renew (-want +got)\n%s", diff)
	}
	login.Drop(second)
	if third := get(); third.N != 3 {
		t.Errorf("dropping an old one dropped the new: %+v", third)
	}
}
