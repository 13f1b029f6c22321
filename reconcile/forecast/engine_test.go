package forecast

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A simulation is an evening of the real engine with a centre of which only the
// amounts matter: who changes, when, and what the engine asks for then. People
// work for an hour of it.
type simulation struct {
	centre        Centre
	engine        *mirror.Engine
	random        *rand.Rand
	midnight, now time.Time
	coming        agenda
	order         int
	halfway       error

	states   []schema.Sighting // by agent
	statuses []schema.Sighting
	fresh    map[int]bool // changed in CXone since the last poll
	watch    uint64       // the watching under way
	asked    bool         // it wants a message
	stream   []schema.News

	got observed
}

// Observed is what the engine asked for.
type observed struct {
	calls, deliveries, polls, sets, pushed int
	eventsEnd, sweepsEnd, pushesEnd        time.Duration // as in a day
	fastest, slowest                       time.Duration
	lastSweep, lastPush                    time.Time
}

// A plan for later: an event for the engine, or something that people do.
type later struct {
	at    time.Time
	order int
	event mirror.Event
	do    func()
}

type agenda []later

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(later)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// How long vendors and the store take; the engine waits for neither.
const (
	vendorTime = 150 * time.Millisecond
	storeTime  = time.Millisecond
	// keepAlive is how often an event stream says at least that it is there.
	keepAlive = 4 * time.Minute
)

// The evening: what is simulated of the day, up to midnight.
const (
	evening = 2 * time.Hour
	begins  = wholeDay - evening + 20*time.Minute
	works   = time.Hour
)

// choices are so many that both sides of an agent rarely come to the same one by
// chance.
const choices = 40

func state(i int) schema.ACDState {
	if i == 0 {
		return schema.ACDState{Word: schema.StateAvailable}
	}
	return schema.ACDState{Code: fmt.Sprint("Code ", i)}
}

func status(i int) string { return fmt.Sprint("Status_", i) }

func simulate(t *testing.T, c Centre) observed {
	t.Helper()
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	s := &simulation{
		centre: c, random: rand.New(rand.NewPCG(7, 11)), midnight: midnight, now: midnight.Add(wholeDay - evening),
		fresh: map[int]bool{}, statuses: make([]schema.Sighting, c.Agents), states: make([]schema.Sighting, c.Agents),
	}
	for i := range c.Agents {
		s.states[i] = schema.Sighting{Person: fmt.Sprint(i), State: state(0), Since: s.now}
		s.statuses[i] = schema.Sighting{Person: user(i), Status: status(0), Since: s.now}
	}
	s.got.eventsEnd, s.got.sweepsEnd, s.got.pushesEnd = never, never, never
	s.engine = mirror.New(s.settings())
	s.live()
	s.hear(mirror.Tick{})
	for s.step() {
	}
	if s.halfway != nil {
		t.Fatalf("the engine ended: %v", s.halfway)
	}
	s.finish()
	return s.got
}

func (s *simulation) settings() mirror.Settings {
	var both []schema.Row
	for i := range choices {
		both = append(both, schema.Row{State: state(i), Status: schema.Status{Name: status(i)}})
	}
	set := mirror.DefaultSettings()
	set.Tenant, set.Owner, set.Breaker = "acme", "a", mirror.Breaker{}
	set.Rules = []schema.Rule{{Name: "All", Executor: "lockstep", Mode: "live", Publisher: both, Subscriber: both, Teams: []string{"All"}}}
	set.PollInterval, set.WritesPerSecond = s.centre.PollInterval, s.centre.WritesPerSecond
	set.CallsPerDay, set.DeliveriesPerDay = s.centre.CallsPerDay, s.centre.DeliveriesPerDay
	if s.centre.OneWay {
		set.OneWay = "no bridge"
	}
	return set
}

