package salesforce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// readValue turns a JSON value into what records hold.
func (o *Org) readValue(f *field, value any) (any, *apiError) {
	wrong := &apiError{Code: "JSON_PARSER_ERROR", Fields: []string{f.name}, Message: fmt.Sprintf("Cannot deserialize instance of %s from value %v", f.kind, value)}
	if value == nil {
		return nil, nil
	}
	if n, isNumber := value.(json.Number); isNumber {
		return readNumber(f, n, wrong)
	}
	if flag, isFlag := value.(bool); isFlag {
		if f.kind != "boolean" {
			return nil, wrong
		}
		return flag, nil
	}
	text, isText := value.(string)
	if !isText || f.kind == "boolean" || f.kind == "int" || f.kind == "double" {
		return nil, wrong
	}
	switch f.kind {
	case "reference":
		return o.readReference(f, text)
	case "datetime":
		for _, layout := range []string{time.RFC3339Nano, stampLayout} {
			if moment, err := time.Parse(layout, text); err == nil {
				return stampOf(moment), nil
			}
		}
		return nil, wrong
	}
	return text, nil
}

func readNumber(f *field, n json.Number, wrong *apiError) (any, *apiError) {
	whole, err := n.Int64()
	switch {
	case f.kind == "int" && err == nil:
		return int(whole), nil
	case f.kind == "double":
		if value, err := n.Float64(); err == nil {
			return value, nil
		}
	}
	return nil, wrong
}

// readReference accepts Ids of 15 and 18 characters and keeps the long one.
func (o *Org) readReference(f *field, id string) (any, *apiError) {
	if !looksLikeID(id) {
		return nil, &apiError{Code: "MALFORMED_ID", Message: f.name + ": id value of incorrect type: " + id, Fields: []string{f.name}}
	}
	if target := o.store.follow(f, row{f.name: id}); target != nil {
		return target["Id"], nil
	}
	return nil, &apiError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{f.name}}
}

func duplicate(text string) *apiError { return &apiError{Code: "DUPLICATE_VALUE", Message: text} }

func forbidden() *apiError {
	return &apiError{Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "insufficient access rights on object id", status: http.StatusForbidden}
}

// beforeCreate holds what only some sObjects ask of a new record.
func (o *Org) beforeCreate(c *call, t *object, r row) *apiError {
	switch t.name {
	case "PermissionSetAssignment":
		return o.checkAssignment(c, r)
	case "UserPackageLicense":
		return o.checkLicence(r)
	case "ServicePresenceStatus":
		return o.checkStatusNames(nil, r)
	case "ServiceChannelStatus":
		return o.checkPair(t, r, "ServicePresenceStatusId", "ServiceChannelId")
	case "SetupEntityAccess":
		return o.checkAccess(r)
	case "StreamingChannel":
		return o.checkChannel(r)
	case "PlatformEventChannelMember":
		return o.checkMember(r)
	case "PermissionSet", "User":
		return o.checkUnique(t, nil, r)
	}
	return nil
}

func (o *Org) beforeUpdate(t *object, held, r row) *apiError {
	switch t.name {
	case "ServicePresenceStatus":
		return o.checkStatusNames(held, r)
	case "PermissionSet", "User":
		return o.checkUnique(t, held, r)
	}
	return nil
}

func (o *Org) beforeDelete(c *call, t *object, held row) *apiError {
	switch {
	case t.name == "PermissionSetAssignment" && !o.permitted(c.session.userID, "AssignPermissionSets"):
		return forbidden()
	case t.name == "PermissionSet" && (held["IsOwnedByProfile"] == true || held["NamespacePrefix"] != nil):
		return forbidden()
	case t.name == "SetupEntityAccess" && held["SetupEntityType"] == presenceStatusAccess:
		return forbidden()
	case t.name == "UserServicePresence" && !o.permitted(c.session.userID, "CustomizeApplication"):
		return forbidden()
	}
	return nil
}

