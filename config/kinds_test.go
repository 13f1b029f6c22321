package config

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/schema"
)

// testVendors are two small vendors whose kinds hold every family of types.
// They are made for these tests, so that a change of a real kind breaks none.
func testVendors() []*schema.Vendor {
	return []*schema.Vendor{
		{Name: "acme", Title: "Acme", Shape: acmeShape(), Kinds: []*schema.Kind{statusKind(), accessKind(), appKind()}},
		{Name: "zen", Title: "Zen", Shape: zenShape(), Kinds: []*schema.Kind{codeKind(), mappingKind(), ruleKind()}},
	}
}

func acmeShape() *schema.Shape {
	return schema.NewShape(
		schema.Argument{Name: "url", Type: schema.TextType(), Required: true, Env: "ACME_URL", Doc: "Where it is."},
		schema.Argument{Name: "sandbox", Type: schema.TruthType()},
		schema.Argument{Name: "token", Type: schema.TextType(), Secret: true},
		schema.Argument{Name: "jwt", Nested: true, Type: schema.RecordOf(
			schema.Argument{Name: "user", Type: schema.TextType(), Required: true},
			schema.Argument{Name: "private_key", Type: schema.TextType(), Required: true, Secret: true},
		)},
		schema.Argument{Name: "client", Nested: true, Type: schema.RecordOf(
			schema.Argument{Name: "id", Type: schema.TextType(), Required: true, Env: "ACME_ID"},
			schema.Argument{Name: "secret", Type: schema.TextType(), Required: true, Secret: true, Env: "ACME_SECRET"},
		)},
	)
}

func zenShape() *schema.Shape {
	return schema.NewShape(
		schema.Argument{Name: "key", Type: schema.TextType(), Required: true, Secret: true, Env: "ZEN_KEY", Doc: "The access key."},
		schema.Argument{Name: "adapters", Type: schema.OneOf("manual", "api"), Default: schema.String("manual")},
	)
}

func statusKind() *schema.Kind {
	return &schema.Kind{
		Name: "status", Provider: "acme", Key: "developer_name",
		Shape: schema.NewShape(
			schema.Argument{Name: "developer_name", Type: schema.TextType(), Doc: "The API name."},
			schema.Argument{Name: "label", Type: schema.TextType(), Check: func(v schema.Value) string {
				if len(schema.Text(v)) > 40 {
					return "The label is longer than 40 characters, and the vendor takes no longer one. Shorten it."
				}
				return ""
			}},
			schema.Argument{Name: "option", Type: schema.OneOf("online", "busy"), Required: true, Doc: "Online or busy."},
			schema.Argument{Name: "channels", Type: schema.SetOf(schema.TextType())},
			schema.Argument{Name: "order", Type: schema.NumberType()},
			schema.Argument{Name: "hidden", Type: schema.TruthType(), Default: schema.Bool(false)},
		),
		Complete: func(o *schema.Object) {
			if o.Get("label") == nil {
				o.Set("label", schema.String(strings.ReplaceAll(o.Key(), "_", " ")))
			}
		},
		Check: func(o *schema.Object) schema.Diagnostics {
			if o.Text("option") == "busy" && len(o.List("channels")) > 0 {
				return schema.Diagnostics{schema.ErrorAt(o, "channels", "Busy status with channels", "A busy status has no channels. Remove them.")}
			}
			return nil
		},
	}
}

func accessKind() *schema.Kind {
	return &schema.Kind{
		Name: "access", Provider: "acme", Key: "profile",
		Shape: schema.NewShape(
			schema.Argument{Name: "profile", Type: schema.TextType()},
			schema.Argument{Name: "statuses", Type: schema.SetOf(schema.RefTo("status")), Required: true},
		),
	}
}

