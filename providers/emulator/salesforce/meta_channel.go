package salesforce

import "strings"

// platformEventChannel is the type of custom event channels, which Tooling
// queries show too.
func platformEventChannel() *metaType {
	return &metaType{
		name: "PlatformEventChannel", folder: "platformEventChannels", suffix: "platformEventChannel", since: 47,
		elements: []string{"channelType", "label"},
		required: []string{"channelType", "label"},
		checks: func(_ *edit, c *component) *problem {
			if name, custom := strings.CutSuffix(c.fullName, "__chn"); !custom || !developerName().MatchString(name) {
				return problemf("FIELD_INTEGRITY_EXCEPTION", "The channel name %s must be a developer name that ends with __chn", c.fullName)
			}
			return checkEnum(c.body, "channelType", "data", "event")
		},
		writes: func(e *edit, c *component, held row) *problem {
			if held == nil {
				held = e.insert("PlatformEventChannel", row{"FullName": c.fullName, "DeveloperName": strings.TrimSuffix(c.fullName, "__chn"), "NamespacePrefix": nil})
			}
			e.set("PlatformEventChannel", held, "ChannelType", c.body.get("channelType"))
			e.set("PlatformEventChannel", held, "MasterLabel", c.body.get("label"))
			return nil
		},
		reads: func(_ *edit, r row) *node {
			return tree("PlatformEventChannel", leaf("channelType", r.text("ChannelType")), leaf("label", r.text("MasterLabel")))
		},
		removes: func(e *edit, r row) *problem {
			if e.one("PlatformEventChannelMember", "EventChannel", r.text("FullName")) != nil {
				return problemf("DELETE_FAILED", "The channel %s has members; delete them first", r.text("FullName"))
			}
			e.drop("PlatformEventChannel", r)
			return nil
		},
		finds: func(e *edit, fullName string) row { return e.one("PlatformEventChannel", "FullName", fullName) },
		lists: func(e *edit) []row { return e.rows("PlatformEventChannel") },
	}
}

func platformEventChannelMember() *metaType {
	return &metaType{
		name: "PlatformEventChannelMember", folder: "platformEventChannelMembers", suffix: "platformEventChannelMember", since: 47,
		elements: []string{"enrichedFields", "eventChannel", "filterExpression", "selectedEntity"},
		required: []string{"eventChannel", "selectedEntity"},
		checks:   checkChannelMember,
		writes: func(e *edit, c *component, held row) *problem {
			if held == nil {
				held = e.insert("PlatformEventChannelMember", row{"FullName": c.fullName, "DeveloperName": c.fullName, "NamespacePrefix": nil})
			}
			e.set("PlatformEventChannelMember", held, "EventChannel", c.body.get("eventChannel"))
			e.set("PlatformEventChannelMember", held, "SelectedEntity", c.body.get("selectedEntity"))
			if filter := c.body.child("filterExpression"); filter != nil || c.file {
				e.set("PlatformEventChannelMember", held, "FilterExpression", nullable(c.body.get("filterExpression")))
			}
			return nil
		},
		reads: func(_ *edit, r row) *node {
			n := tree("PlatformEventChannelMember", leaf("eventChannel", r.text("EventChannel")))
			if filter := r.text("FilterExpression"); filter != "" {
				n.children = append(n.children, leaf("filterExpression", filter))
			}
			n.children = append(n.children, leaf("selectedEntity", r.text("SelectedEntity")))
			return n
		},
		removes: func(e *edit, r row) *problem {
			e.drop("PlatformEventChannelMember", r)
			return nil
		},
		finds: func(e *edit, fullName string) row { return e.one("PlatformEventChannelMember", "FullName", fullName) },
		lists: func(e *edit) []row { return e.rows("PlatformEventChannelMember") },
	}
}

func checkChannelMember(e *edit, c *component) *problem {
	channel, entity := c.body.get("eventChannel"), c.body.get("selectedEntity")
	if channel != "ChangeEvents" && e.one("PlatformEventChannel", "FullName", channel) == nil {
		return problemf("INVALID_CROSS_REFERENCE_KEY", "In field: eventChannel - no PlatformEventChannel named %s found", channel).at(c.body)
	}
	base, isChange := strings.CutSuffix(entity, "ChangeEvent")
	if object := e.org.schema.object(base); !isChange || object == nil || !object.visible(false) {
		return problemf("INVALID_CROSS_REFERENCE_KEY", "In field: selectedEntity - no change event named %s found", entity).at(c.body)
	}
	if filter := c.body.get("filterExpression"); filter != "" {
		if _, err := e.org.changeFilter(e.org.schema.object(base), filter); err != nil {
			return problemf("INVALID_INPUT", "In field: filterExpression - %v", err).at(c.body) // UNCERTAIN text and code
		}
	}
	selected := map[string]bool{strings.ToLower(entity): true}
	for _, r := range e.rows("PlatformEventChannelMember") {
		if strings.EqualFold(r.text("FullName"), c.fullName) {
			continue
		}
		if strings.EqualFold(r.text("EventChannel"), channel) && strings.EqualFold(r.text("SelectedEntity"), entity) {
			return problemf("DUPLICATE_VALUE", "%s selects %s on %s already", r.text("FullName"), entity, channel).at(c.body)
		}
		selected[strings.ToLower(r.text("SelectedEntity"))] = true
	}
	if len(selected) > maxCDCEntities {
		// UNCERTAIN text and code.
		return problemf("LIMIT_EXCEEDED", "The maximum number of entities selected for Change Data Capture (%d) has been reached", maxCDCEntities).at(c.body)
	}
	return nil
}
