package cli

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// files are the configuration of a running sync, which follows them.
type files struct {
	*app
	flags *runFlags
	now   atomic.Pointer[config.Configuration]
}

// settleTime is how long files must have been left alone before they are read:
// an editor and a checkout write in several steps.
const settleTime = 300 * time.Millisecond

// watch brings new settings when a file of the configuration has changed or the
// process is told to look (SIGHUP), until ctx ends.
func (f *files) watch(ctx context.Context) (<-chan mirror.Settings, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := watcher.Add(f.chdir); err != nil {
		_ = watcher.Close()
		return nil, err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	reloaded := make(chan mirror.Settings)
	go func() {
		defer signal.Stop(hangups)
		defer func() { _ = watcher.Close() }() // nothing is read from it any more
		f.follow(ctx, watcher, hangups, reloaded)
	}()
	return reloaded, nil
}

func (f *files) follow(ctx context.Context, watcher *fsnotify.Watcher, hangups <-chan os.Signal, reloaded chan<- mirror.Settings) {
	settled := time.NewTimer(0)
	settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-watcher.Events:
			if isConfiguration(event.Name) {
				settled.Reset(settleTime)
			}
		case err := <-watcher.Errors:
			f.view().Say("Changed files may go unnoticed (%v); SIGHUP reads them.", err)
		case <-hangups:
			settled.Reset(0)
		case <-settled.C:
			settings, ok := f.reload(ctx)
			if !ok {
				continue
			}
			select {
			case reloaded <- settings:
			case <-ctx.Done():
			}
		}
	}
}

func isConfiguration(name string) bool {
	return strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".hcl.json") || strings.HasSuffix(name, ".auto.hclvars")
}

// reload reads the files. With a mistake in them everything stays as it was.
func (f *files) reload(ctx context.Context) (mirror.Settings, bool) {
	c, err := f.load(ctx, f.flags.configFlags, false)
	if err != nil {
		f.view().Say("The changed configuration is not used; the one before stays in force.")
		return mirror.Settings{}, false
	}
	was := f.now.Load()
	if c.Digest == was.Digest {
		return mirror.Settings{}, false
	}
	if accounts(c) != accounts(was) {
		f.view().Say("The changed configuration is about other accounts, which takes a restart; the one before stays in force.")
		return mirror.Settings{}, false
	}
	f.now.Store(c)
	f.view().Say("The changed configuration is in force.")
	settings := syncSettings(c, f.flags)
	settings.OneWay = oneWay(c)
	return settings, true
}

// checkInterval is how often run looks whether what it relies on still holds.
// Each look is a plan, whose calls come out of the day's.
const checkInterval = time.Hour

// keepChecking plans again while the sync runs, and tells when something that
// it relies on was changed by hand.
func (f *files) keepChecking(ctx context.Context, r *reconcile.Reconciler, hook mirror.Webhook) {
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		c := f.now.Load()
		plan, err := r.Plan(ctx, reconcile.Wanted{Objects: c.Objects, Removed: c.Removed}, reconcile.Options{})
		if err != nil {
			continue // the vendors' trouble is seen by the sync itself
		}
		now := strings.Join(unsettled(plan), ", ")
		if now == said {
			continue
		}
		said = now
		f.tellDrift(ctx, hook, now)
	}
}

func (f *files) tellDrift(ctx context.Context, hook mirror.Webhook, drift string) {
	text := "not settled any more: " + drift + "; lockstep plan shows how"
	if drift == "" {
		text = "what run relies on is settled again"
	}
	f.view().Say("%s", strings.ToUpper(text[:1])+text[1:]+".")
	if hook == nil {
		return
	}
	notice := mirror.Notice{At: time.Now(), Tenant: accounts(f.now.Load()), Kind: "drift", Text: text, Over: drift == ""}
	if err := hook.Notify(ctx, notice); err != nil {
		f.logger().Warn("webhook", "error", err)
	}
}
