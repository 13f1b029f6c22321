package salesforce_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

const stream = "/u/lockstep"

// A comet is a CometD client of the integration's user, as a careful library
// is one: it keeps its cookie.
type comet struct {
	*desk
	push   string
	scheme string
	id     string
	cookie *http.Cookie
}

func newComet(t *testing.T) *comet {
	acme := tenant.Acme()
	d := &desk{t: t, org: salesforce.New(acme, salesforce.Options{})}
	d.token = d.signIn(acme.Salesforce.Integration[0])
	return &comet{desk: d, scheme: "OAuth", push: d.channel(stream)}
}

// bayeux sends messages and returns the replies.
func (c *comet) bayeux(messages ...map[string]any) []map[string]any {
	c.t.Helper()
	return c.send(c.t.Context(), "/cometd/67.0", messages...)
}

func (c *comet) send(ctx context.Context, path string, messages ...map[string]any) []map[string]any {
	c.t.Helper()
	body, err := json.Marshal(messages)
	if err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "https://acme.my.salesforce.com"+path, bytes.NewReader(body))
	r.Header.Set("Authorization", c.scheme+" "+c.token)
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	w := httptest.NewRecorder()
	c.org.ServeHTTP(w, r)
	for _, k := range w.Result().Cookies() {
		c.cookie = k
	}
	var replies []map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &replies); err != nil {
			c.t.Fatalf("%v: %s", err, w.Body)
		}
	}
	return replies
}

func (c *comet) meta(verb string, more ...any) map[string]any {
	m := map[string]any{"channel": "/meta/" + verb, "id": "1", "clientId": c.id}
	switch verb {
	case "handshake":
		m["version"], m["supportedConnectionTypes"] = "1.0", []string{"long-polling"}
		m["ext"] = map[string]any{"replay": true}
		delete(m, "clientId")
	case "connect":
		m["connectionType"] = "long-polling"
	case "subscribe", "unsubscribe":
		m["subscription"] = stream
	}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

func (c *comet) handshake() {
	c.t.Helper()
	c.id, c.cookie = "", nil
	reply := c.bayeux(c.meta("handshake"))[0]
	c.id, _ = reply["clientId"].(string)
	if reply["successful"] != true || c.id == "" || c.cookie == nil {
		c.t.Fatalf("handshake: %v", reply)
	}
}

// started is a client that has shaken hands, subscribed and connected once.
func started(t *testing.T) *comet {
	c := newComet(t)
	c.handshake()
	for _, reply := range c.bayeux(c.meta("subscribe"), c.meta("connect")) {
		if reply["successful"] != true {
			t.Fatalf("start: %v", reply)
		}
	}
	return c
}

func (c *comet) tell(payload string, users ...string) any {
	c.t.Helper()
	if users == nil {
		users = []string{}
	}
	_, answer := c.do(http.MethodPost, c.push, map[string]any{"pushEvents": []any{map[string]any{"payload": payload, "userIds": users}}})
	return answer
}

// heard are the payloads among replies.
func heard(replies []map[string]any) []string {
	got := []string{}
	for _, r := range replies {
		if data, ok := r["data"].(map[string]any); ok {
			got = append(got, data["payload"].(string))
		}
	}
	return got
}

func trouble(replies []map[string]any) string {
	last := replies[len(replies)-1]
	advice, _ := last["advice"].(map[string]any)
	ext, _ := last["ext"].(map[string]any)
	sfdc, _ := ext["sfdc"].(map[string]any)
	return strings.Trim(fmt.Sprintf("%v|%v|%v", last["error"], sfdc["failureReason"], advice["reconnect"]), "|")
}

func TestCometHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := started(t)
		begun := time.Now()
		if got := heard(c.bayeux(c.meta("connect"))); len(got) != 0 || time.Since(begun) != 110*time.Second {
			t.Errorf("a connect without news: %v after %v", got, time.Since(begun))
		}
		me := c.id15()
		time.AfterFunc(5*time.Second, func() { c.tell("to me", me) })
		begun = time.Now()
		if got := heard(c.bayeux(c.meta("connect"))); !cmp.Equal(got, []string{"to me"}) || time.Since(begun) != 5*time.Second {
			t.Errorf("a connect with news: %v after %v", got, time.Since(begun))
		}
		c.tell("to somebody else", c.desk.id(`SELECT Id FROM User WHERE Username = 'ana.lopez@acme.example'`))
		c.tell("to all")
		if got := heard(c.bayeux(c.meta("connect"))); !cmp.Equal(got, []string{"to all"}) {
			t.Errorf("what came between two connects: %v", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		c.send(ctx, "/cometd/67.0/connect", c.meta("connect"))
		c.tell("while away")
		if got := heard(c.bayeux(c.meta("connect"))); !cmp.Equal(got, []string{"while away"}) {
			t.Errorf("after a connection that was lost: %v", got)
		}
		time.Sleep(41 * time.Second)
		want := []any{map[string]any{"fanoutCount": 0.0, "userOnlineStatus": map[string]any{me: false}}}
		if diff := cmp.Diff(want, c.tell("too late", me)); diff != "" {
			t.Error("a client that does not come back: -want +got:\n" + diff)
		}
		if got := trouble(c.bayeux(c.meta("connect"))); got != "403::Unknown client|<nil>|handshake" {
			t.Errorf("it comes back after all: %s", got)
		}
	})
}

