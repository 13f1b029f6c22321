package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A written is one argument as it stands in a body: an expression, or blocks.
type written struct {
	index  int // in the shape
	name   hcl.Range
	expr   hclsyntax.Expression
	blocks []*hclsyntax.Block
}

// rng is where the argument stands. Of a secret it is the name alone.
func (w *written) rng(a *schema.Argument) hcl.Range {
	if w.expr == nil || a.Secret {
		return w.name
	}
	return hcl.RangeBetween(w.name, w.expr.Range())
}

// arguments sorts what stands in a body by the shape's arguments, and reports
// what does not belong there; misspelt says that there was such. The word names
// the block in messages.
func (d *decoder) arguments(body *hclsyntax.Body, shape *schema.Shape, word string, except ...string) (found []written, misspelt bool) {
	found = make([]written, 0, len(body.Attributes)+len(body.Blocks))
	for name, attribute := range body.Attributes {
		if slices.Contains(except, name) {
			continue
		}
		i, ok := shape.Index(name)
		if !ok {
			d.report(unknownArgument(attribute.NameRange, name, shape, word))
			d.hideMisspelt(shape, attribute.Expr)
			misspelt = true
			continue
		}
		found = append(found, written{index: i, name: attribute.NameRange, expr: attribute.Expr})
	}
	for _, block := range body.Blocks {
		if i, ok := d.nestedBlock(block, shape, word); ok {
			found = d.addBlock(found, i, block, &shape.Arguments[i])
		} else {
			misspelt = true
		}
	}
	slices.SortFunc(found, func(a, b written) int { return cmp.Compare(a.index, b.index) })
	return found, misspelt
}

// nestedBlock returns which argument a nested block gives.
func (d *decoder) nestedBlock(block *hclsyntax.Block, shape *schema.Shape, word string) (int, bool) {
	i, ok := shape.Index(block.Type)
	switch {
	case !ok:
		d.report(unknownArgument(block.TypeRange, block.Type, shape, word))
	case nestedShape(shape.Arguments[i]) == nil:
		d.report(errorAt(block.TypeRange, "Argument written as a block", "%q is an argument, not a block. Write it with an equals sign: %s = …", block.Type, block.Type))
		return 0, false
	case len(block.Labels) > 0:
		d.report(errorAt(block.LabelRanges[0], "Label where none belongs", "The block %q takes no label. Write %s { … }.", block.Type, block.Type))
	}
	return i, ok
}

func (d *decoder) addBlock(found []written, i int, block *hclsyntax.Block, a *schema.Argument) []written {
	at := slices.IndexFunc(found, func(w written) bool { return w.index == i })
	switch {
	case at < 0:
		return append(found, written{index: i, name: block.TypeRange, blocks: []*hclsyntax.Block{block}})
	case found[at].expr != nil || !isList(a.Type):
		d.report(errorAt(block.TypeRange, "Block given twice", "The block %q may stand here once, and already stands at %s. Keep one of the two.", a.Name, place(found[at].name)))
	default:
		found[at].blocks = append(found[at].blocks, block)
	}
	return found
}

// decode returns the value of a written argument.
func (d *decoder) decode(w *written, shape *schema.Shape) schema.Value {
	a := &shape.Arguments[w.index]
	before := len(d.diags)
	var v schema.Value
	switch {
	case w.expr != nil:
		v = d.argument(a, w.expr, w.name)
	case isList(a.Type):
		list := make(schema.List, 0, len(w.blocks))
		for _, block := range w.blocks {
			list = append(list, d.nested(block, a.Type.Elem.Shape))
		}
		v = list
	default:
		v = d.nested(w.blocks[0], a.Type.Shape)
	}
	if v == nil && a.Required && !d.late && len(d.diags) == before {
		d.report(errorAt(w.name, "Missing argument", "%s", sentences(fmt.Sprintf("The argument %q is required, and its value is null.", a.Name), a.Doc)))
	}
	return v
}

// nested decodes a nested block.
func (d *decoder) nested(block *hclsyntax.Block, shape *schema.Shape) schema.Record {
	r := schema.NewRecord(shape)
	given := make([]hcl.Range, len(shape.Arguments))
	ws, misspelt := d.arguments(block.Body, shape, block.Type)
	for _, w := range ws {
		given[w.index] = w.name
		r.SetAt(w.index, d.decode(&w, shape))
	}
	d.fill(r, given, block.TypeRange, misspelt)
	return r
}

// fill completes a record: defaults, environment variables, what is missing.
func (d *decoder) fill(r schema.Record, given []hcl.Range, at hcl.Range, misspelt bool) {
	for i := range r.Shape.Arguments {
		a := &r.Shape.Arguments[i]
		if r.At(i) != nil {
			continue
		}
		if given[i].Filename == "" {
			d.leftOut(r, i, place(at), misspelt)
		}
		if r.At(i) == nil && a.Default != nil {
			r.SetAt(i, ownDefault(a.Default))
		}
	}
}

