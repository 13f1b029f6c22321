package salesforce

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
)

// A deploy is one package on its way into the org.
type deploy struct {
	*edit
	options deployOptions
	pkg     *pkg
	parts   map[string]*part // by partKey
	details deployDetails
	failure *problem // of the package as a whole
}

// A part is one component of the package and the files it is in.
type part struct {
	of       *metaType
	fullName string
	fileName string            // of its only or first file
	files    map[string][]byte // by path below the type's folder
	named    bool              // in package.xml
}

// partKey finds a part whether or not its name's special characters are
// encoded.
func partKey(of *metaType, fullName string) string {
	return of.name + "\x00" + decodeFullName(fullName)
}

// runDeploy carries out a package. Nothing of it lasts when it only checks,
// nor when it fails and is to be rolled back.
func (o *Org) runDeploy(by string, archive []byte, options deployOptions) *deploy {
	d := &deploy{options: options, parts: map[string]*part{}, details: *noDetails()}
	d.pkg, d.failure = openPackage(archive, options.SinglePackage)
	if d.failure != nil {
		d.edit = o.edit(by, newestVersion)
		d.fail(deployMessage{FileName: "package.xml", FullName: "package.xml"}, d.failure)
		return d
	}
	d.edit = o.edit(by, d.pkg.manifest.version)
	if v := d.version; v <= retiredVersion || v > newestVersion {
		d.failure = problemf("UNSUPPORTED_API_VERSION", "Invalid version specified:%g", v)
		d.fail(deployMessage{FileName: "package.xml", FullName: "package.xml"}, d.failure)
		return d
	}
	d.succeed(deployMessage{FileName: d.pkg.root + "package.xml", FullName: "package.xml", Changed: true})
	d.collect()
	d.match()
	d.delete(d.pkg.first)
	d.delete(d.pkg.main)
	d.write()
	d.delete(d.pkg.last)
	if options.CheckOnly || options.RollbackOnError && len(d.details.ComponentFailures) > 0 {
		d.rollback()
	} else {
		d.commit()
	}
	return d
}

func (d *deploy) succeed(m deployMessage) {
	m.Success, m.CreatedDate = true, metaTime(d.store.now())
	d.details.ComponentSuccesses = append(d.details.ComponentSuccesses, m)
}

func (d *deploy) fail(m deployMessage, p *problem) {
	m.CreatedDate = metaTime(d.store.now())
	m.Problem, m.ProblemType, m.LineNumber, m.ColumnNumber = p.text, "Error", p.line, p.col
	if p.warning {
		m.ProblemType = "Warning"
	}
	d.details.ComponentFailures = append(d.details.ComponentFailures, m)
}

// collect sorts the package's files into components.
func (d *deploy) collect() {
	for _, name := range slices.Sorted(maps.Keys(d.pkg.files)) {
		folder, file, _ := strings.Cut(name, "/")
		of := d.org.meta.types.in(folder, file)
		if of == nil {
			d.fail(deployMessage{FileName: d.pkg.root + name, FullName: path.Base(name)},
				problemf("INVALID_TYPE", "The file %s is in no folder of a known metadata type", name)) // UNCERTAIN text
			continue
		}
		fullName, ok := strings.CutSuffix(file, "."+of.suffix)
		if of.suffix == "" {
			fullName, _, ok = strings.Cut(file, "/")
		}
		if !ok {
			d.fail(deployMessage{FileName: d.pkg.root + name, FullName: file, ComponentType: of.name},
				problemf("INVALID_TYPE", "The file %s does not end with .%s", name, of.suffix)) // UNCERTAIN text
			continue
		}
		key := partKey(of, fullName)
		if d.parts[key] == nil {
			d.parts[key] = &part{of: of, fullName: fullName, fileName: d.pkg.root + name, files: map[string][]byte{}}
		}
		p := d.parts[key]
		p.files[strings.TrimPrefix(file, fullName+"/")] = d.pkg.files[name]
	}
}

// match compares the files with package.xml: each must be in both.
func (d *deploy) match() {
	wild := map[string]bool{}
	for _, wanted := range d.wanted(d.pkg.manifest) {
		for _, member := range wanted.members {
			if member == "*" {
				wild[wanted.of.name] = true
				continue
			}
			d.matchMember(wanted.of, member)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.parts)) {
		p := d.parts[key]
		if p.named || wild[p.of.name] {
			continue
		}
		d.fail(p.message(), problemf("INVALID_TYPE", "Not in package.xml")) // VERIFIED text
		delete(d.parts, key)
	}
}

