package view

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares what a view writes, both streams in turn, with a file.
func golden(t *testing.T, name string, write func(Streams)) {
	t.Helper()
	var out, talk bytes.Buffer
	write(NewStreams(&out, &talk, nil, false))
	got := out.String()
	if talk.Len() > 0 {
		got += "-- standard error --\n" + talk.String()
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got (go test ./cmd/internal/view -update accepts it):\n%s", path, diff)
	}
	if strings.Contains(got, "\x1b") {
		t.Errorf("%s: escape sequences outside a terminal", path)
	}
	if strings.Contains(got, canary) {
		t.Errorf("%s: a secret is shown", path)
	}
}

const canary = "canary-view-19c2"

var (
	rowShape = schema.NewShape(
		schema.Argument{Name: "acd_state", Type: schema.RefTo("unavailable_code")},
		schema.Argument{Name: "salesforce_status", Type: schema.RefTo("presence_status")},
	)
	statusKind = &schema.Kind{
		Name: "presence_status", Provider: "salesforce", Doc: "A status. People choose it.", Key: "developer_name",
		Removal: "The status is deleted, or abandoned | where that is refused.",
		Cannot:  []schema.Limit{{What: "delete a status in use", Why: "It is refused (UNCERTAIN).", Then: "Access is revoked."}},
		Shape: schema.NewShape(
			schema.Argument{Name: "developer_name", Type: schema.TextType(), Required: true, Doc: "The API name.", Immutable: true},
			schema.Argument{Name: "label", Type: schema.TextType(), Doc: "What people see.", DefaultDoc: "the developer name with spaces"},
			schema.Argument{Name: "option", Type: schema.OneOf("online", "busy"), Doc: "Whether work comes.", Default: schema.String("busy")},
			schema.Argument{Name: "password", Type: schema.TextType(), Secret: true, WriteOnly: true, Doc: "A secret.", Env: "PASSWORD"},
			schema.Argument{Name: "rows", Type: schema.ListOf(schema.Type{Base: schema.RecordType, Shape: rowShape}), Nested: true, Doc: "Rows."},
		),
	}
	vendorsShown = []*schema.Vendor{
		{Name: "salesforce", Title: "Salesforce", Doc: "The org.", Kinds: []*schema.Kind{statusKind}, Shape: schema.NewShape(
			schema.Argument{Name: "organization_id", Type: schema.TextType(), Doc: "A pin."})},
		{Name: "cxone", Title: "CXone", Shape: schema.NewShape()},
	}
)

func at(line int32) schema.Range {
	return schema.Range{File: "main.hcl", Start: schema.Pos{Line: line}}
}

func status(name string, line int32) *schema.Object {
	o := schema.NewObject(statusKind)
	o.Address = schema.NewAddress("presence_status", name)
	o.Set("developer_name", schema.String(name))
	o.Source = &schema.Source{Block: at(line)}
	return o
}

func presenceRow(state, status string) schema.Record {
	r := schema.NewRecord(rowShape)
	r.Set("acd_state", schema.String(state))
	r.Set("salesforce_status", schema.Ref{Kind: "presence_status", Key: status, Label: "not shown"})
	return r
}

