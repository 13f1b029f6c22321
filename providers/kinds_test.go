// Package providers_test holds what is true of every provider and kind: that
// each is listed and well formed, and the contract that each keeps.
package providers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/providers/cxone"
	"github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/schema"
)

func vendors() []*schema.Vendor { return []*schema.Vendor{salesforce.Vendor(), cxone.Vendor()} }

// TestKindsAreListed finds every kind that a provider's source declares and
// looks for it in the provider's list: one kind is one file and one line.
func TestKindsAreListed(t *testing.T) {
	for _, vendor := range vendors() {
		var listed []string
		for _, kind := range vendor.Kinds {
			listed = append(listed, kind.Name)
		}
		declared := declaredKinds(t, vendor.Name)
		if len(declared) == 0 {
			t.Errorf("%s: no kind found in its source; has the way they are declared changed?", vendor.Name)
		}
		for name, files := range declared {
			if !slices.Contains(listed, name) {
				t.Errorf("%s: the kind %s in %v is on no list", vendor.Name, name, files)
			}
			if len(files) != 1 || files[0] != name+".go" {
				t.Errorf("%s: the kind %s is declared in %v, want it once, in %s.go", vendor.Name, name, files, name)
			}
		}
		for _, name := range listed {
			if declared[name] == nil {
				t.Errorf("%s: the list names %s, which no file declares", vendor.Name, name)
			}
		}
	}
}

// declaredKinds maps the names of schema.Kind literals to their files.
func declaredKinds(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok && isKind(literal.Type) {
				if name := nameField(literal); name != "" {
					declared[name] = append(declared[name], filepath.Base(file))
				}
			}
			return true
		})
	}
	return declared
}

func isKind(e ast.Expr) bool {
	selector, ok := e.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Kind"
}

func nameField(literal *ast.CompositeLit) string {
	for _, e := range literal.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := pair.Key.(*ast.Ident); !ok || key.Name != "Name" {
			continue
		}
		if value, ok := pair.Value.(*ast.BasicLit); ok {
			name, _ := strconv.Unquote(value.Value)
			return name
		}
	}
	return ""
}

var (
	snake  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	labels = []string{"VERIFIED", "SECONDARY", "UNCERTAIN", "INVENTED"}
)

// TestKindsAreWellFormed checks what decoding, help and documentation rely on.
func TestKindsAreWellFormed(t *testing.T) {
	names := map[string]bool{}
	for _, vendor := range vendors() {
		wellFormedShape(t, "provider "+vendor.Name, vendor.Shape)
		for _, kind := range vendor.Kinds {
			if names[kind.Name] {
				t.Errorf("two kinds are called %s", kind.Name)
			}
			names[kind.Name] = true
			wellFormedKind(t, vendor, kind)
		}
	}
}

func wellFormedKind(t *testing.T, vendor *schema.Vendor, kind *schema.Kind) {
	t.Helper()
	if !snake.MatchString(kind.Name) || kind.Provider != vendor.Name {
		t.Errorf("%s: a kind has a name in snake case and its provider's name, got provider %q", kind.Name, kind.Provider)
	}
	sentence(t, kind.Name, kind.Doc)
	if kind.Shape.Argument(kind.Key) == nil {
		t.Errorf("%s: its key %q is no argument", kind.Name, kind.Key)
	}
	if kind.Removal == "" {
		t.Errorf("%s: nothing says what a removed block does", kind.Name)
	}
	for _, limit := range kind.Cannot {
		if !slices.ContainsFunc(labels, func(l string) bool { return strings.Contains(limit.Why, l) }) {
			t.Errorf("%s: the limit %q does not say how sure it is (%v)", kind.Name, limit.What, labels)
		}
	}
	wellFormedShape(t, kind.Name, kind.Shape)
}

func wellFormedShape(t *testing.T, where string, shape *schema.Shape) {
	t.Helper()
	for i := range shape.Arguments {
		argument := &shape.Arguments[i]
		name := where + "." + argument.Name
		if !snake.MatchString(argument.Name) {
			t.Errorf("%s: not in snake case", name)
		}
		sentence(t, name, argument.Doc)
		switch {
		case argument.Required && (argument.Default != nil || argument.Computed):
			t.Errorf("%s: required, and yet it has a default or is computed", name)
		case argument.WriteOnly && !argument.Secret:
			t.Errorf("%s: a value that cannot be read back is kept as a digest, so it must be a secret", name)
		case argument.Type.Base == schema.RefType && len(argument.Type.Kinds) == 0:
			t.Errorf("%s: refers to no kind", name)
		}
		if nested := shapeOf(argument.Type); nested != nil {
			wellFormedShape(t, name, nested)
		}
	}
}

func shapeOf(t schema.Type) *schema.Shape {
	if t.Elem != nil {
		return shapeOf(*t.Elem)
	}
	return t.Shape
}

func sentence(t *testing.T, where, doc string) {
	t.Helper()
	if doc == "" || !strings.HasSuffix(strings.TrimSpace(doc), ".") {
		t.Errorf("%s: its doc is not a sentence: %q", where, doc)
	}
}
