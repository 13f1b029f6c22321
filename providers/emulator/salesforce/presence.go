package salesforce

import (
	"errors"
	"fmt"
	"time"
)

const presenceObject = "UserServicePresence"

// SetPresence puts a user into a presence status by its developer name, or
// with "" logs the user out of Omni-Channel, as the widget does. Every change
// ends a row of UserServicePresence and, except for logging out, begins
// another.
func (o *Org) SetPresence(username, status string) error {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.activeUser(username)
	if user == nil {
		return fmt.Errorf("set presence: no active user %q", username)
	}
	if status == "" {
		o.change(user, nil)
		return nil
	}
	held := o.store.find("ServicePresenceStatus", "DeveloperName", status)
	if held == nil {
		return fmt.Errorf("set presence of %s: no presence status %q", username, status)
	}
	return o.show(user, held)
}

// SetPresenceByID is SetPresence with the Ids that a console's own code knows
// its user and the statuses by, of 15 or 18 characters. Without a status it is
// an error: a console logs out by LogOutPresence.
func (o *Org) SetPresenceByID(userID, statusID string) error {
	o.store.Lock()
	defer o.store.Unlock()
	user, status := o.store.byID("User", userID), o.store.byID("ServicePresenceStatus", statusID)
	switch {
	case user == nil || user["IsActive"] != true:
		return fmt.Errorf("set presence: no active user %q", userID)
	case status == nil:
		return fmt.Errorf("set presence of %s: no presence status %q", userID, statusID)
	}
	return o.show(user, status)
}

// LogOutPresence logs a user out of Omni-Channel. Who is out stays out.
func (o *Org) LogOutPresence(userID string) error {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.store.byID("User", userID)
	if user == nil {
		return fmt.Errorf("log out: no user %q", userID)
	}
	o.change(user, nil)
	return nil
}

// SetWorkload tells how much of a user's capacity is in use. It changes a row
// of the current presence without any change of presence: the noise among the
// change events.
func (o *Org) SetWorkload(username string, average float64) error {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.activeUser(username)
	if user == nil {
		return fmt.Errorf("set workload: no active user %q", username)
	}
	r := o.presenceRow(user.text("Id"))
	if r == nil {
		return fmt.Errorf("set workload of %s: logged out", username)
	}
	o.amend(r, user.text("Id"), row{"AverageCapacity": average})
	return nil
}

// SwitchSite is what a site switch or a recovery does to presence (VERIFIED:
// all agents are logged out, and what was known of presence must be discarded).
// Nobody is told: no change event is captured, the streams end, and the replay
// ids given out before are valid no more (INVENTED, the hardest reading).
func (o *Org) SwitchSite() {
	o.store.Lock()
	defer o.store.Unlock()
	for _, user := range o.store.rows("User") {
		if r := o.presenceRow(user.text("Id")); r != nil {
			o.set(r, user.text("Id"), o.ended(r))
		}
	}
	clear(o.presences)
	o.bus.forget()
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
	r := o.presenceRow(user.text("Id"))
	if r == nil {
		return ""
	}
	return o.store.byID("ServicePresenceStatus", r.text("ServicePresenceStatusId")).text("DeveloperName")
}

// show changes a user's presence if the status is enabled for the user.
func (o *Org) show(user, status row) error {
	if !o.mayUse(user, status) {
		return fmt.Errorf("set presence of %s: %w to presence status %q", user.text("Username"), errNoAccess, status.text("DeveloperName"))
	}
	o.change(user, status)
	return nil
}

var errNoAccess = errors.New("no access")

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

// change ends the interval that a user is in, if any, and begins one in the
// status; nil is logged out. Both are one transaction (UNCERTAIN).
func (o *Org) change(user, status row) {
	id := user.text("Id")
	o.bus.begin()
	if held := o.presenceRow(id); held != nil {
		o.amend(held, id, o.ended(held))
		delete(o.presences, id)
	}
	if status == nil {
		return
	}
	o.store.serial++
	r := o.store.insert(presenceObject, id, row{
		"Name": fmt.Sprintf("PS-%06d", o.store.serial), "UserId": id, "OwnerId": id, "ServicePresenceStatusId": status["Id"],
		"IsCurrentState": true, "IsAway": len(o.store.all("ServiceChannelStatus", "ServicePresenceStatusId", status.text("Id"))) == 0,
		"StatusStartDate": o.store.stamp(), "ConfiguredCapacity": 10.0, "AverageCapacity": 0.0,
	})
	o.presences[id] = r.text("Id")
	o.capture(presenceObject, "CREATE", id, r, nil)
	o.prune(maxIntervals)
}

// maxIntervals is how many intervals that ended are kept at most: an org keeps
// all, but a busy emulator should not fill its machine.
const maxIntervals = 250_000

// prune drops the oldest intervals that ended when there are a quarter too many,
// so that it is not much work for any one change.
func (o *Org) prune(most int) {
	over := len(o.store.rows(presenceObject)) - len(o.presences) - most
	if over <= most/4 {
		return
	}
	o.store.remove(presenceObject, func(r row) bool {
		if over == 0 || r["IsCurrentState"] == true {
			return false
		}
		over--
		return true
	})
}

// ended is what the end of an interval changes in its row.
func (o *Org) ended(r row) row {
	values := row{"IsCurrentState": false, "StatusEndDate": o.store.stamp()}
	if began, err := time.Parse(stampLayout, r.text("StatusStartDate")); err == nil {
		values["StatusDuration"] = int(o.options.Now().Sub(began) / time.Second)
	}
	return values
}

// presenceRow is the row of a user's current interval, nil when logged out.
// Rows are remembered by Id, because a deploy that is undone replaces them.
func (o *Org) presenceRow(userID string) row {
	r := o.store.byID(presenceObject, o.presences[userID])
	if r == nil || r["IsCurrentState"] != true {
		return nil
	}
	return r
}

// amend changes a row of presence and captures what became different.
func (o *Org) amend(r row, by string, values row) {
	changed := o.set(r, by, values)
	o.capture(presenceObject, "UPDATE", by, r, changed)
}

// set changes a row in place and names what became different. No text that an
// index may hold changes, but for who did it: with a hundred thousand agents,
// an index dropped at every change would be most of the work.
func (o *Org) set(r row, by string, values row) (changed []string) {
	for name, value := range values {
		if r[name] != value {
			r[name] = value
			changed = append(changed, name)
		}
	}
	if r.text("LastModifiedById") != by {
		o.store.touch(r, by)
		return append(changed, "LastModifiedById", "LastModifiedDate")
	}
	r["LastModifiedDate"], r["SystemModstamp"] = o.store.stamp(), o.store.stamp()
	o.store.writes++
	return append(changed, "LastModifiedDate")
}
