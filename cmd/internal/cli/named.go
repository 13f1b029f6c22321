package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// notKnown says that a name means nobody, or not one.
type notKnown string

// Error implements error.
func (n notKnown) Error() string { return string(n) }

// agentKey finds the one agent of whom run knows by a name.
func agentKey(ctx context.Context, s store.Store, tenant, name string) (string, error) {
	known, err := mirror.ReadKnown(ctx, s, tenant)
	if err != nil {
		return "", fmt.Errorf("look for agent %s: %w", name, err)
	}
	var found, names []string
	for i := range known {
		names = append(names, known[i].Login)
		if known[i].Is(name) {
			found = append(found, known[i].Key)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", notKnown(fmt.Sprintf("%d agents are called %q: give one of the keys %s", len(found), name, strings.Join(found, ", ")))
	}
	if kept, err := mirror.Keeps(ctx, s, tenant, name); kept || err != nil {
		return name, err // the key of somebody whose name is not kept
	}
	if len(known) == 0 {
		return "", notKnown(fmt.Sprintf("run has not met anybody yet, agent %q included; start lockstep run, or check -chdir", name))
	}
	if near := schema.Suggest(name, names); near != "" {
		return "", notKnown(fmt.Sprintf("run knows no agent %q; did you mean %s?", name, near))
	}
	return "", notKnown(fmt.Sprintf("run knows no agent %q; give the CXone username, the Salesforce username or the e-mail address", name))
}

// teamName finds a team among those of the rules and of the agents whom run
// knows. An order for a team that is none would look like one that holds.
func teamName(ctx context.Context, c *config.Configuration, s store.Store, name string) (string, error) {
	known, err := mirror.ReadKnown(ctx, s, accounts(c))
	if err != nil {
		return "", fmt.Errorf("look for team %s: %w", name, err)
	}
	var teams []string
	for _, rule := range presenceRules(c.Objects) {
		teams = append(teams, rule.Teams...)
	}
	for i := range known {
		teams = append(teams, known[i].Team)
	}
	for _, team := range teams {
		if strings.EqualFold(team, name) {
			return team, nil
		}
	}
	if near := schema.Suggest(name, teams); near != "" {
		return "", notKnown(fmt.Sprintf("run knows no team %q; did you mean %s?", name, near))
	}
	return "", notKnown(fmt.Sprintf("run knows no team %q; give the name of a CXone team", name))
}

// agentMet is agentKey for somebody whom run need not have met yet: whoever both
// vendors list can be stopped before run begins.
func (a *app) agentMet(ctx context.Context, c *config.Configuration, s store.Store, name string) (string, error) {
	key, err := agentKey(ctx, s, accounts(c), name)
	if _, unknown := errors.AsType[notKnown](err); !unknown {
		return key, err
	}
	if listed := a.listed(ctx, c, name); listed != "" {
		return listed, nil
	}
	return "", err
}

// agentKept is agentKey for somebody of whom the store keeps something, even
// where it keeps no name.
func (a *app) agentKept(ctx context.Context, c *config.Configuration, s store.Store, name string) (string, error) {
	key, err := agentKey(ctx, s, accounts(c), name)
	if _, unknown := errors.AsType[notKnown](err); !unknown {
		return key, err
	}
	if listed := a.listed(ctx, c, name); listed != "" {
		if kept, err := mirror.Keeps(ctx, s, accounts(c), listed); kept || err != nil {
			return listed, err
		}
	}
	return "", err
}

// listed returns the key of the one agent whom both vendors list by a name; ""
// when there is none, or when a vendor does not answer.
func (a *app) listed(ctx context.Context, c *config.Configuration, name string) string {
	r, err := a.connect(ctx, c, unkept{})
	if err != nil {
		return ""
	}
	var options mirror.Options
	if sides(&options, c, r) != nil {
		return ""
	}
	users, err := options.Salesforce.People(ctx)
	if err != nil {
		return ""
	}
	agents, err := options.CXone.People(ctx)
	if err != nil {
		return ""
	}
	matches, _ := mirror.MatchPeople(users, agents, matching(c))
	found := ""
	for _, m := range matches {
		known := m.Known()
		switch {
		case !known.Is(name):
		case found != "":
			return ""
		default:
			found = known.Key
		}
	}
	return found
}
