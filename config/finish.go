package config

import (
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// finishObject fills in the defaults of an object whose arguments are all
// decoded.
func finishObject(o *schema.Object) {
	for i := range o.Kind.Shape.Arguments {
		if a := &o.Kind.Shape.Arguments[i]; o.At(i) == nil && a.Default != nil {
			o.SetAt(i, ownDefault(a.Default))
		}
	}
	if o.Kind.Complete != nil {
		o.Kind.Complete(o)
	}
}

// ownDefault returns a default that an object may keep for itself: its
// references are completed in place.
func ownDefault(v schema.Value) schema.Value {
	if list, ok := v.(schema.List); ok {
		return slices.Clone(list)
	}
	return v
}

// finish connects references with their objects, and checks everything that
// needs whole objects.
func (l *loader) finish() {
	keys := l.indexKeys()
	for _, decl := range l.declarations {
		for _, o := range decl.objects() {
			l.link(decl, o, keys)
			l.conf.Objects = append(l.conf.Objects, o)
		}
	}
	l.checkOrder()
	for _, decl := range l.declarations {
		if decl.broken {
			continue
		}
		for _, o := range decl.objects() {
			l.check(o)
		}
	}
	l.checkRemoved(keys)
	l.takeUsers()
	l.conf.Digest = l.digest()
	if err := l.ctx.Err(); err != nil {
		l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Interrupted", Detail: "Loading the configuration was interrupted before it was done."})
	}
}

// A keyIndex finds an object by kind and key.
type keyIndex map[string]map[string]*schema.Object

// indexKeys finds two objects of one kind with one key, which would be the
// same object at the vendor.
func (l *loader) indexKeys() keyIndex {
	index := keyIndex{}
	for _, decl := range l.declarations {
		if decl.broken || decl.kind.Key == "" {
			continue
		}
		byKey := index[decl.kind.Name]
		if byKey == nil {
			byKey = map[string]*schema.Object{}
			index[decl.kind.Name] = byKey
		}
		for _, o := range decl.objects() {
			l.indexKey(byKey, decl, o)
		}
	}
	return index
}

func (l *loader) indexKey(byKey map[string]*schema.Object, decl *declaration, o *schema.Object) {
	switch v := o.Get(o.Kind.Key).(type) {
	case nil, schema.Unknown:
		return
	case schema.Later, schema.Ref:
		if r, ok := v.(schema.Ref); !ok || r.Attribute != "" {
			l.report(schema.ErrorAt(o, o.Kind.Key, "Key known only after apply",
				fmt.Sprintf("The argument %q is how the object is found at the vendor, and its value is known only after apply. Use a value that the configuration itself gives.", o.Kind.Key)))
			decl.broken = true
			return
		}
	}
	key := o.Key()
	if first := byKey[key]; first != nil {
		l.report(schema.ErrorAt(o, o.Kind.Key, "Key used twice",
			fmt.Sprintf("The %s %q is already declared by %s at %s. Both blocks would manage the same object at the vendor and undo each other. Give one of them another %s, or take it out.", o.Kind.Name, key, first.Address, first.Source.Block, o.Kind.Key)))
		return
	}
	byKey[key] = o
}

// link completes the references of an object, and lists what it rests on.
func (l *loader) link(decl *declaration, o *schema.Object, keys keyIndex) {
	linker := &linker{loader: l, keys: keys, object: o}
	for i := range o.Kind.Shape.Arguments {
		if v := o.At(i); holdsRefs(v) {
			linker.at = i
			o.SetAt(i, linker.value(v, o.Kind.Shape.Arguments[i].Type))
		}
	}
	decl.broken = decl.broken || linker.broken
	if len(o.DependsOn) > 1 {
		slices.Sort(o.DependsOn)
		o.DependsOn = slices.Compact(o.DependsOn)
	}
	o.DependsOn = slices.Clip(o.DependsOn)
}

// A linker completes the references of one object.
type linker struct {
	loader *loader
	keys   keyIndex
	object *schema.Object
	at     int // the argument
	broken bool
}

// value completes the references in v, in place where it is a collection, and
// returns it.
func (k *linker) value(v schema.Value, t schema.Type) schema.Value {
	switch v := v.(type) {
	case schema.Ref:
		return k.ref(v, t)
	case schema.Later:
		for _, need := range v.Needs {
			k.object.DependsOn = append(k.object.DependsOn, need.Address)
		}
	case schema.List:
		if t.Elem == nil {
			return v
		}
		for i, e := range v {
			if holdsRefs(e) {
				v[i] = k.value(e, *t.Elem)
			}
		}
	case schema.Record:
		for i := range v.Shape.Arguments {
			if e := v.At(i); holdsRefs(e) {
				v.SetAt(i, k.value(e, v.Shape.Arguments[i].Type))
			}
		}
	}
	return v
}

// holdsRefs reports whether a value may hold references.
func holdsRefs(v schema.Value) bool {
	switch v.(type) {
	case schema.Ref, schema.Later, schema.List, schema.Record:
		return true
	}
	return false
}

func (k *linker) ref(r schema.Ref, t schema.Type) schema.Ref {
	if r.Address == "" {
		return k.byKey(r, t)
	}
	decl := k.loader.byAddress[r.Address]
	o := k.loader.instances[r.Address]
	if decl != nil && decl.one != nil {
		o = decl.one
	}
	if o == nil {
		k.missing(r, decl)
		return r
	}
	k.object.DependsOn = append(k.object.DependsOn, r.Address)
	if o.Kind.Key != "" && r.Attribute == "" {
		r.Key = o.Key()
	}
	if o == k.object {
		k.report("Cycle", fmt.Sprintf("The block %s refers to itself. Take the reference out.", r.Address))
	}
	return r
}

// byKey finds the block of an object that was named by its key, so that it is
// made first.
func (k *linker) byKey(r schema.Ref, t schema.Type) schema.Ref {
	kinds := t.Kinds
	if !slices.Contains(kinds, r.Kind) {
		kinds = []string{r.Kind}
	}
	for _, kind := range kinds {
		if o := k.keys[kind][r.Key]; o != nil && o != k.object {
			k.object.DependsOn = append(k.object.DependsOn, o.Address)
			return schema.Ref{Kind: kind, Key: r.Key, Address: o.Address}
		}
	}
	return r
}

// missing reports a reference to a block as if it had for_each, or had not.
func (k *linker) missing(r schema.Ref, decl *declaration) {
	k.broken = true
	block, key, keyed := splitAddress(r.Address)
	if decl == nil && keyed {
		decl = k.loader.byAddress[block]
	}
	switch {
	case decl == nil || decl.broken || k.loader.broken:
		return // what is wrong with it has been reported
	case !keyed:
		k.report("Reference to all of for_each",
			fmt.Sprintf("The block %s has for_each and makes %d objects. Name one of them, such as %s[%q], or all of them: values(%s).", r.Address, len(decl.many.objects), r.Address, firstOf(decl.many.keys), r.Address))
	case decl.many == nil:
		k.report("Reference to an instance that is not there", fmt.Sprintf("The block %s has no for_each, so it is one object and takes no key. Write %s.", block, block))
	default:
		k.report("Reference to an instance that is not there", fmt.Sprintf("The block %s makes no object with the key %q.%s", block, key, suggestOrList(key, slices.Clone(decl.many.keys))))
	}
}

func firstOf(keys []string) string {
	if len(keys) == 0 {
		return "KEY"
	}
	return keys[0]
}

func (k *linker) report(summary, detail string) {
	k.broken = true
	k.loader.report(schema.Diagnostic{Severity: schema.Error, Summary: summary, Detail: detail, Address: k.object.Address,
		Subject: k.object.Source.Argument(k.at), Context: k.object.Source.Block})
}
