package cli

import (
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/emulator"
)

// TestMissingStatuses plans rules that name statuses by their text, which
// nobody but the org can tell to be right.
func TestMissingStatuses(t *testing.T) {
	t.Parallel()
	const executor = `executor = "lockstep"`
	tests := map[string]struct {
		status, executor string
		says             []string // nil: it is there
	}{
		"a typo":            {"Lunhc", executor, []string{"Presence status that does not exist", "main.hcl line", `developer name "Lunhc"`, `Did you mean "Lunch"?`}},
		"another case":      {"lunch", executor, []string{"capital and small letters differ", `Did you mean "Lunch"?`}},
		"nothing near":      {"Zzzzzzzzzzzzzzzz", executor, []string{`"Zzzzzzzzzzzzzzzz"; capital and small letters differ. Correct the name`}},
		"declared":          {"Meeting", executor, nil},
		"in the org":        {"Away", executor, nil},
		"none":              {"offline", executor, nil},
		"a label":           {"In a talk", executor, []string{`Did you mean "Meeting"?`}},
		"a label, for NICE": {"In a talk", "executor = \"cxone\"\n\taccount_mapping = account_mapping.m", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, canaried(), emulator.Options{})
			text := strings.Replace(bothProviders+bridgeless+bridgeText+aMapping+"email = \"a@acme.example\"\n}\n}\n"+rulesText, "salesforce_status = presence_status.Meeting", `salesforce_status = "`+tc.status+`"`, 1)
			text = strings.Replace(text, `"Meeting" { option = "busy" }`, "\"Meeting\" {\n\tlabel = \"In a talk\"\n}", 1)
			w.write("main.hcl", strings.Replace(text, executor, tc.executor, 1))
			status := w.run("plan")
			w.wantSaid(tc.says...)
			if (status == exitOK) != (tc.says == nil) {
				t.Errorf("exit status %d:\n%s", status, w.err)
			}
		})
	}
}

// TestBridgeForNobody: a bridge that no agent is given sets nobody's status, and
// what may give it all the same is named.
func TestBridgeForNobody(t *testing.T) {
	t.Parallel()
	const summary = "Bridge that is given to nobody"
	const empty = "presence_bridge \"LockstepPresence\" {\n\tapps = [\"LightningService\"]\n}\n"
	tests := map[string]struct {
		text string
		says string // "": nothing is wrong
	}{
		"listed":          {bridgeText + rulesText, ""},
		"nobody":          {empty + rulesText, `unless a permission set group gives the permission set "Lockstep_Presence_Bridge", which is not looked at`},
		"by agent_access": {empty + rulesText + "agent_access \"agents\" {\n\tpermission_set = \"Lockstep_Presence_Bridge\"\n\tusers = [\"ana.lopez@acme.example\"]\n}\n", `agent_access.agents gives its permission set "Lockstep_Presence_Bridge": whether run can set anybody's status cannot be known`},
		"not known yet":   {"variable \"agents\" { type = list(string) }\n" + strings.Replace(empty, "{", "{\n\tusers = var.agents", 1) + rulesText, ""},
		"no rule of run":  {empty, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, canaried(), emulator.Options{})
			w.write("main.hcl", bothProviders+bridgeless+tc.text)
			if status := w.run("validate"); status != exitOK {
				t.Errorf("exit status %d", status)
			}
			if tc.says != "" {
				w.wantSaid(summary, "main.hcl line", tc.says)
			}
			if tc.says == "" && strings.Contains(w.said(), summary) {
				t.Errorf("warns:\n%s", w.err)
			}
		})
	}
}
