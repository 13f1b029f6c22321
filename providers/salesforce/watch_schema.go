package salesforce

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/avro"
)

// maxSchemas bounds what is kept: the schema of an object changes with its
// fields, and only the newest few are in use.
const maxSchemas = 16

// An eventField is a field of a schema; a compound one has fields of its own.
type eventField struct {
	name   string
	fields []eventField
}

// An eventSchema is one version of a change event's schema.
type eventSchema struct {
	id      string
	codec   *avro.Schema
	fields  []eventField
	foreign bool  // of another object's events
	bad     error // it cannot be used: each of its events is one that was missed
}

// schemas keeps the schemas of one connection by their Ids.
type schemas struct {
	fetch func(ctx context.Context, id string) (string, error)
	kept  []*eventSchema // the newest last
}

// get returns a schema, asking for it when it is new. The error says that it
// could not be asked for; one that makes no sense is returned, with why.
func (s *schemas) get(ctx context.Context, id string) (*eventSchema, error) {
	for _, kept := range s.kept {
		if kept.id == id {
			return kept, nil
		}
	}
	text, err := s.fetch(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("schema of events: %w", err)
	}
	made := parseEventSchema(id, text)
	if len(s.kept) == maxSchemas {
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	s.kept = append(s.kept, made)
	return made, nil
}

// parseEventSchema reads a schema as the vendor gives it.
func parseEventSchema(id, text string) *eventSchema {
	s := &eventSchema{id: id}
	if s.codec, s.bad = avro.Parse(text); s.bad != nil {
		return s
	}
	root := s.codec.Root()
	if root.Type != "record" {
		s.bad = errors.New("schema of events is no record")
		return s
	}
	s.foreign = root.Name != presenceEntity
	s.fields = fieldsOf(root.Fields)
	if !s.foreign {
		s.bad = s.checkFields()
	}
	return s
}

// checkFields makes sure that what events are read for is there: a field that
// is missing would read as one that did not change.
func (s *eventSchema) checkFields() error {
	for _, name := range []string{"ChangeEventHeader", "UserId", "ServicePresenceStatusId", "IsCurrentState", "StatusStartDate"} {
		if !slices.ContainsFunc(s.fields, func(f eventField) bool { return f.name == name }) {
			return fmt.Errorf("schema of events has no field %s", name)
		}
	}
	return nil
}

// fieldsOf lists a record's fields, with those of compound ones: a field that
// may be null is a union of null and its type.
func fieldsOf(fields []avro.SchemaField) []eventField {
	list := make([]eventField, len(fields))
	for i, f := range fields {
		list[i].name = f.Name
		for _, branch := range append([]avro.SchemaNode{f.Type}, f.Type.Branches...) {
			if branch.Type == "record" && f.Name != "ChangeEventHeader" {
				list[i].fields = fieldsOf(branch.Fields)
			}
		}
	}
	return list
}
