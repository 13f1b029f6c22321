package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Replay says who would have shown what else, and for how long, had other
// rules been in force.
type Replay struct {
	From, To time.Time
	Agents   int        // who were seen
	Writes   [2]int     // decisions: as recorded, and under the other rules
	Shadow   int        // of the decisions as recorded, those that were not carried out
	Changed  []Replayed // the agents who would have shown something else, longest first
}

// A Replayed is one agent.
type Replayed struct {
	Agent, Team string
	For         time.Duration
	Spans       []Span
}

// A Span is a stretch of time in which an agent would have shown a pair other
// than the one that was shown.
type Span struct {
	From, To   time.Time
	Was, Would Pair
}

// A Pair is what both sides show, in words.
type Pair struct{ State, Status string }

// Carried returns rules as they would be carried out: a replay asks what they
// do, not whether they are switched on.
func Carried(rules []schema.Rule) []schema.Rule {
	rules = slices.Clone(rules)
	for i := range rules {
		rules[i].Mode, rules[i].Executor = "live", "lockstep"
	}
	return rules
}

// Under replays a journal: what people and vendors did is done again, and each
// time the rules decide. Writes are taken to be carried out at once, those that
// were recorded as well as those that are replayed, so that only decisions
// differ and not the vendors' speed; what could not be delivered then cannot be
// now.
//
// The rule for an agent is asked for by key and team; nil when none reaches
// them. A state set during a contact shows when the contact ends.
func Under(journal Journal, rule func(agent, team string) *presence.Rule, set presence.Settings, from, to time.Time) (Replay, error) {
	r := replayer{rule: rule, set: set, agents: map[string]*rerun{}}
	for line, err := range journal {
		if err != nil {
			return Replay{}, err
		}
		if line.Agent != "" {
			r.read(&line)
		}
	}
	return r.end(from, to), nil
}

type replayer struct {
	rule   func(agent, team string) *presence.Rule
	set    presence.Settings
	agents map[string]*rerun
	writes [2]int
	shadow int
}

func (r *replayer) read(l *mirror.Line) {
	a := r.agents[l.Agent]
	if a == nil {
		a = &rerun{replayer: r, key: l.Agent, at: l.At}
		r.agents[l.Agent] = a
	}
	a.pass(l.At)
	switch l.What {
	case mirror.Saw:
		a.saw(l)
	case presence.Decided:
		a.decided(l)
	case presence.Done, presence.Landed:
		a.asked[l.Side] = ""
	case presence.Superseded:
		a.late[l.Side], a.asked[l.Side] = a.asked[l.Side], ""
		a.recorded(l.Side, a.seen[l.Side])
	case presence.Undeliverable:
		a.undeliverable(l)
	case presence.Adopted:
		a.adopted(l)
	case presence.Stopped:
		a.feed(l.At, presence.Stop{Reason: l.Detail})
	case presence.Resumed:
		a.feed(l.At, presence.Resume{})
	}
}

// A rerun is one agent twice: as recorded, and under the other rules.
type rerun struct {
	*replayer
	key, team string
	at        time.Time // up to where both are compared
	contact   bool      // a contact or its after-call work is under way, in which CXone queues
	seen      [2]string // what was last seen, by side
	was       [2]string // as recorded, its writes done at once
	would     [2]string
	asked     [2]string // recorded commands under way
	late      [2]string // and those replaced
	state     presence.State
	spans     []Span
}

// pass lets time go by: what differs, differs until now.
func (a *rerun) pass(now time.Time) {
	from := a.at
	a.at = now
	if !now.After(from) || a.was == a.would || slices.Contains(a.was[:], "") || slices.Contains(a.would[:], "") {
		return
	}
	was, would := Pair{a.was[0], a.was[1]}, Pair{a.would[0], a.would[1]}
	if n := len(a.spans); n > 0 && a.spans[n-1].To.Equal(from) && a.spans[n-1].Was == was && a.spans[n-1].Would == would {
		a.spans[n-1].To = now
		return
	}
	a.spans = append(a.spans, Span{from, now, was, would})
}

func (a *rerun) recorded(side presence.Side, shown string) { a.was[side] = shown }

