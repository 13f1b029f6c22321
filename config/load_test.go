package config

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/schema"
)

// guide uses every block of the language once.
const guide = `
lockstep {
  required_version = ">= 0.1"
  store            = "postgres://lockstep@db.internal/lockstep"
}

variable "password" {
  type      = string
  sensitive = true
  default   = "planted-password"
}

locals {
  title  = "${local.prefix} production"
  prefix = "Acme"
}

provider "acme" {}

access "Support Agent" {
  statuses = [status.Available_for_Chats, status.On_Break, "Not_Declared"]
}

status "Available_for_Chats" {
  label    = "Available for Chats"
  option   = "online"
  channels = ["sfdc_livemessage"]
  order    = 3
}

status "On_Break" {
  option = "busy"
}

app "Connector" {
  description = "for ${status.On_Break.label}"
}

unavailable_code "Lunch" {
  timeout = "60m"
  teams   = ["Support"]
}

mapping "production" {
  name = local.title
  environment {
    username      = "admin@acme.example"
    password      = var.password
    client_id     = app.Connector.consumer_key
    client_secret = app.Connector.consumer_secret
    email         = "crm-team@acme.example"
  }
  alarm { after = "1h30m" }
  alarm { after = "90d" }
}

rule "Support" {
  mapping = mapping.production
  both = [
    { acd_state = "Available", salesforce_status = status.Available_for_Chats },
    { acd_state = unavailable_code.Lunch, salesforce_status = status.On_Break },
    { acd_state = code("Undeclared"), salesforce_status = offline },
    { acd_state = previous, salesforce_status = "Typed_Name" },
  ]
  teams = ["Support"]
}

user_mapping "ana" {
  salesforce = "ana@acme.example.uat"
  cxone      = "ana@acme.example"
}

sync {
  poll_interval = "10s"
  breaker { within = "1m" }
  freeze = ["Sat 22:00-04:00 UTC"]
}

removed {
  status           = "Old_Lunch"
  unavailable_code = ["A", "B"]
}
`

// show writes the objects of a configuration with all that a plan sees of
// them, one line each.
func show(c *Configuration) []string {
	var lines []string
	for _, o := range c.Objects {
		lines = append(lines, fmt.Sprintf("%s %s %v", o.Address, shownValue(o.Record), o.DependsOn))
	}
	return lines
}

// shownValue writes a value with its type, so that a reference differs from a
// text.
func shownValue(v schema.Value) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case schema.Ref:
		s := fmt.Sprintf("→%s(%s)", v.Kind, v.Key)
		if v.Address != "" {
			s += "@" + string(v.Address)
		}
		if v.Attribute != "" {
			s += "." + v.Attribute
		}
		return s
	case schema.Secret:
		return "secret from " + v.Source()
	case schema.Later:
		var needs []string
		for _, n := range v.Needs {
			needs = append(needs, shownValue(n))
		}
		return "later(" + strings.Join(needs, " ") + ")"
	case schema.List:
		var all []string
		for _, e := range v {
			all = append(all, shownValue(e))
		}
		return "[" + strings.Join(all, " ") + "]"
	case schema.Record:
		var all []string
		for i, a := range v.Shape.Arguments {
			if v.At(i) != nil {
				all = append(all, a.Name+"="+shownValue(v.At(i)))
			}
		}
		return "{" + strings.Join(all, " ") + "}"
	case schema.Unknown:
		return "unknown"
	}
	return fmt.Sprintf("%q", schema.Text(v))
}

