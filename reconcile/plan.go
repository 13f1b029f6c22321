package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Reconciler plans and applies over a set of vendors.
type Reconciler struct {
	Providers []Provider // in the order in which their objects are created
	Record    *Record    // nil remembers nothing
	Observer  Observer   // nil watches nothing
	Now       func() time.Time
}

// Wanted is what a configuration asks for.
type Wanted struct {
	Objects []*schema.Object
	Removed []schema.Removal
}

// Options narrow a plan.
type Options struct {
	// Targets, when there are any, limit the steps to these blocks and those
	// they need. A kind.name also means all its instances.
	Targets []schema.Address
	// Rewrite lists blocks whose write-only values are sent again.
	Rewrite []schema.Address
	// People asks both vendors who could be kept in step.
	People bool
}

// A Plan is the ordered steps that make the vendors hold what is wanted.
type Plan struct {
	Steps []*schema.Step // in the order in which they are carried out
	// Waves are the same steps, those together that need none of the others.
	Waves       [][]*schema.Step
	Notes       []schema.Note
	Diagnostics schema.Diagnostics
	Unmanaged   map[string]int    // by kind
	Where       map[string]string // by vendor
	People      map[string][]schema.Person
	Compared    int          // blocks compared
	Calls       schema.Calls // made for this plan
	Forecast    int          // calls that apply will make, polling and read-back apart
	Fallback    int          // calls more, should a vendor refuse what it may refuse

	wanted  Wanted
	world   *world
	rewrite []schema.Address
	// refused says why steps of a kept plan cannot be carried out as promised.
	refused map[*schema.Step]error
}

// Settled reports whether there is nothing to do.
func (p *Plan) Settled() bool { return len(p.Steps) == 0 }

// Count returns how many steps do what.
func (p *Plan) Count(action schema.Action) int {
	n := 0
	for _, step := range p.Steps {
		if step.Action == action {
			n++
		}
	}
	return n
}

// Held returns what the vendor holds for a block, nil when there is nothing.
func (p *Plan) Held(a schema.Address) *schema.Object {
	if o := p.world.byAddr[a]; o != nil {
		return p.world.heldFor(o)
	}
	return nil
}

// HeldOf returns all that the vendors hold of a kind, in no order. Of a kind
// that no block names nothing was read.
func (p *Plan) HeldOf(kind string) []*schema.Object {
	var held []*schema.Object
	for key, o := range p.world.held {
		if key.kind == kind {
			held = append(held, o)
		}
	}
	return held
}

// Plan reads the vendors and compares. It modifies nothing. When the plan's
// diagnostics hold errors, it has no steps.
func (r *Reconciler) Plan(ctx context.Context, wanted Wanted, options Options) (*Plan, error) {
	before := r.calls()
	w := newWorld(wanted.Objects)
	held, err := r.read(schema.For(ctx, schema.Reading), w, wanted, options.People)
	if err != nil {
		return nil, err
	}
	p := &Plan{wanted: wanted, world: w, rewrite: options.Rewrite, Unmanaged: map[string]int{}, Where: map[string]string{}, People: map[string][]schema.Person{}, Compared: len(wanted.Objects)}
	unseen := map[schema.Address]string{}
	for i, h := range held {
		w.see(h)
		p.Where[r.Providers[i].Vendor().Name] = h.Where
		p.People[r.Providers[i].Vendor().Name] = h.People
		p.Notes = append(p.Notes, h.Notes...)
		p.Diagnostics = append(p.Diagnostics, h.Diagnostics...)
		maps.Copy(unseen, h.Unseen)
		for kind, n := range h.Unmanaged {
			p.Unmanaged[kind] += n
		}
	}
	p.countUnmanaged(held)
	planner := planner{plan: p, record: r.Record, unseen: unseen, rewrite: options.Rewrite, now: r.now()}
	planner.run()
	p.target(options.Targets)
	for _, provider := range r.Providers {
		p.Diagnostics = append(p.Diagnostics, provider.Amend(stepsOf(provider, p.Steps))...)
	}
	p.layOut(r.Providers)
	p.Calls = r.calls().Sub(before)
	if p.Diagnostics.HasErrors() {
		p.Steps, p.Waves, p.Forecast, p.Fallback = nil, nil, 0, 0
	}
	return p, nil
}

// read asks the vendors at the same time, each for the objects of its kinds.
func (r *Reconciler) read(ctx context.Context, w *world, wanted Wanted, people bool) ([]*schema.Held, error) {
	held := make([]*schema.Held, len(r.Providers))
	group, ctx := errgroup.WithContext(ctx)
	for i, p := range r.Providers {
		query := queryFor(p, w, wanted)
		query.People = people
		group.Go(func() (err error) {
			held[i], err = p.Read(ctx, query)
			if err != nil {
				return fmt.Errorf("read %s: %w", p.Vendor().Title, err)
			}
			return nil
		})
	}
	return held, group.Wait()
}

