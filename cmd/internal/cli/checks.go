package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// checkPresence checks the presence rules against each other and proves that
// they come to rest.
func checkPresence(c *config.Configuration) schema.Diagnostics {
	return append(presence.Check(presenceRules(c.Objects), presenceFacts(c.Objects)), bridgesForNobody(c)...)
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
	return append(diags, missingStatuses(c, plan)...)
}

// missingStatuses finds rows whose status neither a block declares nor the org
// has. A plan reads the org's statuses when a block declares one.
func missingStatuses(c *config.Configuration, plan *reconcile.Plan) schema.Diagnostics {
	held := plan.HeldOf("presence_status")
	if len(held) == 0 && (plan.Diagnostics.HasErrors() || !declaresKind(c, "presence_status")) {
		return nil // they were not read
	}
	known := statusesOf(c, held)
	var diags schema.Diagnostics
	for _, rule := range presenceRules(c.Objects) {
		said := map[string]bool{}
		for _, row := range slices.Concat(rule.Publisher, rule.Subscriber) {
			name := row.Status.Name
			if known.has(rule.Executor, name) || said[name] {
				continue
			}
			said[name] = true
			diags = append(diags, schema.Diagnostic{
				Severity: schema.Error, Summary: "Presence status that does not exist", Subject: row.Source, Address: rule.Address,
				Detail: fmt.Sprintf("Neither this configuration nor the org has a presence status with the developer name %q; capital and small letters differ.%s Correct the name, or declare the status with a presence_status block.", name, known.nearest(name)),
			})
		}
	}
	return diags
}

// knownStatuses are the presence statuses that a rule can name.
type knownStatuses struct {
	names  map[string]bool   // developer names, and addresses of blocks
	labels map[string]string // to their developer names
}

func statusesOf(c *config.Configuration, held []*schema.Object) knownStatuses {
	known := knownStatuses{names: map[string]bool{schema.Offline: true}, labels: map[string]string{}}
	for _, o := range slices.Concat(c.Objects, held) {
		if o.Kind.Name != "presence_status" {
			continue
		}
		known.names[o.Key()] = true
		known.labels[o.Text("label")] = o.Key()
		if o.Address != "" {
			known.names[string(o.Address)] = true
		}
	}
	return known
}

// has reports whether a rule's status is there. NICE's own sync goes by labels
// as well (UNCERTAIN); Lockstep's goes by developer names alone.
func (k knownStatuses) has(executor, name string) bool {
	return k.names[name] || executor != byLockstep && k.labels[name] != ""
}

// nearest returns ` Did you mean "On_Break"?`, "" when no name is near.
func (k knownStatuses) nearest(name string) string {
	near := k.labels[name]
	if near == "" {
		near = schema.Suggest(name, slices.Sorted(maps.Keys(k.names)))
	}
	if near == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", near)
}

func declaresKind(c *config.Configuration, kind string) bool {
	return slices.ContainsFunc(c.Objects, func(o *schema.Object) bool { return o.Kind.Name == kind })
}

// bridgesForNobody warns of bridges whose permission set nobody gets, so that
// run could set nobody's status.
func bridgesForNobody(c *config.Configuration) schema.Diagnostics {
	var diags schema.Diagnostics
	for _, o := range c.Objects {
		if o.Kind.Name == "presence_bridge" && mirrors(c) && givenToNobody(o) {
			diags = append(diags, schema.WarningAt(o, "users", "Bridge that is given to nobody", nobodyHas(c, o)+" List the agents in users."))
		}
	}
	return diags
}

// givenToNobody reports whether a bridge lists no user. Users that are not
// known yet may be anybody.
func givenToNobody(bridge *schema.Object) bool {
	users, ok := bridge.Get("users").(schema.List)
	return ok && len(users) == 0
}

// nobodyHas says what a bridge that lists no user is good for, and what could
// give it all the same.
func nobodyHas(c *config.Configuration, bridge *schema.Object) string {
	set := bridge.Text("permission_set")
	for _, o := range c.Objects {
		if o.Kind.Name == "agent_access" && o.Text("permission_set") == set {
			return fmt.Sprintf("%s lists no users, and %s gives its permission set %q: whether run can set anybody's status cannot be known.", bridge.Address, o.Address, set)
		}
	}
	return fmt.Sprintf("%s lists no users, so run sets nobody's status in Salesforce, unless a permission set group gives the permission set %q, which is not looked at.", bridge.Address, set)
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
