package salesforce

import (
	"context"
	"encoding/xml"
)

// A Component is one piece of metadata: a presence status, a profile.
type Component struct {
	Type     string // ServicePresenceStatus
	FullName string // percent-encoded as the vendor has it; see [EncodeFullName]
	Body     *Node  // its elements, without fullName; the node's own name is not used
	// Files are the parts of a bundle (AuraDefinitionBundle), which has no Body.
	Files []File
}

// A File is one file of a bundle: Name is relative to the bundle's folder.
type File struct {
	Name    string
	Content []byte
}

// A Member names a component.
type Member struct{ Type, FullName string }

// A Node is an XML element that keeps what it does not know, verbatim and in
// order: what is read can be changed in one place and written back.
type Node struct {
	Name  string
	Attrs []xml.Attr // without namespaces and xsi
	Value string     // character data of an element without elements
	Nodes []*Node
}

// Element makes a node with nodes inside.
func Element(name string, nodes ...*Node) *Node { return nil }

// Leaf makes a node that holds text.
func Leaf(name, value string) *Node { return nil }

// Child returns the first child of that name, nil when there is none or n is nil.
func (n *Node) Child(name string) *Node { return nil }

// Children returns the children of that name.
func (n *Node) Children(name string) []*Node { return nil }

// Text returns the text of the first child of that name, "" when there is none.
func (n *Node) Text(name string) string { return "" }

// Set makes the first child of that name a leaf with value, adding one when
// there is none.
func (n *Node) Set(name, value string) {}

// Add puts nodes where the vendor's parser wants them: behind the last
// sibling of the same name, else in alphabetical place.
func (n *Node) Add(nodes ...*Node) {}

// Remove drops the children of that name for which drop says so; a nil drop
// drops all.
func (n *Node) Remove(name string, drop func(*Node) bool) {}

// FileProperties is what a listing says about a component.
type FileProperties struct {
	Type, FullName, ID, FileName     string
	NamespacePrefix, ManageableState string
	LastModifiedBy, LastModifiedAt   string
}

// ReadMetadata returns the named components of one type, 10 to a call, in the
// order of names. Those that do not exist are left out.
func (c *Connection) ReadMetadata(ctx context.Context, typ string, names []string) ([]Component, error) {
	return nil, errPending
}

// ListMetadata lists the components of some types, 3 types to a call.
func (c *Connection) ListMetadata(ctx context.Context, types ...string) ([]FileProperties, error) {
	return nil, errPending
}

// A MetadataResult is how one component of a CRUD call fared.
type MetadataResult struct {
	FullName string
	Created  bool
	Err      error // nil when it was done
}

// UpsertMetadata creates or updates components, all of one type, 10 to a
// call, each for itself, and answers for each in order. It never repeats a
// call whose answer was lost; such results are unclear (rest.IsUnclear).
func (c *Connection) UpsertMetadata(ctx context.Context, components []Component) []MetadataResult {
	return nil
}

// DeleteMetadata deletes components of one type; see [Connection.UpsertMetadata].
func (c *Connection) DeleteMetadata(ctx context.Context, typ string, names []string) []MetadataResult {
	return nil
}

// EncodeFullName writes a label as the vendor writes it in full names:
// "Custom: Support Profile" becomes "Custom%3A Support Profile".
func EncodeFullName(label string) string { return "" }

// DecodeFullName undoes [EncodeFullName].
func DecodeFullName(fullName string) string { return "" }

// LongID returns the 18-character form of an Id; ok is false when id has
// neither 15 characters nor 18 with the right checksum.
func LongID(id string) (long string, ok bool) { return "", false }

// ShortID returns the first 15 characters, by which Ids are compared.
func ShortID(id string) string { return "" }

// SameID reports whether two Ids, of 15 or 18 characters, name one thing.
func SameID(a, b string) bool { return false }
