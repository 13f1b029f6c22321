package cxone

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// pollAfter polls with a cursor.
func (c *client) pollAfter(cursor string) *answer {
	c.t.Helper()
	return c.get("~/agents/states?top=1000&updatedSince=" + url.QueryEscape(cursor))
}

// everything polls for all and returns the cursor.
func (c *client) everything() string {
	c.t.Helper()
	return c.pollAfter("1970-01-01T00:00:00.000Z").want(200).text("lastPollTime")
}

// crowd is a tenant of n agents, all in Support.
func crowd(n int) *tenant.Tenant {
	seed := tenant.Acme()
	for i := range n {
		seed.Agents = append(seed.Agents, tenant.Agent{
			Email: fmt.Sprintf("agent%06d@acme.example", i), FirstName: "Agent", LastName: fmt.Sprint(i), Team: "Support",
		})
	}
	return seed
}

// The index by time of change says what looking at everybody says, whatever
// the clock does.
func TestTimelineIsTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 7))
	for _, tick := range []time.Duration{0, time.Second} {
		var line timeline
		people := make([]*person, 40)
		s := &store{tick: tick}
		at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for i := range people {
			people[i] = &person{agentID: i + 1, active: true}
			people[i].presence.since = s.stampAt(at)
			line.place(people[i])
		}
		for range 2000 {
			at = at.Add(time.Duration(random.IntN(2000)-400) * time.Millisecond) // now and then backwards
			p := people[random.IntN(len(people))]
			p.presence.since = s.stampAt(at)
			line.place(p)
			cursor := at.Add(-time.Duration(random.IntN(5000)) * time.Millisecond)
			want := slices.DeleteFunc(slices.Clone(people), func(p *person) bool { return !p.presence.since.After(cursor) })
			got := line.since(cursor)
			if !slices.IsSortedFunc(got, func(a, b *person) int { return cmp.Compare(a.agentID, b.agentID) }) || len(got) != len(want) {
				t.Fatalf("%d since %v, want %d", len(got), cursor, len(want))
			}
		}
		for p, n := line.oldest, 0; p != nil; p, n = p.later, n+1 {
			if p.later == nil && (n != len(people)-1 || p != line.newest) || p.later != nil && p.later.presence.since.Before(p.presence.since) {
				t.Fatalf("the timeline is broken at %d", n)
			}
		}
	}
}

// With a coarse clock a change just after a poll is not after its lastPollTime:
// a client that trusts it alone never hears of the change.
func TestCoarseTicks(t *testing.T) {
	inBubble(t, Options{Quirks: Quirks{Tick: time.Second}}, func(t *testing.T, admin *client, _ *desk) {
		hand := admin.tenant
		before := admin.everything()
		time.Sleep(1500 * time.Millisecond)
		cursor := admin.everything()
		if at, err := parseTime(cursor); err != nil || at.Nanosecond() != 0 {
			t.Errorf("lastPollTime %s is a whole second", cursor)
		}
		time.Sleep(100 * time.Millisecond)
		check(t, hand.SetPresence(ana, "Available", ""))
		admin.pollAfter(cursor).want(204)
		if got := admin.pollAfter(before).want(200).column("agentStates", "userName"); !slices.Contains(got, ana) {
			t.Errorf("an earlier cursor finds it: %v", got)
		}
		time.Sleep(time.Second)
		check(t, hand.SetPresence(ana, "Unavailable", "Break"))
		admin.pollAfter(cursor).want(200)
	})
}

// A replica that is behind answers with what was, and with the present time.
func TestStaleReplica(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, admin *client, _ *desk) {
		hand := admin.tenant
		check(t, hand.SetPresence(ana, "Available", ""))
		time.Sleep(time.Minute)
		hand.SetQuirks(Quirks{StatesBehind: 10 * time.Second})
		cursor := admin.everything()
		time.Sleep(time.Second)
		check(t, hand.SetPresence(ana, "Unavailable", "Break"))
		time.Sleep(3 * time.Second)
		check(t, hand.BeginContact(ana, Contact{}))
		if got := admin.state(ana); got != "Available" {
			t.Errorf("the replica shows %s", got)
		}
		if got := hand.Presence(ana); got.State != schema.StateInboundContact {
			t.Errorf("the truth is %s", got.State)
		}
		admin.pollAfter(cursor).want(204)
		time.Sleep(8 * time.Second)
		if got := admin.state(ana); got != "Unavailable Break" {
			t.Errorf("then %s", got)
		}
		lost := admin.pollAfter(cursor).want(200).text("lastPollTime")
		time.Sleep(3 * time.Second)
		if got := admin.state(ana); got != "InboundContact" {
			t.Errorf("and at last %s", got)
		}
		admin.pollAfter(lost).want(204) // whoever trusts that time alone has missed the contact
		admin.pollAfter(cursor).want(200)
	})
}

