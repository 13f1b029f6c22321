package mirror

import (
	"errors"
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
	e.at(taskPoll, max(e.backOffs.poll.next(), min(minInterval, e.set.PollInterval)))
}

// pollTaken carries on once a poll's answer has been taken in.
func (e *Engine) pollTaken(n *schema.News) {
	e.polling, e.polledOnce = false, true
	if n.Cursor != nil {
		e.position = n.Cursor
	}
	wait := e.polledFrom.Add(e.interval()).Sub(e.now)
	if e.whole {
		wait = e.polledFrom.Add(minInterval).Sub(e.now)
	}
	e.at(taskPoll, max(wait, 0))
}
