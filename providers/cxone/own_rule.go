package cxone

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// An ownRule is what NICE's one published read shows: the rule of the user who
// asks, without its name (VERIFIED). It can confirm a wanted rule and never
// refute one, because the asking user may have no rule or another one.
type ownRule struct {
	read       bool
	Publisher  []wireRow `json:"publisherStateMap"`
	Subscriber []wireRow `json:"subscriberStateMap"`
}

// readOwnRule looks at the caller's own rule where nothing better can be seen.
// That it cannot is worth a note and stops nothing.
func (l *look) readOwnRule(ctx context.Context, c *Connection) error {
	if l.api || !l.wantsRuleAtNICE() {
		return nil
	}
	organization := l.organizationID()
	if organization == "" {
		l.note("", "The caller's own presence rule, the only one that NICE's API shows, is not compared: no account_mapping names its organization_id.")
		return nil
	}
	answer, err := c.Get(ctx, ownRulePath+organization, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = answer.Decode(&l.own)
	}
	if err != nil {
		l.note("", fmt.Sprintf("The caller's own presence rule could not be read, so no rule can be confirmed: %v.", err))
		return nil
	}
	l.own.read = true
	return nil
}

func (l *look) wantsRuleAtNICE() bool {
	return slices.ContainsFunc(l.query.Wanted, func(o *schema.Object) bool {
		return o.Kind.Name == presenceRuleName && !localRule(o)
	})
}

// organizationID returns the Salesforce org that a wanted mapping names, "" when
// none does: the read asks for it, and CXone is not the one to tell.
func (l *look) organizationID() string {
	for _, o := range l.query.Wanted {
		if o.Kind.Name != accountMappingName {
			continue
		}
		if env, ok := o.Record.Record("salesforce_environment"); ok && env.Text("organization_id") != "" {
			return env.Text("organization_id")
		}
	}
	return ""
}

// compareOwnRule notes which wanted rule the caller's own equals.
func (l *look) compareOwnRule(wanted map[string]*schema.Object) {
	if !l.own.read {
		return
	}
	for _, o := range l.query.Wanted {
		if o.Kind.Name != presenceRuleName || localRule(o) || wanted[o.Key()] != o {
			continue
		}
		if sameTables(o, l.own.Publisher, l.own.Subscriber) {
			l.note(o.Address, "The rule that CXone shows to the access key's user has exactly these rows. Its name, teams and users cannot be seen.")
			return
		}
	}
	l.note("", "The rule that CXone shows to the access key's user equals none of the wanted rules; that user may have another rule, or none.")
}

func sameTables(wanted *schema.Object, publisher, subscriber []wireRow) bool {
	held := splitTables(wanted.Record, publisher, subscriber)
	return schema.EqualSet(wanted.List("both"), held.both) &&
		schema.EqualSet(wanted.List("publisher"), held.publisher) &&
		schema.EqualSet(wanted.List("subscriber"), held.subscriber)
}
