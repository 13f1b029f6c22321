package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/schema"
)

// A contract is what every kind keeps: an object is created and settled, each
// argument is changed and settled, and it is removed and absent.
type contract struct {
	// around is what the object needs; it is applied first and stays.
	around string
	// start is the block, named "it".
	start string
	// changes maps arguments to the block with just that one changed.
	changes map[string]string
	// removed is the removed block's line.
	removed string
	// fixed maps arguments that no test can change to the reason.
	fixed map[string]string
	// stays says that a removed block leaves what is there, as its kind's
	// Removal explains.
	stays bool
}

// contracts has one entry a kind. An argument that could be changed and is not
// here fails the test.
var contracts = map[string]contract{
	"presence_status": block("presence_status", `presence_status = "it"`, fields{
		"label": `"It"`, "option": `"online"`, "channels": `["Cases"]`,
	}, map[string]fields{
		"label":    {"label": `"It, renamed"`},
		"channels": {"channels": `["Cases", "sfdc_phone"]`},
		"option":   {"option": `"busy"`, "channels": `[]`},
	}),
	"profile_access": block("profile_access", `profile_access = "Support Agent"`, fields{
		"profile": `"Support Agent"`, "statuses": `[presence_status.A, presence_status.B]`,
	}, map[string]fields{
		"statuses": {"statuses": `[presence_status.A]`},
	}).with(twoStatuses),
	"permission_set_access": block("permission_set_access", `permission_set_access = "Presence_Access"`, fields{
		"permission_set": `"Presence_Access"`, "statuses": `[presence_status.A, presence_status.B]`,
	}, map[string]fields{
		"statuses": {"statuses": `[presence_status.B]`},
	}).with(twoStatuses),
	"connected_app": block("connected_app", `connected_app = "it"`, fields{
		"label": `"It"`, "contact_email": `"it@acme.example"`, "callback_url": `"https://callback.acme.example/oauth"`,
		"scopes": `["full", "api", "refresh_token"]`, "pkce": `true`,
	}, map[string]fields{
		"label":                                 {"label": `"It, renamed"`},
		"contact_email":                         {"contact_email": `"other@acme.example"`},
		"callback_url":                          {"callback_url": `["https://callback.acme.example/oauth", "https://other.acme.example/oauth"]`},
		"scopes":                                {"scopes": `["full", "api", "web", "offline_access"]`},
		"pkce":                                  {"pkce": `false`},
		"require_secret_for_web_server_flow":    {"require_secret_for_web_server_flow": `false`},
		"require_secret_for_refresh_token_flow": {"require_secret_for_refresh_token_flow": `false`},
	}),
	"agent_access": block("agent_access", `agent_access = "it"`, fields{
		"users": `["ana.lopez@acme.example", "erik.olsen@acme.example"]`,
	}, map[string]fields{
		"users":          {"users": `["ana.lopez@acme.example", "erik.olsen@acme.example", "dana.levi@acme.example"]`},
		"permission_set": {"permission_set": `"Presence Access"`},
		"package":        {"package": `"Other Package"`},
	}).staying(),
	"presence_bridge": block("presence_bridge", `presence_bridge = "/u/It"`, fields{
		"channel": `"/u/It"`, "apps": `["LightningService"]`, "users": `["ana.lopez@acme.example"]`,
	}, map[string]fields{
		"users":          {"users": `["ana.lopez@acme.example", "ben.okafor@acme.example"]`},
		"apps":           {"apps": `["LightningService", "Other_Console"]`},
		"event_channel":  {"event_channel": `"Other__chn"`},
		"event_filter":   {"event_filter": `"IsCurrentState = true"`},
		"permission_set": {"permission_set": `"Other_Bridge"`},
	}).fixing(map[string]string{
		"component": "it is found by its name, and nothing remembers an old one",
	}),
	"unavailable_code": block("unavailable_code", `unavailable_code = "it"`, fields{
		"timeout": `"60m"`, "teams": `["Support", "Sales"]`,
	}, map[string]fields{
		"timeout": {"timeout": `"90m"`},
		"teams":   {"teams": `["Support", "Billing"]`},
		"acw":     {"acw": `true`},
	}),
	"account_mapping": block("account_mapping", `account_mapping = "it"`, fields{
		"access_key_user": `"presence-sync@acme.example"`, "salesforce_environment": environment(nil),
	}, map[string]fields{
		"access_key_user":                      {"access_key_user": `"sup.one@acme.example"`},
		"salesforce_environment.username":      {"salesforce_environment": environment(fields{"username": `"other@acme.example"`})},
		"salesforce_environment.password":      {"salesforce_environment": environment(fields{"password": `env("SALESFORCE_CLIENT_SECRET")`})},
		"salesforce_environment.client_id":     {"salesforce_environment": environment(fields{"client_id": `"another-client-id"`})},
		"salesforce_environment.client_secret": {"salesforce_environment": environment(fields{"client_secret": `env("CXONE_ACCESS_KEY_SECRET")`})},
		"salesforce_environment.email":         {"salesforce_environment": environment(fields{"email": `["crm@acme.example", "it@acme.example"]`})},
	}).fixing(map[string]string{
		"salesforce_environment.name":            "it is what the mapping is found by",
		"salesforce_environment.organization_id": "any but the connected org's is an error",
		"salesforce_environment.platform":        "any but the connected org's is an error",
	}),
	"presence_rule": block("presence_rule", `presence_rule = "it"`, fields{
		"executor": `"cxone"`, "account_mapping": `account_mapping.m`, "teams": `["Support"]`,
		"both":       `[{ acd_state = "Available", salesforce_status = presence_status.A }, { acd_state = code("Break"), salesforce_status = presence_status.B }]`,
		"publisher":  `[{ acd_state = "Working", salesforce_status = presence_status.B }]`,
		"subscriber": `[]`,
	}, map[string]fields{
		"publisher":  {"publisher": `[{ acd_state = "ACW", salesforce_status = presence_status.B }]`},
		"subscriber": {"subscriber": `[{ acd_state = code("Break"), salesforce_status = "Away" }]`},
		"both":       {"both": `[{ acd_state = "Available", salesforce_status = presence_status.A }]`},
		"teams":      {"teams": `["Support", "Sales"]`},
		"users":      {"users": `["rosa.diaz@acme.example"]`},
	}).with(twoStatuses + oneMapping).fixing(map[string]string{
		"account_mapping": "the vendor takes one environment for an organization, so there is no other mapping to name",
	}),
}

