package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// A world is everything known while planning: the wanted objects as they were
// written, and what the vendors hold.
type world struct {
	wanted []*schema.Object
	byAddr map[schema.Address]*schema.Object
	byKey  map[objectKey]*schema.Object
	held   map[objectKey]*schema.Object
	facts  map[string]schema.Value
	// unsure lists blocks whose computed attributes change with this plan,
	// because the object is created or replaced.
	unsure map[schema.Address]bool
}

type objectKey struct{ kind, key string }

func newWorld(wanted []*schema.Object) *world {
	w := &world{
		wanted: wanted,
		byAddr: make(map[schema.Address]*schema.Object, len(wanted)),
		byKey:  make(map[objectKey]*schema.Object, len(wanted)),
		held:   make(map[objectKey]*schema.Object, len(wanted)),
		facts:  map[string]schema.Value{},
		unsure: map[schema.Address]bool{},
	}
	for _, o := range wanted {
		w.byAddr[o.Address] = o
		w.byKey[objectKey{o.Kind.Name, o.Key()}] = o
	}
	return w
}

// see takes in what a vendor holds; later answers replace earlier ones.
func (w *world) see(held *schema.Held) {
	for _, o := range held.Objects {
		w.held[objectKey{o.Kind.Name, o.Key()}] = o
	}
	maps.Copy(w.facts, held.Facts)
}

// forget drops what was held of the kinds, before a fresh look.
func (w *world) forget(kinds []*schema.Kind) {
	for key := range w.held {
		if slices.ContainsFunc(kinds, func(k *schema.Kind) bool { return k.Name == key.kind }) {
			delete(w.held, key)
		}
	}
}

func (w *world) heldFor(o *schema.Object) *schema.Object {
	return w.held[objectKey{o.Kind.Name, o.Key()}]
}

// A resolution is an object whose references have been replaced by what they
// stand for.
type resolution struct {
	object *schema.Object
	needs  []schema.Address // the blocks it refers to, each once
	diags  schema.Diagnostics
}

// resolve replaces the references of a wanted object. The object itself is
// left as it was written, because it is resolved again after each wave.
func (w *world) resolve(o *schema.Object) resolution {
	r := resolver{world: w, into: resolution{object: o}}
	for _, a := range o.DependsOn {
		r.need(a)
	}
	for i := range o.Kind.Shape.Arguments {
		argument := &o.Kind.Shape.Arguments[i]
		was := o.At(i)
		is, changed := r.argument(argument, was)
		if !changed {
			continue
		}
		if r.into.object == o {
			r.into.object = o.Clone()
		}
		r.into.object.SetAt(i, is)
	}
	for _, a := range r.unreadable {
		r.into.diags = append(r.into.diags, unreadable(o, a))
	}
	return r.into
}

type resolver struct {
	*world
	into       resolution
	unreadable []schema.Ref
}

func (r *resolver) need(a schema.Address) {
	if a != "" && !slices.Contains(r.into.needs, a) {
		r.into.needs = append(r.into.needs, a)
	}
}

// argument returns what an argument's value stands for, and whether that is
// something else than v.
func (r *resolver) argument(a *schema.Argument, v schema.Value) (schema.Value, bool) {
	if v == nil && a.Fact != "" {
		return r.facts[a.Fact], true
	}
	is, changed := r.value(v)
	if text, plain := is.(schema.String); plain && changed && a.Secret {
		return schema.NewSecret(string(text), "an attribute of another block"), true
	}
	return is, changed
}

// value returns what v stands for, and whether that is something else than v.
func (r *resolver) value(v schema.Value) (schema.Value, bool) {
	switch v := v.(type) {
	case schema.Ref:
		return r.reference(v), true
	case schema.Later:
		return r.later(v), true
	case schema.List:
		return r.list(v)
	case schema.Record:
		return r.record(v)
	}
	return v, false
}

func (r *resolver) list(list schema.List) (schema.Value, bool) {
	var changed schema.List
	for i, e := range list {
		is, different := r.value(e)
		if !different {
			continue
		}
		if changed == nil {
			changed = slices.Clone(list)
		}
		changed[i] = is
	}
	if changed == nil {
		return list, false
	}
	return changed, true
}

func (r *resolver) record(record schema.Record) (schema.Value, bool) {
	resolved, any := record, false
	for i := range record.Shape.Arguments {
		is, different := r.argument(&record.Shape.Arguments[i], record.At(i))
		if !different {
			continue
		}
		if !any {
			resolved, any = record.Clone(), true
		}
		resolved.SetAt(i, is)
	}
	return resolved, any
}

// reference resolves a reference to an object to its key and label, and a
// reference to an attribute to the attribute's value.
func (r *resolver) reference(ref schema.Ref) schema.Value {
	target := r.target(ref)
	if target == nil {
		return r.undeclared(ref)
	}
	ref.Address, ref.Key = target.Address, target.Key()
	r.need(ref.Address)
	if ref.Attribute == "" {
		ref.Label = label(target)
		return ref
	}
	return r.attribute(ref, target)
}

func (r *resolver) target(ref schema.Ref) *schema.Object {
	if ref.Address != "" {
		return r.byAddr[ref.Address]
	}
	return r.byKey[objectKey{ref.Kind, ref.Key}]
}

// undeclared completes a reference to an object that no block declares.
func (r *resolver) undeclared(ref schema.Ref) schema.Value {
	if held := r.held[objectKey{ref.Kind, ref.Key}]; held != nil {
		ref.Label = label(held)
	}
	return ref
}

func (r *resolver) attribute(ref schema.Ref, target *schema.Object) schema.Value {
	if configured := target.Get(ref.Attribute); configured != nil {
		is, _ := r.value(configured)
		return is
	}
	held := r.heldFor(target)
	if held == nil || r.unsure[target.Address] {
		return schema.Unknown{}
	}
	if v := held.Get(ref.Attribute); v != nil {
		return v
	}
	r.unreadable = append(r.unreadable, ref)
	return schema.Unknown{}
}

func (r *resolver) later(l schema.Later) schema.Value {
	attributes := make([]schema.Value, len(l.Needs))
	known := true
	for i, need := range l.Needs {
		attributes[i] = r.reference(need)
		if _, unknown := attributes[i].(schema.Unknown); unknown {
			known = false
		}
	}
	if !known {
		return schema.Unknown{}
	}
	v, err := l.Eval(attributes)
	if err != nil {
		r.into.diags = append(r.into.diags, schema.ErrorAt(r.into.object, "",
			"Expression that cannot be evaluated",
			fmt.Sprintf("With the vendor's values the expression gives an error: %v.", err)))
		return schema.Unknown{}
	}
	return v
}

// label returns what people see for an object at the vendor.
func label(o *schema.Object) string {
	if _, ok := o.Kind.Shape.Index("label"); ok {
		return o.Text("label")
	}
	return ""
}

// unreadable explains an attribute that the vendor will not tell.
func unreadable(o *schema.Object, ref schema.Ref) schema.Diagnostic {
	return schema.ErrorAt(o, "", "Attribute that cannot be read", strings.Join([]string{
		fmt.Sprintf("%s.%s is needed here, but the vendor does not tell it for the object that exists.", ref.Address, ref.Attribute),
		fmt.Sprintf("Give %s in the block %s.", ref.Attribute, ref.Address),
	}, " "))
}
