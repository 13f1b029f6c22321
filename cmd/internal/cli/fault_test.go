package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/examples"
	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

const bothProviders = "provider \"salesforce\" {}\nprovider \"cxone\" {}\n"

// oneOfEach is a little of both vendors.
const oneOfEach = bothProviders + `
presence_status "Lunch" {
	option = "busy"
}
profile_access "Support Agent" {
	statuses = [presence_status.Lunch]
}
unavailable_code "Lunch" {
	teams = ["Support"]
}
`

// hands is what is put wrong before a plan.
type hands struct {
	seed  func(*tenant.Tenant)
	env   string // NAME=value, over the world's own
	fault *emulator.Fault
	text  string // of the configuration; oneOfEach when empty
}

func always(vendor string, kind emulator.Kind) *emulator.Fault {
	return &emulator.Fault{Vendor: vendor, Kind: kind, Times: -1}
}

// onReads leaves signing in alone.
func onReads(vendor string, kind emulator.Kind) *emulator.Fault {
	paths := map[string]string{emulator.Salesforce: "/services/data/*", emulator.CXone: "/incontactapi/*"}
	return &emulator.Fault{Vendor: vendor, Path: paths[vendor], Kind: kind, Times: -1}
}

// refused lists what is wrong at a vendor, and what a plan says about it: the
// cause in the vendor's words or ours, and a way out.
var refused = map[string]struct {
	hands
	says []string
}{
	"wrong client secret":   {hands{env: "SALESFORCE_CLIENT_SECRET=not-the-one"}, []string{"invalid_client", "check client_id and client_secret"}},
	"wrong client ID":       {hands{env: "SALESFORCE_CLIENT_ID=not-the-one"}, []string{"invalid_client", "check client_id"}},
	"no client secret":      {hands{env: "SALESFORCE_CLIENT_SECRET="}, []string{"SALESFORCE_CLIENT_SECRET", "no way of signing in"}},
	"another access key":    {hands{env: "CXONE_ACCESS_KEY_SECRET=not-the-one"}, []string{"401", "access_key_secret"}},
	"a tenant that is none": {hands{env: "CXONE_TENANT_ID=11eb0000-0000-0000-0000-000000000000"}, []string{"tenant_id"}},
	"a host that is none":   {hands{env: "SALESFORCE_INSTANCE_URL=https://acem.my.salesforce.com"}, []string{"no such host", "check the address"}},

	"a session not for REST":      {hands{fault: onReads(emulator.Salesforce, emulator.NoREST)}, []string{"not valid for use with the REST API", "give the app the api scope"}},
	"an app that is not attached": {hands{fault: onReads(emulator.Salesforce, emulator.NoAgentApp)}, []string{"sign in through another app"}},
	"sessions that always end":    {hands{fault: onReads(emulator.Salesforce, emulator.Unauthorized)}, []string{"INVALID_SESSION_ID", "a new one did not help"}},
	"tokens that always end":      {hands{fault: onReads(emulator.CXone, emulator.Unauthorized)}, []string{"401"}},
	"no right in Salesforce":      {hands{fault: onReads(emulator.Salesforce, emulator.Forbidden)}, []string{"403", "INSUFFICIENT_ACCESS", "permission"}},
	"no right in CXone":           {hands{fault: onReads(emulator.CXone, emulator.Forbidden)}, []string{"403", "permission"}},
	"hidden developer names": {hands{seed: func(s *tenant.Tenant) { s.Salesforce.MissingPermissions = []string{"ViewSetup", "ViewDeveloperName"} }},
		[]string{"Developer names are hidden", "View Setup and Configuration"}},
	"Omni-Channel is off": {hands{seed: func(s *tenant.Tenant) {
		s.Salesforce.OmniDisabled = true
		s.Salesforce.Statuses, s.Salesforce.Channels = nil, nil
	}},
		[]string{"Omni-Channel is off", "select Enable Omni-Channel"}},
	"an org that is gone":    {hands{fault: always(emulator.Salesforce, emulator.Gone)}, []string{"420", "the org is gone"}},
	"the day's calls are up": {hands{fault: onReads(emulator.Salesforce, emulator.DailyLimit)}, []string{"REQUEST_LIMIT_EXCEEDED", "have the allocation raised"}},
	"too many at once":       {hands{fault: onReads(emulator.Salesforce, emulator.Concurrency)}, []string{"after 5 tries", "try again later"}},
	"CXone throttles":        {hands{fault: onReads(emulator.CXone, emulator.Throttled)}, []string{"429", "after 5 tries"}},
	"a page in Salesforce":   {hands{fault: onReads(emulator.Salesforce, emulator.HTML)}, []string{"answer is HTML", "?"}},
	"a page in CXone":        {hands{fault: onReads(emulator.CXone, emulator.HTML)}, []string{"answer is HTML", "?"}},
	"a page at sign-in":      {hands{fault: &emulator.Fault{Vendor: emulator.Salesforce, Path: "/services/oauth2/*", Kind: emulator.HTML, Times: -1}}, []string{"answer is HTML", "?"}},
	"a page at discovery":    {hands{fault: &emulator.Fault{Vendor: emulator.CXone, Path: "/.well-known/*", Kind: emulator.HTML, Times: -1}}, []string{"answer is HTML", "?"}},
	"half an answer":         {hands{fault: onReads(emulator.Salesforce, emulator.Truncated)}, []string{"broke off", "after 5 tries"}},
	"half of CXone's answer": {hands{fault: onReads(emulator.CXone, emulator.Truncated)}, []string{"broke off", "after 5 tries"}},
	"half of a JSON":         {hands{fault: &emulator.Fault{Vendor: emulator.CXone, Path: "/incontactapi/*", Kind: emulator.Status, Status: 200, Body: `{"unavailableList": [{"outStateId":`, Times: -1}}, []string{"GET /incontactapi/"}},
	"Salesforce hangs":       {hands{fault: onReads(emulator.Salesforce, emulator.Hang)}, []string{"did not answer within 1m0s", "check the network", "status.salesforce.com"}},
	"CXone hangs":            {hands{fault: onReads(emulator.CXone, emulator.Hang)}, []string{"did not answer within 1m0s", "check the network"}},
	"sign-in hangs":          {hands{fault: always(emulator.Salesforce, emulator.Hang)}, []string{"did not answer within 1m0s"}},
	"Salesforce is down":     {hands{fault: onReads(emulator.Salesforce, emulator.Unavailable)}, []string{"503", "after 5 tries"}},
	"connections drop":       {hands{fault: always(emulator.CXone, emulator.Drop)}, []string{"no answer", "after 5 tries"}},

	"unknown profile": {hands{text: bothProviders + "presence_status \"A\" {}\nprofile_access \"Suport Agent\" {\n\tstatuses = [presence_status.A]\n}\n"},
		[]string{"Profile that does not exist", `Did you mean "Support Agent"?`, "main.hcl line 4"}},
	"unknown permission set": {hands{text: bothProviders + "presence_status \"A\" {}\npermission_set_access \"Presence_Acess\" {\n\tstatuses = [presence_status.A]\n}\n"},
		[]string{"Permission set that does not exist", `Did you mean "Presence_Access"?`}},
	"unknown channel": {hands{text: bothProviders + "presence_status \"A\" {\n\tchannels = [\"sfdc_livemesage\"]\n}\n"},
		[]string{"Service channel that does not exist", `Did you mean "sfdc_livemessage"?`, "main.hcl line 4"}},
	"unknown status": {hands{text: bothProviders + "profile_access \"Support Agent\" {\n\tstatuses = [\"Awya\"]\n}\n"},
		[]string{`Did you mean "Away"?`}},
	"unknown team": {hands{text: bothProviders + "unavailable_code \"A\" {\n\tteams = [\"Suport\"]\n}\n"},
		[]string{"eam", `Did you mean "Support"?`, "main.hcl line 4"}},
	"unknown code": {hands{text: bothProviders + "presence_status \"A\" {}\npresence_rule \"R\" {\n\texecutor = \"lockstep\"\n\tteams = [\"Support\"]\n\tboth = [{ acd_state = code(\"Braek\"), salesforce_status = presence_status.A }]\n}\n"},
		[]string{`Did you mean "Break"?`, "main.hcl line 7"}},
	"inactive code": {hands{text: bothProviders + "presence_status \"A\" {}\npresence_rule \"R\" {\n\texecutor = \"lockstep\"\n\tteams = [\"Support\"]\n\tboth = [{ acd_state = code(\"Old Project\"), salesforce_status = presence_status.A }]\n}\n"},
		[]string{"Old Project", "active"}},
	"unknown user": {hands{text: bothProviders + "agent_access \"A\" {\n\tusers = [\"ana.lopes@acme.example\"]\n}\n"},
		[]string{`Did you mean "ana.lopez@acme.example"?`}},
	"unknown user of a rule": {hands{text: bothProviders + "presence_status \"A\" {}\npresence_rule \"R\" {\n\texecutor = \"lockstep\"\n\tusers = [\"ana.lopes@acme.example\"]\n\tboth = [{ acd_state = code(\"Break\"), salesforce_status = presence_status.A }]\n}\n"},
		[]string{`Did you mean "ana.lopez@acme.example"?`}},
	"unknown package": {hands{text: bothProviders + "agent_access \"A\" {\n\tusers = [\"ana.lopez@acme.example\"]\n\tpackage = \"CXone Agent for Salesfors\"\n}\n"},
		[]string{`Did you mean "CXone Agent for Salesforce"?`}},

	"no licence left": {hands{text: bothProviders + "agent_access \"A\" {\n\tusers = [\"erik.olsen@acme.example\", \"fatima.zahra@acme.example\"]\n}\n",
		seed: func(s *tenant.Tenant) { s.Salesforce.Packages[0].Allowed = usedLicences(s) + 1 }},
		[]string{"Not enough package licences", "2 of the listed users", "1 is left", "Ask your CXone representative"}},

	"another organization": {hands{text: strings.Replace(oneOfEach, `"salesforce" {}`, "\"salesforce\" {\n\torganization_id = \"00D5g00000ZZZZZ\"\n}", 1)},
		[]string{"00D5g00000ABCDE", `pins organization_id = "00D5g00000ZZZZZ"`, "change the pin"}},
	"a sandbox is wanted": {hands{text: strings.Replace(oneOfEach, `"salesforce" {}`, "\"salesforce\" {\n\tsandbox = true\n}", 1)},
		[]string{"a production org", "pins sandbox = true"}},
	"another organization in the mapping": {hands{text: bothProviders + aMapping + "email = \"a@acme.example\"\norganization_id = \"00D5g00000ZZZZZ\"\n}\n}\n"},
		[]string{"00D5g00000ZZZZZ", "00D5g00000ABCDE"}},
	"another platform in the mapping": {hands{text: bothProviders + aMapping + "email = \"a@acme.example\"\nplatform = \"sandbox\"\n}\n}\n"},
		[]string{"sandbox", "production"}},
	"the emulator's contract at NICE": {hands{text: strings.Replace(bothProviders, `"cxone" {}`, "\"cxone\" {\n\tadapters = \"api\"\n}", 1) + aMapping + "email = \"a@acme.example\"\n}\n}\n"},
		[]string{"adapters_api_is_private"}},
}