func TestGuide(t *testing.T) {
	c := mustLoad(t, guide)
	want := []string{
		`access.Support Agent {profile="Support Agent" statuses=[→status(Available_for_Chats)@status.Available_for_Chats →status(On_Break)@status.On_Break →status(Not_Declared)]} [status.Available_for_Chats status.On_Break]`,
		`status.Available_for_Chats {developer_name="Available_for_Chats" label="Available for Chats" option="online" channels=["sfdc_livemessage"] order="3" hidden="false"} []`,
		`status.On_Break {developer_name="On_Break" label="On Break" option="busy" hidden="false"} []`,
		`app.Connector {name="Connector" description="for On Break"} [status.On_Break]`,
		`unavailable_code.Lunch {name="Lunch" timeout="1h" teams=["Support"]} []`,
		`mapping.production {name="Acme production" environment={username="admin@acme.example" password=secret from variable password client_id=→app()@app.Connector.consumer_key client_secret=→app()@app.Connector.consumer_secret email=["crm-team@acme.example"]} alarm=[{after="1h30m"} {after="90d"}]} [app.Connector]`,
		`rule.Support {name="Support" mapping=→mapping(Acme production)@mapping.production after_contact="previous" both=[{acd_state="Available" salesforce_status=→status(Available_for_Chats)@status.Available_for_Chats} {acd_state=→unavailable_code(Lunch)@unavailable_code.Lunch salesforce_status=→status(On_Break)@status.On_Break} {acd_state=→unavailable_code(Undeclared) salesforce_status="offline"} {acd_state="previous" salesforce_status=→status(Typed_Name)}] teams=["Support"]} [mapping.production status.Available_for_Chats status.On_Break unavailable_code.Lunch]`,
	}
	if diff := cmp.Diff(want, show(c)); diff != "" {
		t.Errorf("objects -want +got:\n%s", diff)
	}
	checkGuideSettings(t, c)
	checkGuidePlaces(t, c)
}

func checkGuideSettings(t *testing.T, c *Configuration) {
	t.Helper()
	if got := c.Lockstep.Store.Reveal(); got != "postgres://lockstep@db.internal/lockstep" {
		t.Errorf("store: %q", got)
	}
	if got := c.Providers["acme"].Text("url"); got != "https://acme.test" {
		t.Errorf("a provider's argument was not taken from the environment: %q", got)
	}
	if zen := c.Providers["zen"]; zen == nil || zen.Secret("key").Source() != "environment variable ZEN_KEY" {
		t.Errorf("a provider that objects need and no block declares is not there: %v", zen)
	}
	if c.Sync.PollInterval != 10*time.Second || c.Sync.Breaker != (Breaker{0.2, time.Minute}) || c.Sync.Budget.SalesforceCallsPerDay != 20_000 || len(c.Sync.Freeze) != 1 {
		t.Errorf("sync: %+v", c.Sync)
	}
	if len(c.Users) != 1 || c.Users[0].CXone != "ana@acme.example" {
		t.Errorf("users: %v", c.Users)
	}
	var removed []string
	for _, r := range c.Removed {
		removed = append(removed, string(r.Address()))
	}
	if diff := cmp.Diff([]string{"status.Old_Lunch", "unavailable_code.A", "unavailable_code.B"}, removed); diff != "" {
		t.Errorf("removed: %s", diff)
	}
}

func checkGuidePlaces(t *testing.T, c *Configuration) {
	t.Helper()
	line := func(r schema.Range) string {
		text := string(c.Source(r.File))
		return strings.TrimSpace(strings.Split(text, "\n")[r.Start.Line-1])
	}
	rule, mapping := c.Objects[6], c.Objects[5]
	for name, row := range map[string]struct {
		at   schema.Range
		want string
	}{
		"a block":           {rule.Source.Block, `rule "Support" {`},
		"an argument":       {rule.Range("teams"), `teams = ["Support"]`},
		"a row":             {rule.Source.At("both[2]"), `{ acd_state = code("Undeclared"), salesforce_status = offline },`},
		"a nested argument": {mapping.Source.At("environment.username"), `username      = "admin@acme.example"`},
		"a repeated block":  {mapping.Source.At("alarm[1]"), `alarm { after = "90d" }`},
		"a left-out one":    {rule.Range("name"), `rule "Support" {`},
	} {
		if got := line(row.at); got != row.want {
			t.Errorf("%s stands at %q, want %q", name, got, row.want)
		}
	}
}

