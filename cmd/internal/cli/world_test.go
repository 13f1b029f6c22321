package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
)

// Canaries are planted as every secret that a test hands out; none may appear
// in anything that Lockstep writes.
const (
	canaryPassword = "canary-password-7f31"
	canaryKey      = "canary-access-key-secret-7f31===="
	canaryClient   = "canary-client-secret-7f31"
	canaryToken    = "canary-dashboard-token-7f31"
	canaryStore    = "canary-store-password-7f31"
	canaryHook     = "canary-webhook-path-7f31"
)

// world is a configuration in a folder beside an emulator that is reached
// without a socket, so that it can stand in a synctest bubble.
type world struct {
	*app
	t        testing.TB
	emulator *emulator.Emulator
	out, err *bytes.Buffer
}

// canaried is Acme with the canaries as its credentials, and a second one of
// what Acme has one of.
func canaried() *tenant.Tenant {
	seed := tenant.Acme()
	seed.Salesforce.Integration[0].ClientSecret = canaryClient
	seed.CXone.AccessKeys[0].Secret = canaryKey
	seed.Salesforce.Packages = append(seed.Salesforce.Packages, tenant.Package{Name: "Other Package", Namespace: "other", Allowed: 10})
	seed.Salesforce.LightningApps = append(seed.Salesforce.LightningApps, tenant.Lightning{Name: "Other_Console", Label: "Other Console"})
	return seed
}

// signingKey is shared, because making one takes longer than most tests, and
// small, because every sign-in signs with it.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it guards nothing
	if err != nil {
		panic(err)
	}
	return key
})

func newWorld(t testing.TB, seed *tenant.Tenant, options emulator.Options) *world {
	t.Helper()
	options.Key = signingKey()
	e := emulator.New(seed, options)
	w := &world{t: t, emulator: e, out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	w.app = &app{
		Process: Process{
			Stdout: w.out, Stderr: inTurn(w.err), Transport: e.Client().Transport,
			Environ: []string{
				"LOCKSTEP_LOG=debug", "LOCKSTEP_USER=ana",
				"SALESFORCE_INSTANCE_URL=" + e.SalesforceURL(),
				"SALESFORCE_CLIENT_ID=" + seed.Salesforce.Integration[0].ClientID,
				"SALESFORCE_CLIENT_SECRET=" + canaryClient,
				"CXONE_ISSUER=" + e.CXoneURL(),
				"CXONE_TENANT_ID=" + seed.CXone.TenantID,
				"CXONE_ACCESS_KEY_ID=" + seed.CXone.AccessKeys[0].ID,
				"CXONE_ACCESS_KEY_SECRET=" + canaryKey,
				"LOCKSTEP_VAR_salesforce_password=" + canaryPassword,
			},
		},
		chdir: t.TempDir(), stop: make(chan struct{}),
	}
	return w
}

// write puts a file into the configuration, in the place of one with its name.
func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.chdir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// open loads the configuration and connects the vendors afresh, as every
// command does.
func (w *world) open(ctx context.Context) (*config.Configuration, *reconcile.Reconciler) {
	w.t.Helper()
	c, err := w.load(ctx, configFlags{}, false)
	if err != nil {
		w.t.Fatalf("load: %v\n%s", err, w.err)
	}
	r, err := w.reconciler(ctx, c)
	if err != nil {
		w.t.Fatalf("connect: %v\n%s", err, w.err)
	}
	r.Record.Work = 2 // the digests' cost is no part of any test
	return c, r
}

// tryPlan plans, whatever comes of it.
func (w *world) tryPlan(ctx context.Context) (*reconcile.Plan, *reconcile.Reconciler, error) {
	w.t.Helper()
	c, r := w.open(ctx)
	plan, err := r.Plan(ctx, reconcile.Wanted{Objects: c.Objects, Removed: c.Removed}, reconcile.Options{People: mirrors(c)})
	if err == nil {
		err = plan.Diagnostics.Err()
	}
	return plan, r, err
}

func (w *world) mustPlan() (*reconcile.Plan, *reconcile.Reconciler) {
	w.t.Helper()
	plan, r, err := w.tryPlan(w.t.Context())
	if err != nil {
		w.t.Fatalf("plan: %v", err)
	}
	return plan, r
}

// mustApply plans and applies, and compares the calls with the forecast.
func (w *world) mustApply() *reconcile.Plan {
	w.t.Helper()
	plan, r := w.mustPlan()
	applied := r.Apply(w.t.Context(), nil, plan, nil)
	if applied.Failed() {
		w.t.Fatalf("apply: %v", outcomes(applied))
	}
	w.mustCost(applied, plan.Forecast, plan)
	return plan
}

// mustCost compares the calls that an apply made with those forecast.
func (w *world) mustCost(applied *reconcile.Applied, forecast int, plan *reconcile.Plan) {
	w.t.Helper()
	if applied.Calls.Writing != forecast || applied.Calls.Reading != 0 {
		w.t.Errorf("forecast %d calls, made %+v, for %v", forecast, applied.Calls, steps(plan))
	}
}

// mustBeSettled plans and wants nothing to do.
func (w *world) mustBeSettled(when string) {
	w.t.Helper()
	if plan, _ := w.mustPlan(); !plan.Settled() {
		w.t.Errorf("%s: not settled: %v", when, steps(plan))
	}
}

func outcomes(applied *reconcile.Applied) []string {
	var lines []string
	for _, o := range applied.Outcomes {
		line := string(o.Step.Address) + ": " + o.Result.String()
		if o.Because != "" {
			line += " because of " + string(o.Because)
		}
		if o.Err != nil {
			line += ": " + o.Err.Error()
		}
		lines = append(lines, line)
	}
	return lines
}

func steps(plan *reconcile.Plan) []string {
	var lines []string
	for _, step := range plan.Steps {
		line := string(rune(step.Action)) + " " + string(step.Address)
		for _, change := range step.Changes {
			line += " " + change.Path
		}
		lines = append(lines, line)
	}
	return lines
}
