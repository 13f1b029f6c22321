package salesforce

import (
	"fmt"
	"maps"
)

// What follows is what people do in the org's own pages, and what tests look
// at. No client can call it.

// SetPresence puts a user into a presence status by its developer name, or
// with "" logs the user out of Omni-Channel. Every change ends a row of
// UserServicePresence and, except for logging out, begins another.
func (o *Org) SetPresence(username, status string) error {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.activeUser(username)
	if user == nil {
		return fmt.Errorf("set presence: no active user %q", username)
	}
	held := o.store.find("ServicePresenceStatus", "DeveloperName", status)
	switch {
	case status != "" && held == nil:
		return fmt.Errorf("set presence of %s: no presence status %q", username, status)
	case status != "" && !o.mayUse(user, held):
		return fmt.Errorf("set presence of %s: no access to presence status %q", username, status)
	}
	o.endPresence(user)
	if held == nil {
		return nil
	}
	o.store.serial++
	o.store.insert("UserServicePresence", user.text("Id"), row{
		"Name": fmt.Sprintf("PS-%06d", o.store.serial), "UserId": user["Id"], "OwnerId": user["Id"], "ServicePresenceStatusId": held["Id"],
		"IsCurrentState": true, "IsAway": len(o.store.all("ServiceChannelStatus", "ServicePresenceStatusId", held.text("Id"))) == 0,
		"StatusStartDate": o.store.stamp(), "ConfiguredCapacity": 10.0, "AverageCapacity": 0.0,
	})
	return nil
}

// mayUse reports whether a status is enabled for a user, by profile or by
// permission set.
func (o *Org) mayUse(user, status row) bool {
	for _, set := range o.grants(user.text("Id")) {
		if o.statusGrant(set, status) != nil {
			return true
		}
	}
	return false
}

func (o *Org) endPresence(user row) {
	for _, r := range o.store.all("UserServicePresence", "UserId", user.text("Id")) {
		if r["IsCurrentState"] != true {
			continue
		}
		r["IsCurrentState"], r["StatusEndDate"] = false, o.store.stamp()
		o.store.touch(r, user.text("Id"))
		return
	}
}

// Presence returns the developer name of a user's current status, "" when the
// user is offline.
func (o *Org) Presence(username string) string {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.store.find("User", "Username", username)
	if user == nil {
		return ""
	}
	for _, r := range o.store.all("UserServicePresence", "UserId", user.text("Id")) {
		if r["IsCurrentState"] == true {
			return o.store.byID("ServicePresenceStatus", r.text("ServicePresenceStatusId")).text("DeveloperName")
		}
	}
	return ""
}

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
