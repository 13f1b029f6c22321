package salesforce

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/avro"
)

// The parts of an Avro schema, in the order that JSON writes them.
type (
	avroRecord struct {
		Name      string      `json:"name"`
		Namespace string      `json:"namespace,omitempty"`
		Type      string      `json:"type"`
		Fields    []avroField `json:"fields"`
	}
	avroField struct {
		Name    string          `json:"name"`
		Type    any             `json:"type"`
		Doc     string          `json:"doc,omitempty"`
		Default json.RawMessage `json:"default,omitempty"`
	}
	avroArray struct {
		Type  string `json:"type"`
		Items string `json:"items"`
	}
	avroEnum struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Symbols []string `json:"symbols"`
	}
)

// changeTypes are what can happen to a record, and how not knowing is told.
func changeTypes() []string {
	return []string{"CREATE", "UPDATE", "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW", "SNAPSHOT"}
}

// captured lists the fields of an entity's change event behind its header: not
// the Id, which the header holds, nor the stamp of the system.
func (t *object) captured() []*field {
	return slices.DeleteFunc(slices.Clone(t.fields), func(f *field) bool { return f.name == "Id" || f.name == "SystemModstamp" })
}

// eventSchema returns the schema of an entity's change events as its fields are
// now. Schemas of before stay readable: events of then need them.
func (o *Org) eventSchema(t *object) *eventSchema {
	if held := o.schemas.current[t.name]; held != nil {
		return held
	}
	text := t.schemaText()
	codec, err := avro.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("salesforce emulator: schema of %s: %v", t.name, err)) // our own text
	}
	made := &eventSchema{id: schemaID(text), text: text, codec: codec}
	o.schemas.current[t.name], o.schemas.byID[made.id] = made, made
	return made
}

// schemas are the versions of the entities' schemas. Guarded by the store.
type schemas struct {
	current map[string]*eventSchema // by entity
	byID    map[string]*eventSchema
}

func newSchemas() *schemas {
	return &schemas{current: map[string]*eventSchema{}, byID: map[string]*eventSchema{}}
}

// AddField adds a custom text field to an sObject, as an administrator does at
// any time: events from then on are of another schema.
func (o *Org) AddField(sobject, name string) error {
	o.store.Lock()
	defer o.store.Unlock()
	t := o.schema.object(sobject)
	switch {
	case t == nil:
		return fmt.Errorf("add field: no sObject %q", sobject)
	case t.field(name) != nil || !strings.HasSuffix(name, "__c"):
		return fmt.Errorf("add field to %s: %q is taken, or not a custom field's name", sobject, name)
	}
	t.fields = append(t.fields, parseField(name+"+~"))
	t.index()
	delete(o.schemas.current, t.name)
	return nil
}

func (t *object) schemaText() string {
	texts := avroArray{"array", "string"}
	header := avroRecord{Name: "ChangeEventHeader", Type: "record", Fields: []avroField{
		{Name: "entityName", Type: "string"}, {Name: "recordIds", Type: texts},
		{Name: "changeType", Type: avroEnum{"enum", "ChangeType", changeTypes()}},
		{Name: "changeOrigin", Type: "string"}, {Name: "transactionKey", Type: "string"}, {Name: "sequenceNumber", Type: "int"},
		{Name: "commitTimestamp", Type: "long"}, {Name: "commitNumber", Type: "long"}, {Name: "commitUser", Type: "string"},
		{Name: "nulledFields", Type: texts}, {Name: "diffFields", Type: texts}, {Name: "changedFields", Type: texts},
	}}
	fields := []avroField{{Name: "ChangeEventHeader", Type: header}}
	for _, f := range t.captured() {
		kind, doc := f.avro()
		fields = append(fields, avroField{Name: f.name, Type: []string{"null", kind}, Doc: doc, Default: json.RawMessage("null")})
	}
	text, err := json.Marshal(avroRecord{Name: t.name + "ChangeEvent", Namespace: "com.sforce.eventbus", Type: "record", Fields: fields})
	if err != nil {
		panic(err) // texts always encode
	}
	return string(text)
}

// avro is the type of a field's values, and the vendor's word for it.
func (f *field) avro() (kind, doc string) {
	switch f.kind {
	case "boolean":
		return "boolean", "Data:Boolean"
	case "int":
		return "int", "Data:Integer"
	case "double":
		return "double", "Data:Double"
	case "datetime":
		return "long", "Data:DateTime"
	case "reference":
		return "string", "Data:EntityId"
	}
	return "string", "Data:Text"
}

// schemaID names a version by what it says, as the vendor does: 22 characters.
func schemaID(text string) string {
	sum, err := hex.DecodeString(derive("schema", text))
	if err != nil {
		panic(err) // derive writes hexadecimal
	}
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
