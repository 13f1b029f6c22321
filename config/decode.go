package config

import (
	"errors"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A decoder turns expressions into values of a kind's types. It works on one
// block at a time; several decoders may share a scope.
type decoder struct {
	scope *scope
	each  *each // nil outside for_each
	// blocks gives the values of other blocks. It is nil in the first pass,
	// where an expression that needs it sets late instead.
	blocks *blocks
	late   bool

	offline bool
	env     map[string]string // for arguments left out; nil where it is not read
	diags   schema.Diagnostics
	secrets []string // revealed values, to keep out of messages
	reveal  []byteRange
	depends []schema.Address
	texts   *interner
}

// A byteRange is a stretch of a file whose text must not be shown.
type byteRange struct {
	file       string
	start, end int
}

// A slot is what an expression is decoded for.
type slot struct {
	typ    schema.Type
	name   string // of the argument
	secret bool
	at     hcl.Range // what messages point at
}

// in returns the slot of an element.
func (s slot) in(elem schema.Type, at hcl.Range) slot {
	s.typ = elem
	if !s.secret {
		s.at = at
	}
	return s
}

func (d *decoder) report(diag schema.Diagnostic) { d.diags = append(d.diags, diag) }

// expression decodes e. It returns nil when the value is null, cannot be told
// yet (d.late is set) or is wrong (a diagnostic was reported).
func (d *decoder) expression(e hclsyntax.Expression, s slot) schema.Value {
	e = unwrap(e)
	if s.secret {
		d.hide(e)
		if diag := d.scope.checkBareSecret(e); diag != nil {
			d.report(*diag)
			return nil
		}
	}
	switch inner := e.(type) {
	case *hclsyntax.TupleConsExpr:
		if isList(s.typ) {
			return d.elements(inner, s)
		}
	case *hclsyntax.ObjectConsExpr:
		if s.typ.Base == schema.RecordType {
			return d.object(inner, s)
		}
	case *hclsyntax.ScopeTraversalExpr:
		if v, ok := d.direct(inner.Traversal, s); ok {
			return v
		}
	case *hclsyntax.IndexExpr:
		if v, ok := d.indexed(inner, s); ok {
			return v
		}
	}
	if v, ok := literal(e); ok {
		return d.literal(v, s)
	}
	v, ok := d.evaluate(e)
	if !ok {
		return nil
	}
	return d.evaluated(e, v, s)
}

func isList(t schema.Type) bool { return t.Base == schema.ListType || t.Base == schema.SetType }

// literal returns the value of an expression that is written out.
func literal(e hclsyntax.Expression) (cty.Value, bool) {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return e.Val, true
	case *hclsyntax.TemplateExpr:
		if len(e.Parts) == 0 {
			return cty.StringVal(""), true
		}
		if e.IsStringLiteral() {
			return e.Parts[0].(*hclsyntax.LiteralValueExpr).Val, true
		}
	}
	return cty.NilVal, false
}

func (d *decoder) literal(v cty.Value, s slot) schema.Value {
	if s.secret && v.Type() == cty.String && v.IsKnown() && !v.IsNull() && isSecretText(v.AsString()) {
		d.report(warningAt(s.at, "Secret written in the file",
			"The argument %q holds a secret, and its value stands in the file, where everybody who reads the file or its history sees it. Take it from elsewhere: env(\"NAME\"), secret(\"file:PATH\"), or a variable with sensitive = true.", s.name))
	}
	return d.value(v, s, trail{source: sourceOf(s.at)})
}

// direct decodes kind.name and kind.name["key"] without evaluating anything:
// most references are no more than that.
func (d *decoder) direct(t hcl.Traversal, s slot) (schema.Value, bool) {
	single := isList(s.typ) && s.typ.Single && s.typ.Elem.Base == schema.RefType
	if s.typ.Base != schema.RefType && !single {
		return nil, false
	}
	n, ok := d.scope.blockName(t)
	if !ok || len(t) != n.steps {
		return nil, false
	}
	if diag := d.scope.checkOne(t, d.each != nil); diag != nil {
		d.report(*diag)
		return nil, true
	}
	return d.direction(n, s, single)
}

