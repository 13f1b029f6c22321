package salesforce_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A desk is a signed-in client of an org under test.
type desk struct {
	t     *testing.T
	org   *salesforce.Org
	token string
}

// at is the moment at which every test of this package happens.
var at = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func newDesk(t *testing.T, change func(*tenant.Tenant)) *desk {
	t.Helper()
	acme := tenant.Acme()
	if change != nil {
		change(acme)
	}
	d := &desk{t: t, org: salesforce.New(acme, salesforce.Options{Now: func() time.Time { return at }})}
	d.token = d.signIn(acme.Salesforce.Integration[0])
	return d
}

func (d *desk) signIn(c tenant.Credential) string {
	d.t.Helper()
	status, body := d.form("/services/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret},
	})
	if status != http.StatusOK {
		d.t.Fatalf("sign in: %d %v", status, body)
	}
	return body["access_token"].(string)
}

func (d *desk) form(path string, values url.Values) (int, map[string]any) {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://acme.my.salesforce.com"+path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.org.ServeHTTP(w, r)
	var body map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return w.Code, body
}

// do makes a call and returns its status and its JSON, nil when there is none.
func (d *desk) do(method, path string, body any, headers ...string) (int, any) {
	d.t.Helper()
	w := d.raw(method, path, body, headers...)
	var value any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
			d.t.Fatalf("%s %s: %d: %v in %s", method, path, w.Code, err, w.Body)
		}
	}
	return w.Code, value
}

