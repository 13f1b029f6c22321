package cxone

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// These are the calls of an agent's own app, with the agent's own token.

func agentSessionRoutes() []route {
	list := []route{
		{pattern: "POST agent-sessions", handle: (*Tenant).startSession},
		{pattern: "POST agent-sessions/join", handle: (*Tenant).joinSession},
		{pattern: "DELETE agent-sessions/{sessionId}", handle: (*Tenant).leaveSession},
		{pattern: "GET agent-sessions/{sessionId}/get-next-event", handle: (*Tenant).nextEvent},
		{pattern: "POST agent-sessions/{sessionId}/state", handle: (*Tenant).setSessionState},
		{pattern: "POST agent-sessions/{sessionId}/agent-phone/dial", handle: (*Tenant).dialLeg},
		{pattern: "POST agent-sessions/{sessionId}/agent-phone/end", handle: (*Tenant).endLeg},
	}
	for i := range list {
		list[i].needs = PermissionAgentSessions
	}
	return list
}

// parameters are a call's simple values: the description puts them in the
// query, NICE's own client in a JSON body labelled as text (VERIFIED), and
// samples in a form.
func (c *call) parameters() (url.Values, error) {
	values, err := c.form()
	if err != nil {
		return nil, err
	}
	maps.Copy(values, c.query)
	return values, nil
}

// agentFor returns the agent whom a call is for: the caller, or whom asAgentId
// names (UNCERTAIN what right that takes).
func (t *Tenant) agentFor(c *call, values url.Values) (*person, *reply) {
	id := values.Get("asAgentId")
	if id == "" || id == "0" {
		if c.caller.agentID == 0 {
			a := refuse(http.StatusForbidden, "the caller is not an agent")
			return nil, &a
		}
		return c.caller, nil
	}
	p := t.store.agentBy(id)
	if p == nil || !p.active {
		a := refuse(http.StatusNotFound, "Invalid asAgentId")
		return nil, &a
	}
	return p, nil
}

// startSession logs an agent in (VERIFIED: 202; 409 when the agent already is).
func (t *Tenant) startSession(c *call) reply {
	values, err := c.parameters()
	if err != nil {
		return refused(err)
	}
	p, refusal := t.agentFor(c, values)
	if refusal != nil {
		return *refusal
	}
	at := station{id: values.Get("stationId"), phone: values.Get("stationPhoneNumber")}
	idle, valid := idleTime(values.Get("inactivityTimeout"))
	switch {
	case at == station{}: // that neither is refused is UNCERTAIN
		return refuse(http.StatusBadRequest, "stationId or stationPhoneNumber is required")
	case !valid:
		return refuse(http.StatusBadRequest, "inactivityTimeout is not a number of seconds")
	case p.session != nil:
		return refuse(http.StatusConflict, "the agent already has a session")
	}
	s := t.logOn(p, t.store.now())
	s.station, s.idle = at, idle
	s.force = strings.EqualFold(values.Get("inactivityForceLogout"), "true")
	t.touch(s, 0)
	id := t.follow(s, c.caller)
	loggedIn := t.stateEvent(p)
	loggedIn["CurrentState"], loggedIn["CurrentOutReason"] = "LoggedIn", ""
	s.tell(loggedIn, t.stateEvent(p))
	return accepted(row{"sessionId": id})
}

// longestIdle bounds an inactivityTimeout (UNCERTAIN; the vendor's limits are
// not known).
const longestIdle = 24 * time.Hour

// idleTime reads an inactivityTimeout in seconds.
func idleTime(text string) (time.Duration, bool) {
	if text == "" {
		return defaultIdle, true
	}
	seconds, err := strconv.Atoi(text)
	switch {
	case err != nil || seconds < 0 || seconds > int(longestIdle/time.Second):
		return 0, false
	case seconds == 0:
		return defaultIdle, true
	}
	return time.Duration(seconds) * time.Second, true
}

