package config

import (
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/lockstep-sync/lockstep/schema"
)

// value turns a value of expressions into a schema value for a slot. The trail
// is what the collections that it was taken out of said.
func (d *decoder) value(v cty.Value, s slot, t trail) schema.Value {
	v, t = t.unmark(v)
	if target := targetOf(v); target != nil {
		return d.target(*target, s)
	}
	d.depends = append(d.depends, t.depends...)
	if v.IsKnown() && v.IsNull() {
		return nil
	}
	switch s.typ.Base {
	case schema.ListType, schema.SetType:
		return d.list(v, s, t)
	case schema.RecordType:
		return d.record(v, s, t)
	}
	if !d.maySecret(t, s) {
		return nil
	}
	if !v.IsKnown() {
		if s.secret {
			return schema.NewSecret("", t.source)
		}
		return schema.Unknown{}
	}
	if isStructure(v.Type()) {
		d.wrongType(v, s)
		return nil
	}
	return d.scalar(v, s, t)
}

func isStructure(t cty.Type) bool {
	return t.IsObjectType() || t.IsTupleType() || t.IsCollectionType() || t.IsCapsuleType()
}

// maySecret reports whether a value may land in the slot.
func (d *decoder) maySecret(t trail, s slot) bool {
	if !t.secret || s.secret {
		return true
	}
	d.report(errorAt(s.at, "Secret in a plain argument",
		"The value of %q comes from a secret (%s), and this argument is not kept secret: it would be shown in plans and logs. Use a value that is no secret here.", s.name, t.source))
	return false
}

// scalar decodes a known primitive.
func (d *decoder) scalar(v cty.Value, s slot, t trail) schema.Value {
	switch s.typ.Base {
	case schema.BoolType:
		b, err := convert.Convert(v, cty.Bool)
		if err != nil {
			d.wrongType(v, s)
			return nil
		}
		return schema.Bool(b.True())
	case schema.IntType:
		return d.integer(v, s)
	case schema.DurationType:
		return d.duration(v, s)
	}
	text, err := convert.Convert(v, cty.String)
	if err != nil {
		d.wrongType(v, s)
		return nil
	}
	return d.text(text.AsString(), s, t)
}

func (d *decoder) text(text string, s slot, t trail) schema.Value {
	switch {
	case s.secret:
		d.secrets = append(d.secrets, text)
		if t.source == "" {
			t.source = sourceOf(s.at)
		}
		return schema.NewSecret(text, t.source)
	case s.typ.Base == schema.WordType:
		return d.word(text, s)
	case s.typ.Base == schema.RefType:
		return d.key(text, s)
	}
	return d.texts.value(text)
}

func (d *decoder) word(text string, s slot) schema.Value {
	if slices.Contains(s.typ.Words, text) {
		return d.texts.value(text)
	}
	d.report(errorAt(s.at, "Not one of the words", "The argument %q is one of %s, not %q.%s", s.name, listing(s.typ.Words, "and"), text, suggest(text, s.typ.Words)))
	return nil
}

// key decodes a text where an object is expected: a word, or the object's key.
func (d *decoder) key(text string, s slot) schema.Value {
	switch {
	case slices.Contains(s.typ.Words, text):
		return d.texts.value(text)
	case s.typ.Closed || len(s.typ.Kinds) == 0:
		hint := suggest(text, s.typ.Words)
		if slices.Contains(s.typ.Kinds, "unavailable_code") {
			hint += fmt.Sprintf(" An unavailable code is written unavailable_code.NAME or, when it is not declared here, code(%q).", text)
		}
		d.report(errorAt(s.at, "Not one of the words", "The text %q is not one of %s.%s", text, listing(s.typ.Words, "and"), hint))
		return nil
	case text == "":
		d.report(errorAt(s.at, "Empty name", "The argument %q names an object of kind %s, and the name is empty.", s.name, strings.Join(s.typ.Kinds, " or ")))
		return nil
	}
	return schema.Ref{Kind: s.typ.Kinds[0], Key: text}
}

