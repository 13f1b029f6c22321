package mirror

import (
	"fmt"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// readOnline asks who has a console open. It is only a comfort: that a console
// is gone is learnt from pushing to it, and that it is back mostly from what its
// agent does there.
func (e *Engine) readOnline() {
	if e.onlining || e.phase != running || e.set.OneWay != "" {
		return
	}
	if !e.maySweep() {
		e.at(taskOnline, onlineEvery)
		return
	}
	e.onlining = true
	e.spendCalls(1)
	e.ask(ReadOnline{Turn: e.turn, Timeout: readTimeout})
}

func (e *Engine) onlineRead(o OnlineRead) {
	if o.Turn != e.turn || e.phase != running {
		return
	}
	e.onlining = false
	if o.Err != nil {
		e.trouble("online", o.Err.Error())
		e.at(taskOnline, e.backOffs.online.next())
		return
	}
	e.fine("online")
	open := make(map[string]bool, len(o.Users))
	for _, id := range o.Users {
		open[id] = true
	}
	waits := false
	for _, a := range e.agents {
		is := open[a.known.Salesforce]
		if is != a.console {
			a.console, a.version = is, e.seen.next()
		}
		switch {
		case !a.saying[presence.Salesforce]:
		case is:
			e.step(a, presence.Reach{Side: presence.Salesforce, OK: true})
		default:
			waits = true
		}
	}
	if waits {
		e.at(taskOnline, e.backOffs.online.next())
		return
	}
	e.backOffs.online.reset()
	e.at(taskOnline, spread(onlineEvery, 1, onlineShare))
}

// consoleKnown learns from the answer to a push whether a console is open.
func (e *Engine) consoleKnown(a *agent, r schema.Reception) {
	switch r {
	case schema.Accepted:
		a.console = true
	case schema.Unreachable:
		a.console = false
		e.by(taskOnline, e.backOffs.online.first)
	}
}

// readLimits asks what is left of the org's own allowances.
func (e *Engine) readLimits() {
	if e.phase != running {
		return
	}
	if !e.maySweep() {
		e.at(taskLimits, limitsEvery)
		return
	}
	e.spendCalls(1)
	e.ask(ReadLimits{Turn: e.turn, Timeout: readTimeout})
}

func (e *Engine) limitsRead(l LimitsRead) {
	if l.Turn != e.turn || e.phase != running {
		return
	}
	e.at(taskLimits, limitsEvery)
	if l.Err != nil {
		e.trouble("limits", l.Err.Error())
		return
	}
	e.fine("limits")
	e.limits = l.Limits
	e.heedDeliveries()
	e.heedPushes()
}

// Others live on the org's allowances as well: below a tenth nothing is taken
// any more, and from a fifth on again, so that an org at the edge does not have
// one follow the other all day. Of what is not told nothing is known.
func scarce(of, left int) bool { return of > 0 && left < of/10 }
func plenty(of, left int) bool { return of > 0 && left >= of/5 }

// heedDeliveries leaves the last of the org's event deliveries alone, and goes
// on as soon as there is room: the vendor counts the last 24 hours, not days.
func (e *Engine) heedDeliveries() {
	of, left := e.limits.Deliveries, e.limits.DeliveriesLeft
	switch {
	case !e.spent && scarce(of, left):
		e.spend(fmt.Sprintf("of the org's own %d event deliveries a day %d are left", of, left))
	case e.spent && plenty(of, left) && e.used.Deliveries < e.set.DeliveriesPerDay:
		e.resumeEvents()
	}
}

// heedPushes says that nobody's status can be set soon. There is no other way
// to, so that nothing is held back.
func (e *Engine) heedPushes() {
	of, left := e.limits.Pushes, e.limits.PushesLeft
	switch {
	case e.set.OneWay != "":
	case scarce(of, left):
		e.trouble("pushes", fmt.Sprintf("of the org's own %d messages to consoles a day %d are left; without them no status can be set", of, left))
	case plenty(of, left):
		e.fine("pushes")
	}
}