// saw replays a move, unless it is one of the recorded commands showing.
func (a *rerun) saw(l *mirror.Line) {
	shown := shownOn(l, l.Side)
	a.team = cmp.Or(l.Team, a.team)
	a.seen[l.Side] = shown
	a.recorded(l.Side, shown)
	if l.Side == presence.CXone {
		a.contact = inContact(l.State)
	}
	if shown == a.asked[l.Side] || shown == a.late[l.Side] {
		a.late[l.Side] = ""
		return
	}
	if a.asked[l.Side] != "" && (l.Side != presence.CXone || !a.contact) {
		a.late[l.Side], a.asked[l.Side] = a.asked[l.Side], ""
	}
	a.would[l.Side] = shown
	a.feed(l.At, presence.Observation{Side: l.Side, State: l.State, Status: l.Status, Since: l.Since, Clock: presence.Skew(l.Clock), Whole: l.Whole})
	a.queued(l)
}

// queued shows what was asked for during a contact that has now ended.
func (a *rerun) queued(l *mirror.Line) {
	if l.Side != presence.CXone || a.contact {
		return
	}
	if target, ok := a.state.Pending(presence.CXone); ok && target != a.would[presence.CXone] {
		a.shows(l.At, presence.CXone, target)
	}
}

func (a *rerun) decided(l *mirror.Line) {
	a.writes[0]++
	if l.Shadow {
		a.shadow++
		return // nobody was asked; what others did is seen
	}
	a.asked[l.Side], a.late[l.Side] = l.Target, ""
	if l.Side == presence.Salesforce || !a.contact {
		a.recorded(l.Side, l.Target)
	}
}

func (a *rerun) undeliverable(l *mirror.Line) {
	a.asked[l.Side] = ""
	a.recorded(l.Side, a.seen[l.Side])
	if a.would[l.Side] == l.Target {
		a.would[l.Side] = a.seen[l.Side]
	}
}

// adopted begins anew with the pair as it is, under any rules.
func (a *rerun) adopted(l *mirror.Line) {
	pair := [2]string{l.State.String(), l.Status}
	a.seen, a.was, a.would = pair, pair, pair
	a.asked, a.late, a.state = [2]string{}, [2]string{}, presence.State{}
	a.contact = inContact(l.State)
	a.feed(l.At, presence.Observation{Side: presence.CXone, State: l.State, Since: l.At, Whole: true})
	a.feed(l.At, presence.Observation{Side: presence.Salesforce, Status: l.Status, Since: l.At, Whole: true})
}

// feed lets the rules decide, now and when they asked to be woken before.
func (a *rerun) feed(now time.Time, event presence.Event) {
	for range maxWakes {
		next := a.state.Next()
		if next.IsZero() || !next.Before(now) {
			break
		}
		a.step(next, nil)
	}
	a.step(now, event)
}

// maxWakes bounds what happens between two lines of the journal.
const maxWakes = 64

func (a *rerun) step(now time.Time, event presence.Event) {
	state, effects := presence.Step(&a.set, a.state, presence.Input{Now: now, Epoch: 1, Rule: a.rule(a.key, a.team), Event: event})
	a.state = state
	for _, e := range effects {
		switch e := e.(type) {
		case presence.Entry:
			if e.What == presence.Decided {
				a.writes[1]++
			}
		case presence.SetStatus:
			a.step(now, presence.Answer{Command: e.ID})
			a.shows(now, presence.Salesforce, e.Status)
		case presence.SetState:
			a.step(now, presence.Answer{Command: e.ID})
			if !a.contact {
				a.shows(now, presence.CXone, e.State.String())
			}
		}
	}
}

// shows carries a write out.
func (a *rerun) shows(now time.Time, side presence.Side, target string) {
	if a.would[side] == target {
		return
	}
	a.would[side] = target
	o := presence.Observation{Side: side, Since: now, Whole: true}
	if side == presence.CXone {
		o.State = stateOf(target)
	} else {
		o.Status = target
	}
	a.step(now, o)
}

func (r *replayer) end(from, to time.Time) Replay {
	result := Replay{From: from, To: to, Agents: len(r.agents), Writes: r.writes, Shadow: r.shadow}
	for key, a := range r.agents {
		a.pass(to)
		if len(a.spans) == 0 {
			continue
		}
		changed := Replayed{Agent: key, Team: a.team, Spans: a.spans}
		for _, s := range a.spans {
			changed.For += s.To.Sub(s.From)
		}
		result.Changed = append(result.Changed, changed)
	}
	slices.SortFunc(result.Changed, func(a, b Replayed) int {
		return cmp.Or(cmp.Compare(b.For, a.For), cmp.Compare(a.Agent, b.Agent))
	})
	return result
}
