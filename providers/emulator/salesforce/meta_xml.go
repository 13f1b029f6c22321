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
		if errors.Is(err, io.EOF) {
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

// parseInner reads what [node.inner] wrote into a node of that name.
func parseInner(name, inner string) (*node, error) {
	return parseXML([]byte("<" + name + ` xmlns:xsi="` + xsiNS + `">` + inner + "</" + name + ">"))
}
