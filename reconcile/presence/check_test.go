package presence

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

// soundRule is DESIGN's Support rule with a row for other codes: nothing about
// it is wrong or surprising.
func soundRule(t *testing.T) schema.Rule {
	return ruleOf(t, "previous",
		[]string{"Available > Chats", "Lunch > On_Break", "Unavailable > On_Break", "Working > On_a_Call"},
		[]string{"Chats > Available", "On_Break > Lunch", "On_a_Call > previous"})
}

func soundFacts() Facts {
	return Facts{
		Statuses: map[string]StatusFacts{
			"Chats":     {Label: "Chats", Channels: []string{"chat"}, Known: true},
			"On_Break":  {Label: "On Break", Busy: true, Known: true},
			"On_a_Call": {Label: "On a Call", Channels: []string{"chat"}, Known: true},
			"All":       {Label: "All", Channels: []string{"chat", "cases"}, Known: true},
			"Busy":      {Label: "Busy", Busy: true, Known: true},
		},
		Codes: map[string]CodeFacts{
			"Lunch":   {Teams: []string{"Support", "Sales"}, Known: true},
			"Wrap-up": {ACW: true, Teams: []string{"Support", "Sales"}, Known: true},
		},
	}
}

func TestCheckSound(t *testing.T) {
	if found := Check([]schema.Rule{soundRule(t)}, soundFacts()); found != nil {
		t.Errorf("a sound rule is found fault with:\n%s", found.Error())
	}
}

