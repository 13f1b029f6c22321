package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

func (a *app) forgetCommand() *cobra.Command {
	var flags configFlags
	c := &cobra.Command{
		Use: "forget AGENT", Short: "Erase what run keeps of a person", Args: arguments(1, 1),
		Long: `Erases a person's history and what run remembers of them, for whoever asks to be
forgotten. AGENT is a username, an e-mail address or a key. A run that serves is
told, and drops what it holds.

Nothing is changed at either vendor: as long as both list the person, a run
matches them, knows their name and begins anew with them; a rule's exclude keeps
it from writing about them. A stop for the person stays.

A file forgets at once and overwrites what it held. A database does so in its own
time (VACUUM), and neither reaches copies: backups, logs, what was exported.`,
		RunE: func(c *cobra.Command, args []string) error { return a.forget(c.Context(), flags, args[0]) },
	}
	flags.bind(c)
	return c
}

func (a *app) forget(ctx context.Context, flags configFlags, name string) error {
	c, s, err := a.history(ctx, flags)
	if err != nil {
		return err
	}
	key, err := a.agentKept(ctx, c, s, name)
	if err != nil {
		return err
	}
	entries, err := mirror.Forget(ctx, s, accounts(c), key)
	if err != nil {
		return fmt.Errorf("forget %s: %w", name, err)
	}
	a.view().Print("Forgot %s: %d entries of the journal, and what run remembered.", name, entries)
	return nil
}
