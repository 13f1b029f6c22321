package tenant

import (
	"fmt"
	"slices"
)

// AtWork returns those who are agents on both sides.
func (t *Tenant) AtWork() []Agent {
	var people []Agent
	for _, a := range t.Agents {
		if a.Team != "" && a.Profile != "" && !a.Inactive {
			people = append(people, a)
		}
	}
	return people
}

// Crowd hires agents until there are so many on both sides. The new ones are
// on the teams and have the profiles of those who are there, in turn, and no
// licence of a package, which are counted. A tenant in which nobody is an agent
// on both sides stays as it is.
func (t *Tenant) Crowd(agents int) {
	models := t.AtWork()
	if len(models) == 0 {
		return
	}
	t.Agents = slices.Grow(t.Agents, max(0, agents-len(models)))
	for i := len(models); i < agents; i++ {
		a := models[i%len(models)]
		a.Email = fmt.Sprintf("agent.%06d@crowd.example", i+1)
		a.FirstName, a.LastName = "Agent", fmt.Sprintf("%06d", i+1)
		a.Username, a.FederationID, a.PackageLicence = "", "", false
		t.Agents = append(t.Agents, a)
	}
}
