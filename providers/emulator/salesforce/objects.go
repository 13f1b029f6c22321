package salesforce

import (
	"cmp"
	"slices"
	"strings"
)

// calls says what a client may do with an sObject's records. Every sObject can
// be queried.
type calls uint8

const (
	creates calls = 1 << iota
	updates
	deletes
	tooling  // served by the Tooling API too
	toolOnly // served by the Tooling API only
	internal // the emulator's own bookkeeping; no client sees it
)

// An object is the shape of one sObject.
type object struct {
	name, prefix string
	calls        calls
	spec         string // its fields, see [parseFields]

	fields   []*field
	byName   map[string]*field     // lower-case name to field
	parents  map[string]*field     // lower-case relationship name to reference field
	children map[string]childField // lower-case relationship name to where the rows are
}

// A field is one column of an sObject.
type field struct {
	name, kind     string   // kind as describe prints it: string, boolean, reference …
	refersTo       []string // of a reference
	relationship   string   // of a reference: ProfileId is Profile
	childName      string   // what the parent calls the rows that refer to it
	creates        bool
	updates        bool
	required       bool
	permissionOnly bool // shown only to those who may view developer names
}

// A childField is a relationship seen from the parent.
type childField struct {
	name   string
	object string
	field  string
}

// catalogue is every sObject of the org, by name in lower case.
type catalogue struct {
	ordered []*object
	byName  map[string]*object
}

func (c *catalogue) object(name string) *object { return c.byName[strings.ToLower(name)] }

// newCatalogue builds the org's schema. Without Omni-Channel its objects do not
// exist at all (SECONDARY).
func newCatalogue(omniDisabled bool) *catalogue {
	c := &catalogue{byName: map[string]*object{}}
	for _, object := range objects() {
		if omniDisabled && isOmni(object.name) {
			continue
		}
		object.fields = parseFields(object.spec)
		c.ordered = append(c.ordered, object)
		c.byName[strings.ToLower(object.name)] = object
	}
	for _, object := range c.ordered {
		object.index()
	}
	for _, object := range c.ordered {
		c.adopt(object)
	}
	return c
}

func isOmni(name string) bool {
	return strings.HasPrefix(name, "Service") || strings.HasPrefix(name, "PresenceUser") ||
		name == "UserServicePresence" || name == "AgentWork"
}

