package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// orderFlags say whom an order is about.
type orderFlags struct {
	configFlags
	team, agent string
}

func (f *orderFlags) bind(c *cobra.Command) {
	f.configFlags.bind(c)
	c.Flags().StringVar(&f.team, "team", "", "only the agents of this CXone `team`")
	c.Flags().StringVar(&f.agent, "agent", "", "only this `agent`, by CXone username, e-mail or key")
}

func (a *app) stopCommand() *cobra.Command {
	var flags orderFlags
	var reason string
	c := &cobra.Command{
		Use: "stop", Short: "Halt run: nobody is moved until resume", Args: cobra.NoArgs,
		Long: `Orders every replica of run to move nobody, or nobody of a team, and to drop what
is under way. It holds within two seconds and until resume, over restarts.

When the store cannot be reached, or the files are wrong, it leaves a stop file (.lockstep/stop) that halts
the replicas which run from this directory; resume takes it away.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if reason == "" {
				return errors.New("-reason: say why; it is shown to everybody who asks why nobody is moved")
			}
			return a.stopRun(c.Context(), flags, reason)
		},
	}
	flags.bind(c)
	c.Flags().StringVar(&reason, "reason", "", "`why`, for those who ask")
	return c
}

func (a *app) stopRun(ctx context.Context, flags orderFlags, reason string) error {
	c, s, err := a.history(ctx, flags.configFlags)
	if c == nil {
		err = errors.New("the configuration that names it has mistakes")
	}
	if err == nil {
		err = a.order(ctx, c, s, flags, reason)
	}
	if _, typo := errors.AsType[notKnown](err); typo {
		return fmt.Errorf("stop: %w", err)
	}
	switch {
	case err == nil:
		a.view().Say("Stopped: %s. It holds within two seconds; to go on: lockstep resume%s", whom(flags), again(flags))
		return nil
	case flags.team != "" || flags.agent != "":
		return fmt.Errorf("stop: %w; without -team and -agent, a stop file would halt everybody who runs from this directory", err)
	}
	return a.leaveStopFile(reason, err)
}

// order puts an order into the store.
func (a *app) order(ctx context.Context, c *config.Configuration, s store.Store, flags orderFlags, reason string) error {
	order := mirror.StopOrder{Reason: reason, By: a.who(), At: time.Now()}
	var err error
	if order.Team, order.Agent, err = meant(ctx, c, s, flags); err != nil {
		return err
	}
	return mirror.Stop(ctx, s, accounts(c), order)
}

// meant returns the team or the agent that an order is about, as run knows
// them; neither is everybody.
func meant(ctx context.Context, c *config.Configuration, s store.Store, flags orderFlags) (team, agent string, err error) {
	if flags.agent != "" {
		agent, err = agentKey(ctx, s, accounts(c), flags.agent)
	}
	if err == nil && flags.team != "" {
		team, err = teamName(ctx, c, s, flags.team)
	}
	return team, agent, err
}

// stopFile halts every replica that runs from this directory.
func (a *app) stopFile() string { return filepath.Join(a.chdir, ".lockstep", "stop") }

// leaveStopFile is what is left when the store does not answer.
func (a *app) leaveStopFile(reason string, because error) error {
	path := a.stopFile()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("stop: %w; and no stop file can be left: %w", because, err)
	}
	if err := writeFile(path, []byte(reason+"\n")); err != nil {
		return fmt.Errorf("stop: %w; and no stop file can be left: %w", because, err)
	}
	a.view().Say("The store cannot be reached (%v).\nLeft the stop file %s instead: it halts what runs from this directory, and nothing elsewhere.", because, path)
	return nil
}

func (a *app) resumeCommand() *cobra.Command {
	var flags orderFlags
	c := &cobra.Command{
		Use: "resume", Short: "End a stop; what is there is adopted", Args: cobra.NoArgs,
		Long: `Takes back what stop ordered, for a team, an agent or everybody, and ends a halt by
the breaker. What both sides show then is adopted: nothing is caught up.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.resumeRun(c.Context(), flags) },
	}
	flags.bind(c)
	return c
}