func (d *desk) raw(method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			d.t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	r := httptest.NewRequest(method, "https://acme.my.salesforce.com"+path, content)
	r.Header.Set("Authorization", "Bearer "+d.token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.org.ServeHTTP(w, r)
	return w
}

const v67 = "/services/data/v67.0"

// query returns the records, one text per record with the fields asked for.
func (d *desk) query(soql string) []map[string]any {
	d.t.Helper()
	status, body := d.do(http.MethodGet, v67+"/query/?q="+url.QueryEscape(soql), nil)
	if status != http.StatusOK {
		d.t.Fatalf("%s: %d %v", soql, status, body)
	}
	var records []map[string]any
	for _, r := range body.(map[string]any)["records"].([]any) {
		records = append(records, r.(map[string]any))
	}
	return records
}

func (d *desk) id(soql string) string {
	d.t.Helper()
	records := d.query(soql)
	if len(records) != 1 {
		d.t.Fatalf("%s: %d records", soql, len(records))
	}
	return records[0]["Id"].(string)
}

// code returns "status CODE" of a refusal.
func code(status int, body any) string {
	list, _ := body.([]any)
	if len(list) == 0 {
		return fmt.Sprint(status)
	}
	first, _ := list[0].(map[string]any)
	return fmt.Sprint(status, " ", first["errorCode"])
}

func TestSOQL(t *testing.T) {
	d := newDesk(t, nil)
	tests := map[string]struct {
		soql   string
		want   string
		reason string
	}{
		"Equality":       {`SELECT Name FROM Profile WHERE Name = 'support agent'`, `[Support Agent]`, "text compares without case"},
		"Like":           {`SELECT Name FROM Profile WHERE Name LIKE 'S%p%r' ORDER BY Name`, `[Support Supervisor]`, "% is any run of characters"},
		"LikeUnderscore": {`SELECT DeveloperName FROM ServicePresenceStatus WHERE DeveloperName LIKE 'A\_%'`, `[]`, "an escaped underscore is itself"},
		"AndNot":         {`SELECT DeveloperName FROM ServiceChannel WHERE (NOT DeveloperName LIKE 'sfdc%') AND MasterLabel != null`, `[Cases]`, "NOT takes a term in parentheses"},
		"Or":             {`SELECT DeveloperName FROM ServiceChannel WHERE DeveloperName = 'Cases' OR RelatedEntity = 'VoiceCall' ORDER BY DeveloperName DESC`, `[sfdc_phone Cases]`, "either holds"},
		"In":             {`SELECT DeveloperName FROM ServiceChannel WHERE DeveloperName IN ('Cases', 'sfdc_phone', 'cases') ORDER BY DeveloperName`, `[Cases sfdc_phone]`, "a name twice in the list is one record"},
		"NotIn":          {`SELECT DeveloperName FROM ServiceChannel WHERE DeveloperName NOT IN ('Cases')`, `[sfdc_phone sfdc_livemessage]`, "the complement, in order of creation"},
		"Parent":         {`SELECT Username FROM User WHERE Profile.Name = 'Standard User' AND IsActive = true`, `[no.cxone@acme.example]`, "a path may stand in a condition"},
		"Null":           {`SELECT Name FROM PermissionSet WHERE NamespacePrefix = null AND IsOwnedByProfile = false`, `[Presence_Access]`, "null is a value to ask for"},
		"SemiJoin":       {`SELECT Name FROM Profile WHERE Id IN (SELECT ProfileId FROM User WHERE LastName = 'Lopez')`, `[Support Agent]`, "a query may stand in the list"},
		"LimitOffset":    {`SELECT Name FROM Profile ORDER BY Name ASC NULLS LAST LIMIT 2 OFFSET 1`, `[Sales Agent Standard User]`, "cut after sorting"},
		"Dates":          {`SELECT Name FROM Organization WHERE CreatedDate = TODAY AND CreatedDate >= 2026-09-01T12:00:00Z AND CreatedDate < 2026-09-02T00:00:00+00:00`, `[Acme]`, "a day holds all its moments"},
		"Numbers":        {`SELECT NamespacePrefix FROM PackageLicense WHERE AllowedLicenses > 59 AND AllowedLicenses <= 60.0`, `[icAgentConsole]`, "whole and broken numbers are one kind"},
		"Case":           {`select name from profile where name='Sales Agent'`, `[Sales Agent]`, "keywords and names have no case"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d.t = t
			got := []string{}
			for _, r := range d.query(tc.soql) {
				delete(r, "attributes")
				for _, v := range r {
					got = append(got, fmt.Sprint(v))
				}
			}
			if diff := cmp.Diff(tc.want, "["+strings.Join(got, " ")+"]"); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSOQLRefusals(t *testing.T) {
	d := newDesk(t, nil)
	tests := map[string]struct{ soql, want, reason string }{
		"UnknownField":        {`SELECT Foo FROM User`, "400 INVALID_FIELD", "a column that is not there"},
		"UnknownParent":       {`SELECT Boss.Name FROM User`, "400 INVALID_FIELD", "a relationship that is not there"},
		"UnknownObject":       {`SELECT Id FROM ScratchOrgInfo limit 1`, "400 INVALID_TYPE", "the CLI asks and goes on"},
		"UnknownChild":        {`SELECT (SELECT Id FROM Foos) FROM User`, "400 INVALID_TYPE", "a child relationship that is not there"},
		"ToolingOnly":         {`SELECT Id FROM PlatformEventChannelMember`, "400 INVALID_TYPE", "the Tooling API has it, this one has not"},
		"Internal":            {`SELECT Secret FROM OAuthConsumer`, "400 INVALID_TYPE", "bookkeeping is nobody's business"},
		"Empty":               {``, "400 MALFORMED_QUERY", "nothing asked"},
		"NoFrom":              {`SELECT Id`, "400 MALFORMED_QUERY", "it ends too early"},
		"MixedAndOr":          {`SELECT Id FROM User WHERE IsActive = true AND Name = 'a' OR Name = 'b'`, "400 MALFORMED_QUERY", "both need parentheses"},
		"Unterminated":        {`SELECT Id FROM User WHERE Name = 'a`, "400 MALFORMED_QUERY", "the quote never ends"},
		"BadEscape":           {`SELECT Id FROM User WHERE Name = 'a\x'`, "400 MALFORMED_QUERY", "no such escape"},
		"Trailing":            {`SELECT Id FROM User foo bar`, "400 MALFORMED_QUERY", "words left over"},
		"Depth":               {`SELECT Id FROM User WHERE ` + strings.Repeat("(", 500) + "Id = null" + strings.Repeat(")", 500), "400 MALFORMED_QUERY", "nesting is bounded"},
		"QuotedBoolean":       {`SELECT Id FROM User WHERE IsActive = 'true'`, "400 INVALID_FIELD", "a boolean is not quoted"},
		"UnquotedText":        {`SELECT Id FROM User WHERE Name = 3`, "400 INVALID_FIELD", "a text is quoted"},
		"NotAnId":             {`SELECT Id FROM User WHERE ProfileId = 'Admin'`, "400 INVALID_QUERY_FILTER_OPERATOR", "Ids have a shape"},
		"LikeOnBoolean":       {`SELECT Id FROM User WHERE ProfileId LIKE '00e%'`, "400 INVALID_QUERY_FILTER_OPERATOR", "LIKE is for texts"},
		"FarOffset":           {`SELECT Id FROM User OFFSET 2001`, "400 NUMBER_OUTSIDE_VALID_RANGE", "OFFSET has a bound"},
		"PresenceStatusField": {`SELECT StatusType FROM ServicePresenceStatus`, "400 INVALID_FIELD", "online or busy is not a field"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d.t = t
			if diff := cmp.Diff(tc.want, code(d.do(http.MethodGet, v67+"/query?q="+url.QueryEscape(tc.soql), nil))); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The drift query of the contract: who may use which status, in one call.
func TestAccessQuery(t *testing.T) {
	d := newDesk(t, nil)
	got := map[string]string{}
	for _, r := range d.query(`SELECT Id, DeveloperName, (SELECT ParentId, Parent.Name, Parent.IsOwnedByProfile, Parent.ProfileId, Parent.Profile.Name FROM SetupEntityAccessItems) FROM ServicePresenceStatus`) {
		items, _ := r["SetupEntityAccessItems"].(map[string]any)
		for _, item := range items["records"].([]any) {
			parent := item.(map[string]any)["Parent"].(map[string]any)
			got[r["DeveloperName"].(string)] += parent["Profile"].(map[string]any)["Name"].(string) + ";"
		}
	}
	want := map[string]string{"Available_Cases": "Support Agent;Sales Agent;", "Away": "Support Agent;"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
}