// step lets the next thing happen, until the day is over.
func (s *simulation) step() bool {
	next := s.engine.Next()
	if len(s.coming) > 0 && (next.IsZero() || !s.coming[0].at.After(next)) {
		l := heap.Pop(&s.coming).(later)
		if l.at.After(s.now) {
			s.now = l.at
		}
		if !s.now.Before(s.midnight.Add(wholeDay)) || s.halfway != nil {
			return false
		}
		if l.do != nil {
			l.do()
		} else {
			s.hear(l.event)
		}
		return true
	}
	if next.After(s.now) {
		s.now = next
	}
	if next.IsZero() || !s.now.Before(s.midnight.Add(wholeDay)) {
		return false
	}
	s.hear(mirror.Tick{})
	return true
}

func (s *simulation) hear(event mirror.Event) {
	for _, r := range s.engine.Handle(s.now, event) {
		s.carry(r)
	}
}

func (s *simulation) plan(at time.Time, event mirror.Event, do func()) {
	s.order++
	heap.Push(&s.coming, later{at, s.order, event, do})
}

func (s *simulation) answer(after time.Duration, event mirror.Event) {
	s.plan(s.now.Add(after), event, nil)
}

// live makes everybody's day.
func (s *simulation) live() {
	for at := s.now; at.Before(s.midnight.Add(wholeDay)); at = at.Add(keepAlive) {
		s.plan(at, nil, func() { s.publish(schema.News{}) })
	}
	c := &s.centre
	start := s.midnight.Add(c.Begins)
	some := func() time.Time { return start.Add(time.Duration(s.random.Float64() * float64(c.Workday))) }
	for agent := range c.Agents {
		for i := range c.Changes {
			s.plan(some(), nil, func() { s.change(agent, i%2 == 0) })
		}
		for range logoutsPerAgent {
			s.plan(some(), nil, func() { s.publish(schema.News{Doubt: []string{user(agent)}}) })
		}
	}
}

// change lets an agent choose something else, on one of the sides.
func (s *simulation) change(agent int, inSalesforce bool) {
	i := s.random.IntN(choices)
	if inSalesforce {
		if status(i) == s.statuses[agent].Status {
			i = (i + 1) % choices
		}
		s.show(agent, status(i))
		return
	}
	if state(i) == s.states[agent].State {
		i = (i + 1) % choices
	}
	s.set(agent, state(i))
}

func (s *simulation) set(agent int, state schema.ACDState) {
	s.states[agent].State, s.states[agent].Since, s.fresh[agent] = state, s.now, true
}

func (s *simulation) show(agent int, status string) {
	s.statuses[agent].Status, s.statuses[agent].Since = status, s.now
	s.publish(schema.News{Sightings: []schema.Sighting{s.statuses[agent]}, Deliveries: eventsPerChange})
}

func (s *simulation) publish(n schema.News) {
	if s.watch == 0 {
		return
	}
	n.Cursor = []byte("on")
	s.stream = append(s.stream, n)
	s.flow()
}

func (s *simulation) flow() {
	if !s.asked || len(s.stream) == 0 {
		return
	}
	n := s.stream[0]
	s.stream, s.asked = s.stream[1:], false
	s.got.deliveries += n.Deliveries
	s.answer(0, mirror.Watched{Watch: s.watch, News: n})
}

func user(agent int) string { return fmt.Sprintf("005%015d", agent) }

func (s *simulation) carry(r mirror.Request) {
	switch r := r.(type) {
	case mirror.Acquire:
		s.answer(storeTime, mirror.Leased{Lease: store.Lease{Name: r.Name, Owner: r.Owner, Epoch: 1, Until: s.now.Add(r.TTL)}})
	case mirror.Renew:
		r.Lease.Until = s.now.Add(r.TTL)
		s.answer(storeTime, mirror.Leased{Lease: r.Lease})
	case mirror.Recall:
		s.answer(storeTime, mirror.Recalled{Turn: r.Turn})
	case mirror.ReadControl:
		s.answer(storeTime, mirror.Controlled{Turn: r.Turn})
	case mirror.Commit:
		s.answer(storeTime, mirror.Committed{ID: r.ID})
	case mirror.Erase:
		s.answer(storeTime, mirror.Erased{Turn: r.Turn})
	case mirror.Watch:
		s.watch, s.asked, s.stream = r.Watch, true, nil
	case mirror.More:
		s.asked = true
		s.flow()
	case mirror.Unwatch:
		s.watch, s.stream = 0, nil
		s.got.eventsEnd = s.at()
	case mirror.Finish:
		s.halfway = fmt.Errorf("at %s: %w", s.now, r.Err)
	default:
		s.carryVendor(r)
	}
}

