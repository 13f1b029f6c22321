package cxone

import (
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// Who carries a rule out.
const (
	byLockstep = "lockstep"
	byCXone    = "cxone"
)

var presenceRule = &kind{
	Kind: schema.Kind{
		Name:     "presence_rule",
		Provider: "cxone",
		Doc: "A presence rule: which Salesforce status goes with which CXone state, in each direction, and for whom. " +
			"A rule has one executor. With `executor = \"lockstep\"`, `lockstep run` carries it out; with an `account_mapping` it is also put into Adapters, assigned to nobody, " +
			"so that it is seen there and NICE's app carries it out for nobody. With `executor = \"cxone\"` it is put there with its teams and users, and Lockstep only watches. " +
			adaptersDoc,
		Key:   "name",
		Shape: ruleShape,
		Cannot: []schema.Limit{
			noWriteAPI("create, change or list presence rules through NICE's API"),
			{
				What: "set a contact state, or an after-call-work code while no contact is handled",
				Why:  "CXone takes only Available and unavailable codes (VERIFIED).",
				Then: "Such a row in the subscriber table is an error before any call is made.",
			},
			{
				What: "know which spelling NICE stores",
				Why:  "No public source shows whether rows hold labels or developer names, nor the words for Previous State, contact states and no status (UNCERTAIN).",
				Then: "Labels are written, developer names are read as well, the words are the guide's and the API's own.",
			},
			{
				What: "see whom NICE's own sync serves already",
				Why:  "NICE's one read shows the rule of the user who asks, and nobody else's (VERIFIED).",
				Then: "With `adapters = \"api\"` `lockstep run` leaves alone whoever is assigned to a rule in Adapters, and says so. With `manual` it cannot notice: unassign the rules there before run takes over.",
			},
			{
				What: "exclude a person from a team's rule in CXone",
				Why:  "NICE's form has teams and users only (VERIFIED).",
				Then: "`exclude` is heeded by `lockstep run` alone.",
			},
		},
		Deletable: true,
		Removal:   "The rule is deleted; the agents it reached are no longer kept in step.",
		Check:     checkRule,
		Differ:    differRule,
		Local:     localRule,
	},
	adapters: true,
	read:     readRules,
	write:    writeRule,
	guide:    guideRule,
	advise:   adviseRule,
}

var ruleShape = schema.NewShape(
	schema.Argument{
		Name: "name", Type: schema.TextType(), Check: checkNotBlank, DefaultDoc: "the block's label",
		Doc: "The rule's name.",
	},
	schema.Argument{
		Name: "executor", Type: schema.OneOf(byLockstep, byCXone), Default: schema.String(byLockstep), Unread: true,
		Doc: "Who carries the rule out: `lockstep run`, or NICE's app in the agent's browser.",
	},
	schema.Argument{
		Name: "mode", Type: schema.OneOf("off", "shadow", "live"), Default: schema.String("live"), Unread: true,
		Doc: "What `lockstep run` does with the rule: nothing, watch and record, or keep both sides in step.",
	},
	schema.Argument{
		Name: "account_mapping", Type: schema.RefTo("account_mapping"),
		Doc: "The account mapping that the rule belongs to; may be left out when the executor is lockstep.",
	},
	rowsArgument("both", "Rows that hold in both directions."),
	rowsArgument("publisher", "Rows from CXone to Salesforce: the status to show for a state."),
	rowsArgument("subscriber", "Rows from Salesforce to CXone: the state to set for a status."),
	schema.Argument{
		Name: "after_contact", Type: schema.OneOf("previous", "rule"), Default: schema.String("previous"), Unread: true,
		Doc: "What Salesforce shows when a contact and its after-call work end: what it showed before, or what the rule says.",
	},
	schema.Argument{
		Name: "teams", Type: schema.SetOf(schema.TextType()), Default: schema.List{},
		Doc: "The names of the CXone teams that the rule reaches: the whole list.",
	},
	schema.Argument{
		Name: "users", Type: schema.SetOf(schema.TextType()), Default: schema.List{},
		Doc: "The user names of the CXone agents that the rule reaches, besides its teams: the whole list.",
	},
	schema.Argument{
		Name: "exclude", Type: schema.SetOf(schema.TextType()), Unread: true,
		Doc: "The user names of agents that the rule never reaches, heeded by `lockstep run`.",
	},
	schema.Argument{
		Name: "assigned_teams", Type: schema.SetOf(schema.TextType()), Computed: true,
		Doc: "The teams that the rule is assigned to in CXone.",
	},
	schema.Argument{
		Name: "assigned_users", Type: schema.SetOf(schema.TextType()), Computed: true,
		Doc: "The users that the rule is assigned to in CXone.",
	},
)

func rowsArgument(name, doc string) schema.Argument {
	return schema.Argument{
		Name: name, Default: schema.List{}, Doc: doc + " The whole list.",
		Type: schema.SetOf(schema.Type{Base: schema.RecordType, Shape: rowShape}),
	}
}

// localRule reports that a rule is never put into Adapters.
func localRule(o *schema.Object) bool {
	return o.Text("executor") != byCXone && o.Get("account_mapping") == nil
}

// differRule reports a rule of Lockstep's that is assigned in CXone, where two
// executors would then carry it out.
func differRule(wanted, held *schema.Object) []schema.Change {
	if wanted.Text("executor") == byCXone {
		return nil
	}
	var changes []schema.Change
	for _, name := range []string{"assigned_teams", "assigned_users"} {
		if len(held.List(name)) == 0 {
			continue
		}
		changes = append(changes, schema.Change{
			Path: name, Wanted: schema.List{}, Held: held.Get(name), Source: wanted.Range("executor"),
			Note: "Lockstep carries this rule out; assigned in CXone, NICE's app does so as well",
		})
	}
	return changes
}

func readRules(k *kind, l *look) {
	wanted, removed := l.named(k)
	if !l.api {
		l.unseen(k, "NICE publishes no API that shows presence rules, except the caller's own")
		l.compareOwnRule(wanted)
		return
	}
	for _, r := range l.dir.rules {
		block, declared := wanted[r.Name]
		switch {
		case declared && localRule(block):
			l.warnOfTwin(block, r)
		case declared:
			l.held.Objects = append(l.held.Objects, ruleObject(k, l.dir, block, r))
		case removed[r.Name]:
			l.held.Objects = append(l.held.Objects, ruleObject(k, l.dir, schema.NewObject(&k.Kind), r))
		default:
			l.held.Unmanaged[k.Name]++
		}
	}
}

// ruleObject reads a rule the way the wanted block writes it.
func ruleObject(k *kind, d *directory, wanted *schema.Object, r rule) *schema.Object {
	o := schema.NewObject(&k.Kind)
	o.ID = r.ID
	o.Set("name", schema.String(r.Name))
	o.Set("account_mapping", schema.String(d.environmentOf(r.MappingID)))
	s := splitTables(wanted.Record, r.Publisher, r.Subscriber)
	o.Set("both", s.both)
	o.Set("publisher", s.publisher)
	o.Set("subscriber", s.subscriber)
	teams := schema.Strings(sorted(r.Teams, func(t assignedTeam) string { return d.teamName(string(t.ID)) })...)
	users := schema.Strings(sorted(r.Users, func(u assignedUser) string { return d.userName(u.ID) })...)
	o.Set("assigned_teams", teams)
	o.Set("assigned_users", users)
	if wanted.Text("executor") == byLockstep {
		// The people of a rule that Lockstep carries out are Lockstep's own.
		teams, users = wanted.List("teams"), wanted.List("users")
	}
	o.Set("teams", teams)
	o.Set("users", users)
	return o
}

func adviseRule(step *schema.Step) schema.Diagnostics {
	switch {
	case step.Action == schema.Delete || step.Wanted == nil:
	case step.Wanted.Text("executor") == byCXone:
		// VERIFIED for rules of the Teams partner; the Salesforce page is silent.
		step.Warnings = append(step.Warnings, "NICE says that edits to rules can take up to 20 minutes, and an agent's app reads its rule when it starts.")
	case step.Reason == "":
		step.Reason = "it is put into CXone assigned to nobody, because Lockstep carries it out"
	}
	return nil
}

// checkRule reports what is wrong with a rule's place in CXone. Its rows, and
// how rules play together, are judged by package presence.
func checkRule(o *schema.Object) schema.Diagnostics {
	if o.Text("executor") != byCXone || o.Get("account_mapping") != nil {
		return nil
	}
	return schema.Diagnostics{schema.ErrorAt(o, "executor", "Rule for CXone without account mapping",
		"The rule is to be carried out by CXone, which knows a Salesforce org only through an account mapping. Set account_mapping, or let lockstep carry the rule out.")}
}

// sorted lists what name says of each row.
func sorted[T any](rows []T, name func(T) string) []string {
	list := make([]string, len(rows))
	for i, row := range rows {
		list[i] = name(row)
	}
	slices.Sort(list)
	return list
}
