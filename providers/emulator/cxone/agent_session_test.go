package cxone

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

const ben = "ben.okafor@acme.example"

// A desk is an agent's app: it signs in as the agent does, and keeps the
// session's id as the vendor asks, taking a new one from every answer.
type desk struct {
	*client
	session string
}

// inBubble runs a test with an administrator's client and Ana's app, on the
// bubble's clock.
func inBubble(t *testing.T, options Options, test func(t *testing.T, admin *client, app *desk)) {
	t.Helper()
	testKey() // made outside, for it takes real time
	synctest.Test(t, func(t *testing.T) {
		options.Now, options.Key = time.Now, testKey()
		c := &client{t: t, tenant: New(tenant.Acme(), options)}
		c.token = c.post("/authentication/v1/token/access-key",
			map[string]any{"accessKeyId": tenant.AcmeAccessKeyID, "accessKeySecret": tenant.AcmeAccessKeySecret}).want(200).text("access_token")
		test(t, c, c.desk(ana))
	})
}

// desk signs an agent in with a code and its verifier.
func (c *client) desk(userName string) *desk {
	c.t.Helper()
	verifier := strings.Repeat("verifier", 6)
	at := c.get("https://" + IssuerHost + "/auth/authorize?" + authorizeQuery(userName, verifier).Encode()).want(302)
	back, err := url.Parse(at.header.Get("Location"))
	if err != nil {
		c.t.Fatal(err)
	}
	own := *c
	own.token = ""
	// NICE's client labels its form as JSON.
	own.token = own.do("POST", "/auth/token", "application/json", codeForm(back.Query().Get("code"), verifier)).want(200).text("access_token")
	return &desk{client: &own}
}

func authorizeQuery(userName, verifier string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {"acme-registered-client"}, "redirect_uri": {"http://localhost/callback"}, "response_type": {"code"},
		"scope": {"openid"}, "state": {"aaxx-11"}, "display": {"page"}, "login_hint": {userName},
		"code_challenge": {base64URL(sum[:])}, "code_challenge_method": {"S256"},
	}
}

func codeForm(code, verifier string) string {
	return "grant_type=authorization_code&code=" + code + "&redirect_uri=http://localhost/callback" +
		"&client_id=acme-registered-client&code_verifier=" + verifier
}

func (d *desk) start() *desk {
	d.t.Helper()
	d.session = d.do("POST", "~/agent-sessions", "text/plain;charset=UTF-8", `{"stationPhoneNumber":"+34910000001"}`).want(202).text("sessionId")
	return d
}

func (d *desk) choose(state, reason string) *answer {
	d.t.Helper()
	return d.do("POST", "~/agent-sessions/"+d.session+"/state", "text/plain;charset=UTF-8",
		fmt.Sprintf(`{"state":%q,"reason":%q}`, state, reason))
}

func (d *desk) poll(seconds int) *answer {
	d.t.Helper()
	a := d.get(fmt.Sprintf("~/agent-sessions/%s/get-next-event?timeout=%d", d.session, seconds))
	if a.status == 200 {
		d.session = a.text("sessionId")
	}
	return a
}

// told polls without waiting and returns the events in short, nil for none.
func (d *desk) told() []string {
	d.t.Helper()
	a := d.poll(0)
	if a.status == 304 {
		if a.raw != "" {
			d.t.Errorf("a 304 has no body: %s", a.raw)
		}
		return nil
	}
	return inShort(a.want(200))
}

