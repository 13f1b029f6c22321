package cxone_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/cxone"
	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// What run needs of CXone is here; the command that wires them compares with
// the mirror's own words.
var _ interface {
	People(ctx context.Context) ([]schema.Person, error)
	Poll(ctx context.Context, cursor []byte) (schema.News, error)
	SetState(ctx context.Context, agent string, state schema.ACDState) schema.Receipt
} = (*cxone.Presence)(nil)

const ana = "ana.lopez@acme.example"

// A watch is somebody who polls a tenant, as run does.
type watch struct {
	*bench
	*cxone.Presence
	cursor []byte
	shown  map[string]schema.ACDState // by agent id
	news   int                        // sightings of the last poll
	ids    map[string]string          // agent ids by user name
}

func (b *bench) watch() *watch {
	b.Helper()
	w := &watch{bench: b, Presence: b.provider.Presence(), shown: map[string]schema.ACDState{}, ids: map[string]string{}}
	people, err := w.People(b.Context())
	b.must(err)
	for _, p := range people {
		w.ids[p.Username] = p.ID
	}
	return w
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// poll polls once and returns what Ana is seen to show.
func (w *watch) poll() schema.ACDState {
	w.Helper()
	news, err := w.Poll(w.Context(), w.cursor)
	w.must(err)
	if news.Cursor != nil {
		w.cursor = news.Cursor
	}
	for _, s := range news.Sightings {
		w.shown[s.Person] = s.State
	}
	w.news = len(news.Sightings)
	return w.shown[w.ids[ana]]
}

func (w *watch) expect(why string, want schema.ACDState) {
	w.Helper()
	if got := w.poll(); got != want {
		w.Errorf("%s: %v, want %v", why, got, want)
	}
}

func (w *watch) set(why string, state schema.ACDState, want schema.Reception) {
	w.Helper()
	if got := w.SetState(w.Context(), w.ids[ana], state); got.Result != want {
		w.Errorf("%s: %+v", why, got)
	}
}

func word(w string) schema.ACDState      { return schema.ACDState{Word: w} }
func inCode(name string) schema.ACDState { return schema.ACDState{Code: name} }

func TestPeopleOfAcme(t *testing.T) {
	b := newBench(t, func(_ *cxone.Options, seed *tenant.Tenant) {
		i := slices.IndexFunc(seed.Agents, func(a tenant.Agent) bool { return a.Email == ana })
		seed.Agents[i].FederationID = "fed-1"
	})
	people, err := b.provider.Presence().People(t.Context())
	b.must(err)
	i := slices.IndexFunc(people, func(p schema.Person) bool { return p.Username == ana })
	if i < 0 || people[i].ID == "" {
		t.Fatal("there is no Ana with an id")
	}
	want := schema.Person{ID: people[i].ID, Name: "Ana Lopez", Username: ana, Email: ana, Team: "Support", Active: true, Federation: "fed-1"}
	if diff := cmp.Diff(want, people[i]); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if lines := b.wire.asked(); len(lines) != 1 {
		t.Errorf("one call a page: %v", lines)
	}
}

// An agent's day as polls see it: nothing is missed, and what the vendor keeps
// for later is not taken for done.
func TestDayOfAnAgent(t *testing.T) {
	b := newBench(t)
	w, hand := b.watch(), b.tenant
	w.expect("logged out is told", word("LoggedOut"))
	if w.news < 30 {
		t.Errorf("the first reading has everybody, not %d", w.news)
	}
	w.set("not logged in", word("Available"), schema.Unreachable)

	b.must(hand.SetPresence(ana, "Available", ""))
	w.expect("logs in", word("Available"))
	w.expect("seen twice", word("Available"))
	w.expect("and then no more", word("Available"))
	if w.news != 0 {
		t.Errorf("%d sightings without news", w.news)
	}
	w.set("a code by its name", inCode("Break"), schema.Accepted)
	w.expect("on a break", inCode("Break"))
	w.set("back", word("Available"), schema.Accepted)
	w.expect("available", word("Available"))

	b.must(hand.RefuseContact(ana))
	w.expect("a contact that was not taken", word("Refused"))
	w.set("available again", word("Available"), schema.Accepted)

	b.must(hand.BeginContact(ana, emulator.Contact{AfterCallWork: true, Code: "Wrap Up"}))
	w.expect("a call", word("InboundContact"))
	w.set("taken on during the call", inCode("Break"), schema.Accepted)
	w.expect("and not done", word("InboundContact"))
	b.must(hand.EndContact(ana))
	w.expect("after-call work with its code", schema.ACDState{Word: "ACW", Code: "Wrap Up"})
	b.must(hand.EndAfterCallWork(ana))
	w.expect("now it is", inCode("Break"))

	w.set("no such code", inCode("Nap"), schema.Refused)
	b.must(hand.EditCode("Break", func(c *emulator.Code) { c.Teams = []string{"Sales"} }))
	w.set("the code left the team", inCode("Break"), schema.Refused)
	hand.Deny(emulator.PermissionAgentSessions, true)
	w.set("the permission is gone", word("Available"), schema.Refused)
	hand.Deny(emulator.PermissionAgentSessions, false)

	b.must(hand.SetPresence(ana, "LoggedOut", ""))
	w.expect("goes home", word("LoggedOut"))
}

// Many agents take a call a page, and are all there.
func TestManyAgents(t *testing.T) {
	b := newBench(t, func(_ *cxone.Options, seed *tenant.Tenant) {
		for i := range 2500 {
			seed.Agents = append(seed.Agents, tenant.Agent{Email: fmt.Sprintf("a%d@acme.example", i), FirstName: "A", LastName: "B", Team: "Support"})
		}
	})
	p := b.provider.Presence()
	people, err := p.People(t.Context())
	b.must(err)
	b.wire.asked()
	news, err := p.Poll(t.Context(), nil)
	b.must(err)
	active := len(slices.DeleteFunc(people, func(p schema.Person) bool { return !p.Active }))
	if len(news.Sightings) != active || active < 2500 || !news.Whole || news.Gap {
		t.Errorf("%d of %d: whole %t, gap %t", len(news.Sightings), active, news.Whole, news.Gap)
	}
	if lines := b.wire.asked(); len(lines) != 2+3 { // codes, the server's time, three pages
		t.Errorf("asked %v", lines)
	}
}

// Whatever the tenant's ways of telling, the same is seen.
func TestEveryWayOfTelling(t *testing.T) {
	for name, q := range map[string]emulator.Quirks{
		"as described": {}, "PascalCase": {PascalCase: true}, "304": {IdleNotModified: true}, "409": {LoggedOutConflict: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.tenant.SetQuirks(q)
			w := b.watch()
			w.expect("logged out", word("LoggedOut"))
			w.set("not logged in", word("Available"), schema.Unreachable)
			b.must(b.tenant.SetPresence(ana, "Available", ""))
			w.expect("logged in", word("Available"))
			w.set("a code", inCode("Break"), schema.Accepted)
			w.expect("code", inCode("Break"))
			w.poll()
			w.expect("nothing new", inCode("Break"))
		})
	}
}

