package mirror

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A reading is an answer of a vendor that is being taken in. A whole one is
// long, so that other events come in between.
type reading struct {
	side   presence.Side
	news   schema.News
	asked  time.Time // when the vendor was: what was heard since may be newer
	people []string  // who was asked for, unless it was everybody

	generation uint32
	first      int // how many sightings go before the others; 0 once they have
	at         int // in the sightings, then in the people or the roster
	absent     bool
	enrolled   int
	untold     bool // it shows what events should have told
}

func (e *Engine) open(r *reading) {
	e.generation++
	r.generation = e.generation
	for _, id := range r.news.Doubt { // who could not be read is not away for that
		if a := e.known[r.side][id]; a != nil {
			a.swept[r.side] = r.generation
		}
	}
	r.first = e.newsFirst(r)
	e.readings = append(e.readings, r)
	e.by(taskRead, 0)
}

// newsFirst puts what somebody has done before what is known and what was asked
// for, and returns how much that is: it is not to wait until the rest, which moves
// nobody, is taken in and kept.
func (e *Engine) newsFirst(r *reading) (first int) {
	list := r.news.Sightings
	for i := range list {
		s := &list[i]
		a := e.known[r.side][s.Person]
		if a == nil {
			continue
		}
		if o := (presence.Observation{Side: r.side, State: s.State, Status: s.Status}); !a.shows(&o) && !e.expected(a, &o) {
			list[first], list[i] = list[i], list[first]
			first++
		}
	}
	return first
}

// readChunk is how many people are looked at in one go.
const readChunk = 2000

// read goes on with the readings, the oldest first.
func (e *Engine) read() {
	left := readChunk
	for len(e.readings) > 0 && left > 0 {
		if e.full() || e.gather.news && !e.now.Before(e.retry) {
			return // the next commit goes on with it
		}
		r := e.readings[0]
		if !e.readSome(r, &left) {
			continue
		}
		e.readings[0] = nil
		e.readings = e.readings[1:]
		e.taken(r)
	}
	if len(e.readings) > 0 {
		e.at(taskRead, 0)
	}
}

// readSome reports whether it came to the end of the reading.
func (e *Engine) readSome(r *reading, left *int) bool {
	n := &r.news
	for ; !r.absent && r.at < len(n.Sightings) && *left > 0; r.at++ {
		if r.first > 0 && r.at == r.first {
			r.first, *left = 0, 0 // the rest comes once that is on its way
			e.gather.news = len(e.gather.commands) > 0
			return false
		}
		e.sightedIn(r, &n.Sightings[r.at])
		*left--
	}
	if *left == 0 {
		return false
	}
	if !r.absent {
		r.absent, r.at = true, 0
	}
	switch {
	case r.people != nil:
		return e.missing(r, left)
	case n.Whole:
		return e.absentees(r, left)
	}
	return true
}

// sightedIn takes in one line of a reading of present data.
func (e *Engine) sightedIn(r *reading, s *schema.Sighting) {
	whole := r.news.Whole || r.people != nil
	r.untold = r.untold || e.untold(r, s)
	a := e.sighted(r.side, s, &r.news, whole)
	if a != nil {
		a.swept[r.side] = r.generation
	}
}

// absentees are those whom a whole reading does not show.
func (e *Engine) absentees(r *reading, left *int) bool {
	if r.enrolled != e.enrolled {
		r.enrolled, r.at = e.enrolled, 0
	}
	for ; r.at < len(e.agents) && *left > 0; r.at++ {
		if a := e.agents[r.at]; a.swept[r.side] != r.generation {
			e.away(a, r)
			*left--
		}
	}
	return r.at == len(e.agents)
}

// missing are those who were asked for and are not in the answer.
func (e *Engine) missing(r *reading, left *int) bool {
	for ; r.at < len(r.people) && *left > 0; r.at++ {
		if a := e.known[r.side][r.people[r.at]]; a != nil && a.swept[r.side] != r.generation {
			e.away(a, r)
			*left--
		}
	}
	return r.at == len(r.people)
}

// away takes in that somebody is logged out on a side. What was heard of them
// since the vendor was asked may be newer, and is looked at once more.
func (e *Engine) away(a *agent, r *reading) {
	if a.heard[r.side] > e.since(r.asked) {
		if r.side == presence.Salesforce {
			e.doubt(a.known.Salesforce)
		}
		return
	}
	o := presence.Observation{Side: r.side, Clock: e.skew(&r.news), Whole: true}
	if r.side == presence.CXone {
		o.State = schema.ACDState{Word: schema.StateLoggedOut}
	} else {
		o.Status = schema.Offline
	}
	// No later than what comes next, for the vendor's times are in whole seconds;
	// and not anew by every reading that does not show who was away before.
	o.Since = r.asked.Add(o.Clock.Ahead - schema.ClockSet(e.began, r.asked) - o.Clock.Uncertainty).Truncate(time.Second)
	s := a.peek()
	if awayAlready(&s, &o) {
		o.Since = s.Since(r.side)
	} else {
		o.Clock.Uncertainty += max(o.Since.Sub(e.lastSeen(a, &s, &o)), 0)
	}
	e.observe(a, o, false)
}

