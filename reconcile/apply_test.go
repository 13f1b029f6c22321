package reconcile_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func newRecord(t *testing.T) (*reconcile.Record, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.json")
	record, err := reconcile.OpenRecord(t.Context(), reconcile.File(path))
	if err != nil {
		t.Fatal(err)
	}
	record.Work = 2
	return record, path
}

// TestSecretKnownAfterApply sends a write-only value that turns up during the
// apply, because the plan promised it, unless the record knows that it was sent.
func TestSecretKnownAfterApply(t *testing.T) {
	w := func() reconcile.Wanted {
		return wanted(object(roomKind, "r", "password", token("app.a")), object(appKind, "a"))
	}
	record, _ := newRecord(t)
	for name, tc := range map[string]struct {
		reason string
		record *reconcile.Record
		want   []schema.Address
	}{
		"WithoutRecord": {reason: "the plan showed it", want: []schema.Address{"app.a", "room.r"}},
		"FirstTime":     {reason: "nothing is recorded yet", record: record, want: []schema.Address{"app.a", "room.r"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(held(roomKind, "r", "org", schema.String("00D")))
			r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: tc.record}
			r.Apply(t.Context(), nil, mustPlan(t, r, w(), reconcile.Options{}), nil)
			if diff := cmp.Diff(tc.want, m.order); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}

	m := newMemory(held(roomKind, "r", "org", schema.String("00D")))
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record}
	applied := r.Apply(t.Context(), nil, mustPlan(t, r, w(), reconcile.Options{}), nil)
	if diff := cmp.Diff([]schema.Address{"app.a"}, m.order); diff != "" || applied.Failed() {
		t.Errorf("a value that turns out to be what was sent last is no write: -want +got:\n%s", diff)
	}
}

// TestRewriteBesideUnknown keeps a promised rewrite when another value of the
// block is known only later.
func TestRewriteBesideUnknown(t *testing.T) {
	m := newMemory(held(roomKind, "r", "org", schema.String("00D"), "token", schema.String("token-of-a")))
	record, _ := newRecord(t)
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record}
	w := wanted(object(roomKind, "r", "password", password, "token", token("app.a")), object(appKind, "a"))
	plan := mustPlan(t, r, w, reconcile.Options{Rewrite: []schema.Address{"room.r"}})
	r.Apply(t.Context(), nil, plan, nil)
	if diff := cmp.Diff([]schema.Address{"app.a", "room.r"}, m.order); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRemovalWaitsForWhatRefersToIt keeps an object while something that the
// vendor holds still refers to it.
func TestRemovalWaitsForWhatRefersToIt(t *testing.T) {
	for name, was := range map[string]schema.Value{"ByKey": schema.String("old"), "ByLabel": schema.String("The Old One")} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(
				held(appKind, "old", "label", schema.String("The Old One")), held(appKind, "new"),
				held(roomKind, "r", "app", was, "org", schema.String("00D")))
			m.fail["room.r"] = errors.New("no")
			r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
			w := wanted(object(roomKind, "r", "app", schema.Ref{Kind: "app", Key: "new"}))
			w.Removed = []schema.Removal{{Kind: appKind, Key: "old"}}
			applied := r.Apply(t.Context(), nil, mustPlan(t, r, w, reconcile.Options{}), nil)
			want := map[schema.Address]string{"room.r": "not done", "app.old": "not done because of room.r"}
			if diff := cmp.Diff(want, results(applied)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if m.held["app.old"] == nil {
				t.Error("the object is gone, and the room still refers to it")
			}
			delete(m.fail, "room.r")
			plan := mustPlan(t, r, w, reconcile.Options{Targets: []schema.Address{"app.old"}})
			if diff := cmp.Diff([]string{"~ room.r app:" + schema.Text(was) + "→new", "- app.old"}, sketch(plan)); diff != "" {
				t.Errorf("a removal as target takes along what must go first: -want +got:\n%s", diff)
			}
		})
	}
}

// TestRemovalWithAddressOfBlock renames an object: the block keeps its label and
// the removal gets the same address.
func TestRemovalWithAddressOfBlock(t *testing.T) {
	m := newMemory(held(appKind, "x"))
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
	w := func() reconcile.Wanted {
		first, app := object(appKind, "first"), object(appKind, "x", "name", schema.String("renamed"))
		app.DependsOn = []schema.Address{"app.first"}
		w := wanted(object(roomKind, "r", "token", token("app.x")), app, first)
		w.Removed = []schema.Removal{{Kind: appKind, Key: "x"}}
		return w
	}
	kept := mustPlan(t, r, w(), reconcile.Options{}).Document("test")
	plan := mustPlan(t, r, w(), reconcile.Options{})
	if err := plan.Limit(r.Providers, kept); err != nil {
		t.Fatal(err)
	}
	r.Apply(t.Context(), nil, plan, nil)
	if diff := cmp.Diff([]schema.Address{"app.first", "app.x", "room.r", "app.x"}, m.order); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if after := mustPlan(t, r, w(), reconcile.Options{}); !after.Settled() {
		t.Errorf("not settled: %v", sketch(after))
	}
}

