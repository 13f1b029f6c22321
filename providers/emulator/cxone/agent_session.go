package cxone

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"
)

const (
	// defaultIdle is how long a session lives without a call when its start
	// does not say (UNCERTAIN; clients send 100 to 300 seconds).
	defaultIdle = 300 * time.Second
	// remembered is how long an ended session is told from one that never was
	// (UNCERTAIN).
	remembered = 10 * time.Minute
)

// An agentSession is one agent's log-in to the ACD. An agent has at most one,
// and has one exactly while not logged out.
//
// Events are numbered, and the id that a client holds says how many it has
// had: a poll with an id is the receipt for what that id's answer carried, and
// a lost answer is given again. That is why the id changes with every answer
// that has events (VERIFIED that it may change; how it is made is ours).
type agentSession struct {
	key     string // what all the session's ids begin with
	number  int    // its SessionId in events, which no call takes
	agent   *person
	users   map[*person]bool // who may use it: its agent, and who started or joined it for them
	started time.Time
	station station
	leg     int // the telephone leg that is up; 0 is none
	ended   bool

	idle  time.Duration // how long it lives without a call; 0 is for ever, as nobody calls
	force bool          // idleness ends it during a contact, too
	quiet *alarm

	followed bool    // an app has started or joined it: events are kept
	events   []event // those that nobody has given a receipt for
	total    int     // of events, with those that are gone
	news     chan struct{}
}

// A station is where an agent's telephone is.
type station struct{ id, phone string }

// newAgentSession makes a session that no app follows yet.
func (t *Tenant) newAgentSession(p *person, at time.Time) *agentSession {
	t.store.logins++
	sum := digest(t.id, "agent-session", strconv.Itoa(t.store.logins))
	s := &agentSession{
		key: string(sum[:8]), number: 71000000 + t.store.logins, agent: p,
		users: map[*person]bool{p: true}, started: t.store.stampAt(at), news: make(chan struct{}),
	}
	t.store.desks[s.key] = s
	return s
}

// id is the session's id for whoever has had so many of its events. It ends in
// two equals signs, which NICE's client leaves in paths as they are (VERIFIED).
func (s *agentSession) id(had int) string {
	return base64.URLEncoding.EncodeToString(binary.BigEndian.AppendUint64([]byte(s.key), uint64(had)))
}

// sessionBy finds a session and the number of events had by one of its ids; nil
// when no session ever had that id.
func (s *store) sessionBy(id string) (found *agentSession, had int) {
	raw, err := base64.URLEncoding.DecodeString(id)
	if err != nil || len(raw) != 16 {
		return nil, 0
	}
	found = s.desks[string(raw[:8])]
	count := binary.BigEndian.Uint64(raw[8:])
	if found == nil || count > uint64(found.total) {
		return nil, 0
	}
	return found, int(count)
}

// tell adds events to a session and wakes who waits for them. Without an app
// nobody would ever fetch them.
func (s *agentSession) tell(events ...event) {
	if s == nil || !s.followed {
		return
	}
	s.events = append(s.events, events...)
	s.total += len(events)
	close(s.news)
	s.news = make(chan struct{})
}

// since takes an id's receipt and returns the events after it.
func (s *agentSession) since(had int) []event {
	first := s.total - len(s.events)
	if had > first {
		s.events = s.events[had-first:]
	}
	return s.events
}

// touch puts off the end of a session that a client uses, and will go on using
// for a while.
func (t *Tenant) touch(s *agentSession, more time.Duration) {
	t.store.alarms.stop(s.quiet)
	if s.idle > 0 && !s.ended {
		s.quiet = t.store.alarms.set(t.store.now().Add(more+s.idle), func(at time.Time) { t.fallSilent(s, at) })
	}
}

// fallSilent logs out the agent of a session that nobody calls. Without force a
// contact is let go on (UNCERTAIN).
func (t *Tenant) fallSilent(s *agentSession, at time.Time) {
	if s.agent.inContact() && !s.force {
		s.quiet = t.store.alarms.set(at.Add(s.idle), func(at time.Time) { t.fallSilent(s, at) })
		return
	}
	t.logOff(s.agent, remoteEnd(endTimeout), at)
}

// follow lets an app have the session's events from now on, beginning with how
// things are, and returns the id to ask with.
func (t *Tenant) follow(s *agentSession, user *person) string {
	s.followed, s.users[user] = true, true
	had := s.total
	s.tell(t.sessionStart(s))
	if s.leg != 0 {
		s.tell(s.legEvent("Active", false))
	}
	return s.id(had)
}

// endSession ends a session that its agent has been taken from.
func (t *Tenant) endSession(s *agentSession, last event, at time.Time) {
	t.hangUp(s)
	s.ended = true
	s.tell(last)
	t.store.alarms.stop(s.quiet)
	t.store.alarms.set(at.Add(remembered), func(time.Time) { delete(t.store.desks, s.key) })
}

// dial brings the telephone leg up, where it is not. A contact does so by
// itself (UNCERTAIN).
func (t *Tenant) dial(s *agentSession) {
	if s == nil || s.leg != 0 {
		return
	}
	t.store.contacts++
	s.leg = t.store.contacts
	s.tell(s.legEvent("Dialing", false), s.legEvent("Active", false))
}

// hangUp takes the telephone leg down, where it is up.
func (t *Tenant) hangUp(s *agentSession) {
	if s.leg != 0 {
		s.tell(s.legEvent("Disconnected", true))
		s.leg = 0
	}
}
