package presence

import (
	"slices"
	"strconv"

	"github.com/lockstep-sync/lockstep/schema"
)

// kindName is the kind whose objects are presence rules.
const kindName = "presence_rule"

// The words of executor, mode and after_contact that mean something here.
const (
	executorCXone        = "cxone"
	modeOff              = "off"
	modeShadow           = "shadow"
	afterContactPrevious = "previous"
)

// Rules reads the presence rules among objects, in their order. A row of both
// becomes a row of each table, ahead of the table's own.
func Rules(objects []*schema.Object) []schema.Rule {
	var rules []schema.Rule
	for _, o := range objects {
		if o.Kind.Name == kindName {
			rules = append(rules, readRule(o))
		}
	}
	return rules
}

func readRule(o *schema.Object) schema.Rule {
	both := readRows(o, "both")
	rule := schema.Rule{
		Name:         o.Key(),
		Address:      o.Address,
		Executor:     o.Text("executor"),
		Mode:         o.Text("mode"),
		AfterContact: o.Text("after_contact"),
		Publisher:    append(slices.Clip(both), readRows(o, "publisher")...),
		Subscriber:   append(slices.Clip(both), readRows(o, "subscriber")...),
		Teams:        o.Texts("teams"),
		Users:        o.Texts("users"),
		Exclude:      o.Texts("exclude"),
	}
	if o.Source != nil {
		rule.Source = o.Source.Block
	}
	return rule
}

func readRows(o *schema.Object, table string) []schema.Row {
	records := o.Records(table)
	rows := make([]schema.Row, len(records))
	for i, record := range records {
		rows[i] = schema.Row{
			State:  readState(record.Get("acd_state")),
			Status: readStatus(record.Get("salesforce_status")),
			Source: rowRange(o, table, i),
		}
	}
	return rows
}

func readState(v schema.Value) schema.ACDState {
	if ref, ok := v.(schema.Ref); ok {
		return schema.ACDState{Code: refKey(ref)}
	}
	return schema.ACDState{Word: schema.Text(v)}
}

func readStatus(v schema.Value) schema.Status {
	if ref, ok := v.(schema.Ref); ok {
		return schema.Status{Name: refKey(ref), Label: ref.Label}
	}
	return schema.Status{Name: schema.Text(v)}
}

// refKey names what a reference stands for. Before references are resolved
// the address does: two rows about one block are still about one thing.
func refKey(ref schema.Ref) string {
	if ref.Key != "" {
		return ref.Key
	}
	return string(ref.Address)
}

func rowRange(o *schema.Object, table string, i int) schema.Range {
	if o.Source == nil {
		return schema.Range{}
	}
	if place, ok := o.Source.Nested[table+"["+strconv.Itoa(i)+"]"]; ok {
		return place
	}
	return o.Range(table)
}
