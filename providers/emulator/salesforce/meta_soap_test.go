package salesforce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestSOAPIsReadByNamespace(t *testing.T) {
	const listing = "<queries><type>ServicePresenceStatus</type></queries><asOfVersion>67.0</asOfVersion>"
	tests := map[string]struct {
		path, envelope string
		headers        []string
		reason         string
	}{
		"jsforce": {
			path: "/services/Soap/m/50.0", headers: []string{"SOAPAction", `""`},
			envelope: `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="SOAP" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
				`<soapenv:Header xmlns="META"><SessionHeader><sessionId>TOKEN</sessionId></SessionHeader></soapenv:Header><soapenv:Body xmlns="META"><listMetadata>` + listing + `</listMetadata></soapenv:Body></soapenv:Envelope>`,
			reason: "the default namespace is set on Header and Body",
		},
		"simple-salesforce": {
			path: "/services/Soap/m/59.0/", headers: []string{"SOAPAction", "listMetadata"},
			envelope: `<soapenv:Envelope xmlns:soapenv="SOAP" xmlns:met="META"><soapenv:Header><met:SessionHeader><met:sessionId>TOKEN</met:sessionId></met:SessionHeader></soapenv:Header>` +
				`<soapenv:Body><met:listMetadata>` + strings.NewReplacer("</", "</met:", "<q", "<met:q", "<t", "<met:t", "<a", "<met:a").Replace(listing) + `</met:listMetadata></soapenv:Body></soapenv:Envelope>`,
			reason: "every element has a prefix; the path ends in a slash",
		},
		"restforce": {
			path:     "/services/Soap/m/66.0/00D5g00000ABCDE",
			envelope: `<env:Envelope xmlns:env="SOAP"><env:Header><SessionHeader xmlns="META"><sessionId>TOKEN</sessionId></SessionHeader></env:Header><env:Body><listMetadata xmlns="META">` + listing + `</listMetadata></env:Body></env:Envelope>`,
			reason:   "the header element sets its namespace itself; an org id follows the version",
		},
		"sf after an access-token login": {
			path:     "//services/Soap/m/66.0",
			envelope: `<se:Envelope xmlns:se="SOAP"><se:Header><SessionHeader xmlns="META"><sessionId>TOKEN</sessionId></SessionHeader></se:Header><se:Body><listMetadata xmlns="META">` + listing + `</listMetadata></se:Body></se:Envelope>`,
			reason:   "two slashes",
		},
		"force": {
			path: "/services/Soap/m/55.0", headers: []string{"SOAPAction", "login"},
			envelope: "<soap-env:Envelope xmlns:soap-env=\"SOAP\">\n  <soap-env:Header>\n <m:SessionHeader xmlns:m=\"META\">\n <m:sessionId>TOKEN</m:sessionId>\n </m:SessionHeader></soap-env:Header>\n" +
				"<soap-env:Body>\n<listMetadata xmlns=\"META\">" + listing + "</listMetadata></soap-env:Body></soap-env:Envelope>",
			reason: "white space everywhere, and a SOAPAction of another operation",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			status, answer := d.post(tt.path, strings.NewReplacer("SOAP", envelopeNS, "META", metaNS, "TOKEN", d.token).Replace(tt.envelope), tt.headers...)
			if got := answer.texts("result/fullName"); status != http.StatusOK || cmp.Diff([]string{"Available_Cases", "Away"}, got) != "" {
				t.Errorf("%s: %d %v %+v", tt.reason, status, got, answer)
			}
		})
	}
}

func TestSOAPFaults(t *testing.T) {
	statuses := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `<metadata xsi:type="ServicePresenceStatus"><fullName>S%d</fullName><label>S</label></metadata>`, i)
		}
		return "<upsertMetadata>" + b.String() + "</upsertMetadata>"
	}
	const list = "<listMetadata><queries><type>Profile</type></queries></listMetadata>"
	tests := map[string]struct {
		change    func(*tenant.Tenant)
		prepare   func(*desk)
		path      string
		operation string
		headers   []string
		want      string
	}{
		"bad session":         {prepare: func(d *desk) { d.token = "nonsense" }, operation: list, want: "sf:INVALID_SESSION_ID"},
		"bearer is no header": {prepare: func(d *desk) { d.token = "" }, operation: list, headers: []string{"Authorization", "Bearer REAL"}, want: "sf:INVALID_SESSION_ID"},
		"a token in JWT format never works": {
			change: func(tt *tenant.Tenant) { tt.Salesforce.Integration[0].JWTTokens = true }, operation: list, want: "sf:INVALID_SESSION_ID",
		},
		"an ended session":          {prepare: func(d *desk) { d.org.ExpireSessions() }, operation: list, want: "sf:INVALID_SESSION_ID"},
		"retired version":           {path: "/services/Soap/m/30.0", operation: list, want: "sf:UNSUPPORTED_API_VERSION"},
		"version to come":           {path: "/services/Soap/m/68.0", operation: list, want: "sf:UNSUPPORTED_API_VERSION"},
		"version with v":            {path: "/services/Soap/m/v67.0", operation: list, want: "sf:UNSUPPORTED_API_VERSION"},
		"no such operation":         {operation: "<listEverything/>", want: "soapenv:Client"},
		"operation elsewhere":       {operation: `<listMetadata xmlns="urn:partner.soap.sforce.com"/>`, want: "soapenv:Client"},
		"eleven components":         {operation: statuses(11), want: "sf:EXCEEDED_ID_LIMIT"},
		"no components":             {operation: statuses(0), want: "sf:REQUIRED_FIELD_MISSING"},
		"two types in one call":     {operation: `<createMetadata><metadata xsi:type="Profile"/><metadata xsi:type="PermissionSet"/></createMetadata>`, want: "sf:INVALID_TYPE"},
		"unknown type":              {operation: "<readMetadata><type>Nonsense</type><fullNames>X</fullNames></readMetadata>", want: "sf:INVALID_TYPE"},
		"type newer than the call":  {path: "/services/Soap/m/43.0", operation: "<readMetadata><type>ServicePresenceStatus</type><fullNames>X</fullNames></readMetadata>", want: "sf:INVALID_TYPE"},
		"four list queries":         {operation: "<listMetadata>" + strings.Repeat("<queries><type>Profile</type></queries>", 4) + "</listMetadata>", want: "sf:EXCEEDED_ID_LIMIT"},
		"Omni-Channel off":          {change: func(tt *tenant.Tenant) { tt.Salesforce.OmniDisabled = true }, operation: statuses(1), want: "sf:INVALID_TYPE"},
		"no permission":             {prepare: func(d *desk) { d.org.Deny("ModifyMetadata", "ModifyAllData") }, operation: list, want: "sf:INSUFFICIENT_ACCESS"},
		"no such job":               {operation: "<checkDeployStatus><asyncProcessId>0Af000000000001AAA</asyncProcessId></checkDeployStatus>", want: "sf:INVALID_CROSS_REFERENCE_KEY"},
		"half-done production":      {operation: "<deploy><ZipFile>UEsFBg==</ZipFile><DeployOptions><singlePackage>true</singlePackage></DeployOptions></deploy>", want: "sf:INVALID_OPERATION"},
		"login is gone":             {path: "/services/Soap/u/65.0", operation: "", want: "soapenv:Client"},
		"login is off in new orgs":  {path: "/services/Soap/u/64.0", operation: "", want: "sf:INVALID_OPERATION"},
		"retrieve without versions": {operation: "<retrieve><request/></retrieve>", want: "sf:UNSUPPORTED_API_VERSION"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, tt.change)
			real := d.token
			if tt.prepare != nil {
				tt.prepare(d)
			}
			envelope := d.envelope(tt.operation)
			if tt.operation == "" {
				envelope = loginEnvelope("admin@acme.example", "secret")
			}
			for i := range tt.headers {
				tt.headers[i] = strings.ReplaceAll(tt.headers[i], "REAL", real)
			}
			path := tt.path
			if path == "" {
				path = "/services/Soap/m/67.0"
			}
			status, answer := d.post(path, envelope, tt.headers...)
			if got := answer.text("faultcode"); status != http.StatusInternalServerError || got != tt.want {
				t.Errorf("got %d %s %s, want 500 %s", status, got, answer.text("faultstring"), tt.want)
			}
		})
	}
}

func loginEnvelope(username, password string) string {
	return `<se:Envelope xmlns:se="` + envelopeNS + `"><se:Header/><se:Body><login xmlns="urn:partner.soap.sforce.com"><username>` + username +
		`</username><password>` + password + `</password></login></se:Body></se:Envelope>`
}

func TestLoginForOldClients(t *testing.T) {
	d := newDesk(t, nil)
	d.org.SetMetadataRules(salesforce.MetadataRules{LoginPassword: "admin-password"})
	if _, answer := d.post("/services/Soap/u/50.0", loginEnvelope("admin@acme.example", "wrong")); answer.text("faultcode") != "sf:INVALID_LOGIN" {
		t.Errorf("a wrong password: %+v", answer)
	}
	if _, answer := d.post("/services/Soap/u/50.0", loginEnvelope("ana.lopez@acme.example", "admin-password")); answer.text("faultcode") != "sf:INVALID_LOGIN" {
		t.Errorf("an agent: %+v", answer)
	}
	_, answer := d.post("/services/Soap/u/50.0", loginEnvelope("admin@acme.example", "admin-password"))
	d.token = answer.text("result/sessionId")
	if got := answer.text("result/metadataServerUrl"); got != "https://acme.my.salesforce.com/services/Soap/m/50.0/00D5g00000ABCDE" {
		t.Errorf("metadataServerUrl: %s", got)
	}
	if got := d.soap("<describeMetadata><asOfVersion>67.0</asOfVersion></describeMetadata>"); len(got.all("result/metadataObjects")) == 0 {
		t.Errorf("the session does not work: %+v", got)
	}
}

func TestCallsOnComponents(t *testing.T) {
	type step struct {
		operation string
		header    string
		want      []string // of each result: fullName, success or status code
		reason    string
	}
	status := func(name, label, channels string) string {
		return `<metadata xsi:type="ServicePresenceStatus"><fullName>` + name + `</fullName>` + channels + `<label>` + label + `</label></metadata>`
	}
	const allOrNone = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"
	const phone = "<channels><channel>sfdc_phone</channel></channels>"
	steps := []step{
		{"<createMetadata>" + status("Chat", "Chat", phone) + status("Chat", "Again", "") + "</createMetadata>", "",
			[]string{"Chat ok", "Chat DUPLICATE_DEVELOPER_NAME"}, "partial success is the default, and a create does not update"},
		{"<createMetadata>" + status("Fine", "Fine", "") + status("Bad__Name", "Bad", "") + "</createMetadata>", allOrNone,
			[]string{"Fine ALL_OR_NONE_OPERATION_ROLLED_BACK", "Bad__Name FIELD_INTEGRITY_EXCEPTION"}, "all or none undoes the good one"},
		{"<updateMetadata>" + status("Fine", "Fine", "") + "</updateMetadata>", "",
			[]string{"Fine INVALID_CROSS_REFERENCE_KEY"}, "it is really not there"},
		{"<updateMetadata>" + status("Chat", "Chat only", "") + "</updateMetadata>", "",
			[]string{"Chat ok"}, "without channels they are cleared"},
		{"<upsertMetadata>" + status("Chat", "Chat only", "") + status("Lunch", "Lunch", "") + "</upsertMetadata>", "",
			[]string{"Chat ok", "Lunch ok"}, "one updated, one created"},
		{"<upsertMetadata>" + status("Email", "Email", "<channels><channel>fax</channel></channels>") + "</upsertMetadata>", "",
			[]string{"Email INVALID_CROSS_REFERENCE_KEY"}, "an unknown channel"},
		{"<renameMetadata><type>ServicePresenceStatus</type><oldFullName>Lunch</oldFullName><newFullName>Meal</newFullName></renameMetadata>", "",
			[]string{"Meal ok"}, "renamed"},
		{"<deleteMetadata><type>ServicePresenceStatus</type><fullNames>Lunch</fullNames><fullNames>Meal</fullNames><fullNames>Away</fullNames></deleteMetadata>", "",
			[]string{"Lunch INVALID_CROSS_REFERENCE_KEY", "Meal ok", "Away DELETE_FAILED"}, "the old name is gone; a status that a profile has cannot go"},
	}
	d := newDesk(t, nil)
	for _, s := range steps {
		answer := d.soap(s.operation, s.header)
		var got []string
		for _, r := range answer.all("result") {
			outcome := "ok"
			if r.text("success") != "true" {
				outcome = r.text("errors/statusCode")
			}
			got = append(got, r.text("fullName")+" "+outcome)
		}
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s%+v", s.reason, diff, answer)
		}
	}
	if got := d.read("ServicePresenceStatus", "Chat"); got.text("label") != "Chat only" || len(got.all("channels")) != 0 || got.attr("type") != "ServicePresenceStatus" {
		t.Errorf("read: %+v", got)
	}
	if got := d.read("ServicePresenceStatus", "Meal"); got.attr("nil") != "true" || len(got.Kids) != 0 {
		t.Errorf("a status that is not there: %+v", got)
	}
}

func TestUpdateMayKeepChannels(t *testing.T) {
	d := newDesk(t, nil)
	d.org.SetMetadataRules(salesforce.MetadataRules{KeepChannels: true})
	d.soap(`<updateMetadata><metadata xsi:type="ServicePresenceStatus"><fullName>Available_Cases</fullName><label>New</label></metadata></updateMetadata>`)
	if got := d.read("ServicePresenceStatus", "Available_Cases").texts("channels/channel"); cmp.Diff([]string{"Cases"}, got) != "" {
		t.Errorf("channels: %v", got)
	}
}

func TestDescribeFollowsVersionAndOrg(t *testing.T) {
	names := func(d *desk, version string) string {
		answer := d.soap("<describeMetadata><asOfVersion>" + version + "</asOfVersion></describeMetadata>")
		return " " + strings.Join(answer.texts("result/metadataObjects/xmlName"), " ") + " "
	}
	d := newDesk(t, nil)
	if got := names(d, "43.0"); strings.Contains(got, " ServicePresenceStatus ") || !strings.Contains(got, " Profile ") {
		t.Errorf("at 43.0: %s", got)
	}
	if got := names(d, "67.0"); !strings.Contains(got, " ServicePresenceStatus ") || !strings.Contains(got, " Settings ") {
		t.Errorf("at 67.0: %s", got)
	}
	off := newDesk(t, func(tt *tenant.Tenant) { tt.Salesforce.OmniDisabled = true })
	if got := names(off, "67.0"); strings.Contains(got, " ServicePresenceStatus ") {
		t.Errorf("without Omni-Channel: %s", got)
	}
}
