package config

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

// TestJSON compares the JSON form with the native one.
func TestJSON(t *testing.T) {
	native := mustLoad(t, `
variable "v" {
  type    = list(string)
  default = ["a"]
  validation {
    condition     = length(var.v) > 0
    error_message = "Empty."
  }
}
locals { l = upper(var.v[0]) }
status "S" {
  for_each = toset(["x", "y"])
  option   = "busy"
}
app "A" { description = "$${${local.l}}" }
app "B" { description = app.A.consumer_key }
mapping "M" {
  environment {
    username = "u"
    email    = ["e"]
  }
  alarm { after = "1m" }
  alarm { after = "2m" }
}
rule "R" {
  mapping = mapping.M
  both    = [{ acd_state = previous, salesforce_status = status.S["x"] }]
}
removed { status = ["Z"] }
`)
	c, ds := loadFiles(t, Options{}, "main.hcl.json", `{
  "//": "a comment",
  "variable": {"v": {"type": "list(string)", "default": ["a"], "validation": {"condition": "${length(var.v) > 0}", "error_message": "Empty."}}},
  "locals": {"l": "${upper(var.v[0])}"},
  "status": {"S": {"for_each": "${toset([\"x\", \"y\"])}", "option": "busy"}},
  "app": [{"A": {"description": "$${${local.l}}"}}, {"B": {"description": "${app.A.consumer_key}"}}],
  "mapping": {"M": {"environment": {"username": "u", "email": ["e"]}, "alarm": [{"after": "1m"}, {"after": "2m"}]}},
  "rule": {"R": {"mapping": "${mapping.M}", "both": [{"acd_state": "${previous}", "salesforce_status": "${status.S[\"x\"]}"}]}},
  "removed": {"status": ["Z"]}
}`)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if diff := cmp.Diff(show(native), show(c)); diff != "" {
		t.Errorf("-native +JSON:\n%s", diff)
	}
	if len(c.Removed) != 1 || c.Removed[0].Key != "Z" {
		t.Errorf("removed: %v", c.Removed)
	}
}

