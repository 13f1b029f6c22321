package salesforce

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A retrieveRequest is what a client asked a retrieve for.
type retrieveRequest struct {
	manifest *manifest
	version  float64
	single   bool
	only     []string // files, all when empty
}

// fileProperties say where a component is and who made it.
type fileProperties struct {
	CreatedByID        string `xml:"createdById"`
	CreatedByName      string `xml:"createdByName"`
	CreatedDate        string `xml:"createdDate"`
	FileName           string `xml:"fileName"`
	FullName           string `xml:"fullName"`
	ID                 string `xml:"id"`
	LastModifiedByID   string `xml:"lastModifiedById"`
	LastModifiedByName string `xml:"lastModifiedByName"`
	LastModifiedDate   string `xml:"lastModifiedDate"`
	ManageableState    string `xml:"manageableState,omitempty"`
	NamespacePrefix    string `xml:"namespacePrefix,omitempty"`
	Type               string `xml:"type"`
}

func (e *edit) properties(of *metaType, r row) fileProperties {
	fullName := of.fullName(r)
	state := "unmanaged"
	if r.text("NamespacePrefix") != "" {
		state = "installed"
	}
	return fileProperties{
		FullName: fullName, Type: of.name, ID: r.text("Id"), FileName: of.fileName(fullName),
		CreatedByID: r.text("CreatedById"), CreatedByName: e.userName(r.text("CreatedById")), CreatedDate: rowTime(r.text("CreatedDate")),
		LastModifiedByID: r.text("LastModifiedById"), LastModifiedByName: e.userName(r.text("LastModifiedById")), LastModifiedDate: rowTime(r.text("LastModifiedDate")),
		ManageableState: state, NamespacePrefix: r.text("NamespacePrefix"),
	}
}

func (e *edit) userName(id string) string { return e.store.byID("User", id).text("Name") }

// fileName is where a component is in a package; a bundle's is its folder.
func (t *metaType) fileName(fullName string) string {
	if t.suffix == "" {
		return t.folder + "/" + fullName
	}
	return t.folder + "/" + fullName + "." + t.suffix
}

// readRetrieve reads a client's request. Its element has different names in
// different clients, so the operation's first child is taken.
func readRetrieve(operation *node) (*retrieveRequest, *fault) {
	if len(operation.children) == 0 {
		return nil, clientFault("retrieve without a request")
	}
	request := operation.children[0]
	version, err := strconv.ParseFloat(request.get("apiVersion"), 64)
	if err != nil || version <= retiredVersion || version > newestVersion {
		return nil, sfFault("UNSUPPORTED_API_VERSION", "Invalid version specified:%s", request.get("apiVersion"))
	}
	unpackaged := request.child("unpackaged")
	if unpackaged == nil {
		return nil, sfFault("INVALID_OPERATION", "Only unpackaged components can be retrieved here")
	}
	m, p := readManifest("package.xml", unpackaged)
	if p != nil {
		return nil, sfFault(p.code, "%s", p.text)
	}
	return &retrieveRequest{manifest: m, version: version, single: isTrue(request.get("singlePackage")), only: request.all("specificFiles")}, nil
}

// A retrieval is one retrieve at work.
type retrieval struct {
	*edit
	request  *retrieveRequest
	records  []typedRecord
	files    map[string][]byte // by path inside the package
	found    []fileProperties
	asked    map[string]bool // type and full name
	messages []string        // of members that are not there
}

type typedRecord struct {
	of     *metaType
	record row
}

// runRetrieve packs what was asked for.
func (o *Org) runRetrieve(j *job) {
	r := &retrieval{edit: o.edit(j.by.userID, j.wanted.version), request: j.wanted, files: map[string][]byte{}, asked: map[string]bool{}}
	for _, types := range r.request.manifest.types {
		for _, wanted := range o.meta.types.resolve(types) {
			if wanted.of == nil || !wanted.of.knownTo(r.edit) {
				r.messages = append(r.messages, "Unknown type name '"+wanted.name+"' specified in package.xml")
				continue
			}
			for _, record := range r.members(wanted.of, wanted.members) {
				r.records = append(r.records, typedRecord{wanted.of, record})
				r.asked[partKey(wanted.of, wanted.of.fullName(record))] = true
			}
		}
	}
	for _, found := range r.records {
		r.add(found.of, found.record)
	}
	j.files, j.messages = r.found, r.messages
	j.zip = r.pack()
	o.finish(j, statusSucceeded)
}