func queryFor(p Provider, w *world, wanted Wanted) schema.Query {
	var query schema.Query
	name := p.Vendor().Name
	for _, o := range wanted.Objects {
		if o.Kind.Provider == name {
			query.Wanted = append(query.Wanted, w.resolve(o).object)
		}
	}
	for _, removal := range wanted.Removed {
		if removal.Kind.Provider == name {
			query.Removed = append(query.Removed, removal)
		}
	}
	return query
}

// countUnmanaged adds the held objects that no block names.
func (p *Plan) countUnmanaged(held []*schema.Held) {
	removed := map[objectKey]bool{}
	for _, removal := range p.wanted.Removed {
		removed[objectKey{removal.Kind.Name, removal.Key}] = true
	}
	for _, h := range held {
		for _, o := range h.Objects {
			key := objectKey{o.Kind.Name, o.Key()}
			if p.world.byKey[key] == nil && !removed[key] {
				p.Unmanaged[o.Kind.Name]++
			}
		}
	}
}

// layOut orders the steps into waves and forecasts the calls they take.
func (p *Plan) layOut(providers []Provider) {
	p.Waves = waves(p.Steps, ranks(providers))
	p.Steps = slices.Concat(p.Waves...)
	p.Forecast, p.Fallback = 0, 0
	for _, wave := range p.Waves {
		for _, provider := range providers {
			for _, operation := range provider.Arrange(p.byCall(stepsOf(provider, wave))) {
				p.Forecast += operation.Calls
				p.Fallback += operation.Fallback
			}
		}
	}
}

// byCall leaves out the steps that no call will be made for: those of a person
// and those refused.
func (p *Plan) byCall(steps []*schema.Step) []*schema.Step {
	var own []*schema.Step
	for _, step := range steps {
		if step.Action != schema.Manual && p.refused[step] == nil {
			own = append(own, step)
		}
	}
	return own
}

func stepsOf(p Provider, steps []*schema.Step) []*schema.Step {
	var own []*schema.Step
	for _, step := range steps {
		if step.Kind.Provider == p.Vendor().Name {
			own = append(own, step)
		}
	}
	return own
}

func (r *Reconciler) calls() schema.Calls {
	var total schema.Calls
	for _, p := range r.Providers {
		total = total.Add(p.Calls())
	}
	return total
}

func (r *Reconciler) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// A planner turns wanted and held into steps.
type planner struct {
	plan    *Plan
	record  *Record
	unseen  map[schema.Address]string
	rewrite []schema.Address
	now     time.Time
}

func (pl *planner) run() {
	steps := map[schema.Address]*schema.Step{}
	for _, o := range byDependency(pl.plan.wanted.Objects) {
		if step := pl.object(o); step != nil {
			steps[o.Address] = step
		}
	}
	for _, o := range pl.plan.wanted.Objects {
		if step := steps[o.Address]; step != nil {
			pl.plan.Steps = append(pl.plan.Steps, step)
		}
	}
	for _, removal := range pl.plan.wanted.Removed {
		if step := pl.removal(removal); step != nil {
			pl.plan.Steps = append(pl.plan.Steps, step)
		}
	}
	holdBack(pl.plan.Steps)
}

// object returns the step that an object needs, nil when it is settled.
func (pl *planner) object(o *schema.Object) *schema.Step {
	resolved := pl.plan.world.resolve(o)
	pl.plan.Diagnostics = append(pl.plan.Diagnostics, resolved.diags...)
	pl.plan.Diagnostics = append(pl.plan.Diagnostics, contradictions(o, pl.plan.world.facts)...)
	if o.Kind.Local != nil && o.Kind.Local(o) {
		return nil
	}
	step := pl.step(resolved)
	if step != nil && (step.Action == schema.Create || step.Action == schema.Replace) {
		pl.plan.world.unsure[o.Address] = true
	}
	return step
}

