package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/txtar"
)

// seed adds every file of the wrong cases with one ending.
func seed(f *testing.F, ending string) {
	f.Helper()
	archives, _ := filepath.Glob("testdata/wrong/*.txtar")
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) == ending {
				f.Add(file.Data)
			}
		}
	}
}

// fuzzLoad loads a file that may hold anything: it must not panic, and says
// what is wrong within bounds.
func fuzzLoad(f *testing.F, name string) {
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), src, 0o600); err != nil {
			t.Fatal(err)
		}
		options := Options{Dir: dir, Vendors: testVendors(), Environ: environment}
		c, ds := Load(t.Context(), options)
		if len(ds) > maxDiagnostics+1 {
			t.Fatalf("%d diagnostics", len(ds))
		}
		for _, d := range ds {
			if d.Summary == "" || d.Severity == 0 {
				t.Fatalf("a diagnostic without words: %+v", d)
			}
		}
		for _, o := range c.Objects {
			if o.Source == nil || o.Address == "" {
				t.Fatalf("an object from nowhere: %+v", o)
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(guide))
	seed(f, ".hcl")
	fuzzLoad(f, "main.hcl")
}

func FuzzLoadJSON(f *testing.F) {
	seed(f, ".json")
	f.Add([]byte(`{"app":{"A":{"description":"${app.B.consumer_key}"},"B":{}},"removed":{"app":["x"]},"locals":{"a":[1,{"b":null}]}}`))
	fuzzLoad(f, "main.hcl.json")
}

// FuzzCut compares cutting a file into pieces with parsing it whole: a file
// that is right whole has the same blocks at the same places in pieces.
func FuzzCut(f *testing.F) {
	f.Add([]byte(guide))
	f.Add(plainBlocks(20))
	f.Add([]byte("a \"x\" {\n  b = <<E\n${[\n\"}\"]}\n E x\n E\n}\nc {\n}\n"))
	f.Add([]byte("a {\n  b = \"$${ ${\"%%{\"} \\\" \"\n}\n/* } */ c {}\n"))
	seed(f, ".hcl")
	f.Fuzz(func(t *testing.T, src []byte) {
		if invalidUTF8(src) >= 0 || bytes.IndexByte(src, 0) >= 0 {
			return
		}
		items, problem := scanItems("f", src)
		if problem != nil {
			return
		}
		whole, hds := hclsyntax.ParseConfig(src, "f", hcl.InitialPos)
		if hds.HasErrors() {
			return
		}
		var want, got []string
		for _, b := range whole.Body.(*hclsyntax.Body).Blocks {
			want = append(want, b.Range().String()+" "+b.Type)
		}
		file := newFile("f", "f", src)
		for _, it := range items {
			body, ds := parseText(file, src[it.start:it.end], it.start, it.line)
			if ds.HasErrors() {
				t.Fatalf("an item does not parse: %q: %v", src[it.start:it.end], ds)
			}
			for _, b := range body.Blocks {
				got = append(got, b.Range().String()+" "+b.Type)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-whole +pieces:\n%s", diff)
		}
	})
}
