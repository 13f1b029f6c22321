package salesforce

import "slices"

// presenceStatus is the type of presence statuses (VERIFIED contents).
func presenceStatus() *metaType {
	return &metaType{
		name: "ServicePresenceStatus", folder: "servicePresenceStatuses", suffix: "servicePresenceStatus", since: 44,
		elements: []string{"channels", "label"},
		required: []string{"label"},
		// SECONDARY: without Omni-Channel the type is not there at all.
		exists:  func(e *edit) bool { return e.org.schema.object("ServicePresenceStatus") != nil },
		checks:  checkStatus,
		writes:  writeStatus,
		reads:   readStatus,
		removes: removeStatus,
		finds: func(e *edit, fullName string) row {
			return e.one("ServicePresenceStatus", "DeveloperName", fullName)
		},
		lists: func(e *edit) []row { return e.rows("ServicePresenceStatus") },
		named: func(r row) string { return r.text("DeveloperName") },
	}
}

const maxName = 80 // characters, of developer names and of labels (VERIFIED)

// checkName applies the rules of developer names (VERIFIED).
func checkName(c *component) *problem {
	switch {
	case len(c.fullName) > maxName:
		return problemf("STRING_TOO_LONG", "Developer Name: data value too large: %s (max length=%d)", c.fullName, maxName)
	case !developerName().MatchString(c.fullName):
		return problemf("FIELD_INTEGRITY_EXCEPTION", "The Developer Name API Name can only contain underscores and alphanumeric characters. "+
			"It must be unique, begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive underscores.")
	}
	return nil
}

func checkStatus(e *edit, c *component) *problem {
	if p := checkName(c); p != nil {
		return p
	}
	if label := c.body.get("label"); len([]rune(label)) > maxName {
		return problemf("STRING_TOO_LONG", "Status Name: data value too large: %s (max length=%d)", label, maxName)
	}
	wrappers := c.body.each("channels")
	if len(wrappers) > 1 {
		return problemf("INVALID_TYPE", "Error parsing file: Duplicate element channels in type ServicePresenceStatus").at(wrappers[1])
	}
	for _, n := range c.body.child("channels").nodes() {
		if n.name != "channel" {
			return problemf("INVALID_TYPE", "Error parsing file: Element {%s}%s invalid at this location in type ServiceChannelStatus", metadataNS, n.name).at(n)
		}
		if e.one("ServiceChannel", "DeveloperName", n.text) == nil {
			return problemf("INVALID_CROSS_REFERENCE_KEY", "Value '%s' is not valid", n.text).at(n) // VERIFIED text
		}
	}
	return nil
}

func writeStatus(e *edit, c *component, held row) *problem {
	label := c.body.get("label")
	if held == nil {
		held = e.insert("ServicePresenceStatus", row{"DeveloperName": c.fullName, "MasterLabel": label, "Language": "en_US"})
	} else {
		e.set("ServicePresenceStatus", held, "MasterLabel", label)
	}
	wrapper := c.body.child("channels")
	if wrapper == nil && !c.file && e.rules.KeepChannels {
		return nil
	}
	e.setChannels(held, wrapper.all("channel"))
	return nil
}

// setChannels gives a status exactly these channels.
func (e *edit) setChannels(status row, names []string) {
	wanted := map[string]bool{}
	for _, name := range names {
		channel := e.one("ServiceChannel", "DeveloperName", name).text("Id")
		if wanted[channel] {
			continue
		}
		wanted[channel] = true
		if e.one("ServiceChannelStatus", "ServicePresenceStatusId ServiceChannelId", status.text("Id"), channel) == nil {
			e.insert("ServiceChannelStatus", row{"ServiceChannelId": channel, "ServicePresenceStatusId": status.text("Id")})
			e.touch(status)
		}
	}
	for _, join := range e.many("ServiceChannelStatus", "ServicePresenceStatusId", status.text("Id")) {
		if !wanted[join.text("ServiceChannelId")] {
			e.drop("ServiceChannelStatus", join)
			e.touch(status)
		}
	}
}

func readStatus(e *edit, r row) *node {
	n := tree("ServicePresenceStatus")
	var names []string
	for _, join := range e.many("ServiceChannelStatus", "ServicePresenceStatusId", r.text("Id")) {
		if channel := e.store.byID("ServiceChannel", join.text("ServiceChannelId")); channel != nil {
			names = append(names, channel.text("DeveloperName"))
		}
	}
	slices.Sort(names)
	if len(names) > 0 {
		wrapper := tree("channels")
		for _, name := range names {
			wrapper.children = append(wrapper.children, leaf("channel", name))
		}
		n.children = append(n.children, wrapper)
	}
	n.children = append(n.children, leaf("label", r.text("MasterLabel")))
	return n
}

// removeStatus deletes a status that nothing refers to. UNCERTAIN: delete is
// in no documented list of calls, and the code and text are ours.
func removeStatus(e *edit, r row) *problem {
	if e.rules.RefuseStatusDelete {
		return problemf("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "ServicePresenceStatus %s cannot be deleted through the API", r.text("DeveloperName"))
	}
	for _, reference := range [...]struct{ sobject, field string }{
		{"SetupEntityAccess", "SetupEntityId"},
		{"PresenceUserConfig", "PresenceStatusOnDeclineId"},
		{"PresenceUserConfig", "PresenceStatusOnPushTimeoutId"},
	} {
		if used := e.one(reference.sobject, reference.field, r.text("Id")); used != nil {
			return problemf("DELETE_FAILED", "This presence status is referenced elsewhere in Salesforce. Remove the usage and try again: %s - %s", reference.sobject, used.text("Id"))
		}
	}
	for _, join := range e.many("ServiceChannelStatus", "ServicePresenceStatusId", r.text("Id")) {
		e.drop("ServiceChannelStatus", join)
	}
	e.drop("ServicePresenceStatus", r)
	return nil
}
