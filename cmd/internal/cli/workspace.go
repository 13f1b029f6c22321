package cli

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
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
func (a *app) load(f configFlags, offline bool) (*config.Configuration, error) {
	c, diags := config.Load(config.Options{
		Dir: a.chdir, Vendors: describeVendors(), Version: version,
		Vars: f.vars, VarFiles: f.varFiles, Environ: a.Environ, AllowExec: f.allowExec, Offline: offline,
	})
	if !diags.HasErrors() {
		diags = append(diags, checkPresence(c)...)
	}
	a.view().Diagnostics(diags, c.Source)
	return c, failed(diags)
}

// reconciler connects the vendors that the configuration names.
func (a *app) reconciler(c *config.Configuration) (*reconcile.Reconciler, error) {
	record, err := reconcile.OpenRecord(a.recordPath())
	if err != nil {
		return nil, err
	}
	r := &reconcile.Reconciler{Record: record}
	var diags schema.Diagnostics
	for _, v := range vendors {
		block, ok := c.Providers[v.describe().Name]
		if !ok {
			diags = append(diags, unconfigured(c, v.describe())...)
			continue
		}
		provider, err := v.connect(block, a.link())
		if err != nil {
			diags = append(diags, schema.Diagnostic{
				Severity: schema.Error, Summary: "Provider that cannot be used", Subject: block.Source,
				Detail: fmt.Sprintf("The provider block cannot be used: %v.", err),
			})
			continue
		}
		r.Providers = append(r.Providers, provider)
	}
	a.view().Diagnostics(diags, c.Source)
	return r, failed(diags)
}

// unconfigured reports kinds whose provider has no block.
func unconfigured(c *config.Configuration, vendor *schema.Vendor) schema.Diagnostics {
	for _, o := range c.Objects {
		if o.Kind.Provider == vendor.Name {
			return schema.Diagnostics{schema.ErrorAt(o, "", "Provider without a block", fmt.Sprintf(
				"%s is an object of %s, but no block says how to reach it. Add provider %q {} and set the environment variables that it reads, or give its arguments.",
				o.Address, vendor.Title, vendor.Name))}
		}
	}
	return nil
}

// recordPath is where what no vendor tells again is kept.
func (a *app) recordPath() string { return filepath.Join(a.chdir, ".lockstep", "record.json") }

// logger writes structured logs to standard error at the level that
// LOCKSTEP_LOG names; without it nothing is logged.
func (a *app) logger() *slog.Logger {
	name, _ := a.env("LOCKSTEP_LOG")
	var level slog.Level
	if name == "" || level.UnmarshalText([]byte(name)) != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: level}))
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
