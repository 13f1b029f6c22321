package salesforce

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The number of records in an answer of the query resource.
const (
	maxPage = 2000
	minPage = 200
)

// maxOffset is how far OFFSET may reach.
const maxOffset = 2000

// A cursor is a query whose later pages have not been asked for yet.
type cursor struct {
	plan  *plan
	rows  []row
	owner string // the user; nobody else may read on
	size  int
}

func (o *Org) queryRoutes(mux *http.ServeMux) {
	const v = "/services/data/{version}"
	for _, resource := range []string{"query", "queryAll"} {
		mux.HandleFunc("GET "+v+"/"+resource, o.rest(func(c *call) { o.query(c, false) }))
		mux.HandleFunc("GET "+v+"/"+resource+"/{locator}", o.rest(o.queryMore))
	}
	mux.HandleFunc("GET "+v+"/tooling/query", o.rest(func(c *call) { o.query(c, true) }))
	mux.HandleFunc("GET "+v+"/tooling/query/{locator}", o.rest(o.queryMore))
}

// binder is how this caller sees the schema.
func (o *Org) binder(c *call, toolingAPI bool) *binder {
	setup := o.permitted(c.session.userID, "ViewSetup")
	return &binder{
		store: o.store, schema: o.schema, tooling: toolingAPI, version: c.version, hideSetup: !setup,
		hideNames: !setup && !o.permitted(c.session.userID, "ViewDeveloperName"),
	}
}

// prepare parses and binds a query.
func (o *Org) prepare(c *call, text string, toolingAPI bool) (*query, *plan, *apiError) {
	if strings.TrimSpace(text) == "" {
		return nil, nil, malformed("SOQL statements cannot be empty or null")
	}
	q, err := parseSOQL(text, o.options.Now())
	if err != nil {
		return nil, nil, malformed("\n" + text + "\n" + err.Error())
	}
	if q.offset > maxOffset {
		return nil, nil, &apiError{Code: "NUMBER_OUTSIDE_VALID_RANGE", Message: fmt.Sprintf("Maximum SOQL offset allowed is %d", maxOffset)}
	}
	p, fault := o.binder(c, toolingAPI).bind(q)
	return q, p, fault
}

func (o *Org) query(c *call, toolingAPI bool) {
	q, p, err := o.prepare(c, c.r.FormValue("q"), toolingAPI)
	if err != nil {
		c.fail(err)
		return
	}
	if c.r.FormValue("columns") == "true" {
		writeJSON(c.w, http.StatusOK, columnsOf(q, p))
		return
	}
	rows := p.run(o.store)
	if q.count {
		writeJSON(c.w, http.StatusOK, map[string]any{"totalSize": len(rows), "done": true, "records": []any{}})
		return
	}
	o.page(c, &cursor{plan: p, rows: rows, owner: c.session.userID, size: pageSize(c.r)}, "", 0)
}

// pageSize is advisory; what is outside the bounds is brought inside.
func pageSize(r *http.Request) int {
	for option := range strings.SplitSeq(r.Header.Get("Sforce-Query-Options"), ",") {
		key, value, _ := strings.Cut(option, "=")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && strings.EqualFold(strings.TrimSpace(key), "batchSize") {
			return min(max(n, minPage), maxPage)
		}
	}
	return maxPage
}

// queryMore reads on where a locator points: 01g…-2000.
func (o *Org) queryMore(c *call) {
	id, position, _ := strings.Cut(c.r.PathValue("locator"), "-")
	at, err := strconv.Atoi(position)
	open := o.cursors[id]
	if err != nil || open == nil || open.owner != c.session.userID || at < 0 || at > len(open.rows) {
		c.fail(&apiError{Code: "INVALID_QUERY_LOCATOR", Message: "invalid query locator"})
		return
	}
	o.page(c, open, id, at)
}

// page writes the records from a position on; what is left is kept open.
func (o *Org) page(c *call, open *cursor, id string, at int) {
	end := min(at+open.size, len(open.rows))
	done := end == len(open.rows)
	w := &recordWriter{store: o.store, base: c.base()}
	_, _ = fmt.Fprintf(w, `{"totalSize":%d,"done":%t,`, len(open.rows), done) // into memory
	switch {
	case done:
		delete(o.cursors, id)
	default:
		if id == "" {
			id = o.keepOpen(open)
		}
		resource, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, c.base()+"/"), "/01g")
		_, _ = fmt.Fprintf(w, `"nextRecordsUrl":"%s/%s/%s-%d",`, c.base(), resource, id, end) // into memory
	}
	w.WriteString(`"records":`)
	w.records(open.plan, open.rows[at:end])
	w.WriteByte('}')
	c.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = c.w.Write(w.Bytes()) // into memory
}

// maxCursors is how many queries a user may have open; the oldest is closed to
// make room (SECONDARY).
const maxCursors = 10

// keepOpen remembers a query and returns its locator. Locators grow, so the
// smallest is the oldest.
func (o *Org) keepOpen(open *cursor) string {
	var held []string
	for id, c := range o.cursors {
		if c.owner == open.owner {
			held = append(held, id)
		}
	}
	if len(held) >= maxCursors {
		delete(o.cursors, slices.Min(held))
	}
	o.store.serial++
	id := longID(fmt.Sprintf("01g5g%010d", o.store.serial))
	o.cursors[id] = open
	return id
}

// columnsOf answers &columns=true, which the Salesforce CLI asks for.
func columnsOf(q *query, p *plan) map[string]any {
	idSelected := false
	for _, item := range p.shape.items {
		idSelected = idSelected || item.name == "Id"
	}
	return map[string]any{
		"columnMetadata": p.shape.columns(), "entityName": p.object.name, "groupBy": false,
		"idSelected": idSelected, "keyPrefix": p.object.prefix, "count": q.count,
	}
}

func (s *shape) columns() []map[string]any {
	list := []map[string]any{}
	for _, item := range s.items {
		column := map[string]any{
			"aggregate": item.child != nil, "columnName": item.name, "displayName": item.name, "custom": false,
			"foreignKeyName": nil, "insertable": false, "updatable": false, "joinColumns": []any{},
			"numberType": false, "textType": false, "booleanType": false, "apexType": nil,
		}
		switch {
		case item.child != nil:
			column["joinColumns"] = item.child.shape.columns()
		case item.parent != nil:
			column["foreignKeyName"], column["joinColumns"] = item.name, item.parent.columns()
		default:
			column["booleanType"] = item.field.kind == "boolean"
			column["numberType"] = item.field.kind == "int" || item.field.kind == "double"
			column["textType"] = item.field.kind == "string" || item.field.kind == "email"
			column["insertable"], column["updatable"], column["apexType"] = item.field.creates, item.field.updates, item.field.kind
		}
		list = append(list, column)
	}
	return list
}