// target decodes a reference or keyword.
func (d *decoder) target(t target, s slot) schema.Value {
	if isList(s.typ) && s.typ.Single {
		s.typ = *s.typ.Elem
		if v := d.target(t, s); v != nil {
			return schema.List{v}
		}
		return nil
	}
	if t.word != "" {
		if s.typ.Base == schema.RefType && slices.Contains(s.typ.Words, t.word) {
			return d.texts.value(t.word)
		}
		hint := ""
		if s.typ.Base == schema.WordType && slices.Contains(s.typ.Words, t.word) {
			hint = fmt.Sprintf(" Write it in quotes: %q.", t.word)
		}
		d.report(errorAt(s.at, "Keyword out of place", "The keyword %s has no meaning for %q, which takes %s.%s", t.word, s.name, phrase(s.typ), hint))
		return nil
	}
	return d.ref(t.ref, s)
}

// ref checks that an object of this kind may stand in the slot.
func (d *decoder) ref(r schema.Ref, s slot) schema.Value {
	if s.typ.Base == schema.RefType && slices.Contains(s.typ.Kinds, r.Kind) {
		return r
	}
	if s.typ.Base == schema.RefType {
		d.report(errorAt(s.at, "Reference to the wrong kind", "The argument %q takes %s, and this refers to an object of kind %s.", s.name, phrase(s.typ), r.Kind))
		return nil
	}
	attribute := ""
	if kind := d.scope.kinds[r.Kind]; kind != nil && r.Address != "" {
		attribute = fmt.Sprintf(" Choose one of its attributes, such as %s.%s.", r.Address, kind.Key)
	}
	d.report(errorAt(s.at, "Reference to a whole object", "The argument %q takes %s, and this refers to a whole object of kind %s.%s", s.name, phrase(s.typ), r.Kind, attribute))
	return nil
}

func (d *decoder) integer(v cty.Value, s slot) schema.Value {
	number, err := convert.Convert(v, cty.Number)
	if err != nil {
		d.wrongType(v, s)
		return nil
	}
	i, accuracy := number.AsBigFloat().Int64()
	if accuracy != big.Exact {
		d.report(errorAt(s.at, "Not a whole number", "The argument %q takes a whole number of at most 18 digits, and this is not one.", s.name))
		return nil
	}
	return schema.Int(i)
}

func (d *decoder) duration(v cty.Value, s slot) schema.Value {
	if v.Type() != cty.String {
		d.report(errorAt(s.at, "Not a duration", "The argument %q takes a duration with its unit, in quotes, such as \"90s\", \"60m\", \"1h30m\" or \"90d\".", s.name))
		return nil
	}
	span, ok := parseDuration(v.AsString())
	if !ok {
		d.report(errorAt(s.at, "Not a duration", "The text %q is not a duration. Write a number and its unit, such as \"90s\", \"60m\", \"1h30m\" or \"90d\".", v.AsString()))
		return nil
	}
	return schema.Duration(span)
}

// parseDuration reads "90d", "1d12h" and all that time.ParseDuration does,
// except what is negative.
func parseDuration(text string) (time.Duration, bool) {
	var days time.Duration
	if before, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseUint(before, 10, 16)
		if err != nil {
			return 0, false
		}
		days = time.Duration(n) * 24 * time.Hour
		if after == "" {
			return days, true
		}
		text = after
	}
	rest, err := time.ParseDuration(text)
	if err != nil || rest < 0 || strings.HasPrefix(text, "+") || days+rest < days {
		return 0, false
	}
	return days + rest, true
}

// list decodes the elements of a collection.
func (d *decoder) list(v cty.Value, s slot, t trail) schema.Value {
	if !v.IsKnown() {
		return schema.Unknown{}
	}
	v = d.collection(v, s)
	if v == cty.NilVal {
		return nil
	}
	s.typ = *s.typ.Elem
	list := make(schema.List, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		if inner, _ := element.Unmark(); inner.IsKnown() && inner.IsNull() {
			d.report(errorAt(s.at, "Null in a list", "An element of %q is null. Leave the element out, or give it a value.", s.name))
			continue
		}
		if decoded := d.value(element, s, t); decoded != nil {
			list = append(list, decoded)
		}
	}
	return list
}

