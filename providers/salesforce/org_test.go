package salesforce_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	provider "github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

var _ reconcile.Provider = (*provider.Provider)(nil)

// An org is an emulated org with a provider that is connected to it, and the
// calls that were made.
type org struct {
	t        *testing.T
	handler  *salesforce.Org
	provider *provider.Provider

	mu    sync.Mutex
	calls []string
	// fault answers in the vendor's stead when it returns true.
	fault func(w http.ResponseWriter, r *http.Request) bool
}

// acme starts an emulated Acme; seed, when not nil, changes it first.
func acme(t *testing.T, seed func(*tenant.Tenant)) *org {
	t.Helper()
	people := tenant.Acme()
	if seed != nil {
		seed(people)
	}
	o := &org{t: t, handler: salesforce.New(people, salesforce.Options{Now: time.Now})}
	o.provider = o.connect()
	return o
}

// connect makes another provider for the same org, one that remembers nothing.
func (o *org) connect() *provider.Provider { return provider.New(o.options()) }

func (o *org) options() provider.Options {
	return provider.Options{
		InstanceURL: "https://acme.my.salesforce.com",
		ClientCredentials: &provider.ClientCredentials{
			ClientID: tenant.AcmeClientID, ClientSecret: schema.NewSecret(tenant.AcmeClientSecret, "test"),
		},
		HTTP: o,
	}
}

// RoundTrip reaches the emulated org. A fault that panics is a connection that
// breaks.
func (o *org) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	defer func() {
		switch reason := recover(); reason {
		case nil:
		case any(http.ErrAbortHandler):
			answer, err = nil, io.ErrUnexpectedEOF
		default:
			panic(reason)
		}
	}()
	o.mu.Lock()
	o.calls = append(o.calls, r.Method+" "+r.URL.Path)
	o.mu.Unlock()
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody // as a server's requests have it
	}
	w := httptest.NewRecorder()
	if o.fault == nil || !o.fault(w, r) {
		o.handler.ServeHTTP(w, r)
	}
	answer = w.Result()
	answer.Request = r
	return answer, nil
}

// count returns how many calls were made to paths that hold part.
func (o *org) count(part string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, c := range o.calls {
		if strings.Contains(c, part) {
			n++
		}
	}
	return n
}

// values are a block's arguments.
type values map[string]schema.Value

// declare makes the object that a block stands for, as the configuration
// would.
func declare(t *testing.T, kind, name string, arguments values) *schema.Object {
	t.Helper()
	o := schema.NewObject(kindNamed(t, kind))
	o.Address = schema.NewAddress(kind, name)
	for argument, v := range arguments {
		o.Set(argument, v)
	}
	if o.Get(o.Kind.Key) == nil {
		o.Set(o.Kind.Key, schema.String(name))
	}
	for i, a := range o.Kind.Shape.Arguments {
		if o.At(i) == nil && a.Default != nil {
			o.SetAt(i, a.Default)
		}
	}
	if o.Kind.Complete != nil {
		o.Kind.Complete(o)
	}
	return o
}

func kindNamed(t *testing.T, name string) *schema.Kind {
	t.Helper()
	for _, k := range provider.Vendor().Kinds {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %q", name)
	return nil
}

func status(t *testing.T, name string, channels ...string) *schema.Object {
	return declare(t, "presence_status", name, values{"channels": schema.Strings(channels...)})
}

// refs makes references to declared statuses.
func refs(names ...string) schema.List {
	var list schema.List
	for _, name := range names {
		list = append(list, schema.Ref{Kind: "presence_status", Key: name, Address: schema.NewAddress("presence_status", name)})
	}
	return list
}

func removal(t *testing.T, kind, key string) schema.Removal {
	return schema.Removal{Kind: kindNamed(t, kind), Key: key}
}

// plan reads and compares; it fails the test on errors of its own, not on
// diagnostics.
func (o *org) plan(wanted reconcile.Wanted) *reconcile.Plan {
	o.t.Helper()
	plan, err := o.reconciler().Plan(context.Background(), wanted, reconcile.Options{})
	if err != nil {
		o.t.Fatalf("plan: %v", err)
	}
	return plan
}

func (o *org) reconciler() *reconcile.Reconciler {
	return &reconcile.Reconciler{Providers: []reconcile.Provider{o.provider}}
}

// apply plans and applies, and fails the test unless every step ends as done,
// the forecast was right, and planning again shows nothing.
func (o *org) apply(wanted reconcile.Wanted) *reconcile.Applied {
	o.t.Helper()
	plan := o.plan(wanted)
	if err := plan.Diagnostics.Err(); err != nil {
		o.t.Fatalf("plan: %v", err)
	}
	applied := o.reconciler().Apply(context.Background(), nil, plan, nil)
	for _, outcome := range applied.Outcomes {
		if outcome.Result != schema.Done {
			o.t.Fatalf("%s: %s: %v (because of %q)", outcome.Step.Address, outcome.Result, outcome.Err, outcome.Because)
		}
	}
	if applied.Calls.Writing != plan.Forecast {
		o.t.Errorf("forecast %d calls, made %d", plan.Forecast, applied.Calls.Writing)
	}
	o.settled(wanted)
	return applied
}

// settled fails the test when a plan has steps or errors.
func (o *org) settled(wanted reconcile.Wanted) *reconcile.Plan {
	o.t.Helper()
	plan := o.plan(wanted)
	if err := plan.Diagnostics.Err(); err != nil {
		o.t.Fatalf("plan again: %v", err)
	}
	for _, step := range plan.Steps {
		o.t.Errorf("not settled: %s %s %v", step.Action, step.Address, step.Changes)
	}
	return plan
}

// refused fails the test unless the plan has exactly this error.
func (o *org) refused(wanted reconcile.Wanted, summary string, words ...string) {
	o.t.Helper()
	plan := o.plan(wanted)
	i := slices.IndexFunc(plan.Diagnostics, func(d schema.Diagnostic) bool { return d.Summary == summary })
	if i < 0 {
		o.t.Fatalf("no diagnostic %q in %v", summary, plan.Diagnostics)
	}
	for _, word := range words {
		if !strings.Contains(plan.Diagnostics[i].Detail, word) {
			o.t.Errorf("detail %q does not say %q", plan.Diagnostics[i].Detail, word)
		}
	}
}

func wanted(objects ...*schema.Object) reconcile.Wanted { return reconcile.Wanted{Objects: objects} }