// everyAction is a plan with each action and each way of showing a change.
func everyAction() *reconcile.Plan {
	created, updated, replaced, byHand := status("Coffee", 3), status("Lunch", 9), status("Team_Röstelmeyer_休憩", 15), status("Rule", 21)
	held := status("Lunch", 0)
	held.Seen = schema.LastChange{By: "Rosa Díaz", At: "2026-11-22T09:00:00Z"}
	secret := schema.NewSecret(canary, "variable salesforce_password")
	steps := []*schema.Step{
		{Action: schema.Create, Address: created.Address, Kind: statusKind, Wanted: created, Changes: []schema.Change{
			{Path: "developer_name", Wanted: schema.String("Coffee")},
			{Path: "label", Wanted: schema.Unknown{}},
			{Path: "salesforce_environment.client_secret", Wanted: schema.Unknown{}, Secret: true},
			{Path: "password", Wanted: secret, Secret: true},
			{Path: "timeout", Wanted: schema.Duration(90 * 60e9)},
			{Path: "exclusive", Wanted: schema.Bool(false)},
			{Path: "teams", Wanted: schema.Strings("Support", "Sales")},
			{Path: "users", Wanted: schema.Strings("a@x", "b@x", "c@x", "d@x", "e@x")},
			{Path: "rows", Wanted: schema.List{presenceRow("Available", "Online"), presenceRow("Lunch", "At_Lunch")}},
		}},
		{Action: schema.Update, Address: updated.Address, Kind: statusKind, Wanted: updated, Held: held, Reason: "adopted: it was made by hand", Changes: []schema.Change{
			{Path: "label", Wanted: schema.String("Mittag 🥪"), Held: schema.String("a \"quoted\"\tname\x1b[31m"), Source: at(10)},
			{Path: "password", Wanted: secret, Secret: true, Note: "differs from what was sent last", Source: at(11)},
			{Path: "teams", Wanted: schema.Strings("Support", "Sales"), Held: schema.Strings("Sales", "Billing"), Source: at(12)},
			{Path: "order", Wanted: schema.Strings("1", "2"), Held: schema.Strings("2", "1"), Source: at(13)},
			{Path: "description", Wanted: schema.String(strings.Repeat("long ", 60)), Held: nil, Source: at(14)},
		}},
		{Action: schema.Replace, Address: replaced.Address, Kind: statusKind, Wanted: replaced, Held: status("Old", 0), Changes: []schema.Change{
			{Path: "developer_name", Wanted: schema.String("New"), Held: schema.String("Old"), Source: at(16)},
		}},
		{
			Action: schema.Manual, Address: byHand.Address, Kind: statusKind, Wanted: byHand, Reason: "NICE publishes no API that shows it",
			Guide: []schema.Instruction{
				{Text: "In CXone, click the app selector."},
				{Text: "Organization ID", Value: schema.String("00D5g00000ABCDE")},
				{Text: "Password", Value: secret}, {Text: "Client ID", Value: schema.Unknown{}},
			},
			Warnings: []string{"Edits can take up to 20 minutes."},
		},
		{Action: schema.Delete, Address: "presence_status.Old_Lunch", Kind: statusKind, Held: status("Old_Lunch", 0), Removal: at(30), Reason: "it is tried"},
	}
	return &reconcile.Plan{
		Steps: steps, Compared: 12, Forecast: 7, Fallback: 2, Calls: schema.Calls{Reading: 9},
		Where:     map[string]string{"cxone": "tenant 11eb", "salesforce": "Acme 00D5g00000ABCDE (production)"},
		Notes:     []schema.Note{{Address: "presence_status.Lunch", Text: "2 more are left alone"}, {Text: "about no block"}},
		Unmanaged: map[string]int{"unavailable_code": 2, "presence_status": 1, "profile_access": 0},
	}
}

func TestPlan(t *testing.T) {
	golden(t, "plan.txt", func(s Streams) { s.Plan(everyAction(), vendorsShown) })
	golden(t, "plan.json", func(s Streams) { _, _ = s.Out.Write(everyAction().Document("0.1.0").Encode()) })
	golden(t, "settled.txt", func(s Streams) { s.Plan(&reconcile.Plan{Compared: 1}, vendorsShown) })
	golden(t, "guide.txt", func(s Streams) { s.Guide(everyAction().Steps[3]) })
}

func TestApplied(t *testing.T) {
	steps := everyAction().Steps
	done := func(i int) schema.Outcome { return schema.Outcome{Step: steps[i], Result: schema.Done} }
	golden(t, "applied.txt", func(s Streams) {
		s.Applied(&reconcile.Applied{Outcomes: []schema.Outcome{done(0), done(1)}, Calls: schema.Calls{Writing: 3}})
	})
	pending := &schema.Step{Address: `presence_rule.team["Support"]`, Action: schema.Manual}
	some := &reconcile.Applied{Calls: schema.Calls{Writing: 2}, Outcomes: []schema.Outcome{
		done(0),
		{Step: steps[1], Result: schema.Done, Err: errors.New("done at the vendor, but not kept: disk full")},
		{Step: steps[2], Result: schema.NotDone, Err: errors.New("duplicate value"), Because: "presence_status.Lunch"},
		{Step: steps[4], Result: schema.NotDone, Because: "presence_status.Lunch"},
		{Step: steps[2], Result: schema.Unclear, Err: errors.New("connection lost")},
		{Step: steps[3], Result: schema.Pending, Because: "presence_status.Lunch"},
		{Step: pending, Result: schema.Pending},
	}}
	golden(t, "applied-some.txt", func(s Streams) {
		p := s.NewProgress(len(some.Outcomes))
		p.Started(steps[:3])
		for _, o := range some.Outcomes {
			p.Ended(o)
		}
		p.Close()
		s.Applied(some)
	})
	golden(t, "applied.json", func(s Streams) {
		if err := s.AppliedJSON(everyAction().Document("test"), some); err != nil {
			t.Fatal(err)
		}
	})
}

const file = `presence_status "Lunch" {
	optoin = "busy"
  label = "休憩" + nothing
}
`

func find(text, subject string) schema.Range {
	i := strings.Index(text, subject)
	line := int32(strings.Count(text[:i], "\n") + 1)
	return schema.Range{
		File:  "main.hcl",
		Start: schema.Pos{Line: line, Byte: int32(i)}, End: schema.Pos{Line: line, Byte: int32(i + len(subject))},
	}
}

