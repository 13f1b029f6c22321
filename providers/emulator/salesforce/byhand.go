package salesforce

import (
	"fmt"
	"maps"
)

// What follows is what people do in the org's own pages, and what tests look
// at. No client can call it.

// Edit sets fields of the record whose field says value, as an administrator
// would in Setup.
func (o *Org) Edit(sobject, field, value string, set map[string]any) error {
	o.store.Lock()
	defer o.store.Unlock()
	r := o.store.find(sobject, field, value)
	if r == nil {
		return fmt.Errorf("edit %s: none has %s %q", sobject, field, value)
	}
	for name := range set {
		if t := o.schema.object(sobject); t.field(name) == nil || name == "Id" {
			return fmt.Errorf("edit %s: no field %s to set", sobject, name)
		}
	}
	maps.Copy(r, set)
	o.store.touch(r, o.administrator())
	return nil
}

// Delete removes the records whose field says value.
func (o *Org) Delete(sobject, field, value string) error {
	o.store.Lock()
	defer o.store.Unlock()
	key := indexKey(value)
	if o.store.remove(sobject, func(r row) bool { return indexKey(r.text(field)) == key }) == 0 {
		return fmt.Errorf("delete %s: none has %s %q", sobject, field, value)
	}
	return nil
}

// SetAccess enables a presence status for a profile, by its label, or takes it
// away.
func (o *Org) SetAccess(profile, status string, enabled bool) error {
	o.store.Lock()
	defer o.store.Unlock()
	holder := o.store.find("Profile", "Name", profile)
	held := o.store.find("ServicePresenceStatus", "DeveloperName", status)
	if holder == nil || held == nil {
		return fmt.Errorf("set access: no profile %q or no presence status %q", profile, status)
	}
	set := o.store.find("PermissionSet", "ProfileId", holder.text("Id"))
	if enabled {
		o.grantStatus(set, held, o.administrator())
		return nil
	}
	if access := o.statusGrant(set, held); access != nil {
		o.store.remove("SetupEntityAccess", func(r row) bool { return r.text("Id") == access.text("Id") })
	}
	return nil
}

// Records returns copies of an sObject's records, in order of creation.
func (o *Org) Records(sobject string) []map[string]any {
	o.store.Lock()
	defer o.store.Unlock()
	var records []map[string]any
	for _, r := range o.store.rows(sobject) {
		records = append(records, maps.Clone(r))
	}
	return records
}

// administrator is the Id of the first user who is one.
func (o *Org) administrator() string {
	for _, user := range o.store.rows("User") {
		if o.store.byID("Profile", user.text("ProfileId")).text("FullName") == "Admin" {
			return user.text("Id")
		}
	}
	return ""
}
