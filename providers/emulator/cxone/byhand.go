package cxone

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// This file is what a person does in NICE's consoles, and what a test looks
// at: no part of it is an API of the vendor.

// A Code is an unavailable code as the tenant holds it.
type Code struct {
	ID          int
	Name        string
	ACW, Active bool
	Timeout     int // minutes
	Notes       string
	Teams       []string // names, in the order of the teams
}

// A Row is one line of a rule's table.
type Row struct{ State, Status string }

// A Rule is a presence rule as the tenant holds it.
type Rule struct {
	ID, Name    string
	Environment string // the name of its account mapping's environment
	Publisher   []Row
	Subscriber  []Row
	Teams       []string // names
	Users       []string // user names
}

// A Mapping is an account mapping with its environment. The password and the
// client secret are here so that a test can tell what arrived; no call of the
// tenant's API shows them.
type Mapping struct {
	ID, User, AccessKeyID    string
	Environment              string // the environment's name
	OrganizationID, Platform string
	UserName, ClientID       string
	Emails                   []string
	Password, ClientSecret   schema.Secret
	Active                   bool
}

// Codes returns every unavailable code, in order of creation.
func (t *Tenant) Codes() []Code {
	t.store.Lock()
	defer t.store.Unlock()
	return snapshots(t.store.codes.rows, t.snapshotCode)
}

// AgentID returns the id that the ACD's calls know an agent by, as it stands in
// their paths; "" for who is no agent.
func (t *Tenant) AgentID(userName string) string {
	t.store.Lock()
	defer t.store.Unlock()
	p, err := t.agentNamed("agent id", userName)
	if err != nil {
		return ""
	}
	return strconv.Itoa(p.agentID)
}

// Rules returns every presence rule, in order of creation.
func (t *Tenant) Rules() []Rule {
	t.store.Lock()
	defer t.store.Unlock()
	return snapshots(t.store.rules.rows, snapshotRule)
}

// Mappings returns every account mapping, in order of creation.
func (t *Tenant) Mappings() []Mapping {
	t.store.Lock()
	defer t.store.Unlock()
	return snapshots(t.store.mappings.rows, func(m *mapping) Mapping {
		e := m.environment
		return Mapping{
			ID: m.id, User: m.key.owner.userName, AccessKeyID: m.key.id, Active: m.live(),
			Environment: e.name, OrganizationID: e.organizationID, Platform: e.platform,
			UserName: e.userName, ClientID: e.clientID, Emails: slices.Clone(e.emails),
			Password:     schema.NewSecret(e.password, "the emulated tenant"),
			ClientSecret: schema.NewSecret(e.clientSecret, "the emulated tenant"),
		}
	})
}

func snapshots[T, S any](rows []*T, take func(*T) S) []S {
	list := make([]S, len(rows))
	for i, r := range rows {
		list[i] = take(r)
	}
	return list
}

func (t *Tenant) snapshotCode(c *code) Code {
	shown := Code{ID: c.id, Name: c.name, ACW: c.acw, Active: c.active, Timeout: c.timeout, Notes: c.notes}
	for _, held := range t.store.teams.rows {
		if held.codes[c.id] {
			shown.Teams = append(shown.Teams, held.name)
		}
	}
	return shown
}

func snapshotRule(r *rule) Rule {
	shown := Rule{
		ID: r.id, Name: r.name, Environment: r.mapping.environment.name,
		Publisher: toRows(r.publisher), Subscriber: toRows(r.subscriber),
	}
	for _, held := range r.teams {
		shown.Teams = append(shown.Teams, held.name)
	}
	for _, p := range r.users {
		shown.Users = append(shown.Users, p.userName)
	}
	return shown
}

func toRows(mappings []stateMapping) []Row {
	rows := make([]Row, len(mappings))
	for i, m := range mappings {
		rows[i] = Row{State: m.ACD, Status: m.Partner}
	}
	return rows
}