func appKind() *schema.Kind {
	return &schema.Kind{
		Name: "app", Provider: "acme", Key: "name",
		Shape: schema.NewShape(
			schema.Argument{Name: "name", Type: schema.TextType()},
			schema.Argument{Name: "description", Type: schema.TextType()},
			schema.Argument{Name: "consumer_key", Type: schema.TextType(), Computed: true, Doc: "The OAuth client id."},
			schema.Argument{Name: "consumer_secret", Type: schema.TextType(), Computed: true, Optional: true, Secret: true},
		),
	}
}

func codeKind() *schema.Kind {
	return &schema.Kind{
		Name: "unavailable_code", Provider: "zen", Key: "name",
		Shape: schema.NewShape(
			schema.Argument{Name: "name", Type: schema.TextType()},
			schema.Argument{Name: "timeout", Type: schema.SpanType()},
			schema.Argument{Name: "teams", Type: schema.SetOf(schema.TextType())},
		),
	}
}

func mappingKind() *schema.Kind {
	return &schema.Kind{
		Name: "mapping", Provider: "zen", Key: "name",
		Shape: schema.NewShape(
			schema.Argument{Name: "name", Type: schema.TextType()},
			schema.Argument{Name: "environment", Nested: true, Required: true, Type: schema.RecordOf(
				schema.Argument{Name: "username", Type: schema.TextType(), Required: true},
				schema.Argument{Name: "password", Type: schema.TextType(), Secret: true, WriteOnly: true},
				schema.Argument{Name: "client_id", Type: schema.TextType()},
				schema.Argument{Name: "client_secret", Type: schema.TextType(), Secret: true},
				schema.Argument{Name: "email", Type: schema.Type{Base: schema.SetType, Elem: &schema.Type{Base: schema.StringType}, Single: true}},
			)},
			schema.Argument{Name: "alarm", Nested: true, Type: schema.ListOf(schema.RecordOf(
				schema.Argument{Name: "after", Type: schema.SpanType(), Required: true},
			))},
		),
	}
}

func ruleKind() *schema.Kind {
	state := schema.Type{Base: schema.RefType, Kinds: []string{"unavailable_code"}, Words: []string{"Available", "Working", "LoggedOut", "previous"}, Closed: true}
	status := schema.Type{Base: schema.RefType, Kinds: []string{"status"}, Words: []string{"offline"}}
	row := schema.ListOf(schema.RecordOf(
		schema.Argument{Name: "acd_state", Type: state, Required: true},
		schema.Argument{Name: "salesforce_status", Type: status, Required: true},
	))
	return &schema.Kind{
		Name: "rule", Provider: "zen", Key: "name",
		Shape: schema.NewShape(
			schema.Argument{Name: "name", Type: schema.TextType()},
			schema.Argument{Name: "mapping", Type: schema.RefTo("mapping")},
			schema.Argument{Name: "after_contact", Type: schema.OneOf("previous", "rule"), Default: schema.String("previous")},
			schema.Argument{Name: "both", Type: row},
			schema.Argument{Name: "publisher", Type: row},
			schema.Argument{Name: "teams", Type: schema.SetOf(schema.TextType())},
		),
	}
}

// files writes files, given as name and text in turn, into a new directory.
func files(t testing.TB, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, pairs[i]), []byte(pairs[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// environment is enough for both providers.
var environment = []string{"ACME_URL=https://acme.test", "ZEN_KEY=planted-zen-key"}

func loadFiles(t testing.TB, options Options, pairs ...string) (*Configuration, schema.Diagnostics) {
	t.Helper()
	options.Dir, options.Vendors = files(t, pairs...), testVendors()
	if options.Environ == nil {
		options.Environ = environment
	}
	return Load(context.Background(), options)
}

// mustLoad loads text that must have nothing wrong with it.
func mustLoad(t testing.TB, text string) *Configuration {
	t.Helper()
	c, ds := loadFiles(t, Options{}, "main.hcl", text)
	if len(ds) > 0 {
		t.Fatalf("diagnostics: %v", ds)
	}
	return c
}
