package salesforce

import "strings"

const settingsFolder = "settings"

func omniChannelSettings() *metaType {
	return settings("OmniChannelSettings", 44, func(c *component) *problem {
		return checkEnum(c.body, "omniAutoLoginOption", "AutomaticLogin", "DisplayConfirmation", "RemainLoggedIn")
	})
}

func externalClientAppSettings() *metaType {
	return settings("ExternalClientAppSettings", ecaSince, func(*component) *problem { return nil })
}

// settings makes a type with one component, which is always there. Its XML has
// every switch that was ever set; a file changes those that it names
// (UNCERTAIN, but settings deploy so in practice).
func settings(name string, since float64, check func(*component) *problem) *metaType {
	only := strings.TrimSuffix(name, "Settings")
	return &metaType{
		name: name, folder: settingsFolder, suffix: "settings", since: since,
		checks: func(_ *edit, c *component) *problem {
			if c.fullName != only {
				return problemf("INVALID_CROSS_REFERENCE_KEY", "no %s named %s found", name, c.fullName)
			}
			for _, n := range c.body.children {
				isSwitch := strings.HasPrefix(n.name, "enable") || strings.HasPrefix(n.name, "is")
				if isSwitch && n.text != "true" && n.text != "false" {
					return problemf("INVALID_TYPE", "'%s' is not a valid value for the type xsd:boolean", n.text).at(n)
				}
			}
			return check(c)
		},
		writes: func(e *edit, c *component, held row) *problem {
			overlay := *c
			overlay.file = false
			e.keep(&overlay, held)
			return nil
		},
		removes: func(*edit, row) *problem {
			return problemf("INVALID_TYPE", "%s cannot be deleted", name)
		},
	}
}

// applySettings makes the org's objects what its settings say: without
// Omni-Channel its objects do not exist.
func (o *Org) applySettings() {
	held := o.component("OmniChannelSettings", "OmniChannel")
	if held == nil {
		return
	}
	wanted := isTrue(storedXML("OmniChannelSettings", held).get("enableOmniChannel"))
	if wanted == (o.schema.object("ServicePresenceStatus") != nil) {
		return
	}
	o.schema = newCatalogue(!wanted)
	for _, object := range o.schema.ordered {
		if o.store.tables[object.name] == nil {
			o.store.define(object.name, object.prefix)
		}
	}
}