// TestExpressions decodes one argument each.
func TestExpressions(t *testing.T) {
	const around = `
status "S" {
  for_each = { a = "busy", b = "busy" }
  option   = each.value
}
status "One" { option = "busy" }
app "A" {}
locals {
  names  = ["x", "y", "x"]
  chosen = [for s in values(status.S) : s if s.developer_name != "b"]
  keys   = { for k, s in status.S : k => s.label }
}
variable "on" { default = true }
`
	for _, row := range []struct{ why, argument, want string }{
		{"functions are Terraform's", `app "X" { description = join("-", distinct(concat(local.names, [upper("z")]))) }`, `"x-y-Z"`},
		{"a number fits where a text is taken", `app "X" { description = 5 }`, `"5"`},
		{"a key of for_each stands for its object", `access "X" { statuses = [status.S["a"]] }`, `[→status(a)@status.S["a"]]`},
		{"a splat over for_each keeps the references", `access "X" { statuses = values(status.S)[*] }`, `[→status(a)@status.S["a"] →status(b)@status.S["b"]]`},
		{"a for expression keeps the references", `access "X" { statuses = [for s in status.S : s] }`, `[→status(a)@status.S["a"] →status(b)@status.S["b"]]`},
		{"functions keep the references", `access "X" { statuses = distinct(concat([status.One], values(status.S), [status.One])) }`, `[→status(One)@status.One →status(a)@status.S["a"] →status(b)@status.S["b"]]`},
		{"conditions keep the references", `access "X" { statuses = [var.on ? status.One : status.S["a"]] }`, `[→status(One)@status.One]`},
		{"conditions over lists of different lengths", `access "X" { statuses = var.on ? [status.One] : [] }`, `[→status(One)@status.One]`},
		{"locals may hold references", `access "X" { statuses = local.chosen }`, `[→status(a)@status.S["a"]]`},
		{"locals may hold what blocks are called", `app "X" { description = local.keys["b"] }`, `"b"`},
		{"a key of for_each may be worked out", `access "X" { statuses = [for k in ["a", "b"] : status.S[k]] }`, `[→status(a)@status.S["a"] →status(b)@status.S["b"]]`},
		{"a text finds the block that declares its key", `access "X" { statuses = ["One"] }`, `[→status(One)@status.One]`},
		{"an attribute that is the key does so too", `access "X" { statuses = [status.One.developer_name] }`, `[→status(One)@status.One]`},
		{"an attribute of the vendor's alone is a reference", `app "X" { description = app.A.consumer_key }`, `→app()@app.A.consumer_key`},
		{"in parentheses too", `app "X" { description = (app.A.consumer_key) }`, `→app()@app.A.consumer_key`},
		{"in a larger expression it comes later", `app "X" { description = "${app.A.consumer_key}!" }`, `later(→app()@app.A.consumer_key)`},
		{"a reference through another block", `app "X" { description = app.Y.description }
app "Y" { description = app.A.consumer_key }`, `→app()@app.A.consumer_key`},
		{"null is left out", `app "X" { description = null }`, `-`},
		{"durations have days", `unavailable_code "X" { timeout = "1d12h" }`, `"36h"`},
		{"a heredoc", "app \"X\" {\n  description = <<-EOT\n    one {\n    EOT\n}\n", `"one {\n"`},
		{"range is not bounded at a thousand", `app "X" { description = length(range(5000)) }`, `"5000"`},
		{"replace takes a pattern", `app "X" { description = replace("a1b2", "/[0-9]/", "") }`, `"ab"`},
		{"try", `app "X" { description = try(jsondecode("{"), "no") }`, `"no"`},
	} {
		t.Run(row.why, func(t *testing.T) {
			c := mustLoad(t, around+row.argument)
			kind, _, _ := strings.Cut(row.argument, " ")
			name := map[string]string{"app": "description", "access": "statuses", "unavailable_code": "timeout"}[kind]
			for _, o := range c.Objects {
				if o.Address == schema.NewAddress(kind, "X") {
					if got := shownValue(o.Get(name)); got != row.want {
						t.Errorf("got %s, want %s", got, row.want)
					}
				}
			}
		})
	}
}

