package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Lockstep is what the lockstep block says.
type Lockstep struct {
	RequiredVersion string
	Store           schema.Secret // zero: a file under .lockstep
}

// lockstepShape returns the arguments of the lockstep block.
func lockstepShape() *schema.Shape {
	return schema.NewShape(
		schema.Argument{Name: "required_version", Type: schema.TextType(), Doc: "The versions of Lockstep that this configuration is for, such as \">= 0.1\".", Check: checkConstraint},
		schema.Argument{Name: "store", Type: schema.TextType(), Secret: true, Doc: "Where run keeps its memory: postgres://….", DefaultDoc: "a file under .lockstep"},
	)
}

func checkConstraint(v schema.Value) string {
	if _, err := version.NewConstraint(schema.Text(v)); err != nil {
		return fmt.Sprintf("%q is no requirement of a version. Write an operator and a version, such as \">= 0.1\"; several are separated by commas.", schema.Text(v))
	}
	return ""
}

// Shapes describes the blocks of the language that are no kinds, for the
// reference.
func Shapes() []schema.BlockDoc {
	return []schema.BlockDoc{
		{Name: lockstepBlock, Doc: "Settings of Lockstep itself. A configuration has one such block at most.", Shape: lockstepShape()},
		{Name: syncBlock, Doc: "How run behaves. A configuration has one such block at most, and every argument has a default.", Shape: syncShape()},
		{Name: userMapping, Doc: "Says that a Salesforce user and a CXone agent are the same person, where their names do not tell.", Shape: userMappingShape()},
	}
}

// The types of blocks that are no objects.
const (
	variableBlock = "variable"
	localsBlock   = "locals"
	lockstepBlock = "lockstep"
	providerBlock = "provider"
	syncBlock     = "sync"
	removedBlock  = "removed"
)

func isSetting(word string) bool {
	switch word {
	case variableBlock, localsBlock, lockstepBlock, providerBlock, syncBlock, removedBlock:
		return true
	}
	return false
}

// arrangeLayouts says how each top-level block looks in JSON.
func (l *loader) arrangeLayouts() {
	l.layouts = map[string]*layout{
		variableBlock: {blocks: map[string]*layout{"validation": {}}},
		localsBlock:   {},
		lockstepBlock: layoutOf(lockstepShape()),
		providerBlock: {blocks: map[string]*layout{}},
		syncBlock:     layoutOf(syncShape()),
		removedBlock:  {},
	}
	l.labels = map[string]int{variableBlock: 1, providerBlock: 1}
	for _, v := range l.vendors {
		l.conf.hidden = append(l.conf.hidden, secretNames(v.Shape)...)
		maps.Copy(l.layouts[providerBlock].blocks, layoutOf(v.Shape).blocks)
	}
	for name, kind := range l.scope.kinds {
		l.layouts[name], l.labels[name] = layoutOf(kind.Shape), 1
		l.conf.hidden = append(l.conf.hidden, secretNames(kind.Shape)...)
	}
	l.conf.hidden = append(l.conf.hidden, secretNames(lockstepShape())...)
	l.conf.hidden = append(l.conf.hidden, secretNames(syncShape())...)
	l.conf.kinds = mapKeys(l.scope.kinds)
	slices.Sort(l.conf.hidden)
	l.conf.hidden = slices.Compact(l.conf.hidden)
}

// secretNames lists the secret arguments of a shape, nested ones included.
func secretNames(shape *schema.Shape) []string {
	var names []string
	for _, a := range shape.Arguments {
		if a.Secret {
			names = append(names, a.Name)
		}
		t := a.Type
		if t.Elem != nil {
			t = *t.Elem
		}
		if t.Base == schema.RecordType {
			names = append(names, secretNames(t.Shape)...)
		}
	}
	return names
}

// decodeSettings decodes the blocks that are no objects.
func (l *loader) decodeSettings() {
	l.decodeLockstep()
	l.decodeProviders()
	l.decodeSync()
	for _, b := range l.aside[removedBlock] {
		l.decodeRemoved(b)
	}
	l.impliedProviders()
	l.aside = nil
}

// only returns the block of a type that may be there once, nil when there is
// none.
func (l *loader) only(word string) *hclsyntax.Block {
	found := l.aside[word]
	if len(found) == 0 {
		return nil
	}
	for _, again := range found[1:] {
		l.report(errorAt(headerRange(again), "Block declared twice", "A configuration has one %s block, and it already stands at %s. Move these arguments there.", word, place(headerRange(found[0]))))
	}
	if len(found[0].Labels) > 0 {
		l.report(errorAt(found[0].LabelRanges[0], "Label where none belongs", "The block %q takes no label. Write %s { … }.", word, word))
	}
	return found[0]
}

