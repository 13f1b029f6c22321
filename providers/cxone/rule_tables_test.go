package cxone

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestRowCellsBothWays(t *testing.T) {
	status := func(label string) schema.Value {
		return schema.Ref{Kind: "presence_status", Key: "On_Break", Label: label}
	}
	for _, tc := range []struct {
		why           string
		state, status schema.Value
		wire          wireRow
	}{
		{"a code goes by its name, a status by its label", schema.Ref{Kind: "unavailable_code", Key: "Lunch"}, status("On a break"), wireRow{"Lunch", "On a break"}},
		{"a status without a known label goes by its developer name", schema.String("Available"), status(""), wireRow{"Available", "On_Break"}},
		{"Previous State has NICE's spelling", schema.String(schema.Previous), status("Break"), wireRow{"Previous State", "Break"}},
		{"contact states go by the API's names", schema.String("InboundContact"), status("Break"), wireRow{"InboundContact", "Break"}},
		{"no status", schema.String("LoggedOut"), schema.String(schema.Offline), wireRow{"LoggedOut", "Offline"}},
		{"a word that is also a code", schema.Ref{Kind: "unavailable_code", Key: "Unavailable"}, status("Break"), wireRow{"Unavailable", "Break"}},
	} {
		record := schema.NewRecord(rowShape)
		record.Set("acd_state", tc.state)
		record.Set("salesforce_status", tc.status)
		if diff := cmp.Diff([]wireRow{tc.wire}, wireTable([]schema.Record{record})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.why, diff)
		}
		if back := rowValue(tc.wire); !schema.Equal(record, back) {
			t.Errorf("%s: reads back as %s", tc.why, schema.Text(back))
		}
	}
}

func TestDeveloperNamesAreReadAsWell(t *testing.T) {
	wanted := schema.Ref{Kind: "presence_status", Key: "On_Break", Label: "On a break"}
	for _, spelling := range []string{"On_Break", "On a break"} {
		if !schema.Equal(wanted, statusValue(spelling)) {
			t.Errorf("%q is not the wanted status", spelling)
		}
	}
}

func TestTablesAreNeverMissing(t *testing.T) {
	publisher, subscriber := wireTables(schema.NewRecord(ruleShape))
	if publisher == nil || subscriber == nil {
		t.Error("NICE's client hangs for ever on a rule that lacks a table")
	}
}

func TestSplitTables(t *testing.T) {
	available, lunch, working := wireRow{"Available", "Online"}, wireRow{"Lunch", "Break"}, wireRow{"Working", "On a Call"}
	otherLunch := wireRow{"Lunch", "Away"}
	type tables struct{ both, publisher, subscriber []wireRow }
	for _, tc := range []struct {
		why                   string
		block                 tables
		publisher, subscriber []wireRow // as CXone holds them
		want                  tables
	}{
		{
			"a settled rule reads as the block writes it", tables{both: []wireRow{available, lunch}, publisher: []wireRow{working}},
			[]wireRow{available, lunch, working}, []wireRow{available, lunch},
			tables{both: []wireRow{available, lunch}, publisher: []wireRow{working}},
		},
		{
			"rows that the block writes apart stay apart", tables{publisher: []wireRow{available, lunch}, subscriber: []wireRow{available, lunch}},
			[]wireRow{available, lunch}, []wireRow{available, lunch},
			tables{publisher: []wireRow{available, lunch}, subscriber: []wireRow{available, lunch}},
		},
		{
			"a row that leaves both is missed in both", tables{both: []wireRow{available}},
			[]wireRow{available, lunch}, []wireRow{available, lunch},
			tables{both: []wireRow{available, lunch}},
		},
		{
			"a row that becomes one of the publisher leaves the subscriber", tables{publisher: []wireRow{lunch}},
			[]wireRow{lunch}, []wireRow{lunch},
			tables{publisher: []wireRow{lunch}, subscriber: []wireRow{lunch}},
		},
		{
			"a row that somebody took out of one table stands in the other", tables{both: []wireRow{available, lunch}},
			[]wireRow{available, lunch}, []wireRow{available},
			tables{both: []wireRow{available}, publisher: []wireRow{lunch}},
		},
		{
			"a row that somebody changed in both is still one of both", tables{both: []wireRow{lunch}},
			[]wireRow{otherLunch}, []wireRow{otherLunch},
			tables{both: []wireRow{otherLunch}},
		},
		{
			"two statuses that lead to one code: one holds both ways", tables{both: []wireRow{lunch}, subscriber: []wireRow{otherLunch}},
			[]wireRow{lunch}, []wireRow{otherLunch, lunch},
			tables{both: []wireRow{lunch}, subscriber: []wireRow{otherLunch}},
		},
		{
			"a row that CXone holds twice shows twice", tables{both: []wireRow{lunch}},
			[]wireRow{lunch}, []wireRow{lunch, lunch},
			tables{both: []wireRow{lunch}, subscriber: []wireRow{lunch}},
		},
	} {
		wanted := schema.NewRecord(ruleShape)
		wanted.Set("both", list(tc.block.both))
		wanted.Set("publisher", list(tc.block.publisher))
		wanted.Set("subscriber", list(tc.block.subscriber))
		got := splitTables(wanted, tc.publisher, tc.subscriber)
		for _, table := range []struct {
			name string
			want []wireRow
			got  schema.List
		}{{"both", tc.want.both, got.both}, {"publisher", tc.want.publisher, got.publisher}, {"subscriber", tc.want.subscriber, got.subscriber}} {
			if table.got == nil || !schema.Equal(list(table.want), table.got) {
				t.Errorf("%s: %s is %s", tc.why, table.name, schema.Text(table.got))
			}
		}
	}
}

func list(rows []wireRow) schema.List {
	values := schema.List{}
	for _, row := range rows {
		values = append(values, rowValue(row))
	}
	return values
}
