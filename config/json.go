package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A layout says which names of a JSON object stand for blocks, since JSON does
// not tell them from objects.
type layout struct {
	blocks map[string]*layout
}

// layoutOf derives the layout of a block from its shape.
func layoutOf(shape *schema.Shape) *layout {
	l := &layout{blocks: map[string]*layout{}}
	for _, a := range shape.Arguments {
		if inner := nestedShape(a); inner != nil {
			l.blocks[a.Name] = layoutOf(inner)
		}
	}
	return l
}

// nestedShape returns the shape of an argument that is written as a block, nil
// when it is not one.
func nestedShape(a schema.Argument) *schema.Shape {
	switch {
	case !a.Nested:
		return nil
	case a.Type.Base == schema.RecordType:
		return a.Type.Shape
	case a.Type.Elem != nil && a.Type.Elem.Base == schema.RecordType:
		return a.Type.Elem.Shape
	}
	return nil
}

// A jsonReader turns the JSON form into the native form's tree, so that the
// rest of the package meets one form only.
type jsonReader struct {
	file  string
	diags schema.Diagnostics
}

// parseJSON parses a JSON file of blocks.
func parseJSON(name string, src []byte, top map[string]*layout, labels map[string]int) (hclsyntax.Blocks, schema.Diagnostics) {
	root, ds := parseJSONBody(name, src)
	if ds.HasErrors() {
		return nil, ds
	}
	r := &jsonReader{file: name}
	want := &hcl.BodySchema{}
	for word := range top {
		want.Blocks = append(want.Blocks, hcl.BlockHeaderSchema{Type: word, LabelNames: make([]string, labels[word])})
		for i := range labels[word] {
			want.Blocks[len(want.Blocks)-1].LabelNames[i] = "name"
		}
	}
	content, rest, hds := root.PartialContent(want)
	r.diags = append(ds, fromHCL(hds)...)
	var blocks hclsyntax.Blocks
	for _, b := range content.Blocks {
		block := r.block(b.Type, b.Body, top[b.Type], b.TypeRange)
		block.Labels, block.LabelRanges, block.OpenBraceRange = b.Labels, b.LabelRanges, b.DefRange
		if len(b.LabelRanges) > 0 {
			// Blocks of one type share its name, and a header that began
			// there would hold all the blocks between.
			block.TypeRange = b.LabelRanges[len(b.LabelRanges)-1]
		}
		blocks = append(blocks, block)
	}
	unknown, hds := rest.JustAttributes()
	r.diags = append(r.diags, fromHCL(hds)...)
	for _, a := range unknown {
		r.diags = append(r.diags, errorAt(a.NameRange, "Unknown block", "There is no kind of block %q.%s", a.Name, suggest(a.Name, mapKeys(top))))
	}
	slices.SortStableFunc(blocks, func(a, b *hclsyntax.Block) int {
		return cmp.Compare(a.OpenBraceRange.Start.Byte, b.OpenBraceRange.Start.Byte)
	})
	return blocks, r.diags
}

// parseJSONBody parses a JSON file within the limits.
func parseJSONBody(name string, src []byte) (hcl.Body, schema.Diagnostics) {
	if problem := checkJSONDepth(name, src); problem != nil {
		return nil, schema.Diagnostics{*problem}
	}
	f, hds := json.Parse(src, name)
	ds := fromHCL(hds)
	if ds.HasErrors() {
		return nil, ds
	}
	return f.Body, ds
}

func checkJSONDepth(name string, src []byte) *schema.Diagnostic {
	s := &scanner{file: name, src: src, line: 1}
	quoted := false
	for s.at = 0; s.at < len(src); s.at++ {
		switch c := src[s.at]; {
		case c == '\n':
			s.line++
		case quoted && c == '\\':
			s.at++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if problem := s.push(c); problem != nil {
				return problem
			}
		case c == '}' || c == ']':
			s.pop()
		}
	}
	return nil
}

