package salesforce

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// run returns the records that the plan selects, in its order.
func (p *plan) run(s *store) []row {
	return p.arrange(p.matching(p.candidates(s)))
}

func (p *plan) candidates(s *store) []row {
	if p.onlyOn == "" {
		return s.rows(p.object.name)
	}
	var rows []row
	for _, key := range p.only {
		rows = append(rows, s.all(p.object.name, p.onlyOn, key)...)
	}
	return rows
}

func (p *plan) matching(rows []row) []row {
	kept := make([]row, 0, len(rows))
	for _, r := range rows {
		if (p.keep == nil || p.keep(r)) && !p.hidden(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// arrange sorts and cuts.
func (p *plan) arrange(rows []row) []row {
	if len(p.order) > 0 {
		p.sort(rows)
	}
	rows = rows[min(p.offset, len(rows)):]
	if p.limit >= 0 {
		rows = rows[:min(p.limit, len(rows))]
	}
	return rows
}

// sort computes the keys of every record once; nulls come first unless told.
func (p *plan) sort(rows []row) {
	type keyed struct {
		row  row
		keys []any
	}
	list := make([]keyed, len(rows))
	for i, r := range rows {
		list[i] = keyed{row: r, keys: make([]any, len(p.order))}
		for k, by := range p.order {
			list[i].keys[k] = soqlKey(&field{}, by.value(r))
		}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		for k, by := range p.order {
			if c := by.compare(a.keys[k], b.keys[k]); c != 0 {
				return c
			}
		}
		return 0
	})
	for i := range list {
		rows[i] = list[i].row
	}
}

func (by sortKey) compare(a, b any) int {
	c := compareKeys(a, b)
	switch {
	case (a == nil) != (b == nil):
		if by.nullsLast {
			return -c
		}
		return c
	case by.descending:
		return -c
	}
	return c
}

// A recordWriter writes records as the API does: attributes first, then the
// fields in the order they were asked for.
type recordWriter struct {
	bytes.Buffer
	store *store
	base  string // /services/data/v67.0
}

func (w *recordWriter) records(p *plan, rows []row) {
	w.WriteByte('[')
	for i, r := range rows {
		if i > 0 {
			w.WriteByte(',')
		}
		w.record(p.shape, r)
	}
	w.WriteByte(']')
}

func (w *recordWriter) record(s *shape, r row) {
	w.WriteString(`{"attributes":{"type":"` + s.object.name + `","url":"` + w.base + `/sobjects/` + s.object.name + `/` + r.text("Id") + `"}`)
	for _, item := range s.items {
		w.WriteString(`,"` + item.name + `":`)
		switch {
		case item.child != nil:
			w.children(item, r)
		case item.parent != nil:
			w.parent(item, r)
		default:
			w.value(r[item.name])
		}
	}
	w.WriteByte('}')
}

func (w *recordWriter) parent(item shapeItem, r row) {
	target := w.store.follow(item.field, r)
	if target == nil {
		w.WriteString("null")
		return
	}
	w.record(item.parent, target)
}

// children writes the rows that refer to a record: null when there are none.
func (w *recordWriter) children(item shapeItem, r row) {
	rows := item.child.arrange(item.child.matching(w.store.all(item.child.object.name, item.link, r.text("Id"))))
	if len(rows) == 0 {
		w.WriteString("null")
		return
	}
	w.WriteString(`{"totalSize":` + strconv.Itoa(len(rows)) + `,"done":true,"records":`)
	w.records(item.child, rows)
	w.WriteByte('}')
}

func (w *recordWriter) value(v any) {
	switch v := v.(type) {
	case nil:
		w.WriteString("null")
	case bool:
		w.WriteString(strconv.FormatBool(v))
	case int:
		w.WriteString(strconv.Itoa(v))
	case string:
		w.text(v)
	default:
		encoded, _ := json.Marshal(v) // a float64
		w.Write(encoded)
	}
}

// text writes a JSON string; what needs no escape, nearly everything, is
// written as it is.
func (w *recordWriter) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			encoded, _ := json.Marshal(s) // texts always encode
			w.Write(encoded)
			return
		}
	}
	w.WriteByte('"')
	w.WriteString(s)
	w.WriteByte('"')
}
