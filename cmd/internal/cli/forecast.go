package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/forecast"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

type forecastFlags struct {
	configFlags
	agents, changes int
	offline         bool
	format          string
}

func (a *app) forecastCommand() *cobra.Command {
	var flags forecastFlags
	c := &cobra.Command{
		Use: "forecast", Short: "Compute what run will need of both vendors", Args: cobra.NoArgs,
		Long: `Computes calls, event deliveries, open consoles and the resulting delay for a centre
of so many agents, beside the budgets of the sync block and the org's own limits. It
changes nothing, and with -offline asks nobody.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.forecast(c.Context(), &flags) },
	}
	flags.bind(c)
	c.Flags().IntVar(&flags.agents, "agents", 0, "the `number` of agents")
	c.Flags().IntVar(&flags.changes, "changes", 50, "how `often` one of them changes presence in a working day")
	c.Flags().BoolVar(&flags.offline, "offline", false, "leave the org's own limits out")
	c.Flags().StringVar(&flags.format, "format", "text", "output `format`: text or json")
	return c
}

func (a *app) forecast(ctx context.Context, flags *forecastFlags) error {
	if flags.agents < 1 || flags.changes < 1 {
		return errors.New("forecast: say how large the centre is, such as -agents=3000 -changes=50")
	}
	if err := checkFormat(flags.format); err != nil {
		return err
	}
	c, err := a.load(ctx, flags.configFlags, flags.offline)
	if err != nil {
		return err
	}
	centre := forecast.Centre{
		Agents: flags.agents, Changes: flags.changes,
		PollInterval: c.Sync.PollInterval, WritesPerSecond: c.Sync.WritesPerSecond,
		CallsPerDay: c.Sync.Budget.SalesforceCallsPerDay, DeliveriesPerDay: c.Sync.Budget.SalesforceDeliveriesPerDay,
		OneWay: oneWay(c) != "",
	}
	if !flags.offline {
		if centre.Org, err = a.limits(ctx, c); err != nil {
			return fmt.Errorf("forecast: read the org's limits: %w; -offline leaves them out", err)
		}
	}
	needs := forecast.Of(centre)
	if flags.format == "json" {
		return a.view().ForecastJSON(needs)
	}
	a.view().Forecast(needs)
	return nil
}

// limits asks the org what it allows.
func (a *app) limits(ctx context.Context, c *config.Configuration) (mirror.Allowances, error) {
	r, err := a.reconciler(ctx, c)
	if err != nil {
		return mirror.Allowances{}, err
	}
	var options mirror.Options
	if err := sides(&options, c, r); err != nil {
		return mirror.Allowances{}, err
	}
	return options.Salesforce.Limits(ctx)
}
