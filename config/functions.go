package config

import (
	"fmt"
	"path/filepath"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/lockstep-sync/lockstep/schema"
)

// maxIncluded bounds what file() and secret() read.
const maxIncluded = 1 << 20

// maxRange bounds what range() makes.
const maxRange = 1_000_000

// functions returns the context that holds every function, named as Terraform
// names them.
func (l *loader) functions() *hcl.EvalContext {
	return &hcl.EvalContext{Functions: map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc,
		"parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc, "signum": stdlib.SignumFunc, "range": rangeFunction(),

		"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc,
		"join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
		"replace": replaceFunction(), "split": stdlib.SplitFunc, "strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc,
		"title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimspace": stdlib.TrimSpaceFunc,
		"trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,

		"chunklist": uniform(stdlib.ChunklistFunc), "coalesce": stdlib.CoalesceFunc, "coalescelist": uniform(stdlib.CoalesceListFunc), "compact": stdlib.CompactFunc,
		"concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": uniform(stdlib.DistinctFunc), "element": stdlib.ElementFunc,
		"flatten": stdlib.FlattenFunc, "index": indexFunction(), "keys": stdlib.KeysFunc, "length": lengthFunction(), "lookup": stdlib.LookupFunc,
		"merge": stdlib.MergeFunc, "reverse": stdlib.ReverseListFunc, "setintersection": uniform(stdlib.SetIntersectionFunc),
		"setproduct": uniform(stdlib.SetProductFunc), "setsubtract": uniform(stdlib.SetSubtractFunc), "setunion": uniform(stdlib.SetUnionFunc),
		"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,

		"csvdecode": stdlib.CSVDecodeFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
		"tobool": stdlib.MakeToFunc(cty.Bool), "tolist": toFunction(cty.List(cty.DynamicPseudoType)),
		"tomap": toFunction(cty.Map(cty.DynamicPseudoType)), "tonumber": stdlib.MakeToFunc(cty.Number),
		"toset": toFunction(cty.Set(cty.DynamicPseudoType)), "tostring": stdlib.MakeToFunc(cty.String),
		"can": tryfunc.CanFunc, "try": tryfunc.TryFunc,

		"env": l.envFunction(), "file": l.fileFunction(), "secret": l.secretFunction(), "code": codeFunction(),
	}}
}

// textFunction makes a function from one text to a value of type result. What
// it returns may carry marks.
func textFunction(parameter string, result cty.Type, call func(string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: parameter, Type: cty.String}},
		Type:   function.StaticReturnType(result),
		Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return call(args[0].AsString()) },
	})
}

func (l *loader) envFunction() function.Function {
	return textFunction("name", cty.String, func(name string) (cty.Value, error) {
		source := "environment variable " + name
		value, ok := l.environ[name]
		switch {
		case ok:
			return cty.StringVal(value).Mark(originMark{source}), nil
		case l.options.Offline:
			return cty.UnknownVal(cty.String).Mark(originMark{source}), nil
		}
		return cty.NilVal, fmt.Errorf("the %s is not set; set it before running Lockstep, or use a variable block with a default", source)
	})
}

func (l *loader) fileFunction() function.Function {
	return textFunction("path", cty.String, func(path string) (cty.Value, error) {
		src, problem := readFile(l.relative(path), maxIncluded)
		if problem != nil {
			return cty.NilVal, fmt.Errorf("%s", lowerFirst(problem.Detail))
		}
		return cty.StringVal(string(src)), nil
	})
}

// relative returns a path named in the configuration: relative paths start at
// its directory.
func (l *loader) relative(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.options.Dir, path)
}

func codeFunction() function.Function {
	return textFunction("name", referenceType, func(name string) (cty.Value, error) {
		if name == "" {
			return cty.NilVal, fmt.Errorf("a code has a name; this is empty")
		}
		return reference(target{ref: schema.Ref{Kind: "unavailable_code", Key: name}}), nil
	})
}

// replaceFunction replaces text, or, as in Terraform, a pattern between
// slashes.
func replaceFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "substr", Type: cty.String}, {Name: "replace", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			pattern := args[1].AsString()
			if len(pattern) > 1 && pattern[0] == '/' && pattern[len(pattern)-1] == '/' {
				return stdlib.RegexReplace(args[0], cty.StringVal(pattern[1:len(pattern)-1]), args[2])
			}
			return stdlib.Replace(args[0], args[1], args[2])
		},
	})
}

// lengthFunction counts the characters of a text as well as the elements of a
// collection.
func lengthFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true}},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v := args[0]
			switch {
			case v.Type() == cty.String:
				return stdlib.Strlen(v)
			case v.Type().IsTupleType(), v.Type().IsObjectType(), v.Type().IsCollectionType():
				return cty.NumberIntVal(int64(v.LengthInt())), nil
			}
			return cty.NilVal, function.NewArgErrorf(0, "a string, a list or a map is required")
		},
	})
}

// indexFunction finds a value in a list, as Terraform's does.
func indexFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}, {Name: "value", Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !args[0].CanIterateElements() {
				return cty.NilVal, function.NewArgErrorf(0, "a list is required")
			}
			i := 0
			for it := args[0].ElementIterator(); it.Next(); i++ {
				if _, v := it.Element(); v.Type().Equals(args[1].Type()) && v.Equals(args[1]).True() {
					return cty.NumberIntVal(int64(i)), nil
				}
			}
			return cty.NilVal, function.NewArgErrorf(1, "the list does not hold this value")
		},
	})
}

// rangeFunction is the standard one with a bound that a contact centre does
// not reach; the library's stops at 1,024.
func rangeFunction() function.Function {
	return function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "limits", Type: cty.Number},
		Type:     function.StaticReturnType(cty.List(cty.Number)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			var end cty.Value
			start, step := cty.Zero, cty.NumberIntVal(1)
			switch len(args) {
			case 1:
				end = args[0]
			case 2:
				start, end = args[0], args[1]
			case 3:
				start, end, step = args[0], args[1], args[2]
			default:
				return cty.NilVal, fmt.Errorf("one, two or three numbers are required")
			}
			if len(args) < 3 && end.LessThan(start).True() {
				step = cty.NumberIntVal(-1)
			}
			return count(start, end, step)
		},
	})
}

func count(start, end, step cty.Value) (cty.Value, error) {
	down := step.LessThan(cty.Zero).True()
	if step.Equals(cty.Zero).True() {
		return cty.NilVal, fmt.Errorf("the step must not be zero")
	}
	var numbers []cty.Value
	for n := start; down && n.GreaterThan(end).True() || !down && n.LessThan(end).True(); n = n.Add(step) {
		if len(numbers) == maxRange {
			return cty.NilVal, fmt.Errorf("more than %d numbers are refused", maxRange)
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return cty.ListValEmpty(cty.Number), nil
	}
	return cty.ListVal(numbers), nil
}

// lowerFirst turns a sentence into a fragment.
func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if r >= 'A' && r <= 'Z' {
		s = string(r+'a'-'A') + s[size:]
	}
	for len(s) > 0 && s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}
