package salesforce

import (
	"slices"
	"strings"
)

// permissionSet is the type of permission sets. A file or call is the whole
// set: what it leaves out is gone afterwards (SECONDARY).
func permissionSet() *metaType {
	return &metaType{
		name: "PermissionSet", folder: "permissionsets", suffix: "permissionset", since: 22,
		required:     []string{"label"},
		elementSince: accessElements(),
		checks:       checkPermissionSet,
		writes:       writePermissionSet,
		reads:        readPermissionSet,
		removes:      removePermissionSet,
		finds:        findPermissionSet,
		lists: func(e *edit) []row {
			return slices.DeleteFunc(slices.Clone(e.rows("PermissionSet")), isProfileOwned)
		},
		named: func(r row) string {
			if namespace := r.text("NamespacePrefix"); namespace != "" {
				return namespace + "__" + r.text("Name")
			}
			return r.text("Name")
		},
	}
}

func isProfileOwned(r row) bool {
	owned, _ := r["IsOwnedByProfile"].(bool)
	return owned
}

func findPermissionSet(e *edit, fullName string) row {
	namespace, name, packaged := strings.Cut(fullName, "__")
	if !packaged {
		namespace, name = "", fullName
	}
	r := e.one("PermissionSet", "NamespacePrefix Name", namespace, name)
	if r == nil || isProfileOwned(r) {
		return nil
	}
	return r
}

func checkPermissionSet(e *edit, c *component) *problem {
	if held := findPermissionSet(e, c.fullName); held != nil {
		if p := refuseManaged("PermissionSet", held); p != nil {
			return p
		}
	} else if p := checkName(c); p != nil {
		return p
	}
	return checkAccess(e, c.body)
}

// refuseManaged keeps what a package brought as it is.
func refuseManaged(sobject string, held row) *problem {
	if held.text("NamespacePrefix") == "" {
		return nil
	}
	return problemf("CANNOT_MODIFY_MANAGED_OBJECT", "Cannot modify managed object: entity=%s, component=%s, state=installed", sobject, held.text("Id"))
}

func writePermissionSet(e *edit, c *component, held row) *problem {
	if held == nil {
		held = e.insert("PermissionSet", row{
			"Name": c.fullName, "NamespacePrefix": nil, "IsCustom": true, "IsOwnedByProfile": false, "Type": "Regular",
		})
	}
	e.set("PermissionSet", held, "Label", c.body.get("label"))
	e.set("PermissionSet", held, "Description", nullable(c.body.get("description")))
	e.set("PermissionSet", held, "HasActivationRequired", isTrue(c.body.get("hasActivationRequired")))
	e.set("PermissionSet", held, "XML", c.body.without("label", "description", "hasActivationRequired", statusAccess).inner())
	e.setPermissions("PermissionSet", held, c.body, true)
	e.setAccess(held, c.body.each(statusAccess), true)
	return nil
}

func readPermissionSet(e *edit, r row) *node {
	n := storedXML("PermissionSet", r)
	if description := r.text("Description"); description != "" {
		n.children = append(n.children, leaf("description", description))
	}
	activation, _ := r["HasActivationRequired"].(bool)
	n.children = append(n.children, leaf("hasActivationRequired", formatBool(activation)), leaf("label", r.text("Label")))
	n.children = append(n.children, e.readAccess(r, false)...)
	n.sortByName()
	return n
}

func removePermissionSet(e *edit, r row) *problem {
	if p := refuseManaged("PermissionSet", r); p != nil {
		return p
	}
	if e.one("PermissionSetAssignment", "PermissionSetId", r.text("Id")) != nil {
		return problemf("DELETE_FAILED", "Cannot delete permission set: it is assigned to users") // UNCERTAIN text
	}
	for _, access := range e.many("SetupEntityAccess", "ParentId", r.text("Id")) {
		e.drop("SetupEntityAccess", access)
	}
	e.drop("PermissionSet", r)
	return nil
}
