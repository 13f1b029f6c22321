package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	agentKind = "agent_access"

	agentPermissionSet = "CXone Agent"
	agentPackage       = "CXone Agent for Salesforce"
)

var agentAccess = kind{
	Kind: schema.Kind{
		Name:     "agent_access",
		Provider: vendorName,
		Doc: "What NICE's guide asks of every agent in Salesforce: the permission set CXone Agent and a licence of the managed package " +
			"CXone Agent for Salesforce. A user counts as having access only with both.",
		Key: "name",
		Shape: schema.NewShape(
			schema.Argument{Name: "name", Type: schema.TextType(), Required: true,
				Doc: "What this list of users is called here; Salesforce does not see it."},
			schema.Argument{Name: "permission_set", Type: schema.TextType(), Default: schema.String(agentPermissionSet),
				Doc: "The permission set, by its label or its API name."},
			schema.Argument{Name: "package", Type: schema.TextType(), Default: schema.String(agentPackage),
				Doc: "The installed package whose licence the users get, by its name."},
			schema.Argument{Name: "package_namespace", Type: schema.TextType(), Unread: true, DefaultDoc: "found by the package's name",
				Doc: "The package's namespace, where its name is not enough; the permission set is looked for in it as well."},
			schema.Argument{Name: "users", Type: schema.SetOf(schema.TextType()), Required: true,
				Doc: "The agents, by user name or e-mail address."},
			schema.Argument{Name: "exclusive", Type: schema.TruthType(), Unread: true, Default: schema.Bool(false),
				Doc: "Whether both are taken from everybody who is not listed."},
		),
		Cannot: []schema.Limit{
			{What: "buy licences", Why: "The package's publisher grants them; an org can only assign what it has (VERIFIED).",
				Then: "A plan that needs more licences than are left is an error that says how many are missing."},
		},
		Deletable: false,
		Removal:   "Leaves the assignments as they are; to take them back, first empty the list with exclusive = true.",
	},
	tables: agentTables,
	read:   readAgentAccess,
	change: changeAgentAccess,
}

var (
	packageTable = tableOf("installed packages",
		"SELECT Id, SubscriberPackageId, SubscriberPackage.Name, SubscriberPackage.NamespacePrefix FROM InstalledSubscriberPackage ORDER BY SubscriberPackageId",
		func(s *snapshot) *[]packageRow { return &s.packages }).viaTooling()
	licenceTable = tableOf("package licences", "SELECT Id, NamespacePrefix, Status, AllowedLicenses, UsedLicenses FROM PackageLicense",
		func(s *snapshot) *[]licenceRow { return &s.licences })
	userLicenceTable = tableOf("licences of users", "SELECT Id, PackageLicenseId, UserId FROM UserPackageLicense",
		func(s *snapshot) *[]userLicenceRow { return &s.userLicences })
)

const userFields = "SELECT Id, Username, Email, Name, FederationIdentifier, IsActive FROM User"

