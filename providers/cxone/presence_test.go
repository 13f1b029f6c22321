package cxone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

const (
	statesPath = acd + "/agents/states"
	codesPath  = acd + "/unavailable-codes"
	someCodes  = `{"totalRecords":3,"unavailableCodes":[{"id":7,"name":"Lunch","isActive":true},{"id":8,"name":"Wrap Up","isActive":true,"isACW":true},{"id":6,"name":"Lunch","isActive":false}]}`
)

// agents makes a tenant with those codes whose states are what the handler says.
func agents(states http.HandlerFunc) (*Presence, *desk) {
	d := newDesk(map[string]http.HandlerFunc{codesPath: says(200, someCodes), statesPath: states})
	return newPresence(d.connect()), d
}

func seen(word, code string) schema.ACDState { return schema.ACDState{Word: word, Code: code} }

func TestStatesInTheWordsOfRules(t *testing.T) {
	started := time.Date(2026, 3, 2, 9, 0, 0, 123e6, time.UTC)
	for name, tt := range map[string]struct {
		reason string
		row    string
		want   schema.ACDState
		since  time.Time
	}{
		"available":       {"out-state 0 says nothing", `{"agentId":1,"agentStateId":1,"agentStateName":"Available","outStateId":0,"startDate":"2026-03-02T09:00:00.123Z"}`, seen("Available", ""), started},
		"code":            {"ids become names", `{"agentId":1,"agentStateId":2,"outStateId":7,"startDate":"2026-03-02T09:00:00.123"}`, seen("", "Lunch"), started},
		"retired code":    {"an agent can still be in one", `{"agentId":1,"agentStateId":2,"outStateId":6}`, seen("", "Lunch"), time.Time{}},
		"cached":          {"NICE's own list calls it outStateCode and has no ids", `{"agentId":1,"agentStateName":"Unavailable","outStateCode":7}`, seen("", "Lunch"), time.Time{}},
		"2015":            {"PascalCase, nulls", `{"AgentId":1,"AgentStateId":1,"AgentStateName":"Available","OutStateId":null,"IsACW":null,"LastUpdateTime":"2026-03-02T10:00:00.123+01:00"}`, seen("Available", ""), started},
		"texts":           {"numbers and truths as text", `{"agentId":"1","agentStateId":"2","outStateId":"8","isAcw":"True"}`, seen("ACW", "Wrap Up"), time.Time{}},
		"translated":      {"the id counts, the name is for a screen", `{"agentId":1,"agentStateId":1,"agentStateName":"Abierto"}`, seen("Available", ""), time.Time{}},
		"ACW, no code":    {"after-call work may have none", `{"agentId":1,"agentStateId":2,"outStateId":0,"isACW":true}`, seen("ACW", ""), time.Time{}},
		"ACW by code":     {"isACW is left out", `{"agentId":1,"agentStateId":2,"outStateId":8}`, seen("ACW", "Wrap Up"), time.Time{}},
		"not ACW":         {"isACW says no", `{"agentId":1,"agentStateId":2,"outStateId":8,"isACW":false}`, seen("", "Wrap Up"), time.Time{}},
		"refused":         {"the system's -1", `{"agentId":1,"agentStateId":2,"outStateId":-1,"outStateDescription":"Refused"}`, seen("Refused", ""), time.Time{}},
		"held party":      {"no rule can name it", `{"agentId":1,"agentStateId":2,"outStateId":-2,"outStateDescription":"Held Party Abandoned"}`, seen("Unavailable", ""), time.Time{}},
		"dialer pending":  {"NICE's app shows work", `{"agentId":1,"agentStateId":2,"outStateId":-6}`, seen("Dialer", ""), time.Time{}},
		"plain":           {"Unavailable without a code", `{"agentId":1,"agentStateId":2,"outStateId":0}`, seen("Unavailable", ""), time.Time{}},
		"by description":  {"no id at all", `{"agentId":1,"agentStateId":2,"outStateDescription":"Lunch"}`, seen("", "Lunch"), time.Time{}},
		"strange words":   {"a description that is no code", `{"agentId":1,"agentStateId":2,"outStateDescription":"gone fishing"}`, seen("Unavailable", ""), time.Time{}},
		"new code":        {"made a moment ago: its description is its name", `{"agentId":1,"agentStateId":2,"outStateId":99,"outStateDescription":"Training"}`, seen("", "Training"), time.Time{}},
		"inbound":         {"", `{"agentId":1,"agentStateId":3,"outStateId":7}`, seen("InboundContact", ""), time.Time{}},
		"consult, spaced": {"names are spelled with spaces on screens", `{"agentId":1,"agentStateName":"Outbound Consult"}`, seen("OutboundConsult", ""), time.Time{}},
		"dialer":          {"", `{"agentId":1,"agentStateId":7}`, seen("Dialer", ""), time.Time{}},
		"logged out":      {"is told, not guessed", `{"agentId":1,"agentStateId":0,"startDate":"yesterday"}`, seen("LoggedOut", ""), time.Time{}},
		"start first":     {"lastUpdateTime is also that of lesser things", `{"agentId":1,"agentStateId":1,"startDate":"2026-03-02T09:00:00.123Z","lastUpdateTime":"2026-03-02T09:30:00.000Z"}`, seen("Available", ""), started},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := agents(says(200, `{"lastPollTime":"T1","totalRecords":1,"agentStates":[`+tt.row+`]}`))
			news, err := p.Poll(t.Context(), []byte("T-\nT0"))
			if err != nil {
				t.Fatal(err)
			}
			want := []schema.Sighting{{Person: "1", State: tt.want, Since: tt.since}}
			if diff := cmp.Diff(want, news.Sightings); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tt.reason, diff)
			}
		})
	}
}

