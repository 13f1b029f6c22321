package config

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/schema"
)

// A file is one file of a configuration. Its text is dropped once it has been
// decoded; see [Configuration.Source].
type file struct {
	name string // as ranges name it: configuration files by their base name
	path string // where it is read
	json bool
	src  []byte
	sum  [sha256.Size]byte
}

func newFile(name, path string, src []byte) *file {
	return &file{name: name, path: path, json: strings.HasSuffix(name, ".json"), src: src, sum: sha256.Sum256(src)}
}

// findFiles lists the configuration and automatic variable files of a
// directory, each sorted by name.
func findFiles(dir string) (configs, variables []string, problems schema.Diagnostics) {
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil, nil, schema.Diagnostics{unreadable(dir, err)}
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || isEditorFile(name) {
			continue
		}
		switch {
		case strings.HasSuffix(name, ".hcl"), strings.HasSuffix(name, ".hcl.json"):
			configs = append(configs, filepath.Join(dir, name))
		case strings.HasSuffix(name, ".auto.hclvars"), strings.HasSuffix(name, ".auto.hclvars.json"):
			variables = append(variables, filepath.Join(dir, name))
		}
	}
	if len(configs) == 0 {
		problems = append(problems, schema.Diagnostic{
			Severity: schema.Error,
			Summary:  "No configuration files",
			Detail: fmt.Sprintf("The directory %s holds no file whose name ends in .hcl or .hcl.json. Write a first configuration with\n\n    lockstep init\n\n"+
				"or name the directory that holds yours with -chdir=DIRECTORY.", display(dir)),
		})
	}
	return configs, variables, problems
}

// isEditorFile reports whether a name is one that editors use for back-ups
// and locks.
func isEditorFile(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") ||
		strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#")
}

// readFile reads a whole file of text, up to limit bytes.
func readFile(name string, limit int64) ([]byte, *schema.Diagnostic) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		d := unreadable(name, err)
		return nil, &d
	}
	f, err := os.Open(name)
	if err != nil {
		d := unreadable(name, err)
		return nil, &d
	}
	defer f.Close() //nolint:errcheck // nothing was written
	src := make([]byte, 0, min(info.Size(), limit)+bytes.MinRead)
	buffer := bytes.NewBuffer(src)
	if _, err := io.Copy(buffer, io.LimitReader(f, limit+1)); err != nil {
		d := unreadable(name, err)
		return nil, &d
	}
	src = buffer.Bytes()
	if int64(len(src)) > limit {
		return nil, &schema.Diagnostic{
			Severity: schema.Error, Summary: "File too large",
			Detail: fmt.Sprintf("The file %s is larger than %d MiB, the most that a file of its kind may hold. Split it into several files of the same directory.", display(name), limit>>20),
		}
	}
	if problem := checkText(name, src); problem != nil {
		return nil, problem
	}
	return src, nil
}

// checkText reports whether src is text at all.
func checkText(name string, src []byte) *schema.Diagnostic {
	at, detail := len(src), ""
	if i := bytes.IndexByte(src, 0); i >= 0 {
		at, detail = i, "The file holds a NUL byte here, so it is not text, or is text in another encoding than UTF-8, such as UTF-16."
	}
	if i := invalidUTF8(src[:at]); i >= 0 {
		at, detail = i, "The file is not valid UTF-8 here."
	}
	if detail == "" {
		return nil
	}
	return &schema.Diagnostic{
		Severity: schema.Error, Summary: "File is not UTF-8 text",
		Detail:  detail + " Configuration files are UTF-8. Save it in that encoding.",
		Subject: pointIn(name, src, at),
	}
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, -1 when
// there is none.
func invalidUTF8(src []byte) int {
	if utf8.Valid(src) {
		return -1
	}
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// pointIn returns the place of the byte at offset.
func pointIn(name string, src []byte, offset int) schema.Range {
	line := 1 + bytes.Count(src[:offset], []byte("\n"))
	start := bytes.LastIndexByte(src[:offset], '\n') + 1
	column := 1 + utf8.RuneCount(src[start:offset])
	at := schema.Pos{Line: int32(line), Column: int32(column), Byte: int32(offset)}
	return schema.Range{File: name, Start: at, End: at}
}

func unreadable(name string, err error) schema.Diagnostic {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err // without the path, which the sentence has already
	}
	return schema.Diagnostic{
		Severity: schema.Error, Summary: "Cannot read file",
		Detail: fmt.Sprintf("Reading %s: %v.", display(name), err),
	}
}

// display names a file or directory for people.
func display(name string) string {
	if name == "" || name == "." {
		return "here (.)"
	}
	return name
}
