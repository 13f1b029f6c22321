package mirror_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A centre is the contact centre's configuration: twelve codes and twelve
// statuses, as real ones have, rules over them, and who they are for.
type centre struct {
	w        *world
	settable []value  // what people choose in CXone, Available first
	statuses []string // what they choose in Salesforce
	words    []string // the contact states that happen here
	acw      map[string]bool
	acwCode  string
	timeouts map[string]time.Duration
	rules    []schema.Rule
	version  int // counts changes of the rules
}

// Statuses with a meaning of their own in the rules.
const (
	onCall    = "On_a_Call"
	wrapUp    = "Wrapping_Up"
	away      = "Away"      // for all codes without a row of their own
	back      = "Back"      // goes to CXone's previous state
	unrelated = "Unrelated" // no rule knows it
)

// Teams, by what their rule is.
const (
	teamLive   = "Support"
	teamOther  = "Sales"    // live too, with other tables
	teamShadow = "Trial"    // a rule that is only watched
	teamNICE   = "Adapters" // a rule that NICE's own sync carries out
	teamNone   = "Managers" // no rule
)

func drawCentre(w *world) *centre {
	c := &centre{
		w: w, settable: []value{stateAvailable}, statuses: []string{"Ready"},
		words: []string{schema.StateInboundContact, schema.StateOutboundContact, schema.StateDialer},
		acw:   map[string]bool{"Wrap": true}, timeouts: map[string]time.Duration{},
	}
	if w.chance(0.5) {
		c.acwCode = "Wrap"
	}
	for i := range 12 {
		c.settable = append(c.settable, value{Code: fmt.Sprintf("Code%02d", i+1)})
	}
	for i := range 10 {
		c.statuses = append(c.statuses, fmt.Sprintf("Busy%02d", i+1))
	}
	c.statuses = append(c.statuses, away, back, unrelated)
	if w.chance(0.5) {
		c.timeouts["Code02"] = w.between(20*time.Second, 10*time.Minute)
	}
	c.rules = []schema.Rule{
		c.drawRule(teamLive), c.drawRule(teamOther), c.drawRule(teamShadow), c.drawRule(teamNICE),
	}
	c.rules[2].Mode, c.rules[3].Executor = "shadow", "cxone"
	return c
}

// drawRule maps a random pairing of codes and statuses, and what else rules say.
func (c *centre) drawRule(team string) schema.Rule {
	w := c.w
	rule := schema.Rule{Name: team, Executor: "lockstep", Mode: "live", AfterContact: "previous", Teams: []string{team}}
	if w.chance(0.3) {
		rule.AfterContact = "rule"
	}
	line := int32(0)
	row := func(state value, status string) schema.Row {
		line++
		return schema.Row{
			State: state, Status: schema.Status{Name: status},
			Source: schema.Range{File: team + ".hcl", Start: schema.Pos{Line: line}},
		}
	}
	both := []schema.Row{row(stateAvailable, "Ready")}
	pairing := w.rng.Perm(10)
	for i := range 8 + w.rng.IntN(3) {
		both = append(both, row(c.settable[1+i], c.statuses[1+pairing[i]]))
	}
	rule.Publisher, rule.Subscriber = slices.Clone(both), slices.Clone(both)
	publish := func(p float64, state value, status string) {
		if w.chance(p) {
			rule.Publisher = append(rule.Publisher, row(state, status))
		}
	}
	publish(0.8, value{Word: schema.StateWorking}, onCall)
	publish(0.3, value{Word: schema.StateOutboundContact}, "Busy10")
	publish(0.7, value{Word: schema.StateACW}, wrapUp)
	publish(0.5, value{Word: schema.StateUnavailable}, away)
	publish(0.3, stateRefused, away)
	publish(0.3, stateLoggedOut, schema.Offline)
	if w.chance(0.5) {
		rule.Subscriber = append(rule.Subscriber, row(value{Code: "Code01"}, away))
	}
	if w.chance(0.5) {
		rule.Subscriber = append(rule.Subscriber, row(value{Word: schema.Previous}, back))
	}
	return rule
}

