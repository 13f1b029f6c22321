package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/reconcile"
)

type applyFlags struct {
	planFlags
	autoApprove bool
	handover    string
}

func (a *app) applyCommand() *cobra.Command {
	var flags applyFlags
	c := &cobra.Command{
		Use: "apply [PLAN-FILE]", Short: "Make both vendors hold what the files say", Args: arguments(0, 1),
		Long: `Plans, shows the plan, asks, and carries it out; with a plan file, carries out
exactly what was kept and refuses a step whose object has changed since.

What no API can do is shown as a click path, asked about, and recorded. The first
interrupt lets calls in flight finish; the second ends at once. There is no lock:
planning again shows what is left.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				for _, name := range []string{"target", "rewrite", "out-json"} {
					if c.Flags().Changed(name) {
						return fmt.Errorf("-%s: apply %s carries out exactly what was kept; give -%s to plan", name, args[0], name)
					}
				}
				return a.applyKept(c.Context(), flags, args[0])
			}
			return a.applyFresh(c.Context(), flags)
		},
	}
	a.bindPlan(c, &flags.planFlags)
	c.Flags().BoolVar(&flags.autoApprove, "auto-approve", false, "do not ask; manual steps stay pending")
	c.Flags().StringVar(&flags.handover, "handover", "", "write the values of manual steps, secrets included, to a `file` of mode 0600")
	a.bindInput(c)
	return c
}

func (a *app) applyFresh(ctx context.Context, flags applyFlags) error {
	plan, r, err := a.makePlan(ctx, flags.planFlags)
	if err != nil {
		return err
	}
	if err := a.showBefore(plan, flags); err != nil {
		return err
	}
	if plan.Settled() {
		return a.conclude(plan.Document(version), &reconcile.Applied{}, flags)
	}
	if !flags.autoApprove {
		if err := a.approve(ctx); err != nil {
			return err
		}
	}
	return a.carryOut(ctx, r, plan, flags)
}

// showBefore shows what is about to be carried out. In JSON the plan comes with
// the outcomes, as one document; whoever is asked reads it on standard error.
func (a *app) showBefore(plan *reconcile.Plan, flags applyFlags) error {
	if flags.format != "json" {
		return a.show(plan, flags.planFlags)
	}
	if !flags.autoApprove {
		aside := a.view()
		aside.Out = aside.Err
		aside.Plan(plan, describeVendors())
	}
	return a.writeJSON(plan, flags.outJSON)
}

func (a *app) applyKept(ctx context.Context, flags applyFlags, path string) error {
	if err := a.checkPlan(&flags.planFlags); err != nil {
		return err
	}
	text, err := os.ReadFile(a.path(path))
	if err != nil {
		return fmt.Errorf("read plan file: %w", err)
	}
	kept, err := reconcile.DecodeDocument(text)
	if err != nil {
		return err
	}
	c, err := a.load(ctx, flags.configFlags, false)
	if err != nil {
		return err
	}
	r, err := a.reconciler(ctx, c)
	if err != nil {
		return err
	}
	plan, err := a.compare(ctx, c, r, reconcile.Options{Rewrite: kept.Rewrite})
	if err != nil {
		return err
	}
	if err := plan.Limit(r.Providers, kept); err != nil {
		return err
	}
	return a.carryOut(ctx, r, plan, flags)
}

func (a *app) carryOut(ctx context.Context, r *reconcile.Reconciler, plan *reconcile.Plan, flags applyFlags) error {
	a.graceful.Store(true)
	defer a.graceful.Store(false)
	progress := a.view().NewProgress(len(plan.Steps))
	defer progress.Close()
	r.Observer = progress
	person, done, err := a.person(flags, progress)
	if err != nil {
		return err
	}
	document := plan.Document(version) // as it was approved: apply fills in what becomes known
	applied := r.Apply(ctx, a.stop, plan, person)
	progress.Close()
	if err := done(); err != nil {
		return err
	}
	return a.conclude(document, applied, flags)
}

// conclude shows how it ended.
func (a *app) conclude(plan reconcile.Document, applied *reconcile.Applied, flags applyFlags) error {
	if flags.format == "json" {
		if err := a.view().AppliedJSON(plan, applied); err != nil {
			return err
		}
	} else if len(plan.Steps) > 0 {
		a.view().Applied(applied)
	}
	if applied.Failed() {
		return exitStatus(exitError)
	}
	return nil
}

// person returns who carries out manual steps, nil when nobody does; done ends
// what goes with it.
func (a *app) person(flags applyFlags, progress *view.Progress) (person reconcile.Person, done func() error, err error) {
	if !flags.autoApprove && a.asks() {
		person = &atTheKeyboard{app: a, progress: progress}
	}
	if flags.handover == "" {
		return person, func() error { return nil }, nil
	}
	h, err := newHandover(a.path(flags.handover), person)
	if err != nil {
		return nil, nil, err
	}
	return h, h.Close, nil
}

// approve asks whether to go on.
func (a *app) approve(ctx context.Context) error {
	if !a.asks() {
		return errors.New("apply asks before it changes anything, and nobody is there to answer: use -auto-approve, or keep a plan with plan -out=FILE and apply that file")
	}
	a.view().Say("\nShall Lockstep carry this out? Only \"yes\" is taken as consent.")
	switch line, ok := a.answer(ctx); {
	case !ok:
		return fmt.Errorf("%w; nothing was changed", errLeft)
	case line != "yes":
		return errors.New("not approved; nothing was changed")
	}
	return nil
}
