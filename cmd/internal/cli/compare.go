package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/schema"
)

func (a *app) compareCommand() *cobra.Command {
	var flags spanFlags
	c := &cobra.Command{
		Use: "compare", Short: "Show what both sides showed beside what the rules ask for", Args: arguments(0, 0),
		Long: `Reads what run recorded, usually with -shadow, and shows by team and by row of the
rules the agent-hours in which the sides were apart, what others did late or not at
all, and where Lockstep would have done something else.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.comparePast(c.Context(), &flags) },
	}
	flags.bind(c, 24*time.Hour)
	return c
}

func (a *app) comparePast(ctx context.Context, flags *spanFlags) error {
	p, err := a.past(ctx, flags)
	if err != nil {
		return err
	}
	compared, err := history.Compare(p.of(ctx, ""), p.from, p.to)
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	compared.NICE = byNICE(compared.Rows, presenceRules(p.config.Objects))
	switch flags.format {
	case "json":
		return a.view().CompareJSON(compared)
	case "csv":
		return a.view().CompareCSV(compared)
	}
	a.view().Compare(compared)
	return nil
}

// byNICE reports whether NICE's own sync carries out every rule of the rows.
func byNICE(rows []history.Compared, rules []schema.Rule) bool {
	theirs := map[string]bool{}
	for i := range rules {
		theirs[rules[i].Name] = rules[i].Executor == "cxone"
	}
	return !slices.ContainsFunc(rows, func(r history.Compared) bool { return !theirs[r.Rule] })
}
