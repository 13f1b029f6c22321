package salesforce

import (
	"fmt"
	"maps"
	"strings"
)

// The channel that every org has, and the topic that it is subscribed to by.
const (
	standardChannel = "ChangeEvents"
	topicRoot       = "/data/"
)

// topicsFor lists the topics that a change is delivered on: those of the
// channels that select its entity and let it through, and for the standard
// channel the entity's own topic too (UNCERTAIN whether a selection on another
// channel alone would fill the entity's own topic; here it does not).
func (o *Org) topicsFor(t *object, header changeHeader, body row) []string {
	var topics []string
	event := t.name + "ChangeEvent"
	for _, member := range o.store.all("PlatformEventChannelMember", "SelectedEntity", event) {
		if !o.passes(t, member.text("FilterExpression"), header, body) {
			continue
		}
		channel := member.text("EventChannel")
		topics = append(topics, topicRoot+channel)
		if channel == standardChannel {
			topics = append(topics, topicRoot+event)
		}
	}
	return topics
}

// passes tries a change against a member's filter; no filter lets all through.
func (o *Org) passes(t *object, expression string, header changeHeader, body row) bool {
	if expression == "" {
		return true
	}
	keep, err := o.changeFilter(t, expression)
	if err != nil {
		return false // refused when it was set, and so by hand
	}
	seen := row{"ChangeEventHeader.changeType": header.ChangeType}
	maps.Copy(seen, body)
	return keep(seen)
}

// changeFilter reads a filter: conditions as in SOQL over an event's fields,
// which are null where the event does not carry them.
func (o *Org) changeFilter(t *object, expression string) (func(row) bool, error) {
	q, err := parseSOQL("SELECT Id FROM Event WHERE "+expression, o.options.Now())
	if err != nil {
		return nil, fmt.Errorf("filter %q: %w", expression, err)
	}
	b := &binder{store: o.store, schema: o.schema}
	keep, refused := b.filter(t.asEvent(), headless(q.where))
	if refused != nil {
		return nil, fmt.Errorf("filter %q: %w", expression, refused)
	}
	return keep, nil
}

// asEvent is an entity with the header's field among its own.
func (t *object) asEvent() *object {
	event := &object{name: t.name + "ChangeEvent", fields: append(t.captured(), &field{name: "ChangeEventHeader.changeType", kind: "string"})}
	event.index()
	return event
}

// headless makes one name of every path, because an event's header is no
// relationship.
func headless(where condition) condition {
	switch c := where.(type) {
	case *all:
		return &all{terms: headlessAll(c.terms)}
	case *either:
		return &either{terms: headlessAll(c.terms)}
	case *not:
		return &not{term: headless(c.term)}
	case *comparison:
		flat := *c
		flat.path = []string{strings.Join(c.path, ".")}
		return &flat
	}
	return where
}

func headlessAll(terms []condition) []condition {
	flat := make([]condition, len(terms))
	for i, term := range terms {
		flat[i] = headless(term)
	}
	return flat
}
