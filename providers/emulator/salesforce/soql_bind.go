package salesforce

import (
	"fmt"
	"strings"
	"time"
)

// A binder gives the names of a parsed query their meaning in one org, for one
// user and one version of the API.
type binder struct {
	store     *store
	schema    *catalogue
	tooling   bool
	hideNames bool // the user may not view developer names
	hideSetup bool // the user may not view setup
	version   int
}

// A plan is a query that is ready to run.
type plan struct {
	object *object
	shape  *shape
	only   []string // of an equality that an index answers; nil is a scan
	onlyOn string
	keep   func(row) bool
	order  []sortKey
	limit  int
	offset int
	hidden func(row) bool // rows this caller is not shown
}

type sortKey struct {
	value                 func(row) any
	descending, nullsLast bool
}

// A shape says what of a record is written, in the order it was asked for.
type shape struct {
	object *object
	items  []shapeItem
}

// A shapeItem is a field; or a parent with a shape of its own; or the rows of a
// child relationship.
type shapeItem struct {
	name   string
	field  *field
	parent *shape
	child  *plan
	link   string // of a child: its field that refers to the record
}

func noColumn(column string, t *object) *apiError {
	return &apiError{Code: "INVALID_FIELD", Message: fmt.Sprintf("No such column '%s' on entity '%s'. If you are attempting to use a custom field, "+
		"be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", column, t.name)}
}

func noType(sobject string) *apiError {
	return &apiError{Code: "INVALID_TYPE", Message: fmt.Sprintf("sObject type '%s' is not supported. If you are attempting to use a custom object, "+
		"be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", sobject)}
}

func malformed(text string) *apiError { return &apiError{Code: "MALFORMED_QUERY", Message: text} }

// object returns a visible sObject.
func (b *binder) object(sobject string) *object {
	t := b.schema.object(sobject)
	if t == nil || !t.visible(b.tooling) || b.hideSetup && t.name == "SetupEntityAccess" {
		return nil
	}
	return t
}

// field returns a field that the user may see.
func (b *binder) field(t *object, fieldName string) *field {
	f := t.field(fieldName)
	if f == nil || b.hideNames && f.permissionOnly {
		return nil
	}
	return f
}

// bind makes a query over an sObject ready to run.
func (b *binder) bind(q *query) (*plan, *apiError) {
	t := b.object(q.from)
	if t == nil {
		return nil, noType(q.from)
	}
	return b.bindTo(q, t)
}

func (b *binder) bindTo(q *query, t *object) (*plan, *apiError) {
	p := &plan{object: t, shape: &shape{object: t}, limit: q.limit, offset: q.offset, hidden: b.hidden(t)}
	for _, s := range q.selects {
		if err := b.selectItem(p.shape, s); err != nil {
			return nil, err
		}
	}
	if q.where != nil {
		keep, err := b.filter(t, q.where)
		if err != nil {
			return nil, err
		}
		p.keep = keep
		p.onlyOn, p.only = b.indexed(t, q.where)
	}
	for _, o := range q.order {
		_, value, err := b.resolve(t, o.path)
		if err != nil {
			return nil, err
		}
		p.order = append(p.order, sortKey{value: value, descending: o.descending, nullsLast: o.nullsLast})
	}
	return p, nil
}

// hidden keeps the access rows of presence statuses from clients that came
// before them (UNCERTAIN for SOQL; VERIFIED for the Metadata API).
func (b *binder) hidden(t *object) func(row) bool {
	if t.name != "SetupEntityAccess" || b.version >= presenceAccessSince {
		return func(row) bool { return false }
	}
	return func(r row) bool { return r.text("SetupEntityType") == presenceStatusAccess }
}

const presenceAccessSince = 64

func (b *binder) selectItem(s *shape, item selection) *apiError {
	if item.sub != nil {
		return b.selectChildren(s, item.sub)
	}
	return b.selectPath(s, s.object, item.path)
}