// indexed decodes kind.name[each.key].
func (d *decoder) indexed(e *hclsyntax.IndexExpr, s slot) (schema.Value, bool) {
	collection := traversalOf(e.Collection)
	if collection == nil || s.typ.Base != schema.RefType || d.scope.needsBlocks(e.Key.Variables()) {
		return nil, false
	}
	n, ok := d.scope.blockName(collection)
	if !ok || n.keyed || len(collection) != n.steps || !d.scope.known(n.address) {
		return nil, false
	}
	key, ok := d.evaluate(e.Key)
	if !ok {
		return nil, true
	}
	if key.IsMarked() || !key.IsKnown() || key.IsNull() || key.Type() != cty.String {
		return nil, false
	}
	n.instance, n.keyed = key.AsString(), true
	return d.direction(n, s, false)
}

func (d *decoder) direction(n blockName, s slot, single bool) (schema.Value, bool) {
	if single {
		s.typ = *s.typ.Elem
	}
	r := schema.Ref{Kind: n.address.Kind(), Address: n.reference()}
	v := d.ref(r, s)
	if single && v != nil {
		v = schema.List{v}
	}
	return v, true
}

// elements decodes [a, b] one by one, so that each has its own place and may
// be a reference.
func (d *decoder) elements(e *hclsyntax.TupleConsExpr, s slot) schema.Value {
	list := make(schema.List, 0, len(e.Exprs))
	for _, element := range e.Exprs {
		v := d.expression(element, s.in(*s.typ.Elem, element.Range()))
		if v != nil {
			list = append(list, v)
		} else if isNull(element) {
			d.report(errorAt(element.Range(), "Null in a list", "An element of %q is null. Leave the element out, or give it a value.", s.name))
		}
	}
	return list
}

func isNull(e hclsyntax.Expression) bool {
	v, ok := literal(e)
	return ok && v.IsNull()
}

// object decodes { name = value, … } into a record.
func (d *decoder) object(e *hclsyntax.ObjectConsExpr, s slot) schema.Value {
	r := schema.NewRecord(s.typ.Shape)
	given := make([]hcl.Range, len(s.typ.Shape.Arguments))
	misspelt := false
	for _, item := range e.Items {
		name, ok := d.objectKey(item.KeyExpr)
		if !ok {
			return d.wholeObject(e, s)
		}
		i, ok := s.typ.Shape.Index(name)
		at := item.KeyExpr.Range()
		switch {
		case !ok:
			d.report(unknownArgument(at, name, s.typ.Shape, ""))
			d.hideMisspelt(s.typ.Shape, item.ValueExpr)
			misspelt = true
			continue
		case given[i].Filename != "":
			d.report(errorAt(at, "Argument set twice", "The argument %q is set twice in one object. Keep one of the two.", name))
			continue
		}
		given[i] = at
		r.SetAt(i, d.argument(&s.typ.Shape.Arguments[i], item.ValueExpr, at))
	}
	d.fill(r, given, e.SrcRange, misspelt)
	return r
}

// wholeObject decodes an object whose keys are expressions.
func (d *decoder) wholeObject(e *hclsyntax.ObjectConsExpr, s slot) schema.Value {
	v, ok := d.evaluate(e)
	if !ok {
		return nil
	}
	return d.evaluated(e, v, s)
}