// TestLater evaluates what had to wait, as a reconciler does.
func TestLater(t *testing.T) {
	c := mustLoad(t, `
app "A" {}
app "B" { description = "${app.A.consumer_key}/${upper(app.A.consumer_key)}" }
app "C" { description = "<${app.B.description}>" }
mapping "M" {
  environment {
    username = "x"
    password = "${app.A.consumer_secret}!"
  }
}
`)
	key := []schema.Value{schema.String("k")}
	if got, err := c.Objects[1].Get("description").(schema.Later).Eval(key); err != nil || got != schema.String("k/K") {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.Objects[2].Get("description").(schema.Later).Eval(key); err != nil || got != schema.String("<k/K>") {
		t.Errorf("through another block: got %v, %v", got, err)
	}
	environment, _ := c.Objects[3].Record.Record("environment")
	got, err := environment.Get("password").(schema.Later).Eval([]schema.Value{schema.NewSecret("s", "vendor")})
	if secret, ok := got.(schema.Secret); err != nil || !ok || secret.Reveal() != "s!" {
		t.Errorf("a secret made of a secret: got %v, %v", got, err)
	}
}

// TestForEach compares for_each with the same blocks written out.
func TestForEach(t *testing.T) {
	short := mustLoad(t, `
locals { table = { lunch = "60m", break = "15m" } }
unavailable_code "c" {
  for_each = local.table
  name     = "The ${each.key}"
  timeout  = each.value
}
access "a" {
  for_each = toset(["x", "y"])
  statuses = ["S_${each.value}"]
}
`)
	long := mustLoad(t, `
unavailable_code "c1" {
  name    = "The break"
  timeout = "15m"
}
unavailable_code "c2" {
  name    = "The lunch"
  timeout = "60m"
}
access "a1" {
  profile  = "x"
  statuses = ["S_x"]
}
access "a2" {
  profile  = "y"
  statuses = ["S_y"]
}
`)
	values := func(c *Configuration) (all []string) {
		for _, o := range c.Objects {
			all = append(all, shownValue(o.Record))
		}
		return all
	}
	if diff := cmp.Diff(values(long), values(short)); diff != "" {
		t.Errorf("-written out +for_each:\n%s", diff)
	}
	if got := short.Objects[0].Address; got != `unavailable_code.c["break"]` {
		t.Errorf("address %s", got)
	}
}

// TestOrder shuffles the blocks of the guide over several files: what is
// wanted does not depend on where it is written.
func TestOrder(t *testing.T) {
	items, problem := scanItems("", []byte(guide))
	if problem != nil {
		t.Fatal(problem)
	}
	want := map[string]bool{}
	for _, line := range show(mustLoad(t, guide)) {
		want[line] = true
	}
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		random := rand.New(rand.NewPCG(seed, 0))
		texts := make([]string, 3)
		for _, i := range random.Perm(len(items)) {
			texts[random.IntN(3)] += guide[items[i].start:items[i].end] + "\n"
		}
		c, ds := loadFiles(t, Options{}, "a.hcl", texts[0], "b.hcl", string(mustFormat(t, texts[1])), "c.hcl", texts[2])
		if len(ds) > 0 {
			rt.Fatal(ds)
		}
		got := map[string]bool{}
		for _, line := range show(c) {
			got[line] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("-want +got:\n%s", diff)
		}
	})
}

func mustFormat(t *testing.T, text string) []byte {
	t.Helper()
	formatted, ds := Format("x.hcl", []byte(text))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	again, _ := Format("x.hcl", formatted)
	if diff := cmp.Diff(string(formatted), string(again)); diff != "" {
		t.Fatalf("formatting twice differs: %s", diff)
	}
	return formatted
}

func TestDigest(t *testing.T) {
	load := func(text string, vars map[string]string) string {
		dir := files(t, "main.hcl", text)
		t.Chdir(dir) // names of files are part of the digest
		c, _ := Load(t.Context(), Options{Vendors: testVendors(), Environ: environment, Vars: vars})
		return c.Digest
	}
	const text = `
variable "v" { default = "1" }
variable "s" {
  default   = "planted"
  sensitive = true
}
`
	first := load(text, nil)
	if load(text, nil) != first {
		t.Error("the same configuration has two digests")
	}
	if load(text+"# more", nil) == first || load(text, map[string]string{"v": "2"}) == first {
		t.Error("a change of the text or of a variable does not show")
	}
	if load(text, map[string]string{"s": "other"}) != first {
		t.Error("a secret is part of the digest, and could be guessed from it")
	}
}

func TestSource(t *testing.T) {
	c := mustLoad(t, guide)
	name := c.Objects[0].Source.Block.File
	if text := string(c.Source(name)); strings.Contains(text, "planted") || len(text) != len(guide) {
		t.Errorf("a secret is shown, or places moved:\n%s", text)
	}
	if c.Source(filepath.Join(filepath.Dir(name), "other.hcl")) != nil {
		t.Error("a file that is not part of the configuration is read")
	}
}
