package salesforce

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// answerSOAP wraps a body as the vendor does, with prefixes of its own.
func answerSOAP(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
		`xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>` +
		body + `</soapenv:Body></soapenv:Envelope>`
}

func soapFaultText(code, message string) string {
	return answerSOAP(`<soapenv:Fault><faultcode>sf:` + code + `</faultcode><faultstring>` + code + `: ` + message + `</faultstring></soapenv:Fault>`)
}

func TestReadMetadataKeepsWhatItDoesNotKnow(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{soap67: says(200, answerSOAP(`<readMetadataResponse><result>
	<records xsi:type="PermissionSet"><fullName>Presence_Access</fullName><description xsi:nil="true"/>
	  <label>Presence &amp; more</label>
	  <servicePresenceStatusAccesses><enabled>true</enabled><servicePresenceStatus>On_Break</servicePresenceStatus></servicePresenceStatusAccesses>
	  <newThing flag="x"><deep> kept  as it is </deep></newThing></records>
	<records xsi:nil="true"/>
	<records xsi:type="PermissionSet"/></result></readMetadataResponse>`))})
	got, err := d.connect().ReadMetadata(t.Context(), "PermissionSet", []string{"Missing", "Presence_Access", "Gone"})
	if err != nil || len(got) != 1 || got[0].FullName != "Presence_Access" || got[0].Type != "PermissionSet" {
		t.Fatalf("%+v %v", got, err)
	}
	body := got[0].Body
	body.Add(Element("servicePresenceStatusAccesses", Leaf("enabled", "false"), Leaf("servicePresenceStatus", "Lunch")))
	body.Set("hasActivationRequired", "false")
	body.Set("label", "x < y")
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
    <hasActivationRequired>false</hasActivationRequired>
    <label>x &lt; y</label>
    <servicePresenceStatusAccesses>
        <enabled>true</enabled>
        <servicePresenceStatus>On_Break</servicePresenceStatus>
    </servicePresenceStatusAccesses>
    <servicePresenceStatusAccesses>
        <enabled>false</enabled>
        <servicePresenceStatus>Lunch</servicePresenceStatus>
    </servicePresenceStatusAccesses>
    <newThing flag="x">
        <deep> kept  as it is </deep>
    </newThing>