const twoStatuses = `
presence_status "A" {
	option   = "online"
	channels = ["Cases"]
}
presence_status "B" {
	option = "busy"
}
`

var oneMapping = strings.Replace(fields{
	"access_key_user": `"presence-sync@acme.example"`, "salesforce_environment": environment(nil),
}.text("account_mapping"), `"it"`, `"m"`, 1)

// environment makes a mapping's nested block, with some arguments changed.
func environment(changed fields) string {
	all := fields{
		"username": `"admin@acme.example"`, "password": `var.salesforce_password`,
		"client_id": `"a-client-id"`, "client_secret": `env("SALESFORCE_CLIENT_SECRET")`, "email": `"crm@acme.example"`,
	}
	maps.Copy(all, changed)
	_, inside, _ := strings.Cut(all.text("environment"), "{")
	return "{" + inside
}

// fields are a block's arguments as they stand in a file. A value that begins
// with a brace is a nested block.
type fields map[string]string

// block makes the contract of a kind from its block named "it" and what each
// change does to its arguments.
func block(kind, removed string, start fields, changed map[string]fields) contract {
	c := contract{start: start.text(kind), removed: removed, changes: map[string]string{}}
	for path, change := range changed {
		all := maps.Clone(start)
		maps.Copy(all, change)
		c.changes[path] = all.text(kind)
	}
	return c
}

func (c contract) with(around string) contract {
	c.around = around
	return c
}

func (c contract) fixing(fixed map[string]string) contract {
	c.fixed = fixed
	return c
}

func (c contract) staying() contract {
	c.stays = true
	return c
}

func (f fields) text(kind string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s \"it\" {\n", kind)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if strings.HasPrefix(f[name], "{") {
			fmt.Fprintf(&b, "%s %s\n", name, f[name])
			continue
		}
		fmt.Fprintf(&b, "%s = %s\n", name, f[name])
	}
	return b.String() + "}\n"
}

func TestKindContract(t *testing.T) {
	t.Parallel()
	for _, kind := range allKinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			c, ok := contracts[kind.Name]
			if !ok {
				t.Fatalf("the kind %s has no contract", kind.Name)
			}
			for _, path := range changeable("", kind.Shape, kind.Key) {
				if c.changes[path] == "" && c.fixed[path] == "" {
					t.Errorf("no change of %s is tried", path)
				}
			}
			synctest.Test(t, func(t *testing.T) { c.keep(t, kind) })
		})
	}
}

// changeable lists the arguments whose change a plan would show.
func changeable(prefix string, shape *schema.Shape, key string) []string {
	var paths []string
	for i := range shape.Arguments {
		a := &shape.Arguments[i]
		switch {
		case a.Unread, a.Computed && !a.Optional, prefix == "" && a.Name == key:
		case a.Type.Base == schema.RecordType:
			paths = append(paths, changeable(prefix+a.Name+".", a.Type.Shape, key)...)
		default:
			paths = append(paths, prefix+a.Name)
		}
	}
	return paths
}

const providersAPI = `
provider "salesforce" {}
provider "cxone" {
	adapters                = "api"
	adapters_api_is_private = true
}
variable "salesforce_password" {
	type      = string
	sensitive = true
	default   = ""
}
`

func (c contract) world(t *testing.T, options emulator.Options) *world {
	w := newWorld(t, canaried(), options)
	w.write("around.hcl", providersAPI+c.around)
	return w
}

