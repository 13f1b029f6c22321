package salesforce

import (
	"fmt"
	"slices"
)

// A metaType is one type of the Metadata API: how its files are called, what
// its components may say, and where they are kept. Adding a type is one value
// and one line in [metaTypes].
//
// A component is a record. Where a function below is nil, the record is in
// MetadataComponent and holds the XML that was sent.
type metaType struct {
	name   string  // ServicePresenceStatus
	folder string  // of a deploy: servicePresenceStatuses
	suffix string  // of a file: servicePresenceStatus; "" when several files make one component
	since  float64 // first API version
	limit  int     // components that a CRUD call takes; 0 is 10

	// elements names every element at the top of a component. nil lets any
	// pass, for types too large to list.
	elements []string
	required []string
	// elementSince gives elements a first API version of their own.
	elementSince map[string]float64

	// exists reports whether the org knows the type.
	exists func(*edit) bool
	// checks looks at a component before anything changes.
	checks func(*edit, *component) *problem
	// writes creates or changes a component that has been checked. held is
	// its record, nil when it is new. It changes nothing when it has a problem.
	writes func(e *edit, c *component, held row) *problem
	// reads returns a component as its file says it.
	reads func(*edit, row) *node
	// removes deletes a component that is there.
	removes func(*edit, row) *problem
	// finds returns a component's record by its full name.
	finds func(e *edit, fullName string) row
	// lists returns all records, and named the full name of one.
	lists func(*edit) []row
	named func(row) string
}

// A component is one to be written.
type component struct {
	of       *metaType
	fullName string
	body     *node
	version  float64
	file     bool // from a deploy's file, which is the whole component

	ignoreWarnings bool // of the deploy
}

// A problem is why a component was not written.
type problem struct {
	code, text string
	line, col  int
	warning    bool
}

func problemf(code, format string, args ...any) *problem {
	return &problem{code: code, text: fmt.Sprintf(format, args...)}
}

// at says where in its file a problem is.
func (p *problem) at(n *node) *problem {
	if n != nil {
		p.line, p.col = n.line, n.col
	}
	return p
}

// callLimit is how many components one CRUD call takes.
func (t *metaType) callLimit() int {
	if t.limit > 0 {
		return t.limit
	}
	return 10
}

// knownTo reports whether the org has the type at an API version.
func (t *metaType) knownTo(e *edit) bool {
	return e.version >= t.since && (t.exists == nil || t.exists(e))
}

// find returns a component's record, nil when there is none.
func (t *metaType) find(e *edit, fullName string) row {
	if t.finds != nil {
		return t.finds(e, fullName)
	}
	return e.one("MetadataComponent", "Type FullName", t.name, fullName)
}

// list returns the records of all components.
func (t *metaType) list(e *edit) []row {
	if t.lists != nil {
		return t.lists(e)
	}
	return e.many("MetadataComponent", "Type", t.name)
}

// fullName returns the full name of a record.
func (t *metaType) fullName(r row) string {
	if t.named != nil {
		return t.named(r)
	}
	return r.text("FullName")
}

// read returns a component as its file says it.
func (t *metaType) read(e *edit, r row) *node {
	if t.reads != nil {
		return t.reads(e, r)
	}
	return storedXML(t.name, r)
}

// remove deletes a component.
func (t *metaType) remove(e *edit, r row) *problem {
	if t.removes != nil {
		return t.removes(e, r)
	}
	e.drop("MetadataComponent", r)
	return nil
}

// write creates or changes a component.
func (t *metaType) write(e *edit, c *component, held row) *problem {
	if p := t.check(c); p != nil {
		return p
	}
	if t.checks != nil {
		if p := t.checks(e, c); p != nil {
			return p
		}
	}
	if t.writes != nil {
		return t.writes(e, c, held)
	}
	e.keep(c, held)
	return nil
}

// check applies what the type's declaration says about elements.
func (t *metaType) check(c *component) *problem {
	for _, child := range c.body.children {
		known := t.elements == nil || slices.Contains(t.elements, child.name)
		if known && c.version >= t.elementSince[child.name] {
			continue
		}
		// VERIFIED text, seen in many projects' notes.
		return problemf("INVALID_TYPE", "Error parsing file: Element {%s}%s invalid at this location in type %s", metadataNS, child.name, t.name).at(child)
	}
	for _, name := range t.required {
		if n := c.body.child(name); n == nil || n.text == "" && len(n.children) == 0 {
			return problemf("REQUIRED_FIELD_MISSING", "Required field is missing: %s", name).at(c.body)
		}
	}
	return nil
}

// storedXML returns the component that a record's XML field holds.
func storedXML(name string, r row) *node {
	n, err := parseInner(name, r.text("XML"))
	if err != nil {
		panic("salesforce emulator: stored " + name + ": " + err.Error())
	}
	return n
}
