package mirror

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// poll asks CXone what changed. One poll follows another, and none is begun
// before the last one's answer was taken in.
func (e *Engine) poll() {
	if e.polling || e.phase != running {
		return
	}
	if wait := e.pollAfter.Sub(e.now); wait > 0 {
		e.at(taskPoll, wait)
		return
	}
	if e.full() {
		e.at(taskPoll, minInterval)
		return
	}
	if e.position == nil || e.now.Sub(e.wholeAt) >= resyncEvery {
		e.whole = true
	}
	cursor := e.position
	if e.whole {
		cursor = nil
	}
	e.polling, e.polledFrom, e.wholeNow = true, e.now, e.whole
	e.ask(Poll{Turn: e.turn, Cursor: cursor, Timeout: readTimeout})
}

// minInterval is the shortest time between two polls: more cost calls and
// bring nothing sooner.
const minInterval = time.Second

// hasten makes the next polls come sooner: a write was accepted and is to be
// seen.
func (e *Engine) hasten() {
	if e.phase != running || e.set.PollInterval <= minInterval {
		return
	}
	e.hurry = hurried
	if !e.polling {
		e.by(taskPoll, max(e.polledFrom.Add(minInterval).Sub(e.now), 0))
	}
}

// hurried is how many polls a write hastens.
const hurried = 2

// resync makes the next poll read everything.
func (e *Engine) resync() {
	e.whole = true
	if !e.polling {
		e.by(taskPoll, max(e.polledFrom.Add(minInterval).Sub(e.now), 0))
	}
}

func (e *Engine) interval() time.Duration {
	if e.hurry > 0 {
		return min(minInterval, e.set.PollInterval)
	}
	return e.set.PollInterval
}

func (e *Engine) polled(p Polled) {
	if p.Turn != e.turn || e.phase != running {
		return
	}
	if p.Err == nil && e.doubtful(&p.News) {
		p.Err = fmt.Errorf("CXone lists nobody at all; who was logged in stays so until it has said that for %s", emptyFor)
	}
	if p.Err != nil {
		e.pollFailed(p.Err)
		return
	}
	e.backOffs.poll.reset()
	e.hurry = max(e.hurry-1, 0)
	e.polledAt = e.now
	if e.fine("poll") {
		e.recover(presence.CXone)
	}
	if e.wholeNow && p.News.Whole { // else it moved while it was read, and is read once more
		e.whole, e.wholeAt = false, e.now
	}
	e.open(&reading{side: presence.CXone, news: p.News, asked: e.polledFrom})
}

func (e *Engine) pollFailed(err error) {
	e.polling = false
	if errors.Is(err, schema.ErrCursor) {
		e.whole = true
	}
	e.trouble("poll", err.Error())
	if pause, ok := errors.AsType[*schema.Pause](err); ok {
		e.pollAfter = e.now.Add(min(pause.For, maxPause))
	}
	e.at(taskPoll, max(e.backOffs.poll.next(), min(minInterval, e.set.PollInterval), e.pollAfter.Sub(e.now)))
}

// emptyFor is how long CXone must have listed nobody for that to be believed of
// people who were seen logged in. Who logs out is in the news of changes, so that
// everybody missing at once is more likely a vendor that is being started
// (INVENTED).
const emptyFor = 30 * time.Second

// doubtful reports whether an answer would log everybody out, and has not been
// given for long enough.
func (e *Engine) doubtful(n *schema.News) bool {
	if !n.Whole || len(n.Sightings)+len(n.Doubt) > 0 || !slices.ContainsFunc(e.agents, (*agent).isLoggedIn) {
		e.emptySince = time.Time{}
		return false
	}
	if e.emptySince.IsZero() {
		e.emptySince = e.now
	}
	return e.now.Sub(e.emptySince) < emptyFor
}

// isLoggedIn reports whether the agent was last seen logged in to CXone.
func (a *agent) isLoggedIn() bool {
	return a.state != (schema.ACDState{}) && a.state.Word != schema.StateLoggedOut
}

// pollTaken carries on once a poll's answer has been taken in.
func (e *Engine) pollTaken(n *schema.News) {
	e.polling, e.polledOnce = false, true
	if n.Cursor != nil {
		e.position = n.Cursor
	}
	wait := e.polledFrom.Add(e.interval()).Sub(e.now)
	if e.whole && (n.Gap || !e.wholeNow) {
		wait = e.polledFrom.Add(minInterval).Sub(e.now)
	}
	e.at(taskPoll, max(wait, 0))
}
