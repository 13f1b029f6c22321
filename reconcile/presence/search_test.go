package presence

import "github.com/lockstep-sync/lockstep/schema"

// This file holds the naive simulator that the proof is compared with. It
// shares no code with it: rows are found by going through them, worlds are
// followed one by one, and nothing is left out for being alike.

type found struct {
	cycle   bool
	longest int
}

type agent struct {
	state, wasState   string // "code:Lunch", "acw:Wrap", or a word
	status, wasStatus string // wasState and wasStatus are "" when no contact came before
	salesforceMoved   bool
}

type simulator struct {
	rule schema.Rule
	acw  map[string]bool
}

func newSimulator(rule schema.Rule, facts Facts) simulator {
	s := simulator{rule: rule, acw: map[string]bool{}}
	for code, facts := range facts.Codes {
		s.acw[code] = facts.ACW
	}
	return s
}

func search(rule schema.Rule, facts Facts) found {
	s := newSimulator(rule, facts)
	idle := []string{"Available", "code:never named", "Refused", "LoggedOut"}
	contact := append(schema.ContactStates(), "ACW")
	statuses := []string{"never named", "offline"}
	for _, row := range append(append([]schema.Row{}, rule.Publisher...), rule.Subscriber...) {
		statuses = append(statuses, row.Status.Name)
		code := row.State.Code
		if code == "" {
			continue
		}
		if s.acw[code] {
			contact = append(contact, "acw:"+code)
			continue
		}
		idle = append(idle, "code:"+code)
	}
	return s.all(unique(idle), unique(contact), unique(statuses))
}

// all follows every start: a pair, what was before a contact where there is
// one, and one side having just moved.
func (s simulator) all(idle, contact, statuses []string) found {
	var best found
	try := func(a agent) {
		n, loops := s.follow(a)
		best.cycle = best.cycle || loops
		best.longest = max(best.longest, n)
	}
	for _, status := range statuses {
		for _, state := range idle {
			try(agent{state: state, status: status})
			try(agent{state: state, status: status, salesforceMoved: true})
		}
		for _, wasState := range idle {
			if wasState == "Refused" || wasState == "LoggedOut" {
				continue
			}
			for _, wasStatus := range statuses {
				for _, state := range idle { // a contact ends
					try(agent{state: state, status: status, wasState: wasState, wasStatus: wasStatus})
				}
				for _, state := range contact {
					try(agent{state: state, status: status, wasState: wasState, wasStatus: wasStatus})
					try(agent{state: state, status: status, wasState: wasState, wasStatus: wasStatus, salesforceMoved: true})
				}
			}
		}
	}
	if best.cycle {
		best.longest = 0
	}
	return best
}

func (s simulator) follow(a agent) (writes int, loops bool) {
	seen := map[agent]bool{}
	for {
		if seen[a] {
			return 0, true
		}
		seen[a] = true
		after := s.write(a)
		if after.state == a.state && after.status == a.status {
			return writes, false
		}
		a = after
		writes++
	}
}

// write returns the agent after the one write that its last move causes.
func (s simulator) write(a agent) agent {
	talking := inAContact(a.state)
	if a.salesforceMoved {
		a.salesforceMoved = false
		if target := s.subscribe(a.status); a.state != "LoggedOut" {
			switch {
			case target == "previous" && talking:
				a.state = a.wasState
			case target == "Available", len(target) > 5 && target[:5] == "code:":
				a.state = target
			}
		}
		return a
	}
	a.salesforceMoved = true
	over := a.wasState != "" && !talking
	wasState, wasStatus := a.wasState, a.wasStatus
	if over {
		a.wasState, a.wasStatus = "", ""
	}
	if a.status == "offline" {
		return a
	}
	if over && s.rule.AfterContact == "previous" && a.state == wasState && wasStatus != "offline" && s.shownByContact(a.status) {
		a.status = wasStatus
		return a
	}
	target := s.publish(a.state)
	if target == "" && over && a.state != "LoggedOut" {
		target = s.row("previous")
	}
	if target != "" {
		a.status = target
	}
	return a
}

func (s simulator) publish(state string) string {
	names := []string{state}
	switch {
	case len(state) > 5 && state[:5] == "code:":
		names = []string{state, "Unavailable"}
	case len(state) > 4 && state[:4] == "acw:":
		names = []string{"code:" + state[4:], "ACW"}
	case state != "ACW" && inAContact(state):
		names = []string{state, "Working"}
	}
	for _, name := range names {
		if status := s.row(name); status != "" {
			return status
		}
	}
	return ""
}

func (s simulator) row(name string) string {
	for _, row := range s.rule.Publisher {
		if row.State.Word == name || "code:"+row.State.Code == name {
			return row.Status.Name
		}
	}
	return ""
}

func (s simulator) subscribe(status string) string {
	for _, row := range s.rule.Subscriber {
		switch {
		case row.Status.Name != status:
		case s.acw[row.State.Code]:
			return ""
		case row.State.Code != "":
			return "code:" + row.State.Code
		default:
			return row.State.Word
		}
	}
	return ""
}

func (s simulator) shownByContact(status string) bool {
	for _, row := range s.rule.Publisher {
		if row.Status.Name == status && (inAContact(row.State.Word) || s.acw[row.State.Code]) {
			return true
		}
	}
	return false
}

func inAContact(state string) bool {
	switch state {
	case "InboundContact", "OutboundContact", "InboundConsult", "OutboundConsult", "Dialer", "Working", "ACW":
		return true
	}
	return len(state) > 4 && state[:4] == "acw:"
}

func unique(names []string) []string {
	var list []string
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list
}
