package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/providers/cxone"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// planFlags are what plan and apply share.
type planFlags struct {
	configFlags
	targets, rewrite []string
	format           string
	outJSON          string
}

func (a *app) bindPlan(c *cobra.Command, f *planFlags) {
	f.bind(c)
	c.Flags().IntVar(&a.parallelism, "parallelism", cxone.DefaultParallelism, "limit CXone to `n` calls at a time; Salesforce gets one deploy a wave")
	c.Flags().StringArrayVar(&f.targets, "target", nil, "limit to this `address` and what it needs; may be given again")
	c.Flags().StringArrayVar(&f.rewrite, "rewrite", nil, "send the write-only values of this `address` again; may be given again")
	c.Flags().StringVar(&f.format, "format", "text", "output `format`: text or json")
	c.Flags().StringVar(&f.outJSON, "out-json", "", "also write the JSON form to a `file`")
}

func (a *app) checkPlan(f *planFlags) error {
	if a.parallelism < 0 {
		return fmt.Errorf("-parallelism=%d: must be 1 or more", a.parallelism)
	}
	return checkFormat(f.format)
}

func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("-format=%s: must be text or json", format)
	}
	return nil
}

func (f *planFlags) options() reconcile.Options {
	return reconcile.Options{Targets: addresses(f.targets), Rewrite: addresses(f.rewrite)}
}

func addresses(texts []string) []schema.Address {
	list := make([]schema.Address, len(texts))
	for i, text := range texts {
		list[i] = schema.Address(text)
	}
	return list
}

func (a *app) planCommand() *cobra.Command {
	var flags planFlags
	var out string
	var detailed bool
	c := &cobra.Command{
		Use: "plan", Short: "Show what differs between the files and both vendors", Args: arguments(0, 0),
		Long: `Reads both vendors, compares them with the configuration and shows each step that
apply would carry out, with the line that asks for it. It changes nothing.

Exit status: 0, or 1 after an error; with -detailed-exitcode 2 when there is
something to do.`,
		RunE: func(c *cobra.Command, _ []string) error {
			plan, _, err := a.plan(c.Context(), flags)
			if err != nil {
				return err
			}
			if err := a.keep(plan, out); err != nil {
				return err
			}
			if detailed && !plan.Settled() {
				return exitStatus(exitPending)
			}
			return nil
		},
	}
	a.bindPlan(c, &flags)
	c.Flags().StringVar(&out, "out", "", "keep the plan in a `file`, for apply")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there is something to do")
	return c
}

// plan makes a plan and shows it.
func (a *app) plan(ctx context.Context, flags planFlags) (*reconcile.Plan, *reconcile.Reconciler, error) {
	plan, r, err := a.makePlan(ctx, flags)
	if err != nil {
		return nil, nil, err
	}
	return plan, r, a.show(plan, flags)
}

// makePlan loads, reads and compares.
func (a *app) makePlan(ctx context.Context, flags planFlags) (*reconcile.Plan, *reconcile.Reconciler, error) {
	if err := a.checkPlan(&flags); err != nil {
		return nil, nil, err
	}
	c, err := a.load(ctx, flags.configFlags, false)
	if err != nil {
		return nil, nil, err
	}
	r, err := a.reconciler(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	plan, err := a.compare(ctx, c, r, flags.options())
	return plan, r, err
}

// compare makes the plan and shows what is wrong with it.
func (a *app) compare(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler, options reconcile.Options) (*reconcile.Plan, error) {
	if err := knownTargets(c, slices.Concat(options.Targets, options.Rewrite)); err != nil {
		return nil, err
	}
	options.People = mirrors(c)
	done := a.view().Busy("Reading both vendors")
	plan, err := r.Plan(ctx, reconcile.Wanted{Objects: c.Objects, Removed: c.Removed}, options)
	done()
	if err != nil {
		return nil, err
	}
	if options.People {
		notePeople(c, plan)
	}
	diags := append(plan.Diagnostics, crossChecks(c, plan)...)
	a.report(diags, c.Source)
	return plan, failed(diags)
}

// knownTargets refuses an address that no block has: a typo would otherwise
// look like a settled plan.
func knownTargets(c *config.Configuration, targets []schema.Address) error {
	for _, target := range targets {
		if !declares(c, target) {
			return fmt.Errorf("no block has the address %s%s", target, nearest(c, target))
		}
	}
	return nil
}

// nearest suggests the address that was probably meant.
func nearest(c *config.Configuration, target schema.Address) string {
	names := make([]string, len(c.Objects))
	for i, o := range c.Objects {
		names[i] = string(o.Address)
	}
	if near := schema.Suggest(string(target), names); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return ""
}

func declares(c *config.Configuration, a schema.Address) bool {
	return slices.ContainsFunc(c.Objects, func(o *schema.Object) bool { return a.Covers(o.Address) }) ||
		slices.ContainsFunc(c.Removed, func(r schema.Removal) bool { return a == r.Address() })
}

func (a *app) show(plan *reconcile.Plan, flags planFlags) error {
	if err := a.writeJSON(plan, flags.outJSON); err != nil {
		return err
	}
	if flags.format == "json" {
		_, err := a.Stdout.Write(plan.Document(version).Encode())
		return err
	}
	a.view().Plan(plan, describeVendors())
	return nil
}

// writeJSON writes the plan's JSON form beside what is shown.
func (a *app) writeJSON(plan *reconcile.Plan, path string) error {
	if path == "" {
		return nil
	}
	return writeFile(a.path(path), plan.Document(version).Encode())
}

// keep writes the plan for a later apply.
func (a *app) keep(plan *reconcile.Plan, path string) error {
	if path == "" {
		return nil
	}
	if err := writeFile(a.path(path), plan.Document(version).Encode()); err != nil {
		return err
	}
	a.view().Say("The plan is kept; to carry out exactly this:\n\n    lockstep apply %s\n", path)
	return nil
}

// writeFile writes a file that only its owner may read; a plan names people.
func writeFile(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		if pathError, ok := errors.AsType[*os.PathError](err); ok {
			return fmt.Errorf("write %s: %w", filepath.Clean(path), pathError.Err)
		}
		return err
	}
	return nil
}