func (b *binder) selectPath(s *shape, t *object, path []string) *apiError {
	if len(path) == 1 {
		f := b.field(t, path[0])
		if f == nil {
			return noColumn(path[0], t)
		}
		s.items = append(s.items, shapeItem{name: f.name, field: f})
		return nil
	}
	ref, parent, err := b.parent(t, path)
	if err != nil {
		return err
	}
	for i := range s.items {
		if item := &s.items[i]; item.parent != nil && item.field == ref {
			return b.selectPath(item.parent, parent, path[1:])
		}
	}
	inner := &shape{object: parent}
	s.items = append(s.items, shapeItem{name: ref.relationship, field: ref, parent: inner})
	return b.selectPath(inner, parent, path[1:])
}

// parent follows the first name of a path. A reference that may lead to
// several sObjects leads to the first that knows the next name.
func (b *binder) parent(t *object, path []string) (*field, *object, *apiError) {
	ref := t.parents[strings.ToLower(path[0])]
	if ref == nil {
		return nil, nil, &apiError{Code: "INVALID_FIELD", Message: fmt.Sprintf("Didn't understand relationship '%s' in field path. "+
			"If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.", path[0])}
	}
	for _, target := range ref.refersTo {
		parent := b.schema.object(target)
		if parent != nil && (len(path) < 2 || parent.field(path[1]) != nil || parent.parents[strings.ToLower(path[1])] != nil) {
			return ref, parent, nil
		}
	}
	return nil, nil, noColumn(path[len(path)-1], t)
}

func (b *binder) selectChildren(s *shape, sub *query) *apiError {
	if sub.count {
		return malformed("unexpected token: 'COUNT'")
	}
	link, known := s.object.children[strings.ToLower(sub.from)]
	if !known || b.object(link.object) == nil {
		return &apiError{Code: "INVALID_TYPE", Message: fmt.Sprintf("Didn't understand relationship '%s' in FROM part of query call.", sub.from)}
	}
	child, err := b.bindTo(sub, b.schema.object(link.object))
	if err != nil {
		return err
	}
	s.items = append(s.items, shapeItem{name: link.name, child: child, link: link.field})
	return nil
}

// resolve returns the field that a path ends in and how to read it.
func (b *binder) resolve(t *object, path []string) (*field, func(row) any, *apiError) {
	if len(path) == 1 {
		f := b.field(t, path[0])
		if f == nil {
			return nil, nil, noColumn(path[0], t)
		}
		return f, func(r row) any { return r[f.name] }, nil
	}
	ref, parent, err := b.parent(t, path)
	if err != nil {
		return nil, nil, err
	}
	f, value, err := b.resolve(parent, path[1:])
	if err != nil {
		return nil, nil, err
	}
	return f, func(r row) any {
		if target := b.store.follow(ref, r); target != nil {
			return value(target)
		}
		return nil
	}, nil
}

// follow returns the record that a reference leads to, nil when it leads
// nowhere.
func (s *store) follow(ref *field, r row) row {
	id := r.text(ref.name)
	for _, target := range ref.refersTo {
		if found := s.byID(target, id); found != nil {
			return found
		}
	}
	return nil
}

// indexed finds an equality on a text field that every kept row must meet.
func (b *binder) indexed(t *object, where condition) (fieldName string, keys []string) {
	switch c := where.(type) {
	case *all:
		for _, term := range c.terms {
			if fieldName, keys = b.indexed(t, term); fieldName != "" {
				return fieldName, keys
			}
		}
	case *comparison:
		f := b.field(t, c.path[0])
		if len(c.path) > 1 || f == nil || c.sub != nil || c.operator != "=" && c.operator != "IN" {
			return "", nil
		}
		seen := map[string]bool{}
		for _, l := range c.literals {
			text, isText := l.value.(string)
			if !isText {
				return "", nil
			}
			if k := indexKey(f.canonical(text)); !seen[k] {
				seen[k] = true
				keys = append(keys, f.canonical(text))
			}
		}
		return f.name, keys
	}
	return "", nil
}

// canonical writes an Id as records hold it.
func (f *field) canonical(text string) string {
	if f.isID() && len(text) == 15 {
		return longID(text)
	}
	return text
}

func (f *field) isID() bool { return f.kind == "id" || f.kind == "reference" }

// stampOf writes a moment as records hold it, so that texts compare as times.
func stampOf(t time.Time) string { return t.UTC().Format(stampLayout) }
