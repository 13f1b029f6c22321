package salesforce_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// remove deletes one component by a deploy and says what became of it.
func (d *desk) remove(typeName, fullName string) string {
	d.t.Helper()
	result := d.deploy(files{"package.xml": manifest("67.0"), "destructiveChanges.xml": manifest("67.0", typeName+":"+fullName)}, atomic)
	return result.states()[typeName+" "+fullName]
}

func TestDeletes(t *testing.T) {
	tests := map[string]struct {
		prepare        func(*desk)
		change         func(*tenant.Tenant)
		of, name, want string
		gone           string // "Type Name" that must be gone too
	}{
		"an app takes its parts along": {
			prepare: func(d *desk) { d.deploy(ecaFiles(), atomic) }, of: "ExternalClientApplication", name: "App", want: "Deleted",
			gone: "ExtlClntAppGlobalOauthSettings App_glbl",
		},
		"a connected app": {change: withConnectedApp, of: "ConnectedApp", name: "Old_App", want: "Deleted", gone: "ConnectedApp Old_App"},
		"a profile that nobody has": {
			prepare: func(d *desk) { d.one("Profile", "profiles/Typo.profile", "Typo", "<description>x</description>") },
			of:      "Profile", name: "Typo", want: "Deleted", gone: "Profile Typo",
		},
		"a profile with users":      {of: "Profile", name: "Support Agent", want: "Failed: Cannot delete profile Support Agent: users are assigned to it"},
		"a standard profile":        {of: "Profile", name: "Standard", want: "Failed: Standard profile Standard cannot be deleted"},
		"a permission set":          {of: "PermissionSet", name: "Presence_Access", want: "Deleted", gone: "PermissionSet Presence_Access"},
		"a packaged permission set": {of: "PermissionSet", name: "icAgentConsole__CXone_Agent", want: "Failed: Cannot modify managed object"},
		"a channel with members": {
			prepare: func(d *desk) { d.deploy(bridge(), atomic) }, of: "PlatformEventChannel", name: "Presence__chn",
			want: "Failed: The channel Presence__chn has members; delete them first",
		},
		"a member": {
			prepare: func(d *desk) { d.deploy(bridge(), atomic) }, of: "PlatformEventChannelMember", name: "Presence_chn_User", want: "Deleted",
			gone: "PlatformEventChannelMember Presence_chn_User",
		},
		"a component that no page shows": {
			prepare: func(d *desk) {
				d.deploy(bridge(), atomic)
				d.one("CustomApplication", "applications/LightningService.app", "LightningService", "<label>Service Console</label>")
				d.remove("FlexiPage", "Bar")
			}, of: "AuraDefinitionBundle", name: "Bridge", want: "Deleted", gone: "FlexiPage Bar",
		},
		"a status that nobody has": {
			prepare: func(d *desk) { d.one("ServicePresenceStatus", statusFile, "Chat", chat) },
			of:      "ServicePresenceStatus", name: "Chat", want: "Deleted", gone: "ServicePresenceStatus Chat",
		},
		"a status where the vendor refuses": {
			prepare: func(d *desk) {
				d.one("ServicePresenceStatus", statusFile, "Chat", chat)
				d.org.SetMetadataRules(salesforce.MetadataRules{RefuseStatusDelete: true})
			},
			of: "ServicePresenceStatus", name: "Chat", want: "Failed: ServicePresenceStatus Chat cannot be deleted through the API",
		},
		"everything of a type": {of: "PermissionSet", name: "*", want: "Failed: The wildcard * cannot be used in destructiveChanges.xml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, tt.change)
			if tt.prepare != nil {
				tt.prepare(d)
			}
			if got := d.remove(tt.of, tt.name); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if of, name, ok := strings.Cut(tt.gone, " "); ok && d.read(of, name).attr("nil") != "true" {
				t.Errorf("%s is still there", tt.gone)
			}
		})
	}
	t.Run("settings", func(t *testing.T) {
		got := newDesk(t, nil).soap("<deleteMetadata><type>OmniChannelSettings</type><fullNames>OmniChannel</fullNames></deleteMetadata>")
		if code := got.text("result/errors/statusCode"); code != "INVALID_TYPE" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestDeployThatNobodyAsksAboutEndsAllTheSame(t *testing.T) {
	now := at
	acme := tenant.Acme()
	d := &desk{t: t, org: salesforce.New(acme, salesforce.Options{Now: func() time.Time { return now }})}
	d.token = d.signIn(acme.Salesforce.Integration[0])
	d.start(files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", chat)}.zipped(t), atomic)
	const soql = "SELECT Id FROM ServicePresenceStatus WHERE DeveloperName = 'Chat'"
	if got := d.query(soql); len(got) != 0 {
		t.Errorf("at once: %v", got)
	}
	now = now.Add(time.Minute)
	if got := d.query(soql); len(got) != 1 {
		t.Errorf("a minute later: %v", got)
	}
}

func TestSOAPQuickDeployAndCancel(t *testing.T) {
	d := newDesk(t, nil)
	content := files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", chat)}
	validated := d.deploy(content, `{"checkOnly":true,"rollbackOnError":true,"singlePackage":true}`)
	quick := d.soap("<deployRecentValidation><validationId>" + validated.ID + "</validationId></deployRecentValidation>")
	body, err := json.Marshal(map[string]string{"id": quick.text("result")})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.await(body).states()["ServicePresenceStatus Chat"]; got != "Created" {
		t.Errorf("quick: %s %+v", got, quick)
	}
}

func TestSOAPCancel(t *testing.T) {
	for name, why := range map[string]string{
		"String": "the WSDL's name for the Id",
		"id":     "what jsforce and the Salesforce CLI send",
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			content := files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", chat)}
			waiting := d.soap("<deploy><ZipFile>" + base64.StdEncoding.EncodeToString(content.zipped(t)) + "</ZipFile><DeployOptions><rollbackOnError>true</rollbackOnError></DeployOptions></deploy>").text("result/id")
			cancel := "<cancelDeploy><" + name + ">" + waiting + "</" + name + "></cancelDeploy>"
			if got := d.soap(cancel); got.text("result/done") != "true" || got.text("result/id") != waiting {
				t.Errorf("cancel while it waits, by %s: %+v", why, got)
			}
			if got := d.soap("<checkStatus><asyncProcessId>" + waiting + "</asyncProcessId></checkStatus>").text("result/state"); got != "Error" {
				t.Errorf("state: %s", got)
			}
			if got := d.soap(cancel); got.text("faultcode") != "sf:INVALID_ID_FIELD" {
				t.Errorf("cancel again: %+v", got)
			}
		})
	}
}

func TestRetrieveReportsWhatIsMissing(t *testing.T) {
	d := newDesk(t, nil)
	answer := d.soap("<retrieve><retrieveRequest><apiVersion>67.0</apiVersion><unpackaged><types><members>Nowhere</members><members>Away</members><name>ServicePresenceStatus</name></types><version>67.0</version></unpackaged></retrieveRequest></retrieve>")
	check := "<checkRetrieveStatus><asyncProcessId>" + answer.text("result/id") + "</asyncProcessId></checkRetrieveStatus>"
	if got := d.soap(check); got.text("result/done") != "false" || got.text("result/status") != "InProgress" {
		t.Errorf("first: %+v", got)
	}
	answer = d.soap(check)
	if got := answer.text("result/messages/problem"); got != "Entity of type 'ServicePresenceStatus' named 'Nowhere' cannot be found" {
		t.Errorf("message: %s", got)
	}
	unpacked := d.unzip(answer.text("result/zipFile"))
	want := `<?xml version="1.0" encoding="UTF-8"?>
<ServicePresenceStatus xmlns="http://soap.sforce.com/2006/04/metadata">
    <label>Away</label>
</ServicePresenceStatus>
`
	if diff := cmp.Diff(want, unpacked["unpackaged/servicePresenceStatuses/Away.servicePresenceStatus"]); diff != "" {
		t.Errorf("file (-want +got):\n%s%v", diff, unpacked)
	}
	if got := answer.text("result/fileProperties/fileName"); got != "unpackaged/servicePresenceStatuses/Away.servicePresenceStatus" {
		t.Errorf("fileName: %s", got)
	}
}
