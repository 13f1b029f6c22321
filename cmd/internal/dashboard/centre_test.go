package dashboard

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A centre is a source in memory: a contact centre of any size.
type centre struct {
	mu       sync.Mutex
	version  uint64
	now      mirror.Snapshot
	versions map[string]uint64
	gone     map[string]uint64
	lines    map[string][]mirror.Line
	strange  uint64 // since when the list of the unmatched is the same
}

var rowsOfCentre = []struct{ direction, state, status string }{
	{"both", "Available", "Available_for_Chats"},
	{"both", `code "Lunch"`, "On_Lunch"},
	{"both", `code "Break"`, "On_Break"},
	{"both", `code "Training"`, "In_Training"},
	{"both", `code "Team meeting"`, "In_a_Meeting"},
	{"both", `code "Coaching"`, "In_Coaching"},
	{"publish", `code "Coffee"`, "On_Break"},
	{"publish", `code "Fire drill"`, "Away"},
	{"publish", `code "System problem"`, "Away"},
	{"publish", "Working", "On_a_Call"},
	{"publish", "ACW", "Wrapping_Up"},
	{"publish", "Refused", "Missed_Call"},
	{"subscribe", `code "Back office"`, "Working_on_Cases"},
	{"subscribe", "previous", "On_a_Call"},
	{"both", `code "E-mail"`, "Answering_E-mail"},
}

