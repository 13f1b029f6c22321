package salesforce_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

func TestPush(t *testing.T) {
	d := newDesk(t, nil)
	ana := d.id(`SELECT Id FROM User WHERE Username = 'ana.lopez@acme.example'`)
	ben := d.id(`SELECT Id FROM User WHERE Username = 'ben.okafor@acme.example'`)
	push := d.channel("/u/lockstep")
	var told []string
	stop, err := d.org.Listen("ana.lopez@acme.example", "/u/lockstep", func(m salesforce.Message) { told = append(told, m.Payload) })
	if err != nil {
		t.Fatal(err)
	}

	_, online := d.do(http.MethodGet, push, nil)
	if diff := cmp.Diff(map[string]any{"OnlineUserIds": []any{ana}, "ChannelName": "/u/lockstep"}, online); diff != "" {
		t.Error("who has a console open: -want +got:\n" + diff)
	}
	_, answer := d.do(http.MethodPost, push, map[string]any{"pushEvents": []any{
		map[string]any{"payload": "x", "userIds": []string{ana, ben}},
		map[string]any{"payload": "x", "userIds": []string{}},
	}})
	want := []any{
		map[string]any{"fanoutCount": 1.0, "userOnlineStatus": map[string]any{ana: true, ben: false}},
		map[string]any{"fanoutCount": -1.0, "userOnlineStatus": map[string]any{}},
	}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Error("one row an event: -want +got:\n" + diff)
	}
	if diff := cmp.Diff([]string{"x", "x"}, told); diff != "" {
		t.Error("what her console was told: -want +got:\n" + diff)
	}
	long := map[string]any{"pushEvents": []any{map[string]any{"payload": strings.Repeat("x", 3001)}}}
	if got := code(d.do(http.MethodPost, push, long)); got != "400 STRING_TOO_LONG" {
		t.Errorf("3,001 characters: %s", got)
	}
	if got := code(d.do(http.MethodGet, v67+"/sobjects/StreamingChannel/0M65g0000009999/push", nil)); got != "404 NOT_FOUND" {
		t.Errorf("no such channel: %s", got)
	}
	stop()
	stop()
	_, online = d.do(http.MethodGet, push, nil)
	if diff := cmp.Diff([]any{}, online.(map[string]any)["OnlineUserIds"]); diff != "" {
		t.Error("the console is closed: -want +got:\n" + diff)
	}
}

// channel makes a generic streaming channel and returns the path to push to.
func (d *desk) channel(name string) string {
	d.t.Helper()
	_, created := d.do(http.MethodPost, v67+"/sobjects/StreamingChannel", map[string]any{"Name": name})
	return v67 + "/sobjects/StreamingChannel/" + created.(map[string]any)["id"].(string) + "/push"
}

// A channel of change events is set up over the Tooling API, and there is room
// for five entities.
func TestChangeEventMembers(t *testing.T) {
	d := newDesk(t, nil)
	const tooling = v67 + "/tooling/sobjects/"
	channel := map[string]any{"FullName": "Lockstep__chn", "Metadata": map[string]any{"channelType": "data", "label": "Lockstep"}}
	if status, body := d.do(http.MethodPost, tooling+"PlatformEventChannel", channel); status != http.StatusCreated {
		t.Fatalf("%d %v", status, body)
	}
	var got []string
	for _, entity := range []string{"UserServicePresence", "Nothing", "AgentWork", "User", "ServiceChannel", "ServicePresenceStatus", "Profile"} {
		got = append(got, code(d.do(http.MethodPost, tooling+"PlatformEventChannelMember", map[string]any{
			"FullName": "Lockstep_chn_" + entity, "Metadata": map[string]any{"eventChannel": "Lockstep__chn", "selectedEntity": entity + "ChangeEvent"},
		})))
	}
	if diff := cmp.Diff([]string{"201", "400 INVALID_CROSS_REFERENCE_KEY", "201", "201", "201", "201", "400 LIMIT_EXCEEDED"}, got); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
	_, body := d.do(http.MethodGet, v67+"/tooling/query/?q=SELECT+SelectedEntity,EventChannel+FROM+PlatformEventChannelMember+LIMIT+1", nil)
	record := body.(map[string]any)["records"].([]any)[0].(map[string]any)
	if record["SelectedEntity"] != "UserServicePresenceChangeEvent" || record["EventChannel"] != "Lockstep__chn" {
		t.Errorf("read back: %v", record)
	}
}
