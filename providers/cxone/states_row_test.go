package cxone

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rows are texts that both ways of reading a row must agree on.
var rows = []string{
	`{"agentId":7,"agentStateId":2,"agentStateName":"Unavailable","outStateId":1017,"isACW":false,"startDate":"2026-01-01T00:00:00Z"}`,
	`{"AgentId":"7","AGENTSTATENAME":"Available","IsACW":"True","OutStateCode":null}`,
	" {\n\t\"agentId\" : 7 ,\r\n \"firstName\" : \"a \\\"}, b\\\\\" , \"outStateDescription\" : \"Caf\u00e9 \\u00e9\\n\" } ",
	`{"other":{"agentId":8,"list":[1,{"a":"]}"}]},"agentId":7,"agentId":9}`,
	`{"agentId":7,"outStateId":{"id":1}}`,
	`{"agentId":7,"agentStateId":[2]}`,
	`{}`, `[]`, `null`, `"agentId"`, `12`, `{"agentId":{}}`,
	`{"agentId":-1.5e3,"lastUpdateTime":"","isACW":true}`,
}

// read is what encoding/json makes of a row.
func read(text []byte) (row readRow) {
	object := bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))
	if err := json.Unmarshal(text, &row.stateRow); err != nil || !object {
		return readRow{stateRow: stateRow{Agent: agentOf(text)}, wrong: true}
	}
	return row
}

func TestReadRowIsAsEncodingJSONReadsIt(t *testing.T) {
	for _, text := range rows {
		var got readRow
		if err := json.Unmarshal([]byte(text), &got); err != nil && text != "null" {
			t.Errorf("%s: %v", text, err)
		}
		if text == "null" { // encoding/json asks nobody about null inside a list
			continue
		}
		if diff := cmp.Diff(read([]byte(text)), got, cmp.AllowUnexported(readRow{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// FuzzReadRow holds the reader of rows to encoding/json's.
func FuzzReadRow(f *testing.F) {
	for _, text := range rows {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		var got readRow
		if err := got.UnmarshalJSON(text); err != nil {
			t.Fatal(err)
		}
		if want := read(text); want.wrong != got.wrong || !want.wrong && want.stateRow != got.stateRow {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	})
}
