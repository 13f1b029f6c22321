package presence

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// checkExecutor refuses what NICE's app cannot do: be told to hold back.
func (c *checker) checkExecutor() {
	if c.rule.Executor != executorCXone {
		return
	}
	if mode := c.rule.Mode; mode == modeOff || mode == modeShadow {
		c.fail(c.rule.Source, "Mode that the executor does not follow",
			"The rule has executor = \"cxone\" and mode = \""+mode+"\".",
			"NICE's app carries out every rule that is assigned to an agent and knows no mode; run itself writes nothing for such a rule.",
			"Remove mode, or let lockstep be the executor.")
	}
	if len(c.rule.Exclude) > 0 {
		c.fail(c.rule.Source, "Exclusion that the executor does not follow",
			"The rule has executor = \"cxone\" and excludes "+list(c.rule.Exclude)+".",
			"A rule in CXone is assigned to teams and users and knows no exclusion, so that those people would be reached all the same.",
			"Name the users instead of their team, or let lockstep be the executor.")
	}
}

func (c *checker) checkReach() {
	left := func(user string) bool {
		return !slices.ContainsFunc(c.rule.Exclude, func(excluded string) bool { return strings.EqualFold(user, excluded) })
	}
	switch {
	case len(c.rule.Teams) > 0 || slices.ContainsFunc(c.rule.Users, left):
	case len(c.rule.Users) > 0:
		c.fail(c.rule.Source, "Presence rule that reaches nobody",
			"The rule names no team, and exclude names every one of its users.",
			"Remove somebody from exclude, or remove the rule.")
	default:
		c.fail(c.rule.Source, "Presence rule that reaches nobody",
			"The rule names no team and no user, so that nobody's presence follows it.",
			"Set teams or users, or remove the rule.")
	}
}

// checkCodeTeams refuses codes that agents of the rule's teams do not have.
func (c *checker) checkCodeTeams() {
	seen := map[string]bool{}
	for _, rows := range [][]schema.Row{c.rule.Publisher, c.rule.Subscriber} {
		for i := range rows {
			code := rows[i].State.Code
			if code == "" || seen[code] {
				continue
			}
			seen[code] = true
			c.checkCodeTeam(&rows[i], c.facts.Codes[code])
		}
	}
}

func (c *checker) checkCodeTeam(row *schema.Row, code CodeFacts) {
	if !code.Known || code.Teams == nil {
		return
	}
	var missing []string
	for _, team := range c.rule.Teams {
		if !slices.Contains(code.Teams, team) {
			missing = append(missing, team)
		}
	}
	if missing == nil {
		return
	}
	c.fail(row.Source, "Code missing on a team",
		"The rule reaches "+teamOrTeams(len(missing))+" that "+row.State.String()+" is not declared to be on: "+list(missing)+".",
		"A code does nothing for an agent until it is on the agent's team.",
		"Add the missing names to the code's teams, or leave those teams out of the rule.")
}

// checkOverlaps refuses two rules for one team, or for one user by name. Which
// of them would win is documented nowhere (UNCERTAIN); a user's rule over a
// team's is no overlap. A rule that is off reaches nobody.
func checkOverlaps(rules []schema.Rule) schema.Diagnostics {
	var found schema.Diagnostics
	teams, users := map[string]*schema.Rule{}, map[string]*schema.Rule{}
	for i := range rules {
		rule := &rules[i]
		if rule.Mode == modeOff {
			continue
		}
		for _, team := range rule.Teams {
			found = claim(found, teams, team, rule, "team \""+team+"\"")
		}
		for _, user := range rule.Users {
			found = claim(found, users, strings.ToLower(user), rule, "user \""+user+"\"")
		}
	}
	return found
}

func claim(found schema.Diagnostics, owners map[string]*schema.Rule, key string, rule *schema.Rule, who string) schema.Diagnostics {
	owner, taken := owners[key]
	if !taken {
		owners[key] = rule
		return found
	}
	if owner == rule {
		return found
	}
	return append(found, schema.Diagnostic{
		Severity: schema.Error,
		Summary:  "Two rules for the same people",
		Detail: "The " + who + " is reached by " + where(owner) + " and again by " + where(rule) + ". " +
			"Which of two rules NICE's sync follows is documented nowhere (UNCERTAIN), and two rules at one level would fight. " +
			"Leave one of them, or name single users in a rule of their own: a user's rule beats a team's.",
		Subject: rule.Source,
		Context: rule.Source,
		Address: rule.Address,
	})
}

func where(rule *schema.Rule) string {
	if place := rule.Source.String(); place != "" {
		return string(rule.Address) + " (" + place + ")"
	}
	return string(rule.Address)
}

func list(names []string) string { return strings.Join(names, ", ") }

func teamOrTeams(n int) string {
	if n == 1 {
		return "a team"
	}
	return "teams"
}
