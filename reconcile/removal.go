package reconcile

import (
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// holdBack makes each removal need the steps that take away what still refers
// to its object: when one of them fails, the object must stay.
func holdBack(steps []*schema.Step) {
	removals := removed{}
	for _, step := range steps {
		if removes(step) && step.Held != nil {
			removals[objectKey{step.Kind.Name, step.Held.Key()}] = step
			removals[objectKey{step.Kind.Name, label(step.Held)}] = step // a vendor may answer with either
		}
	}
	if len(removals) == 0 {
		return
	}
	for _, step := range steps {
		if removes(step) || step.Held == nil {
			continue
		}
		for _, removal := range removals.in(step.Held.Record) {
			if !slices.Contains(removal.Needs, step.Address) {
				removal.Needs = append(removal.Needs, step.Address)
			}
		}
	}
}

// removed finds removals by the key or the label of their object.
type removed map[objectKey]*schema.Step

// in returns the removals of what a record refers to.
func (r removed) in(record schema.Record) []*schema.Step {
	var found []*schema.Step
	for i := range record.Shape.Arguments {
		found = append(found, r.of(record.Shape.Arguments[i].Type, record.At(i))...)
	}
	return found
}

func (r removed) of(t schema.Type, v schema.Value) []*schema.Step {
	var found []*schema.Step
	switch v := v.(type) {
	case nil:
		return nil
	case schema.Record:
		return r.in(v)
	case schema.List:
		for _, e := range v {
			found = append(found, r.of(*t.Elem, e)...)
		}
		return found
	}
	for _, kind := range t.Kinds {
		if removal := r[objectKey{kind, schema.Text(v)}]; removal != nil {
			found = append(found, removal)
		}
	}
	return found
}