// userTable reads the users that agent access and bridges name, or everybody
// when the list is long or exclusive lists need the others' names.
func userTable(all schema.Query) table {
	var names []string
	everybody := all.People
	for _, o := range all.Wanted {
		if o.Kind.Name == agentKind || o.Kind.Name == bridgeKind {
			names = append(names, o.Texts("users")...)
			everybody = everybody || o.Kind.Name == agentKind && o.Bool("exclusive")
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	soql := inList(userFields+" WHERE Username IN (%s) OR Email IN (%s)", names, userFields)
	if everybody || len(names) == 0 {
		soql = userFields
	}
	return tableOf("users", soql, func(s *snapshot) *[]userRow { return &s.users })
}

// assignmentTable reads who has the permission sets that agent access and
// bridges name. Where a permission-set group brought a row, it says so.
func assignmentTable(all schema.Query) table {
	var names []string
	for _, o := range all.Wanted {
		if o.Kind.Name == agentKind || o.Kind.Name == bridgeKind {
			names = append(names, o.Text("permission_set"))
		}
	}
	slices.Sort(names)
	const fields = "SELECT Id, AssigneeId, Assignee.Username, PermissionSetId, PermissionSetGroupId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = false"
	soql := fields
	if len(names) > 0 {
		soql = inList(fields+" AND (PermissionSet.Label IN (%s) OR PermissionSet.Name IN (%s))", slices.Compact(names), fields)
	}
	return tableOf("permission set assignments", soql, func(s *snapshot) *[]assignmentRow { return &s.assignments })
}

func agentTables(q question) []table {
	if len(q.wanted) == 0 {
		return nil
	}
	return []table{permissionSetTable, userTable(q.all), assignmentTable(q.all), licenceTable, userLicenceTable, packageTable}
}

func readAgentAccess(ctx context.Context, q question, r *reading) error {
	for _, m := range q.removed {
		r.note(m.Address(), "the assignments stay as they are; to take them back, first empty the list with exclusive = true")
	}
	if err := r.lookForNear(ctx, q.wanted); err != nil {
		return err
	}
	lists := map[[2]string]*schema.Object{} // the first block for each grant
	for _, o := range q.wanted {
		if other := contested(o, lists); other != nil {
			r.fault(schema.ErrorAt(o, "exclusive", "Exclusive list beside another",
				fmt.Sprintf("%s and %s give the same permission set and package, and an exclusive list takes both from everybody who is not on it: the two would undo each other. Put all users into one block.", other.Address, o.Address)))
		}
		grant, faults := r.grantOf(o)
		people, more := r.people(o)
		faults = append(faults, more...)
		if len(faults) > 0 {
			r.held.Diagnostics = append(r.held.Diagnostics, faults...)
			continue
		}
		r.checkLicences(o, grant, people)
		if held := r.heldAccess(o, grant, people); held != nil {
			r.found(held)
		}
	}
	return nil
}

// contested returns an earlier block about the same permission set and package,
// when one of the two is exclusive. It enters the block into lists, exclusive
// ones before others.
func contested(o *schema.Object, lists map[[2]string]*schema.Object) *schema.Object {
	grant := [2]string{o.Text("permission_set"), o.Text("package")}
	other := lists[grant]
	if other == nil || o.Bool("exclusive") {
		lists[grant] = o
	}
	if other != nil && (o.Bool("exclusive") || other.Bool("exclusive")) {
		return other
	}
	return nil
}

// A grant is the two things that agent access gives, and who has each.
type grant struct {
	permissionSet string // Id
	licence       licenceRow
	assigned      map[string]string // user Id to assignment Id
	licensed      map[string]string // user Id to licence row Id
}

// grantOf finds the permission set and the package licence that a block names.
func (s *snapshot) grantOf(o *schema.Object) (grant, schema.Diagnostics) {
	var g grant
	var faults schema.Diagnostics
	namespace, fault := s.namespaceOf(o)
	if fault != nil {
		return g, append(faults, *fault)
	}
	set, fault := s.permissionSetOf(o, namespace)
	if fault != nil {
		faults = append(faults, *fault)
	}
	i := slices.IndexFunc(s.licences, func(l licenceRow) bool { return strings.EqualFold(l.NamespacePrefix, namespace) })
	switch {
	case i < 0:
		faults = append(faults, schema.ErrorAt(o, "package", "Package without licences",
			fmt.Sprintf("The org holds no licences of the package with the namespace %s. Its publisher, NICE, grants them; ask your CXone representative.", namespace)))
	case s.licences[i].Status == "Expired":
		faults = append(faults, schema.ErrorAt(o, "package", "Expired package licence",
			fmt.Sprintf("The org's licence of %q has expired, so nobody can use the package. Ask your CXone representative to renew it.", o.Text("package"))))
	default:
		g.licence = s.licences[i]
	}
	g.permissionSet = set
	g.assigned = s.look().assigned[ShortID(set)]
	g.licensed = s.look().licensed[ShortID(g.licence.ID)]
	return g, faults
}

// namespaceOf finds the namespace of the package. A licence row has no package
// name, so the two are joined by namespace (VERIFIED); which namespace NICE's
// newer packages have is not published (UNCERTAIN).
func (s *snapshot) namespaceOf(o *schema.Object) (string, *schema.Diagnostic) {
	if namespace := o.Text("package_namespace"); namespace != "" {
		return namespace, nil
	}
	name := o.Text("package")
	var names []string
	for _, p := range s.packages {
		if strings.EqualFold(p.SubscriberPackage.Name, name) {
			return p.SubscriberPackage.NamespacePrefix, nil
		}
		names = append(names, p.SubscriberPackage.Name)
	}
	d := schema.ErrorAt(o, "package", "Package that is not installed",
		fmt.Sprintf("The org has no installed package %q. Install it from AppExchange, or write its name as Setup > Installed Packages shows it. %s", name, suggest(name, names)))
	return "", &d
}

// permissionSetOf finds a permission set by label or API name; among several
// the one of the package is meant.
func (s *snapshot) permissionSetOf(o *schema.Object, namespace string) (string, *schema.Diagnostic) {
	name := o.Text("permission_set")
	var matches []permissionSetRow
	for _, row := range s.permissionSets {
		if row.Label == name || row.Name == name {
			matches = append(matches, row)
		}
	}
	if packaged := inNamespace(matches, namespace); len(matches) > 1 && len(packaged) > 0 {
		matches = packaged
	}
	var d schema.Diagnostic
	switch len(matches) {
	case 1:
		return matches[0].ID, nil
	case 0:
		labels := make([]string, len(s.permissionSets))
		for i, row := range s.permissionSets {
			labels[i] = row.Label
		}
		d = schema.ErrorAt(o, "permission_set", "Permission set that does not exist",
			fmt.Sprintf("The org has no permission set with the label or API name %q. %s", name, suggest(name, labels)))
	default:
		d = schema.ErrorAt(o, "permission_set", "Permission set that is not unique",
			fmt.Sprintf("The org has %d permission sets with the label %q. Write the API name of the one you mean, or set package_namespace.", len(matches), name))
	}
	return "", &d
}

func inNamespace(rows []permissionSetRow, namespace string) []permissionSetRow {
	return slices.DeleteFunc(slices.Clone(rows), func(row permissionSetRow) bool { return !strings.EqualFold(row.NamespacePrefix, namespace) })
}

// A person is a user as a block names it.
type person struct{ id, name string }

// people finds the users that a block lists by user name or e-mail.
func (s *snapshot) people(o *schema.Object) ([]person, schema.Diagnostics) {
	var people []person
	var faults schema.Diagnostics
	for _, name := range o.Texts("users") {
		matches := s.look().users[strings.ToLower(name)]
		if detail := wrongMatch(name, matches, s.near); detail != "" {
			faults = append(faults, schema.ErrorAt(o, "users", "User that cannot be told", detail))
			continue
		}
		people = append(people, person{ShortID(active(matches)[0].ID), name})
	}
	return people, faults
}

func active(users []userRow) []userRow {
	return slices.DeleteFunc(slices.Clone(users), func(u userRow) bool { return !u.IsActive })
}

// wrongMatch says why a name does not lead to exactly one active user.
func wrongMatch(name string, matches []userRow, near []string) string {
	switch working := active(matches); {
	case len(matches) == 0:
		detail := fmt.Sprintf("No user of the org has the user name or e-mail address %q. Create the user, or correct the name.", name)
		if other := schema.Suggest(name, near); other != "" {
			detail += fmt.Sprintf(" Did you mean %q?", other)
		}
		return detail
	case len(working) == 0:
		return fmt.Sprintf("The user %q is not active, and Salesforce assigns nothing to inactive users. Activate the user, or take it off the list.", name)
	case len(working) > 1:
		return fmt.Sprintf("%d active users have the e-mail address %q. Write the user name of the one you mean.", len(working), name)
	}
	return ""
}

// lacking returns the Ids of those people who are not among the holders, each
// once: a person can be listed by user name and by e-mail address.
func lacking(people []person, holders map[string]string) []string {
	var ids []string
	for _, p := range people {
		if holders[p.id] == "" && !slices.Contains(ids, p.id) {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// checkLicences predicts that a package's licences run out.
func (r *reading) checkLicences(o *schema.Object, g grant, people []person) {
	missing := len(lacking(people, g.licensed))
	left := g.licence.AllowedLicenses - g.licence.UsedLicenses
	// -1 conventionally means a site licence: everybody may use it (UNCERTAIN).
	if g.licence.AllowedLicenses < 0 || missing <= left {
		return
	}
	r.fault(schema.ErrorAt(o, "users", "Not enough package licences",
		fmt.Sprintf("%d of the listed users have no licence of %q and %d %s left of %d. Ask your CXone representative for more, or take licences back from people who left.",
			missing, o.Text("package"), left, plural(left, "is", "are"), g.licence.AllowedLicenses)))
}

// heldAccess tells who has both. With exclusive, it names everybody else who
// has either as well.
func (r *reading) heldAccess(o *schema.Object, g grant, people []person) *schema.Object {
	users := []string{}
	listed := map[string]bool{}
	for _, p := range people {
		listed[p.id] = true
		if g.assigned[p.id] != "" && g.licensed[p.id] != "" {
			users = append(users, p.name)
		}
	}
	if o.Bool("exclusive") {
		for _, u := range r.users {
			if id := ShortID(u.ID); !listed[id] && len(ownRows(g.assigned[id], g.licensed[id])) > 0 {
				users = append(users, u.Username)
			}
		}
	}
	if len(users) == 0 && len(people) > 0 {
		return nil
	}
	held := like(o)
	held.Set("permission_set", o.Get("permission_set"))
	held.Set("package", o.Get("package"))
	held.Set("users", schema.Strings(users...))
	return held
}

// changeAgentAccess inserts what is missing and, for exclusive lists, deletes
// what is too much.
func changeAgentAccess(p *part) {
	if p.org == nil {
		p.fail(errNotRead)
		return
	}
	g, faults := p.org.grantOf(p.step.Wanted)
	people, more := p.org.people(p.step.Wanted)
	if err := append(faults, more...).Err(); err != nil {
		p.fail(err)
		return
	}
	var sets, licences []map[string]any
	for _, user := range lacking(people, g.assigned) {
		sets = append(sets, map[string]any{"AssigneeId": user, "PermissionSetId": g.permissionSet})
	}
	for _, user := range lacking(people, g.licensed) {
		licences = append(licences, map[string]any{"UserId": user, "PackageLicenseId": g.licence.ID})
	}
	p.create("UserPackageLicense", licences)
	p.create("PermissionSetAssignment", sets)
	if p.step.Wanted.Bool("exclusive") {
		p.deleteRows(surplus(p.org, g, p.step, people))
	}
}

// surplus lists the rows of people whom an exclusive list leaves out. Only
// those that the plan showed are taken, and none that a group brought.
func surplus(org *snapshot, g grant, step *schema.Step, people []person) []string {
	if step.Held == nil {
		return nil
	}
	listed := map[string]bool{}
	for _, p := range people {
		listed[p.id] = true
	}
	shown := step.Held.Texts("users")
	var rows []string
	for _, u := range org.users {
		id := ShortID(u.ID)
		if listed[id] || !slices.Contains(shown, u.Username) {
			continue
		}
		rows = append(rows, ownRows(g.assigned[id], g.licensed[id])...)
	}
	return rows
}