func (pl *planner) step(resolved resolution) *schema.Step {
	wanted := resolved.object
	if reason, unseen := pl.unseen[wanted.Address]; unseen {
		return pl.unseenStep(wanted, resolved.needs, reason)
	}
	held := pl.plan.world.heldFor(wanted)
	d := compare(wanted, held, func(path string, v schema.Secret) sent {
		if slices.ContainsFunc(pl.rewrite, func(a schema.Address) bool { return a.Covers(wanted.Address) }) {
			return sentOther
		}
		return pl.record.before(wanted.Address, path, v)
	})
	if len(d.untold) > 0 {
		pl.note(wanted.Address, fmt.Sprintf("cannot tell whether %s is still what was sent: the vendor never returns it and there is no record here; -rewrite='%s' sends it again",
			strings.Join(d.untold, ", "), wanted.Address))
	}
	if held != nil && len(d.changes) == 0 {
		return nil
	}
	return &schema.Step{Action: action(held, d), Address: wanted.Address, Kind: wanted.Kind, Wanted: wanted, Held: held, Changes: d.changes, Needs: resolved.needs}
}

func action(held *schema.Object, d difference) schema.Action {
	switch {
	case held == nil:
		return schema.Create
	case d.replace:
		return schema.Replace
	}
	return schema.Update
}

// unseenStep relies on what a person attested, because nobody can look.
func (pl *planner) unseenStep(wanted *schema.Object, needs []schema.Address, reason string) *schema.Step {
	step := &schema.Step{
		Action: schema.Manual, Address: wanted.Address, Kind: wanted.Kind, Wanted: wanted, Needs: needs, Reason: reason,
		Changes: compare(wanted, nil, nil).changes,
	}
	return pl.unlessAttested(step)
}

func (pl *planner) unlessAttested(step *schema.Step) *schema.Step {
	attested, ok := pl.record.Attested(step.Address)
	if !ok {
		return step
	}
	when := attested.At.UTC().Format(time.DateOnly)
	switch {
	case !attested.attests(step.Wanted):
		step.Reason = fmt.Sprintf("%s attested another content on %s; %s", attested.By, when, step.Reason)
		return step
	case !attested.Until.IsZero() && !pl.now.Before(attested.Until):
		step.Reason = fmt.Sprintf("what %s attested on %s ended on %s; %s", attested.By, when, attested.Until.UTC().Format(time.DateOnly), step.Reason)
		return step
	}
	pl.note(step.Address, attestedNote(attested, when))
	return nil
}

func attestedNote(a Attestation, when string) string {
	note := fmt.Sprintf("attested by %s on %s", a.By, when)
	if a.Ticket != "" {
		note += ", ticket " + a.Ticket
	}
	if !a.Until.IsZero() {
		note += ", until " + a.Until.UTC().Format(time.DateOnly)
	}
	return note + "; it cannot be verified"
}

// removal returns the step that takes an object away, nil when it is gone.
func (pl *planner) removal(removal schema.Removal) *schema.Step {
	step := &schema.Step{Action: schema.Delete, Address: removal.Address(), Kind: removal.Kind, Removal: removal.Source}
	if !removal.Kind.Deletable {
		step.Reason = removal.Kind.Removal
	}
	if reason, unseen := pl.unseen[step.Address]; unseen {
		step.Action, step.Reason = schema.Manual, reason
		return pl.unlessAttested(step)
	}
	step.Held = pl.plan.world.held[objectKey{removal.Kind.Name, removal.Key}]
	if step.Held == nil {
		return nil
	}
	return step
}

func (pl *planner) note(a schema.Address, text string) {
	pl.plan.Notes = append(pl.plan.Notes, schema.Note{Address: a, Text: text})
}

// contradictions reports arguments that differ from the fact of another vendor
// they stand for.
func contradictions(o *schema.Object, facts map[string]schema.Value) schema.Diagnostics {
	return contradictionsIn(o, "", o.Record, facts)
}

func contradictionsIn(o *schema.Object, prefix string, r schema.Record, facts map[string]schema.Value) schema.Diagnostics {
	var diags schema.Diagnostics
	for i := range r.Shape.Arguments {
		argument, v := &r.Shape.Arguments[i], r.At(i)
		if nested, ok := v.(schema.Record); ok {
			diags = append(diags, contradictionsIn(o, prefix+argument.Name+".", nested, facts)...)
		}
		fact := facts[argument.Fact]
		if argument.Fact == "" || fact == nil || v == nil || schema.Equal(v, fact) {
			continue
		}
		diags = append(diags, contradiction(o, prefix+argument.Name, v, fact))
	}
	return diags
}

func contradiction(o *schema.Object, path string, v, fact schema.Value) schema.Diagnostic {
	d := schema.ErrorAt(o, "", "Value that contradicts the vendor", fmt.Sprintf(
		"%s is %q here, but the connected vendor says %q. The block would tie this account to another one. Correct the value, or leave it out to take the connected vendor's.",
		path, schema.Text(v), schema.Text(fact)))
	d.Subject = o.Source.At(path)
	return d
}
