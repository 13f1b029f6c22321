package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// Doctor checks what NICE's guide presupposes in the org, and the permissions
// and limits that Lockstep needs there. It modifies nothing. What no API shows
// is listed as unseen, with where to look.
func (p *Provider) Doctor(ctx context.Context) []schema.Checkup {
	d := &doctor{conn: p.conn}
	if !d.signIn(ctx) {
		return append(d.found, unseen()...)
	}
	d.omniChannel(ctx)
	d.permissions(ctx)
	d.packagePermissions(ctx)
	d.packages(ctx)
	d.metadata(ctx)
	d.capturedEntities(ctx)
	d.limits(ctx)
	return append(d.found, unseen()...)
}

// A doctor collects what it finds.
type doctor struct {
	conn  *Connection
	found []schema.Checkup
}

func (d *doctor) ok(name, detail string, args ...any) {
	d.found = append(d.found, schema.Checkup{Name: name, Condition: schema.Healthy, Detail: fmt.Sprintf(detail, args...)})
}

func (d *doctor) bad(condition schema.Condition, name, remedy, detail string, args ...any) {
	d.found = append(d.found, schema.Checkup{Name: name, Condition: condition, Detail: fmt.Sprintf(detail, args...), Remedy: remedy})
}

// failed records an error as what was found.
func (d *doctor) failed(name, remedy string, err error) {
	d.bad(schema.Broken, name, remedy, "%v", err)
}

func (d *doctor) signIn(ctx context.Context) bool {
	const name = "Signing in works and the pins hold"
	identity, err := d.conn.Identity(ctx)
	if err != nil {
		d.failed(name, "See the provider block: instance_url, the way of signing in, organization_id and sandbox.", err)
		return false
	}
	d.ok(name, "%s as %s", answerFor(identity).Where, identity.Username)
	d.ok("The API version is offered", "%s; %s at least", d.conn.options.APIVersion, MinimumAPIVersion)
	return true
}

func (d *doctor) omniChannel(ctx context.Context) {
	const on, names = "Omni-Channel is on", "Developer names are visible"
	s := &snapshot{}
	if err := s.load(ctx, d.conn, []table{statusTable, channelTable}); err != nil {
		d.failed(on, "Give the signed-in user View Setup and Configuration.", err)
		return
	}
	if s.omniOff {
		d.bad(schema.Broken, on, "In Setup > Omni-Channel Settings, select Enable Omni-Channel.", "the org does not know presence statuses")
		return
	}
	d.ok(on, "%d presence statuses, %d service channels", len(s.statuses), len(s.channels))
	switch {
	case len(s.statuses) == 0:
		d.bad(schema.Unseen, names, "Plan again once a status exists.", "there is no status to look at")
	case s.statuses[0].DeveloperName == "":
		d.bad(schema.Broken, names, "Give the signed-in user View Setup and Configuration, or View DeveloperName; statuses are found by these names.", "statuses come without them")
	default:
		d.ok(names, "statuses are found by them")
	}
}

// viewAllData is the one permission here that another can stand for.
const viewAllData = "ViewAllData"

// needed lists the user permissions that Lockstep relies on.
var needed = [...]struct{ name, label, why string }{
	{"ApiEnabled", "API Enabled", "every call"},
	{"ViewSetup", "View Setup and Configuration", "reading access and developer names"},
	{"CustomizeApplication", "Customize Application", "presence statuses and apps"},
	{"ModifyMetadata", "Modify Metadata Through Metadata API Functions", "deploying"},
	{"ManageUsers", "Manage Users", "profiles"},
	{"AssignPermissionSets", "Assign Permission Sets", "agent_access and presence_bridge; Modify All Data alone is not enough (SECONDARY)"},
	{viewAllData, "View All Data", "the feed of run: without it a subscription is silent, which is no error (VERIFIED)"},
}

