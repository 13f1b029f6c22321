package cxone

import (
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// This file is the one place where agents' presences change, whoever asks:
// the agent's own app, an administrator, a contact, or the clock.

// outStateRefused is the system's out-state of an agent who let a contact ring
// (VERIFIED); no code has a negative number.
const outStateRefused = -1

// inContact reports whether an agent is handling a contact.
func (p *person) inContact() bool { return schema.IsContactState(p.presence.state) }

// show makes a presence an agent's as of a time, and tells the agent's app.
func (t *Tenant) show(p *person, next presence, at time.Time) {
	t.store.alarms.stop(p.limit)
	p.limit = nil
	next.since = t.store.stampAt(at)
	t.store.remember(p)
	p.presence = next
	t.store.timeline.place(p)
	if next.limit > 0 {
		p.limit = t.store.alarms.set(at.Add(next.limit), func(at time.Time) { t.timeOut(p, at) })
	}
	t.announce(p)
}

// timeOut ends a presence that has lasted as long as it may: after-call work
// gives way to what comes next, any other code logs its agent out (VERIFIED).
func (t *Tenant) timeOut(p *person, at time.Time) {
	if p.presence.acw {
		t.resume(p, at)
		return
	}
	t.logOff(p, remoteEnd(endTimeout), at)
}

// choose is an agent's own choice of a presence. During a contact it waits for
// the contact's end (VERIFIED); in after-call work it ends that work.
func (t *Tenant) choose(p *person, next presence) {
	if p.inContact() {
		t.queue(p, next)
		return
	}
	p.next = nil
	t.show(p, next, t.store.now())
}

// impose is an administrator's choice for an agent. It waits for after-call
// work as well (UNCERTAIN for this call).
func (t *Tenant) impose(p *person, next presence) {
	if p.presence.acw && !next.acw {
		t.queue(p, next)
		return
	}
	t.choose(p, next)
}

// queue keeps a presence for later. A later one replaces it.
func (t *Tenant) queue(p *person, next presence) {
	p.next = &next
	t.announce(p)
}

// begin gives an agent a contact.
func (t *Tenant) begin(p *person, c Contact, after presence) {
	if !p.inContact() && !p.presence.acw {
		p.before = p.presence
	}
	if p.before.outState < 0 { // an agent who refused and then takes one was made available
		p.before = presence{state: stateAvailable}
	}
	p.after = nil
	if c.AfterCallWork {
		p.after = &after
	}
	t.store.contacts++
	p.contact = t.store.contacts
	t.dial(p.session)
	t.show(p, presence{state: c.State}, t.store.now())
}

// end ends an agent's contact: in after-call work where that follows, an
// after-call-work code that was chosen during the contact going first.
func (t *Tenant) end(p *person, at time.Time) {
	switch {
	case p.next != nil && p.next.acw:
		next := *p.next
		p.next = nil
		t.show(p, next, at)
	case p.after != nil:
		t.show(p, *p.after, at)
	default:
		t.resume(p, at)
	}
}

// resume puts an agent who has done with a contact into what was chosen
// meanwhile, or else back to what was before the contact: Available for whoever
// was routed one (SECONDARY), UNCERTAIN for others.
func (t *Tenant) resume(p *person, at time.Time) {
	next := p.before
	if next.state == "" || next.state == stateLoggedOut {
		next = presence{state: stateAvailable}
	}
	if p.next != nil {
		next = *p.next
	}
	p.next = nil
	t.show(p, next, at)
}

// logOn logs an agent in with a new session. Agents begin in the code
// Unavailable (VERIFIED), after a moment of LoggedIn that only the agent's app
// sees (SECONDARY).
func (t *Tenant) logOn(p *person, at time.Time) *agentSession {
	p.session = t.newAgentSession(p, at)
	first := presence{state: stateUnavailable}
	if held := t.store.codes.named(stateUnavailable); held != nil && held.active && p.team.codes[held.id] {
		first = held.presence()
	}
	p.before, p.next, p.after = presence{}, nil, nil
	t.show(p, first, at)
	return p.session
}

// logOff ends an agent's session, contact or not, and says so last.
func (t *Tenant) logOff(p *person, last event, at time.Time) {
	s := p.session
	p.session, p.next, p.after, p.before = nil, nil, nil, presence{}
	t.show(p, presence{state: stateLoggedOut}, at)
	if s != nil {
		t.endSession(s, last, at)
	}
}

// presence is what an agent in this code shows.
func (c *code) presence() presence {
	return presence{
		state: stateUnavailable, outState: c.id, acw: c.acw,
		limit: time.Duration(c.timeout) * time.Minute,
	}
}
