package config

import (
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// forEach is the argument that makes several objects of one block.
const forEach = "for_each"

// A declaration is one block of a kind and the objects made of it.
type declaration struct {
	address schema.Address
	kind    *schema.Kind
	header  schema.Range
	broken  bool // it holds an error; what rests on it is not checked

	repeated bool     // it has for_each
	keys     []string // of the objects, then
	objects  []*schema.Object
	pending  []pending
	// whole is the block itself, when even the number of its objects depends
	// on other blocks.
	whole *hclsyntax.Block
	// depends lists what for_each was read from; every object rests on it.
	depends []schema.Address

	state visit
}

// A pending argument needs a value of another block.
type pending struct {
	object  *schema.Object
	written written
	each    *each
}

// instanceAddress returns the address of one instance of a block.
func instanceAddress(block schema.Address, key string) schema.Address {
	return block + schema.Address("["+strconv.Quote(key)+"]")
}

// headerRange returns where the header of a block stands.
func headerRange(b *hclsyntax.Block) hcl.Range {
	if len(b.LabelRanges) == 0 {
		return b.TypeRange
	}
	last := b.LabelRanges[len(b.LabelRanges)-1]
	if last.Start.Byte < b.TypeRange.Start.Byte {
		return last
	}
	return hcl.RangeBetween(b.TypeRange, last)
}

// block decodes a block of a kind into its declaration.
func (d *decoder) block(b *hclsyntax.Block, kind *schema.Kind) *declaration {
	header := headerRange(b)
	decl := &declaration{kind: kind, header: place(header)}
	if len(b.Labels) != 1 || b.Labels[0] == "" {
		d.report(errorAt(header, "Wrong number of labels", "A block of kind %s has one label, the name by which others refer to it: %s \"NAME\" { … }", kind.Name, kind.Name))
		decl.broken = true
		return decl
	}
	decl.address = schema.NewAddress(kind.Name, b.Labels[0])
	d.objects(decl, b)
	return decl
}

// objects decodes the body of a block into its objects.
func (d *decoder) objects(decl *declaration, b *hclsyntax.Block) {
	before := len(d.diags)
	turns, ok := d.turns(decl, b)
	if !ok {
		decl.broken = decl.whole == nil
		return
	}
	ws := d.arguments(b.Body, decl.kind.Shape, decl.kind.Name, forEach)
	src := sourceOfBlock(hclRange(decl.header), ws, decl.kind.Shape)
	decl.broken = d.diags[before:].HasErrors()
	decl.objects = make([]*schema.Object, 0, len(turns))
	for _, turn := range turns {
		o := schema.NewObject(decl.kind)
		o.Source, o.Address = src, decl.address
		if turn != nil {
			o.Address = instanceAddress(decl.address, turn.key)
			decl.keys = append(decl.keys, turn.key)
		}
		d.each = turn
		o.DependsOn = slices.Clone(decl.depends)
		d.arrange(decl, o, ws)
		decl.objects = append(decl.objects, o)
	}
	d.each = nil
}

// arrange decodes the arguments of one object, and keeps for later those that
// need other blocks.
func (d *decoder) arrange(decl *declaration, o *schema.Object, ws []written) {
	before := len(d.diags)
	d.depends = d.depends[:0]
	for i := range ws {
		mark := len(d.diags)
		v := d.decode(&ws[i], decl.kind.Shape)
		if d.late {
			d.late = false
			d.diags = d.diags[:mark]
			decl.pending = append(decl.pending, pending{o, ws[i], d.each})
			continue
		}
		o.SetAt(ws[i].index, v)
	}
	d.complete(decl, o)
	for i := before; i < len(d.diags); i++ {
		d.diags[i].Address = o.Address
		decl.broken = decl.broken || d.diags[i].Severity == schema.Error
	}
	o.DependsOn = append(o.DependsOn, d.depends...)
}

// complete says what is missing and fills in the key. Defaults come last,
// because a pending argument may still turn out to be null.
func (d *decoder) complete(decl *declaration, o *schema.Object) {
	for i := range decl.kind.Shape.Arguments {
		if o.At(i) == nil && (i >= len(o.Source.Arguments) || o.Source.Arguments[i].File == "") {
			a := &decl.kind.Shape.Arguments[i]
			if a.Name == decl.kind.Key && !a.Computed {
				o.SetAt(i, d.defaultKey(decl))
				continue
			}
			d.leftOut(o.Record, i, decl.header)
		}
	}
}

// defaultKey is the block's label; within for_each, where all instances share
// the label, the instance's key.
func (d *decoder) defaultKey(decl *declaration) schema.Value {
	if d.each != nil {
		return d.texts.value(d.each.key)
	}
	return schema.String(decl.address[len(decl.kind.Name)+1:])
}

// turns returns one turn for each object that a block makes: a single nil when
// it has no for_each. ok is false when that is not known, or wrong.
func (d *decoder) turns(decl *declaration, b *hclsyntax.Block) ([]*each, bool) {
	attribute := b.Body.Attributes[forEach]
	if attribute == nil {
		return []*each{nil}, true
	}
	decl.repeated = true
	if traversal := traversalOf(attribute.Expr); d.blocks != nil && traversal != nil {
		if n, ok := d.scope.blockName(traversal); ok && len(traversal) == n.steps && d.blocks.single(n) {
			d.report(errorAt(attribute.Expr.Range(), "Wrong value for for_each", "The block %s has no for_each, so it is one object and not a map of them.", n.address))
			return nil, false
		}
	}
	v, ok := d.evaluate(attribute.Expr)
	if d.late {
		d.late = false
		decl.whole = b
		return nil, false
	}
	if !ok {
		return nil, false
	}
	d.depends = d.depends[:0]
	turns, ok := d.turnsOf(v, attribute.Expr.Range())
	decl.depends = slices.Clone(d.depends)
	return turns, ok
}

func (d *decoder) turnsOf(v cty.Value, at hcl.Range) ([]*each, bool) {
	v, t := (trail{}).unmark(v)
	d.depends = append(d.depends, t.depends...)
	wrong := func(format string, args ...any) ([]*each, bool) {
		d.report(errorAt(at, "Wrong value for for_each", format, args...))
		return nil, false
	}
	switch {
	case t.secret:
		return wrong("The value is a secret, and the keys of for_each are part of every address. Use a value that is no secret.")
	case !v.IsKnown():
		return wrong("The value is known only after apply, so the number of objects cannot be told now. Use a value that the configuration itself gives.")
	case v.IsNull():
		return wrong("The value is null. Use an empty map, {}, to make no object.")
	case v.Type().IsObjectType(), v.Type().IsMapType():
		return turnsOfMap(v), true
	case !v.Type().IsTupleType() && !v.Type().IsListType() && !v.Type().IsSetType():
		return wrong("A map, or a list or set of strings, is required, and this is %s.", shown(v))
	}
	turns := make([]*each, 0, v.LengthInt())
	seen := make(map[string]bool, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		element, t := (trail{}).unmark(element)
		if t.secret || !element.IsKnown() || element.IsNull() || element.Type() != cty.String {
			return wrong("Every element must be a string that is known and no secret. For objects, use a map whose keys name them: { for x in LIST : x.name => x }.")
		}
		key := element.AsString()
		if seen[key] {
			return wrong("The element %q is there twice, and would make two objects with one address. Use toset(…) to drop repetitions.", key)
		}
		seen[key] = true
		turns = append(turns, &each{key, element})
	}
	return turns, true
}

func turnsOfMap(v cty.Value) []*each {
	turns := make([]*each, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		key, element := it.Element()
		turns = append(turns, &each{key.AsString(), element})
	}
	slices.SortFunc(turns, func(a, b *each) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	return turns
}
