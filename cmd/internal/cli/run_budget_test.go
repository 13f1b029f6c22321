package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// calls is how many calls the org has answered that it counts: neither signing
// in nor the Pub/Sub API.
func (c *centreWorld) calls() int {
	n := 0
	for endpoint, count := range c.emulator.Stats()[emulator.Salesforce] {
		if !strings.Contains(endpoint, "/oauth2/") && !strings.Contains(endpoint, "/eventbus.") {
			n += count
		}
	}
	return n
}

func (s *shift) budget() mirror.Budget {
	s.centre.t.Helper()
	_, _, body := s.get("/api/v1/snapshot")
	var document struct{ Now mirror.Snapshot }
	s.centre.must(json.Unmarshal([]byte(body), &document))
	return document.Now.Budget
}

// TestRunCountsItsCalls: whatever the org answers, the budget has every call,
// those included that were to be made once more.
func TestRunCountsItsCalls(t *testing.T) {
	tests := map[string]emulator.Fault{
		"all is well":            {Vendor: emulator.CXone, Kind: emulator.Slow, Delay: time.Millisecond},
		"everything answers 400": {Vendor: emulator.Salesforce, Kind: emulator.Status, Status: http.StatusBadRequest, Body: `[{"errorCode":"INVALID_INPUT","message":"x"}]`},
		"everything answers 503": {Vendor: emulator.Salesforce, Kind: emulator.Unavailable},
		"the stream drops":       {Kind: emulator.StreamDrop},
	}
	for why, fault := range tests {
		t.Run(why, func(t *testing.T) {
			inBubble(t, centreText+rulesText, func(t *testing.T, c *centreWorld) {
				s := c.begins("-serve=127.0.0.1:0")
				fault.Times = -1
				c.must(c.emulator.Fault(fault))
				calls, counted := c.calls(), s.budget().Calls
				for range 5 {
					c.chooses(ana, "Lunch")
					c.shows(ben, "Meeting")
					pass(time.Minute)
					c.chooses(ana, "Meeting")
					c.shows(ben, "Ready")
					pass(time.Minute)
				}
				calls, counted = c.calls()-calls, s.budget().Calls-counted
				if calls == 0 || counted != calls {
					t.Errorf("%d calls were made, and %d counted: %v", calls, counted, c.emulator.Stats()[emulator.Salesforce])
				}
			})
		})
	}
}