// objectKey returns a key that is a bare word or a text.
func (d *decoder) objectKey(e hclsyntax.Expression) (string, bool) {
	if word := hcl.ExprAsKeyword(e); word != "" {
		return word, true
	}
	if key, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok {
		e = key.Wrapped
	}
	v, ok := literal(e)
	if !ok || v.IsNull() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// argument decodes the value of one argument.
func (d *decoder) argument(a *schema.Argument, e hclsyntax.Expression, name hcl.Range) schema.Value {
	if a.Computed && !a.Optional {
		d.report(computedArgument(name, a))
		return nil
	}
	s := slot{typ: a.Type, name: a.Name, secret: a.Secret, at: e.Range()}
	if a.Secret {
		s.at = name // the value must not be shown
	}
	return d.expression(e, s)
}

// evaluate returns the value of an expression; ok is false when it has none
// yet, or is wrong.
func (d *decoder) evaluate(e hclsyntax.Expression) (v cty.Value, ok bool) {
	names := e.Variables()
	if len(names) == 0 && d.blocks == nil {
		return d.run(e, d.scope.base)
	}
	if ds := d.scope.check(names, d.each != nil); len(ds) > 0 {
		d.diags = append(d.diags, ds...)
		return cty.NilVal, false
	}
	if d.blocks == nil && d.scope.needsBlocks(names) {
		d.late = true
		return cty.NilVal, false
	}
	ctx := d.scope.base
	if d.each != nil || d.blocks != nil {
		ctx = ctx.NewChild()
		ctx.Variables = map[string]cty.Value{}
	}
	if d.each != nil {
		ctx.Variables["each"] = d.each.object()
	}
	if d.blocks != nil {
		ds := d.blocks.fill(ctx.Variables, names)
		if len(ds) > 0 {
			d.diags = append(d.diags, ds...)
			return cty.NilVal, false
		}
	}
	return d.run(e, ctx)
}

func (d *decoder) run(e hclsyntax.Expression, ctx *hcl.EvalContext) (cty.Value, bool) {
	v, hds := e.Value(ctx)
	d.diags = append(d.diags, fromHCL(hds)...)
	return v, !hds.HasErrors()
}

// evaluated turns the value of a whole expression into a schema value. What
// only the vendor can give becomes a reference to it, or a Later.
func (d *decoder) evaluated(e hclsyntax.Expression, v cty.Value, s slot) schema.Value {
	t := trail{}
	if isWhollyKnown(v, &t) || len(t.needs) == 0 {
		return d.value(v, s, trail{}) // unknown then means not resolved offline
	}
	d.depends = append(d.depends, t.depends...)
	if !d.maySecret(t, s) {
		return nil
	}
	if t.exact && traversalOf(e) != nil && !isList(s.typ) {
		return t.needs[0]
	}
	return d.later(e, s, t.needs)
}

// isWhollyKnown reports whether a value can be decoded now, and gathers in t
// the marks of what cannot. A reference is known whatever its attributes are.
func isWhollyKnown(v cty.Value, t *trail) bool {
	v, top := (trail{}).unmark(v)
	if targetOf(v) != nil || v.IsKnown() && v.IsNull() {
		return true
	}
	if !v.IsKnown() {
		t.join(top)
		return false
	}
	known := true
	if isStructure(v.Type()) && v.CanIterateElements() {
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			known = isWhollyKnown(element, t) && known
		}
	}
	if !known {
		top.exact = false
		t.join(top)
	}
	return known
}

// later makes a value that evaluates e again once its needs are known.
func (d *decoder) later(e hclsyntax.Expression, s slot, needs []schema.Ref) schema.Value {
	again := decoder{scope: d.scope, each: d.each, offline: d.offline}
	blocks := *d.blocks
	return schema.Later{Needs: needs, Eval: func(values []schema.Value) (schema.Value, error) {
		if len(values) != len(needs) {
			return nil, errors.New("a later value was given the wrong number of attributes")
		}
		now, known := again, blocks
		known.given = make(map[attributeName]schema.Value, len(values))
		for i, need := range needs {
			known.given[attributeName{need.Address, need.Attribute}] = values[i]
			if secret, ok := values[i].(schema.Secret); ok {
				now.secrets = append(now.secrets, secret.Reveal())
			}
		}
		now.blocks = &known
		v := now.expression(e, s)
		ds := scrub(now.diags, slices.Clone(now.secrets))
		if err := ds.Err(); err != nil {
			return nil, err
		}
		return v, nil
	}}
}