func TestCheck(t *testing.T) {
	publish := func(rule *schema.Rule, lines ...string) {
		rule.Publisher = append(rule.Publisher, rows(t, 30, true, lines...)...)
	}
	subscribe := func(rule *schema.Rule, lines ...string) {
		rule.Subscriber = append(rule.Subscriber, rows(t, 40, false, lines...)...)
	}
	tests := []struct {
		why    string
		change func(*schema.Rule, *Facts)
		want   []string // file:line, severity and summary
		detail []string // parts that the details must hold
	}{
		{
			why:    "two rows for one state leave open which is followed",
			change: func(r *schema.Rule, _ *Facts) { publish(r, "Lunch > Chats") },
			want:   []string{"rules.hcl:30 error: Duplicate source state"},
			detail: []string{`already has a row for code "Lunch" (rules.hcl:11)`, "UNCERTAIN"},
		},
		{
			why:    "the same for the subscriber table",
			change: func(r *schema.Rule, _ *Facts) { subscribe(r, "Chats > Lunch") },
			want:   []string{"rules.hcl:40 error: Duplicate source state"},
			detail: []string{"row for Chats (rules.hcl:20)"},
		},
		{
			why: "the exact row and the general one are two sources",
			change: func(r *schema.Rule, _ *Facts) {
				publish(r, "InboundContact > On_a_Call", "Refused > On_Break", "Wrap-up > On_a_Call", "ACW > On_a_Call")
			},
			want: []string{"rules.hcl:31 warning: Busy status while work can be pending"},
		},
		{
			why: "CXone alone moves agents into these",
			change: func(r *schema.Rule, _ *Facts) {
				subscribe(r, "S1 > InboundContact", "S2 > Working", "S3 > ACW", "S4 > Refused", "S5 > LoggedOut")
			},
			want: []string{
				"rules.hcl:40 error: State that cannot be set", "rules.hcl:41 error: State that cannot be set",
				"rules.hcl:42 error: State that cannot be set", "rules.hcl:43 error: State that cannot be set",
				"rules.hcl:44 error: State that cannot be set",
			},
			detail: []string{"subscriber row for S1 sets CXone to InboundContact", "no call can"},
		},
		{
			why:    "an ACW code is refused outside a contact",
			change: func(r *schema.Rule, _ *Facts) { subscribe(r, "S1 > Wrap-up") },
			want:   []string{"rules.hcl:40 error: State that cannot be set"},
			detail: []string{"ACW code", "409"},
		},
		{
			why:    "Unavailable names no code to set",
			change: func(r *schema.Rule, _ *Facts) { subscribe(r, "S1 > Unavailable") },
			want:   []string{"rules.hcl:40 error: State that cannot be set"},
			detail: []string{"has to name one code"},
		},
		{
			why:    "a code that is not declared here is not guessed to be an ACW code",
			change: func(r *schema.Rule, _ *Facts) { subscribe(r, "S1 > Elsewhere") },
		},
		{
			why: "a loop is printed with its rows",
			change: func(r *schema.Rule, _ *Facts) {
				r.Publisher = rows(t, 10, true, "A > X", "B > Y", "Unavailable > Z", "Available > Z")
				r.Subscriber = rows(t, 20, false, "X > B", "Y > A", "Z > Available")
			},
			want: []string{"rules.hcl:20 error: Presence rule that never settles"},
			detail: []string{
				"  an action from outside changes Salesforce to X\n" +
					"  Salesforce shows X: the subscriber row (rules.hcl:20) sets CXone to code \"B\"\n" +
					"  CXone shows code \"B\": the publisher row (rules.hcl:11) sets Salesforce to Y\n" +
					"  Salesforce shows Y: the subscriber row (rules.hcl:21) sets CXone to code \"A\"\n" +
					"  CXone shows code \"A\": the publisher row (rules.hcl:10) sets Salesforce to X\n" +
					"  and so on.",
				"UNCERTAIN",
			},
		},
		{
			why:    "a rule without rows does nothing",
			change: func(r *schema.Rule, _ *Facts) { r.Publisher, r.Subscriber = nil, nil },
			want:   []string{"rules.hcl:1 error: Presence rule without rows"},
		},
		{
			why:    "one direction is a whole rule",
			change: func(r *schema.Rule, _ *Facts) { r.Subscriber = nil },
		},
		{
			why: "a label of two statuses names neither",
			change: func(r *schema.Rule, f *Facts) {
				f.Statuses["On_Break"] = StatusFacts{Label: "Chats", Busy: true, Known: true}
			},
			want:   []string{"rules.hcl:11 error: Two statuses with one label"},
			detail: []string{`The text "Chats" can stand for the status Chats and for On_Break.`, "UNCERTAIN"},
		},
		{
			why: "a label can be another status's developer name, and rows may bring labels themselves",
			change: func(r *schema.Rule, f *Facts) {
				f.Statuses = nil
				r.Publisher[0].Status.Label = "On_Break"
			},
			want: []string{"rules.hcl:11 error: Two statuses with one label"},
		},
		{
			why:    "NICE's app knows no mode",
			change: func(r *schema.Rule, _ *Facts) { r.Executor, r.Mode = "cxone", "shadow" },
			want:   []string{"rules.hcl:1 error: Mode that the executor does not follow"},
		},
		{
			why:    "nor does it stop for off",
			change: func(r *schema.Rule, _ *Facts) { r.Executor, r.Mode = "cxone", "off" },
			want:   []string{"rules.hcl:1 error: Mode that the executor does not follow"},
		},
		{
			why:    "a rule in CXone excludes nobody",
			change: func(r *schema.Rule, _ *Facts) { r.Executor, r.Exclude = "cxone", []string{"boss@acme.example"} },
			want:   []string{"rules.hcl:1 error: Exclusion that the executor does not follow"},
			detail: []string{"boss@acme.example"},
		},
		{
			why:    "lockstep follows both",
			change: func(r *schema.Rule, _ *Facts) { r.Mode, r.Exclude = "shadow", []string{"boss@acme.example"} },
		},
		{
			why:    "somebody has to follow a rule",
			change: func(r *schema.Rule, _ *Facts) { r.Teams = nil },
			want:   []string{"rules.hcl:1 error: Presence rule that reaches nobody"},
		},
		{
			why: "excluded users are not reached; their names are read without regard to case",
			change: func(r *schema.Rule, _ *Facts) {
				r.Teams, r.Users, r.Exclude = nil, []string{"ana@acme.example"}, []string{"Ana@acme.example"}
			},
			want: []string{"rules.hcl:1 error: Presence rule that reaches nobody"},
		},
		{
			why:    "a code does nothing off its teams",
			change: func(r *schema.Rule, _ *Facts) { r.Teams = []string{"Support", "Billing", "Retention"} },
			want:   []string{"rules.hcl:11 error: Code missing on a team"},
			detail: []string{`teams that code "Lunch" is not declared to be on: Billing, Retention.`, "until it is on the agent's team"},
		},
		{
			why: "where a code's teams are not declared nothing is guessed",
			change: func(r *schema.Rule, f *Facts) {
				r.Teams = []string{"Billing"}
				f.Codes["Lunch"] = CodeFacts{Known: true}
			},
		},
		{
			why: "what can be shown and has no row is listed once",
			change: func(r *schema.Rule, f *Facts) {
				f.Codes["Meeting"] = CodeFacts{Teams: []string{"Support"}, Known: true}
				f.Codes["Elsewhere"] = CodeFacts{Teams: []string{"Billing"}, Known: true}
				r.Publisher = rows(t, 10, true, "Lunch > On_Break", "Working > On_a_Call")
				r.Subscriber = rows(t, 20, false, "Chats > Available")
			},
			want: []string{"rules.hcl:1 warning: States without a row", "rules.hcl:1 warning: No row for other codes"},
			detail: []string{
				`no row: Available in publisher, code "Meeting" in publisher, On_Break in subscriber.`,
			},
		},
		{
			why:    "other codes need a row",
			change: func(r *schema.Rule, _ *Facts) { r.Publisher = append(r.Publisher[:2:2], r.Publisher[3]) },
			want:   []string{"rules.hcl:1 warning: No row for other codes"},
		},
		{
			why:    "a status that an idle state shows has no state before it",
			change: func(r *schema.Rule, _ *Facts) { r.Subscriber[1].State = acd("previous") },
			want:   []string{"rules.hcl:21 warning: Previous where nothing came before"},
			detail: []string{"On_Break", "INVENTED"},
		},
		{
			why:    "nor has one that only a person chooses",
			change: func(r *schema.Rule, _ *Facts) { subscribe(r, "Busy > previous") },
			want:   []string{"rules.hcl:40 warning: Previous where nothing came before"},
		},
		{
			why: "a call that makes an agent busy may take offered work away",
			change: func(r *schema.Rule, _ *Facts) {
				r.Publisher[3].Status.Name = "Busy"
				r.Subscriber[2].Status.Name = "Busy"
			},
			want:   []string{"rules.hcl:13 warning: Busy status while work can be pending"},
			detail: []string{"Working shows Busy", "UNCERTAIN"},
		},
		{
			why: "without a status that takes work there is none to lose",
			change: func(r *schema.Rule, f *Facts) {
				r.Publisher = rows(t, 10, true, "Unavailable > On_Break", "Working > Busy", "Available > Elsewhere")
				r.Subscriber = nil
			},
		},
		{
			why: "a break that takes more kinds of work than Available is a mistake",
			change: func(r *schema.Rule, _ *Facts) {
				r.Publisher[1].Status.Name, r.Subscriber[1].Status.Name = "All", "All"
				subscribe(r, "On_Break > Lunch")
			},
			want: []string{"rules.hcl:11 warning: Row that adds channels"},
			detail: []string{
				`code "Lunch" shows All, Available only Chats`,
				`On_Break sets code "Lunch", which shows All`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			rule, facts := soundRule(t), soundFacts()
			test.change(&rule, &facts)
			found := Check([]schema.Rule{rule}, facts)
			var got []string
			for _, d := range found {
				got = append(got, d.Subject.String()+" "+d.Severity.String()+": "+d.Summary)
				if d.Address != rule.Address || d.Context != rule.Source {
					t.Errorf("%s: address %q, context %v", d.Summary, d.Address, d.Context)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, found.Error())
			}
			for _, part := range test.detail {
				if !strings.Contains(found.Error(), part) {
					t.Errorf("no detail says %q:\n%s", part, found.Error())
				}
			}
		})
	}
}

