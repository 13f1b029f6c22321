package salesforce

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/linkedin/goavro/v2"
)

// presenceSchema is the shape of the vendor's schema, with a compound field
// that presence does not have.
const presenceSchema = `{"type":"record","name":"UserServicePresenceChangeEvent","namespace":"com.sforce.eventbus","fields":[
	{"name":"ChangeEventHeader","type":{"type":"record","name":"ChangeEventHeader","fields":[
		{"name":"entityName","type":"string"},
		{"name":"recordIds","type":{"type":"array","items":"string"}},
		{"name":"changeType","type":{"type":"enum","name":"ChangeType","symbols":["CREATE","UPDATE","DELETE","UNDELETE","GAP_CREATE","GAP_UPDATE","GAP_DELETE","GAP_UNDELETE","GAP_OVERFLOW","SNAPSHOT"]}},
		{"name":"commitTimestamp","type":"long"},
		{"name":"nulledFields","type":{"type":"array","items":"string"}},
		{"name":"diffFields","type":{"type":"array","items":"string"}},
		{"name":"changedFields","type":{"type":"array","items":"string"}}]}},
	{"name":"UserId","type":["null","string"],"doc":"Data:EntityId","default":null},
	{"name":"ServicePresenceStatusId","type":["null","string"],"default":null},
	{"name":"IsCurrentState","type":["null","boolean"],"default":null},
	{"name":"StatusStartDate","type":["null","long"],"default":null},
	{"name":"StatusEndDate","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},
	{"name":"Address","type":["null",{"type":"record","name":"Address","fields":[
		{"name":"Street","type":["null","string"]},{"name":"City","type":["null","string"]}]}],"default":null}]}`

