package cxone

import (
	"context"
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// People lists the tenant's agents, deactivated ones too, in one call a page.
// Only the ACD's list is read: who is no agent shows no state.
func (p *Presence) People(ctx context.Context) ([]schema.Person, error) {
	rows, err := List[agentRow](ctx, p.connection, p.connection.ACD("/agents"), nil, "agents")
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	people := make([]schema.Person, 0, len(rows))
	for _, row := range rows {
		if row.ID == "" {
			return nil, fmt.Errorf("list agents: the row of %q has no agentId", row.Username)
		}
		people = append(people, row.person())
	}
	return people, nil
}

// An agentRow is an agent as the ACD lists them (VERIFIED: description of the
// API; what a tenant puts into federatedId is its own affair).
type agentRow struct {
	ID         scalar `json:"agentId"`
	Username   scalar `json:"userName"`
	First      scalar `json:"firstName"`
	Last       scalar `json:"lastName"`
	Email      scalar `json:"emailAddress"`
	Federation scalar `json:"federatedId"`
	Team       scalar `json:"teamName"`
	Active     scalar `json:"isActive"`
}

func (r agentRow) person() schema.Person {
	return schema.Person{
		ID: string(r.ID), Name: strings.TrimSpace(string(r.First + " " + r.Last)),
		Username: string(r.Username), Email: string(r.Email), Federation: string(r.Federation),
		Team: string(r.Team), Active: r.Active.isTrue(),
	}
}