func TestCheckOverlaps(t *testing.T) {
	tests := []struct {
		why    string
		change func(first, second *schema.Rule)
		detail []string
	}{
		{
			why:    "two rules would fight over a team",
			change: func(_, _ *schema.Rule) {},
			detail: []string{`The team "Support" is reached by presence_rule.Support (rules.hcl:1) and again by presence_rule.Second (rules.hcl:50).`},
		},
		{
			why: "and over a user, whose name is read without regard to case",
			change: func(first, second *schema.Rule) {
				second.Teams = []string{"Sales"}
				first.Users, second.Users = []string{"ana@acme.example"}, []string{"Ana@acme.example"}
			},
			detail: []string{`The user "Ana@acme.example" is reached by presence_rule.Support (rules.hcl:1)`},
		},
		{
			why:    "a user's rule beats a team's: these are two levels",
			change: func(_, second *schema.Rule) { second.Teams, second.Users = nil, []string{"ana@acme.example"} },
		},
		{
			why:    "a rule that is off reaches nobody",
			change: func(_, second *schema.Rule) { second.Mode = "off" },
		},
		{
			why: "a rule that names a team twice does not fight itself",
			change: func(first, second *schema.Rule) {
				first.Teams, second.Teams = []string{"Support", "Support"}, []string{"Sales"}
			},
		},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			first, second := soundRule(t), soundRule(t)
			second.Address, second.Source.Start.Line = "presence_rule.Second", 50
			test.change(&first, &second)
			var got []string
			for _, d := range Check([]schema.Rule{first, second}, soundFacts()) {
				if d.Summary != "Two rules for the same people" || d.Severity != schema.Error || d.Address != second.Address {
					t.Errorf("unexpected: %s", d.Error())
				}
				got = append(got, d.Detail)
			}
			if len(got) != len(test.detail) {
				t.Fatalf("found %q, want %q", got, test.detail)
			}
			for i := range got {
				if !strings.Contains(got[i], test.detail[i]) {
					t.Errorf("detail %q does not say %q", got[i], test.detail[i])
				}
			}
		})
	}
}
