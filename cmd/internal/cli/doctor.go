package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// A doctor checks a vendor's prerequisites.
type doctor interface {
	Doctor(ctx context.Context) []schema.Checkup
}

func (a *app) doctorCommand() *cobra.Command {
	var flags configFlags
	var format, volunteer string
	c := &cobra.Command{
		Use: "doctor", Short: "Check every prerequisite at both vendors", Args: arguments(0, 0),
		Long: `Checks what NICE's guide takes for granted, the permissions of the users that
Lockstep signs in as, and the limits of the org, and says what to do about each.
What no API shows is listed as such, with where to look.

With -probe, a volunteer is set to another state and status for a moment and back,
and both ways are timed. Do that while no run serves them.

Exit status: 0 when nothing failed, else 1.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			return a.checkUp(c.Context(), flags, format, volunteer)
		},
	}
	flags.bind(c)
	c.Flags().StringVar(&format, "format", "text", "output `format`: text or json")
	c.Flags().StringVar(&volunteer, "probe", "", "set this `user` for a moment on both sides, set it back, and time both")
	return c
}

func (a *app) checkUp(ctx context.Context, flags configFlags, format, volunteer string) error {
	c, err := a.load(ctx, flags, false)
	if err != nil {
		return err
	}
	r, err := a.reconciler(ctx, c)
	if err != nil {
		return err
	}
	examined := a.examine(ctx, c, r)
	if format == "text" {
		a.view().Doctor(examined) // at once: a probe takes a while
	}
	var probe *view.Probe
	if volunteer != "" && !view.Failed(examined) {
		if probe, err = a.probe(ctx, c, r, volunteer); err == nil && format == "text" {
			a.view().Probed(probe)
		}
	}
	if format == "json" {
		err = errors.Join(err, a.view().DoctorJSON(examined, probe))
	}
	if err == nil && (view.Failed(examined) || probe.Failed()) {
		return exitStatus(exitError)
	}
	return err
}

// examine checks each vendor, and what takes both.
func (a *app) examine(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler) []view.Examined {
	var examined []view.Examined
	for _, p := range r.Providers {
		done := a.view().Busy("Checking " + p.Vendor().Title)
		examined = append(examined, view.Examined{Vendor: p.Vendor().Title, Checkups: p.(doctor).Doctor(ctx)})
		done()
	}
	if !mirrors(c) {
		return examined
	}
	return append(examined, view.Examined{Vendor: "Both", Checkups: append(examinePeople(ctx, c, r), examineWays(c))})
}
