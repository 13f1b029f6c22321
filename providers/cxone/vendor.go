package cxone

import (
	"fmt"

	"github.com/lockstep-sync/lockstep/schema"
)

// Vendor describes the provider: what its block takes, and its kinds.
func Vendor() *schema.Vendor {
	v := &schema.Vendor{
		Name:  "cxone",
		Title: "CXone",
		Doc: "NICE CXone. Lockstep signs in with an access key, finds every host through NICE's discovery, and counts its calls. " +
			"Every argument may be left out where its environment variable is set.",
		Shape: providerShape,
	}
	for _, k := range kinds() {
		v.Kinds = append(v.Kinds, &k.Kind)
	}
	return v
}

// How the Adapters are reached.
const (
	adaptersManual = "manual"
	adaptersAPI    = "api"
)

var providerShape = schema.NewShape(
	schema.Argument{
		Name: "issuer", Type: schema.TextType(), Env: "CXONE_ISSUER", Default: schema.String(DefaultIssuer), Check: checkIssuer,
		Doc: "Where NICE's discovery answers; GovCloud tenants have another one.",
	},
	schema.Argument{
		Name: "tenant_id", Type: schema.TextType(), Env: "CXONE_TENANT_ID",
		Doc: "A pin: any other tenant is refused.",
	},
	schema.Argument{
		Name: "access_key_id", Type: schema.TextType(), Env: "CXONE_ACCESS_KEY_ID", Required: true,
		Doc: "The access key that Lockstep signs in with. A final = belongs to it.",
	},
	schema.Argument{
		Name: "access_key_secret", Type: schema.TextType(), Env: "CXONE_ACCESS_KEY_SECRET", Required: true, Secret: true,
		Doc: "The access key's secret, which CXone shows once.",
	},
	schema.Argument{
		Name: "client_id", Type: schema.TextType(),
		Doc: "The client that NICE registered for you, if any; the access key then signs in through OpenID Connect.",
	},
	schema.Argument{
		Name: "client_secret", Type: schema.TextType(), Secret: true,
		Doc: "That client's secret.",
	},
	schema.Argument{
		Name: "api_version", Type: schema.TextType(), Default: schema.String(DefaultAPIVersion),
		Doc: "The version of the ACD's API.",
	},
	schema.Argument{
		Name: "adapters", Type: schema.OneOf(adaptersManual, adaptersAPI), Default: schema.String(adaptersManual),
		Doc: "How account mappings and presence rules are written: by a person who follows a click path, because NICE publishes no API for them; " +
			"or through the simulated adapter contract, which is ours (INVENTED) and which `lockstep emulate` serves.",
	},
	schema.Argument{
		Name: "adapters_api_is_private", Type: schema.TruthType(), Default: schema.Bool(false),
		Doc: "Says that the discovered host, though not on this machine, is one of yours that speaks the simulated adapter contract. Never set it for NICE's own hosts.",
	},
)

// OptionsFrom reads a decoded provider block.
func OptionsFrom(block schema.Record) (Options, error) {
	o := Options{
		Issuer:          block.Text("issuer"),
		TenantID:        block.Text("tenant_id"),
		AccessKeyID:     revealed(block.Get("access_key_id")),
		AccessKeySecret: block.Secret("access_key_secret"),
		ClientID:        revealed(block.Get("client_id")),
		ClientSecret:    block.Secret("client_secret"),
		APIVersion:      block.Text("api_version"),
		Adapters:        block.Text("adapters"),
		AdaptersPrivate: block.Bool("adapters_api_is_private"),
	}
	if err := o.Check(); err != nil {
		return o, fmt.Errorf("provider cxone: %w", err)
	}
	return o, nil
}

func checkIssuer(v schema.Value) string {
	s, ok := v.(schema.String)
	if !ok {
		return ""
	}
	if _, err := checkHost(string(s)); err != nil {
		return fmt.Sprintf("The issuer %q %v.", string(s), err)
	}
	return ""
}
