package mirror

import "time"

// A task is something that the engine does when its time has come.
type task int

const (
	taskLease   task = iota // acquire or renew
	taskControl             // read operators' orders
	taskRecall
	taskPeople
	taskPoll
	taskSweep
	taskLook // confirm logouts
	taskWatch
	taskStall // see whether watching is silent
	taskOnline
	taskLimits
	taskProbe   // try one agent of a side that fails
	taskRead    // go on with a long reading
	taskRule    // go on with a change of rules
	taskHalt    // carry out what the breaker found
	taskCommit  // try again after a failure, or keep what can wait
	taskSend    // when the budget or a pause lets the next write go
	taskErase   // retention
	taskDay     // midnight
	taskWorry   // call people for what does not pass
	taskDrained // wait no longer
	tasks
)

// How long things take, at most or usually.
const (
	leaseTTL      = 4 * time.Second
	renewEvery    = time.Second
	controlEvery  = 500 * time.Millisecond
	storeTimeout  = 5 * time.Second
	leaseTimeout  = 2 * time.Second
	writeTimeout  = 2 * time.Second
	readTimeout   = 20 * time.Second
	sweepTimeout  = time.Minute
	peopleTimeout = 5 * time.Minute
	drainPatience = 5 * time.Second
	resyncEvery   = 10 * time.Minute
	peopleEvery   = time.Hour
	limitsEvery   = 15 * time.Minute
	onlineEvery   = 5 * time.Minute
	eraseSoon     = time.Minute
	eraseEvery    = time.Hour
	lookAfter     = 1500 * time.Millisecond
	stallAfter    = 10 * time.Minute
	probeEvery    = 5 * time.Second
)

// A timetable says when each task is to be done; the zero time is never.
type timetable [tasks]time.Time

func (t *timetable) next() time.Time {
	var next time.Time
	for _, at := range t {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// at puts a task off until after a time, whatever was planned.
func (e *Engine) at(t task, after time.Duration) { e.due[t] = e.now.Add(after) }

// by makes a task be done no later than after a time.
func (e *Engine) by(t task, after time.Duration) {
	if at := e.now.Add(after); e.due[t].IsZero() || at.Before(e.due[t]) {
		e.due[t] = at
	}
}

func (e *Engine) never(t task) { e.due[t] = time.Time{} }

// tend does the tasks whose time has come.
func (e *Engine) tend() {
	if e.phase == running {
		e.ring()
	}
	for t := range tasks {
		if at := e.due[t]; !at.IsZero() && !at.After(e.now) {
			e.never(t)
			e.do(t)
		}
	}
}

func (e *Engine) do(t task) {
	switch t {
	case taskLease:
		e.holdLease()
	case taskControl:
		e.readControl()
	case taskRecall:
		e.recall()
	case taskPeople:
		e.readPeople()
	case taskPoll:
		e.poll()
	case taskSweep:
		e.sweep()
	case taskLook:
		e.look()
	case taskWatch:
		e.beginWatch()
	case taskStall:
		e.checkStall()
	case taskOnline:
		e.readOnline()
	case taskLimits:
		e.readLimits()
	case taskProbe:
		e.probe()
	case taskRead:
		e.read()
	case taskRule:
		e.rule()
	case taskCommit, taskSend: // done after every event
	case taskHalt:
		e.applyStops()
	case taskErase:
		e.erase()
	case taskDay:
		e.newDay()
	case taskWorry:
		e.worry()
	case taskDrained:
		e.finish(e.ended)
	}
}

// A backOff is a pause that grows with every failure.
type backOff struct{ first, most, last time.Duration }

func (b *backOff) next() time.Duration {
	b.last = min(max(2*b.last, b.first), b.most)
	return b.last
}

func (b *backOff) reset() { b.last = 0 }
