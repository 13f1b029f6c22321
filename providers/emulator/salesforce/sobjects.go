package salesforce

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (o *Org) sobjectRoutes(mux *http.ServeMux) {
	for _, api := range []struct {
		path    string
		tooling bool
	}{{"/services/data/{version}/sobjects", false}, {"/services/data/{version}/tooling/sobjects", true}} {
		handle := func(pattern string, h func(*call, *object)) {
			mux.HandleFunc(pattern, o.rest(func(c *call) {
				t := o.binder(c, api.tooling).object(c.r.PathValue("sobject"))
				if t == nil {
					c.fail(notFound())
					return
				}
				h(c, t)
			}))
		}
		mux.HandleFunc("GET "+api.path, o.rest(func(c *call) { o.listObjects(c, api.tooling) }))
		handle("GET "+api.path+"/{sobject}", o.aboutObject)
		handle("GET "+api.path+"/{sobject}/describe", o.describeObject)
		handle("POST "+api.path+"/{sobject}", o.postRecord)
		handle("GET "+api.path+"/{sobject}/{id}", o.getRecord)
		handle("PATCH "+api.path+"/{sobject}/{id}", o.patchRecord)
		handle("DELETE "+api.path+"/{sobject}/{id}", o.deleteRecord)
	}
}

// getRecord answers one record, whole or with ?fields=.
func (o *Org) getRecord(c *call, t *object) {
	r := o.store.byID(t.name, c.r.PathValue("id"))
	if r == nil {
		c.fail(notFound())
		return
	}
	b := o.binder(c, t.can(toolOnly))
	asked := strings.Split(c.r.FormValue("fields"), ",")
	if asked[0] == "" {
		asked = nil
		for _, f := range t.fields {
			if b.field(t, f.name) != nil {
				asked = append(asked, f.name)
			}
		}
	}
	s := &shape{object: t}
	for _, name := range asked {
		if err := b.selectPath(s, t, strings.Split(strings.TrimSpace(name), ".")); err != nil {
			c.fail(err)
			return
		}
	}
	w := &recordWriter{store: o.store, base: c.base()}
	w.record(s, r)
	c.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = c.w.Write(w.Bytes()) // into memory
}

func (o *Org) postRecord(c *call, t *object) {
	var values map[string]any
	if !c.decode(&values) {
		return
	}
	r, err := o.create(c, t, values)
	if err != nil {
		c.fail(err)
		return
	}
	c.w.Header().Set("Location", c.base()+"/sobjects/"+t.name+"/"+r.text("Id"))
	writeJSON(c.w, http.StatusCreated, map[string]any{"id": r["Id"], "success": true, "errors": []any{}})
}

func (o *Org) patchRecord(c *call, t *object) {
	var values map[string]any
	if !c.decode(&values) {
		return
	}
	if err := o.update(c, t, c.r.PathValue("id"), values); err != nil {
		c.fail(err)
		return
	}
	c.w.WriteHeader(http.StatusNoContent)
}

func (o *Org) deleteRecord(c *call, t *object) {
	if err := o.remove(c, t, c.r.PathValue("id")); err != nil {
		c.fail(err)
		return
	}
	c.w.WriteHeader(http.StatusNoContent)
}

