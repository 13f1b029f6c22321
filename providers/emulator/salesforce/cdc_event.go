package salesforce

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/twmb/avro"
)

// A changeHeader is the ChangeEventHeader of a change event, in the words of
// its Avro record.
type changeHeader struct {
	EntityName      string   `avro:"entityName"`
	RecordIDs       []string `avro:"recordIds"`
	ChangeType      string   `avro:"changeType"`
	ChangeOrigin    string   `avro:"changeOrigin"`
	TransactionKey  string   `avro:"transactionKey"`
	SequenceNumber  int32    `avro:"sequenceNumber"`
	CommitTimestamp int64    `avro:"commitTimestamp"`
	CommitNumber    int64    `avro:"commitNumber"`
	CommitUser      string   `avro:"commitUser"`
	NulledFields    []string `avro:"nulledFields"`
	DiffFields      []string `avro:"diffFields"`
	ChangedFields   []string `avro:"changedFields"`
}

// capture puts a change of a record on the bus, where the entity is selected
// and the channel's filter lets it through. A CREATE carries every field that
// has a value; an UPDATE those that changed, and nothing else.
func (o *Org) capture(sobject, changeType, by string, r row, changed []string) {
	t := o.schema.object(sobject)
	body := row{}
	for _, f := range t.captured() {
		if r[f.name] != nil && (changeType == "CREATE" || slices.Contains(changed, f.name)) {
			body[f.name] = r[f.name]
		}
	}
	header := o.headerOf(t, changeType, by, r)
	topics := o.topicsFor(t, header, body)
	if len(topics) == 0 {
		return
	}
	if changeType == "UPDATE" {
		header.ChangedFields = t.bitmap(func(name string) bool { return slices.Contains(changed, name) })
		header.NulledFields = t.bitmap(func(name string) bool { return slices.Contains(changed, name) && r[name] == nil })
	}
	o.bus.append(o.encode(t, header, body, topics))
}

func (o *Org) headerOf(t *object, changeType, by string, r row) changeHeader {
	o.bus.steps++
	now := o.options.Now()
	return changeHeader{
		EntityName: t.name, RecordIDs: []string{r.text("Id")}, ChangeType: changeType,
		TransactionKey: eventKey(o.bus.unique, 0), SequenceNumber: int32(o.bus.steps), //nolint:gosec // a few
		CommitTimestamp: now.UnixMilli(), CommitNumber: now.UnixNano() / 1000, CommitUser: by,
		NulledFields: []string{}, DiffFields: []string{}, ChangedFields: []string{},
	}
}

// gap is an event as it comes when the vendor could not make it out: a header
// and nothing else. An overflow names no record.
func (o *Org) gap(e *busEvent, changeType string) *busEvent {
	header := e.header
	header.ChangeType = changeType
	header.NulledFields, header.ChangedFields = []string{}, []string{}
	if changeType == "GAP_OVERFLOW" {
		header.RecordIDs = []string{"000000000000000AAA"}
	}
	made := o.encode(o.schema.object(e.entity), header, row{}, e.topics)
	made.replay, made.at, made.id = e.replay, e.at, e.id
	return made
}

// encode makes an event of a change under the entity's schema as it is now.
func (o *Org) encode(t *object, header changeHeader, body row, topics []string) *busEvent {
	schema := o.eventSchema(t)
	values := map[string]any{"ChangeEventHeader": &header}
	for _, f := range t.captured() {
		values[f.name] = avroValue(f, body[f.name])
	}
	payload, err := schema.codec.AppendEncode(nil, values)
	if err != nil {
		panic(fmt.Sprintf("salesforce emulator: change event of %s: %v", t.name, err)) // our own schema, our own values
	}
	return &busEvent{
		topics: topics, entity: t.name, id: eventKey(o.bus.unique, o.bus.steps), schemaID: schema.id, payload: payload, header: header,
	}
}

// avroValue is a value of a record as events hold it: moments are milliseconds.
func avroValue(f *field, value any) any {
	switch v := value.(type) {
	case string:
		if f.kind != "datetime" {
			return v
		}
		if at, err := time.Parse(stampLayout, v); err == nil {
			return at.UnixMilli()
		}
		return nil
	case int:
		return int32(v) //nolint:gosec // seconds and counts
	}
	return value
}

// bitmap writes which of an entity's fields match: a hexadecimal number whose
// lowest bit is the schema's first field. No field is no number at all.
func (t *object) bitmap(match func(name string) bool) []string {
	bits := new(big.Int)
	for i, f := range t.captured() {
		if match(f.name) {
			bits.SetBit(bits, i+1, 1) // the header is field 0
		}
	}
	if bits.Sign() == 0 {
		return []string{}
	}
	return []string{fmt.Sprintf("0x%X", bits)}
}

// An eventSchema is one version of an entity's schema.
type eventSchema struct {
	id, text string
	codec    *avro.Schema
}
