package cxone

import (
	"errors"
	"net/http"
	"time"
)

// defaultProfile is the ACD security profile of everybody the seed names.
const defaultProfile = 1

func (p *person) fullName() string { return p.firstName + " " + p.lastName }

// agentRow is an agent as the ACD shows it. userID and teamUuId bridge to
// UserHub's ids (VERIFIED).
func agentRow(p *person) row {
	return row{
		"agentId": p.agentID, "userName": p.userName, "emailAddress": p.email, "userID": p.userID,
		"firstName": p.firstName, "middleName": "", "lastName": p.lastName,
		"isActive": p.active, "locked": false, "profileId": p.profileID,
		"teamId": p.team.id, "teamName": p.team.name, "teamUuId": p.team.uuid,
		"federatedId": p.federation, "lastUpdated": timestamp(p.updated),
	}
}

// eachAgent lists the agents that a test holds for, in order of creation.
func (s *store) eachAgent(test func(*person) bool) []*person {
	var found []*person
	for _, p := range s.people.rows {
		if p.agentID != 0 && test(p) {
			found = append(found, p)
		}
	}
	return found
}

// agentFilter makes the test that an agent list's query asks for.
func agentFilter(c *call) (func(*person) bool, error) {
	since, err := c.since()
	if err != nil {
		return nil, err
	}
	active, err := c.truth("isActive")
	if err != nil {
		return nil, err
	}
	locked, err := c.truth("isLocked")
	if err != nil {
		return nil, err
	}
	search := c.query.Get("searchString")
	return func(p *person) bool {
		return newer(p.updated, since) &&
			(active == nil || *active == p.active) &&
			(locked == nil || !*locked) && // nobody is locked here
			contains(search, p.userName, p.fullName(), p.email)
	}, nil
}

// newer reports whether a change is news to a client whose cursor is since.
func newer(updated, since time.Time) bool { return since.IsZero() || updated.After(since) }

func (t *Tenant) listAgents(c *call) reply {
	test, err := agentFilter(c)
	if err != nil {
		return refused(err)
	}
	return page(c, listing[*person]{
		plural: "agents", items: t.store.eachAgent(test), row: agentRow, links: true, silent: true,
		head: row{"businessUnitId": t.businessUnit, "lastPollTime": timestamp(t.store.poll()), "hiddenAgents": 0},
	})
}

func (t *Tenant) getAgent(c *call) reply {
	p := t.store.agentBy(c.PathValue("agentId"))
	if p == nil {
		return refuse(http.StatusNotFound, "Invalid agentId")
	}
	return ok(row{"agents": only(c.query.Get("fields"), []row{agentRow(p)})})
}

// An agentChange is one entry of a bulk write. Members that are left out are
// kept.
type agentChange struct {
	AgentID      ident  `json:"agentId"`
	UserName     string `json:"userName"`
	EmailAddress string `json:"emailAddress"`
	FirstName    string `json:"firstName"`
	LastName     string `json:"lastName"`
	TeamID       ident  `json:"teamId"`
	ProfileID    ident  `json:"profileId"`
	IsActive     *bool  `json:"isActive"`
}

// createAgents answers 200 even when every entry failed: the failures are in
// the rows (VERIFIED).
func (t *Tenant) createAgents(c *call) reply {
	return t.eachEntry(c, func(a agentChange) (*person, error) {
		to := t.store.teamBy(string(a.TeamID))
		switch {
		case a.UserName == "" || a.FirstName == "" || a.LastName == "" || a.EmailAddress == "":
			return nil, errors.New("userName, firstName, lastName and emailAddress are required")
		case to == nil:
			return nil, errors.New("invalid teamId")
		case t.store.people.named(a.UserName) != nil:
			return nil, errors.New("userName is already in use")
		}
		p := t.addUser(a.UserName)
		t.enlist(p, to)
		t.alter(p, a)
		return p, nil
	})
}

// updateAgents silently leaves an entry without teamId or profileId as it is,
// and calls that a success (SECONDARY).
func (t *Tenant) updateAgents(c *call) reply {
	return t.eachEntry(c, func(a agentChange) (*person, error) {
		p := t.store.agentBy(string(a.AgentID))
		if p == nil {
			return nil, errors.New("invalid agentId")
		}
		if a.TeamID == "" || a.ProfileID == "" {
			return p, nil
		}
		to := t.store.teamBy(string(a.TeamID))
		if to == nil {
			return nil, errors.New("invalid teamId")
		}
		p.team = to
		t.alter(p, a)
		return p, nil
	})
}

// alter changes the members of an agent that are given.
func (t *Tenant) alter(p *person, a agentChange) {
	setText(&p.firstName, a.FirstName)
	setText(&p.lastName, a.LastName)
	setText(&p.email, a.EmailAddress)
	if a.IsActive != nil {
		p.active = *a.IsActive
	}
	p.updated = t.store.stamp()
}

func setText(held *string, given string) {
	if given != "" {
		*held = given
	}
}

// eachEntry carries out a bulk write of agents and reports it row by row.
func (t *Tenant) eachEntry(c *call, write func(agentChange) (*person, error)) reply {
	body, err := decode[struct {
		Agents []agentChange `json:"agents"`
	}](c)
	if err != nil {
		return refused(err)
	}
	if len(body.Agents) == 0 {
		return refuse(http.StatusBadRequest, "agents is required")
	}
	failed, results := 0, make([]row, len(body.Agents))
	for i, entry := range body.Agents {
		p, err := write(entry)
		if err != nil {
			failed++
			results[i] = row{"agentId": string(entry.AgentID), "success": false, "error": err.Error()}
			continue
		}
		results[i] = row{"agentId": p.agentID, "success": true, "error": ""}
	}
	return ok(row{"errorCount": failed, "agentResults": results})
}
