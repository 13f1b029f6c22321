package cxone_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/cxone"
	emulator "github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// A bench is an emulated tenant with a provider that reaches it in process.
type bench struct {
	*testing.T
	tenant     *emulator.Tenant
	wire       *wire
	provider   *cxone.Provider
	reconciler *reconcile.Reconciler
}

type cxoneOptions = cxone.Options

type setting func(*cxone.Options, *tenant.Tenant)

func manual(o *cxone.Options, _ *tenant.Tenant) { o.Adapters = "manual" }

// signingKey is one for all tenants, because making one takes long.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newBench(t *testing.T, settings ...setting) *bench {
	t.Helper()
	seed := tenant.Acme()
	options := cxone.Options{
		TenantID: tenant.AcmeTenantID, AccessKeyID: tenant.AcmeAccessKeyID,
		AccessKeySecret: schema.NewSecret(tenant.AcmeAccessKeySecret, "the test"),
		Adapters:        "api", AdaptersPrivate: true,
	}
	for _, set := range settings {
		set(&options, seed)
	}
	b := &bench{T: t, tenant: emulator.New(seed, emulator.Options{Key: signingKey()})}
	b.wire = &wire{handler: b.tenant}
	options.HTTP = b.wire
	b.provider = cxone.New(options)
	b.reconciler = &reconcile.Reconciler{Providers: []reconcile.Provider{b.provider}}
	return b
}

// remember keeps what was sent from now on, which is slow on purpose.
func (b *bench) remember() {
	b.Helper()
	record, err := reconcile.OpenRecord(b.Context(), reconcile.File(filepath.Join(b.TempDir(), "record.json")))
	if err != nil {
		b.Fatal(err)
	}
	b.reconciler.Record = record
}

// A wire carries requests to the emulator without a socket, notes them, and
// loses the answers that it is told to lose.
type wire struct {
	handler http.Handler

	mu     sync.Mutex
	seen   []string
	losing string // the answer of the next request that starts like this is lost
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	line := r.Method + " " + r.URL.Path
	served := r.Clone(r.Context())
	served.Host = r.URL.Host
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, served)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, line)
	if w.losing != "" && strings.HasPrefix(line, w.losing) {
		w.losing = ""
		return nil, errors.New("connection reset by peer")
	}
	response := recorder.Result()
	response.Request = r
	return response, nil
}

// asked returns the requests so far that are no sign-in, and forgets them.
func (w *wire) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var asked []string
	for _, line := range w.seen {
		if !strings.Contains(line, "/.well-known/") && !strings.Contains(line, "/authentication/") {
			asked = append(asked, line)
		}
	}
	w.seen = nil
	return asked
}

// writes returns those of the requests so far that change something.
func (w *wire) writes() []string {
	return slices.DeleteFunc(w.asked(), func(line string) bool { return strings.HasPrefix(line, http.MethodGet) })
}

// plan plans, and fails the test when there is an error.
func (b *bench) plan(wanted reconcile.Wanted) *reconcile.Plan {
	b.Helper()
	plan := b.tryPlan(wanted)
	if err := plan.Diagnostics.Err(); err != nil {
		b.Fatal(err)
	}
	return plan
}

