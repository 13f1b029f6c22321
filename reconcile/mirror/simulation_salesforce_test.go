package mirror_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A salesforceModel is the org: intervals of presence, the bus that tells of
// their beginnings and ends, and consoles.
type salesforceModel struct {
	w     *world
	clock clock

	bus     []busEvent // the vendor keeps them for 72 hours
	first   uint64     // the replay id of bus[0]
	oldest  uint64     // positions before this one are not valid any more
	records int
	mute    bool            // what happens now is told to nobody
	denied  map[string]bool // statuses that the profile does not give access to
	subs    []*subscription
}

// A busEvent is one change of an interval.
type busEvent struct {
	p      *person
	kind   string // CREATE, UPDATE or GAP
	record int
	status string
	since  time.Time // to the second, as the provider reads it
	at     time.Duration
}

func newSalesforceModel(w *world) *salesforceModel {
	return &salesforceModel{w: w, clock: clock{w: w, ahead: w.between(-3*time.Second, 3*time.Second)}, first: 1000, denied: map[string]bool{}}
}

// show makes a user show a status, and tells of it: an interval ends, and
// another begins. At a logout none does.
func (s *salesforceModel) show(p *person, v value, by maker) {
	since := s.clock.stamp()
	was := p.now[presence.Salesforce]
	if !p.change(presence.Salesforce, v, since, by) {
		return
	}
	seconds := since.Truncate(time.Second)
	if was.record != 0 {
		s.tell(busEvent{p: p, kind: "UPDATE", record: was.record, since: seconds})
	}
	if v.Word == schema.Offline {
		return
	}
	s.records++
	p.now[presence.Salesforce].record = s.records
	s.tell(busEvent{p: p, kind: "CREATE", record: s.records, status: v.Word, since: seconds})
}

func (s *salesforceModel) tell(e busEvent) {
	w := s.w
	if s.mute {
		e.p.ledger.blind[presence.Salesforce] = true
		return
	}
	// What happens to one person is told in its order.
	e.p.tells = max(e.p.tells, w.now+w.between(w.plan.vendorLatency/2, w.plan.vendorLatency))
	w.queue.push(e.p.tells, func() {
		e.at = w.now
		s.publish(e)
	})
}

func (s *salesforceModel) publish(e busEvent) {
	s.bus = append(s.bus, e)
	const most = 20_000
	if len(s.bus) > 2*most {
		s.first += uint64(len(s.bus) - most)
		s.bus = slices.Clone(s.bus[len(s.bus)-most:])
		s.oldest = max(s.oldest, s.first)
	}
	for _, sub := range s.subs {
		if sub.stuck {
			e.p.ledger.blind[presence.Salesforce] = true
		}
		sub.wake()
	}
}

func (s *salesforceModel) end() uint64 { return s.first + uint64(len(s.bus)) }

// setStatus is a person choosing a status in a console.
func (s *salesforceModel) choose(p *person, status string) {
	if p.loggedIn(presence.Salesforce) && p.browser.alive() {
		s.show(p, statusValue(status), byPerson)
	}
}

func (s *salesforceModel) logIn(p *person) {
	if !p.browser.alive() {
		p.openTab()
	}
	if !p.loggedIn(presence.Salesforce) && p.browser.alive() {
		s.show(p, statusValue(pick(s.w, s.w.centre.statuses)), byPerson)
	}
}

func (s *salesforceModel) logOut(p *person) { s.show(p, statusValue(schema.Offline), byPerson) }

// read is a query of current intervals; of everybody, or of some.
func (s *salesforceModel) read(h *host, some []string) schema.News {
	w := s.w
	h.skew = w.estimate(&s.clock, &h.clock)
	news := schema.News{Whole: some == nil, Clock: h.skew.Cut(time.Second), At: h.now()}
	lag := w.lag(presence.Salesforce)
	row := func(p *person) {
		s := p.shows(presence.Salesforce, lag)
		if s.at != p.now[presence.Salesforce].at {
			p.ledger.blind[presence.Salesforce] = true
		}
		since := s.since.Truncate(time.Second)
		switch {
		case s.value.Word != schema.Offline:
			h.book.holds(p, s.record, since)
		case some == nil:
			h.book.gone(p)
			return
		default:
			since = h.book.left(p)
			h.book.gone(p)
		}
		news.Sightings = append(news.Sightings, schema.Sighting{Person: p.user, Status: s.value.Word, Since: since})
	}
	if some == nil {
		for _, p := range w.people {
			if p.user != "" {
				row(p)
			}
		}
		return news
	}
	for _, id := range some {
		if p := w.byID[presence.Salesforce][id]; p != nil {
			row(p)
		}
	}
	return news
}

