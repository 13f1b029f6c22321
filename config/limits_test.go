package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/schema"
)

// TestLimits loads what nobody writes: each is refused, or read, in bounded
// memory and without exhausting the stack.
func TestLimits(t *testing.T) {
	big := strings.Repeat("x", maxItem)
	for _, row := range []struct{ why, name, text, want string }{
		{"brackets within brackets exhaust a parser's stack", "main.hcl", "app \"A\" { description = " + strings.Repeat("[", 5000), "Nested too deeply"},
		{"templates nest too", "main.hcl", `app "A" { description = "` + strings.Repeat(`${"`, 5000), "Nested too deeply"},
		{"blocks nest too", "main.hcl", strings.Repeat("a {\n", 5000), "Nested too deeply"},
		{"JSON nests too", "main.hcl.json", `{"app":` + strings.Repeat("[", 5000), "Nested too deeply"},
		{"a template within JSON nests too", "main.hcl.json", `{"app":{"A":{"description":"${` + strings.Repeat("(", 5000) + `"}}}`, "Nested too deeply"},
		{"operators nest without brackets", "main.hcl", "app \"A\" { description = " + strings.Repeat("!", 200_000) + "true }", "Expression too long"},
		{"so do sums", "main.hcl", "app \"A\" { description = 1" + strings.Repeat("+1", 200_000) + " }", "Expression too long"},
		{"and indexes", "main.hcl", "app \"A\" { description = a" + strings.Repeat("[a]", 200_000) + " }", "Nested too deeply|Expression too long|Unknown name"},
		{"and directives", "main.hcl", "app \"A\" { description = \"" + strings.Repeat("%{if true}", 200_000) + "\" }", "Expression too long"},
		{"just below the limit the stack suffices", "main.hcl", "app \"A\" { description = 1" + strings.Repeat("+1", maxChain-10) + " }", ""},
		{"for signs too", "main.hcl", "app \"A\" { description = " + strings.Repeat("!", maxChain-10) + "true }", ""},
		{"and for indexes", "main.hcl", "app \"A\" { description = var.x" + strings.Repeat("[0]", maxChain-10) + " }", "Undeclared variable"},
		{"and directives", "main.hcl", "app \"A\" { description = \"" + strings.Repeat("%{if true}", maxDirectives-1) + "\" }", "Unexpected end of template"},
		{"and minus within names", "main.hcl", "locals { a = {" + strings.Repeat("a-b = 1\n", maxChain) + "} }", ""},
		{"one block is bounded, because it is parsed in one piece", "main.hcl", "app \"A\" { description = \"" + big + "\" }", "Block too large"},
		{"a brace that is missing makes one block of the rest", "main.hcl", "app \"A\" {\n" + strings.Repeat("# "+big[:1000]+"\n", 5000), "Block too large"},
		{"JSON cannot be cut", "main.hcl.json", "{" + strings.Repeat(" ", maxJSONFile) + "}", "File too large"},
		{"text of another encoding", "main.hcl", "app \"\xff\xfe\" {}", "File is not UTF-8 text"},
		{"UTF-16", "main.hcl", "a\x00p\x00p\x00", "File is not UTF-8 text"},
		{"a carriage return is white space", "main.hcl", "app \"A\" {\r\n}\r\n", ""},
		{"comments are not looked into", "main.hcl", "/* { [ ( \" */ # {{{\napp \"A\" {\n  // }\n}\n", ""},
		{"brackets in texts are text", "main.hcl", "app \"A\" { description = \"{[(\\\"$${%%{\" }\n", ""},
		{"nothing at all is fine", "main.hcl", "", ""},
	} {
		t.Run(row.why, func(t *testing.T) {
			_, ds := loadFiles(t, Options{}, row.name, row.text)
			if row.want == "" {
				if len(ds) > 0 {
					t.Fatal(ds)
				}
				return
			}
			for _, d := range ds {
				for want := range strings.SplitSeq(row.want, "|") {
					if d.Summary == want {
						return
					}
				}
			}
			t.Errorf("no %q among %v", row.want, ds)
		})
	}
}

// TestLargeFile loads 50 MB of comments and small blocks.
func TestLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	unit := "# " + strings.Repeat("padding ", 4000) + "\napp \"A%\" {}\n"
	var b strings.Builder
	for i := 0; b.Len() < 50_000_000; i++ {
		b.WriteString(strings.Replace(unit, "%", strings.Repeat("x", i%7)+string(rune('a'+i%26))+itoa(i), 1))
	}
	dir := files(t, "main.hcl", b.String())
	runtime.GC()
	c, ds := Load(t.Context(), Options{Dir: dir, Vendors: testVendors(), Environ: environment})
	if len(ds) > 0 || len(c.Objects) < 1000 {
		t.Errorf("%d objects, %v", len(c.Objects), ds)
	}
	if err := os.Truncate(filepath.Join(dir, "main.hcl"), maxNativeFile+1); err != nil {
		t.Fatal(err)
	}
	if _, ds = Load(t.Context(), Options{Dir: dir, Vendors: testVendors()}); len(ds) != 1 || ds[0].Summary != "File too large" {
		t.Errorf("a file past the limit: %v", ds)
	}
}

func itoa(i int) string { return schema.Text(schema.Int(i)) }

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop.hcl")
	if err := errors.Join(os.Symlink(loop, loop), os.Mkdir(filepath.Join(dir, "directory.hcl"), 0o700),
		os.WriteFile(filepath.Join(dir, ".#lock.hcl"), []byte("{"), 0o600), os.Symlink("/dev/zero", filepath.Join(dir, "zero.hcl"))); err != nil {
		t.Fatal(err)
	}
	_, ds := Load(t.Context(), Options{Dir: dir, Vendors: testVendors()})
	if len(ds) != 2 || ds[0].Summary != "Cannot read file" || ds[1].Summary != "Cannot read file" {
		t.Errorf("a link to itself and an endless device are refused, directories and editors' files passed over: %v", ds)
	}
	if _, ds = Load(t.Context(), Options{Dir: filepath.Join(dir, "nowhere")}); len(ds) == 0 || ds[0].Summary != "Cannot read file" {
		t.Errorf("a directory that is not there: %v", ds)
	}
}

// TestGarbage bounds what is said about a file in which everything is wrong.
func TestGarbage(t *testing.T) {
	_, ds := loadFiles(t, Options{}, "main.hcl", strings.Repeat("app \"\" {\n  x = = 3\n}\n", 5000))
	if len(ds) > maxDiagnostics+1 || !ds.HasErrors() {
		t.Errorf("%d diagnostics", len(ds))
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := files(t, "main.hcl", guide)
	if _, ds := Load(ctx, Options{Dir: dir, Vendors: testVendors(), Environ: environment}); !ds.HasErrors() {
		t.Error("half a configuration was taken for a whole one")
	}
}
