package cxone

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// A store holds everything the tenant knows. Its lock is held for one call at
// a time; no handler waits while it holds it.
type store struct {
	sync.Mutex
	now      func() time.Time
	polled   time.Time // the latest lastPollTime given out
	serial   int       // makes ids of things that have no name to derive one from
	teams    *index[int, team]
	codes    *index[int, code]
	people   *index[string, person]
	agents   map[int]*person // those people who are agents, by agent id
	keys     *index[string, accessKey]
	denied   map[Permission]bool
	throttle throttle
	window   window

	timeline timeline
	tick     time.Duration // see [Quirks.Tick]
	behind   time.Duration // see [Quirks.StatesBehind]

	alarms   alarms
	desks    map[string]*agentSession // agents' sessions by key, with those that ended of late
	logins   int                      // numbers agents' sessions
	contacts int                      // numbers contacts

	environments *index[string, environment]
	mappings     *index[string, mapping]
	rules        *index[string, rule]
	listed       []listedUser // what the last Get CXone Users found
}

// A team is a team of agents.
type team struct {
	id      int
	uuid    string
	name    string
	codes   map[int]bool // the unavailable codes its agents may pick
	updated time.Time
}

// A code is an unavailable code of the business unit's catalogue.
type code struct {
	id      int
	name    string
	active  bool
	acw     bool
	timeout int // minutes
	notes   string
	updated time.Time
}

// A person is a UserHub user, and an ACD agent unless agentID is 0.
type person struct {
	userID              string
	agentID             int
	userName, email     string
	firstName, lastName string
	federation          string
	team                *team // nil for who is no agent
	profileID           int
	active              bool
	updated             time.Time

	presence presence
	next     *presence  // chosen during a contact or after-call work, for when they end
	before   presence   // what the contact under way interrupted
	after    *presence  // the after-call work of the contact under way, if any
	contact  int        // the latest contact
	limit    *alarm     // when the presence times out
	past     []presence // what replicas that are behind still show, the oldest first
	earlier  *person    // in the timeline
	later    *person
	session  *agentSession
}

// An accessKey signs a back-end integration in as a person.
type accessKey struct {
	id, secret string
	owner      *person
	active     bool
	lastUsed   time.Time
}

func newStore(now func() time.Time) *store {
	return &store{
		now:    now,
		denied: map[Permission]bool{},
		agents: map[int]*person{},

		desks:    map[string]*agentSession{},
		contacts: firstContact,

		teams:  newIndex(func(r *team) (int, string) { return r.id, r.name }),
		codes:  newIndex(func(r *code) (int, string) { return r.id, r.name }),
		people: newIndex(func(r *person) (string, string) { return r.userID, r.userName }),
		keys:   newIndex(func(r *accessKey) (string, string) { return r.id, r.id }),

		environments: newIndex(func(r *environment) (string, string) { return r.id, r.name }),
		mappings:     newIndex(func(r *mapping) (string, string) { return r.id, r.environment.id }),
		rules:        newIndex(func(r *rule) (string, string) { return r.id, r.name }),
	}
}

// stamp is the time of a change. It is always later than any lastPollTime
// given out, so that a client which polls with the server's cursor misses
// nothing, even when the clock stands still, unless [Quirks.Tick] says otherwise.
func (s *store) stamp() time.Time { return s.stampAt(s.now()) }

// stampAt is the time of a change that happened at a time not long ago.
func (s *store) stampAt(at time.Time) time.Time {
	if s.tick > 0 {
		return at.Truncate(s.tick)
	}
	at = at.Truncate(time.Millisecond)
	if at.After(s.polled) {
		return at
	}
	return s.polled.Add(time.Millisecond)
}

// poll returns the cursor of an answer given now.
func (s *store) poll() time.Time {
	s.polled = s.stamp()
	return s.polled
}

// codesOf lists a team's codes in the catalogue's order.
func (s *store) codesOf(t *team) []*code {
	if len(t.codes) == 0 {
		return nil
	}
	list := make([]*code, 0, len(t.codes))
	for id := range t.codes {
		list = append(list, s.codes.get(id))
	}
	slices.SortFunc(list, func(a, b *code) int { return a.id - b.id })
	return list
}

// An index keeps rows in order of creation and finds them by id, and by name
// without regard to case: two names that differ in case alone are one
// (UNCERTAIN).
type index[K comparable, R any] struct {
	rows   []*R
	byID   map[K]*R
	byName map[string]*R
	keys   func(*R) (K, string)
}

func newIndex[K comparable, R any](keys func(*R) (K, string)) *index[K, R] {
	return &index[K, R]{byID: map[K]*R{}, byName: map[string]*R{}, keys: keys}
}

func (x *index[K, R]) get(id K) *R { return x.byID[id] }

func (x *index[K, R]) named(name string) *R { return x.byName[strings.ToLower(name)] }

func (x *index[K, R]) add(r *R) {
	id, name := x.keys(r)
	x.rows = append(x.rows, r)
	x.byID[id], x.byName[strings.ToLower(name)] = r, r
}

// change lets edit change a row's name.
func (x *index[K, R]) change(r *R, edit func()) {
	_, before := x.keys(r)
	edit()
	if _, after := x.keys(r); after != before {
		delete(x.byName, strings.ToLower(before))
		x.byName[strings.ToLower(after)] = r
	}
}

func (x *index[K, R]) remove(r *R) {
	id, name := x.keys(r)
	delete(x.byID, id)
	delete(x.byName, strings.ToLower(name))
	if i := slices.Index(x.rows, r); i >= 0 {
		x.rows = slices.Delete(x.rows, i, i+1)
	}
}
