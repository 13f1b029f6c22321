package cxone

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// previousState is NICE's "Previous State" in a row; its wire form is
// UNCERTAIN.
const previousState = "Previous State"

// A rule maps ACD states and Salesforce statuses, for teams and users.
type rule struct {
	id, name              string
	mapping               *mapping
	publisher, subscriber []stateMapping
	teams                 []*team
	users                 []*person
}

// ruleRow shows a rule with its assignment, so that reading many rules takes
// as many calls as there are pages.
func ruleRow(r *rule) row {
	return row{
		"ruleId": r.id, "ruleName": r.name, "accountMappingId": r.mapping.id,
		"publisherStateMap":  slices.Clone(r.publisher),
		"subscriberStateMap": slices.Clone(r.subscriber),
		"teams":              rendered(r.teams, ruleTeamRow),
		"users":              rendered(r.users, ruleUserRow),
	}
}

type ruleBody struct {
	Name       string         `json:"ruleName"`
	MappingID  string         `json:"accountMappingId"`
	Publisher  []stateMapping `json:"publisherStateMap"`
	Subscriber []stateMapping `json:"subscriberStateMap"`
}

// check says what is wrong with a body for held, which is nil for a new rule.
func (b ruleBody) check(s *store, held *rule) error {
	if err := required("ruleName", strings.TrimSpace(b.Name), "accountMappingId", b.MappingID); err != nil {
		return err
	}
	if s.mappings.get(b.MappingID) == nil {
		return errors.New("accountMappingId names no account mapping")
	}
	if twin := s.rules.named(b.Name); twin != nil && twin != held {
		return conflict("a rule named %q exists", twin.name)
	}
	switch {
	case b.Publisher == nil || b.Subscriber == nil:
		return errors.New("publisherStateMap and subscriberStateMap are required")
	case len(b.Publisher)+len(b.Subscriber) == 0:
		return errors.New("a rule needs at least one row")
	}
	codes, err := b.codes(s)
	if err != nil || held == nil {
		return err
	}
	return covered(codes, reached(held.teams, held.users))
}

// codes returns the unavailable codes that a rule's rows name.
func (b ruleBody) codes(s *store) ([]*code, error) {
	var named []*code
	for _, table := range []struct {
		name string
		rows []stateMapping
		find func(*store, string) (*code, error)
	}{
		{"publisherStateMap", b.Publisher, published},
		{"subscriberStateMap", b.Subscriber, target},
	} {
		for i, r := range table.rows {
			if r.ACD == "" || r.Partner == "" {
				return nil, fmt.Errorf("%s[%d] needs incontactAgentState and partnerAgentState", table.name, i)
			}
			held, err := table.find(s, r.ACD)
			if err != nil {
				return nil, fmt.Errorf("%s[%d]: %w", table.name, i, err)
			}
			if held != nil {
				named = append(named, held)
			}
		}
	}
	return named, nil
}

// published finds the code of a publisher row; nil for a state that is none.
func published(s *store, state string) (*code, error) {
	if state == previousState || slices.Contains(schema.StateWords(), state) {
		return nil, nil
	}
	return pickable(s, state)
}

// target finds the code of a subscriber row; nil for a state that is none.
// Only Available and codes that an agent can pick may be set (VERIFIED).
func target(s *store, state string) (*code, error) {
	if state == previousState || state == stateAvailable {
		return nil, nil
	}
	held, err := pickable(s, state)
	switch {
	case err != nil && slices.Contains(schema.StateWords(), state):
		return nil, fmt.Errorf("the state %q cannot be set", state)
	case err != nil:
		return nil, err
	case held.acw:
		return nil, fmt.Errorf("%q is an after-call-work code and cannot be set", state)
	}
	return held, nil
}

// pickable finds an active code by its exact name; case counts (VERIFIED).
func pickable(s *store, name string) (*code, error) {
	held := s.codes.named(name)
	switch {
	case held == nil || held.name != name:
		return nil, fmt.Errorf("there is no unavailable code named %q", name)
	case !held.active:
		return nil, fmt.Errorf("the unavailable code %q is not active", name)
	}
	return held, nil
}

// covered checks that every code is on every team: elsewhere it does nothing
// (VERIFIED of the product).
func covered(codes []*code, teams []*team) error {
	for _, c := range codes {
		for _, t := range teams {
			if !t.codes[c.id] {
				return conflict("the unavailable code %q is not assigned to team %q", c.name, t.name)
			}
		}
	}
	return nil
}

// reached lists the teams that an assignment reaches, users' teams included.
func reached(teams []*team, users []*person) []*team {
	all := slices.Clone(teams)
	for _, p := range users {
		if p.team != nil && !slices.Contains(all, p.team) {
			all = append(all, p.team)
		}
	}
	return all
}

// fill gives a rule what the body says.
func (b ruleBody) fill(s *store, r *rule) {
	r.name, r.mapping = b.Name, s.mappings.get(b.MappingID)
	r.publisher, r.subscriber = b.Publisher, b.Subscriber
}

var noRule = refuse(http.StatusNotFound, "there is no rule of this id")

func (t *Tenant) listRules(c *call) reply {
	return page(c, listing[*rule]{plural: "rules", items: t.store.rules.rows, row: ruleRow, links: true})
}

func (t *Tenant) getRule(c *call) reply {
	held := t.store.rules.get(c.PathValue("id"))
	if held == nil {
		return noRule
	}
	return ok(ruleRow(held))
}

// createRule makes a rule that reaches nobody: assigning it is a second step,
// as on NICE's page.
func (t *Tenant) createRule(c *call) reply {
	body, err := decodeStrict[ruleBody](c)
	if err == nil {
		err = body.check(t.store, nil)
	}
	if err != nil {
		return refused(err)
	}
	made := &rule{id: t.newID("rule")}
	body.fill(t.store, made)
	t.store.rules.add(made)
	return created(ruleRow(made))
}

func (t *Tenant) updateRule(c *call) reply {
	held := t.store.rules.get(c.PathValue("id"))
	if held == nil {
		return noRule
	}
	body, err := decodeStrict[ruleBody](c)
	if err == nil {
		err = body.check(t.store, held)
	}
	if err != nil {
		return refused(err)
	}
	t.store.rules.change(held, func() { body.fill(t.store, held) })
	return ok(ruleRow(held))
}

func (t *Tenant) deleteRule(c *call) reply {
	held := t.store.rules.get(c.PathValue("id"))
	if held == nil {
		return noRule
	}
	t.store.rules.remove(held)
	return empty(http.StatusNoContent)
}