// id15 is the short Id of the client's user.
func (c *comet) id15() string {
	return c.desk.id(`SELECT Id FROM User WHERE Username = 'lockstep@acme.example'`)[:15]
}

func TestCometRefuses(t *testing.T) {
	const unknown = "403::Unknown client|<nil>|handshake"
	tests := map[string]struct {
		do           func(c *comet) []map[string]any
		want, reason string
	}{
		"Bearer": {func(c *comet) []map[string]any { c.scheme = "Bearer"; return c.bayeux(c.meta("handshake")) },
			"403::Handshake denied|401::Authentication invalid|none", "only OAuth is taken here"},
		"Token": {func(c *comet) []map[string]any { c.token = "x"; return c.bayeux(c.meta("connect")) },
			"401::Authentication invalid|<nil>|none", "a token that works no more"},
		"Transport": {func(c *comet) []map[string]any {
			return c.bayeux(c.meta("handshake", "supportedConnectionTypes", []string{"websocket"}))
		}, "403::Handshake denied|400::Invalid connection type {[websocket]}|none", "only long polling is offered"},
		"Connection": {func(c *comet) []map[string]any { return c.bayeux(c.meta("connect", "connectionType", "websocket")) },
			"400::Invalid connection type websocket|<nil>|<nil>", "as above, later"},
		"NoCookie": {func(c *comet) []map[string]any { c.cookie = nil; return c.bayeux(c.meta("connect")) },
			unknown, "another server, which does not know the client"},
		"CookieRecoded": {func(c *comet) []map[string]any { c.cookie.Value += "%3D"; return c.bayeux(c.meta("connect")) },
			unknown, "the cookie is to be kept as it is"},
		"Client": {func(c *comet) []map[string]any { c.id = "x"; return c.bayeux(c.meta("connect")) },
			unknown, "a client that never was"},
		"Disconnected": {func(c *comet) []map[string]any { c.bayeux(c.meta("disconnect")); return c.bayeux(c.meta("subscribe")) },
			unknown, "a client that took its leave"},
		"Channel": {func(c *comet) []map[string]any { return c.bayeux(c.meta("subscribe", "subscription", "/u/nothing")) },
			"400::The channel you requested to subscribe to does not exist {/u/nothing}|<nil>|<nil>", "channels are made first"},
		"Slash": {func(c *comet) []map[string]any { return c.bayeux(c.meta("subscribe", "subscription", "u/x")) },
			"400::Channel subscriptions must start with a leading '/'|<nil>|<nil>", "a name is a path"},
		"NoName": {func(c *comet) []map[string]any { return c.bayeux(c.meta("subscribe", "subscription", nil)) },
			"400::Channel name not specified|<nil>|<nil>", "a subscription is to something"},
		"ReplayMap": {func(c *comet) []map[string]any {
			return c.bayeux(c.meta("subscribe", "ext", map[string]any{"replay": map[string]any{}}))
		}, "400::The replayId for channel {/u/lockstep} wasn't found using the provided replay ID map {map[]}. " +
			"Ensure that the channel name you provided in the replay map is valid and matches the channel name used for subscribing.|<nil>|<nil>", "a replay extension names the channel"},
		"ReplayID": {func(c *comet) []map[string]any { return c.bayeux(c.replay(99)) },
			"400::The replayId {99} you provided was invalid. Please provide a valid ID, -2 to replay all events, or -1 to replay only new events.|<nil>|<nil>", "an id that was never given"},
		"Publish": {func(c *comet) []map[string]any {
			return c.bayeux(map[string]any{"channel": stream, "clientId": c.id, "data": "x"})
		},
			"403::Publishing is not supported|<nil>|<nil>", "events come over REST"},
		"Clients": {func(c *comet) []map[string]any {
			c.org.SetStreamingLimits(1, 0)
			return c.bayeux(c.meta("handshake"))
		}, "403::Handshake denied|403::Organization concurrent user limit exceeded|none", "an org has so many clients"},
		"Day": {func(c *comet) []map[string]any {
			c.org.SetStreamingLimits(0, 1)
			c.tell("one")
			c.tell("two")
			if got := heard(c.bayeux(c.meta("connect"))); !cmp.Equal(got, []string{"one"}) {
				c.t.Errorf("the last one of the day: %v", got)
			}
			return c.bayeux(c.meta("connect"))
		}, "403::Organization total events daily limit exceeded|<nil>|none", "a day has so many notifications"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := trouble(tc.do(started(t))); got != tc.want {
					t.Errorf("%s:\nwant %s\n got %s", tc.reason, tc.want, got)
				}
			})
		})
	}
}

