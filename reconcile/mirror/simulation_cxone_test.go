package mirror_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A cxoneModel is the tenant as its API shows it: states with their own time,
// a list of changes by the server's cursor, and a call that sets a state and is
// accepted rather than done.
type cxoneModel struct {
	w     *world
	clock clock

	removed map[string]bool // codes that were taken off the team
	booked  map[string]bool // agents whom NICE's own sync serves
	wrong   map[string]bool // agents whose row makes no sense
}

func newCXoneModel(w *world) *cxoneModel {
	return &cxoneModel{
		w: w, clock: clock{w: w, ahead: w.between(-3*time.Second, 3*time.Second)},
		removed: map[string]bool{}, booked: map[string]bool{}, wrong: map[string]bool{},
	}
}

var (
	stateAvailable = value{Word: schema.StateAvailable}
	stateLoggedOut = value{Word: schema.StateLoggedOut}
	stateRefused   = value{Word: schema.StateRefused}

	errVendor  = errors.New("503 Service Unavailable")
	errLimited = errors.New("403 REQUEST_LIMIT_EXCEEDED")
	errTooMany = errors.New("429 Too Many Requests")
	errStore   = errors.New("the connection to the store is cut")
)

// show makes an agent show a state.
func (c *cxoneModel) show(p *person, v value, by maker) {
	since := c.clock.stamp()
	if last := p.now[presence.CXone].since; since.Equal(last) {
		since = since.Add(time.Millisecond)
	}
	if p.change(presence.CXone, v, since, by) {
		p.updated = since
	}
}

// A mark is the server's lastPollTime. As the provider does, a poll asks for
// what changed since the answer before the last one.
type mark struct{ ask, last int64 }

func (m mark) encode() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(m.ask)), uint64(m.last))
}

func decodeMark(b []byte) mark {
	if len(b) != 16 {
		return mark{}
	}
	return mark{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))}
}

// poll is the list of agents' states.
func (c *cxoneModel) poll(h *host, cursor []byte) (schema.News, error) {
	w := c.w
	if cursor != nil && w.under(w.weather.cxCursor) {
		w.weather.cxCursor = 0
		w.tally.reach(classGap)
		return schema.News{}, fmt.Errorf("%w: 400", schema.ErrCursor)
	}
	m := decodeMark(cursor)
	whole := cursor == nil
	now := c.clock.stamp().UnixMilli()
	if whole {
		m.last = now
	}
	news := schema.News{Whole: whole, Clock: w.estimate(&c.clock, &h.clock).Skew, At: h.now(), Cursor: mark{m.last, now}.encode()}
	lag := w.lag(presence.CXone)
	for _, p := range w.people {
		if p.agent == "" || !p.active[presence.CXone] {
			continue
		}
		s := p.shows(presence.CXone, lag)
		if s.at != p.now[presence.CXone].at {
			p.ledger.blind[presence.CXone] = true // until a reading that does not lag
		}
		if !whole && s.since.UnixMilli() < m.ask || whole && s.value == stateLoggedOut && !w.plan.listsOut {
			continue
		}
		if c.wrong[p.agent] && !w.calm {
			w.tally.reach(classPoison)
			p.ledger.blind[presence.CXone] = true
			news.Doubt = append(news.Doubt, p.agent)
			continue
		}
		if whole && w.under(w.weather.shortList) && w.chance(0.2) {
			news.Whole, news.Gap = false, true // it moved between the pages
			p.ledger.blind[presence.CXone] = true
			continue
		}
		news.Sightings = append(news.Sightings, schema.Sighting{Person: p.agent, State: s.value, Since: s.since})
	}
	return news, nil
}

