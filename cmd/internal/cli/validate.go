package cli

import (
	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

func (a *app) validateCommand() *cobra.Command {
	var flags configFlags
	c := &cobra.Command{
		Use: "validate", Short: "Check the files without calling anybody", Args: arguments(0, 0),
		Long: `Checks every file of the directory offline: the language, each block, and that the
presence rules come to rest. Environment variables and secrets are not read.`,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.load(command.Context(), flags, true)
			if err != nil {
				return err
			}
			valid := view.Valid{Blocks: len(c.Objects)}
			facts := presenceFacts(c.Objects)
			for _, rule := range presenceRules(c.Objects) {
				proof := presence.Prove(rule, facts)
				valid.Rules = append(valid.Rules, view.ValidRule{Address: rule.Address, Writes: proof.Longest})
			}
			a.view().Valid(valid)
			return nil
		},
	}
	flags.bind(c)
	return c
}