func (r *jsonReader) block(word string, body hcl.Body, l *layout, at hcl.Range) *hclsyntax.Block {
	attributes, hds := body.JustAttributes()
	r.diags = append(r.diags, fromHCL(hds)...)
	rng := body.MissingItemRange()
	block := &hclsyntax.Block{Type: word, TypeRange: at, OpenBraceRange: at, CloseBraceRange: rng}
	block.Body = &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: hcl.RangeBetween(at, rng), EndRange: rng}
	for _, a := range attributes {
		r.member(block.Body, a.Name, a.NameRange, a.Expr, l)
	}
	return block
}

// member adds one property of an object to a body, as a block or an argument.
func (r *jsonReader) member(body *hclsyntax.Body, name string, at hcl.Range, value hcl.Expression, l *layout) {
	var inner *layout
	if l != nil {
		inner = l.blocks[name]
	}
	if inner == nil {
		body.Attributes[name] = &hclsyntax.Attribute{
			Name: name, Expr: r.expression(value), NameRange: at, EqualsRange: at,
			SrcRange: hcl.RangeBetween(at, value.Range()),
		}
		return
	}
	if list, hds := hcl.ExprList(value); !hds.HasErrors() {
		for _, element := range list {
			r.nested(body, name, at, element, inner)
		}
		return
	}
	r.nested(body, name, at, value, inner)
}

func (r *jsonReader) nested(body *hclsyntax.Body, name string, at hcl.Range, value hcl.Expression, l *layout) {
	pairs, hds := hcl.ExprMap(value)
	if hds.HasErrors() {
		r.diags = append(r.diags, errorAt(at, "Wrong type", "%q is a block, so its value must be a JSON object, or an array of objects where it may be repeated.", name))
		return
	}
	rng := value.Range()
	block := &hclsyntax.Block{Type: name, TypeRange: at, OpenBraceRange: rng, CloseBraceRange: rng}
	block.Body = &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: rng, EndRange: rng}
	for _, pair := range pairs {
		key, _ := pair.Key.Value(nil)
		switch {
		case key.AsString() == "//":
		case block.Body.Attributes[key.AsString()] != nil:
			r.diags = append(r.diags, errorAt(pair.Key.Range(), "Argument set twice", "The argument %q is set twice in one object. Keep one of the two.", key.AsString()))
		default:
			r.member(block.Body, key.AsString(), pair.Key.Range(), pair.Value, l)
		}
	}
	body.Blocks = append(body.Blocks, block)
}

// expression turns a JSON value into an expression: texts are templates.
func (r *jsonReader) expression(e hcl.Expression) hclsyntax.Expression {
	rng := e.Range()
	if list, hds := hcl.ExprList(e); !hds.HasErrors() {
		tuple := &hclsyntax.TupleConsExpr{SrcRange: rng, OpenRange: rng}
		for _, element := range list {
			tuple.Exprs = append(tuple.Exprs, r.expression(element))
		}
		return tuple
	}
	if pairs, hds := hcl.ExprMap(e); !hds.HasErrors() {
		object := &hclsyntax.ObjectConsExpr{SrcRange: rng, OpenRange: rng}
		for _, pair := range pairs {
			object.Items = append(object.Items, hclsyntax.ObjectConsItem{KeyExpr: r.expression(pair.Key), ValueExpr: r.expression(pair.Value)})
		}
		return object
	}
	v, _ := e.Value(nil)
	if v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		return r.template(v.AsString(), rng)
	}
	return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: rng}
}

func (r *jsonReader) template(text string, rng hcl.Range) hclsyntax.Expression {
	literal := &hclsyntax.LiteralValueExpr{Val: cty.StringVal(text), SrcRange: rng}
	if !strings.Contains(text, "${") && !strings.Contains(text, "%{") {
		return literal
	}
	if problem := checkDepth(r.file, rng.Start.Line, text, true); problem != nil {
		r.diags = append(r.diags, *problem)
		return literal
	}
	start := rng.Start
	start.Byte++
	start.Column++
	e, hds := hclsyntax.ParseTemplate([]byte(text), r.file, start)
	if hds.HasErrors() {
		r.diags = append(r.diags, fromHCL(hds)...)
		return literal
	}
	return e
}
