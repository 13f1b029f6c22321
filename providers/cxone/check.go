package cxone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// check judges the wanted blocks in the light of what the tenant holds. What
// the configuration alone can tell has been checked before any call.
func (l *look) check() {
	declared, removed := l.named(unavailableCode)
	folded := make(map[string]string, len(l.dir.codes))
	for _, c := range l.dir.codes {
		folded[strings.ToLower(c.Name)] = c.Name
	}
	for _, o := range l.query.Wanted {
		switch o.Kind.Name {
		case unavailableCodeName:
			l.checkTeams(o)
			l.checkSpelling(o, folded[strings.ToLower(o.Key())])
		case accountMappingName:
			l.checkAccessKeyUser(o)
		case presenceRuleName:
			l.checkTeams(o)
			l.checkUsers(o, "users")
			l.checkUsers(o, "exclude")
			l.checkCodes(o, declared)
		}
	}
	l.checkRemovedCodes(removed)
}

func (l *look) fail(o *schema.Object, argument, summary, detail string) {
	l.held.Diagnostics = append(l.held.Diagnostics, schema.ErrorAt(o, argument, summary, detail))
}

func (l *look) checkTeams(o *schema.Object) {
	for _, name := range o.Texts("teams") {
		if l.dir.teamByName[name] == nil {
			l.fail(o, "teams", "Team that does not exist", fmt.Sprintf(
				"CXone has no team %q.%s Lockstep creates no teams: create it in CXone, or correct the name.", name, nearest(name, l.dir.teamByName)))
		}
	}
}

// checkSpelling warns of a code that differs from an existing one by capitals
// alone: whether CXone takes both is UNCERTAIN, and rules tell them apart.
func (l *look) checkSpelling(o *schema.Object, held string) {
	if held == "" || l.dir.codeByName[o.Key()] != nil {
		return
	}
	l.held.Diagnostics = append(l.held.Diagnostics, schema.WarningAt(o, "name", "Code that exists in another spelling", fmt.Sprintf(
		"CXone has a code %q, and this block makes another one, %q. Capital and small letters differ in codes' names. Correct the name if you meant the one that exists.", held, o.Key())))
}

func (l *look) checkUsers(o *schema.Object, argument string) {
	for _, name := range o.Texts(argument) {
		u := l.dir.userByName[name]
		switch {
		case u == nil:
			l.fail(o, argument, "User that does not exist", fmt.Sprintf(
				"CXone has no agent with the user name %q.%s Correct the name, or take it out.", name, nearest(name, l.dir.userByName)))
		case !u.Active && argument == "users":
			l.held.Diagnostics = append(l.held.Diagnostics, schema.WarningAt(o, argument, "User who is not active",
				fmt.Sprintf("The agent %q is deactivated in CXone, so the rule reaches nobody there. Take the name out.", name)))
		}
	}
}

// checkAccessKeyUser looks at the user in whose name the mapping acts: a key
// dies with its user (VERIFIED).
func (l *look) checkAccessKeyUser(o *schema.Object) {
	name := o.Text("access_key_user")
	u := l.dir.keyUser(name)
	switch {
	case u == nil:
		l.fail(o, "access_key_user", "User that does not exist", fmt.Sprintf(
			"CXone has no user with the user name %q for whom an access key could be made.%s", name, nearest(name, l.dir.userByName)))
	case !u.Active:
		l.fail(o, "access_key_user", "User who is not active", fmt.Sprintf(
			"The user %q is deactivated in CXone. An access key dies with its user, and the mapping and every rule on it with the key. Choose an active user.", name))
	}
}

// checkCodes looks at the codes that a rule's rows name. A code that a block
// declares is judged by the block; the others by what CXone holds.
func (l *look) checkCodes(rule *schema.Object, declared map[string]*schema.Object) {
	for _, use := range codesOf(rule) {
		block := declared[use.code]
		held := l.dir.codeByName[use.code]
		if block == nil && !l.checkUndeclared(rule, use, held) {
			continue
		}
		var holders []string
		if held != nil {
			holders = l.dir.codeTeams(held.ID)
		}
		if block != nil && block.Get("teams") != nil {
			holders = block.Texts("teams") // the rule's teams were judged before any call
		} else {
			l.checkCodeTeams(rule, use, holders)
		}
		l.checkCodeUsers(rule, use, holders)
	}
}

