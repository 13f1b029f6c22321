package cxone

import (
	"strconv"
	"time"
)

// An event is what an agent's app is told. Every value is a string, numbers
// and truths too (VERIFIED); only NextStates is a list, of such objects.
type event map[string]any

// Why a session ended that its own app did not end (VERIFIED).
const (
	endRemote  = "RemoteLogoff"
	endTimeout = "SessionTimeout"
)

// newEvent makes an event of a type with what all events have.
func newEvent(kind string) event {
	return event{"Type": kind, "IISHost": "emulator", "VCHost": "emulator"}
}

func truth(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// sessionStart tells an app where it has logged in. SessionId is not what
// calls take (VERIFIED).
func (t *Tenant) sessionStart(s *agentSession) event {
	e := newEvent("AgentSessionStart")
	for name, value := range map[string]string{
		"BusNo": strconv.Itoa(t.businessUnit), "AgentId": strconv.Itoa(s.agent.agentID), "AgentUUId": s.agent.userID,
		"SessionId": strconv.Itoa(s.number), "StationId": s.station.id, "StationPhoneNumber": s.station.phone,
		"StationCallerId": "", "DialerCampaign": "", "DialerCampaignStartTime": "",
		"SupervisorPermissionLevel": "0", "ClientConnectorPort": "0", "MaxConcurrentChats": "1",
		"CanMask": truth(false), "CanRecord": truth(false), "CanMultiPartyConference": truth(false),
		"AgentSchedulePermission": truth(false), "ScoreRecordingsPermission": truth(false),
		"HideAgentStatePermission": truth(false), "EnabledForMCH": truth(false), "UseCustomerCard": truth(false),
		"EntityMode": truth(false),
	} {
		e[name] = value
	}
	return e
}

// stateEvent tells what an agent shows, and what has been chosen for later.
func (t *Tenant) stateEvent(p *person) event {
	e := newEvent("AgentState")
	e["CurrentState"], e["CurrentOutReason"] = p.presence.state, t.reason(p.presence)
	e["StartTimeUTC"] = timestamp(p.presence.since)
	e["IsAcw"], e["AcwTimeout"] = truth(p.presence.acw), "0"
	if p.presence.acw {
		e["AcwTimeout"] = strconv.Itoa(int(p.presence.limit / time.Second))
	}
	next := []map[string]string{}
	if p.next != nil {
		next = append(next, map[string]string{"State": p.next.state, "OutReason": t.reason(*p.next)})
	}
	e["NextStates"], e["NextIsAcw"] = next, truth(p.next != nil && p.next.acw)
	return e
}

// reason is the name of a presence's out-state: a code's, the system's own, or
// none.
func (t *Tenant) reason(shown presence) string {
	if shown.outState == outStateRefused {
		return "Refused"
	}
	if held := t.store.codes.get(shown.outState); held != nil {
		return held.name
	}
	return ""
}

// announce tells an agent's app what the agent shows.
func (t *Tenant) announce(p *person) {
	if p.session != nil && p.session.followed {
		p.session.tell(t.stateEvent(p))
	}
}

// legEvent tells of the telephone leg.
func (s *agentSession) legEvent(status string, final bool) event {
	e := newEvent("AgentLeg")
	e["AgentLegId"], e["Status"], e["FinalState"] = strconv.Itoa(s.leg), status, truth(final)
	return e
}

// ownEnd is the last event of a session that its app ended.
func ownEnd() event {
	e := newEvent("AgentSessionEnd")
	e["Success"], e["Message"] = truth(true), ""
	return e
}

// remoteEnd is the last event of a session that something else ended.
func remoteEnd(why string) event {
	e := newEvent("RemoteAgentSessionEnd")
	e["Message"] = why
	return e
}

// tellCodes tells the apps of a team's agents to read the team's codes anew.
func (t *Tenant) tellCodes(of *team) {
	for _, s := range t.store.desks {
		if !s.ended && s.agent.team == of {
			s.tell(newEvent("UpdateUnavailableCodes"))
		}
	}
}
