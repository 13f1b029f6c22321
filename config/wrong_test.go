package config

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/lockstep-sync/lockstep/schema"
)

var update = flag.Bool("update", false, "rewrite the expected diagnostics")

// TestWrong loads every configuration of testdata/wrong and compares what is
// said about it. An archive's comment says why the case is there; its last
// file, "diagnostics", is what is expected. Run with -update to rewrite it.
func TestWrong(t *testing.T) {
	archives, err := filepath.Glob("testdata/wrong/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := diagnose(t, archive)
			last := &archive.Files[len(archive.Files)-1]
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(last.Data), got); diff != "" {
				t.Errorf("%s\n-want +got:\n%s", archive.Comment, diff)
			}
		})
	}
}

// diagnose loads the files of an archive and writes what is said, with the
// text that each diagnostic points at. Files named *.given go with -var-file,
// and a file named vars holds -var flags.
func diagnose(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	options := Options{Dir: dir, Vendors: testVendors(), Environ: environment, Version: "0.2.0", Vars: map[string]string{}}
	for _, f := range archive.Files[:len(archive.Files)-1] {
		if f.Name == "vars" {
			for line := range strings.Lines(string(f.Data)) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				options.Vars[name] = value
			}
			continue
		}
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(f.Name, "given") {
			options.VarFiles = append(options.VarFiles, path)
		}
	}
	c, ds := Load(context.Background(), options)
	var b strings.Builder
	for _, d := range ds {
		write(&b, c, d)
	}
	return strings.NewReplacer(dir+string(filepath.Separator), "", dir, "DIR").Replace(b.String())
}

func write(b *strings.Builder, c *Configuration, d schema.Diagnostic) {
	fmt.Fprintf(b, "%s: %s", d.Severity, d.Summary)
	if d.Subject.File != "" {
		fmt.Fprintf(b, "\n  at %s:%d", d.Subject, d.Subject.Start.Column)
		src := c.Source(d.Subject.File)
		if start, end := int(d.Subject.Start.Byte), int(d.Subject.End.Byte); src != nil && end <= len(src) {
			fmt.Fprintf(b, " «%s»", src[start:end])
		}
	}
	if d.Address != "" {
		fmt.Fprintf(b, " in %s", d.Address)
	}
	fmt.Fprintf(b, "\n  %s\n", strings.ReplaceAll(d.Detail, "\n", "\n  "))
}
