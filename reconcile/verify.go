package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/lockstep-sync/lockstep/schema"
)

// readBackFor bounds how long a written value is looked for. Both vendors are
// eventually consistent; neither says how long that takes (UNCERTAIN).
const readBackFor = 30 * time.Second

// errNotShown is what is said of a write that the vendor took and never shows.
var errNotShown = fmt.Errorf("written, but the vendor does not show it after %s; plan again later", readBackFor)

// errTimeUp ends the looking; it is no failure of the vendor's.
var errTimeUp = errors.New("looked long enough")

// A verifier looks at the vendor until what was written shows. A step whose
// answer was lost is looked for first and repeated once if it is not there.
type verifier struct {
	*applier
	provider Provider
	outcomes []schema.Outcome
	held     *schema.Held
	shown    map[*schema.Step]bool
}

func (v *verifier) verify(ctx context.Context) *schema.Held {
	v.shown = map[*schema.Step]bool{}
	if !v.anyOpen() {
		return nil
	}
	v.watch(func(o Observer) { o.Waiting(v.open()) })
	err := v.look(ctx)
	if err == nil && v.repeatLost(ctx) {
		err = v.look(ctx)
	}
	v.conclude(ctx, err)
	return v.held
}

// look reads back until everything shows, the time is up, or ctx ends.
func (v *verifier) look(ctx context.Context) error {
	delays := backoff.NewExponentialBackOff()
	delays.InitialInterval, delays.MaxInterval = 100*time.Millisecond, 4*time.Second
	ctx, cancel := context.WithTimeoutCause(schema.For(ctx, schema.ReadBack), readBackFor, errTimeUp)
	defer cancel()
	var failure error
	for {
		held, err := v.provider.Read(ctx, queryFor(v.provider, v.plan.world, v.plan.wanted))
		if err == nil {
			v.held = held
			v.mark()
			failure = nil
		} else if ctx.Err() == nil {
			failure = err
		}
		if !v.anyOpen() || v.onlyLost() && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errTimeUp) {
				return failure // nil: the vendor answers, and does not show it
			}
			return errors.Join(failure, context.Cause(ctx))
		case <-time.After(delays.NextBackOff()):
		}
	}
}

// mark notes which steps the last look shows.
func (v *verifier) mark() {
	held := newWorld(nil)
	held.see(v.held)
	for _, outcome := range v.outcomes {
		v.shown[outcome.Step] = shows(outcome.Step, held)
	}
}

func shows(step *schema.Step, held *world) bool {
	if removes(step) {
		return held.held[objectKey{step.Kind.Name, step.Held.Key()}] == nil
	}
	found := held.heldFor(step.Wanted)
	if found == nil {
		return false
	}
	sentAlready := func(string, schema.Secret) sent { return sentSame }
	return len(compare(step.Wanted, found, sentAlready).changes) == 0
}

// open lists the steps that are done or may be, and do not show yet.
func (v *verifier) open() []*schema.Step {
	var open []*schema.Step
	for _, outcome := range v.outcomes {
		if outcome.Result != schema.NotDone && !v.shown[outcome.Step] {
			open = append(open, outcome.Step)
		}
	}
	return open
}

func (v *verifier) anyOpen() bool { return len(v.open()) > 0 }

// onlyLost reports whether all that does not show yet are steps whose answer
// was lost: they are repeated rather than waited for.
func (v *verifier) onlyLost() bool {
	for _, outcome := range v.outcomes {
		if outcome.Result == schema.Done && !v.shown[outcome.Step] {
			return false
		}
	}
	return true
}

// repeatLost carries out once more the steps whose answer was lost and that
// the vendor does not show. It reports whether there were any.
func (v *verifier) repeatLost(ctx context.Context) bool {
	var lost []*schema.Step
	for _, outcome := range v.outcomes {
		if outcome.Result == schema.Unclear && !v.shown[outcome.Step] {
			lost = append(lost, outcome.Step)
		}
	}
	if len(lost) == 0 || v.stopped() || ctx.Err() != nil {
		return false
	}
	again := map[*schema.Step]schema.Outcome{}
	for _, outcome := range v.run(ctx, v.provider, lost) {
		again[outcome.Step] = outcome
	}
	for i, outcome := range v.outcomes {
		if second, ok := again[outcome.Step]; ok {
			v.outcomes[i] = second
		}
	}
	return true
}

// conclude turns what was seen into final outcomes.
func (v *verifier) conclude(ctx context.Context, err error) {
	for i, outcome := range v.outcomes {
		switch {
		case outcome.Result == schema.NotDone:
		case v.shown[outcome.Step]:
			v.outcomes[i].Result = schema.Done
			if outcome.Result == schema.Unclear {
				v.outcomes[i].Err = nil
				v.remember(ctx, v.outcomes[i:i+1])
			}
		case err != nil && outcome.Err == nil:
			v.outcomes[i].Result, v.outcomes[i].Err = schema.Unclear, fmt.Errorf("written, but not read back: %w", err)
		default:
			v.outcomes[i].Result = schema.Unclear
			v.outcomes[i].Err = errors.Join(outcome.Err, errNotShown)
		}
	}
}