// A poll brings a thousand rows, and most of what is known of an agent is not
// what it asks for.
func TestPollAsksForWhatItReads(t *testing.T) {
	var asked string
	p, _ := agents(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query().Get("fields")
		says(200, `{"lastPollTime":"T1","totalRecords":0,"agentStates":[]}`)(w, r)
	})
	if _, err := p.Poll(t.Context(), []byte("T-\nT0")); err != nil {
		t.Fatal(err)
	}
	var row stateRow
	for name := range strings.SplitSeq(asked, ",") {
		if row.field([]byte(name)) == nil {
			t.Errorf("%q is asked for, and not read", name)
		}
	}
	if fields := strings.Count(asked, ",") + 1; fields != 8 {
		t.Errorf("%d fields are asked for: %s", fields, asked)
	}
}

// When something began is only known as precisely as the vendor's times are.
func TestTimesAreCutDown(t *testing.T) {
	for times, want := range map[string]time.Duration{
		`"startDate":"2026-03-02T09:00:00.123Z"`: time.Millisecond,
		`"startDate":"2026-03-02T09:00:00.000Z"`: time.Millisecond,
		`"startDate":"2026-03-02T09:00:00Z"`:     time.Second,
		`"startDate":""`:                         0,
	} {
		p, _ := agents(says(200, `{"lastPollTime":"T1","totalRecords":1,"agentStates":[{"agentId":1,"agentStateId":1,`+times+`}]}`))
		news, err := p.Poll(t.Context(), []byte("T-\nT0"))
		if err != nil {
			t.Fatal(err)
		}
		unknown := schema.Skew{Uncertainty: rest.UnknownSkew}
		if news.Clock != unknown.Cut(want) {
			t.Errorf("%s: %v, want %v more", times, news.Clock, want/2)
		}
	}
}

