package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// A refusal has the shape that the vendor gives to such a path.
func TestRefusalShapes(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	tests := map[string]struct {
		method, address string
		kind            emulator.Kind
		status          int
		body            string
		headers         map[string]string
	}{
		"REST":    {"GET", c.base + "/services/data/v67.0/limits", emulator.Unavailable, 503, `[{"errorCode":"SERVER_UNAVAILABLE","message":"Server is too busy"}]`, nil},
		"OAuth":   {"POST", c.base + "/services/oauth2/token", emulator.ServerError, 500, `{"error":"unknown_error","error_description":"retry your request"}`, nil},
		"SOAP429": {"POST", c.base + "/services/Soap/m/67.0", emulator.Throttled, 429, "Too many requests", map[string]string{"Retry-After": "1"}},
		"ACD":     {"GET", "https://api-c42.nice-incontact.com/inContactAPI/services/v33.0/teams", emulator.Throttled, 429, "", map[string]string{"Retry-After": "1", "icStatusDescription": "Too many requests"}},
		"UserHub": {"GET", "https://api-na1.niceincontact.com/user-management/v1/users", emulator.Unauthorized, 401, `{"error":"invalid_session_id","error_description":"Session expired or invalid"}`, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if err := c.emulator.Fault(emulator.Fault{Kind: tc.kind}); err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(t.Context(), tc.method, tc.address, strings.NewReader(""))
			if err != nil {
				t.Fatal(err)
			}
			response, err := c.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			var b strings.Builder
			if err := response.Write(&b); err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != tc.status || !strings.HasSuffix(b.String(), "\r\n\r\n"+tc.body) {
				t.Errorf("got %s, want %d %s", b.String(), tc.status, tc.body)
			}
			for header, want := range tc.headers {
				if diff := cmp.Diff(want, response.Header.Get(header)); diff != "" {
					t.Errorf("%s: -want +got:\n%s", header, diff)
				}
			}
		})
	}
}

func TestClearFaults(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	if err := c.emulator.Fault(emulator.Fault{Kind: emulator.ServerError, Times: -1}); err != nil {
		t.Fatal(err)
	}
	var got []int
	for i := range 3 {
		if i == 2 {
			c.emulator.ClearFaults()
		}
		status, _, err := c.channels()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{500, 500, 200}, got); diff != "" {
		t.Error("for ever, until cleared: -want +got:\n" + diff)
	}
}

// A SOAP read can be stale, too: it is told from a write by its operation.
func TestStaleSOAP(t *testing.T) {
	c := newCaller(t, emulator.Options{})
	call := func(operation string) string {
		t.Helper()
		_, body, err := c.send(http.MethodPost, c.base+"/services/Soap/m/67.0",
			`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header><SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>`+
				c.token+`</sessionId></SessionHeader></e:Header><e:Body xmlns="http://soap.sforce.com/2006/04/metadata">`+operation+`</e:Body></e:Envelope>`, "text/xml")
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	const read = `<readMetadata><type>ServicePresenceStatus</type><fullNames>Away</fullNames></readMetadata>`
	if err := c.emulator.Fault(emulator.Fault{Kind: emulator.Stale, Contains: "readMetadata", After: 1}); err != nil {
		t.Fatal(err)
	}
	got := []bool{strings.Contains(call(read), "<label>Out</label>")}
	call(`<updateMetadata><metadata xsi:type="ServicePresenceStatus"><fullName>Away</fullName><label>Out</label></metadata></updateMetadata>`)
	for range 2 {
		got = append(got, strings.Contains(call(read), "<label>Out</label>"))
	}
	if diff := cmp.Diff([]bool{false, false, true}, got); diff != "" {
		t.Error("the label is seen late: -want +got:\n" + diff)
	}
}
