package salesforce

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

const profileType = "Profile"

var profileAccess = kind{
	Kind: schema.Kind{
		Name:     "profile_access",
		Provider: vendorName,
		Doc: "The presence statuses that users of a profile may pick. The list covers the statuses that this configuration declares; " +
			"others on the profile are left alone and counted. Salesforce now recommends permission sets, see permission_set_access.",
		Key: "profile",
		Shape: schema.NewShape(
			schema.Argument{Name: "profile", Type: schema.TextType(), Required: true,
				Doc: `The profile's label, or its API name: both "System Administrator" and "Admin" are the same profile.`},
			accessStatuses("profile"),
			accessExclusive,
		),
		Cannot: []schema.Limit{
			{What: "create a profile", Why: "Deploying a name that does not exist creates a profile with the content of a minimum-access one (VERIFIED), so a typo would make one.",
				Then: "A profile that is not there is an error of the plan, and nothing is deployed."},
			{What: "promise that a standard profile can be edited", Why: "Editing standard-object permissions of standard profiles is disabled since API 50 (SECONDARY); for presence statuses it is UNCERTAIN.",
				Then: "The deploy is tried and a refusal is shown; use a cloned profile or a permission set."},
		},
		Deletable: true,
		Removal:   "Takes the declared statuses from the profile; the profile itself stays.",
	},
	tables: func(question) []table { return []table{statusTable, profileTable} },
	read:   readProfileAccess,
	change: changeProfileAccess,
}

var profileTable = tableOf("profiles", "SELECT Id, Name FROM Profile", func(s *snapshot) *[]profileRow { return &s.profiles })

// accessStatuses and accessExclusive are the same for both kinds of access.
func accessStatuses(holder string) schema.Argument {
	return schema.Argument{Name: "statuses", Type: schema.SetOf(schema.RefTo(statusKind)), Required: true,
		Doc: "The presence statuses that the " + holder + " gives, among those that this configuration declares."}
}

var accessExclusive = schema.Argument{Name: "exclusive", Type: schema.TruthType(), Unread: true, Default: schema.Bool(false),
	Doc: "Whether statuses that no block declares are taken away as well."}

func readProfileAccess(_ context.Context, q question, r *reading) error {
	if r.omniIsOff(q) || r.namesAreHidden(q) {
		return nil
	}
	enabled := r.accessBy(func(a accessRow) string {
		if a.Parent.IsOwnedByProfile && a.Parent.Profile != nil {
			return a.Parent.Profile.Name
		}
		return ""
	})
	named := map[string]*schema.Object{}
	for _, o := range q.wanted {
		label, ok := r.look().profile(o.Key())
		if !ok {
			labels := slices.Sorted(maps.Keys(r.look().labels))
			r.fault(schema.ErrorAt(o, "profile", "Profile that does not exist",
				fmt.Sprintf("The org has no profile %q. Deploying it would create one, so nothing is. %s", o.Key(), suggest(o.Key(), labels))))
			continue
		}
		if other := named[label]; other != nil {
			r.fault(schema.ErrorAt(o, "profile", "Profile named twice",
				fmt.Sprintf("%s and %s name the same profile, %q, one by its label and one by its API name. Put all statuses into one block.", other.Address, o.Address, label)))
			continue
		}
		named[label] = o
		r.readAccess(q, o, enabled[label])
	}
	for _, m := range q.removed {
		if label, ok := r.look().profile(m.Key); ok {
			named[label] = nil
			r.readRemovedAccess(q, m, enabled[label])
		}
	}
	r.countAccess(q.kind, enabled, func(label string) bool { _, ok := named[label]; return ok })
	return nil
}

// accessBy returns the enabled statuses by whatever owner names; "" leaves a
// row out.
func (s *snapshot) accessBy(owner func(accessRow) string) map[string][]string {
	enabled := map[string][]string{}
	for i := range s.statuses {
		for _, row := range s.statuses[i].access {
			if name := owner(row); name != "" {
				enabled[name] = append(enabled[name], s.statuses[i].DeveloperName)
			}
		}
	}
	for _, statuses := range enabled {
		slices.Sort(statuses)
	}
	return enabled
}

// readAccess reports what a wanted access list covers of what is enabled. It
// is there when it gives anything, or when nothing is wanted.
func (r *reading) readAccess(q question, o *schema.Object, enabled []string) {
	r.checkStatuses(q, o)
	covered, others := enabled, 0
	if !o.Bool("exclusive") {
		covered = nil
		listed := setOf(o.Texts("statuses"))
		for _, status := range enabled {
			if q.declared[status] || listed[status] {
				covered = append(covered, status)
			} else {
				others++
			}
		}
	}
	if others > 0 {
		r.note(o.Address, fmt.Sprintf("%d more %s that this configuration does not declare %s left alone", others, plural(others, "status", "statuses"), plural(others, "is", "are")))
	}
	if len(covered) == 0 && len(o.List("statuses")) > 0 {
		return
	}
	held := like(o)
	held.Set("statuses", schema.Strings(covered...))
	r.found(held)
}

