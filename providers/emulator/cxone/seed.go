package cxone

import (
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// The first ids of each sort. ACD ids are integers of a business unit and say
// nothing about one another.
const (
	firstTeam  = 3001
	firstCode  = 1201
	firstAgent = 20001

	firstContact = 510000000
)

// seed fills the tables. What a seed refers to without listing it is made,
// so that a short seed works.
func (t *Tenant) seed(seed *tenant.Tenant) {
	for _, name := range seed.CXone.Teams {
		t.teamNamed(name)
	}
	for _, c := range seed.CXone.Codes {
		t.addCode(Code{Name: c.Name, ACW: c.ACW, Active: !c.Inactive, Timeout: c.Timeout, Teams: c.Teams})
	}
	for _, a := range seed.Agents {
		if a.Team != "" {
			t.addAgent(a)
		}
	}
	for _, k := range seed.CXone.AccessKeys {
		owner := t.store.people.named(k.User)
		if owner == nil {
			owner = t.addUser(k.User)
		}
		t.store.keys.add(&accessKey{id: k.ID, secret: k.Secret, owner: owner, active: true})
	}
	for _, c := range seed.CXone.Clients {
		t.clients[c.ID] = c.Secret
	}
}

// teamNamed returns the team of that name, made when there is none.
func (t *Tenant) teamNamed(name string) *team {
	if held := t.store.teams.named(name); held != nil {
		return held
	}
	made := &team{
		id: firstTeam + len(t.store.teams.rows), uuid: newUUID(t.id, "team", name), name: name,
		codes: map[int]bool{}, updated: t.store.stamp(),
	}
	t.store.teams.add(made)
	return made
}

func (t *Tenant) addCode(c Code) *code {
	made := &code{
		id: firstCode + len(t.store.codes.rows), name: c.Name, active: c.Active, acw: c.ACW,
		timeout: c.Timeout, notes: c.Notes, updated: t.store.stamp(),
	}
	if made.timeout == 0 {
		made.timeout = defaultTimeout
	}
	t.store.codes.add(made)
	for _, name := range c.Teams {
		t.teamNamed(name).codes[made.id] = true
	}
	return made
}

// addUser makes a UserHub user who is no agent.
func (t *Tenant) addUser(userName string) *person {
	made := &person{
		userID: newUUID(t.id, "user", strings.ToLower(userName)), userName: userName, email: userName,
		active: true, updated: t.store.stamp(),
	}
	made.firstName, made.lastName, _ = strings.Cut(strings.Split(userName, "@")[0], ".")
	t.store.people.add(made)
	return made
}

func (t *Tenant) addAgent(a tenant.Agent) {
	made := t.addUser(a.Email)
	made.firstName, made.lastName, made.active = a.FirstName, a.LastName, !a.Inactive
	made.federation = a.FederationID
	t.enlist(made, t.teamNamed(a.Team))
}

// enlist makes a user an agent of a team.
func (t *Tenant) enlist(p *person, to *team) {
	p.agentID = firstAgent + len(t.store.agents)
	p.team, p.profileID = to, defaultProfile
	p.presence = presence{state: stateLoggedOut, since: t.store.stamp()}
	t.store.agents[p.agentID] = p
	t.store.timeline.place(p)
}

// teamBy finds a team by its ACD id, in digits, or by its UUID.
func (s *store) teamBy(id string) *team {
	if n, err := strconv.Atoi(id); err == nil {
		return s.teams.get(n)
	}
	for _, t := range s.teams.rows {
		if strings.EqualFold(t.uuid, id) {
			return t
		}
	}
	return nil
}

// agentBy finds an agent by the ACD id, in digits, or by the user's UUID.
func (s *store) agentBy(id string) *person {
	if n, err := strconv.Atoi(id); err == nil {
		return s.agents[n]
	}
	if p := s.people.get(strings.ToLower(id)); p != nil && p.agentID != 0 {
		return p
	}
	return nil
}