// TestVariables gives one variable in every way, the strongest last.
func TestVariables(t *testing.T) {
	pairs := []string{"main.hcl", `
variable "v" { default = "default" }
app "A" { description = var.v }
`}
	options := Options{Environ: environment}
	check := func(want string) {
		t.Helper()
		dir := files(t, pairs...)
		o := options
		o.Dir, o.Vendors, o.VarFiles = dir, testVendors(), nil
		for _, name := range options.VarFiles {
			o.VarFiles = append(o.VarFiles, filepath.Join(dir, name))
		}
		c, ds := Load(t.Context(), o)
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		if got := c.Objects[0].Text("description"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check("default")
	options.Environ = append([]string{"LOCKSTEP_VAR_v=environment"}, environment...)
	check("environment")
	pairs = append(pairs, "a.auto.hclvars", `v = "automatic a"`)
	check("automatic a")
	pairs = append(pairs, "b.auto.hclvars.json", `{"v": "automatic b"}`)
	check("automatic b")
	pairs = append(pairs, "one.given.hclvars", `v = "file one"`, "two.given.json", `{"v": "file two"}`)
	options.VarFiles = []string{"two.given.json", "one.given.hclvars"}
	check("file one")
	options.Vars = map[string]string{"v": "flag"}
	check("flag")
}

func TestVariableTypes(t *testing.T) {
	c, ds := loadFiles(t, Options{Vars: map[string]string{
		"list": `["a", "b"]`, "text": `["not a list"]`, "number": "5", "object": `{ name = "n" }`,
	}}, "main.hcl", `
variable "list" { type = list(string) }
variable "text" { type = string }
variable "number" { type = number }
variable "object" {
  type = object({ name = string, size = optional(number, 3) })
}
app "A" { description = join(" ", concat(var.list, [var.text, var.number + 1, var.object.name, var.object.size])) }
`)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if got, want := c.Objects[0].Text("description"), `a b ["not a list"] 6 n 3`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOffline checks a configuration on a machine that has none of its
// secrets, and still finds what is wrong.
func TestOffline(t *testing.T) {
	c, ds := loadFiles(t, Options{Offline: true, Environ: []string{"HOME=/"}}, "main.hcl", `
variable "needed" { type = string }
variable "teams" { type = set(string) }
provider "acme" {
  token = secret("file:not-there")
  jwt {
    user        = env("NOT_SET")
    private_key = env("NOT_SET_EITHER")
  }
}
app "A" {
  description     = "x ${var.needed}"
  consumer_secret = env("NOT_SET")
}
status "S" {
  for_each = var.teams
  option   = "busy"
}
access "X" { statuses = values(status.S) }
status "B" {
  option   = "busy"
  channels = [env("NOT_SET")]
}
unavailable_code "C" { timeout = "soon" }
`)
	if len(ds) != 1 || ds[0].Summary != "Not a duration" {
		t.Error(ds)
	}
	jwt, _ := c.Providers["acme"].Record.Record("jwt")
	if jwt.Secret("private_key").Source() != "environment variable NOT_SET_EITHER" || jwt.Get("user") != (schema.Unknown{}) {
		t.Errorf("provider: %v", shownValue(jwt))
	}
}

// TestProviderFromEnvironment makes provider "acme" {} a complete block.
func TestProviderFromEnvironment(t *testing.T) {
	client := []string{"ACME_URL=https://acme.test", "ACME_ID=id", "ACME_SECRET=planted"}
	for _, row := range []struct {
		why, text, want string
		environ         []string
	}{
		{"a nested block that is wholly in the environment", `provider "acme" {}`, `{url="https://acme.test" client={id="id" secret=secret from environment variable ACME_SECRET}}`, client},
		{"not when one of its arguments is missing", `provider "acme" {}`, `{url="https://acme.test"}`, client[:2]},
		{"not when the user wrote another", "provider \"acme\" {\n  jwt {\n    user = \"u\"\n    private_key = env(\"ACME_SECRET\")\n  }\n}", `{url="https://acme.test" jwt={user="u" private_key=secret from environment variable ACME_SECRET}}`, client},
		{"what is written comes first", `provider "acme" { url = "https://other.test" }`, `{url="https://other.test"}`, client[:1]},
	} {
		t.Run(row.why, func(t *testing.T) {
			c, ds := loadFiles(t, Options{Environ: row.environ}, "main.hcl", row.text)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			if diff := cmp.Diff(row.want, shownValue(c.Providers["acme"].Record)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	for _, row := range []struct {
		why, wanted, have string
		fits              bool
	}{
		{"a version in range", ">= 0.1, < 1.0", "0.2.0", true},
		{"one out of range", ">= 0.3", "0.2.0", false},
		{"a version built by hand", ">= 9", "(devel)", true},
		{"a preview of a version that fits", ">= 0.2", "0.2.0-rc1", true},
	} {
		_, ds := loadFiles(t, Options{Version: row.have}, "main.hcl", "lockstep { required_version = \""+row.wanted+"\" }\n")
		if ds.HasErrors() == row.fits {
			t.Errorf("%s: %v", row.why, ds)
		}
	}
}

func TestWindow(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse("2006-01-02 15:04 MST", text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, row := range []struct {
		why, window, when string
		want              bool
	}{
		{"before", "Sat 22:00-04:00 UTC", "2026-01-03 21:59 UTC", false},
		{"the first minute", "Sat 22:00-04:00 UTC", "2026-01-03 22:00 UTC", true},
		{"after midnight it is still Saturday's", "Sat 22:00-04:00 UTC", "2026-01-04 03:59 UTC", true},
		{"the end is outside", "Sat 22:00-04:00 UTC", "2026-01-04 04:00 UTC", false},
		{"Sunday evening is not Saturday's", "Sat 22:00-04:00 UTC", "2026-01-04 23:00 UTC", false},
		{"a range of days over the week's end", "Sat-Mon 00:00-24:00 UTC", "2026-01-05 12:00 UTC", true},
		{"days one by one", "mon,WEDNESDAY 12:00-13:00 UTC", "2026-01-07 12:30 UTC", true},
		{"every day", "daily 12:00-13:00 UTC", "2026-01-08 12:30 UTC", true},
	} {
		w, err := parseWindow(row.window)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Holds(at(row.when)); got != row.want {
			t.Errorf("%s: %s at %s: %v", row.why, row.window, row.when, got)
		}
	}
	for _, wrong := range []string{"", "Sat 22:00-04:00", "Sam 22:00-04:00 UTC", "Sat 22-04 UTC", "Sat 22:00 UTC", "Sat 25:00-26:00 UTC", "Sat 22:00-22:00 UTC", "Sat 22:00-04:00 Mars/Base", "Sat 22:00-04:00 Local"} {
		if _, err := parseWindow(wrong); err == nil {
			t.Errorf("%q was taken for a window", wrong)
		}
	}
}

func TestFormat(t *testing.T) {
	got, ds := Format("main.hcl", []byte("app \"A\" {\r\ndescription=\"x\"\r\n    }\r\n"))
	if want := "app \"A\" {\n  description = \"x\"\n}\n"; len(ds) > 0 || string(got) != want {
		t.Errorf("got %q, %v", got, ds)
	}
	wrong := []byte("app \"A\" {\ndescription=\n}\n")
	if got, ds = Format("main.hcl", wrong); !ds.HasErrors() || string(got) != string(wrong) {
		t.Errorf("text that is wrong was changed: %q, %v", got, ds)
	}
	object := []byte(`{"a":1}`)
	if got, ds = Format("main.hcl.json", object); len(ds) > 0 || string(got) != string(object) {
		t.Errorf("JSON was changed: %q, %v", got, ds)
	}
}

// TestShapes keeps the reference complete: every block that is no kind is in
// it, and every argument has a sentence.
func TestShapes(t *testing.T) {
	for _, b := range Shapes() {
		for _, a := range b.Shape.Arguments {
			if a.Doc == "" {
				t.Errorf("%s.%s has no doc", b.Name, a.Name)
			}
		}
	}
}
