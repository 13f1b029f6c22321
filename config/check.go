package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// splitAddress returns the block of an instance's address, and its key.
func splitAddress(a schema.Address) (block schema.Address, key string, keyed bool) {
	if !strings.HasSuffix(string(a), `"]`) {
		return a, "", false
	}
	i := strings.Index(string(a), `["`)
	if i < 0 {
		return a, "", false
	}
	key, err := strconv.Unquote(string(a[i+1 : len(a)-1]))
	return a[:i], key, err == nil
}

// checkOrder finds objects that rest on each other in a circle.
func (l *loader) checkOrder() {
	states := make(map[schema.Address]visit, len(l.declarations))
	for _, o := range l.conf.Objects {
		if len(o.DependsOn) > 0 {
			l.visitOrder(o, states, nil)
		}
	}
}

func (l *loader) visitOrder(o *schema.Object, states map[schema.Address]visit, path []hop) {
	if states[o.Address] != fresh {
		return
	}
	states[o.Address] = open
	for _, address := range o.DependsOn {
		if address == o.Address {
			continue // reported where it stands
		}
		needed := l.object(address)
		if needed == nil || len(needed.DependsOn) == 0 {
			continue
		}
		path := append(path, hop{o.Address, address, whereRefers(o, address)})
		if states[address] == open {
			l.reportCycle(path)
			continue
		}
		l.visitOrder(needed, states, path)
	}
	states[o.Address] = done
}

// object returns the object at an address, nil when there is none.
func (l *loader) object(a schema.Address) *schema.Object {
	if o := l.instances[a]; o != nil {
		return o
	}
	if decl := l.byAddress[a]; decl != nil {
		return decl.one
	}
	return nil
}

// whereRefers returns the place of the argument of o that refers to address.
func whereRefers(o *schema.Object, address schema.Address) schema.Range {
	for i := range o.Kind.Shape.Arguments {
		if refersTo(o.At(i), address) {
			return o.Source.Argument(i)
		}
	}
	return o.Source.Block
}

func refersTo(v schema.Value, address schema.Address) bool {
	switch v := v.(type) {
	case schema.Ref:
		return v.Address == address
	case schema.Later:
		for _, need := range v.Needs {
			if need.Address == address {
				return true
			}
		}
	case schema.List:
		for _, e := range v {
			if refersTo(e, address) {
				return true
			}
		}
	case schema.Record:
		for i := range v.Shape.Arguments {
			if refersTo(v.At(i), address) {
				return true
			}
		}
	}
	return false
}

// check runs the rules of an object's kind and arguments.
func (l *loader) check(o *schema.Object) {
	before := len(l.diags)
	l.checkRecord(o.Record, o.Source, o.Address)
	if l.diags[before:].HasErrors() || o.Kind.Check == nil || l.options.Offline && holdsUnknown(o.Record) {
		return
	}
	l.diags = append(l.diags, o.Kind.Check(o)...)
}

// holdsUnknown reports whether an argument could not be resolved offline. The
// kind's own rules see whole objects or nothing.
func holdsUnknown(v schema.Value) bool {
	switch v := v.(type) {
	case schema.Unknown:
		return true
	case schema.List:
		return slices.ContainsFunc(v, holdsUnknown)
	case schema.Record:
		for i := range v.Shape.Arguments {
			if holdsUnknown(v.At(i)) {
				return true
			}
		}
	}
	return false
}

// checkRecord runs the rules of arguments, nested ones included.
func (l *loader) checkRecord(r schema.Record, src *schema.Source, address schema.Address) {
	for i := range r.Shape.Arguments {
		a := &r.Shape.Arguments[i]
		at := src.Argument(i)
		l.checkArgument(a, r.At(i), at, src.Block, address)
		l.checkInner(r.At(i), a.Name, src, at, address)
	}
}

// checkInner runs the rules of the records within a value.
func (l *loader) checkInner(v schema.Value, path string, src *schema.Source, at schema.Range, address schema.Address) {
	switch v := v.(type) {
	case schema.Record:
		for i := range v.Shape.Arguments {
			a := &v.Shape.Arguments[i]
			inner := path + "." + a.Name
			place := nestedRange(src, inner, at)
			l.checkArgument(a, v.At(i), place, src.Block, address)
			l.checkInner(v.At(i), inner, src, place, address)
		}
	case schema.List:
		for row, e := range v {
			if inner, ok := e.(schema.Record); ok {
				path := rowPath(path, row)
				l.checkInner(inner, path, src, nestedRange(src, path, at), address)
			}
		}
	}
}

func nestedRange(src *schema.Source, path string, otherwise schema.Range) schema.Range {
	if r, ok := src.Nested[path]; ok {
		return r
	}
	return otherwise
}

func (l *loader) checkArgument(a *schema.Argument, v schema.Value, at, block schema.Range, address schema.Address) {
	if a.Check == nil || v == nil || !isKnown(v) {
		return
	}
	if detail := a.Check(v); detail != "" {
		l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Invalid value", Detail: detail, Subject: at, Context: block, Address: address})
	}
}

// isKnown reports whether a value can be checked: it holds nothing that only
// the vendor can give, and no secret that was not resolved.
func isKnown(v schema.Value) bool {
	switch v := v.(type) {
	case schema.Unknown, schema.Later:
		return false
	case schema.Ref:
		return v.Attribute == ""
	case schema.Secret:
		return !v.IsZero()
	case schema.List:
		for _, e := range v {
			if !isKnown(e) {
				return false
			}
		}
	}
	return true
}

// checkRemoved finds objects that are declared and removed at once.
func (l *loader) checkRemoved(keys keyIndex) {
	for _, r := range l.conf.Removed {
		o := keys[r.Kind.Name][r.Key]
		if o == nil {
			continue
		}
		l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Declared and removed", Address: o.Address, Subject: r.Source,
			Detail: fmt.Sprintf("The %s %q is removed here and declared by %s at %s. Take one of the two out: the block, to delete the object; this line, to keep it.", r.Kind.Name, r.Key, o.Address, o.Source.Block)})
	}
}
