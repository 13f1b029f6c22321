package mirror

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// An Engine keeps the agents of one tenant in step. It is a machine: events go
// in, requests come out. It reads no clock, starts no goroutine, does no I/O and
// iterates over no map, so that equal events give equal requests. It is for one
// goroutine at a time.
//
// It begins without a lease, and asks for one on its first [Tick].
type Engine struct {
	set   Settings
	core  presence.Settings
	rules *presence.Ruleset
	began time.Time
	now   time.Time
	out   []Request

	phase     phase
	turn      uint64    // counts leases
	ended     error     // what a draining engine ends with
	due       timetable // when each task is to be done
	lease     store.Lease
	epoch     uint64
	leasing   leasing
	releasing bool
	holder    string // who has the lease, as far as is known

	names map[string]string // one copy of each name that many agents share
	roster
	feeds
	dispatch
	book
	orders
	used     day
	guard    breaker
	seen     sights
	ruling   ruling
	troubles troubles
	worries  []worry // by when they are due
	failed   use     // of the store, at present
}

// A phase is how far the engine has come.
type phase int

const (
	standby  phase = iota // somebody else has the lease, or nobody
	waking                // it is ours; what is remembered and who there is are being read
	running               //
	draining              // nothing new is begun
	over
)

// New makes an engine.
func New(set Settings) *Engine {
	e := &Engine{set: set, names: map[string]string{}, guard: breaker{}, seen: newSights()}
	e.adopt(set)
	e.reset()
	return e
}

// reset forgets all that rests on the lease.
func (e *Engine) reset() {
	e.phase, e.due, e.lease, e.epoch = standby, timetable{}, store.Lease{}, 0
	e.turn++
	e.roster, e.feeds, e.dispatch = newRoster(), feeds{watch: e.watch, backOffs: newBackOffs()}, newDispatch(e.ids)
	e.book, e.orders, e.guard, e.ruling = book{commits: e.commits}, orders{}, breaker{}, ruling{}
	e.seen.reset(e.set)
}

// Handle takes in an event and returns what is to be done. The slice is good
// until the next call.
func (e *Engine) Handle(now time.Time, event Event) []Request {
	clear(e.out)
	e.now, e.out = now, e.out[:0]
	if e.began.IsZero() {
		e.began = now
		e.at(taskLease, 0)
	}
	if e.phase == over {
		return nil
	}
	e.hear(event)
	e.tend()
	e.commit()
	e.send()
	e.settle()
	e.commit() // of what settling has left
	return e.out
}

// Next returns when the engine wants a [Tick], unless another event comes
// before; the zero time when only an event matters.
func (e *Engine) Next() time.Time {
	if e.phase == over {
		return time.Time{}
	}
	next := e.due.next()
	if e.phase == running {
		e.alarms.prune()
		if len(e.alarms) > 0 && (next.IsZero() || e.alarms[0].at.Before(next)) {
			next = e.alarms[0].at
		}
	}
	return next
}

func (e *Engine) hear(event Event) {
	switch event := event.(type) {
	case Tick:
	case Reload:
		e.reload(event.Settings)
	case Drain:
		e.drain(nil)
	case Leased:
		e.leased(event)
	case Released:
		e.finish(e.ended)
	case Controlled:
		e.controlled(event)
	case Committed:
		e.committed(event)
	case StateSet:
		e.stateSet(event)
	case Pushed:
		e.pushed(event)
	case Called:
		e.recount(event)
	default:
		if e.phase == waking || e.phase == running {
			e.learn(event)
		}
	}
}

// learn takes in what matters only to the owner of the lease.
func (e *Engine) learn(event Event) {
	switch event := event.(type) {
	case Recalled:
		e.recalled(event)
	case PeopleRead:
		e.peopleRead(event)
	case Polled:
		e.polled(event)
	case Swept:
		e.swept(event)
	case Looked:
		e.looked(event)
	case Watched:
		e.watched(event)
	case WatchEnded:
		e.watchEnded(event)
	case OnlineRead:
		e.onlineRead(event)
	case LimitsRead:
		e.limitsRead(event)
	case Erased:
		e.erased(event)
	case Assigned:
		e.assign(event.Agents)
	}
}

func (e *Engine) ask(r Request) { e.out = append(e.out, r) }

// step puts an input to an agent and carries its effects on.
func (e *Engine) step(a *agent, event presence.Event) {
	h := e.heat(a)
	e.guard.adopting = false
	in := presence.Input{Now: e.steady(), Epoch: e.epoch, Rule: a.rule, Hold: a.later, Unmatched: a.lost, Event: event}
	next, effects := presence.Step(&e.core, h.state, in)
	h.state = next
	for _, effect := range effects {
		e.effect(a, effect)
	}
	e.unqueue(a)
	e.wakeUp(a)
	e.touch(a)
}

