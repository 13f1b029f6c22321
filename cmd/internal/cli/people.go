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
	strange []mirror.Strange // in CXone's order
}

// reached matches the agents whom run's rules reach.
func reached(c *config.Configuration, users, agents []schema.Person) staff {
	rules := slices.DeleteFunc(presenceRules(c.Objects), func(r schema.Rule) bool { return r.Executor != byLockstep })
	set := presence.NewRuleset(rules, presenceFacts(c.Objects))
	matches, strange := mirror.MatchPeople(users, agents, matching(c))
	s := staff{strange: mirror.Reached(strange, set)}
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
	var reasons []string
	for _, one := range s.strange[:min(len(s.strange), manyNames)] {
		reasons = append(reasons, cmp.Or(one.Name, one.ID)+": "+one.Why)
	}
	if more := len(s.strange) - manyNames; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%d of %d agents whom the rules reach cannot be matched and are left alone by run (%s)",
		len(s.strange), s.matched+len(s.strange), strings.Join(reasons, "; "))
}

// notePeople adds to a plan who cannot be kept in step.
func notePeople(c *config.Configuration, plan *reconcile.Plan) {
	if text := reached(c, plan.People["salesforce"], plan.People["cxone"]).unmatched(); text != "" {
		plan.Notes = append(plan.Notes, schema.Note{Text: text})
	}
}

// examinePeople checks who can be kept in step. That people cannot be read fails
// a checkup and not the command, for the checkups of the vendor say why.
func examinePeople(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler) []schema.Checkup {
	checkup := schema.Checkup{Name: "Every agent is one person on both sides"}
	users, agents, err := bothSides(ctx, c, r)
	if err != nil {
		checkup.Condition, checkup.Detail = schema.Broken, err.Error()
		checkup.Remedy = "Correct what failed above first; people are read with the same sign-ins."
		return []schema.Checkup{checkup}
	}
	s := reached(c, users, agents)
	checkup.Condition, checkup.Detail = schema.Healthy, fmt.Sprintf("%d agents whom the rules reach are matched", s.matched)
	if text := s.unmatched(); text != "" {
		checkup.Condition, checkup.Detail = schema.Ailing, text
		checkup.Remedy = "Correct the e-mail address or username at one of the vendors, or declare a user_mapping."
	}
	return []schema.Checkup{checkup}
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
	}
	return checkup
}