func (s *simulation) carryVendor(r mirror.Request) {
	switch r := r.(type) {
	case mirror.ReadPeople:
		s.got.calls += s.pages()
		s.answer(vendorTime, s.people(r))
	case mirror.Poll:
		s.got.polls++
		s.answer(vendorTime, mirror.Polled{Turn: r.Turn, News: s.changed(r.Cursor == nil)})
	case mirror.Sweep:
		s.got.calls += s.pages()
		s.swept()
		s.answer(vendorTime, mirror.Swept{Turn: r.Turn, News: schema.News{Sightings: slices.Clone(s.statuses)}})
	case mirror.Look:
		s.got.calls++
		var n schema.News
		for _, id := range r.People {
			var agent int
			_, _ = fmt.Sscanf(id, "005%d", &agent)
			n.Sightings = append(n.Sightings, s.statuses[agent])
		}
		s.answer(vendorTime, mirror.Looked{Turn: r.Turn, News: n})
	case mirror.ReadOnline:
		s.got.calls++
		var open []string
		for i := range s.centre.Agents {
			open = append(open, user(i))
		}
		s.answer(vendorTime, mirror.OnlineRead{Turn: r.Turn, Users: open})
	case mirror.ReadLimits:
		s.got.calls++
		s.answer(vendorTime, mirror.LimitsRead{Turn: r.Turn})
	case mirror.SetState:
		s.got.sets++
		var agent int
		_, _ = fmt.Sscan(r.Agent, &agent)
		s.plan(s.now.Add(vendorTime), nil, func() {
			s.set(agent, r.State)
			s.hear(mirror.StateSet{ID: r.ID})
		})
	case mirror.Push:
		s.got.calls++
		s.got.pushed += len(r.Pushes)
		s.got.lastPush = s.now
		s.plan(s.now.Add(vendorTime), nil, func() { s.obey(r) })
	}
}

func (s *simulation) obey(r mirror.Push) {
	for _, p := range r.Pushes {
		var agent int
		_, _ = fmt.Sscanf(p.Person, "005%d", &agent)
		if s.statuses[agent].Status == p.Expected {
			s.show(agent, p.Status)
		}
	}
	s.hear(mirror.Pushed{ID: r.ID, Receipts: make([]schema.Receipt, len(r.Pushes))})
}

func (s *simulation) people(r mirror.ReadPeople) mirror.PeopleRead {
	read := mirror.PeopleRead{Turn: r.Turn}
	for i := range s.centre.Agents {
		mail := fmt.Sprintf("agent%d@acme.example", i)
		read.Salesforce = append(read.Salesforce, schema.Person{ID: user(i), Username: mail, Email: mail, Active: true})
		read.CXone = append(read.CXone, schema.Person{ID: fmt.Sprint(i), Username: mail, Email: mail, Team: "All", Active: true})
	}
	return read
}

// changed answers a poll: whoever changed since the last one, or everybody.
func (s *simulation) changed(whole bool) schema.News {
	n := schema.News{Whole: whole, Cursor: []byte("on")}
	for i := range s.centre.Agents {
		if whole || s.fresh[i] {
			n.Sightings = append(n.Sightings, s.states[i])
		}
	}
	clear(s.fresh)
	return n
}

func (s *simulation) pages() int { return mirror.PaceOf(s.centre.Agents).Pages }

// at is the time of the working day.
func (s *simulation) at() time.Duration { return s.now.Sub(s.midnight) - s.centre.Begins }

func (s *simulation) working() bool { return s.at() >= 0 && s.at() < s.centre.Workday }

// swept keeps how far apart sweeps are that stand in for events.
func (s *simulation) swept() {
	last := s.got.lastSweep
	s.got.lastSweep = s.now
	ended := s.midnight.Add(s.centre.Begins + s.got.eventsEnd)
	if s.got.eventsEnd == never || !last.After(ended) || !s.working() {
		return
	}
	gap := s.now.Sub(last)
	if s.got.fastest == 0 {
		s.got.fastest = gap
	}
	s.got.fastest, s.got.slowest = min(s.got.fastest, gap), max(s.got.slowest, gap)
}