// lastSeen returns when, by the vendor's clock, a side last showed something: who
// is found to be away has left since, and nobody tells when.
func (e *Engine) lastSeen(a *agent, s *presence.State, o *presence.Observation) time.Time {
	last := s.Since(o.Side)
	if last.IsZero() {
		return o.Since
	}
	heard := e.began.Add(time.Duration(a.heard[o.Side]) + o.Clock.Ahead)
	if a.heard[o.Side] != 0 && heard.After(last) {
		return heard
	}
	return last
}

func awayAlready(s *presence.State, o *presence.Observation) bool {
	state, status := s.Shows()
	if o.Side == presence.CXone {
		return state == o.State
	}
	return status == o.Status
}

func (e *Engine) taken(r *reading) {
	switch {
	case r.side == presence.CXone:
		e.pollTaken(&r.news)
	case r.people == nil:
		e.sweptOnce = true
		e.heedSilence(r)
	}
	for _, id := range r.news.Doubt {
		if r.side == presence.Salesforce {
			e.doubt(id)
		}
	}
}

// since returns a moment as agents remember it.
func (e *Engine) since(t time.Time) int64 { return int64(t.Sub(e.began)) + 1 }

// sighted takes in what a vendor shows of a person, and returns the agent if it
// is one.
func (e *Engine) sighted(side presence.Side, s *schema.Sighting, n *schema.News, whole bool) *agent {
	a, listed := e.known[side][s.Person]
	if !listed {
		e.stranger(side, s.Person)
		return nil
	}
	if a == nil {
		return nil
	}
	if side == presence.Salesforce {
		delete(e.doubted, s.Person) // this is news; what was in doubt is settled
	}
	e.observe(a, presence.Observation{
		Side: side, State: s.State, Status: s.Status, Since: s.Since, Clock: e.skew(n), Whole: whole,
	}, true)
	return a
}

// stranger reads people again because of somebody whom nobody listed, once.
func (e *Engine) stranger(side presence.Side, id string) {
	key := side.String() + id
	if e.strangers[key] || len(e.strangers) > maxStrangers {
		return
	}
	if e.strangers == nil {
		e.strangers = map[string]bool{}
	}
	e.strangers[key] = true
	if !e.asking {
		e.by(taskPeople, max(e.peopleAsked.Add(strangersEvery).Sub(e.now), 0))
	}
}

const (
	maxStrangers   = 10_000
	strangersEvery = time.Minute
)

// observe puts what a side shows to the agent, unless it is nothing new. With
// told the vendor said since when.
func (e *Engine) observe(a *agent, o presence.Observation, told bool) {
	a.heard[o.Side] = e.since(e.now)
	if a.fresh[o.Side] && a.hot == nil && !a.flags.undeliverable && a.shows(&o) &&
		(!told || o.Since.IsZero() || o.Since.UnixMilli() == a.since[o.Side]) {
		return
	}
	news := !a.shows(&o)
	if news && a.rule != nil {
		clock := schema.Skew(o.Clock)
		clock.Ahead -= e.drift() // as At is the wall's time
		e.write(Line{
			At: e.now, Agent: a.known.Key, Since: o.Since, Clock: clock, Whole: o.Whole, Team: a.known.Team,
			Entry: presence.Entry{What: Saw, Side: o.Side, State: o.State, Status: o.Status, Rule: a.rule.Name(), Shadow: !e.moves(a)},
		})
	}
	if news && a.fresh[o.Side] && !e.expected(a, &o) {
		e.seen.totals.Changes++
	}
	e.step(a, o)
}

// skew is how far a vendor's clock is ahead of steady.
func (e *Engine) skew(n *schema.News) presence.Skew {
	clock, at := presence.Skew(n.Clock), n.At
	if at.IsZero() {
		at = e.now
	}
	clock.Ahead += schema.ClockSet(e.began, at)
	return clock
}

// expected reports whether what a side shows is what it is being set to.
func (e *Engine) expected(a *agent, o *presence.Observation) bool {
	if a.hot == nil {
		return false
	}
	target, ok := a.hot.state.Pending(o.Side)
	if o.Side == presence.CXone {
		return ok && target == o.State.String()
	}
	return ok && target == o.Status
}

// note keeps beside the state what tells whether a sighting is new.
func (a *agent) note(e *Engine, s *presence.State) {
	state, status := s.Shows()
	a.state = schema.ACDState{Word: e.intern(state.Word), Code: e.intern(state.Code)}
	a.status = e.intern(status)
	for side := range a.since {
		a.since[side] = 0
		if since := s.Since(presence.Side(side)); !since.IsZero() {
			a.since[side] = since.UnixMilli()
		}
	}
}
