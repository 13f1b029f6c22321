package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

type runFlags struct {
	configFlags
	shadow, dryRun, once, allowDrift bool
	align                            string
	serve                            string
	owner                            string // names this process among the replicas
}

// mode is shadow for a dry run too, whose store keeps nothing.
func (f *runFlags) mode() mirror.Mode {
	if f.dryRun || f.shadow {
		return mirror.Shadow
	}
	return mirror.Live
}

// modeName is the mode as it was asked for.
func (f *runFlags) modeName() string {
	if f.dryRun {
		return "dry-run"
	}
	return string(f.mode())
}

func (f *runFlags) check() error {
	if f.align != "" && f.align != "cxone" && f.align != "salesforce" {
		return fmt.Errorf("-align=%s: must be cxone or salesforce, the side that others are brought in line with", f.align)
	}
	if f.shadow && f.align != "" {
		return errors.New("-align writes, and -shadow never does; leave one out")
	}
	return nil
}

func (a *app) runCommand() *cobra.Command {
	var flags runFlags
	c := &cobra.Command{
		Use: "run [DIR...]", Short: "Mirror presence both ways, until interrupted",
		Long: `Plans first, and starts only when what it relies on is settled: statuses, access,
codes and their teams, the bridge, the rules. Then it keeps every agent's Salesforce
status and CXone state in step, by the rules, until it is interrupted; the first
interrupt lets what is under way finish.

The way to trust it: run -shadow writes to no vendor and records both sides, and
lockstep compare shows what it would have done. Then one rule goes live, then the
rest. lockstep stop halts it within two seconds.

run -dry-run shows each decision on standard output and writes nowhere. It remembers
nothing of earlier runs: it decides about what changes while it looks, and with
-align about what it finds apart at first.

Several processes may run the same configurations when the store is a database: one
of them serves a tenant, and another takes over within five seconds when it ends.

With directories it runs the configuration of each, as if started there with
-chdir; without one, that of the current directory. Two about the same accounts are
refused before anything is started. Each is checked by itself: one that fails says
so, the others go on, and the exit status is 1 in the end. Processes that run the
same directories share the tenants, also with one that comes late: whoever has two
more than another hands one over, at most one a minute. -serve lists the tenants, with
each one's page under /tenants/, and /metrics, /healthz and /readyz are about all of
them.

A changed file, or SIGHUP, loads the configuration anew: whole, or not at all.
LOCKSTEP_LOG says from which level on it logs: debug, info (without it), warn or error.`,
		RunE: func(c *cobra.Command, dirs []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			flags.owner = owner()
			if len(dirs) > 0 {
				return a.runSeveral(c.Context(), &flags, dirs)
			}
			return a.runSync(c.Context(), &flags)
		},
	}
	flags.bind(c)
	c.Flags().BoolVar(&flags.shadow, "shadow", false, "write to no vendor; record both sides and what would be done")
	c.Flags().BoolVar(&flags.dryRun, "dry-run", false, "decide and show, write nowhere, the store included")
	c.Flags().BoolVar(&flags.once, "once", false, "end when every agent was seen and nothing is under way")
	c.Flags().BoolVar(&flags.allowDrift, "allow-drift", false, "start although what run relies on is not settled")
	c.Flags().StringVar(&flags.align, "align", "", "write where a pair met at the start is not mapped: bring it in line with this `side`, cxone or salesforce")
	c.Flags().StringVar(&flags.serve, "serve", "", "serve the live page, /metrics, /healthz and /readyz on this `address`, in plain HTTP; off loopback LOCKSTEP_TOKEN must be set, and a proxy add TLS")
	return c
}

func (a *app) runSync(ctx context.Context, flags *runFlags) error {
	c, err := a.loadSync(ctx, flags)
	if err != nil {
		return err
	}
	return a.runLoaded(ctx, c, flags)
}

// loadSync loads a configuration under which run has something to do, nil with
// an error.
func (a *app) loadSync(ctx context.Context, flags *runFlags) (*config.Configuration, error) {
	planning, cancel := a.planning(ctx)
	defer cancel()
	c, err := a.load(planning, flags.configFlags, false)
	if err != nil {
		return nil, err
	}
	if err := hasRules(c); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	return c, nil
}

func (a *app) runLoaded(ctx context.Context, c *config.Configuration, flags *runFlags) error {
	planning, cancel := a.planning(ctx)
	defer cancel()
	var keeper reconcile.Keeper = unkept{}
	var err error
	if !flags.dryRun {
		if keeper, err = a.keeper(planning, c); err != nil {
			return err
		}
	}
	r, err := a.connect(planning, c, keeper)
	if err != nil {
		return err
	}
	if err := a.ready(planning, c, r, flags); err != nil {
		return err
	}
	s, err := a.ownMemory(ctx, c, flags)
	if err != nil {
		return err
	}
	return a.mirror(ctx, c, r, s, flags)
}

