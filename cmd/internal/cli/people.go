package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// byLockstep is the executor of rules that run carries out.
const byLockstep = "lockstep"

// mirrors reports whether run has anything to do for a configuration.
func mirrors(c *config.Configuration) bool {
	return slices.ContainsFunc(presenceRules(c.Objects), func(r schema.Rule) bool { return r.Executor == byLockstep })
}

// A staff is the agents whom run's rules reach, matched with Salesforce.
type staff struct {
	matched int
	strange []mirror.Strange // the others, in CXone's order
	broken  []mirror.Strange // whom a user_mapping leads nowhere
}

// reached matches the agents whom run's rules reach.
func reached(c *config.Configuration, users, agents []schema.Person) staff {
	rules := slices.DeleteFunc(presenceRules(c.Objects), func(r schema.Rule) bool { return r.Executor != byLockstep })
	set := presence.NewRuleset(rules, presenceFacts(c.Objects))
	matches, strange := mirror.MatchPeople(users, agents, matching(c))
	var s staff
	for _, one := range mirror.Reached(strange, set) {
		if one.Mapping {
			s.broken = append(s.broken, one)
		} else {
			s.strange = append(s.strange, one)
		}
	}
	for _, m := range matches {
		if set.For(m.CXone.Team, m.CXone.Username, m.CXone.Email) != nil {
			s.matched++
		}
	}
	return s
}

// manyNames is how many people a sentence names.
const manyNames = 3

// unmatched says who cannot be kept in step, "" when everybody can.
func (s staff) unmatched() string {
	if len(s.strange) == 0 {
		return ""
	}
	reasons := reasonsOf(s.strange[:min(len(s.strange), manyNames)])
	if more := len(s.strange) - manyNames; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%d of %d agents whom the rules reach cannot be matched and are left alone by run (%s)",
		len(s.strange), s.matched+len(s.strange), strings.Join(reasons, "; "))
}

// misled names each user_mapping that leads nowhere, for it is a line of the
// files to be corrected; "" when all are well.
func (s staff) misled() string {
	if len(s.broken) == 0 {
		return ""
	}
	return "run leaves alone whom a user_mapping leads nowhere (" + strings.Join(reasonsOf(s.broken), "; ") + ")"
}

func reasonsOf(people []mirror.Strange) []string {
	reasons := make([]string, len(people))
	for i, one := range people {
		reasons[i] = cmp.Or(one.Name, one.ID) + ": " + one.Why
	}
	return reasons
}

// notePeople adds to a plan who cannot be kept in step.
func notePeople(c *config.Configuration, plan *reconcile.Plan) {
	s := reached(c, plan.People["salesforce"], plan.People["cxone"])
	for _, text := range []string{s.unmatched(), s.misled()} {
		if text != "" {
			plan.Notes = append(plan.Notes, schema.Note{Text: text})
		}
	}
}

// examinePeople checks who can be kept in step. That people cannot be read fails
// a checkup and not the command, for the checkups of the vendor say why.
func examinePeople(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler) []schema.Checkup {
	people := schema.Checkup{Name: "Every agent is one person on both sides"}
	users, agents, err := bothSides(ctx, c, r)
	if err != nil {
		people.Condition, people.Detail = schema.Broken, err.Error()
		people.Remedy = "Correct what failed above first; people are read with the same sign-ins."
		return []schema.Checkup{people}
	}
	s := reached(c, users, agents)
	people.Condition, people.Detail = schema.Healthy, fmt.Sprintf("%d agents whom the rules reach are matched", s.matched)
	if text := s.unmatched(); text != "" {
		people.Condition, people.Detail = schema.Ailing, text
		people.Remedy = "Correct the e-mail address or username at one of the vendors, or declare a user_mapping."
	}
	if len(c.Users) == 0 {
		return []schema.Checkup{people}
	}
	mappings := schema.Checkup{Name: "Every user_mapping leads to two users", Condition: schema.Healthy, Detail: fmt.Sprintf("%d do", len(c.Users))}
	if text := s.misled(); text != "" {
		mappings.Condition, mappings.Detail = schema.Ailing, text
		mappings.Remedy = "Correct the names in the user_mapping blocks, or take the blocks out."
	}
	return []schema.Checkup{people, mappings}
}

// bothSides reads the people of both vendors.
func bothSides(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler) (users, agents []schema.Person, err error) {
	var options mirror.Options
	if err := sides(&options, c, r); err != nil {
		return nil, nil, err
	}
	if users, err = options.Salesforce.People(ctx); err != nil {
		return nil, nil, err
	}
	agents, err = options.CXone.People(ctx)
	return users, agents, err
}

// examineWays checks whether both sides can be set.
func examineWays(c *config.Configuration) schema.Checkup {
	checkup := schema.Checkup{Name: "Both sides can be set", Condition: schema.Healthy, Detail: "CXone by its API, Salesforce through the presence_bridge"}
	if why := oneWay(c); why != "" {
		checkup.Condition, checkup.Detail = schema.Ailing, "run is one-way: CXone follows Salesforce, and nobody's status is set: "+why
		checkup.Remedy = "Declare a presence_bridge; lockstep docs presence_bridge shows one."
		return checkup
	}
	for _, o := range c.Objects {
		if o.Kind.Name == "presence_bridge" && givenToNobody(o) {
			checkup.Condition, checkup.Detail = schema.Ailing, nobodyHas(c, o)
			checkup.Remedy = "List the agents in the users of the presence_bridge, and apply."
		}
	}
	return checkup
}
