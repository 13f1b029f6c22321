package salesforce_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

const (
	statusFile = "servicePresenceStatuses/Chat.servicePresenceStatus"
	chat       = "<channels><channel>sfdc_livemessage</channel></channels><label>Chat</label>"
)

// everything is what clients can see of the org's metadata, as text.
func (d *desk) everything() string {
	d.t.Helper()
	d.token = d.signIn(tenant.Acme().Salesforce.Integration[0])
	var b strings.Builder
	for name, content := range d.retrieve("ServicePresenceStatus:*", "Profile:*", "PermissionSet:*", "FlexiPage:*", "CustomApplication:*", "Settings:*", "ExternalClientApplication:*") {
		fmt.Fprintln(&b, name, content)
	}
	for _, soql := range []string{
		"SELECT Id, ParentId, SetupEntityId, SystemModstamp FROM SetupEntityAccess",
		"SELECT Id, ServiceChannelId, ServicePresenceStatusId FROM ServiceChannelStatus",
		"SELECT Id, Name, Label, LastModifiedDate FROM PermissionSet",
	} {
		fmt.Fprintln(&b, d.query(soql))
	}
	lines := strings.Split(b.String(), "\n")
	return strings.Join(sorted(lines), "\n")
}

// retrieve returns the files of a SOAP retrieve.
func (d *desk) retrieve(words ...string) map[string]string {
	d.t.Helper()
	var types strings.Builder
	for _, word := range words {
		name, member, _ := strings.Cut(word, ":")
		types.WriteString("<types><name>" + name + "</name><members>" + member + "</members></types>")
	}
	answer := d.soap("<retrieve><request><apiVersion>67.0</apiVersion><singlePackage>true</singlePackage><unpackaged>" + types.String() + "<version>67.0</version></unpackaged></request></retrieve>")
	id := answer.text("result/id")
	for range 10 {
		if answer = d.soap("<checkRetrieveStatus><asyncProcessId>" + id + "</asyncProcessId></checkRetrieveStatus>"); answer.text("result/done") == "true" {
			return d.unzip(answer.text("result/zipFile"))
		}
	}
	d.t.Fatalf("retrieve %s does not end: %+v", id, answer)
	return nil
}

func (d *desk) unzip(coded string) map[string]string {
	d.t.Helper()
	content, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		d.t.Fatal(err)
	}
	reader, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		d.t.Fatal(err)
	}
	unpacked := map[string]string{}
	for _, entry := range reader.File {
		f, err := entry.Open()
		if err != nil {
			d.t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err != nil {
			d.t.Fatal(err)
		}
		unpacked[entry.Name] = string(text)
	}
	return unpacked
}

