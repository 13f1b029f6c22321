package cxone

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// Doctor looks at every prerequisite, permission and limit that the guide and
// the API rest on, in the order in which a person would put them right. What
// no API shows is listed as unseen, with where to look. It modifies nothing.
func (p *Provider) Doctor(ctx context.Context) []schema.Checkup {
	signIn := p.checkSignIn(ctx)
	checkups := []schema.Checkup{signIn}
	if signIn.Condition == schema.Healthy {
		checkups = append(checkups, p.checkKey(ctx), p.checkSwitchedOn(ctx))
		checkups = append(checkups, p.checkCatalogue(ctx)...)
		checkups = append(checkups, p.checkStates(ctx)...)
		checkups = append(checkups, p.checkAdapters(ctx)...)
	}
	return append(checkups, unseenPermissions()...)
}

func (p *Provider) checkSignIn(ctx context.Context) schema.Checkup {
	found := schema.Checkup{Name: "The access key signs in", Condition: schema.Healthy}
	if _, err := p.connection.Get(ctx, p.connection.ACD("/business-unit"), nil); err != nil {
		found.Condition, found.Detail = schema.Broken, err.Error()
		found.Remedy = "Compare access_key_id, access_key_secret, issuer and tenant_id with CXone: Admin > Users > the user > Access Keys. The secret is shown once; when in doubt make another key. A key dies with its user."
		return found
	}
	found.Detail = "Discovery, sign-in and the ACD answer."
	return found
}

// checkKey looks at the key and its user, as far as the key may see itself.
func (p *Provider) checkKey(ctx context.Context) schema.Checkup {
	found := schema.Checkup{Name: "The access key and its user are active", Condition: schema.Healthy}
	keys, err := List[Loose](ctx, p.connection, "/access-key-management/v1/access-keys", nil, "accessKeys")
	if err != nil {
		found.Condition, found.Detail = schema.Unseen, err.Error()
		found.Remedy = "They were active a moment ago, since the key signed in. To see more, grant the user the permission Access Key."
		return found
	}
	own := slices.IndexFunc(keys, func(k Loose) bool { return k.Text("accessKeyId") == p.options.AccessKeyID })
	switch {
	case own < 0:
		found.Condition, found.Detail = schema.Unseen, "The list of access keys does not show the key that signed in."
		found.Remedy = "Look in CXone: Admin > Users > the user > Access Keys."
	case !keys[own].Bool("isActive"):
		found.Condition, found.Detail = schema.Ailing, "The key that signed in is listed as inactive."
		found.Remedy = "Activate it, or use another one, before its token ends."
	default:
		found.Detail = "The key is active. It dies with its user."
	}
	return found
}

// anyOrganization is a well-formed organization ID of nobody, for asking
// whether the rule read answers at all.
const anyOrganization = "00D000000000000"

// checkSwitchedOn asks NICE's one published read. That it answers only where
// NICE has switched Salesforce on is UNCERTAIN.
func (p *Provider) checkSwitchedOn(ctx context.Context) schema.Checkup {
	found := schema.Checkup{Name: "NICE has switched on Salesforce Presence Sync for the tenant"}
	remedy := "Ask your CXone account representative to switch on Salesforce in Apps & Features > Adapters. One partner's presence sync can be on at a time."
	_, err := p.connection.Get(ctx, ownRulePath+anyOrganization, nil)
	switch {
	case err == nil:
		found.Condition, found.Detail = schema.Healthy, "The rule read answers, which suggests that it is (UNCERTAIN)."
	case rest.StatusOf(err) == http.StatusForbidden:
		found.Condition, found.Detail, found.Remedy = schema.Broken, err.Error(), remedy
	default:
		found.Condition, found.Detail, found.Remedy = schema.Unseen, "The rule read does not tell: "+err.Error(), remedy
	}
	return found
}