// planning is the context of what comes before the sync. An interrupt ends it,
// beside others too, which are let finish meanwhile.
func (a *app) planning(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.among == nil {
		return context.WithCancel(ctx)
	}
	return a.untilStop(ctx)
}

// hasRules refuses a configuration under which run has nothing to do: more
// often than that it is one of which a file is missing.
func hasRules(c *config.Configuration) error {
	if len(presenceRules(c.Objects)) == 0 {
		return errors.New("no presence_rule is declared, so nobody would be kept in step; lockstep docs presence_rule shows one")
	}
	return nil
}

// reliedOn lists the kinds that run cannot do its work without.
var reliedOn = []string{
	"presence_status", "profile_access", "permission_set_access", "presence_bridge", "unavailable_code", "presence_rule",
}

// ready plans, and refuses to start on what is not settled. What cannot be
// verified, a manual step above all, does not stop it.
func (a *app) ready(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler, flags *runFlags) error {
	plan, err := a.compare(ctx, c, r, reconcile.Options{})
	if err != nil {
		return err
	}
	forget(r)
	open := unsettled(plan)
	if len(open) == 0 {
		return nil
	}
	if flags.allowDrift || flags.mode() != mirror.Live {
		a.view().Say("Not settled, and started all the same: %s.", strings.Join(open, ", "))
		return nil
	}
	return fmt.Errorf("run: not settled: %s; lockstep plan shows how, lockstep apply settles it, and -allow-drift starts all the same", strings.Join(open, ", "))
}

// forget lets go of what was read for a plan: a large centre's people are a
// large part of what run would hold all day.
func forget(r *reconcile.Reconciler) {
	for _, p := range r.Providers {
		if p, ok := p.(interface{ Forget() }); ok {
			p.Forget()
		}
	}
}

// unsettled names the steps that stand between a plan and run.
func unsettled(plan *reconcile.Plan) []string {
	var open []string
	for _, step := range plan.Steps {
		if step.Action != schema.Manual && slices.Contains(reliedOn, step.Kind.Name) {
			open = append(open, string(step.Address))
		}
	}
	return open
}

// ownMemory opens what run remembers for run itself: a file must be its own,
// and is then shared with other commands over a socket.
func (a *app) ownMemory(ctx context.Context, c *config.Configuration, flags *runFlags) (store.Store, error) {
	if flags.dryRun {
		return nil, nil
	}
	path, err := a.storePath(c)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	if path == "" || a.alone {
		return a.memory(ctx, c)
	}
	f, own := a.store.(*store.File) // opened for the record
	if !own {
		if f, err = a.openFile(path); err != nil {
			return nil, fmt.Errorf("run: %w", alternative(err))
		}
		a.store = f
	}
	return f, a.share(ctx, path, f)
}

// openFile opens a file for this process alone. Beside others, one of them may
// have done so.
func (a *app) openFile(path string) (*store.File, error) {
	s, err := a.openStore(path, func() (store.Store, error) { return store.OpenFile(path) })
	if err != nil {
		return nil, err
	}
	f, own := s.(*store.File)
	if !own {
		return nil, fmt.Errorf("%s: %w", path, store.ErrLocked)
	}
	return f, nil
}

// alternative says what to do about a file that another process has.
func alternative(err error) error {
	if !errors.Is(err, store.ErrLocked) {
		return err
	}
	return fmt.Errorf("%w; end that process, or let several share a database by store = \"postgres://...\" in the lockstep block", err)
}

// share answers other commands of this machine, which cannot open the file.
func (a *app) share(ctx context.Context, path string, s store.Store) (err error) {
	if a.among == nil {
		end, err := a.answerOthers(ctx, path, s)
		if err == nil {
			a.closers = append(a.closers, end)
		}
		return err
	}
	stores := a.among.stores
	stores.of(path).shared.Do(func() {
		var end closer
		if end, err = a.among.answerOthers(ctx, path, s); err == nil {
			stores.keep(end)
		}
	})
	return err
}

func (a *app) answerOthers(ctx context.Context, path string, s store.Store) (end closer, err error) {
	listener, err := store.Listen(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := store.Serve(ctx, listener, s); err != nil {
			a.view().Say("Other commands cannot be answered any more: %v", err)
		}
	})
	return func() error {
		err := listener.Close()
		serving.Wait() // what is being answered needs the file
		return err
	}, nil
}

// A closer closes something in its own way.
type closer func() error

// Close implements [io.Closer].
func (c closer) Close() error { return c() }