func (e *Engine) effect(a *agent, effect presence.Effect) {
	switch effect := effect.(type) {
	case presence.SetState:
		e.queue(a, &command{
			agent: a, side: presence.CXone, id: effect.ID, expires: effect.Expires.Add(e.drift()), first: effect.First,
			state: effect.State, again: effect.Try > 1,
		})
	case presence.SetStatus:
		e.queue(a, &command{
			agent: a, side: presence.Salesforce, id: effect.ID, expires: effect.Expires.Add(e.drift()), first: effect.First,
			status: effect.Status, expected: effect.Expected, again: effect.Try > 1,
		})
		if effect.Try == lookedForAt {
			e.doubt(a.known.Salesforce)
		}
	case presence.Entry:
		e.write(Line{At: e.now, Agent: a.known.Key, Entry: effect})
		e.count(a, &effect)
	case presence.Report:
		e.report(a, effect)
	}
}

// lookedForAt is the try of a command to a console at which its agent is looked
// at: what was asked for may have been done, and the news of it lost.
const lookedForAt = 2

// wakeUp sees to it that the agent is looked at again when its state wants it.
func (e *Engine) wakeUp(a *agent) {
	next := a.hot.state.Next()
	switch {
	case next.IsZero():
		a.wake = 0
	case next.UnixMilli() != a.wake:
		e.setAlarm(a, next)
	}
}

func (e *Engine) setAlarm(a *agent, at time.Time) {
	wait := at.Sub(e.steady())
	if wait <= 0 {
		wait = overdue
	}
	a.wake = at.UnixMilli()
	e.alarms.push(alarm{at: e.now.Add(wait), ms: a.wake, agent: a})
}

// overdue is when an agent is looked at whose state asks for it at once. It may
// do so again and again, and is not to be all that is looked at.
const overdue = 100 * time.Millisecond

// steady is the time by which presence measures its waits: that of the wall when
// the engine began, and what has passed since. So no wait grows or shrinks when
// somebody sets the machine's clock.
func (e *Engine) steady() time.Time { return e.now.Round(0).Add(-e.drift()) }

// drift is by how much the wall's clock was set ahead of steady since.
func (e *Engine) drift() time.Duration { return schema.ClockSet(e.began, e.now) }

// ring steps the agents whose time has come.
func (e *Engine) ring() {
	for {
		e.alarms.prune()
		if len(e.alarms) == 0 || e.alarms[0].at.After(e.now) {
			return
		}
		a := e.alarms.pop().agent
		a.wake = 0
		e.step(a, nil)
	}
}

func (e *Engine) drain(err error) {
	if e.phase == draining {
		return
	}
	e.ended = err
	if e.phase == standby {
		e.finish(err)
		return
	}
	e.stopWatching()
	e.phase = draining
	e.due = timetable{}
	e.at(taskLease, renewEvery)
	e.at(taskDrained, drainPatience)
}

// settle ends what has come to its end.
func (e *Engine) settle() {
	switch {
	case e.phase == running && e.set.Once && e.quiet():
		e.drain(nil)
		e.settle()
	case e.phase == draining && !e.releasing && e.flight == nil && e.gather.empty() && !e.writing():
		e.release()
	}
}

// quiet reports whether everybody was seen and nothing is under way.
func (e *Engine) quiet() bool {
	under := e.gauges.pending
	if e.set.Mode != Live {
		under = 0 // what is decided there, nobody may ever do
	}
	return e.gauges.unseen == 0 && under == 0 && !e.owesErasing() && len(e.readings) == 0 && len(e.ruling.agents) == 0 &&
		e.sweptOnce && e.polledOnce && !e.writing() && e.flight == nil && e.gather.empty()
}

// writing reports whether a call that writes is under way.
func (e *Engine) writing() bool { return len(e.writes)+len(e.pushes) > 0 }

func (e *Engine) release() {
	e.releasing = true
	e.ask(Release{Lease: e.lease, Timeout: storeTimeout})
	e.at(taskDrained, storeTimeout)
}

func (e *Engine) finish(err error) {
	if e.phase != over {
		e.phase = over
		e.ask(Finish{Err: err})
	}
}

// intern returns a shared copy of a name that many agents have.
func (e *Engine) intern(name string) string {
	if shared, ok := e.names[name]; ok {
		return shared
	}
	e.names[name] = name
	return name
}
