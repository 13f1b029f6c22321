package salesforce

import "slices"

// The calls that create, read, update, upsert, delete and rename components
// at once, without a deploy.

// save serves createMetadata, updateMetadata and upsertMetadata.
func (o *Org) save(c *soapCall) (*node, *fault) {
	sent := c.operation.each("metadata")
	of, f := o.typeOfAll(c, sent)
	if f != nil {
		return nil, f
	}
	e := o.edit(c.session.userID, c.version)
	problems := make([]*problem, len(sent))
	results := make([]done, len(sent))
	for i, n := range sent {
		results[i], problems[i] = e.save(c.operation.name, of, n)
	}
	problems = e.settle(c.allOrNone, problems)
	response := tree(c.operation.name + "Response")
	for i, n := range sent {
		result := tree("result")
		if c.operation.name == "upsertMetadata" {
			result.children = append(result.children, leaf("created", formatBool(results[i].created && problems[i] == nil)))
		}
		response.children = append(response.children, result.outcome(n.get("fullName"), problems[i]))
	}
	return response, nil
}

// typeOfAll returns the one type that all components of a call are of.
func (o *Org) typeOfAll(c *soapCall, sent []*node) (*metaType, *fault) {
	if len(sent) == 0 {
		return nil, sfFault("REQUIRED_FIELD_MISSING", "No metadata was specified")
	}
	for _, n := range sent {
		if n.xsiType != sent[0].xsiType {
			// UNCERTAIN code and text; that it is one type is VERIFIED.
			return nil, sfFault("INVALID_TYPE", "All components of a call must be of one type: %s, %s", sent[0].xsiType, n.xsiType)
		}
	}
	return o.typeOf(c, sent[0].xsiType, len(sent))
}

// typeOf returns a type by its name and checks how many of it a call has.
func (o *Org) typeOf(c *soapCall, name string, count int) (*metaType, *fault) {
	of := o.meta.types.byName[name]
	if of == nil {
		return nil, sfFault("INVALID_TYPE", "Unknown type:%s", name)
	}
	if !of.knownTo(o.edit(c.session.userID, c.version)) {
		return nil, sfFault("INVALID_TYPE", "Cannot use: %s in this organization", name)
	}
	if limit := of.callLimit(); count > limit {
		// VERIFIED text.
		return nil, sfFault("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than %d records in this operation", limit)
	}
	return of, nil
}

func (e *edit) save(operation string, of *metaType, n *node) (done, *problem) {
	fullName := n.get("fullName")
	if fullName == "" {
		return done{}, problemf("REQUIRED_FIELD_MISSING", "Required field is missing: fullName")
	}
	held := of.find(e, fullName)
	switch {
	case operation == "createMetadata" && held != nil:
		return done{}, problemf("DUPLICATE_DEVELOPER_NAME", "The name %s is already in use by another %s", fullName, of.name) // UNCERTAIN text
	case operation == "updateMetadata" && held == nil:
		return done{}, notNamed(of, fullName)
	}
	body := n.without("fullName")
	body.name = of.name
	return e.apply(&component{of: of, fullName: fullName, body: body, version: e.version})
}

func notNamed(of *metaType, fullName string) *problem {
	return problemf("INVALID_CROSS_REFERENCE_KEY", "no %s named %s found", of.name, fullName)
}

// settle ends a call's edit. With allOrNone one problem undoes everything, and
// every other component says so.
func (e *edit) settle(allOrNone bool, problems []*problem) []*problem {
	failed := slices.ContainsFunc(problems, func(p *problem) bool { return p != nil })
	if !allOrNone || !failed {
		e.commit()
		return problems
	}
	e.rollback()
	for i := range problems {
		if problems[i] == nil {
			problems[i] = problemf("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid and the request was using AllOrNone header")
		}
	}
	return problems
}

// outcome completes a result: errors, fullName, success, in the WSDL's order.
func (n *node) outcome(fullName string, p *problem) *node {
	if p != nil {
		n.children = append(n.children, tree("errors", leaf("message", p.text), leaf("statusCode", p.code)))
	}
	n.children = append(n.children, leaf("fullName", fullName), leaf("success", formatBool(p == nil)))
	return n
}

// deleteMetadata deletes components by name.
func (o *Org) deleteMetadata(c *soapCall) (*node, *fault) {
	names := c.operation.all("fullNames")
	of, f := o.typeOf(c, c.operation.get("type"), len(names))
	if f != nil {
		return nil, f
	}
	e := o.edit(c.session.userID, c.version)
	problems := make([]*problem, len(names))
	for i, name := range names {
		held := of.find(e, name)
		if held == nil {
			problems[i] = notNamed(of, name)
			continue
		}
		problems[i] = of.remove(e, held)
	}
	problems = e.settle(c.allOrNone, problems)
	response := tree("deleteMetadataResponse")
	for i, name := range names {
		response.children = append(response.children, tree("result").outcome(name, problems[i]))
	}
	return response, nil
}

// readMetadata reads components by name. One that is not there is a nil
// record (UNCERTAIN).
func (o *Org) readMetadata(c *soapCall) (*node, *fault) {
	names := c.operation.all("fullNames")
	of, f := o.typeOf(c, c.operation.get("type"), len(names))
	if f != nil {
		return nil, f
	}
	e := o.edit(c.session.userID, c.version)
	result := tree("result")
	for _, name := range names {
		record := &node{name: "records", isNil: true}
		if held := of.find(e, name); held != nil {
			body := of.read(e, held)
			record = tree("records", append([]*node{leaf("fullName", of.fullName(held))}, body.children...)...)
			record.xsiType = of.name
		}
		result.children = append(result.children, record)
	}
	return tree("readMetadataResponse", result), nil
}

// renameMetadata renames one component. Presence statuses are all that it can
// do here: the other types refer to each other by name.
func (o *Org) renameMetadata(c *soapCall) (*node, *fault) {
	of, f := o.typeOf(c, c.operation.get("type"), 1)
	if f != nil {
		return nil, f
	}
	e := o.edit(c.session.userID, c.version)
	from, to := c.operation.get("oldFullName"), c.operation.get("newFullName")
	p := e.rename(of, from, to)
	problems := e.settle(true, []*problem{p})
	return tree("renameMetadataResponse", tree("result").outcome(to, problems[0])), nil
}

func (e *edit) rename(of *metaType, from, to string) *problem {
	held := of.find(e, from)
	switch {
	case held == nil:
		return notNamed(of, from)
	case of.name != "ServicePresenceStatus":
		return problemf("INVALID_TYPE", "%s cannot be renamed", of.name)
	case of.find(e, to) != nil:
		return problemf("DUPLICATE_DEVELOPER_NAME", "The name %s is already in use by another %s", to, of.name)
	}
	if p := checkName(&component{fullName: to}); p != nil {
		return p
	}
	e.set("ServicePresenceStatus", held, "DeveloperName", to)
	return nil
}
