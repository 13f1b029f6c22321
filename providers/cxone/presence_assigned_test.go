package cxone_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/cxone"
	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// TestAssigned: whom NICE's own sync serves is told by name or by team, where
// anybody tells it at all.
func TestAssigned(t *testing.T) {
	var team []string
	for _, a := range tenant.Acme().Agents {
		if a.Team == "Support" {
			team = append(team, a.Email)
		}
	}
	tests := map[string]struct {
		reason   string
		adapters string
		assigned func(*emulator.Rule)
		want     []string
	}{
		"nobody":          {"a rule of Lockstep's is there to be seen", "api", func(r *emulator.Rule) { r.Teams, r.Users = nil, nil }, nil},
		"a team":          {"teams are numbered by the ACD", "api", func(r *emulator.Rule) { r.Teams, r.Users = []string{"Support"}, nil }, team},
		"somebody":        {"people have UserHub's ids there", "api", func(r *emulator.Rule) { r.Teams, r.Users = nil, []string{ana} }, []string{ana}},
		"somebody twice":  {"a team and one of its people", "api", func(r *emulator.Rule) { r.Teams, r.Users = []string{"Support"}, []string{ana} }, team},
		"nobody can tell": {"NICE shows the caller's own rule only", "manual", func(r *emulator.Rule) { r.Teams = []string{"Support"} }, nil},
	}
	for name, tc := range tests {
		b := newBench(t)
		b.apply(lunch(t, nil), mapping(t, nil), rule(t, nil))
		b.must(b.tenant.EditRule("Support", tc.assigned))
		got := b.assigned(tc.adapters)
		slices.Sort(tc.want)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s: -want +got\n%s", name, tc.reason, diff)
		}
	}
}

// assigned asks as run does, and returns user names.
func (b *bench) assigned(adapters string) []string {
	b.Helper()
	p := cxone.New(cxone.Options{
		TenantID: tenant.AcmeTenantID, AccessKeyID: tenant.AcmeAccessKeyID,
		AccessKeySecret: schema.NewSecret(tenant.AcmeAccessKeySecret, "the test"),
		Adapters:        adapters, AdaptersPrivate: true, HTTP: b.wire,
	}).Presence()
	people, err := p.People(b.Context())
	b.must(err)
	ids, err := p.Assigned(b.Context())
	b.must(err)
	var names []string
	for _, person := range people {
		if slices.Contains(ids, person.ID) {
			names = append(names, person.Username)
		}
	}
	slices.Sort(names)
	return names
}
