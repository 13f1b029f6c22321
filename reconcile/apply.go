package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Person carries out the steps that no API can.
type Person interface {
	// Attest shows a manual step's guide and asks whether it has been carried
	// out. ok is false when it has not; the step then stays pending.
	Attest(ctx context.Context, step *schema.Step) (a Attestation, ok bool)
}

// errInterrupted is why a step was not begun after the user asked to stop.
var errInterrupted = errors.New("interrupted before it was begun")

// errUnserved is said of a step that its provider made no operation for.
var errUnserved = errors.New("nothing was sent for it; this is a bug in Lockstep")

// Applied is how an apply went: one outcome for each step of the plan, in the
// plan's order.
type Applied struct {
	Outcomes []schema.Outcome
	Calls    schema.Calls
}

// Count returns how many steps ended with a result.
func (a *Applied) Count(result schema.Result) int {
	n := 0
	for _, outcome := range a.Outcomes {
		if outcome.Result == result {
			n++
		}
	}
	return n
}

// Failed reports whether any step ended as not done or unknown.
func (a *Applied) Failed() bool { return a.Count(schema.NotDone)+a.Count(schema.Unclear) > 0 }

// Apply carries out a plan, wave by wave. What a failed step's dependants need
// is missing, so they are not begun; steps already done stay done, and
// planning again shows what is left. Ending ctx ends calls in flight; closing
// stop lets them finish and begins no more.
//
// A nil person leaves manual steps pending.
func (r *Reconciler) Apply(ctx context.Context, stop <-chan struct{}, plan *Plan, person Person) *Applied {
	before := r.calls()
	a := newApplier(r, stop, plan, person)
	for _, wave := range plan.Waves {
		a.wave(ctx, wave)
	}
	applied := &Applied{Calls: r.calls().Sub(before)}
	for _, step := range plan.Steps {
		applied.Outcomes = append(applied.Outcomes, a.outcomes[step])
	}
	return applied
}

type applier struct {
	*Reconciler
	plan   *Plan
	stop   <-chan struct{}
	person Person
	byAddr map[schema.Address]*schema.Step // the steps that others can need

	mu       sync.Mutex // guards outcomes and the observer
	outcomes map[*schema.Step]schema.Outcome
	observer Observer
}

func newApplier(r *Reconciler, stop <-chan struct{}, plan *Plan, person Person) *applier {
	a := &applier{
		Reconciler: r, plan: plan, stop: stop, person: person, observer: r.Observer,
		byAddr: map[schema.Address]*schema.Step{}, outcomes: map[*schema.Step]schema.Outcome{},
	}
	if a.observer == nil {
		a.observer = nobody{}
	}
	for _, step := range plan.Steps {
		if !removes(step) {
			a.byAddr[step.Address] = step
		}
	}
	return a
}

func (a *applier) wave(ctx context.Context, wave []*schema.Step) {
	ready := a.ready(wave)
	var group sync.WaitGroup
	looks := make([]*schema.Held, len(a.Providers))
	for i, provider := range a.Providers {
		steps := a.plan.byCall(stepsOf(provider, ready))
		if len(steps) == 0 {
			continue
		}
		group.Go(func() { looks[i] = a.carryOut(ctx, provider, steps) })
	}
	group.Wait()
	for i, held := range looks {
		if held != nil {
			a.plan.world.forget(a.Providers[i].Vendor().Kinds)
			a.plan.world.see(held)
		}
	}
	for _, step := range ready {
		if step.Action == schema.Manual {
			a.byHand(ctx, step)
		}
	}
	for _, step := range wave {
		if a.outcomes[step].Result == schema.Done {
			delete(a.plan.world.unsure, step.Address)
		}
	}
}

// ready returns the steps of a wave whose needs are met and whose values are
// all known by now; the others end here.
func (a *applier) ready(wave []*schema.Step) []*schema.Step {
	var ready []*schema.Step
	for _, step := range wave {
		switch err := a.prepare(step); {
		case err != nil:
			a.end(schema.Outcome{Step: step, Result: schema.NotDone, Err: err})
		case a.missing(step) != "":
			a.end(schema.Outcome{Step: step, Result: notBegun(step), Because: a.missing(step)})
		case step.Held != nil && step.Wanted != nil && len(step.Changes) == 0:
			a.end(schema.Outcome{Step: step, Result: schema.Done})
		case a.stopped():
			a.end(schema.Outcome{Step: step, Result: schema.NotDone, Err: errInterrupted})
		default:
			ready = append(ready, step)
		}
	}
	return ready
}

// notBegun is how a step ends that was not begun: a person can still carry out
// a manual one.
func notBegun(step *schema.Step) schema.Result {
	if step.Action == schema.Manual {
		return schema.Pending
	}
	return schema.NotDone
}

// missing returns the address of a step that this one needs and that did not
// end as done.
func (a *applier) missing(step *schema.Step) schema.Address {
	for _, need := range step.Needs {
		if other := a.byAddr[need]; other != nil && a.outcomes[other].Result != schema.Done {
			return need
		}
	}
	return ""
}

// prepare fills in what was known only after apply, and compares again: a
// value that turns out equal is no write.
func (a *applier) prepare(step *schema.Step) error {
	if err := a.plan.refused[step]; err != nil {
		return err
	}
	if removes(step) || schema.Known(step.Wanted.Record) || a.missing(step) != "" {
		return nil
	}
	resolved := a.plan.world.resolve(a.plan.world.byAddr[step.Address])
	if err := resolved.diags.Err(); err != nil {
		return err
	}
	step.Wanted = resolved.object
	if step.Action == schema.Manual {
		return a.spellOut(step)
	}
	if !schema.Known(step.Wanted.Record) {
		return errors.New("a value that it needs is still not known")
	}
	step.Changes = compare(step.Wanted, step.Held, a.asPlanned(step)).changes
	return nil
}

