package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

func (a *app) whyCommand() *cobra.Command {
	var flags spanFlags
	var all bool
	c := &cobra.Command{
		Use: "why AGENT", Short: "Explain what was done about an agent", Args: arguments(0, 1),
		Long: `Shows what was seen of an agent, what was decided and by which line of which file,
and what the vendor answered. AGENT is a username, an e-mail address or a key.

With -all, and without AGENT, it shows everybody. For an audit:

    lockstep why -all -format=csv -since=720h >audit.csv`,
		RunE: func(c *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return errors.New("why: name an AGENT, or everybody with -all")
			}
			return a.why(c.Context(), &flags, strings.Join(args, ""))
		},
	}
	flags.bind(c, 24*time.Hour)
	c.Flags().BoolVar(&all, "all", false, "show everybody, without an AGENT")
	return c
}

// why explains what was done about the agent of a name; about everybody with "".
func (a *app) why(ctx context.Context, flags *spanFlags, name string) error {
	p, err := a.past(ctx, flags)
	if err != nil {
		return err
	}
	key := ""
	if name != "" {
		if key, err = a.agentKept(ctx, p.config, p.store, name); err != nil {
			return err
		}
	}
	known, err := mirror.ReadKnown(ctx, p.store, accounts(p.config))
	if err != nil {
		return fmt.Errorf("why: %w", err)
	}
	names, journal := history.NamesOf(known), p.of(ctx, key)
	switch {
	case flags.format == "json":
		return a.view().WhyJSON(name, names, journal)
	case flags.format == "csv":
		return a.view().WhyCSV(names, journal)
	case name == "":
		return a.view().WhyEverybody(names, journal)
	}
	return a.view().Why(name, journal)
}