// finish finds when sweeps and pushes ended, if people still worked then.
func (s *simulation) finish() {
	since := s.midnight.Add(s.centre.Begins)
	end := since.Add(s.centre.Workday)
	if s.got.eventsEnd != never && s.got.lastSweep.Before(end.Add(-10*time.Minute)) {
		s.got.sweepsEnd = s.got.lastSweep.Sub(since)
	}
	if s.got.pushed > 0 && s.got.lastPush.Before(end.Add(-5*time.Minute)) {
		s.got.pushesEnd = s.got.lastPush.Sub(since)
	}
}

// TestTheEngineDoesWhatIsForecast: the real engine asks for what was computed,
// so that a change of how run paces itself is a change here as well.
func TestTheEngineDoesWhatIsForecast(t *testing.T) {
	for _, c := range []struct {
		reason string
		centre Centre
	}{
		{"a small centre within its budgets: what the clock asks for counts most", Centre{Agents: 60, Changes: 6}},
		{"nobody changes anything", Centre{Agents: 40}},
		{"one-way nothing is pushed, and no open console looked for", Centre{Agents: 150, Changes: 6, OneWay: true}},
		{"the events are spent, and Salesforce is polled", Centre{Agents: 400, Changes: 6, DeliveriesPerDay: 2_400, CallsPerDay: 3_000}},
		{"two pages a sweep, with room for all", Centre{Agents: 2100, Changes: 4, DeliveriesPerDay: 100_000, CallsPerDay: 60_000}},
		{"so busy that polls are as close as may be, and the calls are used up", Centre{Agents: 1500, Changes: 6, DeliveriesPerDay: 3_000, CallsPerDay: 1_200}},
		{"polled every second anyway: nothing is hastened", Centre{Agents: 60, Changes: 6, PollInterval: time.Second}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			c.centre.Workday, c.centre.Begins = works, begins
			f := Of(c.centre)
			got := simulate(t, f.Centre)
			d, r := walkDay(&f.Centre, wholeDay-evening), ratesOf(&f.Centre, 1)
			near(t, "calls", d.calls, got.calls, 0.06)
			near(t, "deliveries", d.deliveries, got.deliveries, 0.04)
			when(t, "events", d.eventsEnd, got.eventsEnd)
			when(t, "sweeps", d.sweepsEnd, got.sweepsEnd)
			when(t, "pushes", d.pushesEnd, got.pushesEnd)
			near(t, "seconds between sweeps, at the shortest", d.fastest.Seconds(), int(got.fastest.Seconds()), 0.1)
			if d.sweepsEnd == never { // else the last ones are as far apart as chance has it
				near(t, "seconds between sweeps, at the longest", d.slowest.Seconds(), int(got.slowest.Seconds()), 0.1)
			}
			if d.eventsEnd != never {
				return // what is swept together is written once, and hastens fewer polls
			}
			near(t, "polls", polls(&f.Centre, r, evening), got.polls, 0.05)
			near(t, "pushes", r.toSalesforce*works.Seconds(), got.pushed, 0.05)
			near(t, "CXone writes", r.toCXone*works.Seconds(), got.sets, 0.05)
		})
	}
}

func near(t *testing.T, what string, forecast float64, engine int, tolerance float64) {
	t.Helper()
	t.Logf("%s: forecast %.0f, the engine %d", what, forecast, engine)
	if math.Abs(forecast-float64(engine)) > tolerance*max(forecast, float64(engine))+4 {
		t.Errorf("%s: forecast %.0f, the engine %d", what, forecast, engine)
	}
}

func when(t *testing.T, what string, forecast, engine time.Duration) {
	t.Helper()
	t.Logf("%s: forecast %s, the engine %s", what, forecast, engine)
	if (forecast == never) != (engine == never) || (forecast-engine).Abs() > 3*time.Minute {
		t.Errorf("%s end: forecast %s, the engine %s", what, forecast, engine)
	}
}
