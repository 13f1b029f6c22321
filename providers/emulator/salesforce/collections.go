package salesforce

import (
	"fmt"
	"net/http"
	"strings"
)

// maxRecords is how many records an sObject Collections call takes (VERIFIED).
const maxRecords = 200

type manyBody struct {
	AllOrNone bool             `json:"allOrNone"`
	Records   []map[string]any `json:"records"`
}

type manyResult struct {
	ID      string      `json:"id,omitempty"`
	Success bool        `json:"success"`
	Errors  []manyError `json:"errors"`
}

// manyError has other names than a refusal of the whole call.
type manyError struct {
	Code    string   `json:"statusCode"`
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
}

func (o *Org) insertMany(c *call) {
	o.many(c, func(t *object, record map[string]any) (string, *apiError) {
		r, err := o.create(c, t, record)
		return r.text("Id"), err
	})
}

func (o *Org) updateMany(c *call) {
	o.many(c, func(t *object, record map[string]any) (string, *apiError) {
		id, values := "", map[string]any{}
		for name, value := range record {
			if strings.EqualFold(name, "Id") {
				id, _ = value.(string)
				continue
			}
			values[name] = value
		}
		return id, o.update(c, t, id, values)
	})
}

func (o *Org) many(c *call, write func(*object, map[string]any) (string, *apiError)) {
	var body manyBody
	if !c.decode(&body) {
		return
	}
	o.each(c, len(body.Records), body.AllOrNone, func(i int) (string, *apiError) {
		attributes, _ := body.Records[i]["attributes"].(map[string]any)
		sobject, _ := attributes["type"].(string)
		t := o.binder(c, false).object(sobject)
		if t == nil {
			return "", noType(sobject)
		}
		return write(t, body.Records[i])
	})
}

func (o *Org) deleteMany(c *call) {
	ids := strings.Split(c.r.FormValue("ids"), ",")
	o.each(c, len(ids), c.r.FormValue("allOrNone") == "true", func(i int) (string, *apiError) {
		t := o.objectOf(c, ids[i])
		if t == nil {
			return "", &apiError{Code: "MALFORMED_ID", Message: "malformed id " + ids[i]}
		}
		err := o.remove(c, t, ids[i])
		if err != nil && err.Code == "NOT_FOUND" {
			err = &apiError{Code: "ENTITY_IS_DELETED", Message: "entity is deleted"}
		}
		return ids[i], err
	})
}

// objectOf tells an sObject by the first three characters of an Id.
func (o *Org) objectOf(c *call, id string) *object {
	for _, t := range o.schema.shown(false) {
		if looksLikeID(id) && strings.HasPrefix(id, t.prefix) {
			return o.binder(c, false).object(t.name)
		}
	}
	return nil
}

// each writes records one by one and answers a row for each.
func (o *Org) each(c *call, n int, allOrNone bool, write func(int) (string, *apiError)) {
	if n == 0 || n > maxRecords {
		c.fail(&apiError{Code: "EXCEEDED_ID_LIMIT", Message: fmt.Sprintf("record limit reached. cannot submit more than %d records into this call", maxRecords)})
		return
	}
	before := o.store.snapshotIf(allOrNone)
	results, failed := make([]manyResult, n), false
	for i := range results {
		id, err := write(i)
		results[i] = manyResult{ID: id, Success: err == nil, Errors: []manyError{}}
		if err != nil {
			results[i].Errors = []manyError{{err.Code, err.Message, append([]string{}, err.Fields...)}}
			failed = true
		}
	}
	if failed && allOrNone {
		o.store.restore(before)
		for i := range results {
			if results[i].Success {
				results[i] = manyResult{Errors: []manyError{{"ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid and the request was using AllOrNone header", []string{}}}}
			}
		}
	}
	writeJSON(c.w, http.StatusOK, results)
}

// retrieveMany answers records by Id, null for each that is not there.
func (o *Org) retrieveMany(c *call) {
	ids, fields := strings.Split(c.r.FormValue("ids"), ","), strings.Split(c.r.FormValue("fields"), ",")
	if c.r.Method == http.MethodPost {
		var body struct{ IDs, Fields []string }
		if !c.decode(&body) {
			return
		}
		ids, fields = body.IDs, body.Fields
	}
	b := o.binder(c, false)
	t := b.object(c.r.PathValue("sobject"))
	if t == nil {
		c.fail(notFound())
		return
	}
	s := &shape{object: t}
	for _, name := range fields {
		if err := b.selectPath(s, t, strings.Split(name, ".")); err != nil {
			c.fail(err)
			return
		}
	}
	w := &recordWriter{store: o.store, base: c.base()}
	w.WriteByte('[')
	for i, id := range ids {
		if i > 0 {
			w.WriteByte(',')
		}
		if r := o.store.byID(t.name, id); r != nil {
			w.record(s, r)
			continue
		}
		w.WriteString("null")
	}
	w.WriteByte(']')
	c.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = c.w.Write(w.Bytes()) // into memory
}
