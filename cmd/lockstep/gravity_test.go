package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/lockstep-sync/lockstep"

// A room is a folder with what its code may open into.
type room struct {
	path   string
	opens  []string // rooms of this module, with what is below them
	shut   []string // packages from outside that have no business here
	reason string
}

// rooms lists the house from the ground up. A package belongs to the last room
// whose path it lies in.
var rooms = []room{
	{"schema", nil, []string{"net", "github.com/"}, "the ground floor is words: it stands on the standard library alone"},
	{"config", []string{"schema"}, []string{"net/http"}, "text becomes wanted objects without meeting a vendor"},
	{"reconcile", []string{"schema", "reconcile"}, []string{"net/http", "github.com/hashicorp/hcl"}, "a plan is made of objects, whatever wrote them and whoever holds them"},
	{"providers/internal/rest", []string{"schema"}, nil, "the transport knows no vendor"},
	{"providers/internal/pubsub", nil, nil, "generated messages, which know nothing of who sends them"},
	{"providers/salesforce", []string{"schema", "providers/internal/rest", "providers/internal/pubsub"}, []string{"github.com/hashicorp/hcl"}, "a provider knows one vendor and not that it is in a plan"},
	{"providers/cxone", []string{"schema", "providers/internal/rest"}, []string{"github.com/hashicorp/hcl"}, "a provider knows one vendor and not that it is in a plan"},
	{"providers/emulator", []string{"schema", "providers/emulator", "providers/internal/pubsub"}, nil, "an emulator that shared code with a provider, beyond generated messages, would share its mistakes"},
	{"examples", nil, nil, "examples are configurations"},
	{"cmd/internal/version", nil, []string{"fmt", "net", "github.com/"}, "the version is told before anything else is set up"},
	{"cmd/internal/view", []string{"schema", "reconcile"}, []string{"net/http"}, "a view shows what it is handed"},
	{"cmd/internal/dashboard", []string{"schema", "reconcile"}, nil, "the page shows what run says of itself, and asks no vendor"},
	{"cmd/internal/cli", []string{"schema", "config", "reconcile", "providers/salesforce", "providers/cxone", "providers/emulator", "examples", "cmd/internal/view", "cmd/internal/dashboard", "cmd/internal/version"}, nil, "the command line wires everything, and only it does"},
	{"cmd/lockstep", []string{"cmd/internal/cli"}, nil, "the roof is signals and an exit status"},
}

// TestGravity keeps the rooms apart: a floor uses what is below it, and the
// rooms of one floor do not open into each other.
func TestGravity(t *testing.T) {
	used := map[string]bool{}
	for file, imports := range sources(t) {
		r := roomOf(path.Dir(file))
		if r == nil {
			t.Errorf("%s lies in no room", file)
			continue
		}
		used[r.path] = true
		for _, name := range imports {
			if !r.allows(name) {
				t.Errorf("%s imports %s: %s", file, name, r.reason)
			}
		}
	}
	for _, r := range rooms {
		if !used[r.path] {
			t.Errorf("the room %s is empty; take it off the list", r.path)
		}
	}
}

func (r *room) allows(name string) bool {
	inside, ours := strings.CutPrefix(name, module+"/")
	if ours {
		return under(inside, r.path) || slices.ContainsFunc(r.opens, func(open string) bool { return under(inside, open) })
	}
	return !slices.ContainsFunc(r.shut, func(shut string) bool {
		return under(name, shut) || strings.HasSuffix(shut, "/") && strings.HasPrefix(name, shut)
	})
}

func under(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

func roomOf(dir string) *room {
	for i := len(rooms) - 1; i >= 0; i-- {
		if under(dir, rooms[i].path) {
			return &rooms[i]
		}
	}
	return nil
}

// sources maps the module's Go files, tests apart, to what they import. It
// parses them here, so that the test cache notices when one changes.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	files := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != root {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		imports := []string{}
		for _, spec := range parsed.Imports {
			unquoted, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, unquoted)
		}
		files[filepath.ToSlash(relative)] = imports
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestTopLevel keeps the top of the house as the design fixes it.
func TestTopLevel(t *testing.T) {
	allowed := []string{"cmd", "config", "schema", "reconcile", "providers", "examples", "go.mod", "go.sum", "README.md"}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) && name != "lockstep" {
			t.Errorf("%s has no place at the top; put it into a room", name)
		}
	}
}
