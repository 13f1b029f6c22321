package salesforce

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// presenceStatusAccess is the SetupEntityType of a presence status's access
// rows. UNCERTAIN: the documented values leave presence statuses out.
const presenceStatusAccess = "ServicePresenceStatus"

// adminPermissions are what the System Administrator profile grants. The names
// after ManageUsers are UNCERTAIN: the contract knows their labels only.
func adminPermissions() []string {
	return []string{
		"ApiEnabled", "ViewSetup", "CustomizeApplication", "ModifyMetadata", "ModifyAllData", "ViewAllData",
		"AssignPermissionSets", "ManageUsers", "ViewDeveloperName", "ViewClientSecret", "ExternalClientAppDeveloper",
	}
}

// seed fills the tables from the tenant.
func (o *Org) seed() {
	s := o.tenant.Salesforce
	o.seedOrganization(s)
	for _, p := range s.Profiles {
		o.addProfile(cmp.Or(p.APIName, encodeFullName(p.Label)), p.Label, s.MissingPermissions)
	}
	for _, p := range s.PermissionSets {
		o.store.insert("PermissionSet", "", row{
			"Name": p.Name, "Label": p.Label, "NamespacePrefix": nullable(p.Namespace),
			"IsCustom": p.Namespace == "", "IsOwnedByProfile": false, "HasActivationRequired": false, "Type": "Regular",
		})
	}
	for _, p := range s.Packages {
		o.seedPackage(p)
	}
	for _, agent := range o.tenant.Agents {
		o.seedUser(agent)
	}
	if !s.OmniDisabled {
		o.seedOmni(s)
	}
	o.seedApps(s)
	o.adoptSeed()
}

func (o *Org) seedOrganization(s tenant.Salesforce) {
	id := s.OrganizationID
	if len(id) == 15 {
		id = longID(id)
	}
	edition := "Enterprise Edition"
	o.store.insert("Organization", "", row{
		"Id": id, "Name": s.Name, "InstanceName": "EM01", "IsSandbox": s.Sandbox, "OrganizationType": edition,
		"NamespacePrefix": nil, "TrialExpirationDate": nil, "LanguageLocaleKey": "en_US",
	})
}

// addProfile adds a profile and the permission set that every profile owns.
// FullName, the Metadata API's name, is not a field that SOQL knows.
func (o *Org) addProfile(fullName, label string, missing []string) row {
	profile := row{"Name": label, "FullName": fullName, "UserType": "Standard"}
	admin := fullName == "Admin"
	for _, permission := range adminPermissions() {
		profile["Permissions"+permission] = admin
	}
	for _, permission := range missing {
		profile["Permissions"+permission] = false
	}
	o.store.insert("Profile", "", profile)
	set := row{
		"Name": "X" + profile.text("Id")[:15], "Label": "X" + profile.text("Id")[:15], "IsOwnedByProfile": true, "ProfileId": profile["Id"],
		"IsCustom": false, "Type": "Profile", "HasActivationRequired": false,
	}
	for _, permission := range adminPermissions() {
		set["Permissions"+permission] = profile["Permissions"+permission]
	}
	o.store.insert("PermissionSet", "", set)
	return profile
}

func (o *Org) seedPackage(p tenant.Package) {
	pkg := o.store.insert("SubscriberPackage", "", row{"Name": p.Name, "NamespacePrefix": nullable(p.Namespace)})
	version := o.store.insert("SubscriberPackageVersion", "", row{
		"Name": p.Name, "SubscriberPackageId": pkg["Id"], "MajorVersion": 24, "MinorVersion": 1, "PatchVersion": 0, "BuildNumber": 2,
	})
	o.store.insert("InstalledSubscriberPackage", "", row{
		"SubscriberPackageId": pkg["Id"], "SubscriberPackageVersionId": version["Id"],
	})
	o.store.insert("PackageLicense", "", row{
		"NamespacePrefix": p.Namespace, "Status": "Active", "AllowedLicenses": p.Allowed, "UsedLicenses": 0, "IsProvisioned": true,
	})
}

