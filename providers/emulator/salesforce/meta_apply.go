package salesforce

// done is what writing a component came to.
type done struct {
	id               string
	created, changed bool
}

// apply writes one component, and tells a change from the same again.
func (e *edit) apply(c *component) (done, *problem) {
	if !c.of.knownTo(e) {
		return done{}, unknownHere(c.of)
	}
	held := c.of.find(e, c.fullName)
	e.changed = false
	if p := c.of.write(e, c, held); p != nil {
		return done{}, p
	}
	result := done{created: held == nil, changed: e.changed}
	if written := c.of.find(e, c.fullName); written != nil {
		result.id = written.text("Id")
	}
	return result, nil
}

// unknownHere is the problem of a type that the org or the version lacks. Its
// text begins with the code (SECONDARY), for a deploy's messages have none.
func unknownHere(of *metaType) *problem {
	return problemf("INVALID_TYPE", "INVALID_TYPE: Cannot use: %s in this organization", of.name)
}