// settings decodes a block by a shape. The body is nil when there is no block.
func (l *loader) settings(d *decoder, header hcl.Range, body *hclsyntax.Body, shape *schema.Shape, word string) (schema.Record, *schema.Source) {
	r := schema.NewRecord(shape)
	var ws []written
	misspelt := false
	if body != nil {
		ws, misspelt = d.arguments(body, shape, word)
	}
	src := sourceOfBlock(header, ws, shape)
	given := make([]hcl.Range, len(shape.Arguments))
	for i := range ws {
		given[ws[i].index] = ws[i].name
		v := d.decode(&ws[i], shape)
		if d.late {
			d.late, v = false, nil
			d.report(errorAt(ws[i].name, "Reference out of place", "The argument %q of a %s block refers to another block. These settings are needed before any block is; use a variable or a local value.", shape.Arguments[ws[i].index].Name, word))
		}
		r.SetAt(ws[i].index, v)
	}
	d.fill(r, given, header, misspelt)
	l.checkRecord(r, src, "")
	l.take(d)
	return r, src
}

func (l *loader) decodeLockstep() {
	b := l.only(lockstepBlock)
	if b == nil {
		return
	}
	r, src := l.settings(l.newDecoder(), headerRange(b), b.Body, lockstepShape(), lockstepBlock)
	l.conf.Lockstep = Lockstep{RequiredVersion: r.Text("required_version"), Store: r.Secret("store")}
	l.checkVersion(src)
}

// checkVersion refuses a configuration that is for other versions.
func (l *loader) checkVersion(src *schema.Source) {
	wanted, err := version.NewConstraint(l.conf.Lockstep.RequiredVersion)
	if l.conf.Lockstep.RequiredVersion == "" || err != nil {
		return
	}
	have, err := version.NewVersion(l.options.Version)
	if err != nil || wanted.Check(have) || wanted.Check(have.Core()) {
		return // a version that was built by hand satisfies everything
	}
	l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Wrong version of Lockstep", Subject: src.Argument(0), Context: src.Block,
		Detail: fmt.Sprintf("This configuration asks for version %s, and this is %s. Install a version that fits, or change required_version.", l.conf.Lockstep.RequiredVersion, l.options.Version)})
}

func (l *loader) decodeProviders() {
	seen := map[string]hcl.Range{}
	for _, b := range l.aside[providerBlock] {
		header := headerRange(b)
		if len(b.Labels) != 1 {
			l.report(errorAt(header, "Wrong number of labels", "A provider block has one label, the name of the provider: %s.", listing(sorted(mapKeys(l.vendors)), "or")))
			continue
		}
		name := b.Labels[0]
		vendor := l.vendors[name]
		if vendor == nil {
			l.report(errorAt(b.LabelRanges[0], "Unknown provider", "There is no provider %q.%s", name, suggestOrList(name, mapKeys(l.vendors))))
			continue
		}
		if first, twice := seen[name]; twice {
			l.report(errorAt(header, "Block declared twice", "The provider %q is already declared at %s. A configuration connects to one tenant of each vendor; for another, use another directory or variables.", name, place(first)))
			continue
		}
		seen[name] = header
		l.decodeProvider(vendor, header, b.Body)
	}
}

func (l *loader) decodeProvider(vendor *schema.Vendor, header hcl.Range, body *hclsyntax.Body) {
	d := l.newDecoder()
	d.env = l.environ
	before := len(l.diags)
	r, src := l.settings(d, header, body, vendor.Shape, providerBlock)
	l.nestedFromEnvironment(r, src, before)
	l.conf.Providers[vendor.Name] = &Provider{Vendor: vendor, Record: r, Source: src}
}