func TestDeployGoesThroughItsStates(t *testing.T) {
	d := newDesk(t, nil)
	d.org.SetMetadataRules(salesforce.MetadataRules{Polls: 3})
	code, answer := d.start(files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", chat)}.zipped(t), atomic)
	var result deployed
	if err := json.Unmarshal(answer, &result); err != nil || code != http.StatusCreated {
		t.Fatalf("%d %v", code, err)
	}
	got := []string{result.DeployResult.Status}
	for range 3 {
		if held := d.read("ServicePresenceStatus", "Chat"); held.attr("nil") != "true" {
			t.Errorf("%v: the status is there before the deploy is done", got)
		}
		result = d.poll(result.ID)
		got = append(got, result.DeployResult.Status)
	}
	if diff := cmp.Diff([]string{"Pending", "Pending", "InProgress", "Succeeded"}, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	want := []message{
		{FileName: "package.xml", FullName: "package.xml", Changed: true, Success: true},
		{FileName: statusFile, FullName: "Chat", ComponentType: "ServicePresenceStatus", Created: true, Changed: true, Success: true},
	}
	if diff := cmp.Diff(want, result.DeployResult.Details.ComponentSuccesses); diff != "" {
		t.Errorf("successes (-want +got):\n%s", diff)
	}
	if n := result.DeployResult.NumberComponentsTotal; n != 1 {
		t.Errorf("%d components", n)
	}
}

func TestDeployTellsNothingFromSomething(t *testing.T) {
	d := newDesk(t, nil)
	tests := []struct{ content, want, reason string }{
		{chat, "Created", "new"},
		{chat, "Unchanged", "the same again"},
		{strings.Replace(chat, "Chat", "Chats", 1), "Changed", "another label"},
		{"<label>Chats</label>", "Changed", "a file without channels clears them"},
		{"<channels/><label>Chats</label>", "Unchanged", "an empty list is no channels"},
		{"<label>Chats</label><statusType>Busy</statusType>", "Failed: Error parsing file: Element {" + metaNS + "}statusType invalid at this location in type ServicePresenceStatus", "there is no status type"},
		{"<channels><channel>fax</channel></channels><label>x</label>", "Failed: Value 'fax' is not valid", "an unknown channel"},
		{"<channels><channel>Phone</channel></channels><label>x</label>", "Failed: Value 'Phone' is not valid", "a channel by its label"},
		{"<channels/>", "Failed: Required field is missing: label", "no label"},
		{"<channels><channel>Cases</channel></channels><channels><channel>sfdc_phone</channel></channels><label>x</label>", "Failed: Error parsing file: Duplicate element channels in type ServicePresenceStatus", "one wrapper, many channels"},
	}
	for _, tt := range tests {
		if got := d.one("ServicePresenceStatus", statusFile, "Chat", tt.content); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
		}
	}
}

func TestDeployThatLeavesNothingBehind(t *testing.T) {
	work := files{
		"package.xml": manifest("67.0", "ServicePresenceStatus:Chat", "Profile:Support Agent", "Profile:Typo", "PermissionSet:Presence_Access", "CustomApplication:LightningService",
			"ExternalClientApplication:App", "ExtlClntAppGlobalOauthSettings:App_glbl", "Settings:OmniChannel"),
		statusFile:                                         metaFile("ServicePresenceStatus", chat),
		"profiles/Support Agent.profile":                   metaFile("Profile", access("Chat", true)+access("Away", false)),
		"profiles/Typo.profile":                            metaFile("Profile", access("Chat", true)),
		"permissionsets/Presence_Access.permissionset":     metaFile("PermissionSet", "<label>Emptied</label>"+access("Away", true)),
		"applications/LightningService.app":                metaFile("CustomApplication", "<label>Renamed</label>"),
		"externalClientApps/App.eca":                       metaFile("ExternalClientApplication", "<contactEmail>a@b.example</contactEmail><distributionState>Local</distributionState><label>App</label>"),
		"extlClntAppGlobalOauthSets/App_glbl.ecaGlblOauth": metaFile("ExtlClntAppGlobalOauthSettings", "<callbackUrl>https://a.example</callbackUrl><externalClientApplication>App</externalClientApplication><label>App</label>"),
		"settings/OmniChannel.settings":                    metaFile("OmniChannelSettings", "<enableOmniChannel>false</enableOmniChannel>"),
		"destructiveChanges.xml":                           manifest("67.0", "PermissionSet:Unused"),
	}
	broken := maps.Clone(work)
	broken["permissionsets/Presence_Access.permissionset"] = metaFile("PermissionSet", "<label>x</label>"+access("Nowhere", true))

	tests := map[string]struct {
		files   files
		options string
		want    string
	}{
		"checkOnly":            {work, `{"checkOnly":true,"rollbackOnError":true,"singlePackage":true}`, "Succeeded"},
		"rollbackOnError":      {broken, atomic, "Failed"},
		"checkOnly that fails": {broken, `{"checkOnly":true,"rollbackOnError":true,"singlePackage":true}`, "Failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.soap(`<createMetadata><metadata xsi:type="PermissionSet"><fullName>Unused</fullName><label>Unused</label></metadata></createMetadata>`)
			before := d.everything()
			result := d.deploy(tt.files, tt.options)
			if result.DeployResult.Status != tt.want {
				t.Errorf("%s: %v", result.DeployResult.Status, result.states())
			}
			if got := result.states()["ServicePresenceStatus Chat"]; got != "Created" {
				t.Errorf("what would have been: %s", got)
			}
			if diff := cmp.Diff(before, d.everything()); diff != "" {
				t.Errorf("something is left (-before +after):\n%s", diff)
			}
		})
	}
}

