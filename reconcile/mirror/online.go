package mirror

import (
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
}
