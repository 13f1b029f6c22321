package salesforce

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	soapNS     = "http://schemas.xmlsoap.org/soap/envelope/"
	metadataNS = "http://soap.sforce.com/2006/04/metadata"
	partnerNS  = "urn:partner.soap.sforce.com"
	xsiNS      = "http://www.w3.org/2001/XMLSchema-instance"
)

// maxDepth bounds how deep elements may nest; metadata stays under twenty.
const maxDepth = 100

// A node is one XML element. Metadata is kept as nodes, so that what the
// emulator does not understand comes back as it was sent.
//
// An element has children or text, never both: metadata has no mixed content.
type node struct {
	space, name string
	xsiType     string // xsi:type without its prefix
	isNil       bool   // xsi:nil
	text        string
	raw         string // written in place of the whole element when set
	children    []*node
	line, col   int // where the element begins in its file
}

var errMixed = errors.New("text beside elements")

// A treeBuilder assembles nodes from tokens.
type treeBuilder struct {
	root *node
	open []*node
	text [][]byte // of the open elements
}

// parseXML reads a document of one element.
func parseXML(document []byte) (*node, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var b treeBuilder
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		line, col := decoder.InputPos()
		if err := b.add(token, line, col); err != nil {
			return nil, err
		}
	}
	if b.root == nil {
		return nil, errors.New("no root element")
	}
	return b.root, nil
}

func (b *treeBuilder) add(token xml.Token, line, col int) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("document type declarations are not allowed")
	case xml.StartElement:
		return b.start(&node{space: t.Name.Space, name: t.Name.Local, xsiType: xsiType(t.Attr), isNil: isNil(t.Attr), line: line, col: col})
	case xml.CharData:
		if len(b.open) > 0 {
			last := len(b.text) - 1
			b.text[last] = append(b.text[last], t...)
		}
	case xml.EndElement:
		return b.end()
	}
	return nil
}

func (b *treeBuilder) start(n *node) error {
	switch {
	case len(b.open) == maxDepth:
		return fmt.Errorf("elements nest deeper than %d", maxDepth)
	case len(b.open) > 0:
		parent := b.open[len(b.open)-1]
		parent.children = append(parent.children, n)
	case b.root != nil:
		return errors.New("more than one root element")
	default:
		b.root = n
	}
	b.open, b.text = append(b.open, n), append(b.text, nil)
	return nil
}

// end closes an element. White space that only indents children is dropped.
func (b *treeBuilder) end() error {
	last := len(b.open) - 1
	n, text := b.open[last], string(b.text[last])
	b.open, b.text = b.open[:last], b.text[:last]
	if len(n.children) == 0 {
		n.text = text
		return nil
	}
	if strings.TrimSpace(text) != "" {
		return fmt.Errorf("element %s: %w", n.name, errMixed)
	}
	return nil
}

func xsiType(attrs []xml.Attr) string {
	for _, a := range attrs {
		if a.Name.Local == "type" && a.Name.Space == xsiNS {
			_, local, found := strings.Cut(a.Value, ":")
			if !found {
				local = a.Value
			}
			return local
		}
	}
	return ""
}

func isNil(attrs []xml.Attr) bool {
	return slices.ContainsFunc(attrs, func(a xml.Attr) bool {
		return a.Name.Local == "nil" && a.Name.Space == xsiNS && (a.Value == "true" || a.Value == "1")
	})
}

// tree makes a node with children.
func tree(name string, children ...*node) *node { return &node{name: name, children: children} }

// leaf makes a node with text.
func leaf(name, text string) *node { return &node{name: name, text: text} }

// child returns the first child of that name, nil when there is none.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// get returns the text of the first child of that name.
func (n *node) get(name string) string {
	if c := n.child(name); c != nil {
		return strings.TrimSpace(c.text)
	}
	return ""
}

// all returns the texts of every child of that name.
func (n *node) all(name string) []string {
	var texts []string
	for _, c := range n.each(name) {
		texts = append(texts, strings.TrimSpace(c.text))
	}
	return texts
}

// each returns every child of that name.
func (n *node) each(name string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, c := range n.children {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// nodes returns the children, none of a nil node.
func (n *node) nodes() []*node {
	if n == nil {
		return nil
	}
	return n.children
}

// sortByName orders the children as the vendor's files have them. Those of one
// name keep their order.
func (n *node) sortByName() {
	slices.SortStableFunc(n.children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
}

// without returns a copy that lacks the children of these names.
func (n *node) without(names ...string) *node {
	kept := &node{space: n.space, name: n.name, xsiType: n.xsiType, text: n.text}
	for _, c := range n.children {
		if !slices.Contains(names, c.name) {
			kept.children = append(kept.children, c)
		}
	}
	return kept
}

// set replaces the text of the child of that name, or adds it.
func (n *node) set(name, text string) {
	if c := n.child(name); c != nil {
		c.text, c.children = text, nil
		return
	}
	n.children = append(n.children, leaf(name, text))
}

// inner returns the children as XML without line breaks: the form in which
// components are stored, compared, and put into SOAP answers.
func (n *node) inner() string {
	var b strings.Builder
	for _, c := range n.children {
		c.write(&b)
	}
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	if n.raw != "" {
		b.WriteString(n.raw)
		return
	}
	b.WriteString("<" + n.name)
	if n.xsiType != "" {
		b.WriteString(` xsi:type="`)
		escape(b, n.xsiType)
		b.WriteString(`"`)
	}
	if n.isNil {
		b.WriteString(` xsi:nil="true"`)
	}
	if len(n.children) == 0 && n.text == "" {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	escape(b, n.text)
	for _, c := range n.children {
		c.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

// file returns the node as a metadata file, indented by four spaces as the
// vendor's retrieve does.
func (n *node) file() []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	b.WriteString("<" + n.name + ` xmlns="` + metadataNS + `"`)
	if n.hasXsiType() {
		b.WriteString(` xmlns:xsi="` + xsiNS + `"`)
	}
	b.WriteString(">\n")
	for _, c := range n.children {
		c.indent(&b, "    ")
	}
	b.WriteString("</" + n.name + ">\n")
	return []byte(b.String())
}

func (n *node) hasXsiType() bool {
	for _, c := range n.children {
		if c.xsiType != "" || c.isNil || c.hasXsiType() {
			return true
		}
	}
	return false
}

func (n *node) indent(b *strings.Builder, margin string) {
	b.WriteString(margin)
	if len(n.children) == 0 {
		n.write(b)
		b.WriteString("\n")
		return
	}
	open := *n
	open.children, open.text = nil, ""
	var tag strings.Builder
	open.write(&tag)
	b.WriteString(strings.TrimSuffix(tag.String(), "/>") + ">\n")
	for _, c := range n.children {
		c.indent(b, margin+"    ")
	}
	b.WriteString(margin + "</" + n.name + ">\n")
}

// escape writes text so that it reads back as the same bytes; a line feed
// stays as it is, so that certificates remain readable.
func escape(b *strings.Builder, text string) {
	_, _ = xmlEscapes.WriteString(b, text) // a Builder never errs
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")

// parseInner reads what [node.inner] wrote into a node of that name.
func parseInner(name, inner string) (*node, error) {
	return parseXML([]byte("<" + name + ` xmlns:xsi="` + xsiNS + `">` + inner + "</" + name + ">"))
}
