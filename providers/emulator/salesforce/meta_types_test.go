package salesforce_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}

func access(status string, enabled bool) string {
	word := "false"
	if enabled {
		word = "true"
	}
	return "<servicePresenceStatusAccesses><enabled>" + word + "</enabled><servicePresenceStatus>" + status + "</servicePresenceStatus></servicePresenceStatusAccesses>"
}

// granted lists the statuses that a permission set or profile has, as SOQL
// sees it.
func (d *desk) granted(where string) []string {
	d.t.Helper()
	var names []string
	for _, r := range d.query("SELECT SetupEntityId FROM SetupEntityAccess WHERE SetupEntityType = 'ServicePresenceStatus' AND " + where) {
		id := r["SetupEntityId"].(string)
		names = append(names, d.query("SELECT DeveloperName FROM ServicePresenceStatus WHERE Id = '" + id + "'")[0]["DeveloperName"].(string))
	}
	return sorted(names)
}

func TestProfilesAreOverlaid(t *testing.T) {
	d := newDesk(t, nil)
	const path, name = "profiles/Support Agent.profile", "Support Agent"
	tests := []struct {
		content string
		want    string
		granted []string
		reason  string
	}{
		{access("Away", true), "Unchanged", []string{"Available_Cases", "Away"}, "what the file leaves out stays, and what is so already is no change"},
		{access("Away", false), "Changed", []string{"Available_Cases"}, "false revokes"},
		{"<userPermissions><enabled>true</enabled><name>ViewSetup</name></userPermissions>", "Changed", []string{"Available_Cases"}, "another section touches no access"},
		{access("Nowhere", true), "Failed: In field: servicePresenceStatus - no ServicePresenceStatus named Nowhere found", []string{"Available_Cases"}, "an unknown status"},
		{"<ServicePresenceStatusAccesses><enabled>true</enabled><servicePresenceStatus>Away</servicePresenceStatus></ServicePresenceStatusAccesses>",
			"Failed: Error parsing file: Element {" + metaNS + "}ServicePresenceStatusAccesses invalid at this location in type Profile", []string{"Available_Cases"}, "the documents' spelling is not the schema's"},
	}
	for _, tt := range tests {
		if got := d.one("Profile", path, name, tt.content); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
		}
		if diff := cmp.Diff(tt.granted, d.granted("Parent.Profile.Name = 'Support Agent'")); diff != "" {
			t.Errorf("%s: access (-want +got):\n%s", tt.reason, diff)
		}
	}
	held := d.read("Profile", name)
	if got := held.texts("userPermissions/name"); cmp.Diff([]string{"ViewSetup"}, got) != "" {
		t.Errorf("permissions: %v", got)
	}
	if got := held.texts("applicationVisibilities/application"); cmp.Diff([]string{"LightningService"}, got) != "" {
		t.Errorf("apps, which no file named: %v", got)
	}
	if n := len(d.query("SELECT Id FROM Profile WHERE Name = 'Support Agent' AND PermissionsViewSetup = true")); n != 1 {
		t.Errorf("SOQL does not see the permission")
	}
}

func TestAccessNeedsVersion64(t *testing.T) {
	d := newDesk(t, nil)
	got := d.deploy(files{"package.xml": manifest("63.0", "Profile:Support Agent"), "profiles/Support Agent.profile": metaFile("Profile", access("Away", false))}, atomic).states()
	want := map[string]string{"Profile Support Agent": "Failed: Error parsing file: Element {" + metaNS + "}servicePresenceStatusAccesses invalid at this location in type Profile"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, answer := d.post("/services/Soap/m/63.0", d.envelope("<readMetadata><type>Profile</type><fullNames>Support Agent</fullNames></readMetadata>"))
	if got := answer.all("result/records/servicePresenceStatusAccesses"); len(got) != 0 {
		t.Errorf("read at 63.0: %+v", got)
	}
}

func TestProfileNames(t *testing.T) {
	tests := map[string]struct {
		file, member string
		want         string
		profiles     int
		reason       string
	}{
		"API name":                {"Admin", "Admin", "Changed", 6, "Admin is System Administrator"},
		"label of a standard one": {"System Administrator", "System Administrator", "Failed: duplicate value found: Name duplicates value on record with name: System Administrator", 6, "the label is no name"},
		"percent-encoded":         {"Custom%3A Support Profile", "Custom%3A Support Profile", "Changed", 6, "special characters are encoded in full names"},
		"not encoded":             {"Custom: Support Profile", "Custom: Support Profile", "Changed", 6, "the decoded form finds it too"},
		"a typo":                  {"Support Agents", "Support Agents", "Created", 7, "a name that is not there creates a profile"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			if got := d.one("Profile", "profiles/"+tt.file+".profile", tt.member, access("Available_Cases", true)+access("Away", false)+"<description>"+name+"</description>"); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
			}
			if got := len(d.query("SELECT Id FROM Profile")); got != tt.profiles {
				t.Errorf("%s: %d profiles, want %d", tt.reason, got, tt.profiles)
			}
		})
	}
}