func (c *comet) replay(from int) map[string]any {
	return c.meta("subscribe", "ext", map[string]any{"replay": map[string]any{stream: from}})
}

func TestCometReplays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newComet(t)
		for _, payload := range []string{"1", "2", "3"} {
			c.tell(payload)
		}
		c.tell("not mine", c.desk.id(`SELECT Id FROM User WHERE Username = 'ana.lopez@acme.example'`))
		ask := func(from int) []string {
			c.handshake()
			replies := c.bayeux(c.replay(from), c.meta("connect"))
			if replies[0]["error"] != nil {
				return []string{replies[0]["error"].(string)[:5]}
			}
			return heard(replies)
		}
		for from, want := range map[int][]string{-2: {"1", "2", "3"}, -1: {}, 0: {"1", "2", "3"}, 1: {"2", "3"}, 3: {}, 4: {}, 5: {"400::"}} {
			if diff := cmp.Diff(want, ask(from)); diff != "" {
				t.Errorf("from %d: -want +got:\n%s", from, diff)
			}
		}
		time.Sleep(25 * time.Hour)
		c.token = c.signIn(tenant.Acme().Salesforce.Integration[0])
		c.tell("new")
		for from, want := range map[int][]string{-2: {"new"}, 2: {"400::"}, 4: {"new"}} {
			if diff := cmp.Diff(want, ask(from)); diff != "" {
				t.Errorf("a day later, from %d: -want +got:\n%s", from, diff)
			}
		}
	})
}

// Whoever asks for another transport, or for another version, is told at once.
func TestCometAddresses(t *testing.T) {
	d := newDesk(t, nil)
	tests := map[string]struct {
		method, path, upgrade, want string
	}{
		"WebSocket": {http.MethodGet, "/cometd/67.0", "websocket", "400::Only long polling"},
		"Version":   {http.MethodPost, "/cometd", "", "400::API version in the URI is mandatory"},
		"Old":       {http.MethodPost, "/cometd/36.0", "", "400::Unsupported API version"},
		"Body":      {http.MethodPost, "/cometd/67.0", "", "400::The body"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, "https://acme.my.salesforce.com"+tc.path, strings.NewReader("x"))
			if tc.upgrade != "" {
				r.Header.Set("Upgrade", tc.upgrade)
			}
			w := httptest.NewRecorder()
			d.org.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest || !strings.HasPrefix(w.Body.String(), tc.want) {
				t.Errorf("%d %s, want 400 %s", w.Code, w.Body, tc.want)
			}
		})
	}
}
