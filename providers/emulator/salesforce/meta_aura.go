package salesforce

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// auraDefinitionBundle is the type of Aura components. A component is a folder
// of files; the API's own form has them base64-coded in elements, which is
// what is kept here.
func auraDefinitionBundle() *metaType {
	return &metaType{
		name: "AuraDefinitionBundle", folder: "aura", since: 32,
		elements: []string{
			"SVGContent", "apiVersion", "controllerContent", "description", "designContent", "documentationContent", "helperContent",
			"markup", "modelContent", "packageVersions", "rendererContent", "styleContent", "testsuiteContent", "type",
		},
		required: []string{"markup"},
		checks:   checkAura,
		removes: func(e *edit, r row) *problem {
			if page := pageWith(e, r.text("FullName")); page != "" {
				return problemf("DELETE_FAILED", "This Aura component is referenced elsewhere in Salesforce. Remove the usage and try again: Lightning page - %s", page)
			}
			e.drop("MetadataComponent", r)
			return nil
		},
	}
}

// auraFiles says which element holds which file of a bundle: the part of the
// name after the bundle's own.
var auraFiles = [...]struct{ ending, element string }{
	{".cmp", "markup"},
	{"Controller.js", "controllerContent"},
	{"Helper.js", "helperContent"},
	{"Renderer.js", "rendererContent"},
	{".css", "styleContent"},
	{".auradoc", "documentationContent"},
	{".design", "designContent"},
	{".svg", "SVGContent"},
}

// auraBundle makes a component's body of its files, by their names without
// the folder.
func auraBundle(name string, files map[string][]byte) (*node, *problem) {
	body := tree("AuraDefinitionBundle")
	if meta, ok := files[name+".cmp-meta.xml"]; ok {
		parsed, err := parseXML(meta)
		if err != nil {
			return nil, problemf("INVALID_TYPE", "Error parsing file: %v", err)
		}
		body.children = append(body.children, parsed.children...)
	}
	for file, content := range files {
		if file == name+".cmp-meta.xml" {
			continue
		}
		element := auraElement(strings.TrimPrefix(file, name))
		if element == "" || !strings.HasPrefix(file, name) {
			return nil, problemf("FIELD_INTEGRITY_EXCEPTION", "The file %s is not part of an Aura component named %s", file, name)
		}
		body.children = append(body.children, leaf(element, base64.StdEncoding.EncodeToString(content)))
	}
	body.sortByName()
	return body, nil
}

func auraElement(ending string) string {
	for _, f := range auraFiles {
		if f.ending == ending {
			return f.element
		}
	}
	return ""
}

// auraParts is the reverse of [auraBundle].
func auraParts(name string, body *node) map[string][]byte {
	files := map[string][]byte{}
	meta := tree("AuraDefinitionBundle")
	for _, n := range body.children {
		ending := auraEnding(n.name)
		if ending == "" {
			meta.children = append(meta.children, n)
			continue
		}
		content, err := base64.StdEncoding.DecodeString(n.text)
		if err != nil {
			content = []byte(n.text)
		}
		files[name+ending] = content
	}
	files[name+".cmp-meta.xml"] = meta.file()
	return files
}

func auraEnding(element string) string {
	for _, f := range auraFiles {
		if f.element == element {
			return f.ending
		}
	}
	return ""
}

func checkAura(_ *edit, c *component) *problem {
	for _, f := range auraFiles {
		n := c.body.child(f.element)
		if n == nil {
			continue
		}
		content, err := base64.StdEncoding.DecodeString(n.text)
		if err != nil {
			return problemf("INVALID_TYPE", "%s is not base64", f.element).at(n)
		}
		if f.element != "markup" && f.element != "designContent" {
			continue
		}
		if err := wellFormed(string(content)); err != nil {
			return problemf("FIELD_INTEGRITY_EXCEPTION", "Failed to save %s: Markup parsing failed: %v", c.fullName, err)
		}
	}
	return checkName(c)
}

// wellFormed reads XML without keeping it.
func wellFormed(document string) error {
	decoder := xml.NewDecoder(strings.NewReader(document))
	elements := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
	}
	if elements == 0 {
		return errors.New("no element")
	}
	return nil
}