// objects lists the sObjects that the emulator knows, one line each. The
// fields' notation is explained at [parseFields].
func objects() []*object {
	const permissions = ` PermissionsApiEnabled:boolean PermissionsViewSetup:boolean PermissionsCustomizeApplication:boolean
		PermissionsModifyMetadata:boolean PermissionsModifyAllData:boolean PermissionsViewAllData:boolean
		PermissionsAssignPermissionSets:boolean PermissionsManageUsers:boolean
		PermissionsViewDeveloperName:boolean PermissionsViewClientSecret:boolean PermissionsExternalClientAppDeveloper:boolean`
	return []*object{
		{name: "Organization", prefix: "00D", spec: `Name InstanceName IsSandbox:boolean OrganizationType NamespacePrefix TrialExpirationDate:datetime LanguageLocaleKey`},
		{name: "User", prefix: "005", calls: creates | updates, spec: `Username+~! Email:email+~! FirstName+~ LastName+~! Name Alias+~ ProfileId:Profile/Users+~!
			IsActive:boolean+~ FederationIdentifier+~ UserType TimeZoneSidKey+~ LocaleSidKey+~ EmailEncodingKey+~ LanguageLocaleKey+~`},
		{name: "Profile", prefix: "00e", spec: `Name UserType Description` + permissions},
		{name: "PermissionSet", prefix: "0PS", calls: creates | updates | deletes, spec: `Name+~! Label+~! NamespacePrefix Description+~ IsCustom:boolean
			IsOwnedByProfile:boolean ProfileId:Profile HasActivationRequired:boolean+~ Type LicenseId` + permissions},
		{name: "PermissionSetGroup", prefix: "0PG", spec: `DeveloperName MasterLabel NamespacePrefix Status`},
		{name: "PermissionSetAssignment", prefix: "0Pa", calls: creates | deletes, spec: `PermissionSetId:PermissionSet/Assignments+! AssigneeId:User/PermissionSetAssignments+!
			PermissionSetGroupId:PermissionSetGroup/Assignments+ IsActive:boolean ExpirationDate:datetime+`},
		{name: "PackageLicense", prefix: "050", spec: `NamespacePrefix Status AllowedLicenses:int UsedLicenses:int ExpirationDate:datetime IsProvisioned:boolean`},
		{name: "UserPackageLicense", prefix: "051", calls: creates | deletes, spec: `PackageLicenseId:PackageLicense/UserPackageLicenses+! UserId:User/UserPackageLicenses+!`},
		{name: "ServiceChannel", prefix: "0N9", spec: `DeveloperName? MasterLabel Language RelatedEntity`},
		{name: "ServicePresenceStatus", prefix: "0N5", calls: creates | updates | tooling, spec: `DeveloperName+~!? MasterLabel+~! Language+~`},
		{name: "ServiceChannelStatus", prefix: "0NA", calls: creates | updates | deletes, spec: `ServiceChannelId:ServiceChannel/ServiceChannelStatuses+! ServicePresenceStatusId:ServicePresenceStatus/ServiceChannelStatuses+!`},
		{name: "SetupEntityAccess", prefix: "0J0", calls: creates | deletes, spec: `ParentId:PermissionSet/SetupEntityAccessItems+!
			SetupEntityId:ServicePresenceStatus|ConnectedApplication/SetupEntityAccessItems+! SetupEntityType`},
		{name: "UserServicePresence", prefix: "0N3", calls: deletes, spec: `Name UserId:User/UserServicePresences OwnerId:User ServicePresenceStatusId:ServicePresenceStatus/UserServicePresences
			IsCurrentState:boolean IsAway:boolean StatusStartDate:datetime StatusEndDate:datetime StatusDuration:int
			ConfiguredCapacity:double ConfiguredInterruptCapacity:double AverageCapacity:double AtCapacityDuration:int IdleDuration:int`},
		{name: "AgentWork", prefix: "0Bz", spec: `UserId:User/AgentWorks Status ServiceChannelId:ServiceChannel/AgentWorks WorkItemId AcceptDateTime:datetime CloseDateTime:datetime`},
		{name: "PresenceUserConfig", prefix: "0Hy", spec: `DeveloperName? MasterLabel Capacity:int PresenceStatusOnDeclineId:ServicePresenceStatus PresenceStatusOnPushTimeoutId:ServicePresenceStatus`},
		{name: "PresenceUserConfigProfile", prefix: "0Hz", spec: `PresenceUserConfigId:PresenceUserConfig/PresenceUserConfigProfiles ProfileId:Profile`},
		{name: "PresenceUserConfigUser", prefix: "0HA", spec: `PresenceUserConfigId:PresenceUserConfig/PresenceUserConfigUsers UserId:User`},
		{name: "ConnectedApplication", prefix: "0H4", spec: `Name OptionsAllowAdminApprovedUsersOnly:boolean OptionsRefreshTokenValidityMetric:boolean RefreshTokenValidityPeriod:int PinLength`},
		{name: "StreamingChannel", prefix: "0M6", calls: creates | updates | deletes, spec: `Name+~! Description+~ IsDynamic:boolean OwnerId:User`},
		{name: "PlatformEventChannel", prefix: "0YL", calls: creates | updates | deletes | toolOnly, spec: `DeveloperName MasterLabel ChannelType FullName+! NamespacePrefix`},
		{name: "PlatformEventChannelMember", prefix: "0v8", calls: creates | updates | deletes | toolOnly, spec: `DeveloperName EventChannel SelectedEntity FilterExpression FullName+! NamespacePrefix`},
		{name: "SubscriberPackage", prefix: "033", calls: toolOnly, spec: `Name NamespacePrefix Description`},
		{name: "SubscriberPackageVersion", prefix: "04t", calls: toolOnly, spec: `Name SubscriberPackageId:SubscriberPackage MajorVersion:int MinorVersion:int PatchVersion:int BuildNumber:int`},
		{name: "InstalledSubscriberPackage", prefix: "0A3", calls: toolOnly, spec: `SubscriberPackageId:SubscriberPackage SubscriberPackageVersionId:SubscriberPackageVersion MinPackageVersionId`},

		// MetadataComponent holds the components of every metadata type that has
		// no table above: Type (CustomApplication), FullName, and XML, the
		// component's child elements as a file holds them, without the root.
		{name: "MetadataComponent", prefix: "0MC", calls: internal, spec: `Type FullName XML`},
		// OAuthConsumer holds the key and secret of an app by its full name.
		{name: "OAuthConsumer", prefix: "888", calls: internal, spec: `Application Key Secret StagedId StagedKey StagedSecret StagedStatus`},
	}
}

