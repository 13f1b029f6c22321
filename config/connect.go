package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A hop is one reference on a path between blocks.
type hop struct {
	from, to schema.Address
	at       schema.Range
}

// connect evaluates what needs other blocks, in the order of the references.
func (l *loader) connect() {
	d := l.newDecoder()
	d.blocks = &blocks{loader: l, collections: map[schema.Address]cty.Value{}}
	for _, decl := range l.declarations {
		l.visit(decl, d, nil)
	}
	l.take(d)
}

// visit evaluates a block after those that it needs.
func (l *loader) visit(decl *declaration, d *decoder, path []hop) {
	if decl.state != fresh {
		return
	}
	decl.state = open
	for _, need := range l.needsOf(decl) {
		needed := l.byAddress[need.to]
		if needed == nil || needed.kind == nil {
			continue
		}
		path := append(path, need)
		if needed.state == open {
			for _, h := range l.reportCycle(path) {
				l.byAddress[h.from].broken = true
			}
			continue
		}
		l.visit(needed, d, path)
	}
	decl.state = done
	l.evaluateLate(decl, d)
	for _, o := range decl.objects() {
		if decl.many != nil {
			l.instances[o.Address] = o
		}
		if !decl.broken {
			finishObject(o)
		}
	}
}

// evaluateLate decodes what was kept of a block. In a cycle nothing is: it has
// been reported, and its consequences would only hide it.
func (l *loader) evaluateLate(decl *declaration, d *decoder) {
	if decl.broken {
		decl.pending = nil
		return
	}
	before := len(d.diags)
	if whole := decl.late(); whole != nil {
		d.objects(decl, whole)
	}
	for i := range decl.pending {
		l.evaluatePending(decl, &decl.pending[i], d)
	}
	decl.broken = decl.broken || d.diags[before:].HasErrors()
	decl.pending = nil
}

func (l *loader) evaluatePending(decl *declaration, p *pending, d *decoder) {
	before := len(d.diags)
	d.each, d.depends = p.each, d.depends[:0]
	p.object.SetAt(p.written.index, d.decode(&p.written, decl.kind.Shape))
	p.object.DependsOn = append(p.object.DependsOn, d.depends...)
	d.each = nil
	for i := before; i < len(d.diags); i++ {
		d.diags[i].Address = p.object.Address
	}
}

// needsOf lists the blocks that must be evaluated before a block.
func (l *loader) needsOf(decl *declaration) []hop {
	var hops []hop
	if whole := decl.late(); whole != nil {
		l.needsOfBody(decl.address, whole.Body, &hops)
	}
	seen := map[hclsyntax.Expression]bool{}
	for i := range decl.pending {
		w := &decl.pending[i].written
		if w.expr != nil && !seen[w.expr] {
			seen[w.expr] = true
			l.needsOfNames(decl.address, w.expr.Variables(), &hops)
		}
		for _, b := range w.blocks {
			l.needsOfBody(decl.address, b.Body, &hops)
		}
		if w.expr == nil && decl.many != nil {
			break // all instances share the blocks
		}
	}
	return hops
}

func (l *loader) needsOfBody(from schema.Address, body *hclsyntax.Body, hops *[]hop) {
	for _, a := range body.Attributes {
		l.needsOfNames(from, a.Expr.Variables(), hops)
	}
	for _, b := range body.Blocks {
		l.needsOfBody(from, b.Body, hops)
	}
}

func (l *loader) needsOfNames(from schema.Address, names []hcl.Traversal, hops *[]hop) {
	for _, t := range names {
		if t.RootName() == "local" && len(t) > 1 {
			name, _ := stepName(t[1])
			if late := l.scope.late[name]; late != nil {
				l.needsOfNames(from, late.names, hops)
			}
			continue
		}
		if n, ok := l.scope.blockName(t); ok {
			*hops = append(*hops, hop{from, n.address, place(t.SourceRange())})
		}
	}
}

// reportCycle prints a path whose last hop leads back to a block on it, and
// returns the part that goes in a circle.
func (l *loader) reportCycle(path []hop) []hop {
	start := len(path) - 1
	for start > 0 && path[start].from != path[len(path)-1].to {
		start--
	}
	path = path[start:]
	var b strings.Builder
	for _, h := range path {
		fmt.Fprintf(&b, "\n    %s (%s) needs %s", h.from, h.at, h.to)
	}
	detail := "These blocks need each other in a circle, so none of them can come first:"
	if len(path) == 1 {
		detail = "This block needs itself:"
	}
	l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Cycle", Address: path[0].from, Subject: path[0].at,
		Detail: fmt.Sprintf("%s\n%s\n\nTake one of the references out, or write the value itself in its place.", detail, b.String())})
	return path
}
