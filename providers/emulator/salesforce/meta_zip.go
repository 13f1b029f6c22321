package salesforce

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits of a deploy (SECONDARY).
const (
	maxFiles        = 10_000
	maxCompressed   = 39 << 20
	maxUncompressed = 600 << 20
)

// A pkg is what a deploy brings: files by path, and the lists that come with
// them.
type pkg struct {
	files    map[string][]byte // by path inside the package
	root     string            // the folder that held the package, with a slash; "" for a single package
	manifest *manifest
	// The three lists of what is to be deleted, nil when not there.
	first, main, last *manifest
}

// A manifest is a package.xml, or a list of what to delete.
type manifest struct {
	file    string
	version float64
	types   []manifestType
}

// A manifestType is the members of one type.
type manifestType struct {
	name    string
	members []string
	at      *node
}

// readZip unpacks a deploy.
func readZip(archive []byte) (map[string][]byte, *problem) {
	if len(archive) > maxCompressed {
		return nil, problemf("LIMIT_EXCEEDED", "Maximum size of request reached. Maximum size of request is %d bytes.", maxCompressed)
	}
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, problemf("INVALID_ZIP", "The zip file is not valid: %v", err)
	}
	if len(reader.File) > maxFiles {
		return nil, problemf("LIMIT_EXCEEDED", "Maximum number of files reached. Maximum is %d.", maxFiles)
	}
	files := make(map[string][]byte, len(reader.File))
	left := int64(maxUncompressed)
	for _, entry := range reader.File {
		if strings.HasSuffix(entry.Name, "/") {
			continue
		}
		content, err := readEntry(entry, left)
		if err != nil {
			return nil, problemf("INVALID_ZIP", "The zip file is not valid: %s: %v", entry.Name, err)
		}
		left -= int64(len(content))
		files[path.Clean(entry.Name)] = content
	}
	return files, nil
}

func readEntry(entry *zip.File, most int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // read only: nothing to lose
	content, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("more than %d bytes uncompressed", maxUncompressed)
	}
	return content, err
}

// openPackage finds the package in a zip and reads its lists. With single, it
// is at the top; otherwise in a folder of its own.
func openPackage(archive []byte, single bool) (*pkg, *problem) {
	files, p := readZip(archive)
	if p != nil {
		return nil, p
	}
	result := &pkg{files: files}
	if !single {
		result.enterFolder()
	}
	if result.files["package.xml"] == nil {
		return nil, problemf("INVALID_PACKAGE_XML", "No package.xml found") // VERIFIED text
	}
	for _, list := range [...]struct {
		name string
		into **manifest
	}{
		{"package.xml", &result.manifest},
		{"destructiveChangesPre.xml", &result.first},
		{"destructiveChanges.xml", &result.main},
		{"destructiveChangesPost.xml", &result.last},
	} {
		content, ok := result.files[list.name]
		if !ok {
			continue
		}
		delete(result.files, list.name)
		if *list.into, p = parseManifest(list.name, content); p != nil {
			return nil, p
		}
	}
	return result, nil
}

// enterFolder makes the folder that has a package.xml the top.
func (p *pkg) enterFolder() {
	var roots []string
	for name := range p.files {
		if folder, file := path.Split(name); file == "package.xml" && strings.Count(folder, "/") == 1 {
			roots = append(roots, folder)
		}
	}
	if len(roots) == 0 {
		delete(p.files, "package.xml") // at the top it does not count
		return
	}
	p.root = slices.Min(roots)
	inside := map[string][]byte{}
	for name, content := range p.files {
		if rest, ok := strings.CutPrefix(name, p.root); ok {
			inside[rest] = content
		}
	}
	p.files = inside
}

// parseManifest reads a package.xml or one of the lists to delete.
func parseManifest(file string, content []byte) (*manifest, *problem) {
	root, err := parseXML(content)
	if err != nil {
		return nil, problemf("INVALID_PACKAGE_XML", "Error parsing %s: %v", file, err)
	}
	if root.name != "Package" || root.space != metadataNS {
		return nil, problemf("INVALID_PACKAGE_XML", "Error parsing %s: no {%s}Package", file, metadataNS)
	}
	return readManifest(file, root)
}

// readManifest reads the element that a package.xml is, or that a retrieve
// request has in its place.
func readManifest(file string, root *node) (*manifest, *problem) {
	m := &manifest{file: file}
	if text := root.get("version"); text != "" {
		version, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, problemf("INVALID_PACKAGE_XML", "%s: version %q is not a number", file, text)
		}
		m.version = version
	}
	for _, types := range root.each("types") {
		name := types.get("name")
		if name == "" {
			return nil, problemf("INVALID_PACKAGE_XML", "%s: types without a name", file).at(types)
		}
		m.types = append(m.types, manifestType{name: name, members: types.all("members"), at: types})
	}
	return m, nil
}
