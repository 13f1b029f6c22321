package salesforce

import (
	"net/url"
	"slices"
)

// profile is the type of profiles. Writing one is an overlay: what the file
// leaves out stays, and a name that does not exist yet creates a profile
// (VERIFIED, the documents' own words). Calls do the same here, though on real
// orgs they are less predictable.
func profile() *metaType {
	return &metaType{
		name: "Profile", folder: "profiles", suffix: "profile", since: 10,
		elementSince: accessElements(),
		checks:       checkProfile,
		writes:       writeProfile,
		reads:        readProfile,
		removes:      removeProfile,
		finds: func(e *edit, fullName string) row {
			return e.one("Profile", "FullName", encodeFullName(decodeFullName(fullName)))
		},
		lists: func(e *edit) []row { return e.rows("Profile") },
	}
}

// decodeFullName undoes [encodeFullName]. A name that is not encoded stays.
func decodeFullName(name string) string {
	decoded, err := url.PathUnescape(name)
	if err != nil {
		return name
	}
	return decoded
}

func checkProfile(e *edit, c *component) *problem {
	label := decodeFullName(c.fullName)
	isNew := e.one("Profile", "FullName", encodeFullName(label)) == nil
	if isNew && e.one("Profile", "Name", label) != nil {
		// A standard profile by its label: System Administrator for Admin.
		// UNCERTAIN: the names would collide, so it is taken to be refused.
		return problemf("DUPLICATE_VALUE", "duplicate value found: Name duplicates value on record with name: %s", label)
	}
	return checkAccess(e, c.body)
}

func writeProfile(e *edit, c *component, held row) *problem {
	if held == nil {
		held = e.newProfile(decodeFullName(c.fullName))
	}
	stored := storedXML("Profile", held)
	stored.overlay(c.body.without(statusAccess, "custom"))
	e.set("Profile", held, "XML", stored.inner())
	if description := c.body.child("description"); description != nil {
		e.set("Profile", held, "Description", nullable(description.text))
	}
	own := e.one("PermissionSet", "ProfileId", held.text("Id"))
	e.setPermissions("Profile", held, c.body, false)
	e.setPermissions("PermissionSet", own, c.body, false)
	e.setAccess(own, c.body.each(statusAccess), false)
	return nil
}

// newProfile creates a profile with what Minimum Access has: next to nothing
// (VERIFIED for API 60.0 and later; before, it was Standard User).
func (e *edit) newProfile(label string) row {
	profile := row{"Name": label, "FullName": encodeFullName(label), "UserType": "Standard", "XML": "<userLicense>Salesforce</userLicense>"}
	own := row{"IsOwnedByProfile": true, "IsCustom": false, "Type": "Profile", "HasActivationRequired": false}
	for _, permission := range adminPermissions() {
		profile["Permissions"+permission], own["Permissions"+permission] = false, false
	}
	e.insert("Profile", profile)
	name := "X" + profile.text("Id")[:15]
	own["ProfileId"], own["Name"], own["Label"] = profile["Id"], name, name
	e.insert("PermissionSet", own)
	return profile
}

// readProfile returns a profile with an entry for every presence status of the
// org, enabled or not, as other sections of profiles have (UNCERTAIN).
func readProfile(e *edit, r row) *node {
	n := storedXML("Profile", r)
	n.set("custom", formatBool(isCustomProfile(r)))
	own := e.one("PermissionSet", "ProfileId", r.text("Id"))
	n.children = append(n.children, e.readAccess(own, true)...)
	n.sortByName()
	return n
}

// isCustomProfile tells by the names: standard profiles have API names of
// their own.
func isCustomProfile(r row) bool { return r.text("FullName") == encodeFullName(r.text("Name")) }

func removeProfile(e *edit, r row) *problem {
	if !isCustomProfile(r) {
		return problemf("INSUFFICIENT_ACCESS_OR_READONLY", "Standard profile %s cannot be deleted", r.text("FullName"))
	}
	if e.one("User", "ProfileId", r.text("Id")) != nil {
		return problemf("DELETE_FAILED", "Cannot delete profile %s: users are assigned to it", r.text("FullName"))
	}
	own := e.one("PermissionSet", "ProfileId", r.text("Id"))
	for _, access := range e.many("SetupEntityAccess", "ParentId", own.text("Id")) {
		e.drop("SetupEntityAccess", access)
	}
	e.drop("PermissionSet", own)
	e.drop("Profile", r)
	return nil
}

// profileSections says which child tells the entries of a profile's section
// apart, and which type of component an entry is about. A section without a
// type is not about components and is always retrieved.
var profileSections = map[string]struct{ key, about string }{
	"applicationVisibilities":    {"application", "CustomApplication"},
	"categoryGroupVisibilities":  {"dataCategoryGroup", "DataCategoryGroup"},
	"classAccesses":              {"apexClass", "ApexClass"},
	"customMetadataTypeAccesses": {"name", "CustomObject"},
	"customPermissions":          {"name", "CustomPermission"},
	"customSettingAccesses":      {"name", "CustomObject"},
	"externalDataSourceAccesses": {"externalDataSource", "ExternalDataSource"},
	"fieldPermissions":           {"field", "CustomField"},
	"flowAccesses":               {"flow", "Flow"},
	"layoutAssignments":          {"layout", "Layout"},
	"objectPermissions":          {"object", "CustomObject"},
	"pageAccesses":               {"apexPage", "ApexPage"},
	"recordTypeVisibilities":     {"recordType", "RecordType"},
	statusAccess:                 {"servicePresenceStatus", "ServicePresenceStatus"},
	"tabVisibilities":            {"tab", "CustomTab"},
	"userPermissions":            {"name", ""},
}

// overlay lays the elements of a profile over those held: entries of a section
// replace the entry about the same component, other elements replace all of
// theirs.
func (n *node) overlay(sent *node) {
	var whole []string
	for _, child := range sent.children {
		if profileSections[child.name].key == "" {
			whole = append(whole, child.name)
		}
	}
	n.children = n.without(whole...).children
	at := map[string]int{}
	for i, child := range n.children {
		at[sectionKey(child)] = i
	}
	for _, child := range sent.children {
		i, held := at[sectionKey(child)]
		if held && profileSections[child.name].key != "" {
			n.children[i] = child
			continue
		}
		at[sectionKey(child)] = len(n.children)
		n.children = append(n.children, child)
	}
	n.sortByName()
}

func sectionKey(n *node) string { return n.name + "\x00" + n.get(profileSections[n.name].key) }

// aboutOnly drops the entries that are about components which the request did
// not ask for: a retrieved profile shows no more than that (VERIFIED).
func (n *node) aboutOnly(asked func(typeName, fullName string) bool) {
	n.children = slices.DeleteFunc(n.children, func(child *node) bool {
		section := profileSections[child.name]
		return section.about != "" && !asked(section.about, child.get(section.key))
	})
}
