package salesforce

import "strings"

// metaTypes lists the types in the order in which a deploy works on them:
// what others refer to comes first.
func metaTypes() []*metaType {
	return []*metaType{
		omniChannelSettings(),
		externalClientAppSettings(),
		presenceStatus(),
		platformEventChannel(),
		platformEventChannelMember(),
		auraDefinitionBundle(),
		flexiPage(),
		customApplication(),
		connectedApp(),
		externalClientApplication(),
		ecaGlobalOauthSettings(),
		ecaOauthSettings(),
		ecaOauthPolicies(),
		ecaPolicies(),
		permissionSet(),
		profile(),
	}
}

// metaCatalogue is every metadata type of the org.
type metaCatalogue struct {
	ordered  []*metaType
	byName   map[string]*metaType
	byFolder map[string]*metaType
}

func newMetaCatalogue() *metaCatalogue {
	c := &metaCatalogue{ordered: metaTypes(), byName: map[string]*metaType{}, byFolder: map[string]*metaType{}}
	for _, t := range c.ordered {
		c.byName[t.name] = t
		c.byFolder[t.folder] = t
	}
	return c
}

// in returns the type whose files are in a folder, nil when there is none. All
// settings share a folder, so there the file's name decides.
func (c *metaCatalogue) in(folder, file string) *metaType {
	if folder == settingsFolder {
		return c.byName[strings.TrimSuffix(file, ".settings")+"Settings"]
	}
	return c.byFolder[folder]
}

// A wantedType is what a manifest says of one type; of is nil when there is no
// such type.
type wantedType struct {
	of      *metaType
	name    string
	members []string
}

// resolve finds the type that a manifest names. Settings are members of the
// one type Settings there, and cannot be named otherwise.
func (c *metaCatalogue) resolve(types manifestType) []wantedType {
	if types.name != "Settings" {
		of := c.byName[types.name]
		if of != nil && of.folder == settingsFolder {
			of = nil
		}
		return []wantedType{{of: of, name: types.name, members: types.members}}
	}
	var wanted []wantedType
	for _, member := range types.members {
		for _, of := range c.ordered {
			only := strings.TrimSuffix(of.name, "Settings")
			if of.folder == settingsFolder && (member == only || member == "*") {
				wanted = append(wanted, wantedType{of: of, name: types.name, members: []string{only}})
			}
		}
		if member != "*" && c.byName[member+"Settings"] == nil {
			wanted = append(wanted, wantedType{name: member + "Settings"})
		}
	}
	return wanted
}
