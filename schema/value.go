package schema

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Value is what an argument or attribute holds. A nil Value is not set.
//
// The implementations are String, Bool, Int, Duration, List, Record, Ref,
// Secret, Unknown and Later. Before a plan compares, reconcile replaces each
// Ref and Later by what it stands for; a provider sees no Later.
type Value interface{ isValue() }

// String is a text value.
type String string

// Bool is a truth value.
type Bool bool

// Int is a whole number.
type Int int64

// Duration is a span of time, written "60m" in a configuration.
type Duration time.Duration

// List holds the elements of a list or set. Whether order counts is said by
// its [Type].
type List []Value

// A Ref names an object of another block, or one that is not declared here.
type Ref struct {
	Kind      string  // the kind referred to
	Key       string  // the object's key; "" until resolved when only Address is known
	Address   Address // the block referred to; "" when the object is not declared here
	Attribute string  // "" means the object itself
	Label     string  // what people see for it at the vendor; set by reconcile when known
}

// Unknown stands for a value that only the vendor can give, after apply.
type Unknown struct{}

// Later is an expression over attributes that are not all known yet.
// Eval must be given one value for each of Needs, in order, none Unknown.
type Later struct {
	Needs []Ref
	Eval  func(attributes []Value) (Value, error)
}

func (String) isValue()   {}
func (Bool) isValue()     {}
func (Int) isValue()      {}
func (Duration) isValue() {}
func (List) isValue()     {}
func (Record) isValue()   {}
func (Ref) isValue()      {}
func (Secret) isValue()   {}
func (Unknown) isValue()  {}
func (Later) isValue()    {}

// Strings makes a List of text values.
func Strings(texts ...string) List {
	list := make(List, len(texts))
	for i, text := range texts {
		list[i] = String(text)
	}
	return list
}

// Text returns the text form of a scalar value: the string itself, a
// reference's key, a number, true or false, a duration in its shortest
// spelling. Secrets give [Redacted]; nil gives "".
func Text(v Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case String:
		return string(v)
	case Bool:
		return strconv.FormatBool(bool(v))
	case Int:
		return strconv.FormatInt(int64(v), 10)
	case Duration:
		return FormatDuration(time.Duration(v))
	case Ref:
		return v.Key
	case Secret:
		return Redacted
	case Unknown, Later:
		return "(known after apply)"
	case List:
		texts := make([]string, len(v))
		for i, e := range v {
			texts[i] = Text(e)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case Record:
		var texts []string
		for i := range v.Shape.Arguments {
			if v.values[i] != nil {
				texts = append(texts, v.Shape.Arguments[i].Name+" = "+Text(v.values[i]))
			}
		}
		return "{" + strings.Join(texts, ", ") + "}"
	}
	panic("schema: value of a type that is not listed")
}

// FormatDuration writes d as a person would in a configuration: "90m" becomes
// "1h30m", "60s" becomes "1m"; zero units are left out.
func FormatDuration(d time.Duration) string {
	if d != 0 && d%(24*time.Hour) == 0 {
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Equal reports whether two values are the same. Lists compare in order.
// A resolved reference equals the text of its key or of its label, because a
// vendor may answer with either. Unknown and Later equal nothing.
func Equal(a, b Value) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case Unknown, Later:
		return false
	case Secret:
		y, ok := b.(Secret)
		return ok && x.Equal(y)
	case Ref:
		return equalRef(x, b)
	case List:
		y, ok := b.(List)
		return ok && slices.EqualFunc(x, y, Equal)
	case Record:
		y, ok := b.(Record)
		return ok && slices.EqualFunc(x.values, y.values, Equal)
	case String:
		if y, ok := b.(Ref); ok {
			return equalRef(y, a)
		}
	}
	switch b.(type) {
	case nil, String, Bool, Int, Duration:
		return a == b
	}
	return false
}

func equalRef(r Ref, v Value) bool {
	switch v := v.(type) {
	case Ref:
		return r.Kind == v.Kind && r.Key == v.Key && r.Attribute == v.Attribute
	case String:
		return string(v) == r.Key || r.Label != "" && string(v) == r.Label
	}
	return false
}

// Known reports whether no part of v is known only after apply, or, offline, at
// all.
func Known(v Value) bool {
	switch v := v.(type) {
	case Unknown, Later:
		return false
	case List:
		return !slices.ContainsFunc(v, func(e Value) bool { return !Known(e) })
	case Record:
		return !slices.ContainsFunc(v.values, func(e Value) bool { return !Known(e) })
	}
	return true
}

// EqualSet is Equal for lists whose order does not count.
func EqualSet(a, b List) bool {
	added, removed := DiffSet(a, b)
	return len(added) == 0 && len(removed) == 0
}

// DiffSet returns the elements of wanted that held lacks, and the elements of
// held that wanted lacks, each in its own order.
func DiffSet(wanted, held List) (added, removed List) {
	left := newMultiset(held)
	for _, w := range wanted {
		if !left.take(w) {
			added = append(added, w)
		}
	}
	return added, left.rest()
}

// multiset finds equal elements without looking at all of them: access lists
// run to thousands.
type multiset struct {
	elements List
	taken    []bool
	byText   map[string][]int
}

func newMultiset(list List) *multiset {
	m := &multiset{elements: list, taken: make([]bool, len(list)), byText: make(map[string][]int, len(list))}
	for i, e := range list {
		for _, text := range namesOf(e) {
			m.byText[text] = append(m.byText[text], i)
		}
	}
	return m
}

// namesOf returns texts of which two equal values share at least one. Records
// hold references, whose names may pair in any way; they share one text.
func namesOf(v Value) []string {
	switch v := v.(type) {
	case Ref:
		if v.Label != "" && v.Label != v.Key {
			return []string{v.Key, v.Label}
		}
		return []string{v.Key}
	case Record, List:
		return []string{""}
	}
	return []string{Text(v)}
}

// take removes one element equal to v and reports whether there was one.
func (m *multiset) take(v Value) bool {
	for _, text := range namesOf(v) {
		for _, i := range m.byText[text] {
			if !m.taken[i] && Equal(v, m.elements[i]) {
				m.taken[i] = true
				return true
			}
		}
	}
	return false
}

func (m *multiset) rest() List {
	var rest List
	for i, e := range m.elements {
		if !m.taken[i] {
			rest = append(rest, e)
		}
	}
	return rest
}
