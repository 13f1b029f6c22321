package reconcile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// errChangedSince is why a step of a kept plan is not carried out.
var errChangedSince = errors.New("refused: the object has changed since the plan was made; plan again")

// Limit narrows a fresh plan to what a kept one promises. Steps whose object
// has changed since are refused one by one; an account or a configuration that
// has changed refuses the whole plan. A fresh plan must have been made with the
// kept one's Rewrite.
func (p *Plan) Limit(providers []Provider, kept Document) error {
	if !maps.Equal(p.Where, kept.Where) {
		return fmt.Errorf("the plan was made for %s, the configuration now connects to %s", accounts(kept.Where), accounts(p.Where))
	}
	fresh := map[promise]*schema.Step{}
	for _, step := range p.Steps {
		fresh[promise{step.Address, removes(step)}] = step
	}
	p.Steps, p.refused = nil, map[*schema.Step]error{}
	for _, promised := range kept.Steps {
		step, err := p.fulfil(promised, fresh[promise{promised.Address, promised.removes()}])
		if err != nil {
			return err
		}
		if step != nil {
			p.Steps = append(p.Steps, step)
		}
	}
	p.layOut(providers)
	return nil
}

// A promise is what identifies a step: a removal may have a block's address,
// after a rename.
type promise struct {
	address schema.Address
	removal bool
}

func (d *DocumentStep) removes() bool { return d.Wanted == digestOf(nil) }

// fulfil returns the step that carries out a promised one, nil when a person
// has attested it since. A step that cannot be carried out as promised is
// refused when its turn comes.
func (p *Plan) fulfil(promised DocumentStep, now *schema.Step) (*schema.Step, error) {
	settled := now == nil
	if settled {
		if now = p.settledStep(promised); now == nil {
			return nil, fmt.Errorf("the plan has a step on %s, which the configuration no longer declares; plan again", promised.Address)
		}
	}
	if digestOf(now.Wanted) != promised.Wanted {
		return nil, fmt.Errorf("the configuration of %s has changed since the plan was made; plan again", promised.Address)
	}
	if settled && promised.Action == schema.Manual.String() {
		return nil, nil
	}
	if digestOf(now.Held) != promised.Held || now.Action.String() != promised.Action {
		p.refused[now] = errChangedSince
	} else if path := promised.lacks(now); path != "" {
		p.refused[now] = fmt.Errorf("refused: %s would be changed now, too, and the plan does not show that; plan again", path)
	}
	return now, nil
}

// settledStep returns a step that does nothing, for a promised one whose object
// needs none any more; nil when the configuration does not declare the object.
func (p *Plan) settledStep(promised DocumentStep) *schema.Step {
	step := &schema.Step{Action: schema.Update, Address: promised.Address, Held: p.world.held[objectKey{promised.Kind, promised.Key}]}
	if promised.removes() {
		for _, removal := range p.wanted.Removed {
			if removal.Address() == promised.Address {
				step.Action, step.Kind, step.Removal = schema.Delete, removal.Kind, removal.Source
				return step
			}
		}
		return nil
	}
	o := p.world.byAddr[promised.Address]
	if o == nil {
		return nil
	}
	step.Kind, step.Wanted = o.Kind, p.world.resolve(o).object
	return step
}

// lacks returns the path of a change that a step has and the promised one has
// not, "" when there is none: a secret differs that did not when the plan was
// made.
func (d *DocumentStep) lacks(step *schema.Step) string {
	for _, change := range step.Changes {
		if !slices.ContainsFunc(d.Changes, func(c DocumentChange) bool { return c.Path == change.Path }) {
			return change.Path
		}
	}
	return ""
}

// accounts names what was read, in the order of the vendors' names.
func accounts(where map[string]string) string {
	if len(where) == 0 {
		return "no vendor"
	}
	var names []string
	for _, vendor := range slices.Sorted(maps.Keys(where)) {
		names = append(names, where[vendor])
	}
	return strings.Join(names, " and ")
}