// create inserts a record after every check that the vendor makes.
func (o *Org) create(c *call, t *object, values map[string]any) (row, *apiError) {
	if !t.can(creates) {
		return nil, &apiError{Code: "INVALID_TYPE_FOR_OPERATION", Message: "entity type cannot be inserted: " + t.name}
	}
	r, err := o.readValues(c, t, values, func(f *field) bool { return f.creates })
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, f := range t.fields {
		if f.required && (r[f.name] == nil || r[f.name] == "") {
			missing = append(missing, f.name)
		}
	}
	if len(missing) > 0 {
		return nil, &apiError{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [" + strings.Join(missing, ", ") + "]", Fields: missing}
	}
	if err := o.beforeCreate(c, t, r); err != nil {
		return nil, err
	}
	o.store.insert(t.name, c.session.userID, r)
	o.afterChange(t, r, 1)
	return r, nil
}

func (o *Org) update(c *call, t *object, id string, values map[string]any) *apiError {
	if !t.can(updates) {
		return &apiError{Code: "INVALID_TYPE_FOR_OPERATION", Message: "entity type cannot be updated: " + t.name}
	}
	held := o.store.byID(t.name, id)
	if held == nil {
		return notFound()
	}
	r, err := o.readValues(c, t, values, func(f *field) bool { return f.updates })
	if err != nil {
		return err
	}
	if err := o.beforeUpdate(t, held, r); err != nil {
		return err
	}
	maps.Copy(held, r)
	o.store.touch(held, c.session.userID)
	return nil
}

func (o *Org) remove(c *call, t *object, id string) *apiError {
	if !t.can(deletes) {
		return &apiError{Code: "INVALID_TYPE_FOR_OPERATION", Message: "entity type cannot be deleted: " + t.name}
	}
	held := o.store.byID(t.name, id)
	if held == nil {
		return notFound()
	}
	if err := o.beforeDelete(c, t, held); err != nil {
		return err
	}
	o.store.remove(t.name, func(r row) bool { return r.text("Id") == held.text("Id") })
	o.afterChange(t, held, -1)
	if t.name == presenceObject {
		o.noteDeleted(held, c.session.userID)
	}
	return nil
}

// readValues checks a body against the schema: unknown columns, columns that
// this call may not set, wrong types, references to nothing.
func (o *Org) readValues(c *call, t *object, values map[string]any, allowed func(*field) bool) (row, *apiError) {
	if t.can(toolOnly) {
		values = flattenTooling(values)
	}
	b := o.binder(c, t.can(toolOnly))
	r, refused := row{}, []string(nil)
	for name, value := range values {
		if name == "attributes" {
			continue
		}
		f := b.field(t, name)
		if f == nil {
			return nil, &apiError{Code: "INVALID_FIELD", Message: "No such column '" + name + "' on sobject of type " + t.name}
		}
		if !allowed(f) && (!t.can(toolOnly) || f.kind != "string") {
			refused = append(refused, f.name)
			continue
		}
		read, err := o.readValue(f, value)
		if err != nil {
			return nil, err
		}
		r[f.name] = read
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		return nil, &apiError{Code: "INVALID_FIELD_FOR_INSERT_UPDATE", Fields: refused, Message: "Unable to create/update fields: " + strings.Join(refused, ", ") +
			". Please check the security settings of this field and verify that it is read/write for your profile or permission set."}
	}
	return r, nil
}

// flattenTooling brings the members of a Tooling API body's Metadata up to
// where the fields are: eventChannel is EventChannel.
func flattenTooling(values map[string]any) map[string]any {
	nested, ok := values["Metadata"].(map[string]any)
	if !ok {
		return values
	}
	flat := map[string]any{}
	for name, value := range values {
		if name != "Metadata" {
			flat[name] = value
		}
	}
	for name, value := range nested {
		if name == "label" {
			name = "MasterLabel"
		}
		flat[name] = value
	}
	return flat
}

func (o *Org) listObjects(c *call, toolingAPI bool) {
	list := []map[string]any{}
	b := o.binder(c, toolingAPI)
	for _, t := range o.schema.shown(toolingAPI) {
		if b.object(t.name) != nil {
			list = append(list, o.summary(c, t))
		}
	}
	writeJSON(c.w, http.StatusOK, map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
}

func (o *Org) aboutObject(c *call, t *object) {
	writeJSON(c.w, http.StatusOK, map[string]any{"objectDescribe": o.summary(c, t), "recentItems": []any{}})
}

// summary is what the list of sObjects says of each.
func (o *Org) summary(c *call, t *object) map[string]any {
	base := c.base() + "/sobjects/" + t.name
	return map[string]any{
		"name": t.name, "label": t.name, "labelPlural": t.name, "keyPrefix": t.prefix, "custom": false,
		"createable": t.can(creates), "updateable": t.can(updates), "deletable": t.can(deletes), "undeletable": false,
		"queryable": true, "retrieveable": true, "searchable": false, "layoutable": false, "triggerable": false,
		"mergeable": false, "replicateable": true, "activateable": false, "feedEnabled": false, "deprecatedAndHidden": false,
		"customSetting": false, "mruEnabled": false, "hasSubtypes": false, "isSubtype": false,
		"urls": map[string]string{"sobject": base, "describe": base + "/describe", "rowTemplate": base + "/{ID}"},
	}
}

func (o *Org) describeObject(c *call, t *object) {
	b := o.binder(c, t.can(toolOnly))
	fields := []map[string]any{}
	for _, f := range t.fields {
		if b.field(t, f.name) != nil {
			fields = append(fields, f.describe())
		}
	}
	children := []map[string]any{}
	for _, link := range t.children {
		children = append(children, map[string]any{"childSObject": link.object, "field": link.field, "relationshipName": link.name, "cascadeDelete": false})
	}
	slices.SortFunc(children, func(a, b map[string]any) int {
		return cmp.Compare(a["relationshipName"].(string)+a["childSObject"].(string), b["relationshipName"].(string)+b["childSObject"].(string))
	})
	answer := o.summary(c, t)
	answer["fields"], answer["childRelationships"] = fields, children
	answer["recordTypeInfos"], answer["actionOverrides"], answer["namedLayoutInfos"] = []any{}, []any{}, []any{}
	writeJSON(c.w, http.StatusOK, answer)
}

func (f *field) describe() map[string]any {
	length := map[string]int{"id": 18, "reference": 18, "string": 255, "email": 80}[f.kind]
	if f.name == "DeveloperName" || f.name == "MasterLabel" {
		length = 80 // VERIFIED for presence statuses
	}
	soap := map[string]string{"id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "datetime": "xsd:dateTime"}[f.kind]
	refers := f.refersTo
	if refers == nil {
		refers = []string{}
	}
	return map[string]any{
		"name": f.name, "label": f.name, "type": f.kind, "soapType": cmp.Or(soap, "xsd:string"), "length": length, "byteLength": length * 3,
		"referenceTo": refers, "relationshipName": nullable(f.relationship), "createable": f.creates, "updateable": f.updates,
		"nillable": !f.required && f.kind != "boolean" && f.kind != "id", "filterable": true, "sortable": true, "groupable": true,
		"custom": false, "unique": false, "externalId": false, "idLookup": f.kind == "id", "nameField": f.name == "Name",
		"calculated": false, "autoNumber": false, "defaultedOnCreate": f.kind == "id" || f.kind == "boolean", "picklistValues": []any{},
	}
}
