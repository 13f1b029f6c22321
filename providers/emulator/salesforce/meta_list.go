package salesforce

import (
	"slices"
	"strconv"
	"strings"
)

// maxListQueries is how many types one listMetadata call may ask for
// (UNCERTAIN, from memory).
const maxListQueries = 3

// listMetadata lists the components of types.
func (o *Org) listMetadata(c *soapCall) (*node, *fault) {
	queries := c.operation.each("queries")
	if len(queries) > maxListQueries {
		return nil, sfFault("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than %d queries in this operation", maxListQueries)
	}
	e := o.edit(c.session.userID, c.asOf())
	response := tree("listMetadataResponse")
	for _, query := range queries {
		for _, wanted := range o.meta.types.resolve(manifestType{name: query.get("type"), members: []string{"*"}}) {
			if wanted.of == nil || !wanted.of.knownTo(e) {
				return nil, sfFault("INVALID_TYPE", "Unknown type:%s", wanted.name)
			}
			records := slices.Clone(wanted.of.list(e))
			slices.SortStableFunc(records, func(a, b row) int { return strings.Compare(wanted.of.fullName(a), wanted.of.fullName(b)) })
			for _, r := range records {
				response.children = append(response.children, asNode("result", e.properties(wanted.of, r)))
			}
		}
	}
	return response, nil
}

// asOf is the version that a call asks about, its own unless said.
func (c *soapCall) asOf() float64 {
	if v, err := strconv.ParseFloat(c.operation.get("asOfVersion"), 64); err == nil {
		return v
	}
	return c.version
}

// describeMetadata lists the types that the org knows.
func (o *Org) describeMetadata(c *soapCall) (*node, *fault) {
	e := o.edit(c.session.userID, c.asOf())
	result := tree("result")
	for _, of := range o.meta.types.ordered {
		if !of.knownTo(e) {
			continue
		}
		object := tree("metadataObjects", leaf("directoryName", of.folder), leaf("inFolder", "false"), leaf("metaFile", "false"))
		if of.suffix != "" {
			object.children = append(object.children, leaf("suffix", of.suffix))
		}
		object.children = append(object.children, leaf("xmlName", of.name))
		result.children = append(result.children, object)
	}
	if slices.ContainsFunc(result.children, func(n *node) bool { return n.get("directoryName") == settingsFolder }) {
		result.children = mergeSettings(result.children)
	}
	result.children = append(result.children, leaf("organizationNamespace", ""), leaf("partialSaveAllowed", "true"),
		leaf("testRequired", formatBool(!o.tenant.Salesforce.Sandbox)))
	return tree("describeMetadataResponse", result), nil
}

// mergeSettings shows all types of settings as the one that describe knows.
func mergeSettings(objects []*node) []*node {
	merged := slices.DeleteFunc(objects, func(n *node) bool { return n.get("directoryName") == settingsFolder })
	return append(merged, tree("metadataObjects", leaf("directoryName", settingsFolder), leaf("inFolder", "false"),
		leaf("metaFile", "false"), leaf("suffix", "settings"), leaf("xmlName", "Settings")))
}
