package cxone

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Assigned lists the agents whom NICE's own sync serves: those who are assigned
// to a rule in Adapters by name, or whose team is.
//
// Only the simulated adapter contract (INVENTED) tells that. NICE's one read
// shows the rule of the user who asks and of nobody else (VERIFIED), so that
// with adapters = "manual" nobody is listed, whoever may be assigned.
func (p *Presence) Assigned(ctx context.Context) ([]string, error) {
	c := p.connection
	if !c.AdaptersAPI() {
		return nil, nil
	}
	var rules []rule
	if err := listInto(ctx, c, rulesPath, "rules", &rules); err != nil {
		return nil, fmt.Errorf("list presence rules: %w", err)
	}
	if !slices.ContainsFunc(rules, func(r rule) bool { return len(r.Teams)+len(r.Users) > 0 }) {
		return nil, nil
	}
	d, err := readDirectory(ctx, c, map[part]bool{partTeams: true, partAgents: true})
	if err != nil {
		return nil, err
	}
	return d.assigned(rules), nil
}

// assigned lists the agents whom rules reach, by the ACD's number.
func (d *directory) assigned(rules []rule) []string {
	reached := map[string]bool{} // names of teams, and users' ids
	for _, r := range rules {
		for _, t := range r.Teams {
			reached["team "+d.teamName(string(t.ID))] = true
		}
		for _, u := range r.Users {
			reached["user "+strings.ToLower(u.ID)] = true
		}
	}
	var agents []string
	for _, u := range d.agents {
		if reached["team "+u.Team] || reached["user "+strings.ToLower(u.UUID)] {
			agents = append(agents, u.AgentID)
		}
	}
	return agents
}
