package cli

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// atOnce is within what both sides agree once a fault that shows has ended.
const atOnce = 10 * time.Second

// A trouble is something that goes wrong while people work.
type trouble struct {
	why    string
	fault  emulator.Fault
	within time.Duration // of the fault's end both sides agree
	lasts  time.Duration // 0 is 90 s
}

func troubles() []trouble {
	var list []trouble
	add := func(within time.Duration, f emulator.Fault) {
		list = append(list, trouble{why: strings.TrimSpace(f.Vendor + " " + string(f.Kind) + " " + f.Code), fault: f, within: within})
	}
	slow := map[emulator.Kind]time.Duration{
		emulator.Hang: time.Minute + atOnce, // calls on their way are given up first
	}
	for _, kind := range append(slices.Clone(faultKinds), emulator.NoREST, emulator.NoAgentApp) {
		add(cmp.Or(slow[kind], atOnce), emulator.Fault{Vendor: emulator.CXone, Kind: kind})
	}
	// An org without a call left is left alone for a minute.
	slow[emulator.DailyLimit], slow[emulator.Concurrency] = time.Minute, time.Minute
	for _, kind := range append(slices.Clone(faultKinds), emulator.NoREST, emulator.NoAgentApp) {
		add(cmp.Or(slow[kind], atOnce), emulator.Fault{Vendor: emulator.Salesforce, Kind: kind})
	}
	for _, kind := range []emulator.Kind{emulator.StreamDrop, emulator.StreamDuplicate, emulator.StreamReorder} {
		add(atOnce, emulator.Fault{Kind: kind})
	}
	// What is lost in silence the next sweep finds.
	for _, kind := range []emulator.Kind{emulator.StreamStall, emulator.StreamLoss} {
		add(mirror.PaceOf(40).Sweep+atOnce, emulator.Fault{Kind: kind})
	}
	for _, code := range []string{"GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW"} {
		add(atOnce, emulator.Fault{Kind: emulator.StreamGap, Code: code})
	}
	for _, code := range []string{
		"subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed", "subscription.limit.exceeded",
		"subscription.topic.cannot.subscribe", "subscription.internal.error", "service.auth.error", "service.auth.headers.invalid",
		"service.tenant.license", "service.unavailable", "service.protection.triggered", "topic.not.found", "schema.api.unavailable",
	} {
		add(atOnce, emulator.Fault{Kind: emulator.BusError, Code: code})
	}
	// Answers of a wrong shape, to every read and every write.
	for _, vendor := range []string{emulator.Salesforce, emulator.CXone} {
		for _, body := range misshapen {
			f := emulator.Fault{Vendor: vendor, Kind: emulator.Status, Status: http.StatusOK, Body: body}
			list = append(list, trouble{why: vendor + " answers " + body, fault: f, within: atOnce, lasts: 20 * time.Second})
		}
	}
	return list
}

// misshapen are answers that are none, and some that nearly are.
var misshapen = []string{
	`{"agentStates": [{"agentId": "x", "agentStateId": "one", "isACW": "no"}], "lastPollTime": 5}`,
	"", "null", "{}", "[]", `"text"`, "42", "true", `{"records": 7}`, `[[]]`, "\x00\x01\x02",
	`{"totalSize": 1, "done": true, "records": [{"UserId": 7, "Id": [], "StatusStartDate": {}}]}`,
	`{"totalSize": "many", "done": false, "nextRecordsUrl": "https://elsewhere.example/x", "records": []}`,
	`{"agentStates": {}, "agents": {}, "lastPollTime": "never"}`,
	`[{"success": "yes", "id": 4}]`,
}

// TestRunUnderFaults lets people work while a vendor misbehaves at every call
// that matches. Once it does not any more both sides agree, nobody was moved
// back and forth, and nothing that was written or shown holds a secret.
func TestRunUnderFaults(t *testing.T) {
	t.Parallel()
	for i, tc := range troubles() {
		if testing.Short() && i%4 != 0 {
			continue // a short run tries some of each kind
		}
		t.Run(tc.why, func(t *testing.T) {
			inBubble(t, centreText+rulesText, tc.endure)
		})
	}
}

func (tc trouble) endure(t *testing.T, c *centreWorld) {
	s := c.begins("-serve=127.0.0.1:0")
	c.watches(ana, ben, carla)
	tc.fault.Times = -1
	c.must(c.emulator.Fault(tc.fault))
	c.chooses(ana, "Lunch")
	c.shows(ben, "Meeting")
	pass(cmp.Or(tc.lasts, 90*time.Second))
	s.wantSilence("under the fault")
	c.emulator.ClearFaults()
	took := c.untilPairs(time.Hour, map[string]string{ana: "Lunch Lunch", ben: "Meeting Meeting"})
	if took > tc.within {

		t.Errorf("both sides agree %s after the fault:\n%s", took, s.story())
	}
	pass(time.Minute)
	c.wantTrace(ana, "no write is repeated or taken back", "Available Ready", "Lunch Ready", "Lunch Lunch")
	c.wantTrace(ben, "no write is repeated or taken back", "Available Ready", "Available Meeting", "Meeting Meeting")
	c.wantTrace(carla, "who did nothing is left alone", "Available Ready")
	s.wantSilence("after the fault")
}

// TestRunDoesNotTakeNothingForNobody lets a vendor answer nonsense for longer
// than any reading is apart from the next, those of people included: nobody is
// taken for gone, and what was chosen meanwhile is carried over.
func TestRunDoesNotTakeNothingForNobody(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes an hour of the vendors' time")
	}
	for _, vendor := range []string{emulator.Salesforce, emulator.CXone} {
		for _, body := range []string{"", "null"} {
			t.Run(vendor+" answers "+body, func(t *testing.T) {
				tc := trouble{
					fault: emulator.Fault{Vendor: vendor, Method: http.MethodGet, Kind: emulator.Status, Status: http.StatusOK, Body: body},
					lasts: mirror.PaceOf(40).People + time.Minute, within: time.Minute + atOnce,
				}
				inBubble(t, syncing(`poll_interval = "1m"`), tc.endure)
			})
		}
	}
}

// untilPairs waits until agents show these pairs, and says how long it took.
func (c *centreWorld) untilPairs(most time.Duration, pairs map[string]string) time.Duration {
	began := time.Now()
	for time.Since(began) < most {
		if c.shown(pairs) {
			break
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(began)
}

func (c *centreWorld) shown(pairs map[string]string) bool {
	for agent, pair := range pairs {
		if c.pair(agent) != pair {
			return false
		}
	}
	return true
}
