package cxone

// A listedUser is a user as Get CXone Users found one. It is a copy: until
// the next refresh it says what was.
type listedUser struct {
	userID, userName string
	agentID          int
	teamID           string // UserHub's
	active           bool
}

// refreshUsers is the page's Get CXone Users. It is accepted, and done at
// once.
func (t *Tenant) refreshUsers(*call) reply {
	t.store.listed = t.store.listed[:0:0]
	for _, p := range t.store.eachAgent(func(*person) bool { return true }) {
		t.store.listed = append(t.store.listed, listedUser{
			userID: p.userID, userName: p.userName, agentID: p.agentID, teamID: p.team.uuid, active: p.active,
		})
	}
	return accepted(row{"totalRecords": len(t.store.listed)})
}

// listAdapterUsers is empty before the first refresh.
func (t *Tenant) listAdapterUsers(c *call) reply {
	return page(c, listing[listedUser]{plural: "users", items: t.store.listed, links: true, row: func(u listedUser) row {
		return row{"userId": u.userID, "agentId": u.agentID, "userName": u.userName, "teamId": u.teamID, "isActive": u.active}
	}})
}

func (s *store) listedIDs() map[string]bool {
	ids := make(map[string]bool, len(s.listed))
	for _, u := range s.listed {
		ids[u.userID] = true
	}
	return ids
}
