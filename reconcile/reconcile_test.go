package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const canary = "canary-5f2c"

var password = schema.NewSecret(canary, "test")

func token(address schema.Address) schema.Ref {
	return schema.Ref{Kind: "app", Address: address, Attribute: "token"}
}

func mustPlan(t testing.TB, r *reconcile.Reconciler, w reconcile.Wanted, o reconcile.Options) *reconcile.Plan {
	t.Helper()
	plan, err := r.Plan(context.Background(), w, o)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		reason    string
		held      []*schema.Object
		wanted    reconcile.Wanted
		options   reconcile.Options
		want      []string
		unmanaged int
	}{
		"Create": {
			reason: "an object that is not there is created with all that the block sets",
			wanted: wanted(object(appKind, "a", "label", schema.String("A"))),
			want:   []string{"+ app.a name:→a label:→A"},
		},
		"Settled": {
			reason: "an argument that the block leaves out is left alone at the vendor",
			held:   []*schema.Object{held(appKind, "a", "label", schema.String("A"), "region", schema.String("eu"))},
			wanted: wanted(object(appKind, "a", "label", schema.String("A"))),
		},
		"Update": {
			reason: "only what differs is a change",
			held:   []*schema.Object{held(appKind, "a", "label", schema.String("Old"), "region", schema.String("eu"))},
			wanted: wanted(object(appKind, "a", "label", schema.String("A"), "region", schema.String("eu"))),
			want:   []string{"~ app.a label:Old→A"},
		},
		"Replace": {
			reason: "an immutable argument cannot be changed in place",
			held:   []*schema.Object{held(appKind, "a", "region", schema.String("us"))},
			wanted: wanted(object(appKind, "a", "region", schema.String("eu"))),
			want:   []string{"± app.a region:us→eu"},
		},
		"SetOrder": {
			reason: "the order of a set is nobody's business",
			held:   []*schema.Object{held(roomKind, "r", "seats", schema.Strings("1", "2"), "org", schema.String("00D"))},
			wanted: wanted(object(roomKind, "r", "seats", schema.Strings("2", "1"))),
		},
		"KnownAfterApply": {
			reason: "an attribute of an object that is created now is not known yet",
			wanted: wanted(object(roomKind, "r", "token", token("app.a")), object(appKind, "a")),
			want:   []string{"+ app.a name:→a", "+ room.r name:→r token:→(known after apply) org:→00D"},
		},
		"KnownAlready": {
			reason: "an attribute of an object that is there flows through and is no write when equal",
			held:   []*schema.Object{held(appKind, "a", "token", schema.String("t")), held(roomKind, "r", "token", schema.String("t"), "org", schema.String("00D"))},
			wanted: wanted(object(roomKind, "r", "token", token("app.a")), object(appKind, "a")),
		},
		"ReferenceByKey": {
			reason: "a vendor may answer with the label of what is referred to",
			held:   []*schema.Object{held(appKind, "a", "label", schema.String("The App")), held(roomKind, "r", "app", schema.String("The App"), "org", schema.String("00D"))},
			wanted: wanted(object(roomKind, "r", "app", schema.Ref{Kind: "app", Key: "a"})),
			// The app itself is declared by no block.
			unmanaged: 1,
		},
		"Remove": {
			reason: "only a removed block removes",
			held:   []*schema.Object{held(appKind, "a"), held(appKind, "b")},
			wanted: reconcile.Wanted{Removed: []schema.Removal{{Kind: appKind, Key: "a"}}},
			want:   []string{"- app.a"}, unmanaged: 1,
		},
		"RemovedAlready": {
			reason: "what is gone needs no step",
			wanted: reconcile.Wanted{Removed: []schema.Removal{{Kind: appKind, Key: "a"}}},
		},
		"Target": {
			reason:  "a target takes along what it needs and nothing else",
			wanted:  wanted(object(roomKind, "r", "token", token("app.a")), object(appKind, "a"), object(appKind, "b")),
			options: reconcile.Options{Targets: []schema.Address{"room.r"}},
			want:    []string{"+ app.a name:→a", "+ room.r name:→r token:→(known after apply) org:→00D"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			plan := mustPlan(t, &reconcile.Reconciler{Providers: []reconcile.Provider{newMemory(tc.held...)}}, tc.wanted, tc.options)
			if err := plan.Diagnostics.Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, sketch(plan)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if got := plan.Unmanaged["app"]; got != tc.unmanaged {
				t.Errorf("unmanaged apps: want %d, got %d", tc.unmanaged, got)
			}
		})
	}
}