func (d *deploy) matchMember(of *metaType, member string) {
	if p := d.parts[partKey(of, member)]; p != nil {
		p.named = true
		return
	}
	if d.options.AllowMissingFiles {
		return
	}
	d.fail(deployMessage{FileName: d.pkg.root + "package.xml", FullName: member, ComponentType: of.name}, problemf("INVALID_CROSS_REFERENCE_KEY",
		"An object '%s' of type %s was named in package.xml, but was not found in zipped directory", member, of.name)) // VERIFIED text
}

func (p *part) message() deployMessage {
	return deployMessage{FileName: p.fileName, FullName: p.fullName, ComponentType: p.of.name}
}

// write works on the components, type by type.
func (d *deploy) write() {
	order := map[*metaType]int{}
	for i, of := range d.org.meta.types.ordered {
		order[of] = i
	}
	parts := slices.SortedFunc(maps.Values(d.parts), func(a, b *part) int {
		return cmp.Or(cmp.Compare(order[a.of], order[b.of]), cmp.Compare(a.fullName, b.fullName))
	})
	for _, p := range parts {
		d.writePart(p)
	}
}

func (d *deploy) writePart(p *part) {
	m := p.message()
	body, bad := p.body()
	if bad != nil {
		d.fail(m, bad)
		return
	}
	done, bad := d.apply(&component{
		of: p.of, fullName: p.fullName, body: body, version: d.version, file: true, ignoreWarnings: d.options.IgnoreWarnings,
	})
	if bad != nil {
		d.fail(m, bad)
		return
	}
	m.Created, m.Changed, m.ID = done.created, done.changed, done.id
	d.succeed(m)
}

// body reads a component's files.
func (p *part) body() (*node, *problem) {
	if p.of.suffix == "" {
		return auraBundle(p.fullName, p.files)
	}
	var content []byte
	for _, only := range p.files {
		content = only
	}
	root, err := parseXML(content)
	if err != nil {
		return nil, problemf("INVALID_TYPE", "Error parsing file: %v", err)
	}
	if root.name != p.of.name || root.space != metadataNS {
		return nil, problemf("INVALID_TYPE", "Error parsing file: Element {%s}%s invalid at this location in type %s", root.space, root.name, p.of.name).at(root)
	}
	body := root.without("fullName")
	body.line, body.col = root.line, root.col
	return body, nil
}

// delete works on one of the lists of what to delete.
func (d *deploy) delete(list *manifest) {
	if list == nil {
		return
	}
	for _, wanted := range d.wanted(list) {
		for _, member := range wanted.members {
			d.deleteMember(wanted.of, d.pkg.root+list.file, member)
		}
	}
}

// wanted returns the types that a list names; those that there are not fail.
func (d *deploy) wanted(list *manifest) []wantedType {
	var known []wantedType
	for _, types := range list.types {
		for _, wanted := range d.org.meta.types.resolve(types) {
			if wanted.of == nil {
				d.fail(deployMessage{FileName: d.pkg.root + list.file, FullName: list.file},
					problemf("INVALID_TYPE", "Unknown type name '%s' specified in %s", wanted.name, list.file).at(types.at))
				continue
			}
			known = append(known, wanted)
		}
	}
	return known
}

func (d *deploy) deleteMember(of *metaType, file, member string) {
	m := deployMessage{FileName: file, FullName: member, ComponentType: of.name}
	if member == "*" {
		d.fail(m, problemf("INVALID_PACKAGE_XML", "The wildcard * cannot be used in %s", path.Base(file))) // UNCERTAIN text
		return
	}
	if !of.knownTo(d.edit) {
		d.fail(m, unknownHere(of))
		return
	}
	held := of.find(d.edit, member)
	if held == nil {
		// A warning with success, whatever ignoreWarnings says (UNCERTAIN).
		m.Problem, m.ProblemType = "No "+of.name+" named: "+member+" found", "Warning"
		d.succeed(m)
		return
	}
	if p := of.remove(d.edit, held); p != nil {
		d.fail(m, p)
		return
	}
	m.Deleted, m.Changed, m.ID = true, true, held.text("Id")
	d.succeed(m)
}
