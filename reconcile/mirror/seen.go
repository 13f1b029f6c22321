package mirror

import (
	"maps"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// Sights are what people can see: counters, and the rows of rules with how they
// are used.
type sights struct {
	version uint64
	totals  Totals
	rows    []RuleRow
	byPair  map[rowKey]int32
	byPlace map[string][]int32

	swept   time.Time // when the last good sweep came in
	strange strangers
}

// Strangers are the unmatched whom a rule reaches, with the version since which
// they are the same, and the roster and rules that they were found by.
type strangers struct {
	list     []Strange
	version  uint64
	enrolled int
	rules    *presence.Ruleset
}

// A rowKey finds a row of a rule's tables.
type rowKey struct {
	rule, status string
	state        schema.ACDState
}

func newSights() sights {
	return sights{totals: Totals{Delay: newHistogram(), Reaction: newHistogram()}}
}

// next is the version of a change that can be seen.
func (s *sights) next() uint64 {
	s.version++
	return s.version
}

// reset forgets who is where; what was counted stays.
func (s *sights) reset(set Settings) {
	s.tabulate(set.Rules)
	s.swept, s.strange.rules = time.Time{}, nil
}

// tabulate lists the rows of rules. A row of both tables is listed once.
func (s *sights) tabulate(rules []schema.Rule) {
	s.rows, s.byPair, s.byPlace = nil, map[rowKey]int32{}, map[string][]int32{}
	for i := range rules {
		s.table(&rules[i], rules[i].Publisher, "publish")
		s.table(&rules[i], rules[i].Subscriber, "subscribe")
	}
}

func (s *sights) table(rule *schema.Rule, rows []schema.Row, direction string) {
	for _, row := range rows {
		key := rowKey{rule.Name, row.Status.Name, row.State}
		if at, ok := s.byPair[key]; ok {
			if s.rows[at].Direction != direction {
				s.rows[at].Direction = "both"
			}
			continue
		}
		at, place := int32(len(s.rows)), row.Source.String()
		s.byPair[key] = at
		s.byPlace[place] = append(s.byPlace[place], at)
		s.rows = append(s.rows, RuleRow{
			Rule: rule.Name, Direction: direction, State: row.State.String(), Status: row.Status.Name, Place: place,
		})
	}
}

// place finds the row that an agent's pair is.
func (s *sights) place(a *agent) {
	s.leaveRow(a)
	if a.rule == nil || a.state == (schema.ACDState{}) || a.status == "" {
		return
	}
	row := a.rule.Row(a.state, a.status)
	if row == nil {
		return
	}
	if at, ok := s.byPair[rowKey{a.rule.Name(), row.Status.Name, row.State}]; ok {
		a.row = at
		s.rows[at].Now++
	}
}

func (s *sights) leaveRow(a *agent) {
	if a.row != noRow && int(a.row) < len(s.rows) {
		s.rows[a.row].Now--
	}
	a.row = noRow
}

// recount begins anew after the rows have changed.
func (s *sights) recount(agents []*agent) {
	for _, a := range agents {
		a.row = noRow
	}
}

// used counts the row that a decision rests on.
func (s *sights) used(entry *presence.Entry) {
	for _, at := range s.byPlace[entry.Row] {
		if r := &s.rows[at]; r.Rule == entry.Rule && (entry.Target == r.Status || entry.Target == r.State) {
			r.Used++
			return
		}
	}
}

// sent counts a write.
func (s *sights) sent(now time.Time, c *command) {
	s.totals.Writes++
	if c.side == presence.CXone {
		s.totals.WritesTo.CXone++
	} else {
		s.totals.WritesTo.Salesforce++
	}
	if !c.again {
		s.totals.Delay.add(now.Sub(c.decided))
	}
}

// count follows what an entry says about an agent.
func (e *Engine) count(a *agent, entry *presence.Entry) {
	t := &e.seen.totals
	switch entry.What {
	case presence.Adopted:
		e.guard.adopting = e.set.Align != presence.AlignNone
	case presence.Decided:
		t.Decisions++
		e.seen.used(entry)
		a.hot.news[entry.Side] = e.now
		if entry.Command != 0 {
			e.guard.moved(e, a)
		}
	case presence.Done:
		t.Done++
		if news := a.hot.news[entry.Side]; !news.IsZero() {
			t.Reaction.add(e.now.Sub(news))
			a.hot.news[entry.Side] = time.Time{}
		}
	case presence.Undeliverable:
		t.Failures++
	}
}

// assess brings the gauges in line with an agent's state.
func (e *Engine) assess(a *agent, s *presence.State) {
	was := a.flags
	_, toCXone := s.Pending(presence.CXone)
	_, toSalesforce := s.Pending(presence.Salesforce)
	_, parked := s.Parked()
	_, stopped := s.Stopped()
	for side := range a.saying {
		a.saying[side] = s.Undeliverable(presence.Side(side))
	}
	e.seen.place(a)
	a.flags = flags{
		apart:   a.apart(),
		pending: toCXone || toSalesforce, parked: parked, stopped: stopped,
		undeliverable: a.saying[0] || a.saying[1],
		unseen:        !a.fresh[0] || !a.fresh[1],
	}
	e.gauges.move(was, a.flags)
	if was.unseen && !a.flags.unseen && a.later {
		e.await(a)
	}
}

// onDuty reports whether there is something to keep in step: a rule, and both
// sides logged in.
func (a *agent) onDuty() bool {
	return a.rule != nil && a.status != "" && a.status != schema.Offline &&
		a.state != (schema.ACDState{}) && a.state.Word != schema.StateLoggedOut
}

// apart reports whether both sides show something, and no row leads from one to
// the other.
func (a *agent) apart() bool { return a.row == noRow && a.onDuty() }

// Snapshot returns all there is to see.
func (e *Engine) Snapshot(now time.Time) Snapshot { return e.Changes(now, 0).Snapshot }

// Changes returns what is new since the version of earlier changes; from 0 that
// is everything.
func (e *Engine) Changes(now time.Time, since uint64) Changes {
	strange := e.unmatched()
	c := Changes{Version: e.seen.version, Snapshot: Snapshot{
		At: now, Tenant: e.set.Tenant, Owner: e.holder, Epoch: e.lease.Epoch, Mode: string(e.set.Mode), Standing: e.standing(),
		OneWay: e.set.OneWay, Halted: e.halted, Troubles: e.wrong(), Feed: e.feed(), Totals: e.totals(),
		Budget: Budget{
			Calls: e.used.Calls, CallsOf: e.set.CallsPerDay,
			Deliveries: e.used.Deliveries, DeliveriesOf: e.set.DeliveriesPerDay,
			WritesPerSecond: e.set.WritesPerSecond,
		},
		Rules:  append([]RuleRow{}, e.seen.rows...),
		Agents: []Agent{},
	}}
	if since == 0 || e.seen.strange.version > since {
		c.Strange = append([]Strange{}, strange...)
	}
	for _, a := range e.agents {
		if a.onDuty() {
			c.Totals.OnDuty++
		}
		if since == 0 || a.version > since {
			c.Agents = append(c.Agents, a.view())
		}
	}
	for _, d := range e.gone {
		if d.version > since && since != 0 && find(e.agents, d.key) == nil {
			c.Gone = append(c.Gone, d.key)
		}
	}
	return c
}

// unmatched returns the unmatched whom a rule reaches.
func (e *Engine) unmatched() []Strange {
	s := &e.seen.strange
	if s.rules == e.rules && s.enrolled == e.enrolled {
		return s.list
	}
	s.rules, s.enrolled = e.rules, e.enrolled
	if is := Reached(e.strange, e.rules); !slices.Equal(s.list, is) {
		s.list, s.version = is, e.seen.next()
	}
	return s.list
}

func (e *Engine) standing() Standing {
	switch {
	case e.phase == standby:
		return Standby
	case e.phase >= draining:
		return Ending
	case e.phase == running && e.sweptOnce && e.polledOnce:
		return Running
	}
	return Starting
}

// wrong lists what does not work at present. Who stands by uses nothing but the
// store, and cannot know how the rest fares.
func (e *Engine) wrong() []Trouble {
	list := []Trouble{}
	for _, what := range slices.Sorted(maps.Keys(e.troubles)) {
		if e.phase != standby || what == troubleStore {
			list = append(list, Trouble{What: what, Text: e.troubles[what]})
		}
	}
	return list
}

func (e *Engine) feed() Feed {
	f := Feed{Salesforce: "events", CXone: "polling", News: e.heardOf, Polled: e.polledAt, Interval: Duration(e.interval())}
	if e.seen.swept.After(f.News) {
		f.News = e.seen.swept
	}
	if e.phase == standby {
		f.Salesforce, f.CXone = string(Standby), string(Standby)
		return f
	}
	if e.why != "" {
		f.Salesforce = "polling: " + e.why
	}
	if !e.sweptOnce {
		f.Salesforce = string(Starting)
	}
	if !e.polledOnce {
		f.CXone = string(Starting)
	}
	if e.why != "" && !e.maySweep() {
		f.Salesforce = "down: the budget is used"
	}
	if why, failed := e.troubles["sweep"]; failed && (e.why != "" || !e.sweptOnce) {
		f.Salesforce = "down: " + why
	}
	if why, failed := e.troubles["poll"]; failed {
		f.CXone = "down: " + why
	}
	return f
}

// totals are counts but for who is on duty: whoever goes through the agents
// counts them.
func (e *Engine) totals() Totals {
	t := e.seen.totals
	t.Agents, t.Unmatched = len(e.agents), len(e.seen.strange.list)
	g := &e.gauges
	t.Apart, t.Pending, t.Parked, t.Undeliverable, t.Stopped = g.apart, g.pending, g.parked, g.undeliverable, g.stopped
	t.Deliveries, t.Calls = e.used.allDeliveries, e.used.allCalls
	t.Delay, t.Reaction = t.Delay.clone(), t.Reaction.clone()
	return t
}

// view is what can be seen of an agent.
func (a *agent) view() Agent {
	v := Agent{
		Key: a.known.Key, Name: a.known.Name, Team: a.known.Team, Login: a.known.Login,
		State: a.state.String(), Status: a.status, Console: a.console, Stopped: a.stop, Mapped: a.row != noRow,
	}
	if a.rule != nil {
		v.Rule = a.rule.Name()
	}
	s := a.peek()
	v.StateSince, v.StatusSince = s.Since(presence.CXone), s.Since(presence.Salesforce)
	for _, side := range [...]presence.Side{presence.CXone, presence.Salesforce} {
		if target, ok := s.Pending(side); ok {
			v.Pending = side.String() + " to " + target
		}
		if s.Undeliverable(side) {
			v.Undeliverable = "what is decided cannot be brought to " + side.String()
		}
	}
	v.Parked, _ = s.Parked()
	return v
}