// members resolves names and the wildcard to records.
func (r *retrieval) members(of *metaType, names []string) []row {
	var records []row
	for _, name := range names {
		if name == "*" {
			records = append(records, of.list(r.edit)...)
			continue
		}
		record := of.find(r.edit, name)
		if record == nil {
			// VERIFIED text.
			r.messages = append(r.messages, "Entity of type '"+of.name+"' named '"+name+"' cannot be found")
			continue
		}
		records = append(records, record)
	}
	return records
}

func (r *retrieval) add(of *metaType, record row) {
	fullName := of.fullName(record)
	body := of.read(r.edit, record)
	if of.name == "Profile" {
		body.aboutOnly(func(typeName, name string) bool { return r.asked[typeName+"\x00"+decodeFullName(name)] })
	}
	files := map[string][]byte{}
	if of.suffix != "" {
		files[of.fileName(fullName)] = body.file()
	} else {
		for name, content := range auraParts(fullName, body) {
			files[of.fileName(fullName)+"/"+name] = content
		}
	}
	for name, content := range files {
		if len(r.request.only) == 0 || slices.Contains(r.request.only, name) {
			r.files[name] = content
		}
	}
	r.found = append(r.found, r.properties(of, record))
}

// pack writes the zip. Without singlePackage everything is in a folder.
func (r *retrieval) pack() []byte {
	root := ""
	if !r.request.single {
		root = "unpackaged"
	}
	r.files["package.xml"] = r.manifestFile()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		f, err := w.Create(path.Join(root, name))
		if err == nil {
			_, err = f.Write(r.files[name])
		}
		if err != nil {
			panic("salesforce emulator: pack " + name + ": " + err.Error()) // into memory: cannot fail
		}
	}
	if err := w.Close(); err != nil {
		panic("salesforce emulator: pack: " + err.Error())
	}
	return b.Bytes()
}

// manifestFile is the package.xml of what was found.
func (r *retrieval) manifestFile() []byte {
	byType := map[string][]string{}
	for _, f := range r.found {
		name := f.Type
		if path.Dir(f.FileName) == settingsFolder {
			name = "Settings"
		}
		byType[name] = append(byType[name], f.FullName)
	}
	root := tree("Package")
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		types := tree("types")
		for _, member := range slices.Sorted(slices.Values(byType[name])) {
			types.children = append(types.children, leaf("members", member))
		}
		types.children = append(types.children, leaf("name", name))
		root.children = append(root.children, types)
	}
	root.children = append(root.children, leaf("version", formatVersion(r.version)))
	return root.file()
}

func formatVersion(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// retrieveResult is what a client is told about a retrieve.
func (o *Org) retrieveResult(j *job, withZip bool) *node {
	n := tree("result", leaf("done", formatBool(j.done())))
	for _, f := range j.files {
		f.FileName = strings.TrimPrefix(path.Join(j.root(), f.FileName), "/")
		n.children = append(n.children, asNode("fileProperties", f))
	}
	n.children = append(n.children, leaf("id", j.id))
	for _, text := range j.messages {
		n.children = append(n.children, tree("messages", leaf("fileName", path.Join(j.root(), "package.xml")), leaf("problem", text)))
	}
	n.children = append(n.children, leaf("status", j.status), leaf("success", formatBool(j.status == statusSucceeded)))
	if j.done() && withZip {
		n.children = append(n.children, leaf("zipFile", base64.StdEncoding.EncodeToString(j.zip)))
	}
	return n
}

// root is the folder that a retrieve's files are in.
func (j *job) root() string {
	if j.wanted.single {
		return ""
	}
	return "unpackaged"
}
