package cxone

import (
	"net/http"
	"slices"
	"strings"
)

// A stateMapping is one row of a rule, as NICE's own client reads it
// (VERIFIED).
type stateMapping struct {
	ACD     string `json:"incontactAgentState"`
	Partner string `json:"partnerAgentState"`
}

// ruleForCaller is the one presence-rule call that NICE's own software makes.
// The request names no user: the rule is the caller's. The answer always has
// both arrays, for without either NICE's client hangs (VERIFIED). A caller
// without a rule gets two empty ones (UNCERTAIN), and so does one whose
// mapping's key or its user is inactive. That a user's rule beats a team's is
// UNCERTAIN, and so is the partner's name.
func (t *Tenant) ruleForCaller(c *call) reply {
	if !strings.EqualFold(c.PathValue("partner"), "salesforce") {
		return refuse(http.StatusNotFound, "there is no such partner")
	}
	if t.noPresence {
		return refuse(http.StatusForbidden, notSwitchedOn)
	}
	publisher, subscriber := []stateMapping{}, []stateMapping{}
	if r := t.store.ruleOf(c.caller, c.PathValue("organization")); r != nil {
		publisher, subscriber = slices.Clone(r.publisher), slices.Clone(r.subscriber)
	}
	return ok(row{"publisherStateMap": publisher, "subscriberStateMap": subscriber})
}

// ruleOf returns the rule of an org that reaches a person, nil when none does.
func (s *store) ruleOf(p *person, organization string) *rule {
	var byTeam *rule
	for _, r := range s.rules.rows {
		if !sameOrganization(r.mapping.environment.organizationID, organization) || !r.mapping.live() {
			continue
		}
		if slices.Contains(r.users, p) {
			return r
		}
		if byTeam == nil && p.team != nil && slices.Contains(r.teams, p.team) {
			byTeam = r
		}
	}
	return byTeam
}

// sameOrganization compares two organization ids of 15 or 18 characters.
func sameOrganization(a, b string) bool {
	return validOrganization(a) && validOrganization(b) && a[:15] == b[:15]
}

func validOrganization(id string) bool { return len(id) == 15 || len(id) == 18 }
