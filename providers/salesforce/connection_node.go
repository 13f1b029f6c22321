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
	metadataNamespace = "http://soap.sforce.com/2006/04/metadata"
	instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"

	// maxDepth bounds nesting; metadata is a handful deep.
	maxDepth = 100
)

// A Node is an XML element that keeps what it does not know, verbatim and in
// order: what is read can be changed in one place and written back.
type Node struct {
	Name  string     // without a prefix
	Attrs []xml.Attr // without namespaces and those of XML Schema
	Value string     // text of an element that has no elements
	Nodes []*Node
}

// Element makes a node with nodes inside.
func Element(name string, nodes ...*Node) *Node { return &Node{Name: name, Nodes: nodes} }

// Leaf makes a node that holds text.
func Leaf(name, value string) *Node { return &Node{Name: name, Value: value} }

// Child returns the first child of that name, nil when there is none or n is nil.
func (n *Node) Child(name string) *Node {
	if n == nil {
		return nil
	}
	for _, child := range n.Nodes {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// Children returns the children of that name.
func (n *Node) Children(name string) []*Node {
	if n == nil {
		return nil
	}
	var found []*Node
	for _, child := range n.Nodes {
		if child.Name == name {
			found = append(found, child)
		}
	}
	return found
}

// Text returns the text of the first child of that name, "" when there is none.
func (n *Node) Text(name string) string {
	if child := n.Child(name); child != nil {
		return child.Value
	}
	return ""
}

// Set makes the first child of that name a leaf with value, adding one when
// there is none.
func (n *Node) Set(name, value string) {
	if child := n.Child(name); child != nil {
		child.Value, child.Nodes = value, nil
		return
	}
	n.Add(Leaf(name, value))
}

// Add puts nodes where the vendor's parser wants them: behind the last
// sibling of the same name, because repeated elements must stand together,
// else in alphabetical place, as the vendor itself writes files (UNCERTAIN
// that it insists).
func (n *Node) Add(nodes ...*Node) {
	for _, node := range nodes {
		n.Nodes = slices.Insert(n.Nodes, n.place(node.Name), node)
	}
}

func (n *Node) place(name string) int {
	for i, v := range slices.Backward(n.Nodes) {
		if v.Name == name {
			return i + 1
		}
	}
	for i, node := range n.Nodes {
		if node.Name > name {
			return i
		}
	}
	return len(n.Nodes)
}

// Remove drops the children of that name for which drop says so; a nil drop
// drops all of them.
func (n *Node) Remove(name string, drop func(*Node) bool) {
	n.Nodes = slices.DeleteFunc(n.Nodes, func(child *Node) bool {
		return child.Name == name && (drop == nil || drop(child))
	})
}

// Clone returns a copy that can be changed without changing n.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := &Node{Name: n.Name, Attrs: slices.Clone(n.Attrs), Value: n.Value}
	for _, child := range n.Nodes {
		c.Nodes = append(c.Nodes, child.Clone())
	}
	return c
}

// parseNode reads one XML document. Elements that are xsi:nil are left out:
// they stand for a value that is not there.
func parseNode(document []byte) (*Node, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	top := &Node{}
	open := []*Node{top}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, xmlError(err, len(document))
		}
		inner := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			if len(open) > maxDepth {
				return nil, fmt.Errorf("answer nests more than %d elements", maxDepth)
			}
			if isNil(token.Attr) {
				if err := decoder.Skip(); err != nil {
					return nil, xmlError(err, len(document))
				}
				continue
			}
			child := &Node{Name: token.Name.Local, Attrs: plainAttrs(token.Attr)}
			inner.Nodes = append(inner.Nodes, child)
			open = append(open, child)
		case xml.EndElement:
			if len(inner.Nodes) > 0 {
				inner.Value = "" // white space between elements
			}
			open = open[:len(open)-1]
		case xml.CharData:
			inner.Value += string(token)
		}
	}
	if len(top.Nodes) != 1 {
		return nil, errors.New("answer holds no XML element")
	}
	return top.Nodes[0], nil
}

func xmlError(err error, size int) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF") {
		return fmt.Errorf("answer breaks off after %d bytes of XML", size)
	}
	if errors.As(err, &syntax) {
		// The parser's words may quote the text at fault.
		return fmt.Errorf("answer is not XML at line %d", syntax.Line)
	}
	return errors.New("answer is not XML")
}

func isNil(attrs []xml.Attr) bool {
	return slices.ContainsFunc(attrs, func(a xml.Attr) bool {
		return a.Name.Local == "nil" && isInstance(a.Name.Space) && (a.Value == "true" || a.Value == "1")
	})
}

func isInstance(space string) bool { return space == instanceNamespace || space == "xsi" }

func plainAttrs(attrs []xml.Attr) []xml.Attr {
	return slices.DeleteFunc(slices.Clone(attrs), func(a xml.Attr) bool {
		return a.Name.Local == "xmlns" || a.Name.Space == "xmlns" || isInstance(a.Name.Space)
	})
}

// document writes the node as a metadata file whose root is named root. The
// same node gives the same bytes.
func (n *Node) document(root string) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString("<" + root + ` xmlns="` + metadataNamespace + "\">\n")
	for _, child := range n.Nodes {
		child.write(&b, "    ", "\n")
	}
	b.WriteString("</" + root + ">\n")
	return b.Bytes()
}

func (n *Node) write(b *bytes.Buffer, indent, end string) {
	b.WriteString(indent + "<" + n.Name)
	for _, a := range n.Attrs {
		b.WriteString(" " + a.Name.Local + `="` + escape(a.Value) + `"`)
	}
	b.WriteString(">")
	if len(n.Nodes) == 0 {
		b.WriteString(escape(n.Value) + "</" + n.Name + ">" + end)
		return
	}
	b.WriteString(end)
	for _, child := range n.Nodes {
		deeper := indent
		if indent != "" {
			deeper += "    "
		}
		child.write(b, deeper, end)
	}
	b.WriteString(indent + "</" + n.Name + ">" + end)
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}