// inShort says each event in a few words, and checks that all are made of
// strings.
func inShort(a *answer) []string {
	a.t.Helper()
	var told []string
	for i := range a.list("events") {
		e := a.at("events", i).(map[string]any)
		for name, value := range e {
			if _, isText := value.(string); !isText && name != "NextStates" {
				a.t.Errorf("%s of %s is no string: %v", name, e["Type"], value)
			}
		}
		words := []string{a.text("events", i, "Type")}
		switch words[0] {
		case "AgentState":
			words = []string{a.text("events", i, "CurrentState"), a.text("events", i, "CurrentOutReason")}
			if e["IsAcw"] == "True" {
				words = append(words, "ACW", e["AcwTimeout"].(string))
			}
			if len(a.list("events", i, "NextStates")) > 0 {
				words = append(words, "then", a.text("events", i, "NextStates", 0, "State"), a.text("events", i, "NextStates", 0, "OutReason"))
			}
		case "AgentLeg":
			words = append(words, a.text("events", i, "Status"), a.text("events", i, "FinalState"))
		case "AgentSessionEnd", "RemoteAgentSessionEnd":
			words = append(words, a.text("events", i, "Message"))
		}
		told = append(told, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	return told
}

func (d *desk) expect(why string, want ...string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.told()); diff != "" {
		d.t.Errorf("%s: -want +got\n%s", why, diff)
	}
}

// state is what the business unit's poll says of an agent.
func (c *client) state(userName string) string {
	c.t.Helper()
	a := c.get("~/agents/" + c.userID(userName) + "/states").want(200)
	words := a.text("agentStates", 0, "agentStateName") + " " + a.text("agentStates", 0, "outStateDescription")
	if a.text("agentStates", 0, "isACW") == "true" {
		words += " ACW"
	}
	return strings.TrimSpace(words)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSessionLife(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		app.start()
		if !strings.HasSuffix(app.session, "==") {
			t.Errorf("clients must bear ids like the vendor's, which end in ==: %s", app.session)
		}
		first := app.session
		a := app.poll(0).want(200)
		if diff := cmp.Diff([]string{"AgentSessionStart", "LoggedIn", "Unavailable Unavailable"}, inShort(a)); diff != "" {
			t.Errorf("at log-in: -want +got\n%s", diff)
		}
		e := a.at("events", 0).(map[string]any)
		if e["SessionId"] == first || e["AgentUUId"] != admin.userID(ana) || e["StationPhoneNumber"] != "+34910000001" || e["CanMask"] != "False" {
			t.Errorf("AgentSessionStart: %v", e)
		}
		if app.session == first {
			t.Error("the id changes with the events that it is the receipt for")
		}

		app.do("POST", "~/agent-sessions", "text/plain", `{"stationId":"1"}`).want(409)
		app.choose("Available", "").want(202)
		app.expect("an own choice is told", "Available")
		app.choose("Unavailable", "Break").want(202)
		app.expect("with its reason", "Unavailable Break")
		if got := admin.state(ana); got != "Unavailable Break" {
			t.Errorf("everybody sees %q", got)
		}

		if a := app.delete("~/agent-sessions/"+app.session, map[string]any{"forceLogoff": true}).want(202); a.body == nil {
			t.Error("NICE's client needs a JSON body here")
		}
		app.expect("the end is told once", "AgentSessionEnd")
		app.poll(0).want(409)
		app.choose("Available", "").want(409)
		if got := admin.state(ana); got != "LoggedOut" {
			t.Errorf("after the end: %s", got)
		}
		app.start()
		app.expect("and all begins anew", "AgentSessionStart", "LoggedIn", "Unavailable Unavailable")
	})
}

func TestSessionRefusals(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		other := admin.desk(ben)
		app.start()
		other.session = app.session
		unknown := (&agentSession{key: "no such "}).id(0)
		future := app.session
		if s, _ := app.tenant.store.sessionBy(app.session); s != nil {
			future = s.id(1 << 40)
		}
		poll := "/get-next-event?timeout="
		cases := []struct {
			why, method, path, body string
			from                    *client
			status                  int
		}{
			{"a contact state cannot be chosen", "POST", app.session + "/state", `{"state":"InboundContact"}`, app.client, 400},
			{"nothing chosen", "POST", app.session + "/state", `{}`, app.client, 400},
			{"broken JSON", "POST", app.session + "/state", `{"state":`, app.client, 400},
			{"an after-call-work code without a contact", "POST", app.session + "/state", `{"state":"Unavailable","reason":"Wrap Up"}`, app.client, 409},
			{"a session that never was", "POST", unknown + "/state", `{"state":"Available"}`, app.client, 404},
			{"no id at all", "GET", "x" + poll + "0", "", app.client, 404},
			{"events that were never told", "GET", future + poll + "0", "", app.client, 404},
			{"another agent's session", "GET", app.session + poll + "0", "", other.client, 403},
			{"longer than a minute", "GET", app.session + poll + "61", "", app.client, 400},
			{"not a number", "GET", app.session + poll + "long", "", app.client, 400},
			{"nothing to join", "POST", "join", "", other.client, 404},
			{"joining for nobody", "POST", "join", `{"asAgentId":"999"}`, other.client, 404},
			{"no station", "POST", "", `{"stationId":"","stationPhoneNumber":""}`, other.client, 400},
			{"no time", "POST", "", `{"stationId":"1","inactivityTimeout":"soon"}`, other.client, 400},
			{"less than no time", "POST", "", `{"stationId":"1","inactivityTimeout":-1}`, other.client, 400},
			{"more time than there is", "POST", "", `{"stationId":"1","inactivityTimeout":"9223372036854775807"}`, other.client, 400},
		}
		for _, tc := range cases {
			if a := tc.from.do(tc.method, strings.TrimSuffix("~/agent-sessions/"+tc.path, "/"), "text/plain", tc.body); a.status != tc.status {
				t.Errorf("%s: %d, want %d: %s", tc.why, a.status, tc.status, a.reason())
			}
		}
		app.expect("a refusal changes nothing", "AgentSessionStart", "LoggedIn", "Unavailable Unavailable")
		admin.tenant.Deny(PermissionAgentSessions, true)
		other.post("~/agent-sessions", `{"stationId":"1"}`).want(403)
	})
}

// The reason is a code's exact name. What is none is taken, and lost.
func TestReasons(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		app.start().told()
		for why, tc := range map[string]struct{ reason, want string }{
			"a code's name":                {"Break", "Unavailable Break"},
			"in another case it is none":   {"break", "Unavailable"},
			"nor is one nobody made":       {"Lunch", "Unavailable"},
			"an inactive code serves none": {"Old Project", "Unavailable"},
			"no reason":                    {"", "Unavailable"},
		} {
			app.choose("Unavailable", tc.reason).want(202)
			if got := admin.state(ana); got != tc.want {
				t.Errorf("%s: %q, want %q", why, got, tc.want)
			}
		}
	})
}

