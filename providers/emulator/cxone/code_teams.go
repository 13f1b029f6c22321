package cxone

import "net/http"

// codeTeamRow is a team as a code's teams show it: a third spelling of one.
func codeTeamRow(held *team) row {
	return row{"id": held.id, "name": held.name, "uuid": held.uuid}
}

func (t *Tenant) teamsOfCode(c *call) reply      { return t.listTeamsOfCode(c, true) }
func (t *Tenant) teamsWithoutCode(c *call) reply { return t.listTeamsOfCode(c, false) }

// listTeamsOfCode pages by skip and top and has no _links (VERIFIED).
func (t *Tenant) listTeamsOfCode(c *call, assigned bool) reply {
	held := c.code()
	if held == nil {
		return noCode
	}
	var found []*team
	for _, candidate := range t.store.teams.rows {
		if candidate.codes[held.id] == assigned && contains(c.query.Get("searchString"), candidate.name) {
			found = append(found, candidate)
		}
	}
	return page(c, listing[*team]{
		plural: "teams", items: found, row: codeTeamRow, silent: true,
		head: row{"businessUnitId": t.businessUnit},
	})
}

// A teamsBody names teams: as id when adding and removing, as teamId when
// replacing (VERIFIED).
type teamsBody struct {
	Teams []struct {
		ID     ident `json:"id"`
		TeamID ident `json:"teamId"`
	} `json:"teams"`
}

// readTeams returns the teams that a body names, and the ids that are no
// team's.
func readTeams(c *call) (named []*team, unknown []row, err error) {
	body, err := decode[teamsBody](c)
	if err != nil {
		return nil, nil, err
	}
	unknown = []row{}
	for _, entry := range body.Teams {
		id := entry.ID
		if id == "" {
			id = entry.TeamID
		}
		if held := c.tenant.store.teamBy(string(id)); held != nil {
			named = append(named, held)
			continue
		}
		unknown = append(unknown, row{"teamId": string(id)})
	}
	return named, unknown, nil
}

func (t *Tenant) addTeamsToCode(c *call) reply {
	return t.moveTeams(c, "addAll", "assignedTeams", true)
}

func (t *Tenant) removeTeamsFromCode(c *call) reply {
	return t.moveTeams(c, "removeAll", "unassignedTeams", false)
}

// moveTeams puts a code on teams or takes it off: those in the body, or all
// when the query's flag is true. Unknown teams do not stop the others.
func (t *Tenant) moveTeams(c *call, flag, plural string, on bool) reply {
	held := c.code()
	if held == nil {
		return noCode
	}
	all, err := c.truth(flag)
	if err != nil {
		return refused(err)
	}
	named, unknown := t.store.teams.rows, []row{}
	if all == nil || !*all {
		if named, unknown, err = readTeams(c); err != nil {
			return refused(err)
		}
	}
	moved := []row{}
	for _, to := range named {
		t.assign(to, held.id, on)
		moved = append(moved, row{"teamId": to.id})
	}
	return ok(row{plural: moved, "invalidTeams": unknown})
}

// replaceTeamsOfCode makes the body's teams the code's only ones. It is
// all or nothing (UNCERTAIN).
func (t *Tenant) replaceTeamsOfCode(c *call) reply {
	held := c.code()
	if held == nil {
		return noCode
	}
	named, unknown, err := readTeams(c)
	if err != nil {
		return refused(err)
	}
	if len(unknown) > 0 {
		return refuse(http.StatusBadRequest, "teams names a team that does not exist")
	}
	keep := map[*team]bool{}
	for _, to := range named {
		keep[to] = true
	}
	for _, to := range t.store.teams.rows {
		t.assign(to, held.id, keep[to])
	}
	return ok(row{})
}

// assign puts a code on a team, or takes it off.
func (t *Tenant) assign(to *team, code int, on bool) {
	if to.codes[code] == on {
		return
	}
	if on {
		to.codes[code] = true
	} else {
		delete(to.codes, code)
	}
	to.updated = t.store.stamp()
	t.tellCodes(to)
}
