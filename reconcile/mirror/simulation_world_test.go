package mirror_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// The simulation runs the real core and the real shell under virtual time: two
// models of the vendors, a model of the store, replicas, and agents with habits,
// all from one seed. Nothing in it reads a clock, starts a goroutine or iterates
// over a map, so that a seed is a whole history.
//
// A world is one contact centre for some minutes, hours or days.
type world struct {
	seed   uint64
	rng    *rand.Rand
	now    time.Duration // true time, since begin
	queue  schedule
	plan   plan
	centre *centre

	cx    *cxoneModel
	sf    *salesforceModel
	store *storeModel
	hosts []*host

	people []*person // everybody who ever worked here
	byKey  map[string]*person
	byID   [2]map[string]*person

	weather weather
	calm    bool // faults have stopped
	idle    bool // so have people
	faults  []*fault

	orders   orders
	check    *checker
	tally    *tally
	teller   *teller      // tells the story of one agent; nil otherwise
	listen   func(string) // is told everything; nil otherwise
	failure  *violation
	jumped   time.Duration // when a clock was last set
	visible  time.Duration // when the last fault that can be seen ended
	restarts bool          // a process that died is started again
	busy     int           // how much has happened at this moment
}

// begin is the true time at which every world begins, plus its plan's hour.
var begin = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// tenant is the simulated tenant's name in the store.
const tenant = "acme"

// A plan is what a world's seed decides beforehand.
type plan struct {
	kind     string
	hour     time.Duration // of the day, at the beginning
	agents   int
	replicas int
	length   time.Duration // until faults stop
	pace     time.Duration // between two things that an agent does
	strife   time.Duration // between two faults
	orderly  time.Duration // between two things that operators do
	single   bool          // rules stay as they are

	queues        bool // CXone queues an administrative change during a contact
	listsOut      bool // CXone lists who is logged out
	unsure        time.Duration
	callsPerDay   int
	deliveries    int
	writesPerSec  int
	poll          time.Duration
	conflict      presence.Conflict
	breaker       float64
	freezes       bool
	allFaults     bool
	kinds         map[string]bool // which faults there are
	vendorLatency time.Duration
}

// newWorld makes the world of a seed.
func newWorld(seed uint64) *world {
	w := &world{seed: seed, rng: rand.New(rand.NewPCG(seed, 0x10c5_7e9)), tally: newTally(), restarts: true}
	w.byKey, w.byID = map[string]*person{}, [2]map[string]*person{{}, {}}
	w.check = newChecker(w)
	w.plan = w.drawPlan()
	w.centre = drawCentre(w)
	w.cx, w.sf, w.store = newCXoneModel(w), newSalesforceModel(w), newStoreModel(w)
	for range w.plan.agents {
		w.hire()
	}
	for i := range w.plan.replicas {
		w.hosts = append(w.hosts, newHost(w, string(rune('a'+i))))
	}
	return w
}

func (w *world) drawPlan() plan {
	p := plan{
		kind: "rush", hour: w.between(0, 24*time.Hour), agents: 2 + w.rng.IntN(8), replicas: 1 + w.rng.IntN(3),
		length: w.between(8*time.Minute, 40*time.Minute), pace: w.between(5*time.Second, 60*time.Second),
		strife: w.between(15*time.Second, 3*time.Minute), orderly: w.between(2*time.Minute, 10*time.Minute),
		queues: w.chance(0.5), listsOut: w.chance(0.5), unsure: w.between(50*time.Millisecond, 700*time.Millisecond),
		callsPerDay: 20_000, deliveries: 20_000, writesPerSec: 25, poll: 5 * time.Second,
		conflict: presence.Latest, vendorLatency: w.between(20*time.Millisecond, 300*time.Millisecond),
	}
	switch n := w.rng.IntN(20); {
	case n < 6:
		p.kind = "hours"
		p.agents, p.length, p.pace = 4+w.rng.IntN(24), w.between(time.Hour, 3*time.Hour), w.between(time.Minute, 4*time.Minute)
		p.strife, p.orderly = w.between(2*time.Minute, 8*time.Minute), w.between(10*time.Minute, 30*time.Minute)
	case n < 8:
		dayPlan(w, &p)
	}
	if w.chance(0.15) {
		p.callsPerDay, p.deliveries = 60+w.rng.IntN(200), 20+w.rng.IntN(400)
		p.hour = 24*time.Hour - w.between(time.Minute, p.length)
	}
	if w.chance(0.2) {
		p.writesPerSec = 1 + w.rng.IntN(3)
	}
	if w.chance(0.15) {
		p.conflict = pick(w, []presence.Conflict{presence.CXoneWins, presence.SalesforceWins})
	}
	if w.chance(0.3) {
		p.poll = w.between(time.Second, 8*time.Second)
	}
	p.single, p.freezes = w.chance(0.35), w.chance(0.15)
	if w.chance(0.4) {
		p.breaker = 0.2
	}
	p.kinds = map[string]bool{}
	p.allFaults = w.chance(0.4)
	for _, k := range faultKinds() {
		p.kinds[k.name] = p.allFaults || w.chance(0.35)
	}
	return p
}

// dayPlan is a working day as agents live it: fifty changes each.
func dayPlan(w *world, p *plan) {
	p.kind, p.hour = "day", 7*time.Hour+30*time.Minute
	p.agents, p.length, p.pace = 20+w.rng.IntN(41), 9*time.Hour, 14*time.Minute
	p.strife, p.orderly = w.between(5*time.Minute, 20*time.Minute), w.between(time.Hour, 3*time.Hour)
}

