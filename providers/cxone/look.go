package cxone

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// A look is the work of one Read: the query, the tenant's tables, and what
// has been found so far.
type look struct {
	api   bool // the simulated adapter contract is used
	query schema.Query
	asked map[string]bool // kinds that the query names
	dir   *directory
	held  *schema.Held
	own   ownRule
}

func newLook(p *Provider, query schema.Query) *look {
	l := &look{
		api: p.connection.AdaptersAPI(), query: query, asked: map[string]bool{},
		held: &schema.Held{Unseen: map[schema.Address]string{}, Unmanaged: map[string]int{}},
	}
	for _, o := range query.Wanted {
		l.asked[o.Kind.Name] = true
	}
	for _, r := range query.Removed {
		l.asked[r.Kind.Name] = true
	}
	return l
}

// objects lists what the tenant holds of every kind that the query names.
func (l *look) objects() {
	simulated := false
	for _, k := range kinds() {
		if l.asked[k.Name] {
			k.read(k, l)
			simulated = simulated || l.api && k.adapters
		}
	}
	if simulated {
		l.note("", "Account mappings and presence rules go through the simulated adapter contract, which is Lockstep's own (INVENTED) and not NICE's.")
	}
}

// parts says which tables the query needs.
func (l *look) parts() map[part]bool {
	rules, mappings := l.asked[presenceRuleName], l.asked[accountMappingName]
	codes := rules || l.asked[unavailableCodeName]
	return map[part]bool{
		partCodes: codes,
		partTeams: codes,
		// UserHub knows the agents as well, and those whom only a mapping can
		// name. Its host is UNCERTAIN, so that a real tenant is asked only for
		// what the ACD does not know.
		partAgents:   (mappings || rules || l.query.People) && (!l.api || !mappings),
		partHubUsers: l.api && mappings,
		partAdapters: l.api && (mappings || rules),
	}
}

// named returns the wanted objects of a kind by key, and the keys of its
// removals.
func (l *look) named(k *kind) (wanted map[string]*schema.Object, removed map[string]bool) {
	wanted, removed = map[string]*schema.Object{}, map[string]bool{}
	for _, o := range l.query.Wanted {
		if o.Kind.Name == k.Name {
			wanted[o.Key()] = o
		}
	}
	for _, r := range l.query.Removed {
		if r.Kind.Name == k.Name {
			removed[r.Key] = true
		}
	}
	return wanted, removed
}

// unseen says of every object of a kind that it cannot be read.
func (l *look) unseen(k *kind, reason string) {
	for _, o := range l.query.Wanted {
		if o.Kind.Name == k.Name && (k.Local == nil || !k.Local(o)) {
			l.held.Unseen[o.Address] = reason
		}
	}
	for _, r := range l.query.Removed {
		if r.Kind.Name == k.Name {
			l.held.Unseen[r.Address()] = reason
		}
	}
}

func (l *look) note(address schema.Address, text string) {
	l.held.Notes = append(l.held.Notes, schema.Note{Address: address, Text: text})
}

// warnOfTwin notes a rule in CXone of the same name as one that is Lockstep's
// alone: assigned, NICE's app carries it out as well.
func (l *look) warnOfTwin(block *schema.Object, r rule) {
	if len(r.Teams)+len(r.Users) == 0 {
		return
	}
	l.note(block.Address, fmt.Sprintf("CXone has a rule %q of its own, assigned to %d teams and %d users: NICE's app carries it out as well as Lockstep. Take its teams and users away there.",
		r.Name, len(r.Teams), len(r.Users)))
}

// findMissing looks in UserHub for the users of access keys who are no agents:
// the ACD knows only those.
func (l *look) findMissing(ctx context.Context, c *Connection) (err error) {
	if l.dir.read[partHubUsers] || !slices.ContainsFunc(l.query.Wanted, func(o *schema.Object) bool {
		return o.Kind.Name == accountMappingName && l.dir.keyUser(o.Text("access_key_user")) == nil
	}) {
		return nil
	}
	if l.dir.hubUsers, err = listHubUsers(ctx, c); err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	l.dir.indexUsers()
	return nil
}
