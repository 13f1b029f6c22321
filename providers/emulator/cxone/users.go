package cxone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// userRow is a person as UserHub shows one. The link to the ACD is the login
// id, which is the agent id (VERIFIED). NICE's own client stops with an error
// where customAttributes is missing (VERIFIED); that it is an object is not
// certain.
func (t *Tenant) userRow(p *person) row {
	shown := row{
		"id": p.userID, "userName": p.userName, "emailAddress": p.email,
		"firstName": p.firstName, "lastName": p.lastName, "fullName": p.fullName(),
		"status": "ACTIVE", "icBUId": strconv.Itoa(t.businessUnit), "icClusterId": cluster,
		"acdUserMappings": []row{}, "acdInfos": []row{}, "teamId": "", "modifiable": true,
		"customAttributes": row{},
	}
	if !p.active {
		shown["status"] = "DELETED"
	}
	if p.agentID != 0 {
		login := []row{{"loginId": strconv.Itoa(p.agentID)}}
		shown["acdUserMappings"], shown["acdInfos"], shown["teamId"] = login, login, p.team.uuid
	}
	return shown
}

// listUsers shows all users at once; the list has no pages (VERIFIED).
func (t *Tenant) listUsers(c *call) reply {
	deleted, err := c.truth("includeDeleted")
	if err != nil {
		return refused(err)
	}
	users := []row{}
	for _, p := range t.store.people.rows {
		if (p.active || deleted != nil && *deleted) && contains(c.query.Get("fullNameContains"), p.fullName()) {
			users = append(users, t.userRow(p))
		}
	}
	return ok(row{"users": users})
}

func (t *Tenant) getUser(c *call) reply {
	p := t.store.people.get(strings.ToLower(c.PathValue("userId")))
	if p == nil {
		return refuse(http.StatusNotFound, "there is no user of this id")
	}
	return ok(row{"user": t.userRow(p)})
}

// A search is the body of UserHub's search endpoints.
type search struct {
	Filter     map[string]json.RawMessage `json:"filter"`
	Fields     []string                   `json:"fields"`
	Operations map[string]string          `json:"operations"`
	Skip       int                        `json:"skip"`
	Top        int                        `json:"top"`
	OrderBy    map[string]string          `json:"orderBy"`
}

// values reads one filter: a value, a list of values, or an object of them.
func values(raw json.RawMessage) []string {
	var parsed any
	if json.Unmarshal(raw, &parsed) != nil {
		return nil
	}
	var texts []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		default:
			texts = append(texts, fmt.Sprint(v))
		}
	}
	walk(parsed)
	return texts
}

// matches reports whether a row passes every filter: equal to one of its
// values without regard to case, or containing one where the operation is
// LIKE, or to none where it is NOT.
func (s search) matches(r row) bool {
	for field, raw := range s.Filter {
		held := fmt.Sprint(r[field])
		wanted := values(raw)
		equal := slices.ContainsFunc(wanted, func(w string) bool {
			if s.Operations[field] == "LIKE" {
				return contains(w, held)
			}
			return strings.EqualFold(w, held)
		})
		if equal == (s.Operations[field] == "NOT") {
			return false
		}
	}
	return true
}

// find answers a search over rows; plural names them in the answer.
func (s search) find(plural string, rows []row) reply {
	found := slices.DeleteFunc(rows, func(r row) bool { return !s.matches(r) })
	for field, direction := range s.OrderBy {
		sign := 1
		if strings.EqualFold(direction, "DESC") {
			sign = -1
		}
		slices.SortStableFunc(found, func(a, b row) int { return sign * compare(a[field], b[field]) })
	}
	top := s.Top
	if top <= 0 {
		top = defaultTop
	}
	start := min(max(0, s.Skip), len(found))
	end := min(start+min(top, maxTop), len(found))
	return ok(row{
		"totalRecords": len(found), "skip": s.Skip, "top": top,
		plural: only(strings.Join(s.Fields, ","), found[start:end]),
	})
}

func (t *Tenant) searchUsers(c *call) reply {
	s, err := decode[search](c)
	if err != nil {
		return refused(err)
	}
	return s.find("users", rendered(t.store.people.rows, t.userRow))
}

// hubCodeRow is a code as UserHub's teams, and NICE's client, spell it.
func hubCodeRow(held *code) row {
	return row{
		"outStateId": held.id, "outStateName": held.name, "isActive": held.active,
		"isAcw": held.acw, "agentTimeoutMins": held.timeout,
	}
}

// hubTeamRow is a team as UserHub shows it: its id is the UUID.
func (t *Tenant) hubTeamRow(held *team) row {
	return row{
		"id": held.uuid, "name": held.name, "status": "ACTIVE", "description": "", "isDefault": false,
		"lastModified":     timestamp(held.updated),
		"unavailableCodes": rendered(t.store.codesOf(held), hubCodeRow),
	}
}

// listHubTeams lists all teams. The description names only the read of one;
// the list is UNCERTAIN.
func (t *Tenant) listHubTeams(*call) reply {
	return ok(row{"teams": rendered(t.store.teams.rows, t.hubTeamRow)})
}

func (t *Tenant) getHubTeam(c *call) reply {
	held := c.team()
	if held == nil {
		return refuse(http.StatusNotFound, "there is no team of this id")
	}
	return ok(row{"team": t.hubTeamRow(held)})
}

func (t *Tenant) searchHubTeams(c *call) reply {
	s, err := decode[search](c)
	if err != nil {
		return refused(err)
	}
	return s.find("teams", rendered(t.store.teams.rows, t.hubTeamRow))
}