func (o *Org) seedUser(a tenant.Agent) {
	if a.Profile == "" {
		return
	}
	profile := o.store.find("Profile", "Name", a.Profile)
	user := o.store.insert("User", "", row{
		"Username": cmp.Or(a.Username, a.Email), "Email": a.Email, "FirstName": a.FirstName, "LastName": a.LastName,
		"Name": strings.TrimSpace(a.FirstName + " " + a.LastName), "Alias": alias(a), "ProfileId": profile["Id"],
		"IsActive": !a.Inactive, "FederationIdentifier": nullable(a.FederationID), "UserType": "Standard",
		"TimeZoneSidKey": "Europe/Madrid", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
	})
	// A user is assigned the permission set that the profile owns, so that one
	// query over assignments sees everything the user may do.
	if own := o.store.find("PermissionSet", "ProfileId", profile.text("Id")); own != nil {
		o.store.insert("PermissionSetAssignment", "", row{"PermissionSetId": own["Id"], "AssigneeId": user["Id"], "IsActive": true})
	}
	for _, name := range a.PermissionSets {
		if set := o.store.find("PermissionSet", "Name", name); set != nil {
			o.store.insert("PermissionSetAssignment", "", row{"PermissionSetId": set["Id"], "AssigneeId": user["Id"], "IsActive": true})
		}
	}
	if licences := o.store.rows("PackageLicense"); a.PackageLicence && len(licences) > 0 {
		o.store.insert("UserPackageLicense", "", row{"PackageLicenseId": licences[0]["Id"], "UserId": user["Id"]})
		used, _ := licences[0]["UsedLicenses"].(int)
		licences[0]["UsedLicenses"] = used + 1
	}
}

func alias(a tenant.Agent) string {
	return strings.ToLower(fmt.Sprintf("%.1s%.4s", a.FirstName, a.LastName))
}

func (o *Org) seedOmni(s tenant.Salesforce) {
	for _, c := range s.Channels {
		o.store.insert("ServiceChannel", "", row{"DeveloperName": c.DeveloperName, "MasterLabel": c.Label, "Language": "en_US", "RelatedEntity": c.Entity})
	}
	for _, status := range s.Statuses {
		o.seedStatus(status)
	}
	for _, p := range s.PermissionSets {
		set := o.store.find("PermissionSet", "Name", p.Name)
		for _, name := range p.Statuses {
			o.grantStatus(set, o.store.find("ServicePresenceStatus", "DeveloperName", name), "")
		}
	}
}

func (o *Org) seedStatus(status tenant.Status) {
	held := o.store.insert("ServicePresenceStatus", "", row{"DeveloperName": status.DeveloperName, "MasterLabel": status.Label, "Language": "en_US"})
	for _, name := range status.Channels {
		if channel := o.store.find("ServiceChannel", "DeveloperName", name); channel != nil {
			o.store.insert("ServiceChannelStatus", "", row{"ServiceChannelId": channel["Id"], "ServicePresenceStatusId": held["Id"]})
		}
	}
	for _, label := range status.Profiles {
		if profile := o.store.find("Profile", "Name", label); profile != nil {
			o.grantStatus(o.store.find("PermissionSet", "ProfileId", profile.text("Id")), held, "")
		}
	}
}

// grantStatus enables a presence status on a permission set, a profile's own
// among them. Granting twice changes nothing.
func (o *Org) grantStatus(set, status row, by string) {
	if set == nil || status == nil || o.statusGrant(set, status) != nil {
		return
	}
	o.store.insert("SetupEntityAccess", by, row{
		"ParentId": set["Id"], "SetupEntityId": status["Id"], "SetupEntityType": presenceStatusAccess,
	})
}

// statusGrant returns the access row of a status on a permission set, nil when
// the status is not enabled there.
func (o *Org) statusGrant(set, status row) row {
	for _, access := range o.store.all("SetupEntityAccess", "SetupEntityId", status.text("Id")) {
		if access.text("ParentId") == set.text("Id") {
			return access
		}
	}
	return nil
}

