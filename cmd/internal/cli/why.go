package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) whyCommand() *cobra.Command {
	var flags spanFlags
	c := &cobra.Command{
		Use: "why AGENT", Short: "Explain what was done about an agent", Args: cobra.ExactArgs(1),
		Long: `Shows what was seen of an agent, what was decided and by which line of which file,
and what the vendor answered. AGENT is a username, an e-mail address or a key.
-format=csv is for audits.`,
		RunE: func(c *cobra.Command, args []string) error { return a.why(c.Context(), &flags, args[0]) },
	}
	flags.bind(c, 24*time.Hour)
	return c
}

func (a *app) why(ctx context.Context, flags *spanFlags, name string) error {
	p, err := a.past(ctx, flags)
	if err != nil {
		return err
	}
	key, err := agentKey(ctx, p.store, accounts(p.config), name)
	if err != nil {
		return err
	}
	switch journal := p.of(ctx, key); flags.format {
	case "json":
		return a.view().WhyJSON(name, journal)
	case "csv":
		return a.view().WhyCSV(journal)
	default:
		return a.view().Why(name, journal)
	}
}
