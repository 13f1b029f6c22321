package salesforce

import (
	"slices"
	"strings"
)

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