// checkCatalogue looks at what the guide takes for granted: codes that are on
// the agents' teams.
func (p *Provider) checkCatalogue(ctx context.Context) []schema.Checkup {
	d, err := readDirectory(ctx, p.connection, map[part]bool{partCodes: true, partTeams: true})
	if err != nil {
		return []schema.Checkup{{
			Name: "Unavailable codes and teams can be read", Condition: schema.Broken, Detail: err.Error(),
			Remedy: "Grant the access key's user the permissions to view unavailable codes and teams. Changes of permissions take up to 6 hours.",
		}}
	}
	return []schema.Checkup{
		{Name: "Unavailable codes and teams can be read", Condition: schema.Healthy, Detail: fmt.Sprintf("%d codes, %d teams.", len(d.codes), len(d.teams))},
		checkCodesOnTeams(d),
	}
}

func checkCodesOnTeams(d *directory) schema.Checkup {
	found := schema.Checkup{Name: "Active unavailable codes are on teams", Condition: schema.Healthy, Detail: "Every active code is on at least one team."}
	var idle []string
	for _, c := range d.codeList() {
		if c.Active && len(d.holders[c.ID]) == 0 {
			idle = append(idle, c.Name)
		}
	}
	if len(idle) > 0 {
		found.Condition = schema.Ailing
		found.Detail = "No team has " + enumerate(idle) + "; a code does nothing for an agent until it is on the agent's team."
		found.Remedy = "Put the codes on teams with unavailable_code blocks, or deactivate them."
	}
	return found
}

// checkAdapters looks at the mappings where a contract shows them.
func (p *Provider) checkAdapters(ctx context.Context) []schema.Checkup {
	name := "The users of the account mappings are active"
	if !p.connection.AdaptersAPI() {
		return []schema.Checkup{
			{
				Name: name, Condition: schema.Unseen, Detail: "NICE publishes no API that shows account mappings.",
				Remedy: "Look in CXone: Adapters > Account Mapping > Salesforce. Deactivating the user for the access key stops the mapping and every rule on it.",
			},
			{
				Name: "Rules that Lockstep carries out are assigned to nobody in CXone", Condition: schema.Unseen,
				Detail: "NICE publishes no API that shows presence rules, except the caller's own.",
				Remedy: "Look in CXone: Adapters > Presence Sync, at the tabs Teams and Users of each rule.",
			},
		}
	}
	found := schema.Checkup{Name: name, Condition: schema.Healthy, Detail: "All are, in the simulated adapter contract (INVENTED)."}
	mappings, err := List[mapping](ctx, p.connection, mappingsPath, nil, "accountMappings")
	if err != nil {
		found.Condition, found.Detail = schema.Broken, err.Error()
		found.Remedy = "The simulated adapter contract is served by lockstep emulate; NICE's own hosts do not know it. Use adapters = \"manual\" with them."
		return []schema.Checkup{found}
	}
	stopped := 0
	for _, m := range mappings {
		if m.Status != "" && !strings.EqualFold(m.Status, "ACTIVE") {
			stopped++
		}
	}
	if stopped > 0 {
		found.Condition = schema.Broken
		found.Detail = fmt.Sprintf("%d of %d account mappings do not work.", stopped, len(mappings))
		found.Remedy = "Activate their users for the access key, or choose others."
	}
	return []schema.Checkup{found}
}

// unseenPermissions lists what only an administrator can look up (VERIFIED as
// needed, help pages; which of them gates a change of an agent's state is
// UNCERTAIN).
func unseenPermissions() []schema.Checkup {
	var checkups []schema.Checkup
	for _, p := range []struct{ name, purpose string }{
		{"Unavailable Codes: Create", "writes unavailable codes"},
		{"Account Mapping: Create", "makes account mappings, by hand or by API"},
		{"Rules: Create", "makes presence rules, by hand or by API"},
		{"Agent Session Control Via API", "lets lockstep run change an agent's state (UNCERTAIN that this is the one)"},
	} {
		checkups = append(checkups, schema.Checkup{
			Name: "Permission " + p.name, Condition: schema.Unseen,
			Detail: "It " + p.purpose + ". No API shows it before a call needs it.",
			Remedy: "Look at the role of the access key's user, or of whoever follows the click path, in CXone: Admin > Roles and Permissions. Changes take up to 6 hours.",
		})
	}
	return checkups
}

// enumerate lists a few names and counts the rest.
func enumerate(names []string) string {
	const few = 5
	quoted := make([]string, 0, few)
	for _, name := range names[:min(few, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(quoted, ", "), len(names)-few)
	}
	return strings.Join(quoted, ", ")
}