// nestedFromEnvironment makes provider "x" {} a complete block: when the user
// wrote none of the nested blocks, one whose required arguments are all in the
// environment is taken from there.
func (l *loader) nestedFromEnvironment(r schema.Record, src *schema.Source, before int) {
	if l.diags[before:].HasErrors() {
		return
	}
	for i, a := range r.Shape.Arguments {
		if nestedShape(a) != nil && i < len(src.Arguments) && src.Arguments[i].File != "" {
			return
		}
	}
	for i, a := range r.Shape.Arguments {
		if a.Type.Base != schema.RecordType || !a.Nested || !l.inEnvironment(a.Type.Shape) {
			continue
		}
		d := l.newDecoder()
		d.env = l.environ
		nested := schema.NewRecord(a.Type.Shape)
		d.fill(nested, make([]hcl.Range, len(a.Type.Shape.Arguments)), hclRange(src.Block), false)
		l.take(d)
		r.SetAt(i, nested)
		return
	}
}

// inEnvironment reports whether a shape has required arguments and all of them
// are set in the environment.
func (l *loader) inEnvironment(shape *schema.Shape) bool {
	found := false
	for _, a := range shape.Arguments {
		if !a.Required {
			continue
		}
		if a.Env == "" || l.environ[a.Env] == "" {
			return false
		}
		found = true
	}
	return found
}

// impliedProviders stands in for provider blocks that are not there: an empty
// one, filled from the environment.
func (l *loader) impliedProviders() {
	needed := map[string]bool{}
	for _, decl := range l.declarations {
		needed[decl.kind.Provider] = true
	}
	for _, r := range l.conf.Removed {
		needed[r.Kind.Provider] = true
	}
	for _, name := range sorted(mapKeys(l.vendors)) {
		declared := slices.ContainsFunc(l.aside[providerBlock], func(b *hclsyntax.Block) bool { return slices.Contains(b.Labels, name) })
		if needed[name] && !declared {
			l.decodeProvider(l.vendors[name], hcl.Range{}, nil)
		}
	}
}

// decodeRemoved decodes a block whose arguments are kinds and whose values are
// keys.
func (l *loader) decodeRemoved(b *hclsyntax.Block) {
	if len(b.Labels) > 0 || len(b.Body.Blocks) > 0 {
		l.report(errorAt(headerRange(b), "Wrong removed block", "A removed block has no label and holds arguments only: removed { KIND = \"KEY\" }."))
		return
	}
	if len(b.Body.Attributes) == 0 {
		l.report(errorAt(headerRange(b), "Empty removed block", "A removed block names what to delete: removed { KIND = \"KEY\" }."))
	}
	attributes := make([]*hclsyntax.Attribute, 0, len(b.Body.Attributes))
	for _, a := range b.Body.Attributes {
		attributes = append(attributes, a)
	}
	slices.SortFunc(attributes, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	for _, a := range attributes {
		l.decodeRemovedKind(a)
	}
}

func (l *loader) decodeRemovedKind(a *hclsyntax.Attribute) {
	kind := l.scope.kinds[a.Name]
	if kind == nil || kind.Provider == "" {
		l.report(errorAt(a.NameRange, "Unknown kind", "There is no kind %q whose objects could be removed.%s", a.Name, suggest(a.Name, l.removableKinds())))
		return
	}
	list := schema.ListOf(schema.TextType())
	list.Single = true
	d := l.newDecoder()
	v := d.expression(a.Expr, slot{typ: list, name: a.Name, at: a.Expr.Range()})
	if d.late {
		d.report(errorAt(a.Expr.Range(), "Reference out of place", "A removed block names objects by their keys, in quotes: an object that a block declares is not removed."))
	}
	l.take(d)
	keys, _ := v.(schema.List)
	tuple, _ := unwrap(a.Expr).(*hclsyntax.TupleConsExpr)
	for i, key := range keys {
		at := a.SrcRange
		if tuple != nil && len(tuple.Exprs) == len(keys) {
			at = tuple.Exprs[i].Range()
		}
		l.addRemoval(schema.Removal{Kind: kind, Key: schema.Text(key), Source: place(at)})
	}
}

func (l *loader) removableKinds() []string {
	return slices.DeleteFunc(mapKeys(l.scope.kinds), func(name string) bool { return l.scope.kinds[name].Provider == "" })
}

func (l *loader) addRemoval(r schema.Removal) {
	for _, first := range l.conf.Removed {
		if first.Kind == r.Kind && first.Key == r.Key {
			l.report(schema.Diagnostic{Severity: schema.Error, Summary: "Removed twice", Subject: r.Source,
				Detail: fmt.Sprintf("The %s %q is already removed at %s. Keep one of the two.", r.Kind.Name, r.Key, first.Source)})
			return
		}
	}
	l.conf.Removed = append(l.conf.Removed, r)
}