// seedApps adds the apps: classic connected apps, Lightning apps and the two
// settings that decide what clients may do.
func (o *Org) seedApps(s tenant.Salesforce) {
	for _, app := range s.ConnectedApps {
		var b strings.Builder
		b.WriteString(element("contactEmail", app.ContactEmail) + element("label", app.Label) + "<oauthConfig>" +
			element("callbackUrl", app.CallbackURL) + element("consumerKey", app.ConsumerKey) +
			"<isAdminApproved>false</isAdminApproved><isConsumerSecretOptional>false</isConsumerSecretOptional><isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken>")
		for _, scope := range app.Scopes {
			b.WriteString(element("scopes", scope))
		}
		b.WriteString("</oauthConfig>")
		o.store.insert("ConnectedApplication", "", row{
			"Name": app.Label, "OptionsAllowAdminApprovedUsersOnly": false, "FullName": app.Name, "XML": b.String(),
		})
		o.store.insert("OAuthConsumer", "", row{"Application": app.Name, "Key": app.ConsumerKey, "Secret": app.ConsumerSecret})
	}
	for _, app := range s.LightningApps {
		o.seedLightning(app)
	}
	o.addComponent("ExternalClientAppSettings", "ExternalClientApp",
		element("enableClientSecretInRestApiAccess", fmt.Sprint(!s.NoClientSecretAPI)))
	o.addComponent("OmniChannelSettings", "OmniChannel", element("enableOmniChannel", fmt.Sprint(!s.OmniDisabled)))
}

func (o *Org) seedLightning(app tenant.Lightning) {
	xml := "<formFactors>Large</formFactors><isNavAutoTempTabsDisabled>false</isNavAutoTempTabsDisabled>" +
		element("label", app.Label) + "<navType>Console</navType><uiType>Lightning</uiType>"
	if app.UtilityBar != "" {
		xml += element("utilityBar", app.UtilityBar)
		o.addComponent("FlexiPage", app.UtilityBar,
			`<flexiPageRegions><itemInstances><componentInstance><componentInstanceProperties><name>label</name><value>Omni-Channel</value></componentInstanceProperties>`+
				`<componentName>runtime_service_omnichannel:omniWidget</componentName><identifier>omniWidget</identifier></componentInstance></itemInstances>`+
				`<name>utilityItems</name><type>Region</type></flexiPageRegions>`+
				element("masterLabel", app.Label+" Utility Bar")+
				`<template><name>one:utilityBarTemplateDesktop</name></template><type>UtilityBar</type>`)
	}
	o.addComponent("CustomApplication", app.Name, xml)
}

func (o *Org) addComponent(kind, fullName, content string) {
	o.store.insert("MetadataComponent", "", row{"Type": kind, "FullName": fullName, "XML": content})
}

// component returns a metadata component without a table of its own, nil when
// there is none.
func (o *Org) component(kind, fullName string) row {
	for _, c := range o.store.all("MetadataComponent", "FullName", fullName) {
		if c.text("Type") == kind {
			return c
		}
	}
	return nil
}

// consumer returns the key and secret of an app by its full name, made when
// first asked for, as Salesforce makes them when an app is created.
func (o *Org) consumer(application string) row {
	if held := o.store.find("OAuthConsumer", "Application", application); held != nil {
		return held
	}
	org := o.organization()
	return o.store.insert("OAuthConsumer", "", row{
		"Application": application,
		"Key":         "3MVG9" + derive("key", org, application),
		"Secret":      strings.ToUpper(derive("secret", org, application)),
	})
}

// adoptSeed makes the first administrator the author of everything seeded.
func (o *Org) adoptSeed() {
	by := o.administrator()
	for _, t := range o.store.tables {
		for _, r := range t.rows {
			r["CreatedById"], r["LastModifiedById"] = by, by
		}
	}
}

// encodeFullName writes a label as the Metadata API's full names spell it:
// "Custom: Support Profile" is "Custom%3A Support Profile".
func encodeFullName(label string) string {
	var b strings.Builder
	for _, c := range []byte(label) {
		if strings.IndexByte(`%!"#$&'()*+,./:;<=>?@[\]^{|}~`+"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// element writes one XML element with text in it.
func element(name, value string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(value)) // a Builder cannot fail
	return "<" + name + ">" + b.String() + "</" + name + ">"
}

func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}