// set is the administrative call.
func (c *cxoneModel) set(p *person, v value) schema.Receipt {
	w := c.w
	if p.state() == stateLoggedOut || !p.active[presence.CXone] {
		return schema.Receipt{Result: schema.Unreachable, Detail: "409 the agent is not logged in"}
	}
	if c.removed[v.Code] {
		w.tally.reach(classAccessLost)
		return schema.Receipt{Result: schema.Refused, Detail: "400 no such code on the team"}
	}
	if w.centre.acw[v.Code] && v.Code != "" {
		w.tally.reach(classSystemState)
		return schema.Receipt{Result: schema.Refused, Detail: "409 an ACW code"}
	}
	if w.under(w.weather.lossy) && w.chance(w.weather.undone) {
		return schema.Receipt{} // accepted, and nothing comes of it
	}
	// A 202 is not done.
	w.after(w.between(0, 4*w.plan.vendorLatency), func() { c.apply(p, v) })
	return schema.Receipt{}
}

func (c *cxoneModel) apply(p *person, v value) {
	switch {
	case p.state() == stateLoggedOut:
	case talks(p.state()):
		c.w.tally.reach(classSystemState)
		if c.w.plan.queues {
			p.next = &shown{value: v, by: byEngine}
			c.w.say(p, "CXone queues %s for the contact's end", v)
		}
	default:
		c.show(p, v, byEngine)
	}
}

// beginContact routes a contact to an agent.
func (c *cxoneModel) beginContact(p *person, word string) {
	p.before, p.next = p.now[presence.CXone], nil
	p.talk++
	p.met++
	c.show(p, value{Word: word}, byContact)
	talk := p.talk
	c.w.after(c.w.between(time.Second, 2*c.w.plan.pace), func() { c.endContact(p, talk) })
}

func (c *cxoneModel) endContact(p *person, talk int) {
	if p.talk != talk || !talks(p.state()) {
		return
	}
	if code := c.w.centre.acwCode; p.state().Word != schema.StateACW && c.w.chance(0.6) {
		c.show(p, value{Word: schema.StateACW, Code: code}, byContact)
		c.w.after(c.w.between(time.Second, c.w.plan.pace), func() { c.endContact(p, talk) })
		return
	}
	by, to := byContact, p.before.value
	if p.next != nil {
		by, to = p.next.by, p.next.value
	}
	if to == stateRefused || talks(to) {
		to = stateAvailable
	}
	p.talk, p.next = p.talk+1, nil
	c.show(p, to, by)
	c.timeOut(p)
}

// timeOut ends a code that has a time-out.
func (c *cxoneModel) timeOut(p *person) {
	limit := c.w.centre.timeouts[p.state().Code]
	if limit == 0 {
		return
	}
	since := p.now[presence.CXone].at
	c.w.after(limit, func() {
		if p.now[presence.CXone].at == since && !c.w.idle {
			c.show(p, stateAvailable, byPerson)
		}
	})
}

// choose is a person setting a state, or what is to follow the contact.
func (c *cxoneModel) choose(p *person, v value) {
	switch {
	case p.state() == stateLoggedOut:
	case talks(p.state()):
		if slices.Contains(c.w.centre.settable, v) {
			p.next = &shown{value: v, by: byPerson}
			c.w.say(p, "the person chooses %s for the contact's end", v)
		}
	default:
		c.show(p, v, byPerson)
		c.timeOut(p)
	}
}

func (c *cxoneModel) logIn(p *person) {
	if p.state() == stateLoggedOut {
		p.talk++
		c.show(p, pick(c.w, c.w.centre.settable[:2]), byPerson)
	}
}

func (c *cxoneModel) logOut(p *person) {
	p.talk, p.next = p.talk+1, nil
	c.show(p, stateLoggedOut, byPerson)
}

// people lists the agents.
func (c *cxoneModel) people() []schema.Person {
	var list []schema.Person
	for _, p := range c.w.people {
		if p.agent != "" {
			list = append(list, schema.Person{
				ID: p.agent, Name: fmt.Sprint("Agent ", p.n), Username: p.mail, Email: p.mail, Team: p.team, Active: p.active[presence.CXone],
			})
		}
	}
	return list
}