// leftOut fills the i-th argument, which the user left out, from the
// environment, or says that it is missing, unless a misspelt name explains
// that.
func (d *decoder) leftOut(r schema.Record, i int, at schema.Range, misspelt bool) {
	a := &r.Shape.Arguments[i]
	how := ""
	if a.Env != "" && d.env != nil {
		if text, ok := d.env[a.Env]; ok && text != "" {
			source := "environment variable " + a.Env
			t := trail{source: source}
			r.SetAt(i, d.value(cty.StringVal(text), slot{typ: a.Type, name: a.Name, secret: a.Secret, at: hclRange(at)}, t))
			return
		}
		if d.offline {
			return
		}
		how = fmt.Sprintf("Set it here or in the environment variable %s.", a.Env)
	}
	if !a.Required || a.Default != nil || misspelt {
		return
	}
	d.report(schema.Diagnostic{
		Severity: schema.Error, Summary: "Missing argument",
		Detail:  sentences(fmt.Sprintf("The argument %q is required.", a.Name), a.Doc, how),
		Subject: at,
	})
}

// sentences joins those that are not empty.
func sentences(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " ")
}

// hclRange is the inverse of place.
func hclRange(r schema.Range) hcl.Range {
	return hcl.Range{
		Filename: r.File,
		Start:    hcl.Pos{Line: int(r.Start.Line), Column: int(r.Start.Column), Byte: int(r.Start.Byte)},
		End:      hcl.Pos{Line: int(r.End.Line), Column: int(r.End.Column), Byte: int(r.End.Byte)},
	}
}

// hideMisspelt keeps the value of an argument that does not exist from being
// shown where it may be a secret whose name has a typo.
func (d *decoder) hideMisspelt(shape *schema.Shape, e hclsyntax.Expression) {
	if slices.ContainsFunc(shape.Arguments, func(a schema.Argument) bool { return a.Secret }) {
		d.hide(e)
	}
}

func unknownArgument(at hcl.Range, name string, shape *schema.Shape, word string) schema.Diagnostic {
	var names []string
	for _, a := range shape.Arguments {
		if !a.Computed || a.Optional {
			names = append(names, a.Name)
		}
	}
	where := "here"
	if word != "" {
		where = "in a " + word + " block"
	}
	if len(names) == 0 {
		return errorAt(at, "Unknown argument", "There is no argument %q %s; none is taken.", name, where)
	}
	return errorAt(at, "Unknown argument", "There is no argument %q %s.%s", name, where, suggestOrList(name, names))
}

func computedArgument(at hcl.Range, a *schema.Argument) schema.Diagnostic {
	return errorAt(at, "Argument set by the vendor",
		"The value of %q is given by the vendor and cannot be chosen. Other blocks may read it; take the line out here.", a.Name)
}

// sourceOfBlock says where a block and its arguments stand.
func sourceOfBlock(header hcl.Range, ws []written, shape *schema.Shape) *schema.Source {
	src := &schema.Source{Block: place(header)}
	if len(ws) > 0 {
		src.Arguments = make([]schema.Range, ws[len(ws)-1].index+1)
	}
	for i := range ws {
		a := &shape.Arguments[ws[i].index]
		src.Arguments[ws[i].index] = place(ws[i].rng(a))
		addNested(src, a, &ws[i])
	}
	return src
}

// addNested notes where the rows and nested arguments of an argument stand:
// "publisher[2]", "jwt_bearer.username".
func addNested(src *schema.Source, a *schema.Argument, w *written) {
	note := func(path string, r hcl.Range) {
		if src.Nested == nil {
			src.Nested = map[string]schema.Range{}
		}
		src.Nested[path] = place(r)
	}
	rows := w.blocks
	if !isList(a.Type) {
		rows = nil
		for _, b := range w.blocks {
			noteBody(note, a.Name, b.Body, a.Type.Shape)
		}
	}
	for i, b := range rows {
		path := rowPath(a.Name, i)
		note(path, b.TypeRange)
		noteBody(note, path, b.Body, a.Type.Elem.Shape)
	}
	if tuple, ok := w.expr.(*hclsyntax.TupleConsExpr); ok && isList(a.Type) && a.Type.Elem.Base == schema.RecordType {
		for i, e := range tuple.Exprs {
			note(rowPath(a.Name, i), e.Range())
		}
	}
}

// noteBody notes where the arguments of a nested block stand.
func noteBody(note func(string, hcl.Range), path string, body *hclsyntax.Body, shape *schema.Shape) {
	for name, attribute := range body.Attributes {
		r := attribute.SrcRange
		if a := shape.Argument(name); a == nil || a.Secret {
			r = attribute.NameRange
		}
		note(path+"."+name, r)
	}
	for _, b := range body.Blocks {
		note(path+"."+b.Type, b.TypeRange)
	}
}

// rowPath names a row of a list of records.
func rowPath(name string, row int) string { return name + "[" + strconv.Itoa(row) + "]" }
