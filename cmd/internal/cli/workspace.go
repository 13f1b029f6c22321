package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// configFlags are the flags of every command that reads a configuration.
type configFlags struct {
	vars      []string
	varFiles  []string
	allowExec bool
}

func (f *configFlags) bind(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.vars, "var", nil, "set a variable, as `name=value`; may be given again")
	c.Flags().StringArrayVar(&f.varFiles, "var-file", nil, "read variables from a `file`; may be given again")
	c.Flags().BoolVar(&f.allowExec, "allow-exec", false, `let secret("exec:…") run commands`)
}

// load reads the configuration and shows what is wrong with it. Offline leaves
// secrets and environment variables unread.
func (a *app) load(ctx context.Context, f configFlags, offline bool) (*config.Configuration, error) {
	vars, err := assignments(f.vars)
	if err != nil {
		return nil, err
	}
	c, diags := config.Load(ctx, config.Options{
		Dir: a.chdir, Vendors: describeVendors(), Version: version,
		Vars: vars, VarFiles: a.paths(f.varFiles), Environ: a.Environ, AllowExec: f.allowExec, Offline: offline,
	})
	if !diags.HasErrors() {
		diags = append(diags, checkPresence(c)...)
	} else if !offline {
		diags = append(diags, a.withoutSignIn(c, diags)...)
	}
	a.report(diags, c.Source)
	return c, failed(diags)
}

// withoutSignIn adds to what provider blocks lack that Salesforce has no way of
// signing in, which is otherwise found once nothing else is missing.
func (a *app) withoutSignIn(c *config.Configuration, found schema.Diagnostics) schema.Diagnostics {
	block := c.Providers["salesforce"]
	lacking := slices.ContainsFunc(found, func(d schema.Diagnostic) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(c.Providers)), func(p *config.Provider) bool { return d.Subject == p.Source.At("") })
	})
	if block == nil || !lacking {
		return nil
	}
	token, _ := block.Shape.Index("access_token")
	if block.Source.Argument(token) != block.Source.At("") {
		return nil // it is written, and what is wrong with it was found
	}
	_, err := salesforce.OptionsFrom(block.Record, a.link().getenv)
	if !errors.Is(err, salesforce.ErrNoFlow) {
		return nil
	}
	return schema.Diagnostics{unusable(block, err)}
}

// unusable is about a provider that cannot be connected to.
func unusable(block *config.Provider, err error) schema.Diagnostic {
	return schema.Diagnostic{
		Severity: schema.Error, Summary: "Provider that cannot be used", Subject: block.Source.At(""),
		Detail: fmt.Sprintf("%s cannot be reached with what the provider block and the environment say: %v.", block.Vendor.Title, err),
	}
}

// path returns where a file is that an argument names: with -chdir, it is
// relative to that directory.
func (a *app) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.chdir, name)
}

func (a *app) paths(names []string) []string {
	joined := make([]string, len(names))
	for i, name := range names {
		joined[i] = a.path(name)
	}
	return joined
}

// assignments reads -var flags; the last one of a name counts.
func assignments(flags []string) (map[string]string, error) {
	vars := map[string]string{}
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		if !ok || name == "" {
			return nil, errors.New("-var must be name=value") // its text may be a secret
		}
		vars[name] = value
	}
	return vars, nil
}

// reconciler connects the vendors that the configuration names.
func (a *app) reconciler(ctx context.Context, c *config.Configuration) (*reconcile.Reconciler, error) {
	keeper, err := a.keeper(ctx, c)
	if err != nil {
		return nil, err
	}
	return a.connect(ctx, c, keeper)
}

// connect is reconciler with a record that is kept elsewhere.
func (a *app) connect(ctx context.Context, c *config.Configuration, keeper reconcile.Keeper) (*reconcile.Reconciler, error) {
	record, err := reconcile.OpenRecord(ctx, keeper)
	if err != nil {
		return nil, err
	}
	record.Work = a.digestWork
	r := &reconcile.Reconciler{Record: record}
	var diags schema.Diagnostics
	shared := a.link() // two loggers would write into each other's lines
	for _, v := range vendors {
		block, ok := c.Providers[v.describe().Name]
		if !ok {
			continue
		}
		provider, err := v.connect(block, shared)
		if err != nil {
			diags = append(diags, unusable(block, err))
			continue
		}
		r.Providers = append(r.Providers, provider)
	}
	a.report(diags, c.Source)
	return r, failed(diags)
}

// logger writes structured logs to standard error at the level that
// LOCKSTEP_LOG names; without it nothing is logged.
func (a *app) logger() *slog.Logger {
	name, _ := a.env("LOCKSTEP_LOG")
	var level slog.Level
	if name == "" || level.UnmarshalText([]byte(name)) != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(a.screen.above(a.Stderr), &slog.HandlerOptions{Level: level}))
}

// runLogger writes what a running sync has to say: as text on a terminal, else
// as JSON for whoever collects it.
func (a *app) runLogger(who *roll) *slog.Logger {
	to := a.screen.above(a.Stderr)
	level := slog.LevelInfo
	if name, ok := a.env("LOCKSTEP_LOG"); ok && name != "" {
		_ = level.UnmarshalText([]byte(name)) // what is no level leaves the usual one
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: who.inLog}
	if a.bare().Live {
		return slog.New(slog.NewTextHandler(to, options))
	}
	return slog.New(slog.NewJSONHandler(to, options))
}

// who is the person at the keyboard, for what they attest.
func (a *app) who() string {
	for _, name := range []string{"LOCKSTEP_USER", "USER", "USERNAME"} {
		if who, ok := a.env(name); ok && who != "" {
			return who
		}
	}
	if host, err := os.Hostname(); err == nil {
		return "someone on " + host
	}
	return "someone"
}
