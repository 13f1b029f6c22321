package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// The vendor's limits of one SOAP call.
const (
	maxComponents  = 10
	maxListQueries = 3 // UNCERTAIN
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

// metadataPerCall is how many components of one type a call takes (VERIFIED).
func metadataPerCall(typ string) int {
	if typ == "CustomApplication" {
		return 200
	}
	return maxComponents
}

// ReadMetadata returns the named components of one type, as many to a call as
// the vendor takes, in the order of names. Those that do not exist are left
// out.
func (c *Connection) ReadMetadata(ctx context.Context, typ string, names []string) ([]Component, error) {
	ctx = rest.ReadOnly(ctx)
	found := make(map[string]Component, len(names))
	for chunk := range slices.Chunk(names, metadataPerCall(typ)) {
		in := Element("readMetadata", Leaf("type", typ))
		for _, name := range chunk {
			in.Nodes = append(in.Nodes, Leaf("fullNames", name))
		}
		out, err := c.soap(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", typ, err)
		}
		// A name that does not exist is answered with a record that is nil or
		// has no fullName (UNCERTAIN which).
		for _, record := range out.Child("result").Children("records") {
			if name := record.Text("fullName"); name != "" {
				record.Remove("fullName", nil)
				found[DecodeFullName(name)] = Component{Type: typ, FullName: name, Body: record}
			}
		}
	}
	components := make([]Component, 0, len(found))
	for _, name := range names {
		if component, ok := found[DecodeFullName(name)]; ok {
			components = append(components, component)
		}
	}
	return components, nil
}

// FileProperties is what a listing says about a component.
type FileProperties struct {
	Type, FullName, ID, FileName     string
	NamespacePrefix, ManageableState string
	LastModifiedBy, LastModifiedAt   string
}

// ListMetadata lists the components of some types, 3 types to a call.
func (c *Connection) ListMetadata(ctx context.Context, types ...string) ([]FileProperties, error) {
	ctx = rest.ReadOnly(ctx)
	var listed []FileProperties
	for chunk := range slices.Chunk(types, maxListQueries) {
		in := Element("listMetadata")
		for _, typ := range chunk {
			in.Nodes = append(in.Nodes, Element("queries", Leaf("type", typ)))
		}
		in.Nodes = append(in.Nodes, Leaf("asOfVersion", c.options.APIVersion))
		out, err := c.soap(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", strings.Join(chunk, ", "), err)
		}
		for _, row := range out.Children("result") {
			listed = append(listed, FileProperties{
				Type: row.Text("type"), FullName: row.Text("fullName"), ID: row.Text("id"), FileName: row.Text("fileName"),
				NamespacePrefix: row.Text("namespacePrefix"), ManageableState: row.Text("manageableState"),
				LastModifiedBy: row.Text("lastModifiedByName"), LastModifiedAt: row.Text("lastModifiedDate"),
			})
		}
	}
	return listed, nil
}
