package salesforce

import (
	"maps"
	"slices"
	"strings"
)

// An edit is one metadata call's work on the tables. Every change goes through
// it, so that it can be undone, and so that thousands of components find each
// other by index instead of by search.
type edit struct {
	org     *Org
	store   *store
	by      string // the user
	version float64
	rules   MetadataRules

	changed  bool // by anything since the flag was last put down
	indexes  map[string]map[string][]row
	before   map[string]savedRow
	inserted map[string]map[string]bool // sObject, Id
	dropped  map[string]map[string]bool
}

// A savedRow is a record and what it said before the edit.
type savedRow struct {
	live, fields row
}

func (o *Org) edit(by string, version float64) *edit {
	return &edit{
		org: o, store: o.store, by: by, version: version, rules: o.meta.rules,
		indexes: map[string]map[string][]row{}, before: map[string]savedRow{},
		inserted: map[string]map[string]bool{}, dropped: map[string]map[string]bool{},
	}
}

// rows returns an sObject's records in order of creation.
func (e *edit) rows(sobject string) []row {
	gone := e.dropped[sobject]
	if len(gone) == 0 {
		return e.store.rows(sobject)
	}
	return slices.DeleteFunc(slices.Clone(e.store.rows(sobject)), func(r row) bool { return gone[r.text("Id")] })
}

// one returns the record whose fields have these values, ignoring case; nil
// when there is none. Fields are separated by spaces.
func (e *edit) one(sobject, fields string, values ...string) row {
	for _, r := range e.many(sobject, fields, values...) {
		return r
	}
	return nil
}

// many returns all records whose fields have these values.
func (e *edit) many(sobject, fields string, values ...string) []row {
	found := e.index(sobject, fields)[keyOf(values)]
	gone := e.dropped[sobject]
	if len(gone) == 0 {
		return found
	}
	return slices.DeleteFunc(slices.Clone(found), func(r row) bool { return gone[r.text("Id")] })
}

func (e *edit) index(sobject, fields string) map[string][]row {
	name := sobject + " " + fields
	if index := e.indexes[name]; index != nil {
		return index
	}
	index := map[string][]row{}
	for _, r := range e.rows(sobject) {
		key := rowKey(r, fields)
		index[key] = append(index[key], r)
	}
	e.indexes[name] = index
	return index
}

func rowKey(r row, fields string) string {
	var values []string
	for field := range strings.FieldsSeq(fields) {
		values = append(values, r.text(field))
	}
	return keyOf(values)
}

func keyOf(values []string) string { return strings.ToLower(strings.Join(values, "\x00")) }

// insert adds a record.
func (e *edit) insert(sobject string, r row) row {
	r = e.store.insert(sobject, e.by, r)
	mark(e.inserted, sobject, r)
	for name, index := range e.indexes {
		if fields, ok := strings.CutPrefix(name, sobject+" "); ok {
			key := rowKey(r, fields)
			index[key] = append(index[key], r)
		}
	}
	e.changed = true
	return r
}

// set changes one field of a record, if it differs.
func (e *edit) set(sobject string, r row, field string, value any) {
	if r[field] == value {
		return
	}
	e.remember(r)
	r[field] = value
	e.store.touch(r, e.by)
	maps.DeleteFunc(e.indexes, func(name string, _ map[string][]row) bool {
		fields, ok := strings.CutPrefix(name, sobject+" ")
		return ok && slices.Contains(strings.Fields(fields), field)
	})
	e.changed = true
}

// touch marks a record as changed, because something that belongs to it did.
func (e *edit) touch(r row) {
	e.remember(r)
	e.store.touch(r, e.by)
	e.changed = true
}

func (e *edit) remember(r row) {
	if id := r.text("Id"); e.before[id].live == nil {
		e.before[id] = savedRow{live: r, fields: maps.Clone(r)}
	}
}

// drop deletes a record. It leaves its table when the edit ends.
func (e *edit) drop(sobject string, r row) {
	mark(e.dropped, sobject, r)
	e.changed = true
}

func mark(marks map[string]map[string]bool, sobject string, r row) {
	if marks[sobject] == nil {
		marks[sobject] = map[string]bool{}
	}
	marks[sobject][r.text("Id")] = true
}

// keep stores a component's XML in its record, new or held. A file is the
// whole component; a call changes the elements that it names (UNCERTAIN: how
// far this holds for every type).
func (e *edit) keep(c *component, held row) row {
	if held == nil {
		return e.insert("MetadataComponent", row{"Type": c.of.name, "FullName": c.fullName, "XML": c.body.inner()})
	}
	body := c.body
	if !c.file {
		body = merge(storedXML(c.of.name, held), body)
	}
	e.set("MetadataComponent", held, "XML", body.inner())
	return held
}

// merge returns held with the elements that sent names replaced by sent's.
func merge(held, sent *node) *node {
	var names []string
	for _, child := range sent.children {
		names = append(names, child.name)
	}
	merged := held.without(names...)
	merged.children = append(merged.children, sent.children...)
	merged.sortByName()
	return merged
}

// commit makes the edit last.
func (e *edit) commit() {
	for sobject, gone := range e.dropped {
		e.store.remove(sobject, func(r row) bool { return gone[r.text("Id")] })
	}
	e.org.applySettings()
}

// rollback undoes the edit: every record says again what it said.
func (e *edit) rollback() {
	for sobject, added := range e.inserted {
		e.store.remove(sobject, func(r row) bool { return added[r.text("Id")] })
	}
	for _, saved := range e.before {
		clear(saved.live)
		maps.Copy(saved.live, saved.fields)
	}
	e.store.reindex()
}