func (d *doctor) permissions(ctx context.Context) {
	names := make([]string, len(needed))
	for i, n := range needed {
		names[i] = n.name
	}
	held, err := d.conn.UserPermissions(ctx, names...)
	if err != nil {
		d.failed("The signed-in user's permissions", "Give the user View Setup and Configuration, so that they can be read.", err)
		return
	}
	for _, n := range needed {
		name := "The user may: " + n.label
		if held[n.name] {
			d.ok(name, "for %s", n.why)
			continue
		}
		if n.name == viewAllData {
			d.bad(schema.Unseen, name, "Look in the user's profile and permission sets whether View All Records is on for User Presence, which does as well (VERIFIED), if the org offers it there (UNCERTAIN); else give View All Data.",
				"missing; it or View All Records on User Presence is needed for %s", n.why)
			continue
		}
		d.bad(schema.Broken, name, "Give it through the profile or a permission set.", "missing; needed for %s", n.why)
	}
}

// packagePermissions looks at the two permissions for reading consumer
// secrets. Their API names are UNCERTAIN: an org that does not know them makes
// them unseen, not missing.
func (d *doctor) packagePermissions(ctx context.Context) {
	const name = "The user may read consumer secrets"
	const remedy = "Give the user External Client App Developer and View Client Secret; they are needed to read the key and secret of an External Client App."
	held, err := d.conn.UserPermissions(ctx, "ExternalClientAppDeveloper", "ViewClientSecret")
	switch {
	case err != nil:
		d.bad(schema.Unseen, name, remedy, "the org does not show these permissions by the names that are expected (UNCERTAIN)")
	case held["ExternalClientAppDeveloper"] && held["ViewClientSecret"]:
		d.ok(name, "External Client App Developer and View Client Secret")
	default:
		d.bad(schema.Ailing, name, remedy, "at least one of the two is missing")
	}
}

// packages looks at the guide's prerequisites for users: the permission set,
// the package and its licences.
func (d *doctor) packages(ctx context.Context) {
	const set, licence = "The permission set " + agentPermissionSet, "The package " + agentPackage
	s := &snapshot{}
	if err := s.load(ctx, d.conn, []table{permissionSetTable, licenceTable, packageTable}); err != nil {
		d.failed(licence, "Give the signed-in user View Setup and Configuration.", err)
		return
	}
	i := slices.IndexFunc(s.permissionSets, func(p permissionSetRow) bool { return p.Label == agentPermissionSet })
	if i < 0 {
		d.bad(schema.Ailing, set, "Install NICE's package; if your set has another name, say so in agent_access.", "no permission set has this label")
	} else {
		d.ok(set, "there (API name %s)", s.permissionSets[i].Name)
	}
	i = slices.IndexFunc(s.packages, func(p packageRow) bool { return strings.EqualFold(p.SubscriberPackage.Name, agentPackage) })
	if i < 0 {
		d.bad(schema.Ailing, licence, "Install it from AppExchange; if yours has another name, say so in agent_access.", "not installed under this name%s", similar(s.packages))
		return
	}
	d.licences(licence, s, s.packages[i].SubscriberPackage.NamespacePrefix)
}

