package cxone

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// An Answer is what the vendor answered with success: 200, 201, 202 (taken
// on, not yet done), 204 (nothing there) or 304 (nothing new).
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	// The vendor answered between these times of our clock.
	sent, received time.Time

	response *rest.Response
}

// tell lets a clock know what the answer says of the vendor's.
func (a *Answer) tell(c *rest.Clock) { c.Note(a.Header, a.sent, a.received) }

// isEmpty tells an answer without a body, which is no error here.
func (a *Answer) isEmpty() bool { return len(bytes.TrimSpace(a.Body)) == 0 }

// Decode reads the JSON body into out; an empty body leaves out as it is.
// A wrapping resultSet is taken off. Keys match whatever their case.
func (a *Answer) Decode(out any) error {
	if a.isEmpty() {
		return nil
	}
	var wrapped struct{ ResultSet json.RawMessage }
	if mentionsResultSet(a.Body) && json.Unmarshal(a.Body, &wrapped) == nil && len(wrapped.ResultSet) > 0 && wrapped.ResultSet[0] == '{' {
		inner := *a.response
		inner.Body = wrapped.ResultSet
		return inner.Decode(out)
	}
	return a.response.Decode(out)
}

// mentionsResultSet saves reading a long body once more for nothing.
func mentionsResultSet(body []byte) bool {
	return bytes.Contains(bytes.ToLower(body), []byte(`"resultset"`))
}

// Loose reads the JSON body for lenient access; nil for an empty one.
func (a *Answer) Loose() (Loose, error) {
	var l Loose
	if strings.Contains(a.Header.Get("Content-Type"), "json") && json.Valid(a.Body) &&
		l.UnmarshalJSON(a.Body) == nil && l != nil && !l.Has("resultSet") {
		return l, nil // as nearly always, and half an answer of a thousand rows sooner
	}
	l = nil
	err := a.Decode(&l)
	return l, err
}

// Loose is a JSON object whose keys are read whatever their case and under
// any of several names, because the vendor spells one thing in three ways.
type Loose map[string]json.RawMessage

// UnmarshalJSON keeps the values as they are written.
func (l *Loose) UnmarshalJSON(data []byte) error {
	object := Loose{}
	data = bytes.Clone(data)
	whole := eachMember(data, func(key, value []byte) bool {
		object[keyText(key)] = value
		return true
	})
	if !whole { // encoding/json knows what to say about it
		return json.Unmarshal(data, (*map[string]json.RawMessage)(l))
	}
	*l = object
	return nil
}

// find returns the value of the first key that is there and not null.
func (l Loose) find(keys []string) (json.RawMessage, bool) {
	for _, key := range keys {
		if value, ok := l[key]; ok && !isNull(value) {
			return value, true
		}
		for _, name := range slices.Sorted(maps.Keys(l)) {
			if strings.EqualFold(name, key) && !isNull(l[name]) {
				return l[name], true
			}
		}
	}
	return nil, false
}

func isNull(value json.RawMessage) bool {
	return len(value) == 0 || string(value) == "null"
}

// Has reports whether one of the keys is there and not null.
func (l Loose) Has(keys ...string) bool {
	_, found := l.find(keys)
	return found
}

// Text returns the first of the keys that is there, as text: numbers, truth
// values and anything deeper as they are written.
func (l Loose) Text(keys ...string) string {
	value, _ := l.find(keys)
	var text string
	if len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// Int returns the first of the keys that is there, 0 when it is no number.
func (l Loose) Int(keys ...string) int {
	n, err := strconv.Atoi(l.Text(keys...))
	if err != nil {
		return 0
	}
	return n
}

// Bool reports whether the first of the keys that is there is true; the
// vendor writes some truth values as text, "True".
func (l Loose) Bool(keys ...string) bool { return strings.EqualFold(l.Text(keys...), "true") }

// Object returns the object of the first of the keys that is there, nil when
// it is none.
func (l Loose) Object(keys ...string) Loose {
	value, _ := l.find(keys)
	var object Loose
	if json.Unmarshal(value, &object) != nil {
		return nil
	}
	return object
}

// List returns the objects of the first of the keys that is there.
func (l Loose) List(keys ...string) []Loose {
	value, _ := l.find(keys)
	var list []Loose
	if json.Unmarshal(value, &list) != nil {
		return nil
	}
	return list
}
