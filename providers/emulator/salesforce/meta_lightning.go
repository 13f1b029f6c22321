package salesforce

import "strings"

// flexiPage is the type of Lightning pages, utility bars among them.
func flexiPage() *metaType {
	return &metaType{
		name: "FlexiPage", folder: "flexipages", suffix: "flexipage", since: 29,
		required: []string{"masterLabel", "template", "type"},
		checks: func(e *edit, c *component) *problem {
			for _, name := range componentNames(c.body) {
				own, custom := strings.CutPrefix(name, "c:")
				if custom && e.one("MetadataComponent", "Type FullName", "AuraDefinitionBundle", own) == nil {
					return problemf("INVALID_CROSS_REFERENCE_KEY", "We couldn't retrieve the design time component information for component %s.", name)
				}
			}
			return checkName(c)
		},
		removes: func(e *edit, r row) *problem {
			for _, app := range e.many("MetadataComponent", "Type", "CustomApplication") {
				if strings.EqualFold(storedXML("CustomApplication", app).get("utilityBar"), r.text("FullName")) {
					return problemf("DELETE_FAILED", "This Lightning page is referenced elsewhere in Salesforce. Remove the usage and try again: Lightning app - %s", app.text("FullName"))
				}
			}
			e.drop("MetadataComponent", r)
			return nil
		},
	}
}

// componentNames returns every componentName of a page, however deep.
func componentNames(n *node) []string {
	var names []string
	for _, child := range n.children {
		if child.name == "componentName" {
			names = append(names, strings.TrimSpace(child.text))
		}
		names = append(names, componentNames(child)...)
	}
	return names
}

// pageWith returns a page that shows an Aura component, "" when none does.
func pageWith(e *edit, component string) string {
	for _, page := range e.many("MetadataComponent", "Type", "FlexiPage") {
		for _, name := range componentNames(storedXML("FlexiPage", page)) {
			if strings.EqualFold(name, "c:"+component) {
				return page.text("FullName")
			}
		}
	}
	return ""
}

// customApplication is the type of apps. A call takes 200 of them (VERIFIED).
func customApplication() *metaType {
	return &metaType{
		name: "CustomApplication", folder: "applications", suffix: "app", since: 10, limit: 200,
		required: []string{"label"},
		checks: func(e *edit, c *component) *problem {
			if p := checkEnum(c.body, "uiType", "Aloha", "Lightning"); p != nil {
				return p
			}
			bar := c.body.get("utilityBar")
			if bar == "" {
				return nil
			}
			page := e.one("MetadataComponent", "Type FullName", "FlexiPage", bar)
			if page == nil || storedXML("FlexiPage", page).get("type") != "UtilityBar" {
				return problemf("INVALID_CROSS_REFERENCE_KEY", "In field: utilityBar - no FlexiPage named %s found", bar).at(c.body.child("utilityBar"))
			}
			return nil
		},
	}
}
