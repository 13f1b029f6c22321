package cxone

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-sync/lockstep/schema"
)

// DefaultParallelism bounds how many calls are under way at a time. NICE
// publishes no limit (UNCERTAIN); eight keeps clear of the one its own client
// reacts to.
const DefaultParallelism = 8

// A part is one table of the tenant that a look may need.
type part int

const (
	partCodes part = iota
	partTeams
	partAgents
	partAdapters // environments, mappings and rules
	partHubUsers
)

// A directory is what a tenant held when it was looked at, and the way from
// names to the vendor's ids. Writes add to it what they create, so that steps
// that follow find it.
type directory struct {
	sync.Mutex
	read map[part]bool // the tables below that were read

	teams   []team
	codes   []code
	holders map[int][]string // team names, by code id
	agents  []user

	environments []environment
	mappings     []mapping
	rules        []rule
	hubUsers     []user

	teamByName map[string]*team
	teamByID   map[string]*team // by the ACD's number and by UserHub's UUID
	codeByName map[string]*code
	userByName map[string]*user
	userByID   map[string]*user
	staff      map[string]*user // by name: whoever can have an access key
	adapters   adapterIndex
}

func newDirectory() *directory {
	d := &directory{holders: map[int][]string{}}
	d.index()
	return d
}

// inherit takes over the tables that d did not read. One that was read and is
// empty stays so.
func (d *directory) inherit(earlier *directory) {
	if !d.read[partTeams] {
		d.teams, d.holders = earlier.teams, earlier.holders
	}
	if !d.read[partCodes] {
		d.codes = earlier.codes
	}
	if !d.read[partAgents] {
		d.agents = earlier.agents
	}
	if !d.read[partAdapters] {
		d.environments, d.mappings, d.rules = earlier.environments, earlier.mappings, earlier.rules
	}
	if d.hubUsers == nil {
		d.hubUsers = earlier.hubUsers
	}
	d.index()
}

