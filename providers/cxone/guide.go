package cxone

import (
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// The click paths below are NICE's own, step for step, in the order of its
// guide "Enable bidirectional presence sync" (VERIFIED; the wording of
// removals is ours, because the guide has none: UNCERTAIN).

func say(text string) schema.Instruction { return schema.Instruction{Text: text} }

func with(text string, v schema.Value) schema.Instruction {
	return schema.Instruction{Text: text, Value: v}
}

func guideMapping(step *schema.Step) []schema.Instruction {
	if step.Wanted == nil {
		return []schema.Instruction{
			say("In CXone, click the app selector and select Adapters."),
			say("Click Account Mapping in the menu on the left, then the Salesforce tab."),
			with("Find the account mapping with this Salesforce environment, and delete it", schema.String(removedKey(step))),
			say("Delete its Salesforce environment as well, if CXone offers it."),
		}
	}
	env, _ := step.Wanted.Record.Record("salesforce_environment")
	guide := []schema.Instruction{
		say("In CXone, click the app selector and select Adapters."),
		say("Click Account Mapping in the menu on the left, then the Salesforce tab."),
		with("Click Map Accounts; or open the mapping, if there is one already with this Salesforce environment", env.Get("name")),
		with("In User for Access Key, select this user; CXone makes the Access Key ID", step.Wanted.Get("access_key_user")),
		say("In the section Salesforce Environment, click ADD NEW, and fill in the form Add New Environment:"),
		with("Salesforce Environment", env.Get("name")),
		with("Organization ID", env.Get("organization_id")),
		with("Salesforce Platform Version", schema.String(platforms[env.Text("platform")])),
		with("Username", env.Get("username")),
		with("Password", env.Get("password")),
		with("Client ID (the connected app's consumer key)", env.Get("client_id")),
		with("Client Secret (the connected app's consumer secret)", env.Get("client_secret")),
	}
	for _, email := range env.List("email") {
		guide = append(guide, with("Email Address", email))
	}
	return append(guide,
		say("Click Map & Register."),
		with("In the drop-down list Salesforce Environment, select the one you just made", env.Get("name")),
		say("Click Save at the top."),
	)
}

func guideRule(step *schema.Step) []schema.Instruction {
	guide := []schema.Instruction{
		say("In CXone, click the app selector and select Adapters."),
	}
	if step.Wanted == nil {
		return append(guide,
			say("Click Presence Sync in the menu on the left."),
			with("Find the rule with this name, and delete it", schema.String(removedKey(step))),
		)
	}
	wanted := step.Wanted
	publisher, subscriber := wireTables(wanted.Record)
	guide = append(guide,
		say("Click Presence Sync in the menu on the left, then Get CXone Users. This refreshes the list of users."),
		with("Click Create Rule; or open the rule, if there is one already with this name", wanted.Get("name")),
		with("Rule Name", wanted.Get("name")),
	)
	guide = append(guide, guideTable("Publisher States", publisher, "ACD State", "Salesforce State")...)
	guide = append(guide, guideTable("Subscriber States", subscriber, "Salesforce State", "ACD State")...)
	guide = append(guide, say("Click Create."))
	return append(guide, guideAssignment(wanted)...)
}

// guideTable says what to pick in each row, in the order of the form's columns.
func guideTable(section string, rows []wireRow, first, second string) []schema.Instruction {
	if len(rows) == 0 {
		return []schema.Instruction{say(fmt.Sprintf("In the section %s, leave no row.", section))}
	}
	guide := []schema.Instruction{say(fmt.Sprintf("In the section %s, make exactly these rows; Add Row makes another one:", section))}
	if slices.ContainsFunc(rows, hasOwnWord) {
		guide = append(guide, say("Contact states, ACW, Refused and logged out stand here by the API's names; the form may word them otherwise (UNCERTAIN)."))
	}
	for i, row := range rows {
		cells := map[string]string{"ACD State": row.AgentState, "Salesforce State": row.PartnerState}
		guide = append(guide,
			with(fmt.Sprintf("Row %d, %s", i+1, first), schema.String(cells[first])),
			with(fmt.Sprintf("Row %d, %s", i+1, second), schema.String(cells[second])),
		)
	}
	return guide
}

// hasOwnWord reports whether a row names a state whose wording in NICE's form
// no public page shows.
func hasOwnWord(row wireRow) bool {
	state := row.AgentState
	return state != schema.StateAvailable && state != schema.StateUnavailable && slices.Contains(schema.StateWords(), state)
}

// guideAssignment is the guide's second step: a rule is made first and given
// its people afterwards.
func guideAssignment(wanted *schema.Object) []schema.Instruction {
	if wanted.Text("executor") != byCXone {
		return []schema.Instruction{
			say("Assign the rule to nobody: leave the tabs Teams and Users empty, and take away what stands there. Lockstep carries this rule out, and NICE's app must not."),
			say("Click Save."),
		}
	}
	var guide []schema.Instruction
	for _, tab := range []struct{ name, argument string }{{"Teams", "teams"}, {"Users", "users"}} {
		if len(wanted.List(tab.argument)) == 0 {
			guide = append(guide, say(fmt.Sprintf("Click the tab %s, and take away whatever stands there.", tab.name)))
			continue
		}
		guide = append(guide, with(fmt.Sprintf("Click the tab %s, then Add %s. Select exactly these, and click Confirm", tab.name, tab.name), wanted.Get(tab.argument)))
	}
	return append(guide, say("Click Save."))
}

// removedKey is the key that a removed block names.
func removedKey(step *schema.Step) string {
	if step.Held != nil {
		return step.Held.Key()
	}
	return string(step.Address)[len(step.Kind.Name)+1:]
}