func TestPascalCase(t *testing.T) {
	c := newClient(t, Options{Quirks: Quirks{PascalCase: true}})
	check(t, c.tenant.SetPresence(ana, "Available", ""))
	for _, target := range []string{"~/agents/states?top=1000", "~/agents/" + c.userID(ana) + "/states"} {
		a := c.get(target).want(200)
		i := slices.Index(a.column("agentStates", "UserName"), ana)
		if i < 0 {
			t.Fatalf("%s: %s", target, a.raw)
		}
		r := a.at("agentStates", i).(map[string]any)
		if out, there := r["OutStateId"]; !there || out != nil || r["agentStateId"] != nil || r["AgentStateId"] != 1.0 {
			t.Errorf("%s: %v", target, r)
		}
	}
	check(t, c.tenant.SetPresence(ana, "Unavailable", "Break"))
	if !strings.Contains(c.get("/InContactAPI/services/v27.0/cache/agentstate").want(200).raw, `"OutStateCode":`) {
		t.Error("the cached list as well")
	}
}

// Past the tenant's rate the ACD answers 429 until the second is over; signing
// in is not counted.
func TestCallRate(t *testing.T) {
	c := newClient(t, Options{Quirks: Quirks{CallsPerSecond: 2}})
	c.get("~/teams").want(200)
	c.get("~/teams").want(200)
	if a := c.get("~/teams").want(429); a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	c.get("/auth/jwks").want(200)
	c.clock.advance(time.Second)
	c.get("~/teams").want(200)
}

// A state change may be forbidden, and the reasons for refusing one differ.
func TestStateChangesAreRefused(t *testing.T) {
	c := newClient(t, Options{})
	agent := "~/agents/" + c.userID(ana)
	c.post(agent+"/state?state=Available", nil).want(404)
	check(t, c.tenant.SetPresence(ana, "Available", ""))
	for target, status := range map[string]int{
		"/state?state=Available": 202,
		"/state?state=available": 400, // states are spelled exactly
		"/state?state=LoggedOut": 400,
		"/state":                 400,
		"/state?state=Unavailable&outStateId=nonsense":                                  400,
		"/state?state=Unavailable&outStateId=-1":                                        400, // the system's own
		fmt.Sprint("/state?state=Unavailable&outStateId=", c.codeID("Wrap Up")):         409,
		fmt.Sprint("/state?state=Unavailable&outStateId=", c.codeID("Break"), "&x=yes"): 202,
	} {
		c.post(agent+target, nil).want(status)
	}
	check(t, c.tenant.EditCode("Break", func(held *Code) { held.Teams = []string{"Sales"} }))
	if a := c.post(fmt.Sprint(agent, "/state?state=Unavailable&outStateId=", c.codeID("Break")), nil).want(400); !strings.Contains(a.header.Get("icStatusDescription"), "team") {
		t.Errorf("it is said why: %v", a.header)
	}
	c.tenant.Deny(PermissionAgentSessions, true)
	c.post(agent+"/state?state=Available", nil).want(403)
	c.get("~/agents/states").want(200)
}

// BenchmarkPoll polls a tenant of many agents of whom a few change between
// polls. What a poll costs must not grow with those who do not change.
func BenchmarkPoll(b *testing.B) {
	const changes = 10
	cost := map[int]float64{}
	for _, agents := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(agents), func(b *testing.B) {
			hand := New(crowd(agents), Options{Key: testKey()})
			caller := hand.store.people.rows[0]
			hand.sessions.access["bench"] = grant{owner: caller, expires: time.Now().Add(time.Hour)}
			cursor := timestamp(hand.store.poll())
			n := 0
			for b.Loop() {
				for range changes {
					check(b, hand.SetPresence(fmt.Sprintf("agent%06d@acme.example", n%agents), "Available", ""))
					n++
				}
				r := httptest.NewRequest(http.MethodGet, "https://x/incontactapi/services/v34.0/agents/states?top=1000&updatedSince="+cursor, http.NoBody)
				r.Header.Set("Authorization", "Bearer bench")
				w := httptest.NewRecorder()
				hand.ServeHTTP(w, r)
				cursor = between(w.Body.String(), `"lastPollTime":"`, `"`)
				if got := strings.Count(w.Body.String(), `"agentId"`); got != changes {
					b.Fatalf("%d changes, want %d", got, changes)
				}
			}
			cost[agents] = b.Elapsed().Seconds() / float64(b.N)
		})
	}
	if grown := cost[100_000] / cost[1_000]; grown > 3 {
		b.Errorf("a poll over 100 times the agents takes %.1f times as long", grown)
	}
}

func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}
