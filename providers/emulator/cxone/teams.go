package cxone

import "net/http"

// teamRow is a team as the ACD shows it, with its codes: one read of all
// teams tells every code's teams.
func (t *Tenant) teamRow(held *team, agents int) row {
	return row{
		"teamId": held.id, "teamName": held.name, "teamUuid": held.uuid,
		"isActive": true, "description": "", "divisionNo": 0, "agentCount": agents,
		"lastUpdateTime":   timestamp(held.updated),
		"unavailableCodes": rendered(t.store.codesOf(held), t.teamCodeRow),
	}
}

// headcount counts the agents of every team.
func (s *store) headcount() map[*team]int {
	count := make(map[*team]int, len(s.teams.rows))
	for _, p := range s.agents {
		count[p.team]++
	}
	return count
}

func (t *Tenant) listTeams(c *call) reply {
	since, err := c.since()
	if err != nil {
		return refused(err)
	}
	active, err := c.truth("isActive")
	if err != nil {
		return refused(err)
	}
	var found []*team
	for _, held := range t.store.teams.rows {
		if newer(held.updated, since) && (active == nil || *active) && contains(c.query.Get("searchString"), held.name) {
			found = append(found, held)
		}
	}
	count := t.store.headcount()
	return page(c, listing[*team]{
		plural: "teams", items: found, links: true, silent: true,
		row:  func(held *team) row { return t.teamRow(held, count[held]) },
		head: row{"businessUnitId": t.businessUnit, "lastPollTime": timestamp(t.store.poll())},
	})
}

// team returns the team that a call's path names.
func (c *call) team() *team { return c.tenant.store.teamBy(c.PathValue("teamId")) }

var noTeam = refuse(http.StatusNotFound, "Invalid teamId")

// getTeam answers with a list of one whose codes are spelled UnavailableCodes,
// unlike the list of teams (VERIFIED).
func (t *Tenant) getTeam(c *call) reply {
	held := c.team()
	if held == nil {
		return noTeam
	}
	shown := t.teamRow(held, t.store.headcount()[held])
	shown["UnavailableCodes"] = shown["unavailableCodes"]
	delete(shown, "unavailableCodes")
	return ok(row{
		"businessUnitId": t.businessUnit, "lastPollTime": timestamp(t.store.poll()),
		"teams": only(c.query.Get("fields"), []row{shown}),
	})
}

// agentsOfTeam answers with the team, its agents inside (VERIFIED).
func (t *Tenant) agentsOfTeam(c *call) reply {
	held := c.team()
	if held == nil {
		return noTeam
	}
	test, err := agentFilter(c)
	if err != nil {
		return refused(err)
	}
	members := t.store.eachAgent(func(p *person) bool { return p.team == held && test(p) })
	if len(members) == 0 {
		return empty(http.StatusNoContent)
	}
	a := page(c, listing[*person]{plural: "agents", items: members, row: agentRow, links: true})
	answer, paged := a.body.(row)
	if !paged {
		return a
	}
	return ok(row{
		"businessUnitId": t.businessUnit, "lastPollTime": timestamp(t.store.poll()),
		"totalRecords": answer["totalRecords"], "_links": answer["_links"],
		"teams": []row{{"teamId": held.id, "teamName": held.name, "agentCount": len(members), "agents": answer["agents"]}},
	})
}
