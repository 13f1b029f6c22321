package mirror

import (
	"reflect"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A ruling is a change of rules that has not reached all agents yet, whether it
// came by a reload, with a restart or from another replica. A decision about an
// agent goes by the new rules at once; what is paced is only how fast agents are
// looked at who have done nothing themselves.
type ruling struct {
	agents []*agent
	tokens bucket
}

// adopt makes settings ready.
func (e *Engine) adopt(set Settings) {
	if set.Parallel <= 0 {
		set.Parallel = min(max(set.WritesPerSecond/4, minParallel), maxParallel)
	}
	e.set = set
	e.core = presence.DefaultSettings()
	e.core.Conflict, e.core.Align, e.core.Shadow = set.Conflict, set.Align, set.Mode != Live
	e.rules = presence.NewRuleset(effective(set), set.Facts)
	e.seen.tabulate(set.Rules)
}

// The bounds of how many CXone writes are under way at once, when the settings
// leave that to the engine: enough for the rate at a quarter of a second each.
const minParallel, maxParallel = 8, 256

// effective returns the rules as they can be carried out: one-way they publish
// nothing, so that what CXone shows is agreed rather than undeliverable.
func effective(set Settings) []schema.Rule {
	if set.OneWay == "" || set.Mode != Live {
		return set.Rules
	}
	rules := append([]schema.Rule(nil), set.Rules...)
	for i := range rules {
		rules[i].Publisher = nil
	}
	return rules
}

// reload replaces the settings whole.
func (e *Engine) reload(set Settings) {
	was := e.set
	set.Tenant, set.Owner, set.Mode, set.Once, set.Align = was.Tenant, was.Owner, was.Mode, was.Once, was.Align
	e.adopt(set)
	e.seen.recount(e.agents)
	for _, a := range e.agents {
		e.reruled(a)
	}
	if e.phase != running {
		return
	}
	e.notice(Notice{Kind: "settings", Text: "new rules and settings are in force"})
	e.applyStops()
	if !reflect.DeepEqual(was.Match, set.Match) {
		e.by(taskPeople, 0)
	}
	if set.Retention > 0 {
		e.by(taskErase, eraseEvery)
	}
	e.by(taskPoll, set.PollInterval)
}

// reruled finds the rule that reaches an agent now. Where it means something
// else than before, the agent is looked at when it is its turn.
func (e *Engine) reruled(a *agent) {
	k := &a.known
	was := a.rule
	a.rule = e.rules.For(k.Team, k.Login, k.Email, k.User, k.UserEmail)
	e.seen.place(a)
	if sameRule(was, a.rule) || e.phase != running {
		return
	}
	a.later = true
	if !a.flags.unseen { // else once it is seen
		e.await(a)
	}
}

// await gives an agent a turn to be looked at.
func (e *Engine) await(a *agent) {
	e.ruling.agents = append(e.ruling.agents, a)
	e.by(taskRule, 0)
}

func sameRule(a, b *presence.Rule) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Digest() == b.Digest() && a.Live() == b.Live()
}

// ruleChunk is how many agents are looked at in one go.
const ruleChunk = 1000

// rule looks at agents whose rule has changed, as fast as what comes of it can
// be written.
func (e *Engine) rule() {
	e.guard.intended = true
	defer func() { e.guard.intended = false }()
	r := &e.ruling
	r.tokens.fill(e.now, e.set.WritesPerSecond)
	done := 0
	for ; done < len(r.agents) && done < ruleChunk && r.tokens.has(); done++ {
		before := len(e.gather.commands)
		if a := r.agents[done]; a.lost == "" {
			a.later = false
			e.step(a, nil)
		}
		r.tokens.take(len(e.gather.commands) - before)
	}
	r.agents = r.agents[done:]
	switch {
	case len(r.agents) == 0:
		r.agents = nil
	case r.tokens.has():
		e.at(taskRule, 0)
	default:
		e.at(taskRule, r.tokens.wait(e.set.WritesPerSecond))
	}
}

// A bucket holds what may be done now, and fills up at a rate, to as much as one
// second brings.
type bucket struct {
	held   float64
	filled time.Time
}

func (b *bucket) fill(now time.Time, rate int) {
	if !b.filled.IsZero() {
		b.held += max(now.Sub(b.filled).Seconds(), 0) * float64(rate)
	} else {
		b.held = float64(rate)
	}
	b.held, b.filled = min(b.held, float64(max(rate, 1))), now
}

// enough absorbs what rounding takes from a whole token.
const enough = 1 - 1e-6

func (b *bucket) has() bool  { return b.held >= enough }
func (b *bucket) take(n int) { b.held -= float64(n) }
func (b *bucket) wait(rate int) time.Duration {
	return max(time.Duration((1-b.held)/float64(max(rate, 1))*float64(time.Second)), time.Millisecond)
}
