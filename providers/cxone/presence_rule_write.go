package cxone

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// writeRule makes one write for the rule and one for each list of people that
// changes, because the guide assigns in a second step.
func writeRule(d *directory, step *schema.Step) job {
	switch {
	case step.Action == schema.Delete:
		return inTurn(remove("delete the rule", rulesPath+"/"+step.Held.ID))
	case step.Held == nil:
		id := ""
		creation := call{"create the rule", func(ctx context.Context, c *Connection) (err error) {
			id, err = createRule(ctx, c, d, step.Wanted)
			return err
		}}
		a := newAssignment(step)
		return refreshFor(a, inTurn(append([]call{creation}, a.calls(d, &id)...)...))
	}
	return updateRule(d, step)
}

// updateRule writes the rows first and the people then, except that a rule
// that only loses people loses them first: CXone refuses rows whose codes are
// not on every team that the rule reaches.
func updateRule(d *directory, step *schema.Step) job {
	id := step.Held.ID
	var calls []call
	if changedAny(step, "account_mapping", "both", "publisher", "subscriber") {
		calls = append(calls, call{"change the rule", func(ctx context.Context, c *Connection) error {
			body, err := newRule(d, step.Wanted)
			if err != nil {
				return err
			}
			_, err = c.Put(ctx, rulesPath+"/"+id, nil, body)
			return err
		}})
	}
	a := newAssignment(step)
	if a.onlyLoses(step.Held) {
		calls = append(a.calls(d, &id), calls...)
	} else {
		calls = append(calls, a.calls(d, &id)...)
	}
	return refreshFor(a, inTurn(calls...))
}

func createRule(ctx context.Context, c *Connection, d *directory, wanted *schema.Object) (string, error) {
	for _, r := range d.rules {
		if r.Name == wanted.Key() {
			return r.ID, nil // made before, by a call whose answer was lost
		}
	}
	body, err := newRule(d, wanted)
	if err != nil {
		return "", err
	}
	return create(ctx, c, rulesPath, body, "ruleId")
}

// An assignment is the lists of people to write, nil where the held list is
// right.
type assignment struct{ teams, users *[]string }

func newAssignment(step *schema.Step) assignment {
	list := func(name string) *[]string {
		people := step.Wanted.Texts(name)
		if step.Wanted.Text("executor") != byCXone {
			people = []string{} // Lockstep carries it out: NICE's app must not
		}
		if step.Held == nil && len(people) == 0 || step.Held != nil && !changedAny(step, name, "assigned_"+name) {
			return nil
		}
		return &people
	}
	return assignment{teams: list("teams"), users: list("users")}
}

func (a assignment) calls(d *directory, rule *string) []call {
	var calls []call
	if a.teams != nil {
		calls = append(calls, call{"assign the rule to teams", func(ctx context.Context, c *Connection) error {
			return assignTeams(ctx, c, d, *rule, *a.teams)
		}})
	}
	if a.users != nil {
		calls = append(calls, call{"assign the rule to users", func(ctx context.Context, c *Connection) error {
			return assignUsers(ctx, c, d, *rule, *a.users)
		}})
	}
	return calls
}

func (a assignment) onlyLoses(held *schema.Object) bool {
	within := func(people *[]string, name string) bool {
		had := held.Texts("assigned_" + name)
		return people == nil || !slices.ContainsFunc(*people, func(p string) bool { return !slices.Contains(had, p) })
	}
	return within(a.teams, "teams") && within(a.users, "users")
}

// refreshFor marks a job before which *Get CXone Users* comes, as the guide has
// it: whoever is assigned has to be in the adapters' list of users, which is as
// old as the last time.
func refreshFor(a assignment, j job) job {
	some := func(people *[]string) bool { return people != nil && len(*people) > 0 }
	j.refresh = some(a.teams) || some(a.users)
	return j
}

// refreshUsers is *Get CXone Users*: the vendor reads its users again, which it
// only promises to do (202). Doing so twice harms nobody.
func refreshUsers(ctx context.Context, c *Connection) error {
	_, err := c.Post(rest.Repeatable(ctx), refreshPath, nil, nil)
	return err
}

func newRule(d *directory, wanted *schema.Object) (rule, error) {
	environment := wanted.Text("account_mapping")
	m, ok := d.mappingOf(d.environmentID(environment))
	if !ok {
		return rule{}, fmt.Errorf("there is no account mapping for the environment %q", environment)
	}
	r := rule{Name: wanted.Text("name"), MappingID: m.ID}
	r.Publisher, r.Subscriber = wireTables(wanted.Record)
	return r, nil
}

func assignTeams(ctx context.Context, c *Connection, d *directory, id string, teams []string) error {
	ids, err := d.teamIDs(teams)
	if err != nil {
		return err
	}
	list := make([]map[string]int, len(ids))
	for i, id := range ids {
		list[i] = map[string]int{"teamId": id}
	}
	_, err = c.Put(ctx, rulesPath+"/"+id+"/teams", nil, map[string]any{"teams": list})
	return err
}

func assignUsers(ctx context.Context, c *Connection, d *directory, id string, users []string) error {
	ids, err := d.userIDs(users)
	if err != nil {
		return err
	}
	list := make([]assignedUser, len(ids))
	for i, id := range ids {
		list[i].ID = id
	}
	_, err = c.Put(ctx, rulesPath+"/"+id+"/users", nil, map[string]any{"users": list})
	return err
}

func changedAny(step *schema.Step, paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { return step.Changed(path) != nil })
}
