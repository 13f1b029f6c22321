package salesforce

import (
	"fmt"
	"slices"
	"strings"
)

const (
	flexiPageType = "FlexiPage"
	appType       = "CustomApplication"

	utilityRegion   = "utilityItems"
	utilityTemplate = "one:utilityBarTemplateDesktop"
)

// A utilityBar is the utility bar of one Lightning app.
type utilityBar struct {
	page string // the page's full name; "" when the app has none
	has  bool   // whether the bridge's component is in it
}

// hasUtility reports whether a page shows a component. Components of the org's
// own namespace are written c:Name.
func hasUtility(page *Node, component string) bool {
	for _, region := range page.Children("flexiPageRegions") {
		if slices.ContainsFunc(region.Children("itemInstances"), showsComponent(component)) {
			return true
		}
	}
	return false
}

func showsComponent(component string) func(*Node) bool {
	return func(item *Node) bool {
		name := item.Child("componentInstance").Text("componentName")
		return strings.EqualFold(name, "c:"+component)
	}
}

// addUtility puts the component last into a utility bar and keeps everything
// that is there.
func addUtility(page *Node, component string) error {
	if page.Text("type") != "UtilityBar" {
		return fmt.Errorf("it is a %s and no utility bar", page.Text("type"))
	}
	if hasUtility(page, component) {
		return nil
	}
	for _, region := range page.Children("flexiPageRegions") {
		if region.Text("name") == utilityRegion {
			region.Add(utilityItem(component))
			return nil
		}
	}
	page.Add(Element("flexiPageRegions", utilityItem(component), Leaf("name", utilityRegion), Leaf("type", "Region")))
	return nil
}

// removeUtility takes the component out of a utility bar.
func removeUtility(page *Node, component string) error {
	for _, region := range page.Children("flexiPageRegions") {
		region.Remove("itemInstances", showsComponent(component))
	}
	return nil
}

// utilityItem is the component as a utility bar has it. Eager starts it with
// the console; without it an agent would have to open it first.
func utilityItem(component string) *Node {
	decorators := [...][2]string{{"eager", "true"}, {"height", "120"}, {"icon", "people"}, {"label", "Presence"}, {"scrollable", "false"}, {"width", "300"}}
	instance := Element("componentInstance")
	for _, d := range decorators {
		instance.Add(Element("componentInstanceProperties", Leaf("name", d[0]), Leaf("type", "decorator"), Leaf("value", d[1])))
	}
	instance.Add(Leaf("componentName", "c:"+component), Leaf("identifier", "c_"+component))
	return Element("itemInstances", instance)
}

// newUtilityBar makes the utility bar of an app that has none.
func newUtilityBar(app, component string) Component {
	page := Element(flexiPageType,
		Element("flexiPageRegions", utilityItem(component), Leaf("name", utilityRegion), Leaf("type", "Region")),
		Element("flexiPageRegions", Leaf("name", "backgroundComponents"), Leaf("type", "Background")),
		Leaf("masterLabel", "Lockstep utility bar"),
		Element("template", Leaf("name", utilityTemplate), Element("properties", Leaf("name", "isLeftAligned"), Leaf("value", "true"))),
		Leaf("type", "UtilityBar"),
	)
	return Component{Type: flexiPageType, FullName: newBarName(app), Body: page}
}

// newBarName names the utility bar that an app is given: standard__Sales
// becomes Sales_Lockstep_Bar.
func newBarName(app string) string {
	if _, own, found := strings.Cut(app, "__"); found {
		app = own
	}
	return app + "_Lockstep_Bar"
}