func TestLongPoll(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		app.start().told()
		begun := time.Now()
		app.poll(60).want(304)
		if waited := time.Since(begun); waited != time.Minute {
			t.Errorf("without news a poll waits as long as it says, not %v", waited)
		}

		go func() {
			time.Sleep(20 * time.Second)
			check(t, admin.tenant.SetPresence(ana, "Available", ""))
		}()
		begun = time.Now()
		before := app.session
		if diff := cmp.Diff([]string{"Available"}, inShort(app.poll(60).want(200))); diff != "" || time.Since(begun) != 20*time.Second {
			t.Errorf("news end a poll at once, not after %v: -want +got\n%s", time.Since(begun), diff)
		}

		app.session = before
		app.expect("an answer that was lost is given again", "Available")
		app.expect("and, once it has its receipt, not any more")
	})
}

// A client that goes away leaves nothing behind: the bubble would not end.
func TestLongPollEndsWithItsRequest(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, _ *client, app *desk) {
		app.start().told()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "https://"+ACDHost+"/InContactAPI/services/v23.0/agent-sessions/"+app.session+"/get-next-event?timeout=60", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+app.token)
		begun := time.Now()
		func() {
			defer func() {
				if reason := recover(); reason != http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
					t.Errorf("the connection of a client that has gone is dropped: %v", reason)
				}
			}()
			app.tenant.ServeHTTP(httptest.NewRecorder(), r)
		}()
		if waited := time.Since(begun); waited != 10*time.Second {
			t.Errorf("waited %v", waited)
		}
		app.expect("the session goes on")
	})
}

func TestJoin(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		check(t, admin.tenant.SetPresence(ana, "Unavailable", "Break"))
		app.post("~/agent-sessions", `{"stationId":"1"}`).want(409)
		app.session = app.post("~/agent-sessions/join", `{"asAgentId":""}`).want(202).text("sessionId")
		app.expect("who joins is told how things are", "AgentSessionStart", "Unavailable Break")

		// A supervisor's app may start a session for an agent, too.
		sup := admin.desk("sup.one@acme.example")
		agent := admin.get("~/agents?searchString="+ben).want(200).text("agents", 0, "agentId")
		sup.session = sup.post("~/agent-sessions", map[string]any{"stationId": "1", "asAgentId": agent}).want(202).text("sessionId")
		sup.choose("Available", "").want(202)
		if got := admin.state(ben); got != "Available" {
			t.Errorf("started for an agent: %s", got)
		}
	})
}

func TestInactivity(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		app.session = app.post("~/agent-sessions?stationId=1&inactivityTimeout=45", nil).want(202).text("sessionId")
		app.told()
		app.poll(60).want(304)
		time.Sleep(44 * time.Second)
		app.expect("a poll keeps the session, however long it lasts")
		time.Sleep(46 * time.Second)
		if got := admin.state(ana); got != "LoggedOut" {
			t.Errorf("a client that stops polling loses the session: %s", got)
		}
		app.expect("and hears why when it comes back", "RemoteAgentSessionEnd SessionTimeout")
		app.poll(0).want(409)
		time.Sleep(remembered)
		app.poll(0).want(404)

		for _, force := range []bool{false, true} {
			app.session = app.post("~/agent-sessions", map[string]any{"stationId": "1", "inactivityTimeout": 45, "inactivityForceLogout": force}).want(202).text("sessionId")
			check(t, admin.tenant.BeginContact(ana, Contact{}))
			time.Sleep(100 * time.Second)
			if got := admin.state(ana); (got == "LoggedOut") != force {
				t.Errorf("a contact with force %v: %s", force, got)
			}
			if !force {
				check(t, admin.tenant.EndContact(ana))
				time.Sleep(46 * time.Second)
				if got := admin.state(ana); got != "LoggedOut" {
					t.Errorf("after the contact: %s", got)
				}
			}
		}
	})
}

func TestCodesOfTeamAreNews(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, app *desk) {
		app.start().told()
		id := admin.post("~/unavailable-codes", map[string]any{"name": "Lunch"}).want(200).number("id")
		app.expect("a code on no team is nobody's")
		at := fmt.Sprintf("~/teams/%d/unavailable-codes", admin.teamID("Support"))
		admin.post(at, map[string]any{"codes": []row{{"outStateId": id}}}).want(200)
		app.expect("a code on the team", "UpdateUnavailableCodes")
		admin.post(fmt.Sprintf("~/teams/%d/unavailable-codes", admin.teamID("Sales")), map[string]any{"codes": []row{{"outStateId": id}}}).want(200)
		app.expect("on another team it is not")
		admin.patch(fmt.Sprintf("~/unavailable-codes/%d/status?isActive=false", id), nil).want(204)
		app.expect("a change of the code", "UpdateUnavailableCodes")
		admin.put(at, map[string]any{"unavailableCodes": []row{{"outStateId": admin.codeID("Break")}}}).want(200)
		app.expect("a new list", "UpdateUnavailableCodes")
	})
}
