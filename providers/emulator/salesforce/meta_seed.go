package salesforce

// seedMetadata gives profiles and permission sets the XML that goes with their
// records, and one that clients may not care about: a client which deploys a
// permission set with nothing but its own entries loses it.
func (o *Org) seedMetadata() {
	for _, profile := range o.store.rows("Profile") {
		n := tree("Profile", leaf("userLicense", "Salesforce"))
		n.children = append(n.children, o.seedApplications()...)
		n.children = append(n.children, seedPermissions(profile)...)
		n.sortByName()
		profile["XML"] = n.inner()
	}
	for _, set := range o.store.rows("PermissionSet") {
		if isProfileOwned(set) {
			continue
		}
		set["PermissionsApiEnabled"] = true
		n := tree("PermissionSet", leaf("license", "Salesforce"))
		n.children = append(n.children, o.seedApplications()...)
		n.children = append(n.children, seedPermissions(set)...)
		n.sortByName()
		set["XML"] = n.inner()
	}
}

// seedApplications shows every Lightning app to everybody.
func (o *Org) seedApplications() []*node {
	var entries []*node
	for _, app := range o.tenant.Salesforce.LightningApps {
		entries = append(entries, tree("applicationVisibilities", leaf("application", app.Name), leaf("visible", "true")))
	}
	return entries
}

func seedPermissions(holder row) []*node {
	var entries []*node
	for _, name := range adminPermissions() {
		if granted, _ := holder["Permissions"+name].(bool); granted {
			entries = append(entries, tree("userPermissions", leaf("enabled", "true"), leaf("name", name)))
		}
	}
	return entries
}