func (a *app) resumeRun(ctx context.Context, flags orderFlags) error {
	if flags.team == "" && flags.agent == "" {
		// First, because it may be there for the very reason that the store is not.
		if err := a.takeStopFile(); err != nil {
			return err
		}
	}
	c, s, err := a.history(ctx, flags.configFlags)
	if c == nil {
		return err
	}
	var team, agent string
	if err == nil {
		team, agent, err = meant(ctx, c, s, flags)
	}
	if err == nil {
		err = mirror.Resume(ctx, s, accounts(c), team, agent)
	}
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	a.view().Say("Resumed: %s. What both sides show is adopted.", whom(flags))
	return nil
}

// takeStopFile takes away the stop file, where there is one.
func (a *app) takeStopFile() error {
	err := os.Remove(a.stopFile())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("resume: %w", err)
	}
	a.view().Say("The stop file %s is gone.", a.stopFile())
	return nil
}

// history loads the configuration and opens what run remembers. The
// configuration is returned even when the store cannot be opened.
func (a *app) history(ctx context.Context, flags configFlags) (*config.Configuration, store.Store, error) {
	was := a.quiet
	a.quiet = true // what is wrong with the rules is not the question here
	c, err := a.load(ctx, flags, false)
	a.quiet = was
	if err != nil {
		return nil, nil, err
	}
	s, err := a.memory(ctx, c)
	return c, s, err
}

// notKnown says that a name means nobody, or not one.
type notKnown string

// Error implements error.
func (n notKnown) Error() string { return string(n) }

// agentKey finds the one agent of whom run knows by a name.
func agentKey(ctx context.Context, s store.Store, tenant, name string) (string, error) {
	known, err := mirror.ReadKnown(ctx, s, tenant)
	if err != nil {
		return "", fmt.Errorf("look for agent %s: %w", name, err)
	}
	var found, names []string
	for i := range known {
		names = append(names, known[i].Login)
		if known[i].Is(name) {
			found = append(found, known[i].Key)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", notKnown(fmt.Sprintf("%d agents are called %q: give one of the keys %s", len(found), name, strings.Join(found, ", ")))
	case len(known) == 0:
		return "", notKnown(fmt.Sprintf("run has not met anybody yet, agent %q included; start lockstep run, or check -chdir", name))
	}
	if near := schema.Suggest(name, names); near != "" {
		return "", notKnown(fmt.Sprintf("run knows no agent %q; did you mean %s?", name, near))
	}
	return "", notKnown(fmt.Sprintf("run knows no agent %q; give the CXone username, the Salesforce username or the e-mail address", name))
}

// teamName finds a team among those of the rules and of the agents whom run
// knows. An order for a team that is none would look like one that holds.
func teamName(ctx context.Context, c *config.Configuration, s store.Store, name string) (string, error) {
	known, err := mirror.ReadKnown(ctx, s, accounts(c))
	if err != nil {
		return "", fmt.Errorf("look for team %s: %w", name, err)
	}
	var teams []string
	for _, rule := range presenceRules(c.Objects) {
		teams = append(teams, rule.Teams...)
	}
	for i := range known {
		teams = append(teams, known[i].Team)
	}
	for _, team := range teams {
		if strings.EqualFold(team, name) {
			return team, nil
		}
	}
	if near := schema.Suggest(name, teams); near != "" {
		return "", notKnown(fmt.Sprintf("run knows no team %q; did you mean %s?", name, near))
	}
	return "", notKnown(fmt.Sprintf("run knows no team %q; give the name of a CXone team", name))
}

func whom(f orderFlags) string {
	switch {
	case f.agent != "":
		return "agent " + f.agent
	case f.team != "":
		return "team " + f.team
	}
	return "everybody"
}

func again(f orderFlags) string {
	switch {
	case f.agent != "":
		return fmt.Sprintf(" -agent=%q", f.agent)
	case f.team != "":
		return fmt.Sprintf(" -team=%q", f.team)
	}
	return ""
}
