package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

const sessions = "/inContactAPI/services/v23.0/agent-sessions"

// An app is an agent's, at some address, by some client.
type app struct {
	t                   *testing.T
	client              *http.Client
	base, token, poller string
}

// logIn signs the access key's owner in, who is an agent as well, and starts a
// session.
func logIn(t *testing.T, client *http.Client, base string) *app {
	t.Helper()
	a := &app{t: t, client: client, base: base}
	body := a.call(t.Context(), "POST", "/authentication/v1/token/access-key",
		`{"accessKeyId":"`+tenant.AcmeAccessKeyID+`","accessKeySecret":"`+tenant.AcmeAccessKeySecret+`"}`)
	a.token = member(t, body, "access_token")
	body = a.call(t.Context(), "POST", sessions, `{"stationId":"1"}`)
	a.poller = member(t, body, "sessionId")
	body = a.poll(t.Context())
	a.poller = member(t, body, "sessionId")
	return a
}

func member(t *testing.T, body, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	text, _ := object[name].(string)
	return text
}

// try makes a call and returns the body, whatever the status.
func (a *app) try(ctx context.Context, method, path, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, a.base+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	response, err := a.client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return string(data), err
}

func (a *app) call(ctx context.Context, method, path, body string) string {
	a.t.Helper()
	answer, err := a.try(ctx, method, path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer
}

func (a *app) poll(ctx context.Context) string {
	a.t.Helper()
	return a.call(ctx, "GET", sessions+"/"+a.poller+"/get-next-event?timeout=60", "")
}

// In process a long poll waits in its caller's goroutine, on the bubble's
// clock, and ends with news or with its context.
func TestLongPollInProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := emulator.New(tenant.Acme(), emulator.Options{})
		a := logIn(t, e.Client(), e.CXoneURL())

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := a.try(ctx, "GET", sessions+"/"+a.poller+"/get-next-event?timeout=60", "")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 10*time.Second {
			t.Errorf("a poll whose context ended: %v after %v", err, time.Since(begun))
		}

		time.AfterFunc(20*time.Second, func() { _ = e.Tenant.SetPresence(tenant.AcmeAccessKeyUser, "Available", "") })
		begun = time.Now()
		if body := a.poll(t.Context()); !strings.Contains(body, `"CurrentState":"Available"`) || time.Since(begun) != 20*time.Second {
			t.Errorf("news after %v: %s", time.Since(begun), body)
		}

		const endpoint = "GET /inContactAPI/services/{version}/agent-sessions/{id}/get-next-event"
		if n := e.Stats()[emulator.CXone][endpoint]; n != 3 {
			t.Errorf("polls are counted under one name, whatever the session's id: %v", e.Stats()[emulator.CXone])
		}
	})
}

// A server that closes does not wait for who is waiting for news.
func TestLongPollEndsWithTheServer(t *testing.T) {
	polls := make(chan struct{}, 2) // the one of logging in, and the one that waits
	server, err := emulator.Listen(t.Context(), emulator.New(tenant.Acme(), emulator.Options{
		OnCall: func(_, _, path string, _ int) {
			if strings.HasSuffix(path, "/get-next-event") {
				polls <- struct{}{}
			}
		},
	}), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	a := logIn(t, &http.Client{Transport: transport}, server.CXoneURL)
	ended := make(chan error)
	go func() {
		_, err := a.try(t.Context(), "GET", sessions+"/"+a.poller+"/get-next-event?timeout=60", "")
		ended <- err
	}()
	<-polls
	<-polls
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("the poll was answered by a server that is closed")
	}
}