func (b *bench) tryPlan(wanted reconcile.Wanted) *reconcile.Plan {
	b.Helper()
	plan, err := b.reconciler.Plan(b.Context(), wanted, reconcile.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return plan
}

// apply plans, applies, and checks the laws: the forecast was right, and the
// next plan is settled. It returns the plan.
func (b *bench) apply(objects ...*schema.Object) *reconcile.Plan {
	b.Helper()
	return b.applyAll(reconcile.Wanted{Objects: objects})
}

func (b *bench) applyAll(wanted reconcile.Wanted) *reconcile.Plan {
	b.Helper()
	plan := b.plan(wanted)
	b.wire.asked()
	applied := b.reconciler.Apply(b.Context(), nil, plan, nil)
	for _, outcome := range applied.Outcomes {
		if outcome.Result != schema.Done {
			b.Errorf("%s: %v: %v", outcome.Step.Address, outcome.Result, outcome.Err)
		}
	}
	if applied.Calls.Writing != plan.Forecast {
		b.Errorf("%d calls, forecast %d", applied.Calls.Writing, plan.Forecast)
	}
	for _, step := range b.plan(wanted).Steps {
		b.Errorf("planned again: %v %s: %s", step.Action, step.Address, changes(step))
	}
	return plan
}

func changes(step *schema.Step) string {
	var texts []string
	for _, c := range step.Changes {
		texts = append(texts, c.Path+": "+schema.Text(c.Held)+" -> "+schema.Text(c.Wanted))
	}
	return strings.Join(texts, "; ")
}

// object makes a wanted object, completed as a configuration completes it.
func object(t *testing.T, address schema.Address, values map[string]schema.Value) *schema.Object {
	t.Helper()
	k := kind(t, address.Kind())
	o := schema.NewObject(k)
	o.Address = address
	for name, v := range values {
		o.Set(name, v)
	}
	for _, a := range k.Shape.Arguments {
		if o.Get(a.Name) == nil && a.Default != nil {
			o.Set(a.Name, a.Default)
		}
	}
	if k.Key == "name" && o.Get("name") == nil {
		o.Set("name", schema.String(strings.TrimPrefix(string(address), k.Name+".")))
	}
	if k.Complete != nil {
		k.Complete(o)
	}
	return o
}

func kind(t *testing.T, name string) *schema.Kind {
	t.Helper()
	for _, k := range cxone.Vendor().Kinds {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("there is no kind %s", name)
	return nil
}

func minutes(n int) schema.Value { return schema.Duration(time.Duration(n) * time.Minute) }

func code(name string) schema.Value { return schema.Ref{Kind: "unavailable_code", Key: name} }

func status(name, label string) schema.Value {
	return schema.Ref{Kind: "presence_status", Key: name, Label: label}
}

// A row is one line of a rule's table.
type row struct{ state, status schema.Value }

func rows(t *testing.T, list ...row) schema.List {
	t.Helper()
	shape := kind(t, "presence_rule").Shape.Argument("both").Type.Elem.Shape
	values := schema.List{}
	for _, r := range list {
		record := schema.NewRecord(shape)
		record.Set("acd_state", r.state)
		record.Set("salesforce_status", r.status)
		values = append(values, record)
	}
	return values
}

// mapping is the account mapping of the guide.
func mapping(t *testing.T, change map[string]schema.Value) *schema.Object {
	t.Helper()
	shape := kind(t, "account_mapping").Shape.Argument("salesforce_environment").Type.Shape
	env := schema.NewRecord(shape)
	values := map[string]schema.Value{
		"name": schema.String("Acme production"), "organization_id": schema.String(tenant.AcmeOrganizationID),
		"platform": schema.String("production"), "username": schema.String("admin@acme.example"),
		"password":      schema.NewSecret("planted-password", "environment variable SF_PASSWORD"),
		"client_id":     schema.String("3MVG9.consumer.key"),
		"client_secret": schema.NewSecret("planted-client-secret", "connected_app.Salesforce_Connector"),
		"email":         schema.Strings("crm-team@acme.example"),
	}
	user := schema.Value(schema.String(tenant.AcmeAccessKeyUser))
	for name, v := range values {
		env.Set(name, v)
	}
	for name, v := range change {
		if name == "access_key_user" {
			user = v
			continue
		}
		env.Set(name, v)
	}
	return object(t, "account_mapping.production", map[string]schema.Value{"access_key_user": user, "salesforce_environment": env})
}

// lunch is the code of the guide.
func lunch(t *testing.T, change map[string]schema.Value) *schema.Object {
	t.Helper()
	values := map[string]schema.Value{"timeout": minutes(60), "teams": schema.Strings("Support")}
	maps.Copy(values, change)
	return object(t, "unavailable_code.Lunch", values)
}

// rule is the rule of the guide, carried out by CXone.
func rule(t *testing.T, change map[string]schema.Value) *schema.Object {
	t.Helper()
	values := map[string]schema.Value{
		"executor":        schema.String("cxone"),
		"account_mapping": schema.Ref{Kind: "account_mapping", Key: "Acme production", Address: "account_mapping.production"},
		"both": rows(t,
			row{schema.String("Available"), status("Available_for_Chats", "Available for Chats")},
			row{code("Lunch"), status("On_Break", "On Break")},
		),
		"publisher":  rows(t, row{schema.String("Working"), status("On_a_Call", "On a Call")}),
		"subscriber": rows(t, row{schema.String(schema.Previous), status("On_a_Call", "On a Call")}),
		"teams":      schema.Strings("Support"),
	}
	for name, v := range change {
		if v == nil {
			delete(values, name)
			continue
		}
		values[name] = v
	}
	return object(t, "presence_rule.Support", values)
}