// TestTargetReachesThroughSettledBlocks takes along a need of a need, though
// what stands between them is settled.
func TestTargetReachesThroughSettledBlocks(t *testing.T) {
	m := newMemory(held(appKind, "middle"), held(appKind, "other"), held(appKind, "deep", "label", schema.String("old")))
	middle := object(appKind, "middle")
	middle.DependsOn = []schema.Address{"app.deep"}
	w := wanted(
		object(roomKind, "r", "app", schema.Ref{Kind: "app", Address: "app.middle"}),
		middle,
		object(appKind, "deep", "label", schema.String("new")),
		object(appKind, "other", "label", schema.String("new")))
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
	plan := mustPlan(t, r, w, reconcile.Options{Targets: []schema.Address{"room.r"}})
	if diff := cmp.Diff([]string{"~ app.deep label:old→new", "+ room.r name:→r app:→middle org:→00D"}, sketch(plan)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestUnservedStep does not pass over a step that its provider forgot.
func TestUnservedStep(t *testing.T) {
	m := newMemory()
	m.skip = map[schema.Address]bool{"app.a": true}
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
	applied := r.Apply(t.Context(), nil, mustPlan(t, r, wanted(object(appKind, "a"), object(appKind, "b")), reconcile.Options{}), nil)
	if diff := cmp.Diff(map[schema.Address]string{"app.a": "not done", "app.b": "done"}, results(applied)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestKeptPlanKeepsItsSecrets carries out a kept plan's promises about values
// that no vendor tells, and nothing beyond them.
func TestKeptPlanKeepsItsSecrets(t *testing.T) {
	room := func(secret, label string) reconcile.Wanted {
		return wanted(object(roomKind, "r", "password", schema.NewSecret(secret, "test"), "label", schema.String(label)))
	}
	tests := map[string]struct {
		reason  string
		rewrite []schema.Address
		now     string
		want    string
		writes  int
	}{
		"Rewrite": {
			reason:  "a rewrite belongs to the plan; whoever applies it need not ask for it again",
			rewrite: []schema.Address{"room.r"}, now: "one", want: "done", writes: 1,
		},
		"AnotherSecret": {
			reason: "the plan did not show that the password changes, so nobody has agreed to it",
			now:    "two", want: "not done",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			record, _ := newRecord(t)
			m := newMemory()
			r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record}
			r.Apply(t.Context(), nil, mustPlan(t, r, room("one", "A"), reconcile.Options{}), nil)
			m.held["room.r"].Set("label", schema.String("by hand"))
			m.order = nil
			kept := mustPlan(t, r, room("one", "A"), reconcile.Options{Rewrite: tc.rewrite}).Document("test")
			plan := mustPlan(t, r, room(tc.now, "A"), reconcile.Options{Rewrite: kept.Rewrite})
			if err := plan.Limit(r.Providers, kept); err != nil {
				t.Fatal(err)
			}
			got := results(r.Apply(t.Context(), nil, plan, nil))
			if got["room.r"] != tc.want || len(m.order) != tc.writes {
				t.Errorf("%s: want %s with %d writes, got %v with %v", tc.reason, tc.want, tc.writes, got, m.order)
			}
		})
	}
}

// TestKeptPlanAttestedSince applies a kept plan after its manual step was
// confirmed.
func TestKeptPlanAttestedSince(t *testing.T) {
	m := newMemory()
	m.unseen = map[schema.Address]string{"room.r": "no API shows it"}
	record, _ := newRecord(t)
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record}
	w := wanted(object(roomKind, "r"), object(appKind, "a"))
	first := mustPlan(t, r, w, reconcile.Options{})
	kept := first.Document("test")
	manual := slices.IndexFunc(first.Steps, func(s *schema.Step) bool { return s.Action == schema.Manual })
	if err := record.Attest(t.Context(), first.Steps[manual], reconcile.Attestation{By: "ana"}); err != nil {
		t.Fatal(err)
	}
	plan := mustPlan(t, r, w, reconcile.Options{})
	if err := plan.Limit(r.Providers, kept); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[schema.Address]string{"app.a": "done"}, results(r.Apply(t.Context(), nil, plan, nil))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAttestationCoversLabels asks again when a label that a person typed has
// changed, though the block itself has not.
func TestAttestationCoversLabels(t *testing.T) {
	m := newMemory(held(appKind, "a", "label", schema.String("At lunch")))
	m.unseen = map[schema.Address]string{"room.r": "no API shows it"}
	record, _ := newRecord(t)
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record}
	w := func(label string) reconcile.Wanted {
		return wanted(object(roomKind, "r", "app", schema.Ref{Kind: "app", Address: "app.a"}), object(appKind, "a", "label", schema.String(label)))
	}
	r.Apply(t.Context(), nil, mustPlan(t, r, w("At lunch"), reconcile.Options{}), person{yes: true})
	if plan := mustPlan(t, r, w("At lunch"), reconcile.Options{}); !plan.Settled() {
		t.Errorf("attested: want settled, got %v", sketch(plan))
	}
	plan := mustPlan(t, r, w("Eating"), reconcile.Options{})
	if !slices.ContainsFunc(plan.Steps, func(s *schema.Step) bool {
		return s.Address == "room.r" && strings.Contains(s.Reason, "another content")
	}) {
		t.Errorf("another label: want the manual step back, got %v", sketch(plan))
	}
}

// TestTwoRecords confirms a step while another process has the record open.
func TestTwoRecords(t *testing.T) {
	one, path := newRecord(t)
	two, err := reconcile.OpenRecord(t.Context(), reconcile.File(path))
	if err != nil {
		t.Fatal(err)
	}
	for name, record := range map[string]*reconcile.Record{"a": one, "b": two} {
		o := object(appKind, name)
		if err := record.Attest(t.Context(), &schema.Step{Address: o.Address, Wanted: o}, reconcile.Attestation{By: name}); err != nil {
			t.Fatal(err)
		}
	}
	again, err := reconcile.OpenRecord(t.Context(), reconcile.File(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []schema.Address{"app.a", "app.b"} {
		if _, ok := again.Attested(a); !ok {
			t.Errorf("what was attested of %s is lost", a)
		}
	}
}