// parseFields reads a list of fields. Each is a name, then optionally ":" and
// a type, where a capital letter begins a reference: the sObjects referred to,
// separated by "|", and after "/" what they call the rows that refer to them.
// Marks follow: "+" may be set on create, "~" may be updated, "!" must be set,
// "?" is hidden from those who may not view developer names.
func parseFields(spec string) []*field {
	fields := []*field{{name: "Id", kind: "id"}}
	for word := range strings.FieldsSeq(spec) {
		fields = append(fields, parseField(word))
	}
	for _, word := range []string{"CreatedDate:datetime", "CreatedById:User", "LastModifiedDate:datetime", "LastModifiedById:User", "SystemModstamp:datetime"} {
		fields = append(fields, parseField(word))
	}
	return fields
}

func parseField(word string) *field {
	bare := strings.TrimRight(word, "+~!?")
	marks := word[len(bare):]
	name, kind, _ := strings.Cut(bare, ":")
	f := &field{
		name: name, kind: cmp.Or(kind, "string"),
		creates: strings.Contains(marks, "+"), updates: strings.Contains(marks, "~"),
		required: strings.Contains(marks, "!"), permissionOnly: strings.Contains(marks, "?"),
	}
	if kind == "" || kind[0] < 'A' || kind[0] > 'Z' {
		return f
	}
	targets, childName, _ := strings.Cut(kind, "/")
	f.kind, f.refersTo, f.childName = "reference", strings.Split(targets, "|"), childName
	f.relationship = strings.TrimSuffix(name, "Id")
	return f
}

// index makes the object's fields and parents findable by name.
func (t *object) index() {
	t.byName, t.parents, t.children = map[string]*field{}, map[string]*field{}, map[string]childField{}
	for _, f := range t.fields {
		t.byName[strings.ToLower(f.name)] = f
		if f.relationship != "" {
			t.parents[strings.ToLower(f.relationship)] = f
		}
	}
}

// adopt tells the parents of an object what they call its rows.
func (c *catalogue) adopt(t *object) {
	for _, f := range t.fields {
		if f.childName == "" {
			continue
		}
		for _, parent := range f.refersTo {
			if p := c.object(parent); p != nil {
				p.children[strings.ToLower(f.childName)] = childField{name: f.childName, object: t.name, field: f.name}
			}
		}
	}
}

func (t *object) can(call calls) bool { return t.calls&call != 0 }

// visible reports whether an API shows the object to clients.
func (t *object) visible(toolingAPI bool) bool {
	switch {
	case t.can(internal):
		return false
	case toolingAPI:
		return t.can(tooling | toolOnly)
	}
	return !t.can(toolOnly)
}

// field returns a field by its name in any case, nil when there is none.
func (t *object) field(name string) *field { return t.byName[strings.ToLower(name)] }

// names lists the objects an API shows, in order of their names.
func (c *catalogue) shown(toolingAPI bool) []*object {
	shown := slices.DeleteFunc(slices.Clone(c.ordered), func(t *object) bool { return !t.visible(toolingAPI) })
	slices.SortFunc(shown, func(a, b *object) int { return cmp.Compare(a.name, b.name) })
	return shown
}
