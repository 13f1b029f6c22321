package config

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A target is what a block reference, code() or a keyword stands for while an
// expression is evaluated. It sits in an attribute of the value, so that every
// function, condition and for expression keeps it.
type target struct {
	ref  schema.Ref
	word string // previous or offline; then ref is empty
}

// targetAttribute holds a value's target. It cannot be written in HCL.
const targetAttribute = "@"

//nolint:gochecknoglobals // types of cty are values, and are only read
var (
	targetType = cty.CapsuleWithOps("reference", reflect.TypeFor[target](), &cty.CapsuleOps{
		RawEquals: func(a, b any) bool { return *a.(*target) == *b.(*target) },
		HashKey:   func(v any) string { return v.(*target).text() },
	})
	referenceType = cty.Object(map[string]cty.Type{targetAttribute: targetType})
)

// text tells targets apart.
func (t *target) text() string {
	return t.word + "/" + t.ref.Kind + "/" + string(t.ref.Address) + "/" + t.ref.Key + "/" + t.ref.Attribute
}

// reference makes the value of an object of which nothing but its name counts.
func reference(t target) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{targetAttribute: cty.CapsuleVal(targetType, &t)})
}

// targetOf returns what a value refers to, nil when it is no reference.
func targetOf(v cty.Value) *target {
	if v.IsNull() || !v.IsKnown() || !v.Type().IsObjectType() || !v.Type().HasAttribute(targetAttribute) {
		return nil
	}
	inner, _ := v.GetAttr(targetAttribute).Unmark()
	t, _ := inner.EncapsulatedValue().(*target)
	return t
}

// The marks that values carry through an expression.
type (
	// needMark is on a value that only the vendor can give.
	needMark struct {
		address   schema.Address
		attribute string
		exact     bool // the value is that attribute, not made from it
	}
	// dependMark is on a value that was read from another block.
	dependMark struct{ address schema.Address }
	// secretMark is on a value that may only land in a secret argument.
	secretMark struct{ source string }
	// originMark says where a value that is no secret came from.
	originMark struct{ source string }
)

// A trail is what the marks of a value, and of all that it was taken out of,
// say about it.
type trail struct {
	needs   []schema.Ref
	exact   bool // needs has one element, and the value is just that
	secret  bool
	source  string // of a secret
	depends []schema.Address
}

// unmark takes the marks off the top of v and adds them to the trail.
func (t trail) unmark(v cty.Value) (cty.Value, trail) {
	if !v.IsMarked() {
		return v, t
	}
	v, marks := v.Unmark()
	t.needs, t.depends = slices.Clone(t.needs), slices.Clone(t.depends)
	for m := range marks {
		switch m := m.(type) {
		case needMark:
			t.exact = m.exact && len(t.needs) == 0
			t.needs = append(t.needs, schema.Ref{Kind: m.address.Kind(), Address: m.address, Attribute: m.attribute})
		case dependMark:
			t.depends = append(t.depends, m.address)
		case secretMark:
			t.secret, t.source = true, joinSources(t.source, m.source)
		case originMark:
			t.source = joinSources(t.source, m.source)
		}
	}
	t.tidy()
	return v, t
}

// join adds what another trail says.
func (t *trail) join(other trail) {
	t.exact = other.exact && len(t.needs) == 0
	t.needs = append(t.needs, other.needs...)
	t.depends = append(t.depends, other.depends...)
	if other.secret {
		t.secret = true
	}
	t.source = joinSources(t.source, other.source)
	t.tidy()
}

// tidy sorts what comes in no order.
func (t *trail) tidy() {
	slices.SortFunc(t.needs, compareRefs)
	t.needs = slices.Compact(t.needs)
	slices.Sort(t.depends)
	t.depends = slices.Compact(t.depends)
}

func compareRefs(a, b schema.Ref) int {
	return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Attribute, b.Attribute))
}

// joinSources keeps the order of maps out of what people see.
func joinSources(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	case a < b:
		return a + ", " + b
	}
	return b + ", " + a
}
