package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A view of the declared blocks, as expressions see them. Only what an
// expression names is ever built.
type blocks struct {
	expresser
	loader *loader
	// collections holds the values of blocks with for_each, which many
	// expressions may use. It is nil when attributes were given after apply.
	collections map[schema.Address]cty.Value
}

// single reports whether a name is that of one object.
func (b *blocks) single(n blockName) bool {
	decl := b.loader.byAddress[n.address]
	return decl != nil && decl.many == nil
}

// A wish is what an expression needs of one block: some attributes, some
// instances, or all.
type wish struct {
	decl       *declaration
	whole      bool
	attributes map[string]bool
	instances  map[string]bool
}

// fill adds the values that the traversals lead to.
func (b *blocks) fill(variables map[string]cty.Value, names []hcl.Traversal) schema.Diagnostics {
	wishes := map[string]map[string]*wish{}
	needsLocal := false
	for _, t := range names {
		if t.RootName() == "local" {
			name, _ := stepName(t[1])
			needsLocal = needsLocal || b.loader.scope.late[name] != nil
			continue
		}
		if n, ok := b.loader.scope.blockName(t); ok {
			b.wish(wishes, t, n)
		}
	}
	var ds schema.Diagnostics
	for kind, byName := range wishes {
		members := make(map[string]cty.Value, len(byName))
		for name, w := range byName {
			members[name] = b.grant(w)
		}
		variables[kind] = cty.ObjectVal(members)
	}
	if needsLocal {
		variables["local"], ds = b.locals(names)
	}
	return ds
}

func (b *blocks) wish(wishes map[string]map[string]*wish, t hcl.Traversal, n blockName) {
	byName := wishes[t.RootName()]
	if byName == nil {
		byName = map[string]*wish{}
		wishes[t.RootName()] = byName
	}
	name := string(n.address[len(t.RootName())+1:])
	w := byName[name]
	if w == nil {
		w = &wish{decl: b.loader.byAddress[n.address], attributes: map[string]bool{}, instances: map[string]bool{}}
		byName[name] = w
	}
	switch {
	case n.keyed:
		w.instances[n.instance] = true
	case len(t) > n.steps:
		if attribute, ok := stepName(t[n.steps]); ok {
			w.attributes[attribute] = true
			return
		}
		w.whole = true
	default:
		w.whole = true
	}
}

// grant returns the value of a block, as far as it is wished for.
func (b *blocks) grant(w *wish) cty.Value {
	switch {
	case w.decl == nil || len(w.decl.objects()) == 0 && (w.decl.broken || w.decl.many == nil):
		return cty.DynamicVal // an error has been reported
	case w.decl.many != nil:
		return b.collection(w)
	}
	o := w.decl.one
	if w.whole || len(w.instances) > 0 {
		return b.objectOf(w.decl, o)
	}
	attributes := make(map[string]cty.Value, len(w.attributes))
	for name := range w.attributes {
		if i, ok := o.Kind.Shape.Index(name); ok {
			attributes[name] = b.attributeOf(w.decl, o, i)
		}
	}
	return cty.ObjectVal(attributes)
}

// objectOf returns an object's value. Of a block with an error nothing but its
// name is known, so that the error has no consequences elsewhere.
func (b *blocks) objectOf(decl *declaration, o *schema.Object) cty.Value {
	if !decl.broken {
		return b.object(o)
	}
	attributes := make(map[string]cty.Value, len(o.Kind.Shape.Arguments)+1)
	attributes[targetAttribute] = cty.CapsuleVal(targetType, &target{ref: schema.Ref{Kind: o.Kind.Name, Address: o.Address}})
	for i := range o.Kind.Shape.Arguments {
		attributes[o.Kind.Shape.Arguments[i].Name] = b.attributeOf(decl, o, i)
	}
	return cty.ObjectVal(attributes)
}

func (b *blocks) attributeOf(decl *declaration, o *schema.Object, i int) cty.Value {
	if decl.broken {
		return cty.UnknownVal(typeOf(o.Kind.Shape.Arguments[i].Type))
	}
	return b.attribute(o, i)
}

// collection returns a block with for_each: an object of its instances.
func (b *blocks) collection(w *wish) cty.Value {
	if !w.whole && len(w.attributes) == 0 {
		members := make(map[string]cty.Value, len(w.instances))
		for key := range w.instances {
			if o := b.loader.instances[instanceAddress(w.decl.address, key)]; o != nil {
				members[key] = b.objectOf(w.decl, o)
			}
		}
		return cty.ObjectVal(members)
	}
	if v, ok := b.collections[w.decl.address]; ok {
		return v
	}
	members := make(map[string]cty.Value, len(w.decl.many.objects))
	for i, o := range w.decl.many.objects {
		members[w.decl.many.keys[i]] = b.objectOf(w.decl, o)
	}
	v := cty.ObjectVal(members)
	if b.collections != nil {
		b.collections[w.decl.address] = v
	}
	return v
}

// locals returns the locals that an expression names, of which some need
// blocks.
func (b *blocks) locals(names []hcl.Traversal) (cty.Value, schema.Diagnostics) {
	values := named(names, "local", b.loader.scope.locals)
	var ds schema.Diagnostics
	for _, t := range names {
		if t.RootName() != "local" {
			continue
		}
		name, _ := stepName(t[1])
		if late := b.loader.scope.late[name]; late != nil {
			value, more := b.local(late)
			values[name], ds = value, append(ds, more...)
		}
	}
	return cty.ObjectVal(values), ds
}

// local evaluates a local that needs blocks.
func (b *blocks) local(v *local) (cty.Value, schema.Diagnostics) {
	if b.given == nil && v.value != cty.NilVal {
		return v.value, nil
	}
	d := decoder{scope: b.loader.scope, blocks: b}
	value, ok := d.evaluate(v.expr)
	if !ok {
		value = cty.DynamicVal
	}
	if b.given == nil {
		v.value = value
	}
	return value, d.diags
}
