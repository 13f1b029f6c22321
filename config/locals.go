package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A local is one value of a locals block.
type local struct {
	name  string
	at    hcl.Range
	expr  hclsyntax.Expression
	names []hcl.Traversal
	state visit
	value cty.Value // of one that needs blocks, once they are known
}

// A visit says how far a depth-first walk has come with a node.
type visit int

const (
	fresh visit = iota
	open        // on the path: to meet it again is a cycle
	done
)

// loadLocals evaluates the locals in the order of their references. Those that
// need blocks are set aside until blocks are known.
func (l *loader) loadLocals() {
	for _, b := range l.aside[localsBlock] {
		if len(b.Labels) > 0 || len(b.Body.Blocks) > 0 {
			l.report(errorAt(headerRange(b), "Wrong locals block", "A locals block has no label and holds only arguments: locals { name = value }."))
		}
		for name, a := range b.Body.Attributes {
			l.declareLocal(name, a)
		}
	}
	// Expressions are checked against the names, which must be there first.
	for name := range l.locals {
		l.scope.locals[name] = cty.DynamicVal
	}
	for _, name := range sorted(mapKeys(l.locals)) {
		l.visitLocal(l.locals[name], nil)
	}
}

func (l *loader) declareLocal(name string, a *hclsyntax.Attribute) {
	if first := l.locals[name]; first != nil {
		l.report(errorAt(a.NameRange, "Local value declared twice", "The local value %q is already declared at %s. Keep one of the two.", name, place(first.at)))
		return
	}
	l.locals[name] = &local{name: name, at: a.NameRange, expr: a.Expr, names: a.Expr.Variables()}
}

func (l *loader) visitLocal(v *local, path []*local) {
	switch v.state {
	case done:
		return
	case open:
		l.reportLocalCycle(v, path)
		return
	}
	v.state = open
	path = append(path, v)
	for _, t := range v.names {
		if t.RootName() != "local" || len(t) < 2 {
			continue
		}
		name, _ := stepName(t[1])
		if needed := l.locals[name]; needed != nil {
			l.visitLocal(needed, path)
		}
	}
	v.state = done
	if l.scope.needsBlocks(v.names) {
		delete(l.scope.locals, v.name)
		l.scope.late[v.name] = v
		return
	}
	l.evaluateLocal(v)
}

func (l *loader) evaluateLocal(v *local) {
	if ds := l.scope.check(v.names, false); len(ds) > 0 {
		l.diags = append(l.diags, ds...)
		return
	}
	ctx := l.base.NewChild()
	ctx.Variables = map[string]cty.Value{
		"var":   cty.ObjectVal(named(v.names, "var", l.scope.variables)),
		"local": cty.ObjectVal(named(v.names, "local", l.scope.locals)),
	}
	ctx.Variables[schema.Previous] = reference(target{word: schema.Previous})
	ctx.Variables[schema.Offline] = reference(target{word: schema.Offline})
	value, hds := v.expr.Value(ctx)
	l.diags = append(l.diags, fromHCL(hds)...)
	if !hds.HasErrors() {
		l.scope.locals[v.name] = value
	}
}

// named returns the members of root that an expression names. Handing all of
// them to each expression would be quadratic.
func named(names []hcl.Traversal, root string, all map[string]cty.Value) map[string]cty.Value {
	values := map[string]cty.Value{}
	for _, t := range names {
		if t.RootName() == root && len(t) > 1 {
			name, _ := stepName(t[1])
			if v, ok := all[name]; ok {
				values[name] = v
			}
		}
	}
	return values
}

func (l *loader) reportLocalCycle(v *local, path []*local) {
	start := 0
	for path[start] != v {
		start++
	}
	var b strings.Builder
	for i, hop := range path[start:] {
		next := v
		if start+i+1 < len(path) {
			next = path[start+i+1]
		}
		fmt.Fprintf(&b, "\n    local.%s (%s) needs local.%s", hop.name, place(hop.at), next.name)
	}
	l.report(errorAt(v.at, "Cycle", "These local values need each other in a circle, so none of them can come first:\n%s\n\nTake one of the references out.", b.String()))
}
