package mirror

import (
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A command is one write on its way to a vendor.
type command struct {
	agent   *agent
	side    presence.Side
	id      uint64
	expires time.Time
	first   bool // it makes the agent unavailable
	again   bool // the decision was sent before
	decided time.Time

	state            schema.ACDState // on CXone
	status, expected string          // on Salesforce
}

// A dispatch is what is to be written and what is being written.
type dispatch struct {
	waiting [2]lanes
	writes  map[uint64]*command   // CXone writes under way
	pushes  map[uint64][]*command // Salesforce calls under way
	ids     uint64
	tokens  bucket
	pause   [2]time.Time // until when a vendor asked to be left alone
	failing [2]bool      // the last write could not be answered
	called  time.Time    // when the last call to Salesforce began
	filled  bool         // it could carry no more
}

func newDispatch(ids uint64) dispatch {
	return dispatch{ids: ids, writes: map[uint64]*command{}, pushes: map[uint64][]*command{}}
}

// Lanes are the commands for one side: those that make somebody unavailable
// overtake the others.
type lanes [laneCount][]*command

const laneCount = 2

func (l *lanes) put(c *command) {
	lane := 1
	if c.first {
		lane = 0
	}
	l[lane] = append(l[lane], c)
}

// A queued command waits in its agent until it is sent, replaced or taken back;
// in the lanes the others are passed over.
func (c *command) stands() bool {
	h := c.agent.hot
	return h != nil && h.queued[c.side] == c && c.agent.lost == ""
}

// queue takes a command that was decided. It goes out once the decision is kept.
func (e *Engine) queue(a *agent, c *command) {
	c.decided = e.now
	a.hot.queued[c.side] = c
	e.gather.commands = append(e.gather.commands, c)
}

// unqueue takes back what the state no longer asks for: the same may be pending
// still, and to be done by nobody, since a rule that was live only watches now.
func (e *Engine) unqueue(a *agent) {
	for side, c := range a.hot.queued {
		if c != nil && c.id != a.hot.state.Command(presence.Side(side)) {
			a.hot.queued[side] = nil
		}
	}
}

// pushMost is how many commands one call to Salesforce carries (UNCERTAIN: the
// vendor states no maximum).
const pushMost = 200

// burst is how soon after a call to Salesforce the next waits a moment, for
// gather to bring more along.
const burst, gatherFor = 100 * time.Millisecond, 5 * time.Millisecond

// send begins the writes that may begin now.
func (e *Engine) send() {
	if !e.maySend() {
		return
	}
	e.tokens.fill(e.now, e.set.WritesPerSecond)
	for lane := range laneCount {
		e.sendStates(lane)
		e.sendStatuses(lane)
	}
	if !e.tokens.has() && (e.ready(presence.CXone) || e.ready(presence.Salesforce)) {
		e.by(taskSend, e.tokens.wait(e.set.WritesPerSecond))
	}
}

// maySend reports whether any write may begin: only what ends before the lease
// does, and only while what is decided can be kept.
func (e *Engine) maySend() bool {
	return e.phase == running && e.set.Mode == Live && e.halted == "" && e.guard.tripped == nil &&
		e.before().After(e.now)
}

// before is when the last write must have begun.
func (e *Engine) before() time.Time { return e.lease.Until.Add(-writeTimeout) }

// ready reports whether commands wait for a side, and drops from the lanes'
// fronts what no longer stands.
func (e *Engine) ready(side presence.Side) bool {
	waits := false
	for lane := range laneCount {
		list := e.waiting[side][lane]
		for len(list) > 0 && !list[0].stands() {
			list = list[1:]
		}
		if len(list) == 0 {
			list = nil
		}
		e.waiting[side][lane] = list
		waits = waits || list != nil
	}
	return waits
}

// take returns the next command of a lane that still stands.
func (e *Engine) take(side presence.Side, lane int) *command {
	for {
		list := e.waiting[side][lane]
		if len(list) == 0 {
			e.waiting[side][lane] = nil
			return nil
		}
		c := list[0]
		list[0] = nil
		e.waiting[side][lane] = list[1:]
		if !c.stands() {
			continue
		}
		c.agent.hot.queued[c.side] = nil
		if e.now.Before(c.expires) {
			return c
		} // else the decision is sent again by itself
	}
}

// paused reports whether a vendor has asked to be left alone, and sees to it
// that sending goes on afterwards.
func (e *Engine) paused(side presence.Side) bool {
	if wait := e.pause[side].Sub(e.now); wait > 0 {
		if e.ready(side) {
			e.by(taskSend, wait)
		}
		return true
	}
	return false
}

func (e *Engine) sendStates(lane int) {
	for !e.paused(presence.CXone) && e.tokens.has() && len(e.writes) < e.set.Parallel {
		c := e.take(presence.CXone, lane)
		if c == nil {
			return
		}
		e.tokens.take(1)
		e.ids++
		e.writes[e.ids] = c
		e.seen.sent(e.now, c)
		e.ask(SetState{ID: e.ids, Agent: c.agent.known.CXone, State: c.state, Before: e.before(), Timeout: writeTimeout})
	}
}

// pushesMost is how many calls to Salesforce can be under way.
const pushesMost = 4

// sendStatuses makes one call of all that has gathered, once the last call has
// been answered. What a full call left over has nothing to wait for.
func (e *Engine) sendStatuses(lane int) {
	for e.sendCall(lane) {
	}
}

// sendCall reports whether it made a call that left something over.
func (e *Engine) sendCall(lane int) bool {
	side := presence.Salesforce
	if len(e.waiting[side][lane]) == 0 || e.paused(side) || !e.tokens.has() {
		return false
	}
	until := e.now
	if len(e.pushes) > 0 {
		if !e.filled || len(e.pushes) == pushesMost {
			return false
		}
		until = e.called // whoever is in that call can have nothing here that is as old
	}
	if e.now.Sub(e.called) < burst && e.gatherMore(e.waiting[side][lane]) {
		return false
	}
	if !e.mayCall() {
		e.by(taskSend, controlEvery)
		return false
	}
	batch := e.batch(lane, until)
	if len(batch) == 0 {
		return false
	}
	e.tokens.take(1)
	e.spendCalls(1)
	e.called, e.filled = e.now, len(batch) == pushMost
	e.ids++
	e.pushes[e.ids] = batch
	list := make([]schema.Push, len(batch))
	for i, c := range batch {
		e.seen.sent(e.now, c)
		list[i] = schema.Push{
			Person: c.agent.known.Salesforce, ID: e.commandID(c), Epoch: e.epoch, Expires: c.expires,
			Status: c.status, Expected: c.expected,
		}
	}
	e.ask(Push{ID: e.ids, Pushes: list, Before: e.before(), Timeout: writeTimeout})
	return e.filled
}

// gatherMore reports whether a call is to wait for more to come: what waits
// already fills one, or has waited for long enough.
func (e *Engine) gatherMore(list []*command) bool {
	if len(list) >= pushMost {
		return false
	}
	wait := list[0].decided.Add(gatherFor).Sub(e.now)
	if wait > 0 {
		e.by(taskSend, wait)
	}
	return wait > 0
}

// batch takes what one call can carry of what was decided by a time, beginning
// with a lane. What is urgent goes with it first, and the room that is left is
// not wasted.
func (e *Engine) batch(lane int, until time.Time) []*command {
	var list []*command
	for ; lane < laneCount; lane++ {
		for len(list) < pushMost && !later(e.waiting[presence.Salesforce][lane], until) {
			c := e.take(presence.Salesforce, lane)
			if c == nil {
				break
			}
			list = append(list, c)
		}
	}
	return list
}

// later reports whether what waits was decided after a time.
func later(list []*command, t time.Time) bool { return len(list) > 0 && list[0].decided.After(t) }

// commandID names a command of the call that is being made, for the console: it
// is never given twice, whoever has the lease, and however often an agent's state
// begins anew.
func (e *Engine) commandID(c *command) string {
	return fmt.Sprintf("%s/%d/%d", c.agent.known.Key, e.epoch, e.ids)
}

// stateSet and pushed take in the vendors' answers.
func (e *Engine) stateSet(s StateSet) {
	c := e.writes[s.ID]
	if c == nil {
		return // of an earlier lease
	}
	delete(e.writes, s.ID)
	e.received(c, s.Receipt)
	if s.Receipt.Result == schema.Accepted {
		e.hasten()
	}
}

func (e *Engine) pushed(p Pushed) {
	batch := e.pushes[p.ID]
	delete(e.pushes, p.ID)
	for i, c := range batch {
		r := schema.Receipt{Result: schema.Unanswered, Detail: "no receipt"}
		if i < len(p.Receipts) {
			r = p.Receipts[i]
		}
		e.received(c, r)
		e.consoleKnown(c.agent, r.Result)
	}
}

// result translates what vendors say into what presence is told.
func result(r schema.Reception) presence.Result {
	switch r {
	case schema.Accepted:
		return presence.Accepted
	case schema.Refused:
		return presence.Refused
	case schema.Unreachable:
		return presence.Unreachable
	}
	return presence.Unknown
}

// maxPause bounds how long a vendor can ask to be left alone.
const maxPause = 5 * time.Minute

func (e *Engine) received(c *command, r schema.Receipt) {
	if r.RetryAfter > 0 {
		if until := e.now.Add(min(r.RetryAfter, maxPause)); until.After(e.pause[c.side]) {
			e.pause[c.side] = until
		}
	}
	if e.phase == running || e.phase == draining {
		e.fared(c.side, r)
	}
	if c.agent.lost == "" {
		e.step(c.agent, presence.Answer{Command: c.id, Result: result(r.Result), RetryAfter: r.RetryAfter, Detail: r.Detail})
	}
}

// fared follows whether a vendor can be written to at all.
func (e *Engine) fared(side presence.Side, r schema.Receipt) {
	was := e.failing[side]
	e.failing[side] = r.Result == schema.Unanswered
	switch {
	case e.failing[side]:
		e.trouble(writeTrouble(side), r.Detail)
		e.by(taskProbe, probeEvery)
	case was:
		e.fine(writeTrouble(side))
		e.recover(side)
	}
}

func writeTrouble(side presence.Side) string { return "writing to " + side.String() }

// recover lets what a vendor's outage held up be tried again.
func (e *Engine) recover(side presence.Side) {
	if e.phase != running || e.gauges.undeliverable == 0 {
		return
	}
	for _, a := range e.agents {
		if a.saying[side] {
			e.step(a, presence.Reach{Side: side, OK: true})
		}
	}
}

// probe tries one agent of a side that fails, so that its recovery is noticed
// when every decision has been given up.
func (e *Engine) probe() {
	for side, failing := range e.failing {
		if !failing {
			continue
		}
		e.by(taskProbe, probeEvery)
		for _, a := range e.agents {
			if a.saying[side] && a.stop == "" {
				e.step(a, presence.Reach{Side: presence.Side(side), OK: true})
				break
			}
		}
	}
}
