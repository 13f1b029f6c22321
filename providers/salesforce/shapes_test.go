package salesforce

import (
	"encoding/xml"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

var update = flag.Bool("update", false, "write the golden files")

// object makes a block's object, as the configuration would.
func object(k *kind, arguments map[string]schema.Value) *schema.Object {
	o := schema.NewObject(&k.Kind)
	o.Address = schema.NewAddress(k.Name, "it")
	for i, a := range k.Shape.Arguments {
		if a.Default != nil {
			o.SetAt(i, a.Default)
		}
	}
	for name, v := range arguments {
		o.Set(name, v)
	}
	if k.Complete != nil {
		k.Complete(o)
	}
	return o
}

// TestXML holds the exact text of every component that is deployed as it is.
func TestXML(t *testing.T) {
	app := object(&connectedApp, map[string]schema.Value{
		"api_name": schema.String("Salesforce_Connector"), "contact_email": schema.String("crm-team@acme.example"),
		"callback_url": schema.Strings("https://callback.acme.example/oauth"), "scopes": schema.Strings("visualforce", "full", "api", "web", "offline_access"),
	})
	bridge := object(&presenceBridge, map[string]schema.Value{"channel": schema.String("LockstepPresence"), "apps": schema.Strings("standard__Sales")})
	p := &part{step: &schema.Step{Action: schema.Create, Wanted: bridge}, org: &snapshot{bridge: bridgeMemory{
		bridge.Key(): {bars: map[string]utilityBar{"standard__Sales": {}}},
	}}}
	changeBridge(p)
	tests := map[string][]Component{
		"presence_status": {
			statusComponent("Available_All", "Available - All", []string{"sfdc_phone", "Cases"}),
			statusComponent("On_Break", "On Break & Lunch", nil),
		},
		"profile_access":  {profileComponent(profileFullName("Custom: Support Profile"), accessNode("On_Break", true), accessNode("Away", false))},
		"connected_app":   newExternalApp(app),
		"presence_bridge": p.components,
	}
	for name, components := range tests {
		var b strings.Builder
		for _, c := range components {
			b.WriteString("<!-- " + c.Type + " " + c.FullName + " -->\n")
			if c.Body != nil {
				b.WriteString(render(c.Body, ""))
			}
			for _, f := range c.Files {
				b.WriteString("<!-- file " + f.Name + " -->\n")
			}
		}
		golden(t, filepath.Join("testdata", name+".xml"), b.String())
	}
}

// render writes a node as indented XML.
func render(n *Node, indent string) string {
	if len(n.Nodes) == 0 {
		var text strings.Builder
		_ = xml.EscapeText(&text, []byte(n.Value))
		return indent + "<" + n.Name + ">" + text.String() + "</" + n.Name + ">\n"
	}
	var b strings.Builder
	b.WriteString(indent + "<" + n.Name + ">\n")
	for _, child := range n.Nodes {
		b.WriteString(render(child, indent+"  "))
	}
	b.WriteString(indent + "</" + n.Name + ">\n")
	return b.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestScopes(t *testing.T) {
	tests := []struct {
		reason    string
		written   []string
		canonical []string
		metadata  []string
	}{
		{"the guide's five", []string{"visualforce", "full", "api", "web", "refresh_token"},
			[]string{"api", "full", "refresh_token", "visualforce", "web"}, []string{"Api", "Full", "RefreshToken", "CustomApplications", "Web"}},
		{"what reads back under one name is one", []string{"refresh_token", "offline_access", "OfflineAccess"}, []string{"refresh_token"}, []string{"RefreshToken"}},
		{"the identity scopes collapse", []string{"profile", "email", "Phone"}, []string{"id"}, []string{"Basic"}},
		{"scopes without a known OAuth name are kept", []string{"CDPIngest", "api"}, []string{"CDPIngest", "api"}, []string{"CDPIngest", "Api"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.canonical, canonical(test.written)); diff != "" {
			t.Errorf("%s, canonical (-want +got):\n%s", test.reason, diff)
		}
		if diff := cmp.Diff(test.metadata, metadataScopes(test.written)); diff != "" {
			t.Errorf("%s, metadata (-want +got):\n%s", test.reason, diff)
		}
	}
	if wrong := checkScopes(schema.Strings("refresh_tokn")); !strings.Contains(wrong, `"refresh_token"`) {
		t.Errorf("a mistyped scope: %q suggests nothing", wrong)
	}
}

func TestInList(t *testing.T) {
	const short, whole = "SELECT Id FROM User WHERE Username IN (%s) OR Email IN (%s)", "SELECT Id FROM User"
	if got, want := inList(short, []string{"o'hara@acme.example"}, whole), `SELECT Id FROM User WHERE Username IN ('o\'hara@acme.example') OR Email IN ('o\'hara@acme.example')`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for n := 0; n < 600; n += 7 {
		names := make([]string, n)
		for i := range names {
			names[i] = "somebody.long@acme.example"
		}
		if got := inList(short, names, whole); len(url.QueryEscape(got)) > maxQuery {
			t.Fatalf("%d names make an encoded query of %d characters", n, len(url.QueryEscape(got)))
		}
	}
	if got := inList(short, make([]string, 5000), whole); got != whole {
		t.Errorf("a list that does not fit reads the table, got %.60s", got)
	}
}

func TestProfileNames(t *testing.T) {
	var org snapshot
	for _, label := range []string{"System Administrator", "Standard User", "Custom: Support Profile", "100% Remote"} {
		org.profiles = append(org.profiles, profileRow{Name: label})
	}
	tests := []struct{ reason, written, label, fullName string }{
		{"a label", "Standard User", "Standard User", "Standard"},
		{"an API name", "Admin", "System Administrator", "Admin"},
		{"a label with a colon", "Custom: Support Profile", "Custom: Support Profile", "Custom%3A Support Profile"},
		{"a full name as a listing shows it", "Custom%3A Support Profile", "Custom: Support Profile", "Custom%3A Support Profile"},
		{"Salesforce ignores case, the full name does not", "standard user", "Standard User", "Standard"},
		{"a percent sign is a character too", "100% Remote", "100% Remote", EncodeFullName("100% Remote")},
		{"a typo leads nowhere", "Standrad User", "", ""},
	}
	for _, test := range tests {
		label, ok := org.look().profile(test.written)
		if label != test.label || ok != (test.label != "") {
			t.Errorf("%s: label %q, want %q", test.reason, label, test.label)
		}
		if ok && profileFullName(label) != test.fullName {
			t.Errorf("%s: full name %q, want %q", test.reason, profileFullName(label), test.fullName)
		}
	}
}

func TestSetAccess(t *testing.T) {
	body := Element("PermissionSet",
		Leaf("description", "ours to keep"),
		Leaf("label", "Presence"),
		Element(accessElementDoc, Leaf("enabled", "true"), Leaf("servicePresenceStatus", "Away")),
		Element("userPermissions", Leaf("enabled", "true"), Leaf("name", "ViewSetup")),
	)
	setAccess(body, "Away", false)
	setAccess(body, "On_Break", true)
	want := `<PermissionSet>
  <description>ours to keep</description>
  <label>Presence</label>
  <servicePresenceStatusAccesses>
    <enabled>false</enabled>
    <servicePresenceStatus>Away</servicePresenceStatus>
  </servicePresenceStatusAccesses>
  <servicePresenceStatusAccesses>
    <enabled>true</enabled>
    <servicePresenceStatus>On_Break</servicePresenceStatus>
  </servicePresenceStatusAccesses>
  <userPermissions>
    <enabled>true</enabled>
    <name>ViewSetup</name>
  </userPermissions>
</PermissionSet>
`
	if diff := cmp.Diff(want, render(body, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUtilityBar(t *testing.T) {
	page := newUtilityBar("Bare", "Other").Body
	page.Set("unknownToUs", "kept")
	if err := addUtility(page, "LockstepPresence"); err != nil || !hasUtility(page, "LockstepPresence") || !hasUtility(page, "Other") {
		t.Errorf("add: %v\n%s", err, render(page, ""))
	}
	before := render(page, "")
	if _ = addUtility(page, "LockstepPresence"); render(page, "") != before {
		t.Error("adding twice adds twice")
	}
	_ = removeUtility(page, "LockstepPresence")
	if hasUtility(page, "LockstepPresence") || !hasUtility(page, "Other") || page.Text("unknownToUs") != "kept" {
		t.Errorf("remove:\n%s", render(page, ""))
	}
	if err := addUtility(Element("FlexiPage", Leaf("type", "RecordPage")), "LockstepPresence"); err == nil {
		t.Error("a record page was taken for a utility bar")
	}
}

func TestMarkAbandoned(t *testing.T) {
	long := strings.Repeat("é", 80)
	if got := markAbandoned(long); len([]rune(got)) != 80 || !strings.HasSuffix(got, abandonedMark) {
		t.Errorf("%q has %d characters, want 80 with the mark", got, len([]rune(got)))
	}
	if got := markAbandoned(markAbandoned("Lunch")); got != "Lunch (removed)" {
		t.Errorf("marked twice: %q", got)
	}
}

func TestDeveloperNames(t *testing.T) {
	tests := []struct {
		name string
		ok   bool
	}{
		{"On_a_Call", true}, {"A", true}, {"A1_b2", true}, {strings.Repeat("a", 80), true},
		{"", false}, {"1A", false}, {"_A", false}, {"A_", false}, {"A__B", false}, {"A-B", false}, {"Pausa_café", false}, {strings.Repeat("a", 81), false},
	}
	for _, test := range tests {
		if wrong := checkDeveloperName(schema.String(test.name)); (wrong == "") != test.ok {
			t.Errorf("%q: %q", test.name, wrong)
		}
	}
}