// similar names installed packages that may be NICE's under another name.
func similar(packages []packageRow) string {
	var names []string
	for _, p := range packages {
		if strings.Contains(p.SubscriberPackage.Name, "CXone") {
			names = append(names, p.SubscriberPackage.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; there is " + strings.Join(names, ", ")
}

func (d *doctor) licences(name string, s *snapshot, namespace string) {
	i := slices.IndexFunc(s.licences, func(l licenceRow) bool { return strings.EqualFold(l.NamespacePrefix, namespace) })
	const ask = "Ask your CXone representative."
	switch {
	case i < 0:
		d.bad(schema.Broken, name, ask, "installed (%s), but the org holds no licences of it", namespace)
	case s.licences[i].Status == "Expired":
		d.bad(schema.Broken, name, ask, "its licence has expired")
	case s.licences[i].AllowedLicenses < 0:
		d.ok(name, "installed (%s), with a site licence (UNCERTAIN)", namespace)
	case s.licences[i].UsedLicenses >= s.licences[i].AllowedLicenses:
		d.bad(schema.Ailing, name, ask, "all %d licences are in use; nobody else can get one", s.licences[i].AllowedLicenses)
	default:
		d.ok(name, "installed (%s), %d of %d licences in use", namespace, s.licences[i].UsedLicenses, s.licences[i].AllowedLicenses)
	}
}

// metadata looks whether the SOAP Metadata API takes our token, and at the
// setting that opens consumer secrets.
func (d *doctor) metadata(ctx context.Context) {
	const soap, secrets = "The Metadata API answers", "Consumer secrets can be read by API"
	settings, err := d.conn.ReadMetadata(ctx, appSettingsType, []string{appSettingsName})
	if err != nil {
		d.failed(soap, "An app that issues JWT-based access tokens cannot use it: switch them off for the app that Lockstep signs in through.", err)
		return
	}
	d.ok(soap, "over SOAP, with this token")
	const remedy = "In Setup > External Client Apps > Settings, allow access to consumer secrets through the REST API (" + appSettingsType + ", " + appSecretsSetting + ")."
	switch {
	case len(settings) == 0:
		d.bad(schema.Unseen, secrets, remedy, "the org does not show the setting")
	case truth(settings[0].Body.Text(appSecretsSetting), false):
		d.ok(secrets, "%s is on", appSecretsSetting)
	default:
		d.bad(schema.Ailing, secrets, remedy, "%s is off; connected_app needs it for an External Client App", appSecretsSetting)
	}
}

func (d *doctor) capturedEntities(ctx context.Context) {
	const name = "Change Data Capture has room"
	s := &snapshot{}
	if err := s.load(ctx, d.conn, []table{eventMemberTable}); err != nil {
		d.failed(name, "Give the signed-in user View Setup and Configuration.", err)
		return
	}
	taken := s.entities()
	switch {
	case taken[presenceEntity]:
		d.ok(name, "presence is captured already; %d entities of %d without an add-on", len(taken), maxEntities)
	case len(taken) < maxEntities:
		d.ok(name, "%d entities of %d without an add-on", len(taken), maxEntities)
	default:
		d.bad(schema.Ailing, name, "Take one off in Setup > Change Data Capture, or ask Salesforce for the add-on; only run needs it.", "%d entities are captured, and an org has %d without an add-on", len(taken), maxEntities)
	}
}

func (d *doctor) limits(ctx context.Context) {
	const calls, clients = "API calls are left today", "Consoles that can listen"
	limits, err := d.conn.Limits(ctx)
	if err != nil {
		d.failed(calls, "Give the signed-in user View Setup and Configuration.", err)
		return
	}
	const scarce = 10 // parts of a hundred
	if l := limits["DailyApiRequests"]; l.Remaining*100 < l.Max*scarce {
		d.bad(schema.Ailing, calls, "Wait until usage ages out of the last 24 hours, or ask Salesforce for more.", "%d of %d", l.Remaining, l.Max)
	} else {
		d.ok(calls, "%d of %d", l.Remaining, l.Max)
	}
	if l := streamingClients(limits); l.Max > 0 {
		d.ok(clients, "%d of %d; the bridge takes one for each open console", l.Remaining, l.Max)
		return
	}
	d.bad(schema.Unseen, clients, "More agents than streaming clients (2,000 Performance and Unlimited, 1,000 Enterprise, 20 others): ask Salesforce to raise the allocation.",
		"the org does not show how many streaming clients it takes; the bridge takes one for each open console")
}

// unseen lists what no API shows.
func unseen() []schema.Checkup {
	look := func(name, remedy string) schema.Checkup {
		return schema.Checkup{Name: name, Condition: schema.Unseen, Remedy: remedy}
	}
	return []schema.Checkup{
		look("Nobody else keeps these agents in step",
			"Look whether presence sync is on in the CXone package's own settings: two that sync the same agents undo each other. Lockstep sees only rules in CXone Adapters."),
		look("Username-password sign-in is allowed, if an account mapping uses it",
			"Look in Setup > OAuth and OpenID Connect Settings. Orgs made since Summer '23 block it, and External Client Apps never have it (VERIFIED)."),
		look("Agents use a console app with Omni-Channel in its utility bar",
			"Look at the app's utility bar in Setup > App Manager; the bridge can act only in an open console."),
		look("The presence configuration of each agent allows the statuses",
			"Look in Setup > Presence Configurations: a configuration of one's own replaces the default one."),
	}
}