// afterChange keeps what the vendor counts.
func (o *Org) afterChange(t *object, r row, by int) {
	if t.name != "UserPackageLicense" {
		return
	}
	if licence := o.store.byID("PackageLicense", r.text("PackageLicenseId")); licence != nil {
		used, _ := licence["UsedLicenses"].(int)
		licence["UsedLicenses"] = used + by
	}
}

// checkAssignment: assigning needs a permission of its own, which Modify All
// Data does not replace (SECONDARY).
func (o *Org) checkAssignment(c *call, r row) *apiError {
	if !o.permitted(c.session.userID, "AssignPermissionSets") {
		return forbidden()
	}
	if set := o.store.byID("PermissionSet", r.text("PermissionSetId")); set["IsOwnedByProfile"] == true {
		return &apiError{Code: "FIELD_INTEGRITY_EXCEPTION", Message: "Can't assign a permission set that is owned by a profile", Fields: []string{"PermissionSetId"}}
	}
	r["IsActive"] = true
	return o.checkPair(o.schema.object("PermissionSetAssignment"), r, "AssigneeId", "PermissionSetId")
}

// checkPair refuses a second row for the same two records.
func (o *Org) checkPair(t *object, r row, first, second string) *apiError {
	for _, held := range o.store.all(t.name, first, r.text(first)) {
		if held.text(second) == r.text(second) {
			return duplicate("duplicate value found: <unknown> duplicates value on record with id: <unknown>")
		}
	}
	return nil
}

// checkLicence: -1 allowed licences are a site licence (UNCERTAIN). The code
// of a used-up licence is UNCERTAIN too.
func (o *Org) checkLicence(r row) *apiError {
	if err := o.checkPair(o.schema.object("UserPackageLicense"), r, "UserId", "PackageLicenseId"); err != nil {
		return err
	}
	licence := o.store.byID("PackageLicense", r.text("PackageLicenseId"))
	allowed, _ := licence["AllowedLicenses"].(int)
	used, _ := licence["UsedLicenses"].(int)
	if allowed >= 0 && used >= allowed {
		return &apiError{Code: "LICENSE_LIMIT_EXCEEDED", Message: "There aren't enough licenses available for this package"}
	}
	return nil
}

