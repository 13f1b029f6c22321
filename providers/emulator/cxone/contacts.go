package cxone

import (
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// This file is what happens to agents, and what they do in their own app, by
// hand: no part of it is an API of the vendor.

// A Contact is a call or a consult that an agent handles.
type Contact struct {
	// State is the contact state that it brings; InboundContact when empty.
	State string
	// AfterCallWork says that after-call work follows.
	AfterCallWork bool
	// Code names the code of the after-call work; it may have none.
	Code string
	// Limit is how long the after-call work may take. 0 is the code's own
	// time-out, or until the agent is done.
	Limit time.Duration
}

// agentNamed returns an agent, with all that the clock has done so far.
func (t *Tenant) agentNamed(doing, userName string) (*person, error) {
	t.catchUp()
	held := t.store.people.named(userName)
	if held == nil || held.agentID == 0 {
		return nil, fmt.Errorf("%s: there is no agent %q", doing, userName)
	}
	return held, nil
}

// loggedIn is agentNamed for what takes somebody who is logged in.
func (t *Tenant) loggedIn(doing, userName string) (*person, error) {
	p, err := t.agentNamed(doing, userName)
	if err == nil && p.session == nil {
		return nil, fmt.Errorf("%s: %s is not logged in", doing, userName)
	}
	return p, err
}

// BeginContact gives an agent who is logged in a contact, whatever the agent
// shows: transfers and outbound calls do not ask. One that is under way becomes
// another.
func (t *Tenant) BeginContact(userName string, c Contact) error {
	t.store.Lock()
	defer t.store.Unlock()
	const doing = "begin contact"
	p, err := t.loggedIn(doing, userName)
	if err != nil {
		return err
	}
	if c.State == "" {
		c.State = schema.StateInboundContact
	}
	if !slices.Contains(schema.ContactStates(), c.State) {
		return fmt.Errorf("%s: %q is no contact state", doing, c.State)
	}
	after := presence{state: stateUnavailable, acw: true}
	if c.Code != "" {
		held := t.store.codes.named(c.Code)
		if held == nil || !held.acw {
			return fmt.Errorf("%s: %q is no code for after-call work", doing, c.Code)
		}
		after = held.presence()
	}
	if c.Limit > 0 {
		after.limit = c.Limit
	}
	t.begin(p, c, after)
	return nil
}

// EndContact ends an agent's contact: in after-call work, in what was chosen
// during the contact, or back where the agent was.
func (t *Tenant) EndContact(userName string) error {
	t.store.Lock()
	defer t.store.Unlock()
	p, err := t.loggedIn("end contact", userName)
	if err != nil {
		return err
	}
	if !p.inContact() {
		return fmt.Errorf("end contact: %s has none", userName)
	}
	t.end(p, t.store.now())
	return nil
}

// EndAfterCallWork is an agent who is done with after-call work.
func (t *Tenant) EndAfterCallWork(userName string) error {
	t.store.Lock()
	defer t.store.Unlock()
	p, err := t.loggedIn("end after-call work", userName)
	if err != nil {
		return err
	}
	if !p.presence.acw {
		return fmt.Errorf("end after-call work: %s is not in it", userName)
	}
	t.resume(p, t.store.now())
	return nil
}

// RefuseContact lets a contact ring that an available agent does not take: the
// system makes the agent unavailable, with an out-state of its own.
func (t *Tenant) RefuseContact(userName string) error {
	t.store.Lock()
	defer t.store.Unlock()
	p, err := t.loggedIn("refuse contact", userName)
	if err != nil {
		return err
	}
	if p.presence.state != stateAvailable {
		return fmt.Errorf("refuse contact: %s is %s, and gets none", userName, p.presence.state)
	}
	t.show(p, presence{state: stateUnavailable, outState: outStateRefused}, t.store.now())
	return nil
}

// SetPresence moves an agent by hand, where code names the unavailable code,
// if any: it logs in and out, and begins and ends contacts. A contact that ends
// in Available ends in the state that was asked for during it, if one was.
func (t *Tenant) SetPresence(userName, state, code string) error {
	t.store.Lock()
	defer t.store.Unlock()
	const doing = "set presence"
	p, err := t.agentNamed(doing, userName)
	if err != nil {
		return err
	}
	if !slices.Contains(catalogue(), state) {
		return fmt.Errorf("%s: there is no state %q", doing, state)
	}
	next := presence{state: state}
	if code != "" {
		held := t.store.codes.named(code)
		if held == nil {
			return fmt.Errorf("%s: there is no code %q", doing, code)
		}
		next.outState, next.acw, next.limit = held.id, held.acw, held.presence().limit
	}
	t.force(p, next)
	return nil
}

// A Presence is what an agent shows.
type Presence struct {
	State  string
	Reason string // the code's name, Refused, or none
	ACW    bool
	Since  time.Time
}

// Presence returns what an agent shows; the zero value for who is no agent.
func (t *Tenant) Presence(userName string) Presence {
	t.store.Lock()
	defer t.store.Unlock()
	p, err := t.agentNamed("presence", userName)
	if err != nil {
		return Presence{}
	}
	return Presence{State: p.presence.state, Reason: t.reason(p.presence), ACW: p.presence.acw, Since: p.presence.since}
}

// force brings an agent to a presence from wherever the agent is.
func (t *Tenant) force(p *person, next presence) {
	now := t.store.now()
	switch {
	case next.state == stateLoggedOut:
		t.logOff(p, remoteEnd(endRemote), now)
		return
	case p.session == nil:
		t.logOn(p, now)
	}
	switch {
	case schema.IsContactState(next.state):
		t.begin(p, Contact{State: next.state}, presence{})
	case next.state == stateAvailable && p.inContact():
		p.before = next
		t.end(p, now)
	default:
		p.next = nil
		t.show(p, next, now)
	}
}
