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

// A declaration is one block of a kind and what is made of it.
type declaration struct {
	address schema.Address
	kind    *schema.Kind // nil until the block is decoded
	src     *schema.Source
	broken  bool // it holds an error; what rests on it is not checked
	// misspelt is set when it holds a name that is no argument; what is
	// missing may then be just that.
	misspelt bool
	state    visit

	one     *schema.Object // of a block without for_each
	many    *repetition    // of a block with for_each
	pending []pending
}

// A repetition is what for_each makes of a block.
type repetition struct {
	keys    []string
	objects []*schema.Object // one for each key
	// depends lists what for_each was read from; every object rests on it.
	depends []schema.Address
	// whole is the block itself, while even the number of its objects depends
	// on other blocks.
	whole *hclsyntax.Block
}

// header is where the block stands.
func (d *declaration) header() schema.Range {
	if d.src == nil {
		return schema.Range{}
	}
	return d.src.Block
}

// objects lists the objects of a block, in the order of its keys.
func (d *declaration) objects() []*schema.Object {
	switch {
	case d.many != nil:
		return d.many.objects
	case d.one != nil:
		return []*schema.Object{d.one}
	}
	return nil
}

// late returns the block when it could not be decoded at all yet.
func (d *declaration) late() *hclsyntax.Block {
	if d.many == nil {
		return nil
	}
	return d.many.whole
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
	return hcl.RangeBetween(b.TypeRange, b.LabelRanges[len(b.LabelRanges)-1])
}

// block decodes a block of a kind into its declaration, nil when it has no
// address.
func (d *decoder) block(b *hclsyntax.Block, kind *schema.Kind) *declaration {
	header := headerRange(b)
	if len(b.Labels) != 1 || b.Labels[0] == "" {
		d.report(errorAt(header, "Wrong number of labels", "A block of kind %s has one label, the name by which others refer to it: %s \"NAME\" { … }", kind.Name, kind.Name))
		return nil
	}
	decl := &declaration{address: d.address(kind.Name, b.Labels[0]), kind: kind, src: &schema.Source{Block: place(header)}}
	d.objects(decl, b)
	return decl
}

// address returns an address, sharing its text with the index of blocks.
func (d *decoder) address(kind, name string) schema.Address {
	address := schema.NewAddress(kind, name)
	if declared := d.scope.declared[address]; declared != nil {
		return declared.address
	}
	return address
}

// objects decodes the body of a block into its objects.
func (d *decoder) objects(decl *declaration, b *hclsyntax.Block) {
	before := len(d.diags)
	turns, ok := d.turns(decl, b)
	if !ok {
		decl.broken = decl.late() == nil
		return
	}
	ws, misspelt := d.arguments(b.Body, decl.kind.Shape, decl.kind.Name, forEach)
	decl.src = sourceOfBlock(hclRange(decl.header()), ws, decl.kind.Shape)
	for i := before; i < len(d.diags); i++ {
		d.diags[i].Address = decl.address
	}
	decl.broken, decl.misspelt = d.diags[before:].HasErrors(), misspelt
	if decl.many == nil {
		decl.one = d.arrange(decl, ws)
		return
	}
	decl.many.keys = make([]string, 0, len(turns))
	decl.many.objects = make([]*schema.Object, 0, len(turns))
	for _, turn := range turns {
		d.each = turn
		decl.many.keys = append(decl.many.keys, turn.key)
		decl.many.objects = append(decl.many.objects, d.arrange(decl, ws))
	}
	d.each = nil
}

// arrange decodes the arguments of one object, and keeps for later those that
// need other blocks.
func (d *decoder) arrange(decl *declaration, ws []written) *schema.Object {
	o := schema.NewObject(decl.kind)
	o.Source, o.Address = decl.src, decl.address
	if d.each != nil {
		o.Address = instanceAddress(decl.address, d.each.key)
		o.DependsOn = slices.Clone(decl.many.depends)
	}
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
	return o
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
			d.leftOut(o.Record, i, decl.header(), decl.misspelt)
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

// turns returns one turn for each object that a block with for_each makes. ok
// is false when that is not known yet, or wrong.
func (d *decoder) turns(decl *declaration, b *hclsyntax.Block) (turns []*each, ok bool) {
	attribute := b.Body.Attributes[forEach]
	if attribute == nil {
		return nil, true
	}
	decl.many = &repetition{}
	if d.overOneObject(attribute.Expr) {
		return nil, false
	}
	v, ok := d.evaluate(attribute.Expr)
	if d.late {
		d.late = false
		decl.many.whole = b
		return nil, false
	}
	if !ok {
		return nil, false
	}
	d.depends = d.depends[:0]
	turns, ok = d.turnsOf(v, attribute.Expr.Range())
	decl.many.depends = slices.Clone(d.depends)
	return turns, ok
}

// overOneObject reports a for_each over a block that has none: its attributes
// are no collection.
func (d *decoder) overOneObject(e hclsyntax.Expression) bool {
	t := traversalOf(e)
	if d.blocks == nil || t == nil {
		return false
	}
	n, ok := d.scope.blockName(t)
	if !ok || len(t) != n.steps || !d.blocks.single(n) {
		return false
	}
	d.report(errorAt(e.Range(), "Wrong value for for_each", "The block %s has no for_each, so it is one object and not a map of them.", n.address))
	return true
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
	case !v.IsKnown() && len(t.needs) == 0:
		return nil, false // not resolved offline, or an error was reported
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
