package cxone

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	stateLoggedOut   = schema.StateLoggedOut
	stateAvailable   = schema.StateAvailable
	stateUnavailable = schema.StateUnavailable
)

// catalogue lists the ACD's states by id (VERIFIED).
func catalogue() []string {
	return []string{
		stateLoggedOut, stateAvailable, stateUnavailable,
		schema.StateInboundContact, schema.StateOutboundContact,
		schema.StateInboundConsult, schema.StateOutboundConsult,
		schema.StateDialer, "LoggedIn",
	}
}

// A presence is what an agent shows: a state, and for Unavailable the code.
// Negative out-states are the system's own reasons.
type presence struct {
	state    string
	outState int
	acw      bool // after-call work
	since    time.Time
	limit    time.Duration // how long it may last; 0 is for ever
}

func (t *Tenant) stateCatalogue(*call) reply {
	rows := []row{}
	for id, name := range catalogue() {
		rows = append(rows, row{"agentStateId": id, "agentStateName": name})
	}
	return ok(row{"agentStates": rows})
}

// stateRow is an agent's presence as the business unit's poll shows it.
func (t *Tenant) stateRow(p *person) row {
	held := t.store.shown(p)
	shown := row{
		"agentId": p.agentID, "userName": p.userName, "firstName": p.firstName, "lastName": p.lastName,
		"businessUnitId": t.businessUnit, "teamId": p.team.id, "teamName": p.team.name,
		"agentStateId": slices.Index(catalogue(), held.state), "agentStateName": held.state,
		"isACW": held.acw, "isActive": p.active,
		"outStateId": held.outState, "outStateDescription": t.reason(held),
		"isOutbound":   held.state == schema.StateOutboundContact,
		"openContacts": 0,
		"startDate":    timestamp(held.since), "lastUpdateTime": timestamp(held.since),
	}
	if schema.IsContactState(held.state) {
		shown["contactId"], shown["openContacts"] = p.contact, 1
	}
	if p.session != nil {
		shown["sessionStartTime"] = timestamp(p.session.started)
		shown["stationId"], shown["stationPhoneNumber"] = p.session.station.id, p.session.station.phone
	}
	return shown
}

// spelled writes a row of states as the tenant's version does.
func (t *Tenant) spelled(shown row) row {
	if !t.quirks.PascalCase {
		return shown
	}
	if shown["agentStateName"] == stateAvailable {
		for _, name := range []string{"outStateId", "outStateCode", "outStateDescription"} {
			if _, there := shown[name]; there {
				shown[name] = nil
			}
		}
	}
	pascal := make(row, len(shown))
	for name, value := range shown {
		pascal[strings.ToUpper(name[:1])+name[1:]] = value
	}
	return pascal
}

// listStates is the business unit's poll. Without a cursor, or with one from
// 1970, it shows every active agent, logged out or not (UNCERTAIN); with one,
// those whose presence changed since.
func (t *Tenant) listStates(c *call) reply {
	since, err := c.since()
	if err != nil {
		return refused(err)
	}
	changed := t.store.changed(since)
	if len(changed) == 0 {
		return t.noNews()
	}
	return page(c, listing[*person]{
		plural: "agentStates", items: changed, links: true,
		row:  func(p *person) row { return t.spelled(t.stateRow(p)) },
		head: row{"lastPollTime": timestamp(t.store.poll())},
	})
}

// noNews answers a poll that nothing has changed for.
func (t *Tenant) noNews() reply {
	if t.quirks.IdleNotModified {
		return empty(http.StatusNotModified)
	}
	return empty(http.StatusNoContent)
}

// cachedStates is the poll that NICE's own app makes: the same states, with the
// user's UUID, and the out-state under another name (VERIFIED).
func (t *Tenant) cachedStates(c *call) reply {
	since, err := c.since()
	if err != nil {
		return refused(err)
	}
	rows := []row{}
	for _, p := range t.store.changed(since) {
		shown := t.stateRow(p)
		shown["userId"], shown["outStateCode"] = p.userID, shown["outStateId"]
		delete(shown, "outStateId")
		rows = append(rows, t.spelled(shown))
	}
	if len(rows) == 0 {
		return t.noNews()
	}
	return ok(row{"resultSet": row{
		"lastPollTime": timestamp(t.store.poll()), "agentStates": only(c.query.Get("fields"), rows),
	}})
}

// statesOfAgent has its lastPollTime inside the row (VERIFIED).
func (t *Tenant) statesOfAgent(c *call) reply {
	p := t.store.agentBy(c.PathValue("agentId"))
	if p == nil {
		return refuse(http.StatusNotFound, "Invalid agentId")
	}
	since, err := c.since()
	if err != nil {
		return refused(err)
	}
	if !newer(t.store.shown(p).since, since) {
		return empty(http.StatusNoContent)
	}
	shown := t.stateRow(p)
	shown["lastPollTime"] = timestamp(t.store.poll())
	return ok(row{"agentStates": only(c.query.Get("fields"), []row{t.spelled(shown)})})
}

// setState is the administrative state change. Its parameters are in the
// query by the current description, in the body in older samples (VERIFIED);
// the statuses of its refusals are UNCERTAIN. 202 is accepted, not done: in a
// contact the change waits for the contact's end.
func (t *Tenant) setState(c *call) reply {
	p := t.store.agentBy(c.PathValue("agentId"))
	if p == nil || !p.active {
		return refuse(http.StatusNotFound, "Invalid agentId")
	}
	if p.presence.state == stateLoggedOut {
		return t.notLoggedIn()
	}
	values := c.query
	if values.Get("state") == "" {
		form, err := c.form()
		if err != nil {
			return refused(err)
		}
		values = form
	}
	next, err := t.wantedState(p, values)
	if err != nil {
		return refused(err)
	}
	t.impose(p, next)
	return empty(http.StatusAccepted)
}

func (t *Tenant) notLoggedIn() reply {
	if t.quirks.LoggedOutConflict {
		return refuse(http.StatusConflict, "Agent is not logged in")
	}
	return refuse(http.StatusNotFound, "Agent is not logged in")
}

// wantedState reads and checks a settable presence: Available, or Unavailable
// with a code.
func (t *Tenant) wantedState(p *person, values url.Values) (presence, error) {
	switch values.Get("state") {
	case stateAvailable:
		return presence{state: stateAvailable}, nil
	case stateUnavailable:
	default:
		return presence{}, errors.New("state must be Available or Unavailable")
	}
	if values.Get("outStateId") == "" { // the plain Unavailable (UNCERTAIN)
		return presence{state: stateUnavailable}, nil
	}
	id, err := strconv.Atoi(values.Get("outStateId"))
	held := t.store.codes.get(id)
	switch {
	case err != nil || held == nil || !held.active:
		return presence{}, errors.New("invalid outStateId")
	case !p.team.codes[id]:
		return presence{}, errors.New("the unavailable code is not assigned to the agent's team")
	case held.acw && !p.handling():
		return presence{}, conflict("an after-call-work code needs a contact")
	}
	return held.presence(), nil
}

// logOut ends an agent's session. 202 is what session calls answer (VERIFIED).
func (t *Tenant) logOut(c *call) reply {
	p := t.store.agentBy(c.PathValue("agentId"))
	if p == nil {
		return refuse(http.StatusNotFound, "Invalid agentId")
	}
	if p.presence.state == stateLoggedOut {
		return t.notLoggedIn()
	}
	t.logOff(p, remoteEnd(endRemote), t.store.now())
	return empty(http.StatusAccepted)
}
