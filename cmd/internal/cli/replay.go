package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

func (a *app) replayCommand() *cobra.Command {
	var flags spanFlags
	var with string
	c := &cobra.Command{
		Use: "replay", Short: "Show what other rules would have changed", Args: arguments(0, 0),
		Long: `Runs the rules of another directory over what run recorded, and shows which agents
would have shown something else, and for how long. Without -with it runs the rules as
they are here now, which shows what a change that is not in force yet will do.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.replay(c.Context(), &flags, with) },
	}
	flags.bind(c, 7*24*time.Hour)
	c.Flags().StringVar(&with, "with", "", "take the rules from this `directory`")
	return c
}

func (a *app) replay(ctx context.Context, flags *spanFlags, with string) error {
	p, err := a.past(ctx, flags)
	if err != nil {
		return err
	}
	other := p.config
	if with != "" {
		if other, err = a.loadFrom(ctx, a.path(with), flags.configFlags); err != nil {
			return err
		}
	}
	known, err := mirror.ReadKnown(ctx, p.store, accounts(p.config))
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	settings := presence.DefaultSettings()
	settings.Conflict = presence.Conflict(other.Sync.Conflict)
	replayed, err := history.Under(p.of(ctx, ""), ruleOf(other, known), settings, p.from, p.to)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	switch names := history.NamesOf(known); flags.format {
	case "json":
		return a.view().ReplayJSON(replayed, names)
	case "csv":
		return a.view().ReplayCSV(replayed, names)
	default:
		a.view().Replay(replayed, names)
	}
	return nil
}

// ruleOf returns the rule that a configuration has for an agent on a team.
func ruleOf(c *config.Configuration, known []mirror.Known) func(agent, team string) *presence.Rule {
	set := presence.NewRuleset(history.Carried(presenceRules(c.Objects)), presenceFacts(c.Objects))
	names := make(map[string][]string, len(known))
	for _, k := range known {
		names[k.Key] = []string{k.Login, k.Email}
	}
	return func(agent, team string) *presence.Rule { return set.For(team, names[agent]...) }
}

// loadFrom reads the configuration of another directory.
func (a *app) loadFrom(ctx context.Context, dir string, flags configFlags) (*config.Configuration, error) {
	here := a.chdir
	a.chdir = dir
	defer func() { a.chdir = here }()
	return a.load(ctx, flags, true)
}
