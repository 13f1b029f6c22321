package cxone

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An assignment is shown in full whatever its length, and written as a whole.
// The adapters speak of teams and users by UserHub's ids.

func ruleTeamRow(t *team) row   { return row{"teamId": t.uuid} }
func ruleUserRow(p *person) row { return row{"userId": p.userID} }

func (t *Tenant) listRuleTeams(c *call) reply {
	held := t.store.rules.get(c.PathValue("id"))
	if held == nil {
		return noRule
	}
	return page(c, listing[*team]{plural: "teams", items: held.teams, row: ruleTeamRow, noPages: true})
}

func (t *Tenant) listRuleUsers(c *call) reply {
	held := t.store.rules.get(c.PathValue("id"))
	if held == nil {
		return noRule
	}
	return page(c, listing[*person]{plural: "users", items: held.users, row: ruleUserRow, noPages: true})
}

// replaceRuleTeams takes a team's UUID, or its ACD id.
func (t *Tenant) replaceRuleTeams(c *call) reply {
	held := t.store.rules.get(c.PathValue("id"))
	if held == nil {
		return noRule
	}
	body, err := decodeStrict[struct {
		Teams []struct {
			TeamID ident `json:"teamId"`
		} `json:"teams"`
	}](c)
	if err != nil {
		return refused(err)
	}
	if body.Teams == nil {
		return refused(errors.New("teams is required; an empty list takes the rule off all teams"))
	}
	var teams []*team
	for _, entry := range body.Teams {
		named := t.store.teamBy(string(entry.TeamID))
		if named == nil {
			return refused(fmt.Errorf("there is no team %q", entry.TeamID))
		}
		if !slices.Contains(teams, named) {
			teams = append(teams, named)
		}
	}
	if err := t.store.assignable(held, teams, nil); err != nil {
		return refused(err)
	}
	held.teams = teams
	return t.listRuleTeams(c)
}

// replaceRuleUsers knows only the users that Get CXone Users found.
func (t *Tenant) replaceRuleUsers(c *call) reply {
	held := t.store.rules.get(c.PathValue("id"))
	if held == nil {
		return noRule
	}
	body, err := decodeStrict[struct {
		Users []struct {
			UserID string `json:"userId"`
		} `json:"users"`
	}](c)
	if err != nil {
		return refused(err)
	}
	if body.Users == nil {
		return refused(errors.New("users is required; an empty list takes the rule off all users"))
	}
	known := t.store.listedIDs()
	var users []*person
	for _, entry := range body.Users {
		id := strings.ToLower(entry.UserID)
		named := t.store.people.get(id)
		if named == nil || !known[id] {
			return refused(fmt.Errorf("there is no user %q; refresh the users and try again", entry.UserID))
		}
		if !slices.Contains(users, named) {
			users = append(users, named)
		}
	}
	if err := t.store.assignable(held, nil, users); err != nil {
		return refused(err)
	}
	held.users = users
	return t.listRuleUsers(c)
}

// assignable checks that a rule's codes are on the teams it is to reach.
func (s *store) assignable(r *rule, teams []*team, users []*person) error {
	codes, err := ruleBody{Publisher: r.publisher, Subscriber: r.subscriber}.codes(s)
	if err != nil {
		return conflict("the rule's rows do not hold any more: %v", err)
	}
	return covered(codes, reached(teams, users))
}