func TestPermissionSetsAreWhole(t *testing.T) {
	d := newDesk(t, nil)
	const path, name = "permissionsets/Presence_Access.permissionset", "Presence_Access"
	before := d.read("PermissionSet", name)
	if len(before.all("userPermissions")) == 0 || len(before.all("applicationVisibilities")) == 0 {
		t.Fatalf("the tenant's permission set has nothing to lose: %+v", before)
	}
	if got := d.one("PermissionSet", path, name, "<label>Presence Access</label>"+access("Away", true)); got != "Changed" {
		t.Errorf("deploy: %s", got)
	}
	after := d.read("PermissionSet", name)
	if len(after.all("userPermissions"))+len(after.all("applicationVisibilities")) != 0 {
		t.Errorf("what the file left out is still there: %+v", after)
	}
	if diff := cmp.Diff([]string{"Away"}, d.granted("Parent.Name = 'Presence_Access'")); diff != "" {
		t.Errorf("access (-want +got):\n%s", diff)
	}
	d.soap(`<updateMetadata><metadata xsi:type="PermissionSet"><fullName>Presence_Access</fullName><label>Presence Access</label>` + access("Available_Cases", true) + `</metadata></updateMetadata>`)
	if diff := cmp.Diff([]string{"Available_Cases"}, d.granted("Parent.Name = 'Presence_Access'")); diff != "" {
		t.Errorf("an update replaces as well (-want +got):\n%s", diff)
	}
	if got := d.one("PermissionSet", "permissionsets/icAgentConsole__CXone_Agent.permissionset", "icAgentConsole__CXone_Agent", "<label>Mine</label>"); !strings.HasPrefix(got, "Failed: Cannot modify managed object") {
		t.Errorf("a packaged one: %s", got)
	}
}

func TestRetrieveThenDeployChangesNothing(t *testing.T) {
	d := newDesk(t, nil)
	d.one("PermissionSet", "permissionsets/Odd.permissionset", "Odd",
		"<agentAccesses><agentName>A</agentName><enabled>true</enabled></agentAccesses><description>line one\nline &amp; two</description><label>Odd &lt;one&gt;</label>")
	got := files(d.retrieve("ServicePresenceStatus:*", "Profile:*", "PermissionSet:Presence_Access", "PermissionSet:Odd", "FlexiPage:*", "CustomApplication:LightningService", "Settings:*", "PermissionSet:Nowhere"))
	if !strings.Contains(got["permissionsets/Odd.permissionset"], "    <agentAccesses>\n        <agentName>A</agentName>\n") {
		t.Errorf("unknown XML:\n%s", got["permissionsets/Odd.permissionset"])
	}
	if _, ok := got["profiles/Custom%3A Support Profile.profile"]; !ok {
		t.Errorf("files: %v", got)
	}
	result := d.deploy(got, atomic)
	for component, state := range result.states() {
		if state != "Unchanged" {
			t.Errorf("%s: %s", component, state)
		}
	}
	if len(result.states()) != 14 {
		t.Errorf("%d components: %v", len(result.states()), result.states())
	}
}

func TestRetrievedProfilesShowOnlyWhatWasAskedFor(t *testing.T) {
	d := newDesk(t, nil)
	const name = "profiles/Support Agent.profile"
	if got := d.retrieve("Profile:Support Agent")[name]; strings.Contains(got, "servicePresenceStatusAccesses") || strings.Contains(got, "applicationVisibilities") {
		t.Errorf("alone:\n%s", got)
	}
	got := d.retrieve("Profile:Support Agent", "ServicePresenceStatus:Away")[name]
	if !strings.Contains(got, "<servicePresenceStatus>Away<") || strings.Contains(got, "Available_Cases") {
		t.Errorf("with one status:\n%s", got)
	}
}

