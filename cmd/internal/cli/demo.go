package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/dashboard"
	"github.com/lockstep-sync/lockstep/examples"
	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
)

func (a *app) demoCommand() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use: "demo", Short: "Show all of it in a few seconds, with no account", Args: arguments(0, 0),
		Long: `Starts an emulated Salesforce org and CXone tenant on loopback, plans and applies
NICE's guide (examples/guide), plans again, lets somebody change two things by hand
and plans once more. Then about forty agents live fifteen seconds of their day while
lockstep run, a process of its own, keeps them in step (examples/sync), and is killed
in the middle. It exits with 0 only if everything it tells came true.

With -serve a live page shows the agents from then on, and they go on until
interrupted.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), address) },
	}
	c.Flags().StringVar(&address, "serve", "", "go on until interrupted, with the live page on this `address`, such as 127.0.0.1:8080")
	return c
}

func (a *app) demo(ctx context.Context, serve string) error {
	start := time.Now()
	if err := a.mayServe(serve); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	dir, err := os.MkdirTemp("", "lockstep-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := unpack(examples.Guide, "guide", dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	seed := tenant.Acme()
	e := emulator.New(seed, emulator.Options{})
	server, err := emulator.Listen(ctx, e, "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { _ = server.Close() }()
	s := story{app: a.in(dir, server), emulator: e}
	if err := s.tell(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := a.demoSync(ctx, e, seed, server, serve); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	a.view().Chapter("All of it held.")
	a.view().Print("Both vendors were emulators on loopback (%s and %s);", server.SalesforceURL, server.CXoneURL)
	a.view().Print("against your own org the files, the plan and the commands are the same.")
	a.view().Took(time.Since(start))
	return nil
}

// mayServe says why run would not serve a page at an address, before the demo
// has told half of what it tells.
func (a *app) mayServe(address string) error {
	if address == "" {
		return nil
	}
	page, err := dashboard.New(a.pageOptions("", nil))
	if err != nil {
		return fmt.Errorf("%w; it is the variable %s", err, tokenVariable)
	}
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return fmt.Errorf("-serve=%s: must be an address with a port, such as 127.0.0.1:8080: %w", address, err)
	}
	if page.MayServe(at) != nil {
		return fmt.Errorf("-serve=%s can be reached by others: give it a token in the variable %s, or serve on 127.0.0.1", address, tokenVariable)
	}
	return nil
}

// in returns the command line as it would be in dir with the emulator's
// variables set.
func (a *app) in(dir string, server *emulator.Server) *app {
	inner := &app{Process: a.Process, chdir: dir, base: dir, noColor: a.noColor, stop: a.stop}
	inner.Environ = append([]string{}, a.Environ...)
	for _, v := range server.Env() {
		inner.Environ = append(inner.Environ, v.Name+"="+v.Value)
	}
	inner.Environ = append(inner.Environ, "LOCKSTEP_VAR_adapters=api", "LOCKSTEP_VAR_salesforce_password=a-password-of-the-demo")
	return inner
}

// story is the demo's plot: each chapter checks that it came true.
type story struct {
	*app
	emulator *emulator.Emulator
}

func (s *story) tell(ctx context.Context) error {
	s.view().Chapter("1. NICE's guide is forty clicks in two consoles. Here it is as files; what would they change?")
	plan, r, err := s.planned(ctx)
	if err != nil {
		return err
	}
	if plan.Settled() {
		return errors.New("the first plan is empty")
	}

	s.view().Chapter("2. Apply: in the order in which things need each other, the consumer secret straight into the mapping.")
	progress := s.view().NewProgress(len(plan.Steps))
	r.Observer = progress
	applied := r.Apply(ctx, s.stop, plan, nil)
	progress.Close()
	s.view().Applied(applied)
	if applied.Failed() || applied.Calls.Writing != plan.Forecast {
		return fmt.Errorf("apply failed, or took %d calls where %d were forecast", applied.Calls.Writing, plan.Forecast)
	}

	s.view().Chapter("3. Plan again.")
	if plan, _, err = s.planned(ctx); err != nil {
		return err
	}
	if !plan.Settled() {
		return errors.New("the plan after apply is not empty")
	}

	s.view().Chapter("4. Somebody takes a status from a profile, and lengthens a break, by hand. Does anyone notice?")
	if err := s.meddle(); err != nil {
		return err
	}
	if plan, _, err = s.planned(ctx); err != nil {
		return err
	}
	if len(plan.Steps) != 2 {
		return fmt.Errorf("two objects were changed by hand, the plan shows %d", len(plan.Steps))
	}
	return nil
}

// planned plans and shows the plan; what it warns of is said the first time.
func (s *story) planned(ctx context.Context) (*reconcile.Plan, *reconcile.Reconciler, error) {
	plan, r, err := s.plan(ctx, planFlags{format: "text"})
	s.quiet = true
	return plan, r, err
}

func (s *story) meddle() error {
	return errors.Join(
		s.emulator.Org.SetAccess("Support Agent", "On_Break", false),
		s.emulator.Tenant.EditCode("Break", func(c *cxone.Code) { c.Timeout = 90 }),
	)
}

// unpack writes an embedded folder's files into dir.
func unpack(files fs.FS, folder, dir string) error {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := fs.ReadFile(files, folder+"/"+entry.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, entry.Name()), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
