package config

import (
	"fmt"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/lockstep-sync/lockstep/schema"
)

// An expresser turns decoded values back into values of expressions, for the
// expressions of other blocks.
type expresser struct {
	// given holds, when an expression is evaluated again after apply, what the
	// vendor has given since. It is nil before.
	given map[attributeName]schema.Value
}

// An attributeName names one attribute of one object.
type attributeName struct {
	address   schema.Address
	attribute string
}

// typeOf returns the type that values of t have in expressions. It depends on
// t alone, so that all objects of a kind have one type and can share a list.
func typeOf(t schema.Type) cty.Type {
	switch t.Base {
	case schema.BoolType:
		return cty.Bool
	case schema.IntType:
		return cty.Number
	case schema.RefType:
		return referenceType
	case schema.ListType, schema.SetType:
		return cty.List(typeOf(*t.Elem))
	case schema.RecordType:
		attributes := make(map[string]cty.Type, len(t.Shape.Arguments))
		for _, a := range t.Shape.Arguments {
			attributes[a.Name] = typeOf(a.Type)
		}
		return cty.Object(attributes)
	case schema.StringType, schema.DurationType, schema.WordType:
	}
	return cty.String
}

// object returns the value of a whole block or instance.
func (e expresser) object(o *schema.Object) cty.Value {
	attributes := make(map[string]cty.Value, len(o.Kind.Shape.Arguments)+1)
	t := &target{ref: schema.Ref{Kind: o.Kind.Name, Address: o.Address}}
	attributes[targetAttribute] = cty.CapsuleVal(targetType, t)
	for i := range o.Kind.Shape.Arguments {
		attributes[o.Kind.Shape.Arguments[i].Name] = e.attribute(o, i)
	}
	return cty.ObjectVal(attributes)
}

// attribute returns the value of one attribute of an object.
func (e expresser) attribute(o *schema.Object, i int) cty.Value {
	a := &o.Kind.Shape.Arguments[i]
	value := e.value(o.At(i), a.Type)
	if o.At(i) == nil && a.Computed {
		value = e.ref(schema.Ref{Kind: o.Kind.Name, Address: o.Address, Attribute: a.Name}, typeOf(a.Type))
	}
	value = value.Mark(dependMark{o.Address})
	if a.Secret {
		value = value.Mark(secretMark{fmt.Sprintf("%s.%s", o.Address, a.Name)})
	}
	return value
}

// value returns the expression value of v, which was decoded as t.
func (e expresser) value(v schema.Value, t schema.Type) cty.Value {
	want := typeOf(t)
	switch v := v.(type) {
	case nil:
		return cty.NullVal(want)
	case schema.String:
		if t.Base == schema.RefType {
			return reference(target{word: string(v)})
		}
		return cty.StringVal(string(v))
	case schema.Bool:
		return cty.BoolVal(bool(v))
	case schema.Int:
		return cty.NumberIntVal(int64(v))
	case schema.Duration:
		return cty.StringVal(schema.FormatDuration(time.Duration(v)))
	case schema.Secret:
		if v.IsZero() { // not resolved offline
			return cty.UnknownVal(want).Mark(secretMark{v.Source()})
		}
		return cty.StringVal(v.Reveal()).Mark(secretMark{v.Source()})
	case schema.List:
		return e.list(v, t, want)
	case schema.Record:
		attributes := make(map[string]cty.Value, len(v.Shape.Arguments))
		for i, a := range v.Shape.Arguments {
			attributes[a.Name] = e.value(v.At(i), a.Type)
			if a.Secret {
				attributes[a.Name] = attributes[a.Name].Mark(secretMark{a.Name})
			}
		}
		return cty.ObjectVal(attributes)
	case schema.Ref:
		return e.ref(v, want)
	case schema.Later:
		return e.later(v, t, want)
	}
	return cty.UnknownVal(want)
}

func (e expresser) list(v schema.List, t schema.Type, want cty.Type) cty.Value {
	if len(v) == 0 {
		return cty.ListValEmpty(want.ElementType())
	}
	elements := make([]cty.Value, len(v))
	for i, element := range v {
		elements[i] = e.value(element, *t.Elem)
	}
	return cty.ListVal(elements)
}

func (e expresser) ref(r schema.Ref, want cty.Type) cty.Value {
	if r.Attribute == "" {
		return reference(target{ref: r})
	}
	if v, ok := e.given[attributeName{r.Address, r.Attribute}]; ok {
		return given(v, want)
	}
	return cty.UnknownVal(want).WithMarks(cty.NewValueMarks(needMark{r.Address, r.Attribute, true}, dependMark{r.Address}))
}

// given returns what a vendor gave for an attribute.
func given(v schema.Value, want cty.Type) cty.Value {
	var value cty.Value
	switch v := v.(type) {
	case nil:
		return cty.NullVal(want)
	case schema.Bool:
		value = cty.BoolVal(bool(v))
	case schema.Int:
		value = cty.NumberIntVal(int64(v))
	case schema.Secret:
		value = cty.StringVal(v.Reveal())
	case schema.List:
		elements := make([]cty.Value, len(v))
		for i, element := range v {
			elements[i] = given(element, cty.DynamicPseudoType)
		}
		value = cty.TupleVal(elements)
	default:
		value = cty.StringVal(schema.Text(v))
	}
	value, err := convert.Convert(value, want)
	if err != nil {
		return cty.UnknownVal(want)
	}
	if s, ok := v.(schema.Secret); ok {
		return value.Mark(secretMark{s.Source()})
	}
	return value
}

func (e expresser) later(v schema.Later, t schema.Type, want cty.Type) cty.Value {
	values := make([]schema.Value, len(v.Needs))
	marks := make(cty.ValueMarks, 2*len(v.Needs))
	known := true
	for i, need := range v.Needs {
		var ok bool
		values[i], ok = e.given[attributeName{need.Address, need.Attribute}]
		known = known && ok
		marks[needMark{need.Address, need.Attribute, false}] = struct{}{}
		marks[dependMark{need.Address}] = struct{}{}
	}
	if known {
		if evaluated, err := v.Eval(values); err == nil {
			return e.value(evaluated, t)
		}
	}
	return cty.UnknownVal(want).WithMarks(marks)
}