func withConnectedApp(tt *tenant.Tenant) {
	tt.Salesforce.ConnectedApps = []tenant.App{{
		Name: "Old_App", Label: "Old App", ContactEmail: "a@acme.example", CallbackURL: "https://old.acme.example",
		Scopes: []string{"Api"}, ConsumerKey: "3MVGold", ConsumerSecret: "0123456789ABCDEF",
	}}
}

func TestConnectedApps(t *testing.T) {
	config := func(extra string) string {
		return "<contactEmail>a@acme.example</contactEmail><label>Old App</label><oauthConfig><callbackUrl>https://new.acme.example</callbackUrl>" + extra + "</oauthConfig>"
	}
	tests := map[string]struct {
		name, content string
		change        func(*tenant.Tenant)
		want          string
	}{
		"a new one is refused":      {"New_App", config(""), withConnectedApp, "Failed: You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support."},
		"unless Support allowed it": {"New_App", config("<consumerKey>abcdefgh1</consumerKey><consumerSecret>abcdefgh2</consumerSecret>"), func(tt *tenant.Tenant) { tt.Salesforce.ConnectedAppCreation = true }, "Created"},
		"one that exists":           {"Old_App", config("<scopes>Api</scopes>"), withConnectedApp, "Changed"},
		"its key stays":             {"Old_App", config("<consumerKey>3MVGold</consumerKey>"), withConnectedApp, "Changed"},
		"another key":               {"Old_App", config("<consumerKey>3MVGother</consumerKey>"), withConnectedApp, "Failed: consumerKey cannot be changed after the app is created"},
		"another secret":            {"Old_App", config("<consumerSecret>abcdefgh</consumerSecret>"), withConnectedApp, "Failed: consumerSecret cannot be changed after the app is created"},
		"no such scope":             {"Old_App", config("<scopes>ChatterApi</scopes>"), withConnectedApp, "Failed: 'ChatterApi' is not a valid value for the enum 'ConnectedAppOauthAccessScope'"},
		"scopes have their case":    {"Old_App", config("<scopes>api</scopes>"), withConnectedApp, "Failed: 'api' is not a valid value for the enum 'ConnectedAppOauthAccessScope'"},
		"no callback":               {"Old_App", "<contactEmail>a@acme.example</contactEmail><label>x</label><oauthConfig><scopes>Api</scopes></oauthConfig>", withConnectedApp, "Failed: Required field is missing: callbackUrl"},
		"an element that is none":   {"Old_App", config("<isMagic>true</isMagic>"), withConnectedApp, "Failed: Error parsing file: Element {" + metaNS + "}isMagic invalid at this location in type ConnectedAppOauthConfig"},
		"a run-as user alone":       {"Old_App", config("<oauthClientCredentialUser>admin@acme.example</oauthClientCredentialUser>"), withConnectedApp, "Failed: oauthClientCredentialUser needs isClientCredentialEnabled to be true"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, tt.change)
			if got := d.one("ConnectedApp", "connectedApps/"+tt.name+".connectedApp", tt.name, tt.content); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestConnectedAppReadsBackCanonical(t *testing.T) {
	d := newDesk(t, withConnectedApp)
	d.one("ConnectedApp", "connectedApps/Old_App.connectedApp", "Old_App", "<contactEmail>a@acme.example</contactEmail><label>Old App</label><oauthConfig><callbackUrl>https://new.acme.example</callbackUrl>"+
		"<scopes>Profile</scopes><scopes>Email</scopes><scopes>OfflineAccess</scopes><scopes>Full</scopes></oauthConfig>")
	held := d.read("ConnectedApp", "Old_App")
	want := []string{"Basic", "RefreshToken", "Full"}
	if diff := cmp.Diff(want, held.texts("oauthConfig/scopes")); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
	if held.text("oauthConfig/consumerKey") != "3MVGold" || len(held.all("oauthConfig/consumerSecret")) != 0 {
		t.Errorf("key and secret: %+v", held)
	}
}

func ecaFiles(words ...string) files {
	all := files{
		"externalClientApps/App.eca":                          metaFile("ExternalClientApplication", "<contactEmail>a@b.example</contactEmail><distributionState>Local</distributionState><label>App</label>"),
		"extlClntAppGlobalOauthSets/App_glbl.ecaGlblOauth":    metaFile("ExtlClntAppGlobalOauthSettings", "<callbackUrl>https://a.example</callbackUrl><consumerSecret>mine</consumerSecret><externalClientApplication>App</externalClientApplication><label>App</label>"),
		"extlClntAppOauthSettings/App_oauth.ecaOauth":         metaFile("ExtlClntAppOauthSettings", "<commaSeparatedOauthScopes>Api, OfflineAccess,RefreshToken</commaSeparatedOauthScopes><externalClientApplication>App</externalClientApplication>"),
		"extlClntAppOauthPolicies/App_oauthPlcy.ecaOauthPlcy": metaFile("ExtlClntAppOauthConfigurablePolicies", "<externalClientApplication>App</externalClientApplication><permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"),
	}
	all["package.xml"] = manifest("67.0", append(words, "ExternalClientApplication:*", "ExtlClntAppGlobalOauthSettings:*", "ExtlClntAppOauthSettings:*", "ExtlClntAppOauthConfigurablePolicies:*")...)
	return all
}

func TestExternalClientApps(t *testing.T) {
	d := newDesk(t, nil)
	want := map[string]string{
		"ExternalClientApplication App": "Created", "ExtlClntAppGlobalOauthSettings App_glbl": "Created",
		"ExtlClntAppOauthSettings App_oauth": "Created", "ExtlClntAppOauthConfigurablePolicies App_oauthPlcy": "Created",
	}
	if diff := cmp.Diff(want, d.deploy(ecaFiles(), atomic).states()); diff != "" {
		t.Fatalf("deploy (-want +got):\n%s", diff)
	}
	global := d.read("ExtlClntAppGlobalOauthSettings", "App_glbl")
	if len(global.all("consumerKey"))+len(global.all("consumerSecret")) != 0 || global.text("isPkceRequired") != "true" {
		t.Errorf("global settings: %+v", global)
	}
	if got := d.read("ExtlClntAppOauthSettings", "App_oauth").text("commaSeparatedOauthScopes"); got != "Api, RefreshToken" {
		t.Errorf("scopes: %s", got)
	}
	if got := d.read("ExternalClientApplication", "App").text("orgScopedExternalApp"); !strings.HasPrefix(got, "00D5g00000ABCDE") || !strings.HasSuffix(got, ":App") {
		t.Errorf("orgScopedExternalApp: %s", got)
	}
	answer := d.soap("<listMetadata><queries><type>ExtlClntAppConfigurablePolicies</type></queries><queries><type>ExtlClntAppOauthConfigurablePolicies</type></queries></listMetadata>")
	if diff := cmp.Diff([]string{"App_defaultPolicy", "App_oauthPlcy"}, answer.texts("result/fullName")); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}

	// The same again is no change, and the key is readable where it belongs.
	for component, state := range d.deploy(ecaFiles(), atomic).states() {
		if state != "Unchanged" {
			t.Errorf("again: %s %s", component, state)
		}
	}
	status, usage := d.do(http.MethodGet, v67+"/apps/oauth/usage", nil)
	apps := usage.(map[string]any)["apps"].([]any)
	if status != http.StatusOK || len(apps) != 1 {
		t.Fatalf("usage: %d %v", status, usage)
	}
	id := apps[0].(map[string]any)["identifier"].(string)
	_, consumers := d.do(http.MethodGet, v67+"/apps/oauth/credentials/"+id, nil)
	consumer := consumers.(map[string]any)["consumers"].([]any)[0].(map[string]any)["id"].(string)
	_, pair := d.do(http.MethodGet, v67+"/apps/oauth/credentials/"+id+"/"+consumer+"?part=keyandsecret", nil)
	credentials := pair.(map[string]any)
	if secret, _ := credentials["secret"].(string); secret == "" || secret == "mine" || credentials["key"] == "" {
		t.Errorf("credentials: %v", credentials)
	}
}

func TestExternalClientAppParts(t *testing.T) {
	tests := map[string]struct {
		change    func(files)
		component string
		want      string
	}{
		"settings of no app": {
			func(f files) { delete(f, "externalClientApps/App.eca") }, "ExtlClntAppOauthSettings App_oauth",
			"Failed: In field: externalClientApplication - no ExternalClientApplication named App found",
		},
		"a scope that is none": {
			func(f files) {
				const path = "extlClntAppOauthSettings/App_oauth.ecaOauth"
				f[path] = strings.Replace(f[path], "Api,", "ChatterApi,", 1)
			}, "ExtlClntAppOauthSettings App_oauth", "Failed: 'ChatterApi' is not a valid value for the enum 'ConnectedAppOauthAccessScope'",
		},
		"rotation without ignoreWarnings": {
			func(f files) {
				const path = "extlClntAppGlobalOauthSets/App_glbl.ecaGlblOauth"
				f[path] = strings.Replace(f[path], "</label>", "</label><shouldRotateConsumerKey>true</shouldRotateConsumerKey>", 1)
			}, "ExtlClntAppGlobalOauthSettings App_glbl", "Failed: Rotating the consumer key or secret needs ignoreWarnings",
		},
		"a policy that is none": {
			func(f files) {
				const path = "extlClntAppOauthPolicies/App_oauthPlcy.ecaOauthPlcy"
				f[path] = strings.Replace(f[path], "AdminApprovedPreAuthorized", "Everybody", 1)
			}, "ExtlClntAppOauthConfigurablePolicies App_oauthPlcy", "Failed: 'Everybody' is not a valid value for permittedUsersPolicyType",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			f := ecaFiles()
			tt.change(f)
			if got := d.deploy(f, atomic).states()[tt.component]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// bridge is a set of components that refer to each other.
func bridge() files {
	return files{
		"package.xml":                                              manifest("67.0", "AuraDefinitionBundle:Bridge", "FlexiPage:Bar", "CustomApplication:LightningService", "PlatformEventChannel:Presence__chn", "PlatformEventChannelMember:Presence_chn_User"),
		"aura/Bridge/Bridge.cmp":                                   `<aura:component implements="lightning:backgroundUtilityItem"><aura:handler name="init" value="{!this}" action="{!c.init}"/></aura:component>`,
		"aura/Bridge/Bridge.cmp-meta.xml":                          metaFile("AuraDefinitionBundle", "<apiVersion>67.0</apiVersion><description>Bridge</description>"),
		"aura/Bridge/BridgeController.js":                          "({ init: function (cmp) { return 1 < 2; } })",
		"flexipages/Bar.flexipage":                                 metaFile("FlexiPage", "<flexiPageRegions><itemInstances><componentInstance><componentName>c:Bridge</componentName><identifier>c_Bridge</identifier></componentInstance></itemInstances><name>utilityItems</name><type>Region</type></flexiPageRegions><masterLabel>Bar</masterLabel><template><name>one:utilityBarTemplateDesktop</name></template><type>UtilityBar</type>"),
		"applications/LightningService.app":                        metaFile("CustomApplication", "<label>Service Console</label><navType>Console</navType><uiType>Lightning</uiType><utilityBar>Bar</utilityBar>"),
		"platformEventChannels/Presence__chn.platformEventChannel": metaFile("PlatformEventChannel", "<channelType>data</channelType><label>Presence</label>"),
		"platformEventChannelMembers/Presence_chn_User.platformEventChannelMember": metaFile("PlatformEventChannelMember", "<eventChannel>Presence__chn</eventChannel><filterExpression>IsCurrentState = false</filterExpression><selectedEntity>UserServicePresenceChangeEvent</selectedEntity>"),
	}
}

func TestBridgeComponents(t *testing.T) {
	d := newDesk(t, nil)
	result := d.deploy(bridge(), atomic)
	want := map[string]string{
		"AuraDefinitionBundle Bridge": "Created", "FlexiPage Bar": "Created", "CustomApplication LightningService": "Changed",
		"PlatformEventChannel Presence__chn": "Created", "PlatformEventChannelMember Presence_chn_User": "Created",
	}
	if diff := cmp.Diff(want, result.states()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	unpacked := d.retrieve("AuraDefinitionBundle:Bridge", "PlatformEventChannelMember:*")
	for _, name := range []string{"aura/Bridge/Bridge.cmp", "aura/Bridge/BridgeController.js"} {
		if unpacked[name] != bridge()[name] {
			t.Errorf("%s: %q", name, unpacked[name])
		}
	}
	if got, _ := base64.StdEncoding.DecodeString(d.read("AuraDefinitionBundle", "Bridge").text("controllerContent")); string(got) != bridge()["aura/Bridge/BridgeController.js"] {
		t.Errorf("controllerContent: %q", got)
	}
	_, members := d.do(http.MethodGet, v67+"/tooling/query/?q=SELECT+SelectedEntity,EventChannel+FROM+PlatformEventChannelMember", nil)
	if records := members.(map[string]any)["records"].([]any); len(records) != 1 {
		t.Errorf("Tooling sees %v", members)
	}
	for component, state := range d.deploy(bridge(), atomic).states() {
		if state != "Unchanged" {
			t.Errorf("again: %s %s", component, state)
		}
	}
	gone := d.deploy(files{"package.xml": manifest("67.0"), "destructiveChanges.xml": manifest("67.0", "AuraDefinitionBundle:Bridge")}, atomic)
	if got := gone.states()["AuraDefinitionBundle Bridge"]; !strings.HasPrefix(got, "Failed: This Aura component is referenced") {
		t.Errorf("delete while a page shows it: %s", got)
	}
}

func TestBridgeMistakes(t *testing.T) {
	tests := map[string]struct {
		path, from, to string
		component      string
		want           string
	}{
		"markup that does not parse":  {"aura/Bridge/Bridge.cmp", "</aura:component>", "", "AuraDefinitionBundle Bridge", "Failed: Failed to save Bridge: Markup parsing failed"},
		"a page with an unknown part": {"flexipages/Bar.flexipage", "c:Bridge", "c:Brigde", "FlexiPage Bar", "Failed: We couldn't retrieve the design time component information for component c:Brigde."},
		"an app with an unknown bar":  {"applications/LightningService.app", "<utilityBar>Bar", "<utilityBar>Baz", "CustomApplication LightningService", "Failed: In field: utilityBar - no FlexiPage named Baz found"},
		"a member of no channel":      {"platformEventChannelMembers/Presence_chn_User.platformEventChannelMember", "Presence__chn", "Other__chn", "PlatformEventChannelMember Presence_chn_User", "Failed: In field: eventChannel - no PlatformEventChannel named Other__chn found"},
		"an entity that is none":      {"platformEventChannelMembers/Presence_chn_User.platformEventChannelMember", "UserServicePresenceChangeEvent", "UserServicePresence", "PlatformEventChannelMember Presence_chn_User", "Failed: In field: selectedEntity - no change event named UserServicePresence found"},
		"a filter on nothing":         {"platformEventChannelMembers/Presence_chn_User.platformEventChannelMember", "IsCurrentState", "IsCurrent", "PlatformEventChannelMember Presence_chn_User", "Failed: In field: filterExpression - filter \"IsCurrent = false\": INVALID_FIELD: No such column 'IsCurrent'"},
		"a masterLabel":               {"platformEventChannels/Presence__chn.platformEventChannel", "<label>", "<masterLabel>x</masterLabel><label>", "PlatformEventChannel Presence__chn", "Failed: Error parsing file: Element {" + metaNS + "}masterLabel invalid at this location in type PlatformEventChannel"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			f := bridge()
			f[tt.path] = strings.Replace(f[tt.path], tt.from, tt.to, 1)
			if got := d.deploy(f, atomic).states()[tt.component]; !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSixthEntityIsRefused(t *testing.T) {
	d := newDesk(t, nil)
	f := files{}
	words := []string{}
	for _, entity := range []string{"AgentWork", "PresenceUserConfig", "ServiceChannel", "User", "UserServicePresence", "Profile"} {
		f["platformEventChannelMembers/All_"+entity+".platformEventChannelMember"] = metaFile("PlatformEventChannelMember", "<eventChannel>ChangeEvents</eventChannel><selectedEntity>"+entity+"ChangeEvent</selectedEntity>")
		words = append(words, "PlatformEventChannelMember:All_"+entity)
	}
	f["package.xml"] = manifest("67.0", words...)
	failed := 0
	for _, state := range d.deploy(f, atomic).states() {
		if strings.HasPrefix(state, "Failed: The maximum number of entities") {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("%d of six refused", failed)
	}
}

func TestOmniChannelIsSwitchedOnByItsSettings(t *testing.T) {
	d := newDesk(t, func(tt *tenant.Tenant) { tt.Salesforce.OmniDisabled = true })
	if got := d.one("ServicePresenceStatus", statusFile, "Chat", "<label>Chat</label>"); got != "Failed: INVALID_TYPE: Cannot use: ServicePresenceStatus in this organization" {
		t.Errorf("off: %s", got)
	}
	on := d.deploy(files{"package.xml": manifest("67.0", "Settings:OmniChannel"), "settings/OmniChannel.settings": metaFile("OmniChannelSettings", "<enableOmniChannel>true</enableOmniChannel>")}, atomic)
	if got := on.states()["OmniChannelSettings OmniChannel"]; got != "Changed" {
		t.Errorf("settings: %v", on.states())
	}
	if got := d.one("ServicePresenceStatus", statusFile, "Chat", "<label>Chat</label>"); got != "Created" {
		t.Errorf("on: %s", got)
	}
	if got := d.query("SELECT DeveloperName FROM ServicePresenceStatus"); len(got) != 1 {
		t.Errorf("SOQL: %v", got)
	}
}