// asPlanned has write-only values sent that the plan shows as changes. One that
// was not known then is left out when the record says that it was sent already;
// without a record it is sent, because the plan said so.
func (a *applier) asPlanned(step *schema.Step) sentBefore {
	planned := step.Changes
	return func(path string, v schema.Secret) sent {
		i := slices.IndexFunc(planned, func(c schema.Change) bool { return c.Path == path || strings.HasPrefix(path, c.Path+".") })
		switch {
		case i < 0:
			return sentSame
		case !schema.Known(planned[i].Wanted) && a.Record.before(step.Address, path, v) == sentSame:
			return sentSame
		}
		return sentOther
	}
}

// spellOut makes a manual step's click path anew, with the values that are known
// by now.
func (a *applier) spellOut(step *schema.Step) error {
	step.Changes, step.Guide, step.Warnings = compare(step.Wanted, nil, nil).changes, nil, nil
	for _, provider := range a.Providers {
		if provider.Vendor().Name == step.Kind.Provider {
			return provider.Amend([]*schema.Step{step}).Err()
		}
	}
	return nil
}

// carryOut runs a provider's operations over the steps of one wave, and looks
// until what was written shows. It returns the last look, nil without one.
func (a *applier) carryOut(ctx context.Context, provider Provider, steps []*schema.Step) *schema.Held {
	outcomes := a.run(ctx, provider, steps)
	v := &verifier{applier: a, provider: provider, outcomes: outcomes}
	held := v.verify(ctx)
	for _, outcome := range v.outcomes {
		a.end(outcome)
	}
	return held
}

func (a *applier) run(ctx context.Context, provider Provider, steps []*schema.Step) []schema.Outcome {
	ctx = schema.For(ctx, schema.Writing)
	var outcomes []schema.Outcome
	for _, operation := range provider.Arrange(steps) {
		if a.stopped() || ctx.Err() != nil {
			outcomes = append(outcomes, each(operation.Steps, schema.NotDone, errInterrupted)...)
			continue
		}
		a.watch(func(o Observer) { o.Started(operation.Steps) })
		outcomes = append(outcomes, a.remember(ctx, operation.Run(ctx))...)
	}
	return complete(settleEach(outcomes), steps)
}

// complete adds the steps that no operation served, so that none ends without
// a word.
func complete(outcomes []schema.Outcome, steps []*schema.Step) []schema.Outcome {
	served := make(map[*schema.Step]bool, len(outcomes))
	for _, outcome := range outcomes {
		served[outcome.Step] = true
	}
	for _, step := range steps {
		if !served[step] {
			outcomes = append(outcomes, schema.Outcome{Step: step, Result: schema.NotDone, Err: errUnserved})
		}
	}
	return outcomes
}

// settleEach keeps one outcome a step: a step that several operations serve is
// done only when all of them are.
func settleEach(outcomes []schema.Outcome) []schema.Outcome {
	var order []*schema.Step
	worst := map[*schema.Step]schema.Outcome{}
	for _, outcome := range outcomes {
		was, seen := worst[outcome.Step]
		if !seen {
			order = append(order, outcome.Step)
		}
		if !seen || was.Result == schema.Done {
			worst[outcome.Step] = outcome
		}
	}
	settled := make([]schema.Outcome, len(order))
	for i, step := range order {
		settled[i] = worst[step]
	}
	return settled
}

// remember keeps what was sent, as soon as it was sent, even when the user does
// not want to wait any more.
func (a *applier) remember(ctx context.Context, outcomes []schema.Outcome) []schema.Outcome {
	ctx = context.WithoutCancel(ctx)
	for i, outcome := range outcomes {
		if outcome.Result != schema.Done {
			continue
		}
		if err := a.Record.remember(ctx, outcome.Step, a.now()); err != nil {
			outcomes[i].Err = fmt.Errorf("done at the vendor, but not kept: %w", err)
		}
	}
	return outcomes
}

func (a *applier) byHand(ctx context.Context, step *schema.Step) {
	if missing := a.missing(step); missing != "" { // a manual step of this wave
		a.end(schema.Outcome{Step: step, Result: schema.Pending, Because: missing})
		return
	}
	if a.person == nil || a.stopped() || ctx.Err() != nil {
		a.end(schema.Outcome{Step: step, Result: schema.Pending})
		return
	}
	attestation, ok := a.person.Attest(ctx, step)
	if !ok {
		a.end(schema.Outcome{Step: step, Result: schema.Pending})
		return
	}
	if err := a.Record.Attest(ctx, step, attestation); err != nil {
		a.end(schema.Outcome{Step: step, Result: schema.Pending, Err: err})
		return
	}
	a.end(schema.Outcome{Step: step, Result: schema.Done})
}

func (a *applier) end(outcome schema.Outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outcomes[outcome.Step] = outcome
	a.observer.Ended(outcome)
}

func (a *applier) watch(tell func(Observer)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	tell(a.observer)
}

func (a *applier) stopped() bool {
	select {
	case <-a.stop:
		return true
	default:
		return false
	}
}

func each(steps []*schema.Step, result schema.Result, err error) []schema.Outcome {
	outcomes := make([]schema.Outcome, len(steps))
	for i, step := range steps {
		outcomes[i] = schema.Outcome{Step: step, Result: result, Err: err}
	}
	return outcomes
}
