package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/forecast"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

type forecastFlags struct {
	configFlags
	agents, changes int
	offline         bool
	edition, format string
}

func (a *app) forecastCommand() *cobra.Command {
	var flags forecastFlags
	c := &cobra.Command{
		Use: "forecast", Short: "Compute what run will need of both vendors", Args: arguments(0, 0),
		Long: `Computes calls, event deliveries, open consoles and the resulting delay for a centre
of so many agents, beside the budgets of the sync block and the org's own limits, or
those of an edition. It changes nothing, and with -offline or -edition asks nobody.
Where there is no configuration yet, the defaults of a sync block count.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.forecast(c.Context(), &flags) },
	}
	flags.bind(c)
	c.Flags().IntVar(&flags.agents, "agents", 0, "the `number` of agents")
	c.Flags().IntVar(&flags.changes, "changes", 50, "how `often` one of them changes presence in a working day")
	c.Flags().BoolVar(&flags.offline, "offline", false, "leave the org's own limits out")
	c.Flags().StringVar(&flags.edition, "edition", "", "take the limits of an `edition` instead of asking the org: "+strings.Join(forecast.Editions(), ", "))
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
	centre := forecast.Centre{Agents: flags.agents, Changes: flags.changes, Edition: flags.edition}
	if flags.edition != "" {
		limits, known := forecast.LimitsOf(flags.edition, flags.agents)
		if !known {
			return fmt.Errorf("forecast: the limits of the edition %q are not known; those of %s are", flags.edition, strings.Join(forecast.Editions(), ", "))
		}
		centre.Org = limits
	}
	if err := a.configured(ctx, &centre, flags); err != nil {
		return err
	}
	needs := forecast.Of(centre)
	if flags.format == "json" {
		return a.view().ForecastJSON(needs)
	}
	a.view().Forecast(needs)
	return nil
}

// configured takes in what the configuration says, and what the org does. It is
// no fault that there is neither yet.
func (a *app) configured(ctx context.Context, centre *forecast.Centre, flags *forecastFlags) error {
	if !a.anyFiles() {
		a.view().Say("There is no configuration here: the defaults of a sync block count, and both directions.")
		return nil
	}
	offline := flags.offline || flags.edition != ""
	c, err := a.load(ctx, flags.configFlags, offline)
	if err != nil {
		return err
	}
	centre.PollInterval, centre.WritesPerSecond = c.Sync.PollInterval, c.Sync.WritesPerSecond
	centre.CallsPerDay, centre.DeliveriesPerDay = c.Sync.Budget.SalesforceCallsPerDay, c.Sync.Budget.SalesforceDeliveriesPerDay
	centre.OneWay = oneWay(c) != ""
	if offline {
		return nil
	}
	if centre.Org, err = a.limits(ctx, c); err != nil {
		return fmt.Errorf("forecast: read the org's limits: %w; -edition=NAME takes those of an edition, -offline leaves them out", err)
	}
	return nil
}

func (a *app) anyFiles() bool {
	for _, ending := range []string{"*.hcl", "*.hcl.json"} {
		if found, _ := filepath.Glob(a.path(ending)); len(found) > 0 {
			return true
		}
	}
	return false
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
