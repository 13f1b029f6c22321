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
	for _, tc := range []struct {
		why                   string
		both                  []wireRow // as the block writes them
		publisher, subscriber []wireRow // as CXone holds them
		want                  [3][]wireRow
	}{
		{
			"a settled rule reads as the block writes it", []wireRow{available, lunch},
			[]wireRow{available, lunch, working}, []wireRow{available, lunch},
			[3][]wireRow{{available, lunch}, {working}, nil},
		},
		{
			"rows that the block writes apart stay apart", nil,
			[]wireRow{available, lunch}, []wireRow{available, lunch},
			[3][]wireRow{nil, {available, lunch}, {available, lunch}},
		},
		{
			"a row that somebody took out of one table stands in the other", []wireRow{available, lunch},
			[]wireRow{available, lunch}, []wireRow{available},
			[3][]wireRow{{available}, {lunch}, nil},
		},
		{
			"a row that somebody changed in both is still one of both", []wireRow{lunch},
			[]wireRow{otherLunch}, []wireRow{otherLunch},
			[3][]wireRow{{otherLunch}, nil, nil},
		},
		{
			"two statuses that lead to one code: one holds both ways", []wireRow{lunch},
			[]wireRow{lunch}, []wireRow{otherLunch, lunch},
			[3][]wireRow{{lunch}, nil, {otherLunch}},
		},
		{
			"a row that CXone holds twice shows twice", []wireRow{lunch},
			[]wireRow{lunch}, []wireRow{lunch, lunch},
			[3][]wireRow{{lunch}, nil, {lunch}},
		},
	} {
		wanted := schema.NewRecord(ruleShape)
		wanted.Set("both", list(tc.both))
		got := splitTables(wanted, tc.publisher, tc.subscriber)
		for i, held := range []schema.List{got.both, got.publisher, got.subscriber} {
			if held == nil || !schema.Equal(list(tc.want[i]), held) {
				t.Errorf("%s: list %d is %s", tc.why, i, schema.Text(held))
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
