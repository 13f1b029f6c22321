package presence

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

// testKind has the arguments that presence_rule has.
func testKind(name string) *schema.Kind {
	row := schema.RecordOf(
		schema.Argument{Name: "acd_state", Type: schema.RefTo("unavailable_code")},
		schema.Argument{Name: "salesforce_status", Type: schema.RefTo("presence_status")},
	)
	var arguments []schema.Argument
	for _, text := range []string{"name", "executor", "mode", "account_mapping", "after_contact"} {
		arguments = append(arguments, schema.Argument{Name: text, Type: schema.TextType()})
	}
	for _, table := range []string{"both", "publisher", "subscriber"} {
		arguments = append(arguments, schema.Argument{Name: table, Type: schema.ListOf(row)})
	}
	for _, people := range []string{"teams", "users", "exclude"} {
		arguments = append(arguments, schema.Argument{Name: people, Type: schema.SetOf(schema.TextType())})
	}
	return &schema.Kind{Name: name, Key: "name", Shape: schema.NewShape(arguments...)}
}

func line(n int32) schema.Range {
	return schema.Range{File: "rules.hcl", Start: schema.Pos{Line: n}}
}

func TestRules(t *testing.T) {
	kind := testKind(kindName)
	table := func(name string, pairs ...schema.Value) schema.List {
		var list schema.List
		for i := 0; i < len(pairs); i += 2 {
			record := schema.NewRecord(kind.Shape.Argument(name).Type.Elem.Shape)
			record.Set("acd_state", pairs[i])
			record.Set("salesforce_status", pairs[i+1])
			list = append(list, record)
		}
		return list
	}
	chats := schema.Ref{Kind: "presence_status", Key: "Chats", Label: "For chats"}
	unresolved := schema.Ref{Kind: "presence_status", Address: "presence_status.On_Break"}
	lunch := schema.Ref{Kind: "unavailable_code", Key: "Lunch"}

	o := schema.NewObject(kind)
	o.Address = "presence_rule.Support"
	o.Set("name", schema.String("Support rule"))
	o.Set("executor", schema.String("lockstep"))
	o.Set("mode", schema.String("live"))
	o.Set("after_contact", schema.String("previous"))
	o.Set("both", table("both", schema.String("Available"), chats, lunch, unresolved))
	o.Set("publisher", table("publisher", schema.String("LoggedOut"), schema.String("offline")))
	o.Set("subscriber", table("subscriber", schema.String("previous"), schema.String("On_a_Call")))
	o.Set("teams", schema.Strings("Support"))
	o.Set("users", schema.Strings("ana@acme.example"))
	o.Set("exclude", schema.Strings("boss@acme.example"))
	o.Source = &schema.Source{
		Block:     line(1),
		Arguments: make([]schema.Range, len(kind.Shape.Arguments)),
		Nested:    map[string]schema.Range{"both[0]": line(11), "both[1]": line(12)},
	}
	for name, at := range map[string]int32{"both": 10, "publisher": 20, "subscriber": 30} {
		i, _ := kind.Shape.Index(name)
		o.Source.Arguments[i] = line(at)
	}

	both := []schema.Row{
		{State: schema.ACDState{Word: "Available"}, Status: schema.Status{Name: "Chats", Label: "For chats"}, Source: line(11)},
		{State: schema.ACDState{Code: "Lunch"}, Status: schema.Status{Name: "presence_status.On_Break"}, Source: line(12)},
	}
	want := []schema.Rule{{
		Name: "Support rule", Address: "presence_rule.Support", Source: line(1),
		Executor: "lockstep", Mode: "live", AfterContact: "previous",
		Publisher:  []schema.Row{both[0], both[1], {State: schema.ACDState{Word: "LoggedOut"}, Status: schema.Status{Name: "offline"}, Source: line(20)}},
		Subscriber: []schema.Row{both[0], both[1], {State: schema.ACDState{Word: "previous"}, Status: schema.Status{Name: "On_a_Call"}, Source: line(30)}},
		Teams:      []string{"Support"}, Users: []string{"ana@acme.example"}, Exclude: []string{"boss@acme.example"},
	}}
	other := schema.NewObject(testKind("account_mapping"))
	if diff := cmp.Diff(want, Rules([]*schema.Object{other, o})); diff != "" {
		t.Errorf("both counts for each table, other kinds are left out, a row's place falls back to its table's (-want +got)\n%s", diff)
	}
}

func TestRulesWithoutSource(t *testing.T) {
	got := Rules([]*schema.Object{schema.NewObject(testKind(kindName))})
	if len(got) != 1 || got[0].Source != (schema.Range{}) {
		t.Errorf("a rule that stands in no file is a rule without a place: got %+v", got)
	}
}
