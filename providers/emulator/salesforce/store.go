package salesforce

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// A row is one record of an sObject: field name to value, "Id" always there.
// Values are string, bool, int, float64 or nil.
type row map[string]any

func (r row) text(field string) string {
	s, _ := r[field].(string)
	return s
}

// store holds an org's records by sObject, in order of creation. Both planes,
// data and metadata, read and write these tables, so that what one writes the
// other shows. Its lock is held for one API call at a time.
type store struct {
	sync.Mutex
	now    func() time.Time
	tables map[string]*table
	serial int
	writes int // grows with every change, so that a stale answer can be told
}

type table struct {
	prefix string // of record Ids: 0N5
	rows   []row
	byID   map[string]row // by the first 15 characters
	// byField finds rows by a field's text, built when first asked for and
	// dropped when a record changes. A row that is changed in place must be
	// touched, or it is found under what it used to say.
	byField map[string]map[string][]row
}

func newStore(now func() time.Time) *store {
	return &store{now: now, tables: map[string]*table{}}
}

// define adds an sObject. Defining one twice is a bug.
func (s *store) define(sobject, prefix string) {
	if s.tables[sobject] != nil {
		panic("salesforce emulator: " + sobject + " defined twice")
	}
	s.tables[sobject] = &table{prefix: prefix, byID: map[string]row{}}
}

// rows returns an sObject's records in order of creation; the slice must not
// be kept.
func (s *store) rows(sobject string) []row {
	if t := s.tables[sobject]; t != nil {
		return t.rows
	}
	return nil
}

// insert adds a record and fills its Id and system fields.
func (s *store) insert(sobject, by string, r row) row {
	t := s.tables[sobject]
	s.serial++
	if r.text("Id") == "" {
		r["Id"] = longID(fmt.Sprintf("%s5g%010d", t.prefix, s.serial))
	}
	stamp := s.stamp()
	r["CreatedDate"], r["CreatedById"] = stamp, by
	r["LastModifiedDate"], r["LastModifiedById"], r["SystemModstamp"] = stamp, by, stamp
	t.rows = append(t.rows, r)
	t.byID[r.text("Id")[:15]] = r
	for field, index := range t.byField {
		k := indexKey(r.text(field))
		index[k] = append(index[k], r)
	}
	s.writes++
	return r
}

// touch marks a record as changed now.
func (s *store) touch(r row, by string) {
	stamp := s.stamp()
	r["LastModifiedDate"], r["LastModifiedById"], r["SystemModstamp"] = stamp, by, stamp
	s.writes++
	for _, t := range s.tables {
		if strings.HasPrefix(r.text("Id"), t.prefix) {
			t.byField = nil
		}
	}
}

// byID returns a record by its 15- or 18-character Id, nil when there is none.
func (s *store) byID(sobject, id string) row {
	t := s.tables[sobject]
	if t == nil || len(id) < 15 {
		return nil
	}
	return t.byID[id[:15]]
}

// find returns the first record whose field equals value, ignoring case, as
// Salesforce compares text; nil when there is none.
func (s *store) find(sobject, field, value string) row {
	for _, r := range s.all(sobject, field, value) {
		return r
	}
	return nil
}

// all returns the records whose field equals value, ignoring case and, for an
// Id, the three checksum characters. The slice must not be kept.
func (s *store) all(sobject, field, value string) []row {
	t := s.tables[sobject]
	if t == nil {
		return nil
	}
	index := t.byField[field]
	if index == nil {
		index = map[string][]row{}
		for _, r := range t.rows {
			k := indexKey(r.text(field))
			index[k] = append(index[k], r)
		}
		if t.byField == nil {
			t.byField = map[string]map[string][]row{}
		}
		t.byField[field] = index
	}
	return index[indexKey(value)]
}

// indexKey makes both spellings of an Id, and every case of a text, one. Ids
// that differ in case alone would meet; this org makes none.
func indexKey(value string) string {
	if isID(value) {
		value = value[:15]
	}
	return strings.ToLower(value)
}

// isID reports whether a text is an 18-character Id; other texts of that
// length fail the checksum.
func isID(value string) bool { return len(value) == 18 && longID(value[:15]) == value }

// remove deletes the records that match and returns how many there were.
func (s *store) remove(sobject string, match func(row) bool) int {
	t := s.tables[sobject]
	kept := t.rows[:0:0]
	for _, r := range t.rows {
		if match(r) {
			delete(t.byID, r.text("Id")[:15])
			continue
		}
		kept = append(kept, r)
	}
	n := len(t.rows) - len(kept)
	t.rows = kept
	if n > 0 {
		t.byField = nil
		s.writes++
	}
	return n
}

// reindex forgets every index, after records were changed in place.
func (s *store) reindex() {
	for _, t := range s.tables {
		t.byField = nil
	}
	s.writes++
}

// snapshot copies every table, so that a failed deploy can be undone with
// restore.
func (s *store) snapshot() map[string]*table {
	copies := make(map[string]*table, len(s.tables))
	for name, t := range s.tables {
		c := &table{prefix: t.prefix, byID: make(map[string]row, len(t.rows)), rows: make([]row, len(t.rows))}
		for i, r := range t.rows {
			fields := make(row, len(r))
			maps.Copy(fields, r)
			c.rows[i], c.byID[fields.text("Id")[:15]] = fields, fields
		}
		copies[name] = c
	}
	return copies
}

// snapshotIf is snapshot for a call that may have to be undone; nil otherwise.
func (s *store) snapshotIf(needed bool) map[string]*table {
	if !needed {
		return nil
	}
	return s.snapshot()
}

// restore puts back what a snapshot holds.
func (s *store) restore(tables map[string]*table) {
	s.tables = tables
	s.writes++
}

// stampLayout is how the API writes a moment.
const stampLayout = "2006-01-02T15:04:05.000-0700"

func (s *store) stamp() string { return s.now().UTC().Format(stampLayout) }

// longID appends the three checksum characters that make a 15-character Id
// safe in systems that ignore case.
func longID(id string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	suffix := make([]byte, 0, 3)
	for chunk := range 3 {
		bits := 0
		for i := range 5 {
			if c := id[chunk*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		suffix = append(suffix, digits[bits])
	}
	return id + string(suffix)
}

// derive makes a stable pseudo-random text from a name, for keys and tokens.
func derive(parts ...string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(parts, "\x00"))))
}