func TestPlanDiagnostics(t *testing.T) {
	tests := map[string]struct {
		reason  string
		held    []*schema.Object
		wanted  reconcile.Wanted
		summary string
	}{
		"Contradiction": {
			reason:  "a value that stands for another vendor's fact must be that fact",
			wanted:  wanted(object(roomKind, "r", "org", schema.String("00X"))),
			summary: "Value that contradicts the vendor",
		},
		"Unreadable": {
			reason:  "an attribute that the vendor will not tell can never become known",
			held:    []*schema.Object{held(appKind, "a")},
			wanted:  wanted(object(roomKind, "r", "token", token("app.a")), object(appKind, "a")),
			summary: "Attribute that cannot be read",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			plan := mustPlan(t, &reconcile.Reconciler{Providers: []reconcile.Provider{newMemory(tc.held...)}}, tc.wanted, reconcile.Options{})
			if len(plan.Diagnostics) != 1 || plan.Diagnostics[0].Summary != tc.summary || len(plan.Steps) != 0 {
				t.Errorf("%s: want one diagnostic %q and no steps, got %v and %v", tc.reason, tc.summary, plan.Diagnostics, sketch(plan))
			}
		})
	}
}

// results maps addresses to how their steps ended.
func results(applied *reconcile.Applied) map[schema.Address]string {
	results := map[schema.Address]string{}
	for _, o := range applied.Outcomes {
		text := o.Result.String()
		if o.Because != "" {
			text += " because of " + string(o.Because)
		}
		results[o.Step.Address] = text
	}
	return results
}

func TestApply(t *testing.T) {
	both := func() reconcile.Wanted {
		return wanted(object(roomKind, "r", "token", token("app.a")), object(appKind, "a"), object(appKind, "b"))
	}
	tests := map[string]struct {
		reason  string
		break_  func(*memory)
		want    map[schema.Address]string
		writes  int
		settled bool
	}{
		"InOrder": {
			reason: "what is needed comes first, and its value flows through",
			break_: func(*memory) {},
			want:   map[schema.Address]string{"app.a": "done", "app.b": "done", "room.r": "done"}, writes: 3, settled: true,
		},
		"Refused": {
			reason: "a failure stops what depends on it and nothing else",
			break_: func(m *memory) { m.fail["app.a"] = errors.New("no") },
			want:   map[schema.Address]string{"app.a": "not done", "app.b": "done", "room.r": "not done because of app.a"}, writes: 2,
		},
		"LostAnswer": {
			reason: "an answer that was lost is read back, not repeated",
			break_: func(m *memory) { m.lose["app.a"] = 1 },
			want:   map[schema.Address]string{"app.a": "done", "app.b": "done", "room.r": "done"}, writes: 3, settled: true,
		},
		"LostCall": {
			reason: "a call that never arrived is repeated once the vendor shows nothing",
			break_: func(m *memory) { m.drop["app.a"] = 1 },
			want:   map[schema.Address]string{"app.a": "done", "app.b": "done", "room.r": "done"}, writes: 4, settled: true,
		},
		"LostTwice": {
			reason: "what is lost twice ends as unknown, and its dependants are not begun",
			break_: func(m *memory) { m.drop["app.a"] = 2 },
			want:   map[schema.Address]string{"app.a": "unknown", "app.b": "done", "room.r": "not done because of app.a"}, writes: 3,
		},
		"Eventually": {
			reason: "a list that lags behind is looked at again",
			break_: func(m *memory) { m.hidden = 4 },
			want:   map[schema.Address]string{"app.a": "done", "app.b": "done", "room.r": "done"}, writes: 3, settled: true,
		},
		"NeverShown": {
			reason: "a vendor that forgets is not waited for without end",
			break_: func(m *memory) { m.hidden = 1 << 30 },
			want:   map[schema.Address]string{"app.a": "unknown", "app.b": "unknown", "room.r": "not done because of app.a"}, writes: 2,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				tc.break_(m)
				r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
				plan := mustPlan(t, r, both(), reconcile.Options{})
				applied := r.Apply(t.Context(), nil, plan, nil)
				if diff := cmp.Diff(tc.want, results(applied)); diff != "" {
					t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
				}
				if m.calls.Writing != tc.writes {
					t.Errorf("writes: want %d, got %d (%v)", tc.writes, m.calls.Writing, m.order)
				}
				m.hidden = 0
				if after := mustPlan(t, r, both(), reconcile.Options{}); after.Settled() != tc.settled {
					t.Errorf("settled: want %v, got %v", tc.settled, sketch(after))
				}
			})
		})
	}
}

