package presence

import (
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// Check reports what is wrong with the rules as far as the configuration alone
// can tell, and what may surprise. It makes no call.
func Check(rules []schema.Rule, facts Facts) schema.Diagnostics {
	var found schema.Diagnostics
	codes := codesByTeam(facts)
	for i := range rules {
		found = append(found, checkRule(&rules[i], facts, codes)...)
	}
	return append(found, checkOverlaps(rules)...)
}

// A checker looks at one rule.
type checker struct {
	*tables
	facts Facts
	codes map[string][]string // see codesByTeam
	found schema.Diagnostics
}

func checkRule(rule *schema.Rule, facts Facts, codes map[string][]string) schema.Diagnostics {
	c := checker{tables: newTables(*rule, facts), facts: facts, codes: codes}
	c.checkRows()
	// A loop that rests on a row which is wrong anyway would only distract.
	if !c.found.HasErrors() {
		c.checkLoop()
	}
	c.checkLabels()
	c.checkExecutor()
	c.checkReach()
	c.checkCodeTeams()
	c.warn()
	return c.found
}

func (c *checker) fail(subject schema.Range, summary string, detail ...string) {
	c.report(schema.Error, subject, summary, detail)
}

func (c *checker) caution(subject schema.Range, summary string, detail ...string) {
	c.report(schema.Warning, subject, summary, detail)
}

func (c *checker) report(severity schema.Severity, subject schema.Range, summary string, detail []string) {
	c.found = append(c.found, schema.Diagnostic{
		Severity: severity,
		Summary:  summary,
		Detail:   strings.Join(detail, " "),
		Subject:  subject,
		Context:  c.rule.Source,
		Address:  c.rule.Address,
	})
}

// checkRows looks at both tables row by row.
func (c *checker) checkRows() {
	if len(c.rule.Publisher)+len(c.rule.Subscriber) == 0 {
		c.fail(c.rule.Source, "Presence rule without rows",
			"Neither both, publisher nor subscriber has a row, so the rule never changes anything.",
			"Add a row, or remove the rule.")
		return
	}
	for i := range c.rule.Publisher {
		row := &c.rule.Publisher[i]
		if first := c.publisher[row.State]; first != row {
			c.failTwice("publisher", row.State.String(), row, first)
		}
	}
	for i := range c.rule.Subscriber {
		row := &c.rule.Subscriber[i]
		if first := c.subscriber[row.Status.Name]; first != row {
			c.failTwice("subscriber", row.Status.Name, row, first)
		}
		if row.State.Word != schema.Previous && !c.settable(row.State) {
			c.failTarget(row)
		}
	}
}

func (c *checker) failTwice(table, source string, row, first *schema.Row) {
	c.fail(row.Source, "Duplicate source state",
		"The "+table+" table already has a row for "+source+at(first)+"; a row of both counts for each table.",
		"Which of two rows NICE's sync follows is documented nowhere (UNCERTAIN), so that one state must have one row.",
		"Remove one of them.")
}

func (c *checker) failTarget(row *schema.Row) {
	target := row.State.String()
	why := "CXone itself moves an agent into that state and no call can."
	switch {
	case row.State.Code != "":
		why = "It is an ACW code, which CXone accepts only while a contact is being handled and refuses with 409 otherwise."
	case row.State.Word == schema.StateUnavailable:
		why = "Unavailable stands for any code without a row of its own, and a call has to name one code."
	}
	c.fail(row.Source, "State that cannot be set",
		"The subscriber row for "+row.Status.Name+" sets CXone to "+target+".", why,
		"Use Available, a code or previous; a row of both that only publishes "+target+" belongs in publisher.")
}

// checkLoop proves that the rule settles, or prints how it does not.
func (c *checker) checkLoop() {
	cycle := prove(c.tables).Cycle
	if cycle == nil {
		return
	}
	lines := make([]string, len(cycle))
	for i, m := range cycle {
		lines[i] = "  " + m.String()
	}
	c.fail(cycle[1].Row.Source, "Presence rule that never settles",
		"Where a write is taken for an action of the agent, these rows follow each other for ever:\n"+
			strings.Join(lines, "\n")+"\n  and so on.\n"+
			"Lockstep knows its own writes, but a second executor of the rule, such as NICE's app in the agent's browser, does not have to: whether it does is documented nowhere (UNCERTAIN).",
		"Let one of these rows lead back to the state it comes from, or remove it.")
}

// checkLabels refuses two statuses that one text can stand for.
func (c *checker) checkLabels() {
	owners := map[string]string{} // statuses by label and by developer name
	seen := map[string]bool{}
	for _, rows := range [][]schema.Row{c.rule.Publisher, c.rule.Subscriber} {
		for i := range rows {
			if status := rows[i].Status; !seen[status.Name] {
				seen[status.Name] = true
				c.checkLabel(&rows[i], owners)
			}
		}
	}
}

func (c *checker) checkLabel(row *schema.Row, owners map[string]string) {
	name, label := row.Status.Name, c.label(row.Status)
	for _, text := range []string{name, label} {
		owner, taken := owners[text]
		if !taken && text != "" {
			owners[text] = name
		}
		if !taken || owner == name {
			continue
		}
		c.fail(row.Source, "Two statuses with one label",
			"The text \""+text+"\" can stand for the status "+owner+" and for "+name+".",
			"A rule's rows hold labels, as NICE's screens show them, and developer names are read as well, because which of them NICE stores is UNCERTAIN; nobody could tell the two statuses apart.",
			"Give one of them another label.")
	}
}

func (c *checker) label(status schema.Status) string {
	if facts, ok := c.facts.Statuses[status.Name]; ok && facts.Label != "" {
		return facts.Label
	}
	return status.Label
}