</PermissionSet>
`
	if diff := cmp.Diff(want, string(body.document("PermissionSet"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMetadataCallsAreBatched(t *testing.T) {
	var bodies []string
	d := newDesk(map[string]http.HandlerFunc{soap67: func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if got := r.Header["Soapaction"]; len(got) != 1 || got[0] != `""` {
			t.Errorf("SOAPAction %q", got)
		}
		if r.Header.Get("Authorization") != "" {
			t.Error("a Bearer header does not sign in here")
		}
		operation := "readMetadata"
		if strings.Contains(string(body), "listMetadata") {
			operation = "listMetadata"
		}
		_, _ = io.WriteString(w, answerSOAP("<"+operation+"Response><result><fullName>A%26B</fullName><type>Profile</type></result></"+operation+"Response>"))
	}})
	c := d.connect()
	names := make([]string, 25)
	for i := range names {
		names[i] = fmt.Sprintf("a<%d", i)
	}
	if _, err := c.ReadMetadata(t.Context(), "Profile", names); err != nil {
		t.Fatal(err)
	}
	listed, err := c.ListMetadata(t.Context(), "A", "B", "C", "D")
	if err != nil || len(listed) != 2 || listed[0].FullName != "A%26B" || listed[0].Type != "Profile" {
		t.Errorf("%+v %v", listed, err)
	}
	if len(bodies) != 5 || strings.Count(bodies[0], "<fullNames>") != 10 || strings.Count(bodies[2], "<fullNames>") != 5 || strings.Count(bodies[3], "<queries>") != 3 {
		t.Errorf("%d calls", len(bodies))
	}
	// Lightning apps come by the two hundred: all of an org's utility bars are
	// looked up.
	if _, err := c.ReadMetadata(t.Context(), "CustomApplication", names); err != nil || len(bodies) != 6 || strings.Count(bodies[5], "<fullNames>") != 25 {
		t.Errorf("apps: %v, %d calls", err, len(bodies))
	}
	if !strings.Contains(bodies[0], "<sessionId>"+deskOrg+"!token1</sessionId>") || !strings.Contains(bodies[0], "<fullNames>a&lt;0</fullNames>") {
		t.Errorf("request %s", bodies[0])
	}
}

func TestSOAPFaults(t *testing.T) {
	good := answerSOAP(`<readMetadataResponse><result/></readMetadataResponse>`)
	tests := map[string]struct {
		reason  string
		handler http.HandlerFunc
		tries   int
		want    string
	}{
		"session":      {"an ended session is a fault with 500, not 401", inTurns(says(500, soapFaultText("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")), says(200, good)), 2, ""},
		"for ever":     {"one new session is enough", says(500, soapFaultText("INVALID_SESSION_ID", "x")), 2, "500 INVALID_SESSION_ID: x"},
		"type":         {"a decision in spite of 500", says(500, soapFaultText("INVALID_TYPE", "This type of metadata is not available for this organization")), 1, "500 INVALID_TYPE: This type"},
		"concurrency":  {"passes", inTurns(says(500, soapFaultText("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")), says(200, good)), 2, ""},
		"allocation":   {"does not pass", says(500, soapFaultText("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), 1, "last 24 hours"},
		"unknown":      {"the server may have stumbled", inTurns(says(500, soapFaultText("UNKNOWN_EXCEPTION", "x")), says(200, good)), 2, ""},
		"cut short":    {"a truncated answer", says(200, good[:len(good)-40]), 1, "breaks off"},
		"not XML":      {"no quote of what came", says(200, "canary<"), 1, "answer"},
		"html":         {"a page for browsers", says(200, "<html><body/></html>"), 1, "holds no readMetadataResponse"},
		"other answer": {"an answer to another question", says(200, answerSOAP("<listMetadataResponse/>")), 1, "holds no readMetadataResponse"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{soap67: tt.handler})
			_, err := d.connect().ReadMetadata(t.Context(), "Profile", []string{"Admin"})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", tt.reason, err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") || rest.IsUnclear(err) {
				t.Errorf("%s: %v", tt.reason, err)
			}
			if tries := d.count(soap67); tries != tt.tries {
				t.Errorf("%s: %d tries", tt.reason, tries)
			}
		})
	}
}

func TestJWTTokensAreNotSentToSOAP(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{"/services/oauth2/token": says(200, `{"access_token":"eyJhbGciOi.eyJzdWIiOi.c2ln"}`)})
	_, err := d.connect().ReadMetadata(t.Context(), "Profile", []string{"Admin"})
	if err == nil || !strings.Contains(err.Error(), "switch off issuing JWT-based access tokens") || d.count(soap67) != 0 {
		t.Errorf("%v after %v", err, d.log)
	}
}

func TestSOAPReadsAreCountedAsTheyAre(t *testing.T) {
	d := newDesk(map[string]http.HandlerFunc{soap67: says(200, answerSOAP(`<readMetadataResponse><result/></readMetadataResponse>`))})
	c := d.connect()
	if _, err := c.ReadMetadata(schema.For(t.Context(), schema.ReadBack), "Profile", []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(schema.Calls{ReadBack: 1, SignIn: 2}, c.Calls()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNode(t *testing.T) {
	n := Element("x", Leaf("b", "1"), Leaf("d", "2"), Leaf("b", "3"))
	n.Add(Leaf("b", "4"), Leaf("c", "5"), Leaf("z", "6"))
	n.Remove("b", func(b *Node) bool { return b.Value == "1" })
	n.Set("d", "7")
	clone := n.Clone()
	n.Remove("z", nil)
	var got []string
	for _, child := range clone.Nodes {
		got = append(got, child.Name+child.Value)
	}
	if diff := cmp.Diff([]string{"c5", "d7", "b3", "b4", "z6"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var none *Node
	if none.Child("a") != nil || none.Children("a") != nil || none.Text("a") != "" || none.Clone() != nil || len(n.Children("b")) != 2 {
		t.Error("nil nodes have nothing")
	}
}

func TestDeepXMLIsRefused(t *testing.T) {
	if _, err := parseNode([]byte(strings.Repeat("<a>", 1_000_000))); err == nil || !strings.Contains(err.Error(), "nests") {
		t.Errorf("%v", err)
	}
}

func FuzzSOAPAnswer(f *testing.F) {
	f.Add([]byte(answerSOAP(`<readMetadataResponse><result><records xsi:type="Profile"><fullName>a</fullName><x y="1">&lt;</x></records></result></readMetadataResponse>`)))
	f.Add([]byte(soapFaultText("INVALID_SESSION_ID", "x")))
	f.Add([]byte(`<a xsi:nil="true"/>`))
	f.Add([]byte("<a>\xff</a>"))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		_ = readFault(500, http.Header{}, document)
		_, _ = openEnvelope(document, "readMetadata")
		node, err := parseNode(document)
		if err != nil {
			return
		}
		// What was read can be written and read again, and is then stable.
		first := node.document("root")
		again, err := parseNode(first)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, first)
		}
		if second := again.document("root"); string(second) != string(first) {
			t.Errorf("written twice:\n%s\n%s", first, second)
		}
	})
}

func FuzzErrorAnswer(f *testing.F) {
	f.Add([]byte(expired))
	f.Add([]byte(`{"error":"invalid_grant","error_description":"x"}`))
	f.Add([]byte(`[{"errorCode":1}]`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		_ = readFault(400, http.Header{}, body)
	})
}