func TestForecastIsActual(t *testing.T) {
	m := newMemory(held(appKind, "old"))
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
	w := wanted(object(appKind, "a"), object(roomKind, "r", "token", token("app.a")))
	w.Removed = []schema.Removal{{Kind: appKind, Key: "old"}}
	plan := mustPlan(t, r, w, reconcile.Options{})
	applied := r.Apply(t.Context(), nil, plan, nil)
	if plan.Forecast != 3 || applied.Calls.Writing != plan.Forecast {
		t.Errorf("forecast %d, made %d, want 3", plan.Forecast, applied.Calls.Writing)
	}
}

func TestRemovalsComeLastAndInReverse(t *testing.T) {
	m := newMemory(held(appKind, "a"), held(roomKind, "r"))
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
	w := wanted(object(appKind, "new"))
	w.Removed = []schema.Removal{{Kind: appKind, Key: "a"}, {Kind: roomKind, Key: "r"}}
	r.Apply(t.Context(), nil, mustPlan(t, r, w, reconcile.Options{}), nil)
	if diff := cmp.Diff([]schema.Address{"app.new", "room.r", "app.a"}, m.order); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStopBeginsNoFurtherStep(t *testing.T) {
	m := newMemory()
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
	plan := mustPlan(t, r, wanted(object(appKind, "a"), object(appKind, "b")), reconcile.Options{})
	stop := make(chan struct{})
	m.onCall = func() {
		if m.calls.Writing == 1 && m.calls.ReadBack == 0 {
			close(stop)
		}
	}
	applied := r.Apply(t.Context(), stop, plan, nil)
	want := map[schema.Address]string{"app.a": "done", "app.b": "not done"}
	if diff := cmp.Diff(want, results(applied)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestKilledAnywhere is the law that killing apply at any call and applying
// again settles.
func TestKilledAnywhere(t *testing.T) {
	w := func() reconcile.Wanted {
		w := wanted(object(roomKind, "r", "token", token("app.a"), "password", password), object(appKind, "a"), object(appKind, "b"))
		w.Removed = []schema.Removal{{Kind: appKind, Key: "old"}}
		return w
	}
	for n := 1; ; n++ {
		m := newMemory(held(appKind, "old"))
		record, err := reconcile.OpenRecord(t.Context(), reconcile.File(filepath.Join(t.TempDir(), "record.json")))
		if err != nil {
			t.Fatal(err)
		}
		r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record}
		plan := mustPlan(t, r, w(), reconcile.Options{})
		ctx, kill := context.WithCancel(t.Context())
		calls, killed := 0, false
		m.onCall = func() {
			if calls++; calls == n {
				killed = true
				kill()
			}
		}
		r.Apply(ctx, nil, plan, nil)
		kill()
		m.onCall = nil
		r.Apply(t.Context(), nil, mustPlan(t, r, w(), reconcile.Options{}), nil)
		if after := mustPlan(t, r, w(), reconcile.Options{}); !after.Settled() {
			t.Errorf("killed at call %d: not settled: %v", n, sketch(after))
		}
		if !killed {
			return
		}
	}
}

func TestWriteOnly(t *testing.T) {
	room := func(secret string) reconcile.Wanted {
		return wanted(object(roomKind, "r", "password", schema.NewSecret(secret, "test")))
	}
	m := newMemory(held(roomKind, "r", "org", schema.String("00D")))
	record, err := reconcile.OpenRecord(t.Context(), reconcile.File(filepath.Join(t.TempDir(), "record.json")))
	if err != nil {
		t.Fatal(err)
	}
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record}

	plan := mustPlan(t, r, room("one"), reconcile.Options{})
	if !plan.Settled() || len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0].Text, "cannot tell whether password") {
		t.Errorf("without a record: want a note and no step, got %v, %v", plan.Notes, sketch(plan))
	}
	plan = mustPlan(t, r, room("one"), reconcile.Options{Rewrite: []schema.Address{"room.r"}})
	if diff := cmp.Diff([]string{"~ room.r password:→(secret)"}, sketch(plan)); diff != "" {
		t.Errorf("-rewrite: -want +got:\n%s", diff)
	}
	r.Apply(t.Context(), nil, plan, nil)
	if plan = mustPlan(t, r, room("one"), reconcile.Options{}); !plan.Settled() || len(plan.Notes) != 0 {
		t.Errorf("the same secret again: want settled without a note, got %v, %v", plan.Notes, sketch(plan))
	}
	plan = mustPlan(t, r, room("two"), reconcile.Options{})
	if diff := cmp.Diff([]string{"~ room.r password:→(secret)"}, sketch(plan)); diff != "" {
		t.Errorf("another secret: -want +got:\n%s", diff)
	}
}

