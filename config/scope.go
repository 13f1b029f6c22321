package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-sync/lockstep/schema"
)

// A scope is what expressions may name: variables, locals, functions, the
// keywords, and blocks. It does not change once blocks are being decoded, so
// that many can be decoded at once.
type scope struct {
	kinds     map[string]*schema.Kind
	base      *hcl.EvalContext // functions, var, local and the keywords
	variables map[string]cty.Value
	locals    map[string]cty.Value
	// late lists the locals that need blocks, which are evaluated after them.
	late map[string]*local
	// declared holds every block there is, decoded or not.
	declared map[schema.Address]*declaration
}

func (s *scope) known(a schema.Address) bool { return s.declared[a] != nil }

// names lists the blocks of a kind, sorted, for messages.
func (s *scope) names(kind string) []string {
	var names []string
	for a := range s.declared {
		if name, ok := strings.CutPrefix(string(a), kind+"."); ok {
			names = append(names, name)
		}
	}
	return sorted(names)
}

// An each is one turn of a for_each.
type each struct {
	key   string
	value cty.Value
}

func (e *each) object() cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(e.key), "value": e.value})
}

// seal makes the context that every expression shares, when the variables and
// locals are known.
func (s *scope) seal(base *hcl.EvalContext) {
	s.base = base.NewChild()
	s.base.Variables = map[string]cty.Value{
		"var":           cty.ObjectVal(s.variables),
		"local":         cty.ObjectVal(s.locals),
		schema.Previous: reference(target{word: schema.Previous}),
		schema.Offline:  reference(target{word: schema.Offline}),
	}
}

// A blockName is how an expression names a block: kind.name, with a key for
// one instance.
type blockName struct {
	address  schema.Address // of the block
	instance string
	keyed    bool
	steps    int // how many steps of the traversal it took
}

// reference returns the address of the block or the instance.
func (n blockName) reference() schema.Address {
	if n.keyed {
		return instanceAddress(n.address, n.instance)
	}
	return n.address
}

// blockName reads the beginning of a traversal as the name of a block; ok is
// false when its root is no kind or the name is missing.
func (s *scope) blockName(t hcl.Traversal) (n blockName, ok bool) {
	if s.kinds[t.RootName()] == nil || len(t) < 2 {
		return n, false
	}
	name, ok := stepName(t[1])
	if !ok {
		return n, false
	}
	n = blockName{address: schema.NewAddress(t.RootName(), name), steps: 2}
	if len(t) > 2 {
		if index, is := t[2].(hcl.TraverseIndex); is && index.Key.Type() == cty.String {
			n.instance, n.keyed, n.steps = index.Key.AsString(), true, 3
		}
	}
	return n, true
}

// stepName returns the name of the step .name or ["name"].
func stepName(step hcl.Traverser) (string, bool) {
	switch step := step.(type) {
	case hcl.TraverseAttr:
		return step.Name, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String {
			return step.Key.AsString(), true
		}
	}
	return "", false
}

// needsBlocks reports whether any of the traversals leads to a block, directly
// or through a local.
func (s *scope) needsBlocks(traversals []hcl.Traversal) bool {
	return slices.ContainsFunc(traversals, func(t hcl.Traversal) bool {
		if s.kinds[t.RootName()] != nil {
			return true
		}
		if t.RootName() != "local" || len(t) < 2 {
			return false
		}
		name, _ := stepName(t[1])
		return s.late[name] != nil
	})
}

// check says which traversals name something that is not there. In scopes
// where there is no each, inEach is false.
func (s *scope) check(traversals []hcl.Traversal, inEach bool) schema.Diagnostics {
	var ds schema.Diagnostics
	for _, t := range traversals {
		if d := s.checkOne(t, inEach); d != nil {
			ds = append(ds, *d)
		}
	}
	return ds
}

func (s *scope) checkOne(t hcl.Traversal, inEach bool) *schema.Diagnostic {
	root := t.RootName()
	switch root {
	case schema.Previous, schema.Offline:
		return nil
	case "var":
		return checkMember(t, "Undeclared variable", "variable", mapKeys(s.variables),
			"Variables are declared with a variable block.")
	case "local":
		return checkMember(t, "Undeclared local value", "local value", append(mapKeys(s.locals), mapKeys(s.late)...),
			"Local values are declared in a locals block.")
	case "each":
		if !inEach {
			d := errorAt(t.SourceRange(), "No each here", "The names each.key and each.value exist only in a block that has for_each. Add for_each to the block, or give the value itself.")
			return &d
		}
		return checkMember(t, "Unknown name", "name in each", []string{"key", "value"}, "In a block with for_each there are each.key and each.value.")
	}
	if s.kinds[root] == nil {
		return s.unknownRoot(t)
	}
	n, ok := s.blockName(t)
	if !ok {
		d := errorAt(t.SourceRange(), "Incomplete reference", "A reference to a block names its kind and its label: %s.NAME.%s", root, s.examples(root))
		return &d
	}
	if !s.known(n.address) {
		return s.missingBlock(t, n)
	}
	return s.checkAttribute(t, n)
}