// run lives the world's life, and returns what was violated, if anything was.
func (w *world) run() *violation {
	w.start()
	w.until(w.plan.length)
	w.settle()
	return w.failure
}

func (w *world) start() {
	for _, h := range w.hosts {
		w.after(w.between(0, 300*time.Millisecond), h.start)
	}
	for _, p := range w.people {
		p.live()
	}
	w.trouble()
	w.operate()
}

// restless is how much cannot happen at one moment, and endless how much cannot
// happen in a world, unless one thing brings about another for ever.
const restless, endless = 100_000, 10_000_000

// until lets time pass.
func (w *world) until(end time.Duration) {
	for w.failure == nil {
		at, do, ok := w.queue.pop(end)
		if !ok {
			break
		}
		if w.busy++; at > w.now {
			w.busy = 0
		}
		if w.busy > restless || w.tally.events > endless {
			w.fail("everything comes to rest", nil, "%d things happen at one moment, %d in all", w.busy, w.tally.events)
		}
		w.now = at
		w.tally.events++
		do()
	}
	w.now = max(w.now, end)
}

// after plans something.
func (w *world) after(wait time.Duration, do func()) { w.queue.push(w.now+max(wait, 0), do) }

func (w *world) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// between draws a time from low to high.
func (w *world) between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(w.rng.Int64N(int64(high-low)))
}

// about draws a waiting time around a mean, as independent things come.
func (w *world) about(mean time.Duration) time.Duration {
	return min(time.Duration(-math.Log(1-w.rng.Float64())*float64(mean)), 6*mean)
}

func pick[T any](w *world, list []T) T { return list[w.rng.IntN(len(list))] }

// say adds to the story of an agent; nil is about everybody.
func (w *world) say(p *person, format string, args ...any) {
	if w.teller != nil {
		w.teller.say(w, p, fmt.Sprintf(format, args...))
	}
	if w.listen != nil {
		w.listen(fmt.Sprintf("%d "+format, append([]any{w.now}, args...)...))
	}
}

// telling reports whether there is a story to be told of somebody.
func (w *world) telling(p *person) bool {
	return w.listen != nil || w.teller != nil && w.teller.about(p)
}

// A value is what one side shows: a state, or a status as its word.
type value = schema.ACDState

func statusValue(status string) value { return value{Word: status} }

func talks(v value) bool { return v.Word == schema.StateACW || schema.IsContactState(v.Word) }

// A maker is who made a side show what it shows.
type maker int

const (
	byPerson  maker = iota // or the vendor by itself outside a contact
	byContact              // a contact's beginning, work after it, or its end
	byEngine
)

func (m maker) String() string { return [...]string{"person", "contact", "Lockstep"}[m] }

// A shown is what a side truly shows, or has shown.
type shown struct {
	value value
	at    time.Duration // true time
	since time.Time     // the vendor's
	by    maker

	record int // in Salesforce: the interval; 0 for none

	// What the change rests on: see [ledger].
	caused    time.Duration
	made, met int
}

// A person is one agent, truly.
type person struct {
	w        *world
	n        int
	agent    string // CXone's id
	user     string // Salesforce's
	key      string
	mail     string // in CXone
	userMail string
	team     string
	active   [2]bool // by side

	now     [2]shown
	past    [2][past]shown // a ring of what was shown before
	count   [2]int
	updated time.Time // CXone's time of the last change
	changes int       // by people and vendors
	met     int       // contacts begun

	before shown // what CXone showed when the contact began
	next   *shown
	talk   int // counts contacts, so that a late end ends no other

	tells   time.Duration // until when the bus still has to tell of Salesforce
	browser browser
	ledger  ledger
}

// past is how much of what was shown is remembered, to be read from a replica
// that lags.
const past = 32

// shows returns what a side showed a while ago.
func (p *person) shows(side presence.Side, ago time.Duration) shown {
	s := p.now[side]
	for i := 1; s.at > p.w.now-ago && i <= past && i <= p.count[side]; i++ {
		s = p.past[side][(p.count[side]-i)%past]
	}
	return s
}

// showed reports whether a side shows a value or has, as far as is remembered.
func (p *person) showed(side presence.Side, v value) bool {
	if p.now[side].value == v || p.count[side] > past {
		return true
	}
	return slices.ContainsFunc(p.past[side][:], func(s shown) bool { return s.value == v })
}

func (p *person) state() value   { return p.now[presence.CXone].value }
func (p *person) status() string { return p.now[presence.Salesforce].value.Word }

func (p *person) loggedIn(side presence.Side) bool {
	if side == presence.CXone {
		return p.state().Word != schema.StateLoggedOut
	}
	return p.status() != schema.Offline
}

// change makes a side show something else, and reports whether it did not.
func (p *person) change(side presence.Side, v value, since time.Time, by maker) bool {
	if p.now[side].value == v {
		return false
	}
	w := p.w
	if n := p.count[side]; n > 0 || p.now[side].since != (time.Time{}) {
		p.past[side][n%past] = p.now[side]
		p.count[side]++
	}
	p.now[side] = shown{value: v, at: w.now, since: since, by: by}
	if w.telling(p) {
		w.say(p, "%s shows %s (%s)", side, v, by)
	}
	if by != byEngine {
		p.changes++
		w.tally.changes++
	}
	w.check.changed(p, side)
	return true
}