type person struct{ yes bool }

func (p person) Attest(context.Context, *schema.Step) (reconcile.Attestation, bool) {
	return reconcile.Attestation{By: "ana", At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}, p.yes
}

func TestManualSteps(t *testing.T) {
	m := newMemory()
	m.unseen = map[schema.Address]string{"room.r": "no API shows it"}
	record, err := reconcile.OpenRecord(t.Context(), reconcile.File(filepath.Join(t.TempDir(), "record.json")))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}, Record: record, Now: func() time.Time { return now }}
	room := func(label string) reconcile.Wanted {
		return wanted(object(roomKind, "r", "label", schema.String(label), "password", password))
	}

	plan := mustPlan(t, r, room("one"), reconcile.Options{})
	if plan.Count(schema.Manual) != 1 {
		t.Fatalf("want a manual step, got %v", sketch(plan))
	}
	if got := results(r.Apply(t.Context(), nil, plan, person{yes: false})); got["room.r"] != "pending" {
		t.Errorf("not attested: want pending, got %v", got)
	}
	if got := results(r.Apply(t.Context(), nil, mustPlan(t, r, room("one"), reconcile.Options{}), person{yes: true})); got["room.r"] != "done" {
		t.Errorf("attested: want done, got %v", got)
	}
	if plan = mustPlan(t, r, room("one"), reconcile.Options{}); !plan.Settled() || len(plan.Notes) != 1 {
		t.Errorf("attested: want a note and no step, got %v, %v", plan.Notes, sketch(plan))
	}
	if plan = mustPlan(t, r, room("two"), reconcile.Options{}); plan.Settled() || !strings.Contains(plan.Steps[0].Reason, "ana attested another content") {
		t.Errorf("another content: want the step back with a reason, got %v", sketch(plan))
	}
	now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if plan = mustPlan(t, r, room("one"), reconcile.Options{}); plan.Settled() || !strings.Contains(plan.Steps[0].Reason, "ended on 2026-12-01") {
		t.Errorf("after its end: want the step back with a reason, got %v", sketch(plan))
	}
}