func TestDeployInASandboxMayEndHalfDone(t *testing.T) {
	d := newDesk(t, func(tt *tenant.Tenant) { tt.Salesforce.Sandbox = true })
	result := d.deploy(files{
		"package.xml": manifest("67.0", "ServicePresenceStatus:Chat", "ServicePresenceStatus:Fax"),
		statusFile:    metaFile("ServicePresenceStatus", chat),
		"servicePresenceStatuses/Fax.servicePresenceStatus": metaFile("ServicePresenceStatus", "<channels><channel>fax</channel></channels><label>Fax</label>"),
	}, `{"singlePackage":true}`)
	if result.DeployResult.Status != "SucceededPartial" || result.DeployResult.NumberComponentErrors != 1 {
		t.Errorf("%s %v", result.DeployResult.Status, result.states())
	}
	if got := d.read("ServicePresenceStatus", "Chat"); got.text("label") != "Chat" {
		t.Errorf("the good half: %+v", got)
	}
	production := newDesk(t, nil)
	if code, answer := production.start(nil, `{"singlePackage":true}`); code != http.StatusBadRequest || !strings.Contains(string(answer), "rollbackOnError must be true") {
		t.Errorf("production: %d %s", code, answer)
	}
}

func TestPackagesThatAreNone(t *testing.T) {
	tests := map[string]struct {
		files   files
		options string
		want    map[string]string
	}{
		"no package.xml": {files{"x/package.xml": ""}, atomic, map[string]string{"package.xml": "Failed: No package.xml found"}},
		"a package.xml in a folder is one without singlePackage": {
			files{"any/package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), "any/" + statusFile: metaFile("ServicePresenceStatus", chat)},
			`{"rollbackOnError":true}`, map[string]string{"ServicePresenceStatus Chat": "Created"},
		},
		"a member without a file": {files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat")}, atomic, map[string]string{
			"ServicePresenceStatus Chat": "Failed: An object 'Chat' of type ServicePresenceStatus was named in package.xml, but was not found in zipped directory"}},
		"a file without a member": {files{"package.xml": manifest("67.0"), statusFile: metaFile("ServicePresenceStatus", chat)}, atomic, map[string]string{
			"ServicePresenceStatus Chat": "Failed: Not in package.xml"}},
		"a wildcard names every file": {files{"package.xml": manifest("67.0", "ServicePresenceStatus:*"), statusFile: metaFile("ServicePresenceStatus", chat)}, atomic, map[string]string{
			"ServicePresenceStatus Chat": "Created"}},
		"an unknown type":   {files{"package.xml": manifest("67.0", "Nonsense:X")}, atomic, map[string]string{"package.xml": "Failed: Unknown type name 'Nonsense' specified in package.xml"}},
		"settings by type":  {files{"package.xml": manifest("67.0", "OmniChannelSettings:OmniChannel")}, atomic, map[string]string{"package.xml": "Failed: Unknown type name 'OmniChannelSettings' specified in package.xml"}},
		"a version to come": {files{"package.xml": manifest("99.0")}, atomic, map[string]string{"package.xml": "Failed: Invalid version specified:99"}},
		"a version before the type": {files{"package.xml": manifest("43.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", chat)}, atomic, map[string]string{
			"ServicePresenceStatus Chat": "Failed: INVALID_TYPE: Cannot use: ServicePresenceStatus in this organization"}},
		"a file of another type": {files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("Profile", "")}, atomic, map[string]string{
			"ServicePresenceStatus Chat": "Failed: Error parsing file: Element {" + metaNS + "}Profile invalid at this location in type ServicePresenceStatus"}},
		"deleting what is not there is a warning": {files{"package.xml": manifest("67.0"), "destructiveChanges.xml": manifest("67.0", "ServicePresenceStatus:Nowhere")}, atomic, map[string]string{
			"ServicePresenceStatus Nowhere": "Unchanged"}},
		"deleting what is used": {files{"package.xml": manifest("67.0"), "destructiveChanges.xml": manifest("67.0", "FlexiPage:LightningService_UtilityBar")}, atomic, map[string]string{
			"FlexiPage LightningService_UtilityBar": "Failed: This Lightning page is referenced elsewhere in Salesforce. Remove the usage and try again: Lightning app - LightningService"}},
		"access is revoked first, the status goes last": {
			files{
				"package.xml":                    manifest("67.0", "Profile:Support Agent"),
				"profiles/Support Agent.profile": metaFile("Profile", access("Away", false)),
				"destructiveChangesPost.xml":     manifest("67.0", "ServicePresenceStatus:Away"),
			}, atomic, map[string]string{"Profile Support Agent": "Changed", "ServicePresenceStatus Away": "Deleted"},
		},
		"a status cannot go before its access": {
			files{
				"package.xml":                    manifest("67.0", "Profile:Support Agent"),
				"profiles/Support Agent.profile": metaFile("Profile", "<description>x</description>"),
				"destructiveChangesPre.xml":      manifest("67.0", "ConnectedApp:None"),
			}, atomic, map[string]string{"Profile Support Agent": "Changed", "ConnectedApp None": "Unchanged"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			if diff := cmp.Diff(tt.want, d.deploy(tt.files, tt.options).states()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("no zip", func(t *testing.T) {
		d := newDesk(t, nil)
		code, answer := d.start([]byte("PK nonsense"), atomic)
		if got := d.await(answer).DeployResult; code != http.StatusCreated || got.Status != "Failed" || got.ErrorStatusCode != "INVALID_ZIP" {
			t.Errorf("%d %+v", code, got)
		}
	})
}

func TestDeployLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("large, and of one goroutine")
	}
	tooMany := files{"package.xml": manifest("67.0")}
	for i := range 10_000 {
		tooMany[fmt.Sprintf("servicePresenceStatuses/S%d.servicePresenceStatus", i)] = ""
	}
	d := newDesk(t, nil)
	if got := d.deploy(tooMany, atomic).DeployResult; got.Status != "Failed" || got.ErrorStatusCode != "LIMIT_EXCEEDED" {
		t.Errorf("10,001 files: %+v", got)
	}
	if code, answer := d.start(make([]byte, 39<<20+1), atomic); code != http.StatusBadRequest {
		t.Errorf("39 MB and a byte: %d %s", code, answer)
	}
	most := files{"package.xml": manifest("67.0", "ServicePresenceStatus:*")}
	for i := range 9_999 {
		most[fmt.Sprintf("servicePresenceStatuses/S%d.servicePresenceStatus", i)] = metaFile("ServicePresenceStatus", "<channels><channel>Cases</channel></channels><label>S</label>")
	}
	if got := d.deploy(most, atomic).DeployResult; got.Status != "Succeeded" || got.NumberComponentsDeployed != 9_999 {
		t.Errorf("10,000 files: %s, %d components", got.Status, got.NumberComponentsDeployed)
	}
}

func TestQuickDeployAndCancel(t *testing.T) {
	d := newDesk(t, nil)
	content := files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", chat)}
	validated := d.deploy(content, `{"checkOnly":true,"rollbackOnError":true,"singlePackage":true}`)

	quick := func() (int, []byte) {
		w := d.raw(http.MethodPost, v67+"/metadata/deployRequest", map[string]string{"validatedDeployRequestId": validated.ID}, "Content-Type", "application/json")
		return w.Code, w.Body.Bytes()
	}
	code, answer := quick()
	if got := d.await(answer); code != http.StatusCreated || got.states()["ServicePresenceStatus Chat"] != "Created" {
		t.Errorf("quick deploy: %d %v", code, got.states())
	}
	if code, answer := quick(); code != http.StatusBadRequest {
		t.Errorf("a validation serves once: %d %s", code, answer)
	}

	content[statusFile] = metaFile("ServicePresenceStatus", "<label>Cancelled</label>")
	_, answer = d.start(content.zipped(t), atomic)
	var started deployed
	if err := json.Unmarshal(answer, &started); err != nil {
		t.Fatal(err)
	}
	d.poll(started.ID) // now it runs
	cancel := map[string]any{"deployResult": map[string]string{"status": "Canceling"}}
	if w := d.raw(http.MethodPatch, v67+"/metadata/deployRequest/"+started.ID, cancel, "Content-Type", "application/json"); w.Code != http.StatusAccepted {
		t.Errorf("cancel: %d %s", w.Code, w.Body)
	}
	if got := d.poll(started.ID).DeployResult; got.Status != "Canceled" || got.Success {
		t.Errorf("%+v", got)
	}
	if w := d.raw(http.MethodPatch, v67+"/metadata/deployRequest/"+started.ID, cancel, "Content-Type", "application/json"); w.Code != http.StatusBadRequest {
		t.Errorf("cancel twice: %d %s", w.Code, w.Body)
	}
	if got := d.read("ServicePresenceStatus", "Chat").text("label"); got != "Chat" {
		t.Errorf("the cancelled deploy came through: %s", got)
	}
}

func TestDeploysWaitForEachOther(t *testing.T) {
	d := newDesk(t, nil)
	label := func(text string) []byte {
		return files{"package.xml": manifest("67.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", "<label>"+text+"</label>")}.zipped(t)
	}
	_, first := d.start(label("First"), atomic)
	_, second := d.start(label("Second"), atomic)
	if got := d.await(second).states()["ServicePresenceStatus Chat"]; got != "Changed" {
		t.Errorf("the second: %s, though the first creates", got)
	}
	if got := d.await(first).states()["ServicePresenceStatus Chat"]; got != "Created" {
		t.Errorf("the first: %s", got)
	}
	if got := d.read("ServicePresenceStatus", "Chat").text("label"); got != "Second" {
		t.Errorf("in the end: %s", got)
	}
}

func TestSOAPDeployAsOldClientsPoll(t *testing.T) {
	d := newDesk(t, nil)
	zipped := base64.StdEncoding.EncodeToString(files{"package.xml": manifest("50.0", "ServicePresenceStatus:Chat"), statusFile: metaFile("ServicePresenceStatus", chat)}.zipped(t))
	answer := d.soap("<deploy><ZipFile>" + zipped + "</ZipFile><DeployOptions><rollbackOnError>true</rollbackOnError><singlePackage>true</singlePackage></DeployOptions></deploy>")
	id := answer.text("result/id")
	if answer.text("result/state") != "Queued" || !strings.HasPrefix(id, "0Af") {
		t.Errorf("deploy: %+v", answer)
	}
	for range 5 {
		if answer = d.soap("<checkStatus><asyncProcessId>" + id + "</asyncProcessId></checkStatus>"); answer.text("result/done") == "true" {
			break
		}
	}
	if got := answer.text("result/state"); got != "Completed" {
		t.Errorf("checkStatus: %s", got)
	}
	answer = d.soap("<checkDeployStatus><asyncProcessId>" + id + "</asyncProcessId><includeDetails>true</includeDetails></checkDeployStatus>")
	got := []string{answer.text("result/status"), answer.text("result/success"), strings.Join(answer.texts("result/details/componentSuccesses/fullName"), " ")}
	if diff := cmp.Diff([]string{"Succeeded", "true", "package.xml Chat"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