// joinSession gives an app the session that its agent has; 404 when there is
// none (UNCERTAIN).
func (t *Tenant) joinSession(c *call) reply {
	values, err := c.parameters()
	if err != nil {
		return refused(err)
	}
	p, refusal := t.agentFor(c, values)
	if refusal != nil {
		return *refusal
	}
	s := p.session
	if s == nil {
		return refuse(http.StatusNotFound, "the agent has no session")
	}
	if s.idle == 0 {
		s.idle = defaultIdle
	}
	t.touch(s, 0)
	id := t.follow(s, c.caller)
	s.tell(t.stateEvent(p))
	return accepted(row{"sessionId": id})
}

// session returns the live session that a call's path names, and how many of
// its events the client has had: 404 for one that never was, 409 for one that
// has ended (VERIFIED for get-next-event), 403 for somebody else's (UNCERTAIN).
func (c *call) session() (s *agentSession, had int, refusal *reply) {
	s, had = c.tenant.store.sessionBy(c.PathValue("sessionId"))
	var a reply
	switch {
	case s == nil:
		a = refuse(http.StatusNotFound, "there is no such session")
	case !s.users[c.caller]:
		a = refuse(http.StatusForbidden, "the session is another agent's")
	case s.ended:
		a = refuse(http.StatusConflict, "the session has ended")
	default:
		c.tenant.touch(s, 0)
		return s, had, nil
	}
	return s, had, &a
}

// leaveSession logs the agent out. During a contact it takes forceLogoff or
// endContacts (UNCERTAIN). NICE's client needs a body in the answer (VERIFIED).
func (t *Tenant) leaveSession(c *call) reply {
	s, _, refusal := c.session()
	if refusal != nil {
		return *refusal
	}
	values, err := c.parameters()
	if err != nil {
		return refused(err)
	}
	forced := strings.EqualFold(values.Get("forceLogoff"), "true") || strings.EqualFold(values.Get("endContacts"), "true")
	if s.agent.inContact() && !forced {
		return refuse(http.StatusConflict, "the agent is handling a contact")
	}
	t.logOff(s.agent, ownEnd(), t.store.now())
	return accepted(row{})
}

// setSessionState is an agent's own choice of a state, by a code's name.
func (t *Tenant) setSessionState(c *call) reply {
	s, _, refusal := c.session()
	if refusal != nil {
		return *refusal
	}
	values, err := c.parameters()
	if err != nil {
		return refused(err)
	}
	switch values.Get("state") {
	case stateAvailable:
		t.choose(s.agent, presence{state: stateAvailable})
		return accepted(row{})
	case stateUnavailable:
	default:
		return refuse(http.StatusBadRequest, "state must be Available or Unavailable")
	}
	next := t.presenceNamed(s.agent, values.Get("reason"))
	if next.acw && !s.agent.handling() {
		return refuse(http.StatusConflict, "an after-call-work code needs a contact")
	}
	t.choose(s.agent, next)
	return accepted(row{})
}

// presenceNamed is Unavailable with the code that an agent's team has under
// exactly that name. A reason that is no code's name is taken, but lost: the
// agent is unavailable for no known reason (VERIFIED for reports).
func (t *Tenant) presenceNamed(p *person, reason string) presence {
	held := t.store.codes.named(reason)
	if held == nil || held.name != reason || !held.active || !p.team.codes[held.id] {
		return presence{state: stateUnavailable}
	}
	return held.presence()
}

// handling reports whether after-call-work codes are open to an agent.
func (p *person) handling() bool { return schema.IsContactState(p.presence.state) || p.presence.acw }

func (t *Tenant) dialLeg(c *call) reply {
	s, _, refusal := c.session()
	if refusal != nil {
		return *refusal
	}
	t.dial(s)
	return accepted(row{})
}

func (t *Tenant) endLeg(c *call) reply {
	s, _, refusal := c.session()
	if refusal != nil {
		return *refusal
	}
	t.hangUp(s)
	return accepted(row{})
}
