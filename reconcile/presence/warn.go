package presence

import (
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// warn says what is allowed and may surprise, at most once a rule each.
func (c *checker) warn() {
	c.warnUnmapped()
	c.warnGeneral()
	c.warnPrevious()
	c.warnBusy()
	c.warnChannels()
}

// warnUnmapped lists what one table leads to and the other does not know.
func (c *checker) warnUnmapped() {
	var missing []string
	if len(c.rule.Publisher) > 0 {
		for _, s := range c.idleStates() {
			if c.publish(s) == nil {
				missing = append(missing, s.String()+" in publisher")
			}
		}
	}
	if len(c.rule.Subscriber) > 0 {
		for _, status := range c.idleStatuses() {
			if c.subscriber[status] == nil {
				missing = append(missing, status+" in subscriber")
			}
		}
	}
	if missing == nil {
		return
	}
	c.caution(c.rule.Source, "States without a row",
		"These have no row: "+list(missing)+".",
		"An agent who moves there keeps what the other side shows, until the next move that has a row (INVENTED: what NICE's sync does with an unmapped state is documented nowhere).",
		"Add a row for each that should show on the other side.")
}

// idleStates lists the states that somebody can be set to: Available, the
// codes that the rule sets, and the declared codes of its teams.
func (c *checker) idleStates() []schema.ACDState {
	states := []schema.ACDState{{Word: schema.StateAvailable}}
	seen := map[string]bool{}
	add := func(code string) {
		if !seen[code] {
			seen[code] = true
			states = append(states, schema.ACDState{Code: code})
		}
	}
	for i := range c.rule.Subscriber {
		if s := c.rule.Subscriber[i].State; s.Code != "" && c.settable(s) {
			add(s.Code)
		}
	}
	if c.publisher[schema.ACDState{Word: schema.StateUnavailable}] != nil {
		return states // every other code has a row
	}
	for _, team := range c.rule.Teams {
		for _, code := range c.codes[team] {
			add(code)
		}
	}
	return states
}

// codesByTeam lists, in order, the codes declared to be on each team that
// agents can pick.
func codesByTeam(facts Facts) map[string][]string {
	codes := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(facts.Codes)) {
		code := facts.Codes[name]
		if !code.Known || code.ACW {
			continue
		}
		for _, team := range code.Teams {
			codes[team] = append(codes[team], name)
		}
	}
	return codes
}

// idleStatuses lists the statuses that are published outside contacts. What
// only a contact shows needs no way back: the contact ends by itself.
func (c *checker) idleStatuses() []string {
	var statuses []string
	for i := range c.rule.Publisher {
		row := &c.rule.Publisher[i]
		if c.passing(row.State) || row.Status.Name == schema.Offline || slices.Contains(statuses, row.Status.Name) {
			continue
		}
		statuses = append(statuses, row.Status.Name)
	}
	return statuses
}

// passing reports whether nobody chooses the state on CXone's side.
func (c *checker) passing(s schema.ACDState) bool {
	return c.ofContact(s) || s.Word == schema.StateRefused || s.Word == schema.StateLoggedOut
}

func (c *checker) warnGeneral() {
	if len(c.rule.Publisher) == 0 || c.publisher[schema.ACDState{Word: schema.StateUnavailable}] != nil {
		return
	}
	c.caution(c.rule.Source, "No row for other codes",
		"The publisher table has no row for Unavailable, which stands for every code without a row of its own.",
		"An agent who picks such a code, or is moved to one by a time-out, still looks in Salesforce as before, and may be offered work there.",
		"Add a row with acd_state = \"Unavailable\".")
}

// warnPrevious lists the subscriber rows whose previous an idle agent reaches:
// those whose status no contact shows, or something else shows as well.
func (c *checker) warnPrevious() {
	var statuses []string
	var first *schema.Row
	for i := range c.rule.Subscriber {
		row := &c.rule.Subscriber[i]
		if row.State.Word != schema.Previous || !c.reachedIdle(row.Status.Name) {
			continue
		}
		if first == nil {
			first = row
		}
		statuses = append(statuses, row.Status.Name)
	}
	if first == nil {
		return
	}
	c.caution(first.Source, "Previous where nothing came before",
		"An agent who handles no contact can come to show "+list(statuses)+", whose subscriber row says previous.",
		"Previous is the state held when a contact began, so that outside a contact the row does nothing (INVENTED: NICE explains it only for the end of a call).",
		"Set a state instead, or publish the status from contact states only.")
}

func (c *checker) reachedIdle(status string) bool {
	return !c.contact[status] || slices.ContainsFunc(c.rule.Publisher, func(row schema.Row) bool {
		return row.Status.Name == status && !c.ofContact(row.State)
	})
}

// warnBusy lists the rows that make an agent busy in Salesforce without the
// agent's doing, while a status of the rule lets work be offered there.
func (c *checker) warnBusy() {
	if !slices.ContainsFunc(c.rule.Publisher, func(row schema.Row) bool { return len(c.channels(row.Status)) > 0 }) {
		return
	}
	var states []string
	var first *schema.Row
	for i := range c.rule.Publisher {
		row := &c.rule.Publisher[i]
		status := c.facts.Statuses[row.Status.Name]
		if !status.Known || !status.Busy || !c.passing(row.State) || row.State.Word == schema.StateLoggedOut {
			continue
		}
		if first == nil {
			first = row
		}
		states = append(states, row.State.String()+" shows "+row.Status.Name)
	}
	if first == nil {
		return
	}
	c.caution(first.Source, "Busy status while work can be pending",
		"CXone moves agents by itself into states that publish a busy status: "+list(states)+".",
		"Salesforce may have offered such an agent work that is not accepted yet; what becomes of it when the agent turns busy is UNCERTAIN, and it may go back to its queue or be counted as declined.",
		"Publish an online status with fewer channels there, or accept this.")
}

// warnChannels lists the rows that give an agent channels which the status that
// comes before does not have.
func (c *checker) warnChannels() {
	var rises []string
	var first *schema.Row
	rise := func(row *schema.Row, text string) {
		if first == nil {
			first = row
		}
		rises = append(rises, text)
	}
	available := c.publisher[schema.ACDState{Word: schema.StateAvailable}]
	for i := range c.rule.Publisher {
		row := &c.rule.Publisher[i]
		if available != nil && c.adds(available.Status, row.Status) {
			rise(row, row.State.String()+" shows "+row.Status.Name+", Available only "+available.Status.Name)
		}
	}
	for i := range c.rule.Subscriber {
		row := &c.rule.Subscriber[i]
		if !c.settable(row.State) {
			continue
		}
		if back := c.publish(row.State); back != nil && c.adds(row.Status, back.Status) {
			rise(back, row.Status.Name+" sets "+row.State.String()+", which shows "+back.Status.Name)
		}
	}
	if first == nil {
		return
	}
	c.caution(first.Source, "Row that adds channels",
		"These rows can give an agent service channels not held before: "+list(rises)+".",
		"Salesforce then offers work of a channel that the agent did not choose.",
		"Use statuses with the same channels, or fewer, unless this is meant.")
}

// adds reports whether a status has channels that an earlier one lacks, as far
// as both are declared.
func (c *checker) adds(from, to schema.Status) bool {
	if !c.facts.Statuses[from.Name].Known {
		return false
	}
	held := c.channels(from)
	return slices.ContainsFunc(c.channels(to), func(channel string) bool { return !slices.Contains(held, channel) })
}

func (c *checker) channels(status schema.Status) []string {
	if facts := c.facts.Statuses[status.Name]; facts.Known {
		return facts.Channels
	}
	return nil
}
