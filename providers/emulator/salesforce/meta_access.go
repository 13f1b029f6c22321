package salesforce

const statusAccess = "servicePresenceStatusAccesses"

// accessElements are the first versions of the element that enables presence
// statuses (VERIFIED: 64.0). The documents spell it with a capital S, which
// the schema does not know: no version has that.
func accessElements() map[string]float64 {
	const never = 1e9
	return map[string]float64{statusAccess: 64, "ServicePresenceStatusAccesses": never}
}

// checkAccess looks at the presence statuses that a profile or permission set
// names: each must be there.
func checkAccess(e *edit, body *node) *problem {
	for _, entry := range body.each(statusAccess) {
		for _, required := range [...]string{"enabled", "servicePresenceStatus"} {
			if entry.get(required) == "" {
				return problemf("REQUIRED_FIELD_MISSING", "Required field is missing: %s", required).at(entry)
			}
		}
		if name := entry.get("servicePresenceStatus"); e.one("ServicePresenceStatus", "DeveloperName", name) == nil {
			return problemf("INVALID_CROSS_REFERENCE_KEY", "In field: servicePresenceStatus - no ServicePresenceStatus named %s found", name).at(entry)
		}
	}
	return nil
}

// setAccess enables and disables what the entries say on a permission set, a
// profile's own among them. With whole, what has no entry is disabled too.
func (e *edit) setAccess(set row, entries []*node, whole bool) {
	enabled := map[string]bool{}
	for _, entry := range entries {
		status := e.one("ServicePresenceStatus", "DeveloperName", entry.get("servicePresenceStatus")).text("Id")
		enabled[status] = isTrue(entry.get("enabled"))
	}
	for _, access := range e.many("SetupEntityAccess", "ParentId", set.text("Id")) {
		if access.text("SetupEntityType") != presenceStatusAccess {
			continue
		}
		status := access.text("SetupEntityId")
		on, named := enabled[status]
		if !named && whole || named && !on {
			e.drop("SetupEntityAccess", access)
			e.touch(set)
		}
		delete(enabled, status)
	}
	for _, entry := range entries { // in the order sent, so that Ids do not depend on chance
		status := e.one("ServicePresenceStatus", "DeveloperName", entry.get("servicePresenceStatus")).text("Id")
		if enabled[status] {
			e.insert("SetupEntityAccess", row{"ParentId": set.text("Id"), "SetupEntityId": status, "SetupEntityType": presenceStatusAccess})
			e.touch(set)
			delete(enabled, status)
		}
	}
}

// readAccess returns the entries of a permission set. With disabled, statuses
// that are not enabled have entries too.
func (e *edit) readAccess(set row, disabled bool) []*node {
	if e.version < accessElements()[statusAccess] {
		return nil
	}
	var entries []*node
	for _, status := range e.rows("ServicePresenceStatus") {
		enabled := e.one("SetupEntityAccess", "ParentId SetupEntityId", set.text("Id"), status.text("Id")) != nil
		if !enabled && !disabled {
			continue
		}
		entries = append(entries, tree(statusAccess,
			leaf("enabled", formatBool(enabled)), leaf("servicePresenceStatus", status.text("DeveloperName"))))
	}
	return entries
}

// setPermissions carries <userPermissions> into the record, where SOQL and
// the data plane's own checks see them.
func (e *edit) setPermissions(sobject string, holder row, body *node, whole bool) {
	granted := map[string]bool{}
	for _, p := range body.each("userPermissions") {
		granted[p.get("name")] = isTrue(p.get("enabled"))
	}
	for _, name := range adminPermissions() {
		if on, named := granted[name]; named || whole {
			if held, _ := holder["Permissions"+name].(bool); held != on {
				e.set(sobject, holder, "Permissions"+name, on)
			}
		}
	}
}

func isTrue(text string) bool { return text == "true" || text == "1" }

func formatBool(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