func (s *salesforceModel) people() []schema.Person {
	var list []schema.Person
	for _, p := range s.w.people {
		if p.user != "" {
			list = append(list, schema.Person{
				ID: p.user, Name: fmt.Sprint("Agent ", p.n), Username: "u." + p.userMail, Email: p.userMail, Active: p.active[presence.Salesforce],
			})
		}
	}
	return list
}

func (s *salesforceModel) online() []string {
	var users []string
	for _, p := range s.w.people {
		if p.user != "" && p.browser.open(s.w.now) > 0 {
			users = append(users, p.user)
		}
	}
	return users
}

// A subscription is one watching of one process.
type subscription struct {
	h      *host
	life   int
	watch  uint64
	next   uint64 // the replay id to go on with
	asked  bool   // the process asks for the next message
	fresh  bool   // nothing was delivered yet
	over   bool
	silent bool // the signed-in user may not see anything: that is no error
	stuck  bool // the connection hangs
	beat   int  // counts messages, so that an old keepalive is none
	late   bool // a message is on its way
}

const (
	keepaliveEvery = 270 * time.Second
	providerStall  = 300 * time.Second
)

func encodeReplay(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

// watch begins a subscription.
func (s *salesforceModel) watch(h *host, r mirror.Watch) {
	w := s.w
	if h.sub != nil {
		h.sub.over = true // there is one at a time
	}
	sub := &subscription{h: h, life: h.life, watch: r.Watch, next: s.end(), asked: true, fresh: true}
	h.sub = sub
	from := s.end()
	if r.Cursor != nil {
		from = binary.BigEndian.Uint64(r.Cursor)
	}
	w.after(w.between(w.plan.vendorLatency, 4*w.plan.vendorLatency), func() {
		switch {
		case sub.over:
		case w.under(w.weather.sfDown):
			sub.end(errVendor)
		case w.under(w.weather.allowance):
			sub.end(fmt.Errorf("%w: subscription.limit.exceeded", schema.ErrAllowance))
		case w.under(w.weather.setup):
			sub.end(fmt.Errorf("%w: topic.not.found", schema.ErrSetup))
		case r.Cursor != nil && (from < s.oldest || w.under(w.weather.badReplay)):
			w.weather.badReplay = 0
			w.tally.reach(classGap)
			sub.end(fmt.Errorf("%w: replayid.corrupted", schema.ErrCursor))
		default:
			if r.Cursor == nil {
				from = s.end()
			}
			sub.next = from
			sub.silent = w.under(w.weather.silence)
			s.subs = append(slices.DeleteFunc(s.subs, func(o *subscription) bool { return o.over || o.life != o.h.life }), sub)
			sub.wake()
			sub.keepAlive()
		}
	})
}

func (b *subscription) end(err error) {
	if b.over {
		return
	}
	b.over = true
	b.h.w.after(0, func() { b.h.deliver(b.life, mirror.WatchEnded{Watch: b.watch, Err: err}) })
}

// cancel is the process ending it.
func (b *subscription) cancel() { b.end(errors.New("cancelled")) }

func (b *subscription) more() {
	b.asked = true
	b.wake()
}

// keepAlive says now and then that there is nothing to say.
func (b *subscription) keepAlive() {
	b.beat++
	beat, w := b.beat, b.h.w
	w.after(keepaliveEvery, func() {
		if b.over || b.beat != beat {
			return
		}
		if b.stuck && !w.calm {
			w.after(providerStall-keepaliveEvery, func() { b.end(errors.New("the Pub/Sub API has said nothing for five minutes")) })
			return
		}
		if b.stuck = false; b.asked && !b.late {
			b.send(b.next, nil)
		}
		b.keepAlive()
	})
}

// wake sends the next message when one is asked for and there is one.
func (b *subscription) wake() {
	s, w := b.h.w.sf, b.h.w
	if b.over || !b.asked || b.late || b.next >= s.end() || b.life != b.h.life || b.stuck && !w.calm {
		return
	}
	b.late = true
	wait := w.between(w.plan.vendorLatency/4, w.plan.vendorLatency/2)
	if w.under(w.weather.lossy) && w.chance(w.weather.slow) {
		wait = w.between(time.Second, 8*time.Second)
	}
	w.after(wait, func() {
		b.late = false
		if b.over || b.stuck && !w.calm {
			return
		}
		from := max(b.next, s.first)
		to := min(s.end(), from+1+uint64(w.rng.IntN(20)))
		events := s.bus[from-s.first : to-s.first]
		b.send(to, b.spoil(events))
	})
}

// spoil is what may happen to events on their way.
func (b *subscription) spoil(events []busEvent) []busEvent {
	w := b.h.w
	if b.silent && !w.calm {
		for i := range events {
			events[i].p.ledger.blind[presence.Salesforce] = true
			w.tally.reach(classSilence)
		}
		return nil
	}
	if !w.under(w.weather.lossy) {
		return events
	}
	var list []busEvent
	for _, e := range events {
		switch {
		case w.chance(w.weather.drop):
			e.p.ledger.blind[presence.Salesforce] = true
		case w.chance(w.weather.double):
			w.tally.reach(classDuplicate)
			list = append(list, e, e)
		case w.chance(w.weather.poison):
			w.tally.reach(classPoison)
			list = append(list, busEvent{p: e.p, kind: "POISON"})
		default:
			list = append(list, e)
		}
	}
	if len(list) > 1 && w.chance(w.weather.reorder) {
		i := w.rng.IntN(len(list) - 1)
		list[i], list[i+1] = list[i+1], list[i]
		list[i].p.ledger.blind[presence.Salesforce] = true // of two within a second, nobody tells the later
		w.tally.reach(classReorder)
	}
	return list
}

// send delivers one message, as the provider digests it.
func (b *subscription) send(next uint64, events []busEvent) {
	news := schema.News{Clock: b.h.skew.now(&b.h.clock).Cut(time.Second), At: b.h.now(), Cursor: encodeReplay(next), Gap: b.fresh, Deliveries: len(events)}
	for i := range events {
		b.h.book.take(&news, &events[i])
	}
	b.next, b.fresh, b.asked = next, false, false
	b.keepAlive()
	b.h.w.tally.deliveries += len(events)
	b.h.w.sf.delivered(b.h, len(events))
	b.h.deliver(b.life, mirror.Watched{Watch: b.watch, News: news})
}

// A book is what the provider's process remembers of whose interval a record is
// and which is the last one of a person.
type book map[*person]bookEntry

type bookEntry struct {
	record, before int
	since, ended   time.Time
	out            bool
	read, tied     bool
}

func (b book) begin(p *person, record int, since time.Time) bool {
	e := b[p]
	switch {
	case e.record == record:
		return !e.out
	case e.before == record:
		return false
	case since.Before(e.since), since.Equal(e.since) && e.read:
		e.before, e.tied = record, since.Equal(e.since)
		b[p] = e
		return false
	}
	b[p] = bookEntry{record: record, before: e.record, since: since}
	return true
}

// holds is begin for an interval that was read as the current one.
func (b book) holds(p *person, record int, since time.Time) {
	b.begin(p, record, since)
	if e := b[p]; e.record == record {
		e.read = true
		b[p] = e
	}
}

func (b book) gone(p *person) {
	e := b[p]
	e.out = true
	b[p] = e
}

func (b book) left(p *person) time.Time { return b[p].ended }

// take adds one event to a reading.
func (b book) take(news *schema.News, e *busEvent) {
	doubt := func() {
		if !slices.Contains(news.Doubt, e.p.user) {
			news.Doubt = append(news.Doubt, e.p.user)
		}
	}
	switch e.kind {
	case "CREATE":
		if b.begin(e.p, e.record, e.since) {
			news.Sightings = append(news.Sightings, schema.Sighting{Person: e.p.user, Status: e.status, Since: e.since})
			news.Doubt = slices.DeleteFunc(news.Doubt, func(user string) bool { return user == e.p.user })
		}
	case "UPDATE":
		entry, known := b[e.p]
		switch {
		case !known:
			doubt() // it is asked whose the record is
		case entry.record == e.record:
			entry.out, entry.ended = true, e.since
			b[e.p] = entry
			doubt()
		case entry.before == e.record && entry.tied:
			doubt()
		}
	case "GAP":
		doubt()
	default: // it cannot be read
		news.Gap = true
	}
}