func fromRows(rows []Row) []stateMapping {
	mappings := make([]stateMapping, len(rows))
	for i, r := range rows {
		mappings[i] = stateMapping{ACD: r.State, Partner: r.Status}
	}
	return mappings
}

// AddCode adds an unavailable code to the catalogue and to its teams. The ID
// is the tenant's to choose; a Timeout of 0 is 120 minutes.
func (t *Tenant) AddCode(c Code) {
	t.store.Lock()
	defer t.store.Unlock()
	t.addCode(c)
}

// EditCode changes a code by hand: what edit does to the copy that it gets is
// done to the code, except to its ID.
func (t *Tenant) EditCode(name string, edit func(*Code)) error {
	t.store.Lock()
	defer t.store.Unlock()
	held := t.store.codes.named(name)
	if held == nil {
		return fmt.Errorf("edit code: there is none named %q", name)
	}
	wanted := t.snapshotCode(held)
	edit(&wanted)
	if twin := t.store.codes.named(wanted.Name); twin != nil && twin != held {
		return fmt.Errorf("edit code: there is another named %q", wanted.Name)
	}
	t.store.codes.change(held, func() { held.name = wanted.Name })
	held.acw, held.active, held.timeout, held.notes = wanted.ACW, wanted.Active, wanted.Timeout, wanted.Notes
	t.codeChanged(held)
	for _, candidate := range t.store.teams.rows {
		t.assign(candidate, held.id, slices.Contains(wanted.Teams, candidate.name))
	}
	return nil
}

// EditRule changes a rule by hand, as EditCode does a code; its ID and
// Environment stay. It checks nothing beyond that teams and users exist,
// because the point of editing by hand is to be found out.
func (t *Tenant) EditRule(name string, edit func(*Rule)) error {
	t.store.Lock()
	defer t.store.Unlock()
	held := t.store.rules.named(name)
	if held == nil {
		return fmt.Errorf("edit rule: there is none named %q", name)
	}
	wanted := snapshotRule(held)
	edit(&wanted)
	if twin := t.store.rules.named(wanted.Name); twin != nil && twin != held {
		return fmt.Errorf("edit rule: there is another named %q", wanted.Name)
	}
	var teams []*team
	for _, name := range wanted.Teams {
		found := t.store.teams.named(name)
		if found == nil {
			return fmt.Errorf("edit rule: there is no team %q", name)
		}
		teams = append(teams, found)
	}
	var users []*person
	for _, name := range wanted.Users {
		found := t.store.people.named(name)
		if found == nil {
			return fmt.Errorf("edit rule: there is no user %q", name)
		}
		users = append(users, found)
	}
	t.store.rules.change(held, func() { held.name = wanted.Name })
	held.publisher, held.subscriber = fromRows(wanted.Publisher), fromRows(wanted.Subscriber)
	held.teams, held.users = teams, users
	return nil
}

// RemoveRule deletes a rule by hand.
func (t *Tenant) RemoveRule(name string) error {
	t.store.Lock()
	defer t.store.Unlock()
	held := t.store.rules.named(name)
	if held == nil {
		return fmt.Errorf("remove rule: there is none named %q", name)
	}
	t.store.rules.remove(held)
	return nil
}

// AddAgent hires somebody. Adapters does not know of it before the next Get
// CXone Users.
func (t *Tenant) AddAgent(a tenant.Agent) {
	t.store.Lock()
	defer t.store.Unlock()
	t.addAgent(a)
}

// SetUserActive deactivates a user, whose access keys and tokens then stop
// working, or brings one back.
func (t *Tenant) SetUserActive(userName string, active bool) error {
	t.store.Lock()
	defer t.store.Unlock()
	held := t.store.people.named(userName)
	if held == nil {
		return fmt.Errorf("set user active: there is no user %q", userName)
	}
	held.active, held.updated = active, t.store.stamp()
	return nil
}

// Deny takes a permission from every caller, or gives it back.
func (t *Tenant) Deny(p Permission, denied bool) {
	t.store.Lock()
	defer t.store.Unlock()
	t.store.denied[p] = denied
}