// checkUndeclared reports whether a code that no block declares can be used.
func (l *look) checkUndeclared(rule *schema.Object, use codeUse, held *code) bool {
	switch {
	case held == nil:
		l.fail(rule, use.table, "Code that does not exist", fmt.Sprintf(
			"CXone has no unavailable code %q; capital and small letters differ.%s Correct the name, or declare the code with an unavailable_code block.",
			use.code, nearest(use.code, l.dir.codeByName)))
	case !held.Active:
		l.fail(rule, use.table, "Code that is not active", fmt.Sprintf(
			"The unavailable code %q is deactivated in CXone, so no agent can be in it. Declare it with an unavailable_code block, which activates it, or name another.", use.code))
	case held.ACW && use.target:
		l.fail(rule, use.table, "State that cannot be set", fmt.Sprintf(
			"The code %q is an after-call-work code. CXone takes such a code only while a contact is handled, and answers 409 otherwise. Name another code.", use.code))
	default:
		return true
	}
	return false
}

// checkCodeTeams looks at the teams that hold a code, because a code does
// nothing for an agent until it is on the agent's team.
func (l *look) checkCodeTeams(rule *schema.Object, use codeUse, holders []string) {
	var missing []string
	for _, team := range rule.Texts("teams") {
		if l.dir.teamByName[team] != nil && !slices.Contains(holders, team) {
			missing = append(missing, fmt.Sprintf("%q", team))
		}
	}
	if missing == nil {
		return
	}
	l.fail(rule, use.table, "Code missing on a team", fmt.Sprintf(
		"The unavailable code %q is not on %s, which the rule reaches. A code does nothing for an agent until it is on the agent's team. Declare the code with these teams, or leave them out of the rule.",
		use.code, strings.Join(missing, ", ")))
}

// checkCodeUsers looks at the teams of those whom a rule names one by one: a
// code that is not there can never be set for them.
func (l *look) checkCodeUsers(rule *schema.Object, use codeUse, holders []string) {
	if !use.target {
		return
	}
	teams := rule.Texts("teams")
	for _, name := range rule.Texts("users") {
		u := l.dir.userByName[name]
		if u == nil || !u.Active || u.Team == "" {
			continue
		}
		team := l.dir.teamName(u.Team)
		if slices.Contains(holders, team) || slices.Contains(teams, team) {
			continue
		}
		l.fail(rule, use.table, "Code missing on a user's team", fmt.Sprintf(
			"The unavailable code %q is not on %q, the team of %q, whom the rule names. CXone refuses a code that is not on the agent's team. Put the code on the team, or take the user out of the rule.",
			use.code, team, name))
		teams = append(teams, team) // once a team
	}
}

// checkRemovedCodes refuses to deactivate a code that a declared rule names.
func (l *look) checkRemovedCodes(removed map[string]bool) {
	if len(removed) == 0 {
		return
	}
	rules := map[string]schema.Address{}
	for _, o := range l.query.Wanted {
		if o.Kind.Name != presenceRuleName {
			continue
		}
		for _, use := range codesOf(o) {
			rules[use.code] = o.Address
		}
	}
	for _, r := range l.query.Removed {
		rule, used := rules[r.Key]
		if r.Kind.Name != unavailableCodeName || !used {
			continue
		}
		l.held.Diagnostics = append(l.held.Diagnostics, schema.Diagnostic{
			Severity: schema.Error, Summary: "Removed code that a rule names", Subject: r.Source, Address: r.Address(),
			Detail: fmt.Sprintf("The unavailable code %q is to be deactivated, but %s has a row for it, which could then never be carried out. Take the row away first.", r.Key, rule),
		})
	}
}

// A codeUse is a code in a rule's rows.
type codeUse struct {
	code   string
	table  string // where it stands first
	target bool   // a subscriber row sets it
}

// codesOf lists the codes that a rule names, each once.
func codesOf(rule *schema.Object) []codeUse {
	var uses []codeUse
	for _, table := range []string{"both", "publisher", "subscriber"} {
		for _, row := range rule.Records(table) {
			ref, ok := row.Get("acd_state").(schema.Ref)
			if !ok {
				continue
			}
			i := slices.IndexFunc(uses, func(u codeUse) bool { return u.code == ref.Key })
			if i < 0 {
				uses = append(uses, codeUse{code: ref.Key, table: table})
				i = len(uses) - 1
			}
			uses[i].target = uses[i].target || table != "publisher"
		}
	}
	return uses
}

// nearest returns ` Did you mean "Support"?` when one of the names is nearly
// the given one, else "". It ends a sentence's neighbour.
func nearest[T any](given string, names map[string]T) string {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list) // the same suggestion every time
	if name := schema.Suggest(given, list); name != "" {
		return fmt.Sprintf(" Did you mean %q?", name)
	}
	return ""
}
