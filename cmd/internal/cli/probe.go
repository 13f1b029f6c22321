package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// probe sets a volunteer on both sides for a moment, and back.
func (a *app) probe(ctx context.Context, c *config.Configuration, r *reconcile.Reconciler, name string) (*view.Probe, error) {
	options := mirror.Options{Settings: syncSettings(c, &runFlags{owner: owner()})}
	if err := sides(&options, c, r); err != nil {
		return nil, err
	}
	who, err := volunteer(ctx, &options, name)
	if err != nil {
		return nil, err
	}
	s, err := a.memory(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	lease, err := mirror.Hold(ctx, s, options.Settings.Tenant, options.Settings.Owner)
	if errors.Is(err, store.ErrHeld) {
		return nil, fmt.Errorf("probe: run is serving these accounts (%s) and would mirror the probe; end it first", lease.Owner)
	}
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	defer func() { _ = s.Release(context.WithoutCancel(ctx), lease) }() // else it ends by itself
	p := mirror.Probe{CXone: options.CXone, Salesforce: options.Salesforce, Who: who, Epoch: uint64(lease.Epoch)}
	if err := choose(&p, options.Settings.Rules, who); err != nil {
		return nil, err
	}
	done := a.view().Busy("Moving " + name + " and back")
	probed := p.Run(ctx)
	done()
	return &view.Probe{Who: name, Sides: probed, OneWay: options.Settings.OneWay}, nil
}

// volunteer finds the one person whom a name means.
func volunteer(ctx context.Context, options *mirror.Options, name string) (mirror.Match, error) {
	users, err := options.Salesforce.People(ctx)
	if err != nil {
		return mirror.Match{}, fmt.Errorf("probe: %w", err)
	}
	agents, err := options.CXone.People(ctx)
	if err != nil {
		return mirror.Match{}, fmt.Errorf("probe: %w", err)
	}
	matches, strange := mirror.MatchPeople(users, agents, options.Settings.Match)
	for _, m := range matches {
		for _, known := range []string{m.Salesforce.Username, m.Salesforce.Email, m.CXone.Username, m.CXone.Email} {
			if strings.EqualFold(known, name) {
				return m, nil
			}
		}
	}
	for _, s := range strange {
		if strings.EqualFold(s.Name, name) {
			return mirror.Match{}, fmt.Errorf("probe: %s cannot be kept in step: %s", name, s.Why)
		}
	}
	return mirror.Match{}, fmt.Errorf("probe: nobody is called %s on both sides; give a username or an e-mail address", name)
}

// choose takes what the volunteer is moved to out of the tables of the rule that
// reaches them: a code, and a status.
func choose(p *mirror.Probe, rules []schema.Rule, who mirror.Match) error {
	reaching := presence.NewRuleset(history.Carried(rules), presence.Facts{}).
		For(who.CXone.Team, who.CXone.Username, who.CXone.Email, who.Salesforce.Username, who.Salesforce.Email)
	for _, rule := range rules {
		if reaching == nil || rule.Name != reaching.Name() {
			continue
		}
		for _, row := range slices.Concat(rule.Subscriber, rule.Publisher) {
			if row.State.Code != "" && row.Status.Name != schema.Offline && row.Status.Name != schema.Previous {
				p.State, p.Status = row.State, row.Status.Name
				return nil
			}
		}
	}
	return fmt.Errorf("probe: no rule that reaches %s names an unavailable code to move them to", who.CXone.Username)
}
