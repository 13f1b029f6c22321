package cli

import (
	"slices"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// checkPresence checks the presence rules against each other and proves that
// they come to rest.
func checkPresence(c *config.Configuration) schema.Diagnostics {
	return presence.Check(presenceRules(c.Objects), presenceFacts(c.Objects))
}

// presenceRules reads the rules that are known in full. Offline, variables
// without a value leave some open; a plan has them all.
func presenceRules(objects []*schema.Object) []schema.Rule {
	return presence.Rules(slices.DeleteFunc(slices.Clone(objects), func(o *schema.Object) bool { return !schema.Known(o.Record) }))
}

// presenceFacts collects what the configuration declares about the statuses
// and codes that rules name.
func presenceFacts(objects []*schema.Object) presence.Facts {
	facts := presence.Facts{Statuses: map[string]presence.StatusFacts{}, Codes: map[string]presence.CodeFacts{}}
	for _, o := range objects {
		switch o.Kind.Name {
		case "presence_status":
			facts.Statuses[o.Key()] = presence.StatusFacts{
				Label: o.Text("label"), Busy: o.Text("option") == "busy", Channels: o.Texts("channels"), Known: true,
			}
		case "unavailable_code":
			facts.Codes[o.Key()] = codeFacts(o)
		}
	}
	return facts
}

func codeFacts(o *schema.Object) presence.CodeFacts {
	facts := presence.CodeFacts{ACW: o.Bool("acw"), Known: true}
	if o.Get("teams") != nil {
		facts.Teams = o.Texts("teams")
	}
	return facts
}

// crossChecks finds what is wrong between the two vendors, which neither
// provider can see alone.
func crossChecks(c *config.Configuration, plan *reconcile.Plan) schema.Diagnostics {
	var diags schema.Diagnostics
	for _, o := range c.Objects {
		if o.Kind.Name == "account_mapping" {
			diags = append(diags, passwordOverExternalApp(o, plan)...)
		}
	}
	return diags
}

// passwordOverExternalApp warns of a mapping that signs in with a password
// through an External Client App: Salesforce does not offer the
// username-password flow for those (VERIFIED).
func passwordOverExternalApp(mapping *schema.Object, plan *reconcile.Plan) schema.Diagnostics {
	environment, ok := mapping.Record.Record("salesforce_environment")
	if !ok {
		return nil
	}
	ref, ok := environment.Get("client_id").(schema.Ref)
	if !ok || environment.Get("password") == nil || !isExternalApp(plan, ref.Address) {
		return nil
	}
	return schema.Diagnostics{schema.WarningAt(mapping, "salesforce_environment", "Password sign-in over an External Client App",
		"This mapping signs NICE in with a user name and a password, through an app that is an External Client App. "+
			"Salesforce does not offer the username-password flow for those, so NICE may be refused. "+
			"Ask NICE which sign-in your tenant supports, or name a connected app that exists already.")}
}

func isExternalApp(plan *reconcile.Plan, app schema.Address) bool {
	if held := plan.Held(app); held != nil {
		return held.Text("type") == "external_client_app"
	}
	for _, step := range plan.Steps {
		if step.Address == app {
			return step.Action == schema.Create // new apps are External Client Apps
		}
	}
	return false
}
