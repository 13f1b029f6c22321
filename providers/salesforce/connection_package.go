package salesforce

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// A Package is what one deploy carries: components to create or change, and
// members to delete after that.
type Package struct {
	Components  []Component
	Destructive []Member
}

// The vendor's limits of one deploy (SECONDARY).
const (
	maxDeployFiles = 10_000
	maxDeployBytes = 39 << 20 // compressed
)

// A place says where a type's files stand in a package.
type place struct {
	folder, suffix string
	member         string // the type that package.xml names, where it differs
}

// placeOf knows the types that Lockstep deploys.
func placeOf(typ string) (place, bool) {
	p, ok := map[string]place{
		"ServicePresenceStatus": {folder: "servicePresenceStatuses", suffix: ".servicePresenceStatus"},
		"Profile":               {folder: "profiles", suffix: ".profile"},
		"PermissionSet":         {folder: "permissionsets", suffix: ".permissionset"},
		"ConnectedApp":          {folder: "connectedApps", suffix: ".connectedApp"},

		"ExternalClientApplication":            {folder: "externalClientApps", suffix: ".eca"},
		"ExtlClntAppGlobalOauthSettings":       {folder: "extlClntAppGlobalOauthSets", suffix: ".ecaGlblOauth"},
		"ExtlClntAppOauthSettings":             {folder: "extlClntAppOauthSettings", suffix: ".ecaOauth"},
		"ExtlClntAppOauthConfigurablePolicies": {folder: "extlClntAppOauthPolicies", suffix: ".ecaOauthPlcy"},
		"ExtlClntAppConfigurablePolicies":      {folder: "extlClntAppPolicies", suffix: ".ecaPlcy"},
		"ExtlClntAppOauthSecuritySettings":     {folder: "extlClntAppOauthSecuritySettings", suffix: ".ecaOauthSecurity"},

		"AuraDefinitionBundle":       {folder: "aura"},
		"CustomApplication":          {folder: "applications", suffix: ".app"},
		"FlexiPage":                  {folder: "flexipages", suffix: ".flexipage"},
		"PlatformEventChannel":       {folder: "platformEventChannels", suffix: ".platformEventChannel"},
		"PlatformEventChannelMember": {folder: "platformEventChannelMembers", suffix: ".platformEventChannelMember"},

		"OmniChannelSettings":       {folder: "settings", suffix: ".settings", member: "Settings"},
		"ExternalClientAppSettings": {folder: "settings", suffix: ".settings", member: "Settings"},
	}[typ]
	if p.member == "" {
		p.member = typ
	}
	return p, ok
}

// archive writes the package as a zip file. The same package gives the same
// bytes.
func (p Package) archive(version string) ([]byte, error) {
	files := map[string][]byte{}
	members := make([]Member, 0, len(p.Components))
	for _, component := range p.Components {
		at, ok := placeOf(component.Type)
		if !ok {
			return nil, fmt.Errorf("no folder is known for metadata of type %s", component.Type)
		}
		members = append(members, Member{component.Type, component.FullName})
		if component.Body != nil {
			files[at.folder+"/"+component.FullName+at.suffix] = component.Body.document(component.Type)
		}
		for _, file := range component.Files {
			files[at.folder+"/"+component.FullName+"/"+file.Name] = file.Content
		}
	}
	files["package.xml"] = manifest(members, version)
	if len(p.Destructive) > 0 {
		files["destructiveChangesPost.xml"] = manifest(p.Destructive, version)
	}
	if len(files) > maxDeployFiles {
		return nil, fmt.Errorf("package of %d files is larger than the %d that the vendor takes at once", len(files), maxDeployFiles)
	}
	return compress(files)
}

// manifest lists members by type, both in alphabetical order.
func manifest(members []Member, version string) []byte {
	byType := map[string][]string{}
	for _, m := range members {
		at, ok := placeOf(m.Type)
		if !ok {
			at.member = m.Type
		}
		byType[at.member] = append(byType[at.member], m.FullName)
	}
	root := Element("Package")
	for _, typ := range slices.Sorted(maps.Keys(byType)) {
		types := Element("types")
		for _, name := range slices.Compact(slices.Sorted(slices.Values(byType[typ]))) {
			types.Nodes = append(types.Nodes, Leaf("members", name))
		}
		types.Nodes = append(types.Nodes, Leaf("name", typ))
		root.Nodes = append(root.Nodes, types)
	}
	root.Nodes = append(root.Nodes, Leaf("version", version))
	return root.document("Package")
}

// compress zips files in the order of their names. No entry has a time.
func compress(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if b.Len() > maxDeployBytes {
		return nil, fmt.Errorf("package of %d MiB is larger than the %d that the vendor takes", b.Len()>>20, maxDeployBytes>>20)
	}
	return b.Bytes(), nil
}