// readDirectory reads the parts, each in one call a page, at the same time.
func readDirectory(ctx context.Context, c *Connection, parts map[part]bool) (*directory, error) {
	d := newDirectory()
	d.read = parts
	group, reading := errgroup.WithContext(ctx)
	read := func(what string, p part, f func() error) {
		if !parts[p] {
			return
		}
		group.Go(func() error {
			if err := f(); err != nil {
				return fmt.Errorf("list %s: %w", what, err)
			}
			return nil
		})
	}
	read("unavailable codes", partCodes, func() error { return listInto(reading, c, c.ACD("/unavailable-codes"), "unavailableCodes", &d.codes) })
	read("teams", partTeams, func() error { return listInto(reading, c, c.ACD("/teams"), "teams", &d.teams) })
	read("agents", partAgents, func() (err error) {
		d.agents, err = listUsers(reading, c, c.ACD("/agents"), nil, "agents", agentUser)
		return err
	})
	read("environments", partAdapters, func() error { return listInto(reading, c, environmentsPath, "environments", &d.environments) })
	read("account mappings", partAdapters, func() error { return listInto(reading, c, mappingsPath, "accountMappings", &d.mappings) })
	read("presence rules", partAdapters, func() error { return listInto(reading, c, rulesPath, "rules", &d.rules) })
	read("users", partHubUsers, func() (err error) {
		d.hubUsers, err = listHubUsers(reading, c)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	d.index()
	if parts[partTeams] {
		return d, d.holdCodes(ctx, c)
	}
	return d, nil
}

func listInto[T any](ctx context.Context, c *Connection, path, plural string, into *[]T) (err error) {
	*into, err = List[T](ctx, c, path, nil, plural)
	return err
}

func listUsers(ctx context.Context, c *Connection, path string, query url.Values, plural string, read func(Loose) user) ([]user, error) {
	rows, err := List[Loose](ctx, c, path, query, plural)
	users := make([]user, len(rows))
	for i, row := range rows {
		users[i] = read(row)
	}
	return users, err
}

// listHubUsers lists deactivated users as well: a block that names one is told
// so.
func listHubUsers(ctx context.Context, c *Connection) ([]user, error) {
	return listUsers(ctx, c, "/user-management/v1/users", url.Values{"includeDeleted": {"true"}}, "users", hubUser)
}

func (d *directory) index() {
	d.teamByName, d.teamByID = map[string]*team{}, map[string]*team{}
	for i := range d.teams {
		t := &d.teams[i]
		d.teamByName[t.Name], d.teamByID[strconv.Itoa(t.ID)], d.teamByID[strings.ToLower(t.UUID)] = t, t, t
	}
	d.codeByName = map[string]*code{}
	for i := range d.codes {
		// Should a retired code share its name with one in use, that one counts.
		if held := d.codeByName[d.codes[i].Name]; held == nil || !held.Active {
			d.codeByName[d.codes[i].Name] = &d.codes[i]
		}
	}
	d.indexUsers()
	d.indexAdapters()
}

func (d *directory) indexUsers() {
	d.userByName, d.userByID = map[string]*user{}, map[string]*user{}
	d.staff = map[string]*user{}
	for i := range d.hubUsers {
		u := &d.hubUsers[i]
		d.staff[u.Name], d.userByID[strings.ToLower(u.UUID)] = u, u
		if u.Agent {
			d.userByName[u.Name] = u
		}
	}
	for i := range d.agents { // the ACD's word is fresher
		u := &d.agents[i]
		d.userByName[u.Name], d.userByID[strings.ToLower(u.UUID)] = u, u
	}
}

// codeList returns the codes in the vendor's order, each name once.
func (d *directory) codeList() []code {
	list := make([]code, 0, len(d.codes))
	for i := range d.codes {
		if d.codeByName[d.codes[i].Name] == &d.codes[i] {
			list = append(list, d.codes[i])
		}
	}
	return list
}

// holdCodes notes which teams hold which codes. A team's row carries its codes
// (VERIFIED of the search, of the list in the present description); a team
// whose row does not is asked for them.
func (d *directory) holdCodes(ctx context.Context, c *Connection) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.options.Parallelism)
	for i := range d.teams {
		t := &d.teams[i]
		if t.Codes != nil {
			continue
		}
		group.Go(func() (err error) {
			t.Codes, err = List[teamCode](ctx, c, c.ACD(fmt.Sprintf("/teams/%d/unavailable-codes", t.ID)), nil, "unavailableCodes")
			if err != nil {
				return fmt.Errorf("list codes of team %q: %w", t.Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, t := range d.teams {
		for _, held := range t.Codes {
			d.holders[held.ID] = append(d.holders[held.ID], t.Name)
		}
	}
	return nil
}

// codeTeams returns the names of the teams that hold a code, sorted.
func (d *directory) codeTeams(id int) []string {
	names := slices.Clone(d.holders[id])
	slices.Sort(names)
	return names
}

// teamIDs turns team names into the ACD's ids.
func (d *directory) teamIDs(names []string) ([]int, error) {
	ids := make([]int, len(names))
	for i, name := range names {
		t := d.teamByName[name]
		if t == nil {
			return nil, fmt.Errorf("there is no team %q", name)
		}
		ids[i] = t.ID
	}
	return ids, nil
}

// keyUser returns the user of that name for whom an access key can be made, nil
// when there is none.
func (d *directory) keyUser(name string) *user {
	if u := d.userByName[name]; u != nil {
		return u
	}
	return d.staff[name]
}

// userIDs turns user names into UserHub's ids.
func (d *directory) userIDs(names []string) ([]string, error) {
	ids := make([]string, len(names))
	for i, name := range names {
		u := d.userByName[name]
		if u == nil {
			return nil, fmt.Errorf("there is no user %q", name)
		}
		ids[i] = u.UUID
	}
	return ids, nil
}

// people lists the agents. UserHub's list names them by its own ids, which is
// enough to see who is who.
func (d *directory) people() []schema.Person {
	from := d.agents
	if !d.read[partAgents] {
		from = d.hubUsers
	}
	var people []schema.Person
	for _, u := range from {
		if u.Agent {
			people = append(people, schema.Person{
				ID: cmp.Or(u.AgentID, u.UUID), Name: u.Name, Username: u.Name, Email: u.Email, Federation: u.Federation,
				Team: d.teamName(u.Team), Active: u.Active,
			})
		}
	}
	return people
}

// teamName returns the name of the team with that id, in either id space, and
// the id itself when there is none.
func (d *directory) teamName(id string) string {
	if t := d.teamByID[strings.ToLower(id)]; t != nil {
		return t.Name
	}
	return id
}

// userName returns the name of the user with that id, and the id itself when
// there is none.
func (d *directory) userName(id string) string {
	if u := d.userByID[strings.ToLower(id)]; u != nil {
		return u.Name
	}
	return id
}