// change makes new rules: other tables, or another reach.
func (c *centre) change() {
	w := c.w
	c.version++
	rules := slices.Clone(c.rules)
	i := w.rng.IntN(2)
	switch n := w.rng.IntN(10); {
	case n < 5:
		drawn := c.drawRule(rules[i].Name)
		drawn.Users, drawn.Exclude = rules[i].Users, rules[i].Exclude
		rules[i] = drawn
	case n < 7:
		p := pick(w, w.people)
		rules[i].Exclude = toggled(rules[i].Exclude, p.mail)
	case n < 9:
		p := pick(w, w.people)
		rules[1].Users = toggled(rules[1].Users, p.mail)
	default:
		if rules[i].Mode == "live" {
			rules[i].Mode = "shadow"
		} else {
			rules[i].Mode = "live"
		}
	}
	c.rules = rules
}

func toggled(list []string, name string) []string {
	if slices.Contains(list, name) {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
	}
	return append(slices.Clone(list), name)
}

// settings are what a replica goes by that starts, or reloads, now.
func (c *centre) settings(h *host) mirror.Settings {
	w := c.w
	s := mirror.DefaultSettings()
	s.Tenant, s.Owner = tenant, h.name
	s.Rules = c.rules
	s.Facts = presence.Facts{Codes: map[string]presence.CodeFacts{"Wrap": {ACW: true, Known: true}}}
	s.Conflict, s.PollInterval, s.WritesPerSecond = w.plan.conflict, w.plan.poll, w.plan.writesPerSec
	s.CallsPerDay, s.DeliveriesPerDay = w.plan.callsPerDay, w.plan.deliveries
	s.Breaker = mirror.Breaker{Moved: w.plan.breaker, Within: 30 * time.Second}
	if w.plan.freezes {
		s.Freeze = []mirror.Window{{Text: "release", Holds: w.frozen}}
	}
	return s
}

// frozen holds for two minutes of every half hour.
func (w *world) frozen(t time.Time) bool {
	return !w.calm && t.Minute()%30 < 2
}

// ruleFor is the rule that reaches a person: a user's before a team's, and an
// exclusion before both.
func ruleFor(rules []schema.Rule, p *person) *schema.Rule {
	var found *schema.Rule
	for i := range rules {
		r := &rules[i]
		named := slices.Contains(r.Users, p.mail)
		switch {
		case slices.Contains(r.Exclude, p.mail) || !named && !slices.Contains(r.Teams, p.team):
		case found == nil || named && !slices.Contains(found.Users, p.mail):
			found = r
		}
	}
	return found
}

// valued is what a target in the journal means.
func (c *centre) valued(side presence.Side, target string) value {
	if side == presence.Salesforce {
		return statusValue(target)
	}
	for _, v := range c.settable {
		if v.String() == target {
			return v
		}
	}
	return value{Word: target}
}

func isLive(r *schema.Rule) bool { return r != nil && r.Mode == "live" && r.Executor == "lockstep" }

// published is the status that a rule's publisher table leads to from a state,
// "" for none: the exact row before the general one.
func published(r *schema.Rule, state value) string {
	find := func(words ...value) string {
		for _, word := range words {
			for i := range r.Publisher {
				if r.Publisher[i].State == word {
					return r.Publisher[i].Status.Name
				}
			}
		}
		return ""
	}
	switch {
	case state.Word == schema.StateACW && state.Code != "":
		return find(value{Code: state.Code}, value{Word: schema.StateACW})
	case state.Code != "":
		return find(state, value{Word: schema.StateUnavailable})
	case schema.IsContactState(state.Word):
		return find(state, value{Word: schema.StateWorking})
	}
	return find(state)
}

// subscribed is the state that a rule's subscriber table leads to from a status.
func subscribed(r *schema.Rule, status string) (value, bool) {
	for i := range r.Subscriber {
		if r.Subscriber[i].Status.Name == status {
			return r.Subscriber[i].State, true
		}
	}
	return value{}, false
}

// isMapped reports whether a pair needs no write.
func isMapped(r *schema.Rule, state value, status string) bool {
	if published(r, state) == status {
		return true
	}
	to, ok := subscribed(r, status)
	return ok && to == state
}
