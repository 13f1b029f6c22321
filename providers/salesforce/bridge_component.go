package salesforce

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// The component's real source, as it is deployed: markup, controller, helper.
var (
	//go:embed bridge/Component.cmp
	bridgeMarkup string
	//go:embed bridge/Controller.js
	bridgeController string
	//go:embed bridge/Helper.js
	bridgeHelper string
)

const auraType = "AuraDefinitionBundle"

// bridgeComponent makes the utility-bar component, which listens on a channel.
// It is an Aura component because the toolkit that sets presence has no other
// form; that empApi and omniToolkitAPI work together in a utility item under
// Enhanced Omni-Channel is UNCERTAIN.
func bridgeComponent(name, channel string) Component {
	meta := `<?xml version="1.0" encoding="UTF-8"?>
<AuraDefinitionBundle xmlns="http://soap.sforce.com/2006/04/metadata">
    <apiVersion>` + DefaultAPIVersion + `</apiVersion>
    <description>Carries out presence commands of Lockstep in the agent's console.</description>
</AuraDefinitionBundle>
`
	return Component{Type: auraType, FullName: name, Files: []File{
		{Name: name + ".cmp", Content: []byte(bridgeFor(channel))},
		{Name: name + ".cmp-meta.xml", Content: []byte(meta)},
		{Name: name + "Controller.js", Content: []byte(bridgeController)},
		{Name: name + "Helper.js", Content: []byte(bridgeHelper)},
	}}
}

// bridgeFor writes the channel into the markup.
func bridgeFor(channel string) string {
	return strings.ReplaceAll(bridgeMarkup, "@@CHANNEL@@", xmlText.Replace(channel))
}

var xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// bridgeVersion names the component's source, so that a newer Lockstep is seen
// to bring another one.
func bridgeVersion(channel string) string {
	sum := sha256.Sum256([]byte(bridgeFor(channel) + "\x00" + bridgeController + "\x00" + bridgeHelper))
	return fmt.Sprintf("%x", sum[:6])
}

// The version is kept in the permission set's description, which is deployed
// together with the component and can be read in a query; the component's own
// source would take a call of its own.
func bridgeDescription(channel string) string {
	return "Lets Lockstep carry out presence changes in the console of these users. Component " + bridgeVersion(channel) + "."
}

var describedVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`Component ([0-9a-f]{12})\.`) })

func versionIn(description string) string {
	if m := describedVersion().FindStringSubmatch(description); m != nil {
		return m[1]
	}
	return ""
}
