package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func (a *app) confirmCommand() *cobra.Command {
	var flags configFlags
	var until, ticket string
	c := &cobra.Command{
		Use: "confirm ADDRESS", Short: "Record that a manual step has been carried out", Args: arguments(1, 1),
		Long: `Records who attested a manual step and when, with a digest of what it says. From
then on the step is a note in the plan, until the block changes or the date passes.`,
		RunE: func(c *cobra.Command, args []string) error {
			attestation := reconcile.Attestation{By: a.who(), At: time.Now().UTC(), Ticket: ticket}
			if until != "" {
				end, err := time.Parse(time.DateOnly, until)
				if err != nil {
					return fmt.Errorf("-until=%s: must be a date such as 2027-01-31", until)
				}
				if !end.After(attestation.At) {
					return fmt.Errorf("-until=%s: must be a date to come", until)
				}
				attestation.Until = end
			}
			return a.confirm(c, flags, schema.Address(args[0]), attestation)
		},
	}
	flags.bind(c)
	c.Flags().StringVar(&until, "until", "", "the attestation ends on this `date` (2027-01-31)")
	c.Flags().StringVar(&ticket, "ticket", "", "the change `ticket` it belongs to")
	return c
}

func (a *app) confirm(cmd *cobra.Command, flags configFlags, address schema.Address, attestation reconcile.Attestation) error {
	c, err := a.load(cmd.Context(), flags, false)
	if err != nil {
		return err
	}
	r, err := a.reconciler(cmd.Context(), c)
	if err != nil {
		return err
	}
	plan, err := a.compare(cmd.Context(), c, r, reconcile.Options{})
	if err != nil {
		return err
	}
	for _, step := range plan.Steps {
		if step.Address != address || step.Action != schema.Manual {
			continue
		}
		if step.Wanted != nil && !schema.Known(step.Wanted.Record) {
			return fmt.Errorf("%s cannot be confirmed yet: some of its values are known only after apply; lockstep apply carries out what it needs, and asks about it then", address)
		}
		if err := r.Record.Attest(cmd.Context(), step, attestation); err != nil {
			return err
		}
		a.view().Print("Recorded: %s attested %s.", attestation.By, address)
		return nil
	}
	return fmt.Errorf("%s has no manual step to confirm; lockstep plan lists those that are open", address)
}