// readRemovedAccess reports the declared statuses that are still enabled where
// a removed block takes them away.
func (r *reading) readRemovedAccess(q question, m schema.Removal, enabled []string) {
	covered := slices.DeleteFunc(slices.Clone(enabled), func(status string) bool { return !q.declared[status] })
	if len(covered) == 0 {
		return
	}
	held := gone(m)
	held.Set("statuses", schema.Strings(covered...))
	r.found(held)
}

// checkStatuses reports listed statuses that neither the org nor the
// configuration has.
func (r *reading) checkStatuses(q question, o *schema.Object) {
	for _, name := range o.Texts("statuses") {
		if name != "" && !q.declared[name] && !r.look().statuses[name] {
			known := slices.Sorted(maps.Keys(r.look().statuses))
			known = append(known, slices.Sorted(maps.Keys(q.declared))...)
			r.fault(schema.ErrorAt(o, "statuses", "Presence status that does not exist",
				fmt.Sprintf("No block declares the presence status %q and the org does not have it. %s", name, suggest(name, known))))
		}
	}
}

func (r *reading) countAccess(k *schema.Kind, enabled map[string][]string, named func(string) bool) {
	n := 0
	for name := range enabled {
		if !named(name) {
			n++
		}
	}
	r.unmanaged(k, n)
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// changeProfileAccess deploys an overlay: true for what is added, an explicit
// false for what is taken away, nothing else. A profile deploy leaves absent
// entries alone (VERIFIED).
func changeProfileAccess(p *part) {
	added, removed, name := accessChange(p.step)
	var nodes []*Node
	for _, status := range added {
		nodes = append(nodes, accessNode(status, true))
	}
	for _, status := range removed {
		nodes = append(nodes, accessNode(status, false))
	}
	if p.org == nil {
		p.fail(errNotRead)
		return
	}
	label, ok := p.org.look().profile(name)
	if !ok {
		p.fail(fmt.Errorf("profile %q: the org does not have it, and deploying it would create one", name))
		return
	}
	p.overlay(p.org.look().labels[label], label, nodes...)
}

// accessChange says which statuses a step gives and takes, and the key.
func accessChange(step *schema.Step) (added, removed []string, key string) {
	var wanted, held schema.List
	if step.Wanted != nil {
		wanted, key = step.Wanted.List("statuses"), step.Wanted.Key()
	}
	if step.Held != nil {
		held, key = step.Held.List("statuses"), step.Held.Key()
	}
	gives, takes := schema.DiffSet(wanted, held)
	return texts(gives), texts(takes), key
}

func texts(list schema.List) []string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = schema.Text(v)
	}
	return texts
}

func profileComponent(fullName string, nodes ...*Node) Component {
	return Component{Type: profileType, FullName: fullName, Body: Element(profileType, nodes...)}
}

// accessElement is spelt as the WSDL spells it; the documentation's tables
// have a capital S, which tools have copied. Both are read, this one is sent.
const (
	accessElement    = "servicePresenceStatusAccesses"
	accessElementDoc = "ServicePresenceStatusAccesses"
)

func accessNode(status string, enabled bool) *Node {
	return Element(accessElement, Leaf("enabled", fmt.Sprint(enabled)), Leaf("servicePresenceStatus", status))
}

// standardProfiles are the profiles whose API name is not their label
// (VERIFIED).
var standardProfiles = [...]struct{ label, apiName string }{
	{"System Administrator", "Admin"},
	{"Standard User", "Standard"},
	{"Read Only", "ReadOnly"},
	{"Marketing User", "MarketingProfile"},
	{"Contract Manager", "ContractManager"},
	{"Solution Manager", "SolutionManager"},
	{"Standard Platform User", "StandardAul"},
	{"Authenticated Website", "PlatformPortal"},
	{"Guest", "Guest"},
}

// profileFullName returns what the Metadata API calls a profile that is named
// by its label, in English, or its API name.
func profileFullName(name string) string {
	for _, standard := range standardProfiles {
		if name == standard.label || name == standard.apiName {
			return standard.apiName
		}
	}
	if decoded := DecodeFullName(name); decoded != name {
		return name // written encoded already
	}
	return EncodeFullName(name)
}
