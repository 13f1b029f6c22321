package reconcile

import (
	"cmp"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// waves orders steps: a step comes after those it needs, kinds in the order in
// which they are created, and everything that is removed comes last, what was
// created last first.
func waves(steps []*schema.Step, rank map[string]int) [][]*schema.Step {
	level := levels(steps)
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b *schema.Step) int {
		return cmp.Compare(rank[a.Kind.Name], rank[b.Kind.Name])
	})
	var ordered [][]*schema.Step
	var removals []*schema.Step
	for _, step := range steps {
		if removes(step) {
			removals = append(removals, step)
			continue
		}
		for len(ordered) <= level[step.Address] {
			ordered = append(ordered, nil)
		}
		ordered[level[step.Address]] = append(ordered[level[step.Address]], step)
	}
	slices.SortStableFunc(removals, func(a, b *schema.Step) int {
		return cmp.Compare(rank[b.Kind.Name], rank[a.Kind.Name])
	})
	for len(removals) > 0 {
		kind := removals[0].Kind
		n := slices.IndexFunc(removals, func(s *schema.Step) bool { return s.Kind != kind })
		if n < 0 {
			n = len(removals)
		}
		ordered, removals = append(ordered, removals[:n]), removals[n:]
	}
	return slices.DeleteFunc(ordered, func(wave []*schema.Step) bool { return len(wave) == 0 })
}

// removes reports whether a step takes an object away, by hand or by call.
func removes(step *schema.Step) bool { return step.Wanted == nil }

// levels returns for each step of a block how many steps must come before it,
// one after the other. Blocks without a step count as done. A removal may have
// a block's address, after a rename, and is no part of this.
func levels(steps []*schema.Step) map[schema.Address]int {
	byAddr := make(map[schema.Address]*schema.Step, len(steps))
	for _, step := range steps {
		if !removes(step) {
			byAddr[step.Address] = step
		}
	}
	level := make(map[schema.Address]int, len(steps))
	var visit func(*schema.Step) int
	visit = func(step *schema.Step) int {
		if l, ok := level[step.Address]; ok {
			return l
		}
		level[step.Address] = 0 // a cycle ends here; config has reported it
		deepest := 0
		for _, need := range step.Needs {
			if before := byAddr[need]; before != nil {
				deepest = max(deepest, visit(before)+1)
			}
		}
		level[step.Address] = deepest
		return deepest
	}
	for _, step := range byAddr {
		visit(step)
	}
	return level
}

// ranks numbers the kinds in the order in which objects are created.
func ranks(providers []Provider) map[string]int {
	rank := map[string]int{}
	for _, p := range providers {
		for _, kind := range p.Vendor().Kinds {
			rank[kind.Name] = len(rank)
		}
	}
	return rank
}

// byDependency returns objects so that each comes after those it refers to,
// otherwise in their own order.
func byDependency(objects []*schema.Object) []*schema.Object {
	byAddr := make(map[schema.Address]*schema.Object, len(objects))
	for _, o := range objects {
		byAddr[o.Address] = o
	}
	seen := make(map[schema.Address]bool, len(objects))
	ordered := make([]*schema.Object, 0, len(objects))
	var visit func(*schema.Object)
	visit = func(o *schema.Object) {
		if seen[o.Address] {
			return
		}
		seen[o.Address] = true
		for _, need := range o.DependsOn {
			if before := byAddr[need]; before != nil {
				visit(before)
			}
		}
		ordered = append(ordered, o)
	}
	for _, o := range objects {
		visit(o)
	}
	return ordered
}
