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
	}{
		{"nobody takes calls before logging in", `{"cxone_contact":{"do":"begin"}}`, 400},
		{"logging in", `{"cxone_state":"Available"}`, 200},
		{"a call", `{"cxone_contact":{"do":"begin","state":"OutboundContact","after_call_work":true,"code":"Wrap Up","limit":"30s"}}`, 200},
		{"no refusing what is under way", `{"cxone_contact":{"do":"refuse"}}`, 400},
		{"its end", `{"cxone_contact":{"do":"end"}}`, 200},
		{"there is none any more", `{"cxone_contact":{"do":"end"}}`, 400},
		{"done with after-call work", `{"cxone_contact":{"do":"done"}}`, 200},
		{"refusing, which takes being available again", `{"cxone_contact":{"do":"refuse"}}`, 200},
		{"no such thing to do", `{"cxone_contact":{"do":"transfer"}}`, 400},
		{"no duration", `{"cxone_contact":{"do":"begin","limit":"long"}}`, 400},
		{"no such member", `{"cxone_contact":{"did":"begin"}}`, 400},
	}
	for _, s := range steps {
		w := httptest.NewRecorder()
		e.CXone().ServeHTTP(w, httptest.NewRequest(http.MethodPost, at, strings.NewReader(s.body)))
		if w.Code != s.status {
			t.Errorf("%s: %d, want %d: %s", s.why, w.Code, s.status, w.Body)
		}
	}
}
