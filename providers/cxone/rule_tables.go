package cxone

import (
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// The spellings of a rule row that no public source fixes. NICE's client reads
// both cells as display strings (VERIFIED); which strings stand for Previous
// State, for contact states and for no status is UNCERTAIN. Contact states go
// out under the API's own names; these two are what the guide's pages show.
const (
	wirePrevious = "Previous State"
	wireOffline  = "Offline"
)

// A wireRow is one line of a rule's table as NICE's client reads it (VERIFIED).
type wireRow struct {
	AgentState   string `json:"incontactAgentState"`
	PartnerState string `json:"partnerAgentState"`
}

// wireState spells an ACD state of a row: a code goes by its name.
func wireState(v schema.Value) string {
	if schema.Text(v) == schema.Previous {
		return wirePrevious
	}
	return schema.Text(v)
}

// stateValue reads an ACD state. A name that is both a word and a code, as
// "Unavailable" is in every tenant, reads as the word; the two compare equal.
func stateValue(wire string) schema.Value {
	if wire == wirePrevious {
		return schema.String(schema.Previous)
	}
	if slices.Contains(schema.StateWords(), wire) {
		return schema.String(wire)
	}
	return schema.Ref{Kind: "unavailable_code", Key: wire}
}

// wireStatus spells a Salesforce status: its label, because the guide's pages
// show labels (UNCERTAIN), else its developer name.
func wireStatus(v schema.Value) string {
	if ref, ok := v.(schema.Ref); ok && ref.Label != "" {
		return ref.Label
	}
	if schema.Text(v) == schema.Offline {
		return wireOffline
	}
	return schema.Text(v)
}

// statusValue reads a Salesforce status. The text may be a label or a
// developer name; it equals a reference by either.
func statusValue(wire string) schema.Value {
	if wire == wireOffline {
		return schema.String(schema.Offline)
	}
	return schema.String(wire)
}

// wireTable turns the rows that hold in both directions and those of one
// direction into one table. It is never nil: NICE's client hangs for ever on
// an answer that lacks a table (VERIFIED).
func wireTable(tables ...[]schema.Record) []wireRow {
	rows := []wireRow{}
	for _, table := range tables {
		for _, row := range table {
			rows = append(rows, wireRow{
				AgentState:   wireState(row.Get("acd_state")),
				PartnerState: wireStatus(row.Get("salesforce_status")),
			})
		}
	}
	return rows
}

// wireTables returns the publisher and the subscriber table of a rule.
func wireTables(rule schema.Record) (publisher, subscriber []wireRow) {
	both := rule.Records("both")
	return wireTable(both, rule.Records("publisher")), wireTable(both, rule.Records("subscriber"))
}

// A split is two held tables written in the three lists of a block.
type split struct{ both, publisher, subscriber schema.List }

// splitTables writes held tables the way the wanted block does, so that a rule
// that is settled shows no change, and one that is not shows it where the block
// has it. A row that stands in both tables is one of both, unless the block
// writes its state or its status in a table of one direction. Row order is kept.
func splitTables(wanted schema.Record, publisher, subscriber []wireRow) split {
	s := split{both: schema.List{}, publisher: schema.List{}, subscriber: schema.List{}}
	rest := slices.Clone(subscriber)
	apart := writtenApart(wanted)
	for _, row := range publisher {
		i := slices.Index(rest, row)
		if i < 0 || apart(row) {
			s.publisher = append(s.publisher, rowValue(row))
			continue
		}
		rest = slices.Delete(rest, i, i+1)
		s.both = append(s.both, rowValue(row))
	}
	for _, row := range rest {
		s.subscriber = append(s.subscriber, rowValue(row))
	}
	return s
}

// writtenApart reports whether a block writes a row in one direction: its state
// among the publisher's or its status among the subscriber's, and not its state
// in both.
func writtenApart(wanted schema.Record) func(wireRow) bool {
	states := func(table string) map[string]bool {
		set := map[string]bool{}
		for _, row := range wanted.Records(table) {
			set[wireState(row.Get("acd_state"))] = true
		}
		return set
	}
	both, published := states("both"), states("publisher")
	subscribed := wanted.Records("subscriber")
	return func(row wireRow) bool {
		if both[row.AgentState] {
			return false
		}
		return published[row.AgentState] || slices.ContainsFunc(subscribed, func(r schema.Record) bool {
			return schema.Equal(r.Get("salesforce_status"), statusValue(row.PartnerState))
		})
	}
}

func rowValue(row wireRow) schema.Record {
	record := schema.NewRecord(rowShape)
	record.Set("acd_state", stateValue(row.AgentState))
	record.Set("salesforce_status", statusValue(row.PartnerState))
	return record
}

// rowShape is the shape of one line of a rule's table.
var rowShape = schema.NewShape(
	schema.Argument{
		Name: "acd_state", Required: true,
		Type: schema.Type{
			Base: schema.RefType, Kinds: []string{"unavailable_code"}, Closed: true,
			Words: append(schema.StateWords(), schema.Previous),
		},
		Doc: "What CXone shows: a state's name, a code as `unavailable_code.X` or `code(\"Lunch\")`, or `previous`, which is NICE's *Previous State*.",
	},
	schema.Argument{
		Name: "salesforce_status", Required: true,
		Type: schema.Type{Base: schema.RefType, Kinds: []string{"presence_status"}, Words: []string{schema.Offline}},
		Doc:  "What Salesforce shows: a presence status, or `offline` for none.",
	},
)