func TestKeptPlan(t *testing.T) {
	base := func() reconcile.Wanted {
		return wanted(object(appKind, "a", "label", schema.String("A")), object(appKind, "b", "label", schema.String("B")), object(roomKind, "r", "password", password))
	}
	start := func() *memory { return newMemory(held(appKind, "a", "label", schema.String("old"))) }
	tests := map[string]struct {
		reason string
		wanted reconcile.Wanted
		meddle func(*memory)
		err    string
		want   map[schema.Address]string
	}{
		"Exactly": {
			reason: "nothing has changed, so all is carried out",
			wanted: base(), meddle: func(*memory) {},
			want: map[schema.Address]string{"app.a": "done", "app.b": "done", "room.r": "done"},
		},
		"ObjectChanged": {
			reason: "an object that changed since is refused, the others are carried out",
			wanted: base(), meddle: func(m *memory) { m.held["app.a"].Set("label", schema.String("by hand")) },
			want: map[schema.Address]string{"app.a": "not done", "app.b": "done", "room.r": "done"},
		},
		"ObjectSettled": {
			reason: "somebody did it by hand: that is a change, too",
			wanted: base(), meddle: func(m *memory) { m.held["app.a"].Set("label", schema.String("A")) },
			want: map[schema.Address]string{"app.a": "not done", "app.b": "done", "room.r": "done"},
		},
		"ConfigurationChanged": {
			reason: "a plan promises what was reviewed, not what the files say now",
			wanted: wanted(object(appKind, "a", "label", schema.String("A2")), object(appKind, "b", "label", schema.String("B")), object(roomKind, "r", "password", password)),
			meddle: func(*memory) {},
			err:    "the configuration of app.a has changed since the plan was made",
		},
		"BlockGone": {
			reason: "likewise when the block is gone",
			wanted: wanted(object(appKind, "b", "label", schema.String("B")), object(roomKind, "r", "password", password)),
			meddle: func(*memory) {},
			err:    "no longer declares",
		},
		"OtherAccount": {
			reason: "a plan for one org must not be applied to another",
			wanted: base(), meddle: func(m *memory) { m.where = "Acme 2" },
			err: "the plan was made for",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			m := start()
			r := &reconcile.Reconciler{Providers: []reconcile.Provider{m}}
			kept, err := reconcile.DecodeDocument(mustPlan(t, r, base(), reconcile.Options{}).Document("test").Encode())
			if err != nil {
				t.Fatal(err)
			}
			tc.meddle(m)
			plan := mustPlan(t, r, tc.wanted, reconcile.Options{})
			err = plan.Limit(r.Providers, kept)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("%s: want error %q, got %v", tc.reason, tc.err, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, results(r.Apply(t.Context(), nil, plan, nil))); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDocument(t *testing.T) {
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{newMemory()}}
	w := func() reconcile.Wanted {
		return wanted(object(roomKind, "r", "password", password, "seats", schema.Strings("1", "2")))
	}
	once := mustPlan(t, r, w(), reconcile.Options{}).Document("test").Encode()
	twice := mustPlan(t, r, w(), reconcile.Options{}).Document("test").Encode()
	if diff := cmp.Diff(string(once), string(twice)); diff != "" {
		t.Errorf("planning twice gives other bytes:\n%s", diff)
	}
	if strings.Contains(string(once), canary) {
		t.Error("the plan file holds a secret")
	}
	edited := strings.Replace(string(once), `"seats"`, `"label"`, 1)
	if _, err := reconcile.DecodeDocument([]byte(edited)); err == nil {
		t.Error("an edited plan file is accepted")
	}
	for _, cut := range []int{0, 1, len(once) / 2, len(once) - 3} {
		if _, err := reconcile.DecodeDocument(once[:cut]); err == nil {
			t.Errorf("a plan file cut at byte %d is accepted", cut)
		}
	}
}

// TestLaws checks, on random tenants, that apply then plan is empty.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c", "d"}
		label := rapid.SampledFrom([]string{"x", "y", "z"})
		var objects, there []*schema.Object
		var removed []schema.Removal
		for _, name := range names {
			if rapid.Bool().Draw(t, "held "+name) {
				there = append(there, held(appKind, name, "label", schema.String(label.Draw(t, "was")), "token", schema.String("token-of-"+name)))
			}
			switch rapid.IntRange(0, 2).Draw(t, "what "+name) {
			case 0:
				objects = append(objects, object(appKind, name, "label", schema.String(label.Draw(t, "is"))))
			case 1:
				removed = append(removed, schema.Removal{Kind: appKind, Key: name})
			}
		}
		for i, o := range slices.Clone(objects) {
			if rapid.Bool().Draw(t, "room") {
				objects = slices.Insert(objects, rapid.IntRange(0, len(objects)).Draw(t, "at"), object(roomKind, fmt.Sprintf("r%d", i), "token", token(o.Address), "app", schema.Ref{Kind: "app", Address: o.Address}))
			}
		}
		r := &reconcile.Reconciler{Providers: []reconcile.Provider{newMemory(there...)}}
		w := reconcile.Wanted{Objects: objects, Removed: removed}
		plan := mustPlan2(t, r, w)
		applied := r.Apply(context.Background(), nil, plan, nil)
		if applied.Failed() || applied.Calls.Writing != plan.Forecast {
			t.Fatalf("apply: %v; forecast %d, made %d", results(applied), plan.Forecast, applied.Calls.Writing)
		}
		if after := mustPlan2(t, r, w); !after.Settled() {
			t.Fatalf("not settled: %v", sketch(after))
		}
	})
}

func mustPlan2(t *rapid.T, r *reconcile.Reconciler, w reconcile.Wanted) *reconcile.Plan {
	plan, err := r.Plan(context.Background(), w, reconcile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Diagnostics.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

func FuzzDecodeDocument(f *testing.F) {
	r := &reconcile.Reconciler{Providers: []reconcile.Provider{newMemory()}}
	f.Add(mustPlan(f, r, wanted(object(appKind, "a")), reconcile.Options{}).Document("test").Encode())
	f.Add([]byte(`{"format_version":"1.0"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := reconcile.DecodeDocument(text)
		if err != nil {
			return
		}
		if _, err := reconcile.DecodeDocument(d.Encode()); err != nil {
			t.Errorf("a document that was read does not read back: %v", err)
		}
	})
}
