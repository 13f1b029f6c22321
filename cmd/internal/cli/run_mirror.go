package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/lockstep-sync/lockstep/cmd/internal/dashboard"
	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/providers/cxone"
	"github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// mirror runs the sync until it is interrupted.
func (a *app) mirror(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler, s store.Store, flags *runFlags) error {
	who := &roll{}
	options := mirror.Options{
		Settings: syncSettings(c, flags), Store: overheard{s, who}, Log: a.runLogger(who), StopFile: a.stopFile(), View: mirror.NewView(),
	}
	if flags.dryRun {
		defer a.looksOn(&options, who)()
	}
	if !c.Sync.Webhook.IsZero() {
		options.Webhook = newWebhook(c.Sync.Webhook, a.Transport, who)
	}
	if err := sides(&options, c, r); err != nil {
		return err
	}
	if why := options.Settings.OneWay; why != "" {
		a.view().Say("One-way: CXone follows Salesforce, and nobody's status is set: %s.", why)
	}
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup // what works beside the sync, and ends with it
	defer beside.Wait()
	defer cancel()
	if a.among != nil {
		options.Fleet = a.among.fleet(ctx, s)
	}
	look := watched{options.View, options.Store, options.Settings.Tenant, flags.modeName()}
	page, err := a.serve(ctx, &beside, flags.serve, look, &options)
	if err != nil {
		return err
	}
	files := &files{app: a, flags: flags, now: c, reconciler: r, running: options.View, hook: options.Webhook, reloaded: make(chan mirror.Settings)}
	if err := files.watch(ctx, &beside); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	options.Reload = files.reloaded
	if a.view().Live {
		beside.Go(func() { a.followOn(ctx, look, inShort(c), page) })
	}
	return a.untilInterrupted(ctx, options)
}

// untilInterrupted lets what is under way finish after a first interrupt, and
// leaves it after a second.
func (a *app) untilInterrupted(ctx context.Context, options mirror.Options) error {
	a.graceful.Store(true) // beside others, the command's own
	defer a.graceful.Store(false)
	defer collectLess()()
	options.Lull = collectGrown
	running, drain := context.WithCancel(ctx)
	defer drain()
	ended := make(chan error, 1)
	go func() { ended <- mirror.Run(running, options) }()
	for stop := a.stop; ; {
		select {
		case err := <-ended:
			return err
		case <-stop:
			drain()
			stop = nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sides connects both vendors as run sees them.
func sides(options *mirror.Options, c *config.Configuration, r *reconcile.Reconciler) error {
	for _, p := range r.Providers {
		switch p := p.(type) {
		case *salesforce.Provider:
			options.Salesforce = p.Presence(bridge(c))
		case *cxone.Provider:
			options.CXone = p.Presence()
		}
	}
	if options.Salesforce == nil || options.CXone == nil {
		return errors.New("run: both vendors are needed; declare provider \"salesforce\" {} and provider \"cxone\" {}")
	}
	return nil
}

// oneWay says why Salesforce cannot be written to, "" when it can.
func oneWay(c *config.Configuration) string {
	if bridge(c) == nil {
		return "no presence_bridge is declared, and Salesforce has no other way to set a status from outside"
	}
	return ""
}

// bridge returns what the configuration's presence_bridge deploys, nil when
// there is none.
func bridge(c *config.Configuration) *salesforce.Bridge {
	for _, o := range c.Objects {
		if o.Kind.Name == "presence_bridge" {
			return salesforce.BridgeFrom(o)
		}
	}
	return nil
}

// tokenVariable opens the page to whoever is not on this machine.
const tokenVariable = "LOCKSTEP_TOKEN"

// serve shows what the sync does on a page, whose address it returns: "" for
// none, or one that is shared with others.
func (a *app) serve(ctx context.Context, beside *sync.WaitGroup, address string, look watched, options *mirror.Options) (string, error) {
	if address == "" {
		return "", nil
	}
	o := a.pageOptions(options.Settings.Owner, options.Log)
	o.Source = look
	if a.among != nil {
		return "", a.among.site.Add(ctx, a.title, o)
	}
	page, err := dashboard.New(o)
	if err != nil {
		return "", fmt.Errorf("run: %w; it is the variable %s", err, tokenVariable)
	}
	return a.servePage(ctx, beside, address, page)
}

func (a *app) pageOptions(owner string, log *slog.Logger) dashboard.Options {
	token, _ := a.env(tokenVariable)
	return dashboard.Options{Replica: owner, Version: version, Token: schema.NewSecret(token, "the variable "+tokenVariable), Log: log}
}

// A shower serves something at an address.
type shower interface {
	MayServe(at net.Addr) error
	Serve(ctx context.Context, l net.Listener) error
}

// servePage serves a page and says where, which it returns.
func (a *app) servePage(ctx context.Context, beside *sync.WaitGroup, address string, page shower) (string, error) {
	listener, err := a.listener(ctx, address)
	if err != nil {
		return "", fmt.Errorf("run: serve the page: %w", err)
	}
	if err := page.MayServe(listener.Addr()); err != nil {
		_ = listener.Close() // nothing was accepted
		return "", fmt.Errorf("run: %w; the token is the variable %s", err, tokenVariable)
	}
	beside.Go(func() {
		if err := page.Serve(ctx, listener); err != nil {
			a.view().Say("The page is not served any more: %v", err)
		}
	})
	at := "http://" + listener.Addr().String()
	a.view().Say("%s%s", livePage, at)
	return at, nil
}

// livePage is in front of the page's address when it is said.
const livePage = "Live page: "

func (a *app) listener(ctx context.Context, address string) (net.Listener, error) {
	if a.listen != nil {
		return a.listen(ctx, address)
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", address)
}
