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
		Use: "stop", Short: "Halt run: nobody is moved until resume", Args: arguments(0, 0),
		Long: `Orders every replica of run to move nobody, or nobody of a team, and to drop what
is under way. It holds within two seconds and until resume, over restarts.

When the store cannot be reached within ten seconds, or the files are wrong, it
leaves a stop file (.lockstep/stop) that halts the replicas which run from this
directory, and no others; the exit status is 1 then, unless the store is the file
of this directory. resume takes the stop file away.`,
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

// storePatience is how long an order waits for the store: whoever gives one is
// in a hurry, and there is the stop file.
const storePatience = 10 * time.Second

func (a *app) stopRun(ctx context.Context, flags orderFlags, reason string) error {
	waiting, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	c, s, err := a.history(waiting, flags.configFlags)
	if c == nil {
		err = errors.New("the configuration that names it has mistakes")
	}
	if err == nil {
		err = a.order(waiting, c, s, flags, reason)
	}
	if _, typo := errors.AsType[notKnown](err); typo {
		return fmt.Errorf("stop: %w", err)
	}
	err = inTime(err)
	switch {
	case err == nil:
		a.view().Say("Stopped: %s. It holds within two seconds; to go on: lockstep resume%s", whom(flags), again(flags))
		return nil
	case flags.team != "" || flags.agent != "":
		return fmt.Errorf("stop: %w; without -team and -agent, a stop file would halt everybody who runs from this directory", err)
	}
	return a.stopHere(c, reason, err)
}

// stopHere does what can be done without the store, and says what that is not.
func (a *app) stopHere(c *config.Configuration, reason string, because error) error {
	if err := a.leaveStopFile(reason); err != nil {
		return fmt.Errorf("stop: %w; and no stop file can be left: %w", because, err)
	}
	if c != nil && c.Lockstep.Store.IsZero() { // whoever has this file open runs from this directory
		a.view().Say("The store cannot be reached (%v).\nLeft the stop file %s instead: it halts what runs from this directory.", because, a.stopFile())
		return nil
	}
	return fmt.Errorf("stop: the store cannot be reached: %w; left the stop file %s instead, which halts what runs from this directory and nothing elsewhere: "+
		"give the order again once the store answers, or where else it runs", because, a.stopFile())
}

// inTime says in plain words that the store did not answer.
func inTime(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("it does not answer within %s", storePatience)
	}
	return err
}

// order puts an order into the store.
func (a *app) order(ctx context.Context, c *config.Configuration, s store.Store, flags orderFlags, reason string) error {
	order := mirror.StopOrder{Reason: reason, By: a.who(), At: time.Now()}
	var err error
	if order.Team, order.Agent, err = a.meant(ctx, c, s, flags); err != nil {
		return err
	}
	return mirror.Stop(ctx, s, accounts(c), order)
}

// meant returns the team or the agent that an order is about, as run knows
// them; neither is everybody.
func (a *app) meant(ctx context.Context, c *config.Configuration, s store.Store, flags orderFlags) (team, agent string, err error) {
	if flags.agent != "" {
		agent, err = a.agentMet(ctx, c, s, flags.agent)
	}
	if err == nil && flags.team != "" {
		team, err = teamName(ctx, c, s, flags.team)
	}
	return team, agent, err
}

// stopFile halts every replica that runs from this directory.
func (a *app) stopFile() string { return filepath.Join(a.chdir, ".lockstep", "stop") }

// leaveStopFile is what is left when the store does not answer.
func (a *app) leaveStopFile(reason string) error {
	path := a.stopFile()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return writeFile(path, []byte(reason+"\n"))
}

func (a *app) resumeCommand() *cobra.Command {
	var flags orderFlags
	c := &cobra.Command{
		Use: "resume", Short: "End a stop; what is there is adopted", Args: arguments(0, 0),
		Long: `Takes back what stop ordered, for a team, an agent or everybody, and ends a halt by
the breaker. What both sides show then is adopted: nothing is caught up. Whoever
is kept from being moved by something else is named.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.resumeRun(c.Context(), flags) },
	}
	flags.bind(c)
	return c
}

func (a *app) resumeRun(ctx context.Context, flags orderFlags) error {
	stopped := false
	if flags.team == "" && flags.agent == "" {
		// First, because it may be there for the very reason that the store is not.
		var err error
		if stopped, err = a.takeStopFile(); err != nil {
			return err
		}
	}
	waiting, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	c, s, err := a.history(waiting, flags.configFlags)
	if c == nil {
		return err
	}
	var taken bool
	var held []string
	if err == nil {
		taken, held, err = a.takeBack(waiting, c, s, flags)
	}
	if err != nil {
		return fmt.Errorf("resume: %w", inTime(err))
	}
	stopped = stopped || taken
	switch {
	case len(held) > 0 && !stopped:
		a.view().Say("Nothing was ordered for %s. Still not moved:\n  %s", whom(flags), strings.Join(held, "\n  "))
	case len(held) > 0:
		a.view().Say("Taken back: what was ordered for %s. Still not moved:\n  %s", whom(flags), strings.Join(held, "\n  "))
	case !stopped:
		a.view().Say("Nobody was stopped.")
	default:
		a.view().Say("Resumed: %s. What both sides show is adopted.", whom(flags))
	}
	return nil
}

// takeStopFile takes away the stop file, and reports whether there was one.
func (a *app) takeStopFile() (bool, error) {
	err := os.Remove(a.stopFile())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("resume: %w", err)
	}
	a.view().Say("The stop file %s is gone.", a.stopFile())
	return true, nil
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

// takeBack takes orders back, and reports whether there were any, and what keeps
// those whom they were about from being moved all the same.
func (a *app) takeBack(ctx context.Context, c *config.Configuration, s store.Store, flags orderFlags) (taken bool, held []string, err error) {
	var before []string
	team, agent, err := a.meant(ctx, c, s, flags)
	if err == nil {
		before, err = mirror.Holds(ctx, s, accounts(c), team, agent)
	}
	if err == nil {
		// Also when nobody is stopped as far as the store knows: a halt by the
		// breaker may not have been kept yet.
		err = mirror.Resume(ctx, s, accounts(c), team, agent)
	}
	if err == nil {
		held, err = mirror.Holds(ctx, s, accounts(c), team, agent)
	}
	if err != nil {
		return false, nil, err
	}
	taken = len(before) > len(held)
	for _, w := range c.Sync.Freeze {
		if w.Holds(time.Now()) {
			held = append(held, "everybody, by freeze: "+w.Text)
		}
	}
	if _, err := os.Stat(a.stopFile()); err == nil {
		held = append(held, fmt.Sprintf("everybody who runs from this directory, by the stop file %s; lockstep resume takes it away", a.stopFile()))
	}
	return taken, held, nil
}
