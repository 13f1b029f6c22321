package reconcile

import (
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// target keeps the steps of the targets and of all that they need, also by way
// of blocks that are settled. Without targets it keeps every step.
func (p *Plan) target(targets []schema.Address) {
	if len(targets) == 0 {
		return
	}
	named := func(a schema.Address) bool {
		return slices.ContainsFunc(targets, func(t schema.Address) bool { return t.Covers(a) })
	}
	needs := map[schema.Address][]schema.Address{}
	for _, step := range p.Steps {
		if !removes(step) {
			needs[step.Address] = step.Needs
		}
	}
	keep := map[schema.Address]bool{}
	var visit func(schema.Address)
	visit = func(a schema.Address) {
		if keep[a] {
			return
		}
		keep[a] = true
		for _, need := range needs[a] {
			visit(need)
		}
		if o := p.world.byAddr[a]; o != nil {
			for _, need := range o.DependsOn {
				visit(need)
			}
		}
	}
	for _, o := range p.wanted.Objects {
		if named(o.Address) {
			visit(o.Address)
		}
	}
	for _, step := range p.Steps {
		if removes(step) && named(step.Address) {
			for _, need := range step.Needs {
				visit(need)
			}
		}
	}
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s *schema.Step) bool {
		if removes(s) {
			return !named(s.Address)
		}
		return !keep[s.Address]
	})
}
