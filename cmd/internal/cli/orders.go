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

When the store cannot be reached, it leaves a stop file (.lockstep/stop) that halts
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
		return err
	}
	order := mirror.StopOrder{Team: flags.team, Reason: reason, By: a.who(), At: time.Now()}
	if err == nil && flags.agent != "" {
		order.Agent, err = agentKey(ctx, s, accounts(c), flags.agent)
		if err != nil {
			return err
		}
	}
	if err == nil {
		err = mirror.Stop(ctx, s, accounts(c), order)
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
	c, s, err := a.history(ctx, flags.configFlags)
	if err != nil {
		return err
	}
	agent := ""
	if flags.agent != "" {
		if agent, err = agentKey(ctx, s, accounts(c), flags.agent); err != nil {
			return err
		}
	}
	if flags.team == "" && agent == "" {
		if err := os.Remove(a.stopFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("resume: %w", err)
		}
	}
	if err := mirror.Resume(ctx, s, accounts(c), flags.team, agent); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	a.view().Say("Resumed: %s. What both sides show is adopted.", whom(flags))
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
		return "", fmt.Errorf("%d agents are called %q: give one of the keys %s", len(found), name, strings.Join(found, ", "))
	case len(known) == 0:
		return "", fmt.Errorf("run has not met anybody yet, agent %q included; start lockstep run, or check -chdir", name)
	}
	if near := schema.Suggest(name, names); near != "" {
		return "", fmt.Errorf("run knows no agent %q; did you mean %s?", name, near)
	}
	return "", fmt.Errorf("run knows no agent %q; give the CXone username, the Salesforce username or the e-mail address", name)
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