func TestDiagnostics(t *testing.T) {
	detail := "The kind presence_status has no argument \"optoin\". Give the user-name-and-password flow a moment; then, in your shell, run\n\n    lockstep plan -target='presence_status.Lunch' -var-file=a-rather-long-name-of-a-file.hclvars\n\nor correct it."
	diags := schema.Diagnostics{
		{Severity: schema.Error, Summary: "Unknown argument", Detail: detail, Subject: find(file, "optoin"), Address: "presence_status.Lunch"},
		{Severity: schema.Warning, Summary: "Wide letters before", Detail: "Short.", Subject: find(file, "nothing")},
		{Severity: schema.Warning, Summary: "Wide letters marked", Detail: "Short.", Subject: find(file, `"休憩"`)},
		{Severity: schema.Error, Summary: "No place", Detail: "It is about no file."},
		{Severity: schema.Error, Summary: "Beyond the end", Detail: "The file has changed.", Subject: schema.Range{File: "main.hcl", Start: schema.Pos{Line: 9, Byte: 900}}},
	}
	golden(t, "diagnostics.txt", func(s Streams) { s.Diagnostics(diags, func(string) []byte { return []byte(file) }) })

	long := strings.Repeat("{ \"a\": 1 }, ", 400) + "WRONG" + strings.Repeat(", { \"b\": 2 }", 400) + "\x1b[31m"
	golden(t, "diagnostics-long.txt", func(s Streams) {
		s.Diagnostics(schema.Diagnostics{{Severity: schema.Error, Summary: "In a long line", Detail: "It is in the middle.", Subject: find(long, "WRONG")}},
			func(string) []byte { return []byte(long) })
	})
}

// TestManyDiagnostics hides no error behind warnings.
func TestManyDiagnostics(t *testing.T) {
	var diags schema.Diagnostics
	for i := range maxDiagnostics + 10 {
		diags = append(diags, schema.Diagnostic{Severity: schema.Warning, Summary: fmt.Sprintf("Warning %d", i)})
	}
	diags = append(diags, schema.Diagnostic{Severity: schema.Error, Summary: "The error"})
	var talk bytes.Buffer
	NewStreams(&bytes.Buffer{}, &talk, nil, false).Diagnostics(diags, nil)
	if !strings.Contains(talk.String(), "The error") || !strings.Contains(talk.String(), "… and 11 more.") {
		t.Errorf("want the error and a count, got:\n%s", talk.String())
	}
}

func TestDoctor(t *testing.T) {
	examined := []Examined{
		{Vendor: "Salesforce", Checkups: []schema.Checkup{
			{Name: "Omni-Channel is on", Condition: schema.Healthy, Detail: "2 presence statuses"},
			{Name: "API calls are left today", Condition: schema.Ailing, Detail: "12 of 15000", Remedy: "Wait until tomorrow."},
			{Name: "The user may: API Enabled", Condition: schema.Broken, Remedy: strings.Repeat("Give the user a permission set. ", 6)},
		}},
		{Vendor: "CXone", Checkups: []schema.Checkup{{Name: "Roles", Condition: schema.Unseen, Remedy: "Look in Admin."}}},
	}
	golden(t, "doctor.txt", func(s Streams) { s.Doctor(examined) })
	golden(t, "doctor.json", func(s Streams) { must(t, s.DoctorJSON(examined, nil)) })

	probe := &Probe{Who: "ana.lopez@acme.example", OneWay: "no presence_bridge is declared", Sides: []mirror.Probed{
		{Side: "cxone", From: "Available", To: `code "Lunch"`, Set: 1234567 * time.Microsecond, Restored: 900 * time.Millisecond},
		{Side: "salesforce", From: "Ready", To: "Lunch", Err: errors.New("no console of this user listens")},
	}}
	golden(t, "probe.txt", func(s Streams) { s.Probed(probe) })
	golden(t, "probe.json", func(s Streams) { must(t, s.DoctorJSON(examined[1:], probe)) })
}

func TestReference(t *testing.T) {
	blocks := []schema.BlockDoc{{Name: "sync", Doc: "How run behaves.", Shape: schema.NewShape(
		schema.Argument{Name: "poll_interval", Type: schema.SpanType(), Doc: "How often.", Default: schema.Duration(5e9)},
		schema.Argument{Name: "match", Type: schema.OneOf("email", "username"), Doc: "How agents are matched."})}}
	golden(t, "reference.md", func(s Streams) { s.Reference(vendorsShown, blocks) })
}

func TestTalk(t *testing.T) {
	golden(t, "talk.txt", func(s Streams) {
		s.Valid(Valid{Blocks: 3, Rules: []ValidRule{{"presence_rule.Support", 1}, {`presence_rule.team["Sales"]`, 4}}})
		s.Diff("main.hcl", []byte("a {\nb=1\n}\n"), []byte("a {\n  b = 1\n}\n"))
		s.Fail(errors.New("read Salesforce: 401"))
		s.Busy("Reading")()
	})
}