func (c contract) keep(t *testing.T, kind *schema.Kind) {
	w := c.world(t, emulator.Options{})
	w.mustApply()
	w.write("it.hcl", c.start)
	if plan := w.mustApply(); plan.Settled() {
		t.Fatal("nothing to create")
	}
	w.mustBeSettled("created")
	for _, path := range slices.Sorted(maps.Keys(c.changes)) {
		w.write("it.hcl", c.changes[path])
		if plan := w.mustApply(); !changes(plan.Steps, path) {
			t.Errorf("changing %s: the plan does not show it: %v", path, steps(plan))
		}
		w.mustBeSettled("changed " + path)
		w.write("it.hcl", c.start)
		w.mustApply()
		w.mustBeSettled("changed " + path + " back")
	}
	w.write("it.hcl", "removed {\n"+c.removed+"\n}")
	if plan := w.mustApply(); plan.Settled() != c.stays {
		t.Errorf("removing: want something to do: %v, got %v", !c.stays, steps(plan))
	}
	w.mustBeSettled("removed")
}

func changes(steps []*schema.Step, path string) bool {
	return slices.ContainsFunc(steps, func(s *schema.Step) bool {
		return slices.ContainsFunc(s.Changes, func(c schema.Change) bool { return c.Path == path || strings.HasPrefix(c.Path, path+".") })
	})
}

// faultKinds are those that a vendor can show at any call.
var faultKinds = []emulator.Kind{
	emulator.Unauthorized, emulator.Forbidden, emulator.DailyLimit, emulator.Concurrency, emulator.Gone,
	emulator.Throttled, emulator.ServerError, emulator.Unavailable, emulator.LockedRow,
	emulator.CommitError, emulator.LostAnswer, emulator.Drop, emulator.HTML, emulator.Truncated, emulator.Hang, emulator.Stale,
}

// TestKindContractUnderFaults applies under each fault, at the first calls; once
// the fault is over, applying again settles.
func TestKindContractUnderFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range allKinds() {
		c, ok := contracts[kind.Name]
		if !ok {
			continue // TestKindContract says so
		}
		for i, fault := range faultKinds {
			t.Run(kind.Name+"/"+string(fault), func(t *testing.T) {
				t.Parallel()
				for _, after := range faultsAfter(i) {
					synctest.Test(t, func(t *testing.T) { c.survive(t, kind, emulator.Fault{Kind: fault, After: after, Times: 2}) })
				}
			})
		}
	}
}

// faultsAfter lists how many calls go well before a fault. Neighbouring faults
// take the calls in turn, which costs a quarter; a short run tries the beginning
// and the middle only.
func faultsAfter(turn int) []int {
	if testing.Short() {
		return []int{0, 4}
	}
	first := turn % 4
	return []int{first, first + 4}
}

func (c contract) survive(t *testing.T, kind *schema.Kind, fault emulator.Fault) {
	w := c.world(t, emulator.Options{})
	w.mustApply()
	for _, text := range []string{c.start, "removed {\n" + c.removed + "\n}"} {
		w.write("it.hcl", text)
		fault.Vendor = kind.Provider
		if err := w.emulator.Fault(fault); err != nil {
			t.Fatal(err)
		}
		plan, r, err := w.tryPlan(t.Context())
		if err == nil {
			r.Apply(t.Context(), nil, plan, nil)
		}
		w.emulator.ClearFaults()
		plan, r = w.mustPlan()
		if applied := r.Apply(t.Context(), nil, plan, nil); applied.Failed() {
			t.Errorf("%s after %d calls: applying again fails: %v", fault.Kind, fault.After, outcomes(applied))
		}
		w.mustBeSettled(fmt.Sprintf("%s after %d calls", fault.Kind, fault.After))
	}
}

// TestKilledAtEveryCall kills an apply of each kind at each of its calls, and
// applies again.
func TestKilledAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, kind := range allKinds() {
		c, ok := contracts[kind.Name]
		if !ok {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			for n := 1; c.killedAt(t, n); n++ {
			}
		})
	}
}

// killedAt kills at the n-th call, before the vendor sees it when n is odd and
// after when it is even, and reports whether there was such a call.
func (c contract) killedAt(t *testing.T, n int) (reached bool) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // calls are made side by side
		var kill func()
		calls := 0
		count := func(string, string, string, int) {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls == n && kill != nil {
				reached = true
				kill()
			}
		}
		arm := func(f func()) {
			mu.Lock()
			defer mu.Unlock()
			calls, kill = 0, f
		}
		w := c.world(t, emulator.Options{OnCall: count, OnAnswer: count})
		w.mustApply()
		w.write("it.hcl", c.start)
		plan, r := w.mustPlan()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		arm(cancel)
		r.Apply(ctx, nil, plan, nil)
		arm(nil)
		plan, r = w.mustPlan()
		if applied := r.Apply(t.Context(), nil, plan, nil); applied.Failed() {
			t.Errorf("killed at %d: applying again fails: %v", n, outcomes(applied))
		}
		w.mustBeSettled(fmt.Sprintf("killed at %d", n))
	})
	return reached
}
