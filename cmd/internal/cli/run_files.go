package cli

import (
	"context"
	"fmt"
	"math"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// files are the configuration of a running sync, which follows them, and keeps
// checking that what it relies on holds.
type files struct {
	*app
	flags      *runFlags
	now        *config.Configuration // in force
	reconciler *reconcile.Reconciler
	running    *mirror.View
	hook       mirror.Webhook       // nil for none
	telling    sync.WaitGroup       // of it
	reloaded   chan mirror.Settings // what is in force from now on

	refused string // why the files as they are now are not in force
	drift   string // what was last said not to be settled any more
}

const (
	// settleTime is how long files must have been left alone before they are
	// read: an editor and a checkout write in several steps.
	settleTime = 300 * time.Millisecond
	// againAfter is how often files are read again that were right and could not
	// be put in force.
	againAfter = 5 * time.Minute
	// checkInterval is how often run looks whether what it relies on still holds.
	// Each look is a plan, whose calls come out of the day's, so that only the
	// replica that serves looks.
	checkInterval = time.Hour
)

// watch sends new settings when a file of the configuration has changed or the
// process is told to look (SIGHUP), until ctx ends.
func (f *files) watch(ctx context.Context, beside *sync.WaitGroup) error {
	if f.alone {
		beside.Go(func() { f.follow(ctx, nil, nil) })
		return nil
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	if err := watcher.Add(f.chdir); err != nil {
		_ = watcher.Close() // it watches nothing
		return err
	}
	signal.Notify(f.hangups, syscall.SIGHUP)
	beside.Go(func() {
		defer signal.Stop(f.hangups)
		defer func() { _ = watcher.Close() }() // nothing is read from it any more
		f.follow(ctx, watcher.Events, watcher.Errors)
	})
	return nil
}

func (f *files) follow(ctx context.Context, changes <-chan fsnotify.Event, failures <-chan error) {
	defer f.telling.Wait()
	look := time.NewTimer(0)
	look.Stop()
	check := time.NewTicker(checkInterval)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case change := <-changes:
			if isConfiguration(change.Name) {
				look.Reset(settleTime)
			}
		case err := <-failures:
			f.view().Say("Changed files may go unnoticed (%v); SIGHUP reads them.", err)
		case <-f.hangups:
			look.Reset(0)
		case <-look.C:
			if f.reload(ctx); f.refused != "" {
				look.Reset(againAfter)
			}
		case <-check.C:
			f.check(ctx)
		}
	}
}

// isConfiguration recognises what a change of the configuration touches. Where
// a directory of links is swapped as a whole, as Kubernetes does, that is only
// the link ..data.
func isConfiguration(name string) bool {
	return strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".hcl.json") || strings.HasSuffix(name, ".hclvars") ||
		filepath.Base(name) == "..data"
}

// reload puts the files in force, whole or not at all.
func (f *files) reload(ctx context.Context) {
	was := f.refused
	f.refused = "" // nothing comes of reading the same files again, but for one case
	c, err := f.read(ctx)
	switch {
	case err != nil:
		f.view().Say("The changed configuration is not used; the one before stays in force.")
		return
	case c.Digest == f.now.Digest:
		return
	}
	if what := needsRestart(f.now, c); what != "" {
		f.view().Say("The changed configuration has %s, which takes a restart; the one before stays in force.", what)
		return
	}
	if f.refused = f.unready(ctx, c); f.refused != "" {
		if f.refused != was {
			f.view().Say("The changed configuration is not in force yet: %s. The one before stays in force.", f.refused)
		}
		return
	}
	select {
	case f.reloaded <- syncSettings(c, f.flags):
		f.now, f.drift = c, ""
		f.view().Say("The changed configuration is in force.")
	case <-ctx.Done():
	}
}

// read reads the files, and says what is wrong with them.
func (f *files) read(ctx context.Context) (*config.Configuration, error) {
	c, err := f.load(ctx, f.flags.configFlags, false)
	if err != nil {
		return nil, err // load has said it
	}
	if err := hasRules(c); err != nil {
		f.view().Fail(err)
		return nil, err
	}
	return c, nil
}

// needsRestart names what a running sync cannot change.
func needsRestart(was, is *config.Configuration) string {
	oldBridge, newBridge := bridge(was), bridge(is)
	switch {
	case accounts(was) != accounts(is):
		return "other accounts"
	case !sameProviders(was, is):
		return "another way to reach a vendor"
	case !was.Lockstep.Store.Equal(is.Lockstep.Store):
		return "another store"
	case !was.Sync.Webhook.Equal(is.Sync.Webhook):
		return "another webhook"
	case (oldBridge == nil) != (newBridge == nil) || oldBridge != nil && *oldBridge != *newBridge:
		return "another bridge"
	}
	return ""
}

func sameProviders(was, is *config.Configuration) bool {
	for name, block := range is.Providers {
		before := was.Providers[name]
		if before == nil || !schema.Equal(before.Record, block.Record) {
			return false
		}
	}
	return len(was.Providers) == len(is.Providers)
}

// unready says why a configuration cannot be put in force now: what it relies
// on must be settled, as at the start.
func (f *files) unready(ctx context.Context, c *config.Configuration) string {
	if f.flags.allowDrift || f.flags.mode() != mirror.Live {
		return ""
	}
	open, err := f.open(ctx, c)
	switch {
	case err != nil:
		return fmt.Sprintf("what it relies on could not be checked (%v), which is tried again", err)
	case open != "":
		return fmt.Sprintf("not settled: %s; lockstep apply settles it", open)
	}
	return ""
}

// open names what stands between a configuration and run.
func (f *files) open(ctx context.Context, c *config.Configuration) (string, error) {
	plan, err := f.reconciler.Plan(ctx, reconcile.Wanted{Objects: c.Objects, Removed: c.Removed}, reconcile.Options{})
	forget(f.reconciler)
	if err == nil {
		err = plan.Diagnostics.Err()
	}
	if err != nil {
		return "", err
	}
	return strings.Join(unsettled(plan), ", "), nil
}

// check plans again, and tells when something that the sync relies on was
// changed by hand.
func (f *files) check(ctx context.Context) {
	if !f.serves(ctx) {
		return
	}
	open, err := f.open(ctx, f.now)
	if err != nil || open == f.drift {
		return // the vendors' trouble is seen by the sync itself
	}
	f.drift = open
	f.tellDrift(ctx, open)
}

// serves reports whether this replica keeps the tenant in step.
func (f *files) serves(ctx context.Context) bool {
	now, err := f.running.Changes(ctx, math.MaxUint64) // of no agent
	return err == nil && now.Standing == mirror.Running
}

func (f *files) tellDrift(ctx context.Context, drift string) {
	text := "not settled any more: " + drift + "; lockstep plan shows how"
	if drift == "" {
		text = "what run relies on is settled again"
	}
	f.view().Say("%s", strings.ToUpper(text[:1])+text[1:]+".")
	if f.hook == nil {
		return
	}
	notice := mirror.Notice{At: time.Now(), Tenant: accounts(f.now), Kind: "drift", Text: text, Over: drift == ""}
	f.telling.Go(func() { // it may take a while
		if err := f.hook.Notify(ctx, notice); err != nil {
			f.logger().Warn("webhook", "error", err)
		}
	})
}