var (
	firstNames = []string{"Ana", "Ben", "Chloé", "Dmitri", "Elif", "Farid", "Grace", "Hana", "Ivo", "Jun", "Kwame", "Lena", "Mateo", "Noor", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wei", "Ximena", "Yara", "Zoë"}
	lastNames  = []string{"López", "Ito", "Okafor", "Schmidt", "Novák", "Haddad", "O'Brien", "Rossi", "Larsen", "Patel", "Müller", "Costa", "Kim", "Dubois", "Walker", "Yılmaz", "Petrov"}
	teams      = []string{"Support", "Sales", "Billing", "Retention", "Supervisors"}
)

// newCentre makes a centre of n agents, always the same.
func newCentre(n int) *centre {
	now := time.Now().Truncate(time.Second)
	c := &centre{version: 1, strange: 1, versions: map[string]uint64{}, gone: map[string]uint64{}, lines: map[string][]mirror.Line{}}
	c.now = mirror.Snapshot{
		At: now, Tenant: "acme-production", Owner: "replica-1", Epoch: 7, Mode: "live", Standing: mirror.Running, Troubles: []mirror.Trouble{},
		Feed:   mirror.Feed{Salesforce: "events", CXone: "polling", News: now, Polled: now, Interval: mirror.Duration(5 * time.Second)},
		Budget: mirror.Budget{Calls: 1840, CallsOf: 20000, Deliveries: 17320, DeliveriesOf: 20000, WritesPerSecond: 25},
		Strange: []mirror.Strange{
			{Side: "cxone", ID: "48117", Name: "Ana Lopez", Login: "ana.lopez@acme.example", Team: "Support", Why: "the Salesforce user ana.lopez@acme.example is inactive"},
			{Side: "cxone", ID: "48123", Name: "Ben Ito", Login: "ben.ito@acme.example", Team: "Sales", Why: "2 Salesforce users have the e-mail address ben.ito@acme.example"},
		},
	}
	bounds := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	c.now.Totals.Delay = mirror.Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
	c.now.Totals.Reaction = mirror.Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
	for i, r := range rowsOfCentre {
		rule := "Support"
		if i == 14 {
			rule = "Back office"
		}
		c.now.Rules = append(c.now.Rules, mirror.RuleRow{Rule: rule, Direction: r.direction, State: r.state, Status: r.status, Place: fmt.Sprintf("centre.hcl:%d", 41+i), Used: (i * 37) % 211})
	}
	for i := range n {
		c.now.Agents = append(c.now.Agents, c.agent(i, now))
	}
	c.count()
	return c
}

func (c *centre) agent(i int, now time.Time) mirror.Agent {
	first, last := firstNames[i%len(firstNames)], lastNames[(i/3+i)%len(lastNames)]
	row := 0
	if i%3 != 0 {
		row = (i * 7) % 12
	}
	r := &c.now.Rules[row]
	r.Now++
	a := mirror.Agent{
		Key: fmt.Sprintf("agent-%05d", i), Name: first + " " + last, Login: fmt.Sprintf("agent%05d@acme.example", i),
		Team: teams[i%len(teams)], Rule: "Support", State: r.State, Status: r.Status, Mapped: true, Console: i%11 != 5,
		StateSince: now.Add(-time.Duration(i*i%9000) * time.Second), StatusSince: now.Add(-time.Duration(i*i%9000-1) * time.Second),
	}
	c.versions[a.Key] = c.version
	switch i % 40 {
	case 7:
		a.Mapped, a.State, a.Status, a.Pending = false, `code "Lunch"`, "Available_for_Chats", "Salesforce to On_Lunch"
		r.Now--
	case 12:
		a.Parked = "more than the budget of writes a minute"
	case 19:
		a.Mapped, a.Undeliverable, a.Console = false, "what is decided cannot be brought to Salesforce", false
		r.Now--
	case 26:
		a.Mapped, a.State = false, `code "Unpaid leave"`
		r.Now--
	case 33:
		a.State, a.Status, a.Mapped, a.Console = "LoggedOut", "offline", false, false
		r.Now--
	}
	return a
}

func (c *centre) count() {
	t := &c.now.Totals
	t.Agents, t.Unmatched = len(c.now.Agents), len(c.now.Strange)
	t.OnDuty, t.Apart, t.Pending, t.Parked, t.Undeliverable, t.Stopped = 0, 0, 0, 0, 0, 0
	for _, a := range c.now.Agents {
		onDuty := a.Rule != "" && a.State != "LoggedOut"
		t.OnDuty += one01(onDuty)
		t.Apart += one01(onDuty && !a.Mapped)
		t.Pending += one01(a.Pending != "")
		t.Parked += one01(a.Parked != "")
		t.Undeliverable += one01(a.Undeliverable != "")
		t.Stopped += one01(a.Stopped != "")
	}
}

func one01(b bool) int { return int(truth(b)) }

// Changes is what a mirror.View does.
func (c *centre) Changes(ctx context.Context, since uint64) (mirror.Changes, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changes := mirror.Changes{Version: c.version, Snapshot: c.now}
	changes.At = time.Now()
	changes.Rules = append([]mirror.RuleRow{}, c.now.Rules...)
	changes.Agents = []mirror.Agent{}
	if since != 0 && c.strange <= since {
		changes.Strange = nil
	}
	for _, a := range c.now.Agents {
		if since == 0 || c.versions[a.Key] > since {
			changes.Agents = append(changes.Agents, a)
		}
	}
	for key, at := range c.gone {
		if since != 0 && at > since {
			changes.Gone = append(changes.Gone, key)
		}
	}
	return changes, ctx.Err()
}

// change lets something happen.
func (c *centre) change(do func(s *mirror.Snapshot)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	was := map[string]mirror.Agent{}
	for _, a := range c.now.Agents {
		was[a.Key] = a
	}
	c.now.Agents = append([]mirror.Agent{}, c.now.Agents...)
	strange := c.now.Strange
	do(&c.now)
	if !slices.Equal(strange, c.now.Strange) {
		c.strange = c.version
	}
	for _, a := range c.now.Agents {
		if before, known := was[a.Key]; !known || before != a {
			c.versions[a.Key] = c.version
		}
		delete(was, a.Key)
	}
	for key := range was {
		c.gone[key] = c.version
	}
	c.count()
}

func (c *centre) Timeline(_ context.Context, agent string, from, to time.Time) history.Journal {
	c.mu.Lock()
	lines := slices.Clone(c.lines[agent])
	c.mu.Unlock()
	return func(yield func(mirror.Line, error) bool) {
		for _, l := range lines {
			if l.At.Before(from) || !l.At.Before(to) {
				continue
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// add writes a line into the journal.
func (c *centre) add(agent string, at time.Time, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[agent] = append(c.lines[agent], mirror.Line{At: at, Agent: agent, Entry: presence.Entry{What: mirror.Noticed, Detail: text}})
}

// agentOf finds an agent of a snapshot.
func agentOf(s *mirror.Snapshot, key string) *mirror.Agent {
	return &s.Agents[slices.IndexFunc(s.Agents, func(a mirror.Agent) bool { return a.Key == key })]
}

// aDay writes an agent's morning into the journal.
func (c *centre) aDay(agent string) {
	at := c.now.At.Add(-95 * time.Minute)
	lunch, available := schema.ACDState{Code: "Lunch"}, schema.ACDState{Word: "Available"}
	add := func(after time.Duration, e presence.Entry) {
		at = at.Add(after)
		e.Rule = "Support"
		c.lines[agent] = append(c.lines[agent], mirror.Line{At: at, Agent: agent, Entry: e})
	}
	add(0, presence.Entry{What: presence.Adopted, State: available, Status: "Available_for_Chats", Detail: "logged in"})
	add(41*time.Minute, presence.Entry{What: mirror.Saw, Side: presence.CXone, State: lunch})
	add(4*time.Millisecond, presence.Entry{What: presence.Decided, State: lunch, Status: "Available_for_Chats", Moved: "CXone", Cause: presence.ByPublisher, Row: "centre.hcl:42", Side: presence.Salesforce, Target: "On_Lunch", Command: 11})
	add(180*time.Millisecond, presence.Entry{What: presence.Answered, State: lunch, Status: "Available_for_Chats", Side: presence.Salesforce, Target: "On_Lunch", Command: 11, Detail: "accepted: one console listens"})
	add(620*time.Millisecond, presence.Entry{What: presence.Done, State: lunch, Status: "On_Lunch", Side: presence.Salesforce, Target: "On_Lunch", Command: 11})
	add(31*time.Minute, presence.Entry{What: presence.Decided, State: lunch, Status: "Available_for_Chats", Moved: "Salesforce", Cause: presence.BySubscriber, Row: "centre.hcl:41", Side: presence.CXone, Target: "Available", Command: 12})
	add(700*time.Millisecond, presence.Entry{What: presence.Done, State: available, Status: "Available_for_Chats", Side: presence.CXone, Target: "Available", Command: 12})
	add(9*time.Minute, presence.Entry{What: presence.Decided, State: lunch, Status: "Available_for_Chats", Moved: "CXone", Cause: presence.ByPublisher, Row: "centre.hcl:42", Side: presence.Salesforce, Target: "On_Lunch", Command: 13})
	add(2*time.Minute, presence.Entry{What: presence.Undeliverable, State: lunch, Status: "Available_for_Chats", Side: presence.Salesforce, Target: "On_Lunch", Command: 13, Detail: "no console is open"})
}

// trendOf gives a dashboard a past to draw.
func trendOf(t *testing.T, d *Dashboard, c *centre, points int) {
	t.Helper()
	start := time.Now().Add(-time.Duration(points) * pace)
	for i := range points {
		c.change(func(s *mirror.Snapshot) {
			n := 40 + (i*i)%37 + 30*((i/20)%2)
			s.Totals.Changes += n
			s.Totals.Writes += n - n/9
			delay, reaction := append([]uint64{}, s.Totals.Delay.Counts...), append([]uint64{}, s.Totals.Reaction.Counts...)
			for k := range n {
				delay[min(1+k%3+(k+i)%29/27*3, len(delay)-1)]++
				reaction[min(6+k%3+(k*i)%31/30, len(reaction)-1)]++
			}
			s.Totals.Delay.Counts, s.Totals.Reaction.Counts = delay, reaction
		})
		d.hub.tick(t.Context(), start.Add(time.Duration(i)*pace))
	}
}