func (s *scope) missingBlock(t hcl.Traversal, n blockName) *schema.Diagnostic {
	name := string(n.address[len(t.RootName())+1:])
	hint := suggest(name, s.names(t.RootName()))
	if hint == "" {
		for _, kind := range sorted(mapKeys(s.kinds)) {
			if s.known(schema.NewAddress(kind, name)) {
				hint = " There is " + kind + "." + name + "."
				break
			}
		}
	}
	d := errorAt(t.SourceRange(), "Reference to a block that is not there",
		"No block %s %q is declared in this configuration, so there is nothing to refer to.%s", t.RootName(), name, hint)
	return &d
}

// checkAttribute says when kind.name.attribute asks for one that the kind
// does not have.
func (s *scope) checkAttribute(t hcl.Traversal, n blockName) *schema.Diagnostic {
	if len(t) <= n.steps {
		return nil
	}
	step, ok := t[n.steps].(hcl.TraverseAttr)
	kind := s.kinds[t.RootName()]
	if !ok || kind.Shape.Argument(step.Name) != nil {
		return nil
	}
	var names []string
	for _, a := range kind.Shape.Arguments {
		names = append(names, a.Name)
	}
	d := errorAt(step.SrcRange, "Unknown attribute", "Objects of kind %s have no attribute %q.%s", kind.Name, step.Name, suggestOrList(step.Name, names))
	return &d
}

func (s *scope) unknownRoot(t hcl.Traversal) *schema.Diagnostic {
	roots := append([]string{"var", "local", "each", schema.Previous, schema.Offline}, mapKeys(s.kinds)...)
	d := errorAt(t.SourceRange(), "Unknown name",
		"Nothing is called %q here.%s A text is written in double quotes; a reference is KIND.NAME, var.NAME or local.NAME.", t.RootName(), suggest(t.RootName(), roots))
	return &d
}

// checkBareSecret says when the value of a secret argument is a name that
// nothing has: it may be the secret itself, whose quotation marks were
// forgotten, so it is not repeated.
func (s *scope) checkBareSecret(e hclsyntax.Expression) *schema.Diagnostic {
	for _, t := range e.Variables() {
		switch root := t.RootName(); {
		case root == "var", root == "local", root == "each", s.kinds[root] != nil:
			continue
		}
		d := errorAt(e.Range(), "Unknown name",
			"This argument is a secret, and its value names something that is not there; the name is not repeated, as it may be the secret itself. "+
				"A text is written in double quotes; better take it from elsewhere: env(\"NAME\"), secret(\"file:PATH\"), or a variable with sensitive = true.")
		return &d
	}
	return nil
}

func (s *scope) examples(kind string) string {
	names := s.names(kind)
	if len(names) == 0 {
		return " No block of this kind is declared."
	}
	return " Declared are, for example: " + listing(names[:min(3, len(names))], "and") + "."
}

// checkMember says when root.name is not one of names.
func checkMember(t hcl.Traversal, summary, noun string, names []string, how string) *schema.Diagnostic {
	if len(t) < 2 {
		if noun == "name in each" {
			return nil
		}
		d := errorAt(t.SourceRange(), "Incomplete reference", "Write %s.NAME. %s", t.RootName(), how)
		return &d
	}
	name, ok := stepName(t[1])
	if !ok || slices.Contains(names, name) {
		return nil
	}
	d := errorAt(t.SourceRange(), summary, "There is no %s %q.%s %s", noun, name, suggest(name, names), how)
	return &d
}

// suggestOrList names the nearest candidate, or all when none is near.
func suggestOrList(name string, candidates []string) string {
	if hint := suggest(name, candidates); hint != "" {
		return hint
	}
	return " Known here: " + listing(sorted(candidates), "and") + "."
}

// traversalOf returns the traversal that an expression consists of, nil when
// it is anything more.
func traversalOf(e hclsyntax.Expression) hcl.Traversal {
	if t, ok := unwrap(e).(*hclsyntax.ScopeTraversalExpr); ok {
		return t.Traversal
	}
	return nil
}

// unwrap takes off parentheses and "${ }".
func unwrap(e hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch inner := e.(type) {
		case *hclsyntax.ParenthesesExpr:
			e = inner.Expression
		case *hclsyntax.TemplateWrapExpr:
			e = inner.Wrapped
		default:
			return e
		}
	}
}

func mapKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}
