package salesforce

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

const permissionSetType = "PermissionSet"

var permissionSetAccess = kind{
	Kind: schema.Kind{
		Name:     "permission_set_access",
		Provider: vendorName,
		Doc: "The presence statuses that a permission set gives. The list covers the statuses that this configuration declares; " +
			"everything else in the permission set stays as it is.",
		Key: "permission_set",
		Shape: schema.NewShape(
			schema.Argument{Name: "permission_set", Type: schema.TextType(), Required: true, Check: checkDeveloperName,
				Doc: "The permission set's API name. It must exist and belong to no managed package."},
			accessStatuses("permission set"),
			accessExclusive,
		),
		Cannot: []schema.Limit{
			{What: "change a managed permission set", Why: "It belongs to the package that brought it (VERIFIED: such sets carry the package's namespace).",
				Then: "It is refused by the plan; give the statuses through a permission set of your own."},
			{What: "deploy a part of a permission set", Why: "Permission sets deploy whole since API 40 (SECONDARY).",
				Then: "It is read, changed in one place and written back in the same step."},
		},
		Deletable: true,
		Removal:   "Takes the declared statuses from the permission set; the permission set itself stays.",
	},
	tables: func(question) []table { return []table{statusTable, permissionSetTable} },
	read:   readPermissionSetAccess,
	change: changePermissionSetAccess,
}

var permissionSetTable = tableOf("permission sets",
	"SELECT Id, Name, Label, NamespacePrefix, Description, LastModifiedDate, LastModifiedBy.Name FROM PermissionSet WHERE IsOwnedByProfile = false",
	func(s *snapshot) *[]permissionSetRow { return &s.permissionSets })

func readPermissionSetAccess(_ context.Context, q question, r *reading) error {
	if r.omniIsOff(q) || r.namesAreHidden(q) {
		return nil
	}
	enabled := r.accessBy(func(a accessRow) string {
		if a.Parent.IsOwnedByProfile || a.Parent.NamespacePrefix != "" {
			return ""
		}
		return a.Parent.Name
	})
	named := map[string]bool{}
	for _, o := range q.wanted {
		named[o.Key()] = true
		if r.checkPermissionSet(o) {
			r.readAccess(q, o, enabled[o.Key()])
		}
	}
	for _, m := range q.removed {
		named[m.Key] = true
		r.readRemovedAccess(q, m, enabled[m.Key])
	}
	r.countAccess(q.kind, enabled, func(name string) bool { return named[name] })
	return nil
}

// checkPermissionSet reports a permission set that is not there or not ours
// to change.
func (r *reading) checkPermissionSet(o *schema.Object) bool {
	var names []string
	managed := ""
	for _, row := range r.permissionSets {
		switch {
		case row.NamespacePrefix == "":
			names = append(names, row.Name)
		case row.Name == o.Key():
			managed = row.NamespacePrefix
		}
	}
	switch {
	case slices.Contains(names, o.Key()):
		return true
	case managed != "":
		r.fault(schema.ErrorAt(o, "permission_set", "Managed permission set",
			fmt.Sprintf("The permission set %q belongs to the managed package %s and cannot be changed. Make a permission set of your own that gives the statuses, and name that.", o.Key(), managed)))
	default:
		r.fault(schema.ErrorAt(o, "permission_set", "Permission set that does not exist",
			fmt.Sprintf("The org has no permission set with the API name %q. Lockstep changes access in permission sets but does not make them. %s", o.Key(), suggest(o.Key(), names))))
	}
	return false
}

func changePermissionSetAccess(p *part) {
	added, removed, name := accessChange(p.step)
	p.rewrite(permissionSetType, name, func(body *Node) error {
		for _, status := range added {
			setAccess(body, status, true)
		}
		for _, status := range removed {
			setAccess(body, status, false)
		}
		return nil
	})
}

// setAccess gives or takes a status in a permission set's body and leaves
// everything else as it is.
func setAccess(body *Node, status string, enabled bool) {
	for _, spelling := range []string{accessElement, accessElementDoc} {
		body.Remove(spelling, func(n *Node) bool { return n.Text("servicePresenceStatus") == status })
	}
	body.Add(accessNode(status, enabled))
}
