package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
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
		Use: "doctor", Short: "Check every prerequisite at both vendors", Args: cobra.NoArgs,
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
			configuration, err := a.load(c.Context(), flags, false)
			if err != nil {
				return err
			}
			r, err := a.reconciler(c.Context(), configuration)
			if err != nil {
				return err
			}
			var examined []view.Examined
			for _, p := range r.Providers {
				done := a.view().Busy("Checking " + p.Vendor().Title)
				examined = append(examined, view.Examined{Vendor: p.Vendor().Title, Checkups: p.(doctor).Doctor(c.Context())})
				done()
			}
			if mirrors(configuration) {
				people, err := examinePeople(c.Context(), configuration, r)
				if err != nil {
					return err
				}
				examined = append(examined, people)
			}
			if format == "json" {
				err = a.view().DoctorJSON(examined)
			} else {
				a.view().Doctor(examined)
			}
			if err == nil && view.Failed(examined) {
				return exitStatus(exitError)
			}
			if err == nil && volunteer != "" {
				return a.probe(c.Context(), configuration, r, volunteer)
			}
			return err
		},
	}
	flags.bind(c)
	c.Flags().StringVar(&format, "format", "text", "output `format`: text or json")
	c.Flags().StringVar(&volunteer, "probe", "", "set this `user` for a moment on both sides, set it back, and time both")
	return c
}