// A change in the tick of an answer, after it, is seen with the next.
func TestNothingIsLostWithinATick(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	b := newBench(t)
	b.tenant = emulator.New(tenant.Acme(), emulator.Options{
		Key: signingKey(), Now: func() time.Time { return now }, Quirks: emulator.Quirks{Tick: time.Second},
	})
	b.wire.handler = b.tenant
	w := b.watch()
	w.poll()
	states := []schema.ACDState{word("Available"), inCode("Break")}
	for i := range 40 {
		now = now.Add(170 * time.Millisecond)
		w.poll()
		want := states[i%2]
		b.must(b.tenant.SetPresence(ana, map[string]string{"Available": "Available", "": "Unavailable"}[want.Word], want.Code))
		w.expect("at once, within the tick", want)
		now = now.Add(170 * time.Millisecond)
		w.expect("later", want)
	}
}

// A replica that lags by less than the time between polls hides nothing.
func TestStaleReplicaHidesNothing(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	b := newBench(t)
	b.tenant = emulator.New(tenant.Acme(), emulator.Options{
		Key: signingKey(), Now: func() time.Time { return now }, Quirks: emulator.Quirks{StatesBehind: 4 * time.Second},
	})
	b.wire.handler = b.tenant
	w := b.watch()
	w.poll()
	for i := range 10 {
		now = now.Add(3 * time.Second)
		b.must(b.tenant.SetPresence(ana, []string{"Available", "Unavailable"}[i%2], ""))
		now = now.Add(2 * time.Second)
		w.poll() // the replica has not heard of it, and its lastPollTime is later
		now = now.Add(5 * time.Second)
		w.expect("late, but told", word([]string{"Available", "Unavailable"}[i%2]))
		w.poll()
	}
}

// Nothing is sent twice within one call, and the vendor's wish to be left alone
// is passed on.
func TestWritesAreSentOnce(t *testing.T) {
	b := newBench(t)
	w := b.watch()
	b.must(b.tenant.SetPresence(ana, "Available", ""))
	w.set("the codes are read first", inCode("Break"), schema.Accepted)
	b.wire.asked()

	b.tenant.SetQuirks(emulator.Quirks{CallsPerSecond: 1})
	var got schema.Receipt
	for range 3 { // at least one of three in a second is too many
		got = w.SetState(t.Context(), w.ids[ana], word("Available"))
		if got.Result == schema.Unanswered {
			break
		}
	}
	if got.Result != schema.Unanswered || got.RetryAfter != time.Second {
		t.Errorf("throttled: %+v", got)
	}
	b.tenant.SetQuirks(emulator.Quirks{})
	b.wire.asked()

	b.wire.losing = http.MethodPost
	if got = w.SetState(t.Context(), w.ids[ana], inCode("Break")); got.Result != schema.Unanswered || !strings.Contains(got.Detail, "may have been carried out") {
		t.Errorf("the answer was lost: %+v", got)
	}
	if lines := b.wire.asked(); len(lines) != 1 {
		t.Errorf("asked %v", lines)
	}
	w.expect("it had arrived", inCode("Break"))

	b.tenant.ExpireTokens()
	w.set("a token that ended in the middle", word("Available"), schema.Accepted)
	w.expect("is renewed", word("Available"))
}

// Polls and writes go on side by side; what the last write of each agent asked
// for is what the polls end with.
func TestPollsAndWritesAtOnce(t *testing.T) {
	b := newBench(t)
	w := b.watch()
	names := []string{ana, "ben.okafor@acme.example", "sup.one@acme.example"}
	for _, name := range names {
		b.must(b.tenant.SetPresence(name, "Available", ""))
	}
	var group sync.WaitGroup
	for _, name := range names {
		group.Go(func() {
			for i := range 20 {
				state := []schema.ACDState{inCode("Break"), word("Available")}[i%2]
				if got := w.SetState(t.Context(), w.ids[name], state); got.Result != schema.Accepted {
					t.Errorf("%s: %+v", name, got)
				}
			}
		})
	}
	for range 20 {
		w.poll()
	}
	group.Wait()
	w.poll()
	for _, name := range names {
		if got := w.shown[w.ids[name]]; got != word("Available") {
			t.Errorf("%s: %v", name, got)
		}
	}
}