// developerName is what the vendor takes as one (VERIFIED).
var developerName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z](?:_?[A-Za-z0-9])*$`) })

func (o *Org) checkStatusNames(held, r row) *apiError {
	for _, name := range []string{"DeveloperName", "MasterLabel"} {
		if len(r.text(name)) > 80 {
			return &apiError{Code: "STRING_TOO_LONG", Message: name + ": data value too large: " + r.text(name) + " (max length=80)", Fields: []string{name}}
		}
	}
	name, given := r["DeveloperName"].(string)
	if !given {
		return nil
	}
	if !developerName().MatchString(name) {
		return &apiError{Code: "INVALID_INPUT", Fields: []string{"DeveloperName"}, Message: "The Presence Status API Name can only contain underscores and alphanumeric characters. " +
			"It must be unique, begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive underscores."}
	}
	if other := o.store.find("ServicePresenceStatus", "DeveloperName", name); other != nil && (held == nil || other.text("Id") != held.text("Id")) {
		return &apiError{Code: "DUPLICATE_DEVELOPER_NAME", Message: "The developer name you entered is already in use: " + name, Fields: []string{"DeveloperName"}}
	}
	return nil
}

// checkAccess refuses to grant presence statuses record by record: one public
// note says that no such call can (UNCERTAIN), and a client that relies on it
// would be wrong on a real org if that is so.
func (o *Org) checkAccess(r row) *apiError {
	if o.store.byID("ServicePresenceStatus", r.text("SetupEntityId")) != nil {
		return &apiError{Code: "FIELD_INTEGRITY_EXCEPTION", Message: "You can't grant access to this setup entity", Fields: []string{"SetupEntityId"}}
	}
	r["SetupEntityType"] = "ConnectedApplication"
	return o.checkPair(o.schema.object("SetupEntityAccess"), r, "SetupEntityId", "ParentId")
}

// maxStreamingChannels is the allocation outside free orgs (VERIFIED).
const maxStreamingChannels = 1000

func (o *Org) checkChannel(r row) *apiError {
	name := r.text("Name")
	switch {
	case !strings.HasPrefix(name, "/u/") || len(name) == len("/u/"):
		return &apiError{Code: "INVALID_FIELD", Message: "Channel name must start with /u/", Fields: []string{"Name"}}
	case o.store.find("StreamingChannel", "Name", name) != nil:
		return duplicate("duplicate value found: Name duplicates value on record with id: " + o.store.find("StreamingChannel", "Name", name).text("Id"))
	case len(o.store.rows("StreamingChannel")) >= maxStreamingChannels:
		return &apiError{Code: "LIMIT_EXCEEDED", Message: "You have reached the maximum number of streaming channels"}
	}
	return nil
}

// maxCDCEntities is how many entities may be selected across all channels
// without the add-on (VERIFIED).
const maxCDCEntities = 5

func (o *Org) checkMember(r row) *apiError {
	selected := []string{r.text("SelectedEntity")}
	for _, held := range o.store.rows("PlatformEventChannelMember") {
		if strings.EqualFold(held.text("FullName"), r.text("FullName")) {
			return duplicate("duplicate value found: DeveloperName duplicates value on record with id: " + held.text("Id"))
		}
		if !slices.Contains(selected, held.text("SelectedEntity")) {
			selected = append(selected, held.text("SelectedEntity"))
		}
	}
	if len(selected) > maxCDCEntities {
		return &apiError{Code: "LIMIT_EXCEEDED", Message: "You have selected more entities than your Change Data Capture allocation allows"}
	}
	return o.checkSelection(r)
}

// checkSelection: a member selects an entity's change events, on a channel that
// is there, by a filter that can be read (codes UNCERTAIN).
func (o *Org) checkSelection(r row) *apiError {
	channel := r.text("EventChannel")
	base, isChange := strings.CutSuffix(r.text("SelectedEntity"), "ChangeEvent")
	entity := o.schema.object(base)
	switch {
	case channel != standardChannel && o.store.find("PlatformEventChannel", "FullName", channel) == nil:
		return &apiError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "no PlatformEventChannel named " + channel + " found", Fields: []string{"EventChannel"}}
	case !isChange || entity == nil || !entity.visible(false):
		return &apiError{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "no change event named " + r.text("SelectedEntity") + " found", Fields: []string{"SelectedEntity"}}
	}
	if filter := r.text("FilterExpression"); filter != "" {
		if _, err := o.changeFilter(entity, filter); err != nil {
			return &apiError{Code: "INVALID_INPUT", Message: err.Error(), Fields: []string{"FilterExpression"}}
		}
	}
	return nil
}

func (o *Org) checkUnique(t *object, held, r row) *apiError {
	name, code := "Name", "DUPLICATE_DEVELOPER_NAME"
	if t.name == "User" {
		name, code = "Username", "DUPLICATE_USERNAME"
	}
	other := o.store.find(t.name, name, r.text(name))
	if r[name] != nil && other != nil && (held == nil || other.text("Id") != held.text("Id")) {
		return &apiError{Code: code, Message: "Duplicate " + name, Fields: []string{name}}
	}
	if held == nil && t.name == "PermissionSet" {
		r["IsOwnedByProfile"], r["IsCustom"], r["Type"] = false, true, "Regular"
	}
	return o.nameUser(t, held, r)
}

// nameUser keeps a user's full name in step with its parts.
func (o *Org) nameUser(t *object, held, r row) *apiError {
	if t.name != "User" {
		return nil
	}
	part := func(name string) string {
		if r[name] == nil && held != nil {
			return held.text(name)
		}
		return r.text(name)
	}
	r["Name"] = strings.TrimSpace(part("FirstName") + " " + part("LastName"))
	if held == nil {
		r["UserType"] = "Standard"
		if r["IsActive"] == nil {
			r["IsActive"] = true
		}
	}
	return nil
}
