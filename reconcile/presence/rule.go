package presence

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Rule is a presence rule made ready for [Step]. It never changes and can be
// shared by all agents.
type Rule struct {
	*tables
	facts  Facts
	live   bool
	digest uint64
	places map[*schema.Row]string // file and line
}

// Compile makes a rule ready. It returns nil for a rule that is off.
func Compile(rule schema.Rule, facts Facts) *Rule {
	if rule.Mode == modeOff {
		return nil
	}
	tables := newTables(rule, facts)
	return &Rule{
		tables: tables,
		places: tables.places(),
		facts:  facts,
		live:   rule.Mode != modeShadow && rule.Executor != executorCXone,
		digest: digest(rule, facts),
	}
}

// Name returns the rule's name.
func (r *Rule) Name() string { return r.rule.Name }

// Digest tells two meanings of a rule apart. Moving a rule within its file, or
// reaching other people, changes nothing of what it means.
func (r *Rule) Digest() uint64 { return r.digest }

// Live reports whether the engine carries the rule out, rather than watching.
func (r *Rule) Live() bool { return r.live }

func digest(rule schema.Rule, facts Facts) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%q %q\n", rule.Name, rule.AfterContact)
	for _, table := range [][]schema.Row{rule.Publisher, rule.Subscriber} {
		for i := range table {
			s := table[i].State
			_, _ = fmt.Fprintf(h, "%q %q %q %t\n", s.Word, s.Code, table[i].Status.Name, facts.Codes[s.Code].ACW)
		}
		_, _ = fmt.Fprintln(h)
	}
	return h.Sum64()
}

// mapped reports whether a pair needs no write: the publisher table leads from
// its state to its status, or the subscriber table back. When a contact has
// just ended, a status that only shows the contact is not what the agent chose,
// so that leading back from it does not count (INVENTED).
func (t *tables) mapped(w world) bool {
	row := t.publish(w.state)
	if w.ended() {
		row = t.publishAfterContact(w.state)
	}
	if row != nil && row.Status.Name == w.status {
		return true
	}
	back := t.subscriber[w.status]
	return back != nil && back.State == w.state && t.settable(w.state) && (!w.ended() || !t.showsContact(w))
}

// unavailable reports whether a write makes the agent unavailable on its side.
func (r *Rule) unavailable(target Side, to pair) bool {
	if target == CXone {
		return to.state.Word != schema.StateAvailable
	}
	if facts := r.facts.Statuses[to.status]; facts.Known {
		return facts.Busy
	}
	row := r.publish(schema.ACDState{Word: schema.StateAvailable})
	return row == nil || row.Status.Name != to.status
}

// A Ruleset finds the rule that reaches a person.
type Ruleset struct {
	users, teams []reach
}

type reach struct {
	rule *Rule
	of   schema.Rule
}

// NewRuleset makes rules ready, in their order. A rule that is off reaches
// nobody.
func NewRuleset(rules []schema.Rule, facts Facts) *Ruleset {
	set := &Ruleset{}
	for _, rule := range rules {
		compiled := Compile(rule, facts)
		if compiled == nil {
			continue
		}
		if len(rule.Users) > 0 {
			set.users = append(set.users, reach{compiled, rule})
		}
		if len(rule.Teams) > 0 {
			set.teams = append(set.teams, reach{compiled, rule})
		}
	}
	return set
}

// For returns the rule for a person who is known by any of names and is on a
// team, nil when none reaches them. A rule that names the user beats one that
// names the team (INVENTED: NICE's own order is documented nowhere), and who is
// excluded from a rule is reached by neither of its lists.
func (s *Ruleset) For(team string, names ...string) *Rule {
	for _, r := range s.users {
		if named(r.of.Users, names) && !named(r.of.Exclude, names) {
			return r.rule
		}
	}
	for _, r := range s.teams {
		if slices.Contains(r.of.Teams, team) && !named(r.of.Exclude, names) {
			return r.rule
		}
	}
	return nil
}

func named(list, names []string) bool {
	return slices.ContainsFunc(list, func(who string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(who, name) })
	})
}
