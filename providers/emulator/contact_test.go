package emulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// A script makes an agent take a call and refuse the next; what cannot be is
// refused with a reason.
func TestContactsByScript(t *testing.T) {
	const at = "/_emulator/agents/ana.lopez@acme.example"
	e := New(tenant.Acme(), Options{})
	steps := []struct {
		why, body string
		status    int
		want      string // a part of the answer
	}{
		{"nobody takes calls before logging in", `{"cxone_contact":{"do":"begin"}}`, 400, "not logged in"},
		{"logging in", `{"cxone_state":"Available"}`, 200, `"cxone_state":"Available"`},
		{"a call", `{"cxone_contact":{"do":"begin","state":"OutboundContact","after_call_work":true,"code":"Wrap Up","limit":"30s"}}`, 200, `"cxone_state":"OutboundContact"`},
		{"no refusing what is under way", `{"cxone_contact":{"do":"refuse"}}`, 400, "gets none"},
		{"its end", `{"cxone_contact":{"do":"end"}}`, 200, `"cxone_acw":true,"cxone_reason":"Wrap Up"`},
		{"there is none any more", `{"cxone_contact":{"do":"end"}}`, 400, "has none"},
		{"done with after-call work", `{"cxone_contact":{"do":"done"}}`, 200, `"cxone_state":"Available"`},
		{"refusing, which takes being available again", `{"cxone_contact":{"do":"refuse"}}`, 200, `"cxone_reason":"Refused"`},
		{"no such thing to do", `{"cxone_contact":{"do":"transfer"}}`, 400, "want begin, end, refuse or done"},
		{"no duration", `{"cxone_contact":{"do":"begin","limit":"long"}}`, 400, "limit: "},
		{"no such member", `{"cxone_contact":{"did":"begin"}}`, 400, "unknown field"},
	}
	for _, s := range steps {
		w := httptest.NewRecorder()
		e.CXone().ServeHTTP(w, httptest.NewRequest(http.MethodPost, at, strings.NewReader(s.body)))
		if w.Code != s.status || !strings.Contains(w.Body.String(), s.want) {
			t.Errorf("%s: %d %s, want %d %s", s.why, w.Code, w.Body, s.status, s.want)
		}
	}
}