const anApp = `
connected_app "Connector" {
	contact_email = "a@acme.example"
	callback_url  = "https://acme.example/cb"
	scopes        = ["api"]
}
`

func usedLicences(s *tenant.Tenant) int {
	n := 0
	for _, agent := range s.Agents {
		if agent.PackageLicence {
			n++
		}
	}
	return n
}

// TestRefusedByVendors plans and applies where something is wrong at a vendor:
// both say what and what to do, and change nothing anywhere.
func TestRefusedByVendors(t *testing.T) {
	t.Parallel()
	for name, tc := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := wrongWorld(t, tc.hands)
				before := w.vendors()
				for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
					if status := w.run(command...); status != exitError {
						t.Errorf("%v: exit status %d, want %d:\n%s%s", command, status, exitError, w.out, w.err)
					}
					w.wantSaid(append([]string{"Error: "}, tc.says...)...)
					w.wantNoCanary("output of "+command[0], w.out.String()+w.err.String())
				}
				if diff := cmp.Diff(before, w.vendors()); diff != "" {
					t.Errorf("something was changed, -before +after:\n%s", diff)
				}
			})
		})
	}
}

func wrongWorld(t *testing.T, h hands) *world {
	t.Helper()
	seed := canaried()
	if h.seed != nil {
		h.seed(seed)
	}
	w := newWorld(t, seed, emulator.Options{})
	w.Environ = append(w.Environ, h.env)
	if h.text == "" {
		h.text = oneOfEach
	}
	w.write("main.hcl", h.text)
	if h.fault != nil {
		if err := w.emulator.Fault(*h.fault); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// held is what both vendors hold of what Lockstep may write.
type held struct {
	Salesforce map[string][]string
	Codes      []cxone.Code
	Mappings   []cxone.Mapping
	Rules      []cxone.Rule
}

func (w *world) vendors() held {
	h := held{Salesforce: map[string][]string{}, Codes: w.emulator.Tenant.Codes(), Mappings: w.emulator.Tenant.Mappings(), Rules: w.emulator.Tenant.Rules()}
	for _, object := range []string{
		"Profile", "PermissionSet", "PermissionSetAssignment", "UserPackageLicense", "ServicePresenceStatus", "ServiceChannelStatus",
		"SetupEntityAccess", "ConnectedApplication", "ExternalClientApplication", "StreamingChannel",
	} {
		for _, record := range w.emulator.Org.Records(object) {
			h.Salesforce[object] = append(h.Salesforce[object], fmt.Sprint(record["Id"], record["DeveloperName"], record["MasterLabel"], record["Name"], record["LastModifiedDate"]))
		}
	}
	return h
}

// TestAppOfBothTypes: an External Client App is made, then somebody makes a
// connected app of the same name; Lockstep touches neither.
func TestAppOfBothTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seed := canaried()
		seed.Salesforce.ConnectedAppCreation = true
		w := newWorld(t, seed, emulator.Options{})
		w.write("main.hcl", bothProviders+anApp)
		w.mustApply()
		w.soap(`<createMetadata xmlns="http://soap.sforce.com/2006/04/metadata"><metadata xsi:type="ConnectedApp" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
			`<fullName>Connector</fullName><contactEmail>a@acme.example</contactEmail><label>Connector</label></metadata></createMetadata>`)
		before := w.vendors()
		for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
			if status := w.run(command...); status != exitError {
				t.Errorf("%v: exit status %d:\n%s%s", command, status, w.out, w.err)
			}
			w.wantSaid("App of both types", "main.hcl line 4", "Delete or rename one of them")
		}
		if diff := cmp.Diff(before, w.vendors()); diff != "" {
			t.Errorf("something was changed, -before +after:\n%s", diff)
		}
	})
}

// soap makes a call that Lockstep itself does not make, as another tool would.
func (w *world) soap(body string) {
	w.t.Helper()
	client := w.emulator.Client()
	answer, err := client.PostForm(w.emulator.SalesforceURL()+"/services/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {tenant.AcmeClientID}, "client_secret": {canaryClient},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		w.t.Fatal(err)
	}
	envelope := `<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Header>` +
		`<SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>` + token.AccessToken + `</sessionId></SessionHeader></env:Header><env:Body>` + body + `</env:Body></env:Envelope>`
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.emulator.SalesforceURL()+"/services/Soap/m/67.0", strings.NewReader(envelope))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/xml")
	request.Header.Set("SOAPAction", `""`)
	if answer, err = client.Do(request); err != nil {
		w.t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "<success>true</success>") {
		w.t.Fatalf("SOAP: %v %s\n%s", err, answer.Status, text)
	}
}

// TestSecretThatCannotBeRead: the org does not show an app's secret. Where that
// can be seen beforehand nothing is begun; else the app is made, the mapping that
// needs the secret is not, and why is said.
func TestSecretThatCannotBeRead(t *testing.T) {
	tests := map[string]struct {
		seed func(*tenant.Tenant)
		says []string
	}{
		"no permission": {func(s *tenant.Tenant) { s.Salesforce.MissingPermissions = []string{"ViewClientSecret"} },
			[]string{"connected_app.Salesforce_Connector: done", "account_mapping.production: not done", "presence_rule.Support: not done, because of account_mapping.production"}},
		"no API": {func(s *tenant.Tenant) { s.Salesforce.NoClientSecretAPI = true },
			[]string{"Consumer secrets cannot be read", "allow access to consumer secrets through the REST API", "View Client Secret"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seed := canaried()
				tc.seed(seed)
				w := newWorld(t, seed, emulator.Options{})
				w.guide()
				if status := w.run("apply", "-auto-approve"); status != exitError {
					t.Errorf("exit status %d:\n%s%s", status, w.out, w.err)
				}
				w.wantSaid(tc.says...)
				w.wantNoCanaries("apply")
				if made := len(w.emulator.Tenant.Mappings()); made > 0 {
					t.Errorf("%d mappings were made", made)
				}
			})
		})
	}
}

// TestExpiredMidway ends the session at each of the first calls of an apply:
// nobody notices.
func TestExpiredMidway(t *testing.T) {
	t.Parallel()
	for _, vendor := range []string{emulator.Salesforce, emulator.CXone} {
		for after := range 9 {
			synctest.Test(t, func(t *testing.T) {
				fault := onReads(vendor, emulator.Unauthorized)
				fault.After, fault.Times = after+1, 1 // the first is right behind signing in
				w := wrongWorld(t, hands{fault: fault})
				if status := w.run("apply", "-auto-approve"); status != exitOK {
					t.Errorf("%s after %d calls: exit status %d:\n%s%s", vendor, after, status, w.out, w.err)
				}
				w.settled()
			})
		}
	}
}

// settled wants a plan with nothing to do, and no fault in the way.
func (w *world) settled() {
	w.t.Helper()
	w.emulator.ClearFaults()
	if status := w.run("plan", "-detailed-exitcode"); status != exitOK {
		w.t.Errorf("not settled: exit status %d:\n%s%s", status, w.out, w.err)
	}
	w.wantSaid("Settled.")
}

// TestForgottenWrites: the vendor takes a write and loses it at once. The step
// is not called done, and once the vendor keeps what it is given apply settles.
func TestForgottenWrites(t *testing.T) {
	tests := map[string]struct {
		text   string
		forget func(*emulator.Emulator)
		says   string
	}{
		"Salesforce loses a status": {
			bothProviders + "presence_status \"Lunch\" {}\n",
			func(e *emulator.Emulator) { _ = e.Org.Delete("ServicePresenceStatus", "DeveloperName", "Lunch") }, // not there yet
			"presence_status.Lunch: unknown",
		},
		"Salesforce loses an access": {
			bothProviders + "profile_access \"Sales Agent\" {\n\tstatuses = [\"Away\"]\n}\n",
			func(e *emulator.Emulator) { _ = e.Org.SetAccess("Sales Agent", "Away", false) },
			"profile_access.Sales Agent: unknown",
		},
		"CXone loses a time-out": {
			bothProviders + "unavailable_code \"Break\" {\n\ttimeout = \"90m\"\n}\n",
			func(e *emulator.Emulator) { _ = e.Tenant.EditCode("Break", func(c *cxone.Code) { c.Timeout = 30 }) },
			"unavailable_code.Break: unknown",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var forget func()
				w := newWorld(t, canaried(), emulator.Options{OnAnswer: func(string, string, string, int) {
					if forget != nil {
						forget()
					}
				}})
				w.write("main.hcl", tc.text)
				forget = func() { tc.forget(w.emulator) }
				if status := w.run("apply", "-auto-approve"); status != exitError {
					t.Errorf("exit status %d, want %d:\n%s%s", status, exitError, w.out, w.err)
				}
				w.wantSaid(tc.says, "the vendor does not show it after 30s", "Not all was applied.", "Plan again: it shows what is left.")
				forget = nil
				if status := w.run("apply", "-auto-approve"); status != exitOK {
					t.Errorf("applying again: exit status %d:\n%s%s", status, w.out, w.err)
				}
				w.settled()
			})
		})
	}
}

// TestProfileTypo: a Profile deploy creates the profile that it names, so a typo
// must be found before anything is sent (VERIFIED behaviour of the vendor).
func TestProfileTypo(t *testing.T) {
	for _, typo := range []string{"Suport Agent", "Support Agnet", "admin ", "Custom%3A Support Profil", "Custom: Support Profil"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, canaried(), emulator.Options{})
			w.write("main.hcl", bothProviders+"presence_status \"Lunch\" {}\nprofile_access \"p\" {\n\tprofile = \""+typo+"\"\n\tstatuses = [presence_status.Lunch]\n}\n")
			before := w.vendors()
			if status := w.run("apply", "-auto-approve"); status != exitError {
				t.Errorf("%s: exit status %d:\n%s%s", typo, status, w.out, w.err)
			}
			w.wantSaid("Profile that does not exist", "Deploying it would create one, so nothing is.")
			if diff := cmp.Diff(before, w.vendors()); diff != "" {
				t.Errorf("%s: something was changed, -before +after:\n%s", typo, diff)
			}
		})
	}
}

// TestAtomicDeploy: one component of a wave is refused by the org, for a reason
// that no plan can know: its channel goes between the plan and the deploy. All
// of the wave is rolled back and says because of whom; what depends on it is not
// begun; the other vendor's part stays.
func TestAtomicDeploy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var atDeploy func()
		w := newWorld(t, canaried(), emulator.Options{OnCall: func(_, _, path string, _ int) {
			if strings.Contains(path, "deployRequest") && atDeploy != nil {
				atDeploy()
			}
		}})
		text := oneOfEach + "presence_status \"Meal\" {}\npresence_status \"Chats\" {\n\tchannels = [%q]\n}\n"
		w.write("main.hcl", fmt.Sprintf(text, "sfdc_livemessage"))
		before := w.vendors()
		atDeploy = func() {
			if err := w.emulator.Org.Delete("ServiceChannel", "DeveloperName", "sfdc_livemessage"); err != nil {
				t.Error(err)
			}
			atDeploy = nil
		}
		if status := w.run("apply", "-auto-approve"); status != exitError {
			t.Errorf("exit status %d, want %d:\n%s%s", status, exitError, w.out, w.err)
		}
		w.wantSaid(
			"presence_status.Chats: not done: ", "Value 'sfdc_livemessage' is not valid",
			"presence_status.Lunch: not done, rolled back because of presence_status.Chats",
			"presence_status.Meal: not done, rolled back because of presence_status.Chats",
			"profile_access.Support Agent: not done, because of presence_status.Lunch",
			"Not all was applied. 1 done, 4 not done", "Plan again: it shows what is left.",
		)
		if diff := cmp.Diff(before.Salesforce, w.vendors().Salesforce); diff != "" {
			t.Errorf("the org was changed, -before +after:\n%s", diff)
		}
		w.write("main.hcl", fmt.Sprintf(text, "sfdc_phone"))
		if status := w.run("apply", "-auto-approve"); status != exitOK {
			t.Errorf("after mending the file: exit status %d:\n%s%s", status, w.out, w.err)
		}
		w.settled()
	})
}

// TestInterrupt interrupts an apply while its first call to a vendor that
// writes is in flight: the call ends, nothing more is begun, and that is said.
func TestInterrupt(t *testing.T) {
	for _, again := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			signals := make(chan os.Signal, 2)
			interrupt := sync.OnceFunc(func() {
				signals <- os.Interrupt
				synctest.Wait()
				if again {
					signals <- os.Interrupt
					synctest.Wait()
				}
			})
			w := newWorld(t, canaried(), emulator.Options{OnCall: func(vendor, method, path string, _ int) {
				if vendor == emulator.Salesforce && method == http.MethodPost && strings.Contains(path, "deployRequest") {
					interrupt()
				}
			}})
			w.Signals = signals
			w.write("main.hcl", oneOfEach)
			if status := w.run("apply", "-auto-approve"); status != exitError {
				t.Errorf("exit status %d, want %d:\n%s%s", status, exitError, w.out, w.err)
			}
			w.wantSaid("Interrupted: calls in flight finish, no further step is begun", "profile_access.Support Agent: not done", "Not all was applied.")
			if made := len(w.vendors().Salesforce["ServicePresenceStatus"]) == 3; made == again {
				t.Errorf("interrupted again: %t; the status was made: %t", again, made)
			}
			if !again {
				w.wantSaid("presence_status.Lunch: done", "interrupted before it was begun")
			}
			if status := w.run("apply", "-auto-approve"); status != exitOK {
				t.Errorf("applying again: exit status %d:\n%s%s", status, w.out, w.err)
			}
			w.settled()
		})
	}
}

// guide puts the guide's own files into the world.
func (w *world) guide() {
	w.t.Helper()
	files, err := fs.Glob(examples.Guide, "guide/*.hcl")
	if err != nil || len(files) == 0 {
		w.t.Fatalf("no guide: %v", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(examples.Guide, file)
		if err != nil {
			w.t.Fatal(err)
		}
		w.write(strings.TrimPrefix(file, "guide/"), strings.Replace(string(text), "adapters = var.adapters", "adapters = var.adapters\n  adapters_api_is_private = true", 1))
	}
	w.Environ = append(slices.Clone(w.Environ), "LOCKSTEP_VAR_adapters=api")
}