// collection returns v as something to walk over, a single element in
// brackets; NilVal when it is neither.
func (d *decoder) collection(v cty.Value, list slot) cty.Value {
	switch {
	case v.Type().IsTupleType(), v.Type().IsListType(), v.Type().IsSetType():
		return v
	case list.typ.Single:
		return cty.TupleVal([]cty.Value{v})
	}
	hint := " Put it in brackets."
	if isStructure(v.Type()) && list.typ.Elem.Base != schema.RecordType {
		hint = " Its elements are had with values(…)."
	}
	d.report(errorAt(list.at, "Wrong type", "The argument %q takes %s, and this is %s.%s", list.name, phrase(list.typ), shown(v), hint))
	return cty.NilVal
}

// record decodes an object or map.
func (d *decoder) record(v cty.Value, s slot, t trail) schema.Value {
	if !v.IsKnown() {
		return schema.Unknown{}
	}
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		d.wrongType(v, s)
		return nil
	}
	r := schema.NewRecord(s.typ.Shape)
	given := make([]hcl.Range, len(s.typ.Shape.Arguments))
	misspelt := false
	for it := v.ElementIterator(); it.Next(); {
		key, element := it.Element()
		i, ok := s.typ.Shape.Index(key.AsString())
		if !ok {
			d.report(unknownArgument(s.at, key.AsString(), s.typ.Shape, ""))
			misspelt = true
			continue
		}
		a := &s.typ.Shape.Arguments[i]
		if a.Computed && !a.Optional {
			d.report(computedArgument(s.at, a))
			continue
		}
		given[i] = s.at
		r.SetAt(i, d.value(element, slot{typ: a.Type, name: a.Name, secret: a.Secret, at: s.at}, t))
	}
	d.fill(r, given, s.at, misspelt)
	return r
}

func (d *decoder) wrongType(v cty.Value, s slot) {
	d.report(errorAt(s.at, "Wrong type", "The argument %q takes %s, and this is %s.", s.name, phrase(s.typ), shown(v)))
}

// phrase says in words what a type takes.
func phrase(t schema.Type) string {
	switch t.Base {
	case schema.BoolType:
		return "true or false"
	case schema.IntType:
		return "a whole number"
	case schema.DurationType:
		return "a duration"
	case schema.WordType:
		return "one of " + listing(t.Words, "and")
	case schema.RefType:
		kinds := "an object of kind " + strings.Join(t.Kinds, " or ")
		if len(t.Words) == 0 {
			return kinds
		}
		return kinds + " or one of " + listing(t.Words, "and")
	case schema.ListType, schema.SetType:
		return "a list, each element being " + phrase(*t.Elem)
	case schema.RecordType:
		return "an object"
	case schema.StringType:
	}
	return "a string"
}

// shown describes a value for a message without repeating it.
func shown(v cty.Value) string {
	t := v.Type()
	switch {
	case t == cty.String:
		return "a string"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.IsTupleType(), t.IsListType(), t.IsSetType():
		return "a list"
	case t.IsObjectType(), t.IsMapType():
		return "an object"
	}
	return "something else"
}

// sourceOf says that a secret stands in a file.
func sourceOf(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

// isSecretText reports whether a text that is written out gives something
// away: an address without a password does not.
func isSecretText(text string) bool {
	u, err := url.Parse(text)
	if err == nil && u.Scheme != "" && u.Host != "" {
		_, has := u.User.Password()
		return has
	}
	return text != ""
}

// hide remembers that the text of an expression must not be shown, if it holds
// any literal.
func (d *decoder) hide(e hclsyntax.Expression) {
	if traversalOf(e) != nil {
		return
	}
	if call, ok := e.(*hclsyntax.FunctionCallExpr); ok && (call.Name == "env" || call.Name == "secret" || call.Name == "file") {
		return // the name of a source; what it gives is not in the text
	}
	r := e.Range()
	d.reveal = append(d.reveal, byteRange{r.Filename, r.Start.Byte, r.End.Byte})
}