// A row that makes no sense costs its agent, not the poll.
func TestBadRowsAreLeftOut(t *testing.T) {
	var log strings.Builder
	d := newDesk(map[string]http.HandlerFunc{codesPath: says(200, someCodes), statesPath: says(200, `{"lastPollTime":"T1","totalRecords":8,"agentStates":[
		{"agentId":1,"agentStateId":1},
		{"agentStateId":{"id":1},"agentId":2},
		{"agentId":3,"agentStateId":77},
		{"agentId":4},
		{"agentStateId":1},
		"what?", null,
		{"agentId":5,"agentStateId":8}]}`)})
	o := d.options()
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	news, err := newPresence(Connect(o)).Poll(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := schema.News{
		Whole: true, Cursor: []byte("\nT1"), Clock: schema.Skew{Uncertainty: rest.UnknownSkew},
		Sightings: []schema.Sighting{{Person: "1", State: seen("Available", "")}}, // 5 has logged in and shows nothing yet
		Doubt:     []string{"2", "3", "4"},
	}
	if diff := cmp.Diff(want, news, cmpopts.IgnoreFields(news, "At")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !strings.Contains(log.String(), "rows=6") {
		t.Errorf("it is not said how many: %s", log.String())
	}
}

func TestAnswersOfTheWrongShape(t *testing.T) {
	for name, tt := range map[string]struct {
		reason string
		status int
		body   string
		want   string
		is     error
	}{
		"no rows":     {"the list is missing", 200, `{"lastPollTime":"T1","totalRecords":3}`, `holds no "agentStates"`, nil},
		"no list":     {"it is something else", 200, `{"lastPollTime":"T1","agentStates":{}}`, "wrong shape", nil},
		"no mark":     {"there would be no way to go on", 200, `{"agentStates":[{"agentId":1,"agentStateId":1}]}`, `no "lastPollTime"`, nil},
		"HTML":        {"a page for people", 200, "<html>down</html>", "HTML", nil},
		"array":       {"not an object", 200, "[]", "wrong type", nil},
		"broken off":  {"half an answer", 200, `{"lastPollTime":"T1","agentSta`, "breaks off", nil},
		"bad cursor":  {"the vendor does not know the time", 400, "", "400", schema.ErrCursor},
		"no right":    {"nothing comes until somebody grants it", 403, "", "role", schema.ErrSetup},
		"no such API": {"is named", 404, "", "404", nil},
	} {
		p, _ := agents(says(tt.status, tt.body))
		_, err := p.Poll(t.Context(), []byte("T0\nT0"))
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "poll agents' states: ") {
			t.Errorf("%s: %s: %v", name, tt.reason, err)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v is not %v", name, err, tt.is)
		}
	}
}

// A sign-in that fails says nothing about the cursor or the set-up of states.
func TestPollWithoutASignIn(t *testing.T) {
	for _, status := range []int{400, 403} {
		d := newDesk(map[string]http.HandlerFunc{keyPath: says(status, `{"error":"invalid_grant"}`)})
		_, err := newPresence(d.connect()).Poll(t.Context(), []byte("T0\nT0"))
		if err == nil || errors.Is(err, schema.ErrCursor) || errors.Is(err, schema.ErrSetup) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// Each poll asks for what changed since the answer before the last, in the
// server's own words.
func TestCursorGoesBackOneAnswer(t *testing.T) {
	var asked []string
	marks := []string{"A", "B", "C", "", "C", "D"}
	p, _ := agents(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("updatedSince"))
		mark := marks[0]
		marks = marks[1:]
		if mark == "" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprintf(w, `{"lastPollTime":"%s +/é","totalRecords":1,"agentStates":[{"agentId":1,"agentStateId":1}]}`, mark)
	})
	var cursor []byte
	for poll := range 5 {
		news, err := p.Poll(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		if news.Whole != (poll == 0) {
			t.Errorf("poll %d: whole is %t", poll, news.Whole)
		}
		if (news.Cursor == nil) != (poll == 2) {
			t.Errorf("poll %d: cursor %q", poll, news.Cursor)
		}
		if news.Cursor != nil {
			cursor = news.Cursor
		}
	}
	want := []string{epoch, epoch, "A +/é", "B +/é", "B +/é", "B +/é"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked for (-want +got)\n%s", diff)
	}
	if string(cursor) != "C +/é\nD +/é" {
		t.Errorf("cursor %q", cursor)
	}
}

// A first reading within one tick of the server's clock has no earlier time to
// go back to: everything is read once more.
func TestFirstReadingWithinOneTick(t *testing.T) {
	marks := []string{"A", "A", "A", "B"}
	p, d := agents(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"lastPollTime":%q,"totalRecords":1,"agentStates":[{"agentId":1,"agentStateId":1}]}`, marks[0])
		marks = marks[1:]
	})
	var cursors []string
	var cursor []byte
	for range 3 {
		news, err := p.Poll(t.Context(), cursor)
		if err != nil || !news.Whole {
			t.Fatalf("whole is %t: %v", news.Whole, err)
		}
		cursor = news.Cursor
		cursors = append(cursors, string(cursor))
	}
	if diff := cmp.Diff([]string{"\nA", "\nA", "A\nB"}, cursors); diff != "" {
		t.Errorf("cursors (-want +got)\n%s", diff)
	}
	if n := len(d.asked(false)); n != 5 { // the codes once, the mark once
		t.Errorf("%d calls", n)
	}
}

// TestNoNews: 204 and 304 mean that nothing is new. Asked for everything, a 204
// is the vendor's empty list as well; a 304 says nothing of who is there, and
// must not log everybody out.
func TestNoNews(t *testing.T) {
	for _, tt := range []struct {
		reason string
		status int
		body   string
		whole  bool // the answer to the question for everything
	}{
		{"an empty list may be a 204", 204, "", true},
		{"nothing new is no list", 304, "", false},
		{"a list that says that it is empty", 200, `{"lastPollTime":"C","totalRecords":0}`, true},
	} {
		p, _ := agents(says(tt.status, tt.body))
		news, err := p.Poll(t.Context(), []byte("A\nB"))
		if err != nil || len(news.Sightings) != 0 || (news.Cursor != nil) != (tt.body != "") || news.Whole {
			t.Errorf("%s: %+v: %v", tt.reason, news, err)
		}
		if news, err = p.Poll(t.Context(), nil); err != nil || len(news.Sightings) != 0 || news.Whole != tt.whole {
			t.Errorf("%s: asked for everything: %+v: %v", tt.reason, news, err)
		}
	}
}

// TestLeftAlone: whoever polls gives the vendor's answer less time than it asks
// for, and has to hear of it all the same.
func TestLeftAlone(t *testing.T) {
	p, d := agents(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := p.Poll(ctx, []byte("A\nB"))
	if pause, ok := errors.AsType[*schema.Pause](err); !ok || pause.For != time.Minute {
		t.Errorf("the error is %#v: %v", pause, err)
	}
	if n := len(d.asked(false)); n != 2 { // the codes once
		t.Errorf("%d calls", n)
	}
}

// Pages: the first page's time counts, the freshest row of an agent, and a list
// that moved while it was read does not log anybody out.
func TestPagesOfStates(t *testing.T) {
	page := func(total int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			next, second := "", r.URL.Query().Get("skip") == "2"
			rows, mark := `{"agentId":1,"agentStateId":1},{"agentId":2,"agentStateId":1}`, "first"
			if second {
				rows, mark = `{"agentId":2,"agentStateId":3},{"agentId":3,"agentStateId":0}`, "second"
			} else if r.URL.Query().Get("top") != "1" {
				next = `"next":"https://elsewhere.example` + statesPath + `?skip=2&updatedSince=x"`
			} else {
				mark = "mark"
			}
			fmt.Fprintf(w, `{"resultSet":{"lastPollTime":%q,"totalRecords":%d,"_links":{%s},"agentStates":[%s]}}`, mark, total, next, rows)
		}
	}
	want := []schema.Sighting{
		{Person: "1", State: seen("Available", "")}, {Person: "2", State: seen("InboundContact", "")}, {Person: "3", State: seen("LoggedOut", "")},
	}
	p, _ := agents(page(3))
	news, err := p.Poll(t.Context(), nil)
	if diff := cmp.Diff(want, news.Sightings); err != nil || diff != "" || !news.Whole || news.Gap || string(news.Cursor) != "mark\nfirst" {
		t.Errorf("%q whole %t gap %t: %v\n%s", news.Cursor, news.Whole, news.Gap, err, diff)
	}
	p, _ = agents(page(4))
	news, err = p.Poll(t.Context(), nil)
	if diff := cmp.Diff(want, news.Sightings); err != nil || diff != "" || news.Whole || !news.Gap {
		t.Errorf("one of four is missing: whole %t gap %t: %v\n%s", news.Whole, news.Gap, err, diff)
	}
}

// The table of codes is read once, again for a code that it does not have, and
// not at every poll for one that stays unknown.
func TestCodesAreReadWhenNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, d := agents(says(200, `{"lastPollTime":"T1","totalRecords":1,"agentStates":[{"agentId":1,"agentStateId":2,"outStateId":9}]}`))
		poll := func(want schema.ACDState, reads int) {
			t.Helper()
			news, err := p.Poll(t.Context(), []byte("T0\nT0"))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, line := range d.asked(false) {
				if strings.HasSuffix(line, codesPath) {
					n++
				}
			}
			if news.Sightings[0].State != want || n != reads {
				t.Errorf("%v after %d reads of the codes, want %v after %d", news.Sightings[0].State, n, want, reads)
			}
		}
		poll(seen("Unavailable", ""), 1)
		poll(seen("Unavailable", ""), 1)
		time.Sleep(codesAge)
		poll(seen("Unavailable", ""), 2)
		poll(seen("Unavailable", ""), 2)
		d.routes[codesPath] = says(200, `{"totalRecords":1,"unavailableCodes":[{"id":9,"name":"Training","isActive":true}]}`)
		time.Sleep(codesAge)
		poll(seen("", "Training"), 3)
		time.Sleep(time.Hour)
		poll(seen("", "Training"), 3)

		d.routes[codesPath] = says(500, "")
		if r := p.SetState(t.Context(), "1", seen("", "Training")); r.Result != schema.Unreachable {
			t.Errorf("it answers 404 without words: %+v", r)
		}
		if r := p.SetState(t.Context(), "1", seen("", "Nap")); r.Result != schema.Refused || !strings.Contains(r.Detail, `"Nap"`) {
			t.Errorf("an old table is better than none: %+v", r)
		}
	})
}

func TestPeople(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{acd + "/agents": says(200, `{"totalRecords":2,"agents":[
		{"agentId":20001,"userName":"ana@acme","firstName":"Ana","lastName":"López","emailAddress":"ana@acme.example","teamName":"Support","isActive":true,"federatedId":"F1","profileId":1},
		{"agentId":"20002","userName":"bo","firstName":"Bo","lastName":null,"isActive":"False"}]}`)})
	got, err := newPresence(d.connect()).People(t.Context())
	want := []schema.Person{
		{ID: "20001", Name: "Ana López", Username: "ana@acme", Email: "ana@acme.example", Federation: "F1", Team: "Support", Active: true},
		{ID: "20002", Name: "Bo", Username: "bo"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	d.routes[acd+"/agents"] = says(200, `{"agents":[{"userName":"bo"}]}`)
	if _, err = newPresence(d.connect()).People(t.Context()); err == nil || !strings.Contains(err.Error(), "no agentId") {
		t.Errorf("a row without an id: %v", err)
	}
	d.routes[acd+"/agents"] = says(204, "")
	if got, err = newPresence(d.connect()).People(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("nobody: %v, %v", got, err)
	}
}

func TestReceipts(t *testing.T) {
	const call = acd + "/agents/20001/state"
	header := func(status int, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
		}
	}
	for name, tt := range map[string]struct {
		reason  string
		state   schema.ACDState
		handler http.HandlerFunc
		want    schema.Reception
		after   time.Duration
		calls   int
	}{
		"accepted":        {"202 is accepted, not done", seen("Available", ""), header(202), schema.Accepted, 0, 1},
		"200":             {"other versions may", seen("Available", ""), says(200, "{}"), schema.Accepted, 0, 1},
		"HTML":            {"a page for people is no answer", seen("Available", ""), says(200, "<html></html>"), schema.Unanswered, 0, 1},
		"logged out":      {"404 or 409, UNCERTAIN which", seen("Available", ""), header(404, "icStatusDescription", "Agent is not logged in"), schema.Unreachable, 0, 1},
		"session":         {"in other words", seen("Available", ""), header(409, "icStatusDescription", "No active Session"), schema.Unreachable, 0, 1},
		"no words":        {"the likeliest", seen("Available", ""), header(404), schema.Unreachable, 0, 1},
		"no agent":        {"asking again is no use", seen("Available", ""), header(404, "icStatusDescription", "Invalid agentId"), schema.Refused, 0, 1},
		"ACW code":        {"409 in other words", seen("", "Wrap Up"), header(409, "icStatusDescription", "an after-call-work code needs a contact"), schema.Refused, 0, 1},
		"not on the team": {"400", seen("", "Lunch"), header(400, "icStatusDescription", "the unavailable code is not assigned to the agent's team"), schema.Refused, 0, 1},
		"permission":      {"403", seen("", "Lunch"), header(403), schema.Refused, 0, 1},
		"throttled":       {"not repeated here", seen("", "Lunch"), header(429, "Retry-After", "7"), schema.Unanswered, 7 * time.Second, 1},
		"busy":            {"nor this", seen("", "Lunch"), header(503, "Retry-After", "9"), schema.Unanswered, 9 * time.Second, 1},
		"failed":          {"it may have been carried out", seen("", "Lunch"), header(500), schema.Unanswered, 0, 1},
		"token refused":   {"signed in anew once", seen("", "Lunch"), inTurns(header(401), header(202)), schema.Accepted, 0, 2},
		"token refused 2": {"the agent is not to blame", seen("", "Lunch"), header(401), schema.Unanswered, 0, 2},
		"plain":           {"Unavailable without a code", seen("Unavailable", ""), header(202), schema.Accepted, 0, 1},
		"contact":         {"nobody can set it", seen("InboundContact", ""), header(202), schema.Refused, 0, 0},
		"ACW":             {"nor this", seen("ACW", "Wrap Up"), header(202), schema.Refused, 0, 0},
		"logout":          {"never by us", seen("LoggedOut", ""), header(202), schema.Refused, 0, 0},
		"nothing":         {"", schema.ACDState{}, header(202), schema.Refused, 0, 0},
		"no such code":    {"capital letters count", seen("", "lunch"), header(202), schema.Refused, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			var query string
			d := newDesk(map[string]http.HandlerFunc{codesPath: says(200, someCodes), call: func(w http.ResponseWriter, r *http.Request) {
				calls++
				query = r.URL.RawQuery
				if body, _ := io.ReadAll(r.Body); r.Method != http.MethodPost || len(body) > 0 {
					t.Errorf("%s %s", r.Method, body)
				}
				tt.handler(w, r)
			}})
			got := newPresence(d.connect()).SetState(t.Context(), "20001", tt.state)
			if got.Result != tt.want || got.RetryAfter != tt.after || calls != tt.calls || (got.Detail == "") != (tt.want == schema.Accepted) {
				t.Errorf("%s: %+v after %d calls", tt.reason, got, calls)
			}
			if tt.state == seen("", "Lunch") && query != "outStateId=7&state=Unavailable" {
				t.Errorf("asked %s: the code in use is meant, not the retired one", query)
			}
		})
	}
}

// A sign-in that fails says nothing about the agent.
func TestReceiptWithoutASignIn(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{keyPath: says(400, `{"error":"invalid_grant"}`)})
	if got := newPresence(d.connect()).SetState(t.Context(), "1", seen("Available", "")); got.Result != schema.Unanswered {
		t.Errorf("%+v", got)
	}
	d = newDesk(map[string]http.HandlerFunc{codesPath: says(404, "")})
	if got := newPresence(d.connect()).SetState(t.Context(), "1", seen("", "Lunch")); got.Result != schema.Unanswered {
		t.Errorf("codes cannot be read: %+v", got)
	}
}

// Whatever comes, a poll ends in an error or in words that rules know.
func FuzzPoll(f *testing.F) {
	for _, seed := range []string{
		`{"lastPollTime":"T1","totalRecords":1,"agentStates":[{"agentId":1,"agentStateId":2,"outStateId":7}]}`,
		`{"resultSet":{"LastPollTime":5,"AgentStates":[{"AgentId":null},{"AgentId":true,"OutStateCode":-1,"AgentStateName":"unavailable"}]}}`,
		`{"lastPollTime":"T1","agentStates":[[],{},"",0,{"agentId":"1","agentStateId":"-","outStateId":"-"}],"_links":{"next":"%"}}`,
		`{"lastPollTime":{},"agentStates":null}`, `null`, ``, `[`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		served := false
		p, _ := agents(func(w http.ResponseWriter, _ *http.Request) {
			if served { // a next page would go on for ever
				w.WriteHeader(http.StatusNoContent)
				return
			}
			served = true
			_, _ = io.WriteString(w, body)
		})
		news, err := p.Poll(t.Context(), []byte("T0\nT0"))
		if err != nil && len(news.Sightings) > 0 {
			t.Error("both an error and news")
		}
		for _, s := range news.Sightings {
			if s.Person == "" || s.State.Code == "" && !slices.Contains(schema.StateWords(), s.State.Word) || s.State.Word == schema.Previous {
				t.Errorf("%+v", s)
			}
		}
	})
}