// encode writes an event with a codec that nobody here wrote.
func encode(t testing.TB, values map[string]any) []byte {
	t.Helper()
	codec, err := goavro.NewCodec(presenceSchema)
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]any{
		"entityName": "UserServicePresence", "recordIds": []string{"0N35g0000000001"}, "changeType": "CREATE", "commitTimestamp": int64(1_790_000_000_999),
		"nulledFields": []string{}, "diffFields": []string{}, "changedFields": []string{},
	}
	event := map[string]any{"ChangeEventHeader": header}
	for name, v := range values {
		if _, ofHeader := header[name]; ofHeader {
			header[name] = v
		} else {
			event[name] = v
		}
	}
	payload, err := codec.BinaryFromNative(nil, event)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestDecodeEvents(t *testing.T) {
	s := parseEventSchema("1", presenceSchema)
	if s.bad != nil || s.foreign {
		t.Fatalf("schema: %v", s.bad)
	}
	moment := time.Unix(1_790_000_000, 0).UTC()
	tests := []struct {
		reason string
		values map[string]any
		want   changeEvent
	}{
		{"a login has everything", map[string]any{
			"UserId": goavro.Union("string", "0055g0000000020AAA"), "ServicePresenceStatusId": goavro.Union("string", "0N55g0000000001"),
			"IsCurrentState": goavro.Union("boolean", true), "StatusStartDate": goavro.Union("long", int64(1_790_000_000_123)),
		}, changeEvent{kind: "CREATE", user: "0055g0000000020AAA", status: "0N55g0000000001", current: told{true, true}, started: moment}},
		{"an update has what changed", map[string]any{
			"changeType": "UPDATE", "changedFields": []string{"0x28"}, "IsCurrentState": goavro.Union("boolean", false),
			"StatusEndDate": goavro.Union("long.timestamp-millis", moment.Add(7*time.Millisecond)),
		}, changeEvent{kind: "UPDATE", current: told{true, false}, ended: moment, changed: []string{"IsCurrentState", "StatusEndDate"}}},
		{"compound fields are named with their parent, nulled ones are changed", map[string]any{
			"changeType": "UPDATE", "changedFields": []string{"0x10", "6-0x02"}, "nulledFields": []string{"0x02"},
		}, changeEvent{kind: "UPDATE", changed: []string{"StatusStartDate", "Address.City", "UserId"}}},
		{"a gap has its header", map[string]any{"changeType": "GAP_UPDATE"}, changeEvent{kind: "GAP_UPDATE"}},
	}
	for _, test := range tests {
		got, err := s.decode(encode(t, test.values))
		if err != nil {
			t.Errorf("%s: %v", test.reason, err)
			continue
		}
		test.want.records, test.want.committed = []string{"0N35g0000000001CAA"}, moment
		if diff := cmp.Diff(&test.want, got, cmp.AllowUnexported(changeEvent{}, told{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.reason, diff)
		}
	}
}

func TestSchemasThatCannotBeUsed(t *testing.T) {
	tests := map[string]string{
		"no schema at all":      "{",
		"no record":             `"string"`,
		"a field went missing":  strings.ReplaceAll(presenceSchema, "IsCurrentState", "IsCurrent"),
		"the header is missing": strings.Replace(presenceSchema, `"name":"ChangeEventHeader","type":{`, `"name":"Header","type":{`, 1),
	}
	for reason, text := range tests {
		if s := parseEventSchema("1", text); s.bad == nil {
			t.Errorf("%s: taken", reason)
		}
	}
	if s := parseEventSchema("1", strings.Replace(presenceSchema, "UserServicePresenceChangeEvent", "AgentWorkChangeEvent", 1)); !s.foreign || s.bad != nil {
		t.Error("another object's events are no fault of the schema")
	}
}

func TestEventsThatCannotBeRead(t *testing.T) {
	s := parseEventSchema("1", presenceSchema)
	good := encode(t, nil)
	for reason, payload := range map[string][]byte{
		"empty": nil, "cut short": good[:len(good)-1], "too long": append(slices.Clip(good), 0),
		"a field beyond the last": encode(t, map[string]any{"changedFields": []string{"0x80"}}),
		"no such parent":          encode(t, map[string]any{"changedFields": []string{"9-0x01"}}),
		"a parent without fields": encode(t, map[string]any{"changedFields": []string{"1-0x01"}}),
		"no number":               encode(t, map[string]any{"changedFields": []string{"0xZZ"}}),
	} {
		if e, err := s.decode(payload); err == nil {
			t.Errorf("%s: read as %+v", reason, e)
		}
	}
}

func TestBits(t *testing.T) {
	tests := []struct {
		text string
		want []int
	}{
		{"0x0", nil},
		{"0x01", []int{0}},
		{"0x0000000081", []int{0, 7}},
		{"0xF0", []int{4, 5, 6, 7}},
		{"0x400000000000000000000000000000000", []int{130}},
	}
	for _, test := range tests {
		got, err := bitsOf(test.text)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s (-want +got)\n%s%v", test.text, diff, err)
		}
	}
	for _, text := range []string{"", "0x", "81", "0x-1", "0x+1", "0x1_0", "0x" + strings.Repeat("0", maxBitmap+1)} {
		if got, err := bitsOf(text); err == nil {
			t.Errorf("%.20q is %v", text, got)
		}
	}
}

func FuzzBitmap(f *testing.F) {
	fields := parseEventSchema("1", presenceSchema).fields
	f.Add("0x28")
	f.Add("6-0x03")
	f.Fuzz(func(t *testing.T, bitmap string) {
		names, err := bitmapFields(fields, []string{bitmap})
		if err != nil && names != nil {
			t.Errorf("%q: names %v with %v", bitmap, names, err)
		}
		for _, name := range names {
			if name == "" {
				t.Errorf("%q: a field without a name", bitmap)
			}
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	s := parseEventSchema("1", presenceSchema)
	f.Add(encode(f, nil))
	f.Add(encode(f, map[string]any{"changeType": "UPDATE", "changedFields": []string{"0x28"}, "IsCurrentState": goavro.Union("boolean", false)}))
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := s.decode(payload)
		if (e == nil) == (err == nil) {
			t.Errorf("%v with %v", e, err)
		}
	})
}

func FuzzSchema(f *testing.F) {
	f.Add(presenceSchema)
	f.Add(`{"type":"record","name":"UserServicePresenceChangeEvent","fields":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		s := parseEventSchema("1", text)
		if s.bad == nil && !json.Valid([]byte(text)) {
			t.Errorf("%q is a schema", text)
		}
		_, _ = s.decode([]byte{0})
	})
}
