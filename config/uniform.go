package config

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// toFunction makes toset, tolist and tomap.
func toFunction(want cty.Type) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "v", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true, AllowMarked: true, AllowUnknown: true}},
		Type: func(args []cty.Value) (cty.Type, error) {
			plain, _ := args[0].Unmark()
			converted, err := toCollection(plain, want)
			if err != nil {
				return cty.NilType, function.NewArgError(0, err)
			}
			return converted.Type(), nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := toCollection(args[0], want)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return v, nil
		},
	})
}

// uniform wraps a function whose parameters are collections of any one type,
// so that converting its arguments is linear.
func uniform(f function.Function) function.Function {
	params, variadic := f.Params(), f.VarParam()
	want := func(i int) cty.Type {
		if i < len(params) {
			return params[i].Type
		}
		return variadic.Type
	}
	spec := &function.Spec{
		Params: make([]function.Parameter, len(params)),
		Type: func(args []cty.Value) (cty.Type, error) {
			converted, err := toCollections(args, want)
			if err != nil {
				return cty.NilType, err
			}
			return f.ReturnTypeForValues(converted)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			converted, err := toCollections(args, want)
			if err != nil {
				return cty.NilVal, err
			}
			return f.Call(converted)
		},
	}
	for i, p := range params {
		spec.Params[i] = anyType(p)
	}
	if variadic != nil {
		p := anyType(*variadic)
		spec.VarParam = &p
	}
	return function.New(spec)
}

func anyType(p function.Parameter) function.Parameter {
	if p.Type.IsCollectionType() {
		p.Type = cty.DynamicPseudoType
		p.AllowDynamicType = true
	}
	return p
}

func toCollections(args []cty.Value, want func(int) cty.Type) ([]cty.Value, error) {
	converted := make([]cty.Value, len(args))
	for i, arg := range args {
		v, err := toCollection(arg, want(i))
		if err != nil {
			return nil, function.NewArgError(i, err)
		}
		converted[i] = v
	}
	return converted, nil
}

// toCollection converts as the library does. The library compares every type
// with every other to find one that fits all; when all are the same, which
// they nearly always are, one look at each is enough.
func toCollection(v cty.Value, want cty.Type) (cty.Value, error) {
	if !want.IsCollectionType() || want.ElementType() != cty.DynamicPseudoType {
		return convert.Convert(v, want)
	}
	plain, marks := v.Unmark()
	if !plain.IsKnown() || plain.IsNull() || plain.LengthInt() == 0 || !sameTypes(plain.Type()) {
		return convert.Convert(v, want)
	}
	switch {
	case want.IsListType():
		return cty.ListVal(plain.AsValueSlice()).WithMarks(marks), nil
	case want.IsSetType():
		return cty.SetVal(plain.AsValueSlice()).WithMarks(marks), nil
	}
	if !plain.Type().IsObjectType() {
		return convert.Convert(v, want)
	}
	return cty.MapVal(plain.AsValueMap()).WithMarks(marks), nil
}

// sameTypes reports whether a tuple or object holds values of one type.
func sameTypes(t cty.Type) bool {
	var first cty.Type
	same := func(t cty.Type) bool {
		if first == cty.NilType {
			first = t
		}
		return t.Equals(first)
	}
	switch {
	case t.IsTupleType():
		for _, e := range t.TupleElementTypes() {
			if !same(e) {
				return false
			}
		}
	case t.IsObjectType():
		for _, e := range t.AttributeTypes() {
			if !same(e) {
				return false
			}
		}
	}
	return first != cty.NilType && first != cty.DynamicPseudoType
}
