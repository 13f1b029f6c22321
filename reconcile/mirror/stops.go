package mirror

import (
	"fmt"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// Orders are all that keeps agents from being moved.
type orders struct {
	ordered       bool // the orders were read
	readingOrders bool // they are being read
	control       Control
	version       int64 // of control in the store
	stopFile      string
	frozen        string
	forgot        int64           // the last order to forget that was carried out
	assigned      map[string]bool // CXone agents whom NICE's own sync serves
	doubled       int             // how many of them run is to keep in step
	halted        string          // why nobody is moved; "" when somebody is
}

func (e *Engine) readControl() {
	if e.readingOrders {
		return
	}
	e.readingOrders = true
	e.ask(ReadControl{Turn: e.turn, Tenant: e.set.Tenant, Timeout: leaseTimeout})
}

// controlled takes in what operators have ordered. When the store does not tell,
// what they ordered last still holds, and the stop file counts all the same.
func (e *Engine) controlled(c Controlled) {
	if c.Turn != e.turn || e.phase == standby {
		return
	}
	e.readingOrders = false
	if e.phase == draining {
		return
	}
	e.at(taskControl, controlEvery)
	changed := e.takeOrders(c)
	frozen := e.frozenNow()
	if c.StopFile != e.stopFile || frozen != e.frozen {
		e.stopFile, e.frozen, changed = c.StopFile, frozen, true
	}
	if e.phase == waking {
		e.begin()
	} else if changed {
		e.applyStops()
	}
}

// takeOrders reports whether the store has new orders.
func (e *Engine) takeOrders(c Controlled) bool {
	if c.Err != nil {
		e.storeFailed(toRead, c.Err)
		return false
	}
	e.storeBack(toRead)
	if e.ordered && c.Item.Version == e.version {
		return false
	}
	control, err := decodeControl(c.Item.Value)
	if err != nil {
		e.trouble("control", err.Error())
		return false
	}
	e.fine("control")
	e.control, e.version, e.ordered = control, c.Item.Version, true
	e.guard.resumed(e)
	return true
}

// frozenNow returns the window that holds now.
func (e *Engine) frozenNow() string {
	for _, w := range e.set.Freeze {
		if w.Holds(e.now) {
			return "freeze: " + w.Text
		}
	}
	return ""
}

// assign replaces the list of people whom NICE's own sync serves.
func (e *Engine) assign(agents []string) {
	e.assigned = make(map[string]bool, len(agents))
	for _, id := range agents {
		e.assigned[id] = true
	}
	if e.phase == running {
		e.applyStops()
	}
}

// announceAssigned tells how many of those whom run keeps in step NICE's own
// sync serves as well: two that write are drift, and run is the one to give way.
func (e *Engine) announceAssigned(n int) {
	was := e.doubled
	e.doubled = n
	switch n {
	case was:
	case 0:
		e.notice(Notice{Kind: "assigned", Over: true, Text: "NICE's own sync serves nobody any more whom run keeps in step"})
	default:
		e.notice(Notice{Kind: "assigned", Text: fmt.Sprintf(
			"NICE's own sync serves %d agents whom run is to keep in step: they are left alone until the rules in Adapters name neither them nor their team", n)})
	}
}

// everybody returns why nobody at all is to be moved.
func (e *Engine) everybody() string {
	if e.guard.tripped != nil {
		return e.guard.tripped.Reason
	}
	if e.stopFile != "" {
		return "stop file: " + e.stopFile
	}
	for _, o := range e.control.Stops {
		if o.meets("", "") {
			return "stopped: " + o.Reason
		}
	}
	return e.frozen
}

// reason returns why an agent is to be left alone.
func (e *Engine) reason(a *agent) string {
	if e.halted != "" {
		return e.halted
	}
	for i := range e.control.Stops {
		o := &e.control.Stops[i]
		if o.Agent != "" && a.known.Is(o.Agent) || o.Agent == "" && o.Team != "" && o.Team == a.known.Team {
			return "stopped: " + o.Reason
		}
	}
	if !e.moves(a) {
		return "" // who is only looked at is what compare is about
	}
	if e.assigned[a.known.CXone] {
		return "NICE's own sync serves this agent: the rule in Adapters names them or their team"
	}
	return ""
}

// moves reports whether an agent is one whom decisions are carried out for.
func (e *Engine) moves(a *agent) bool {
	return e.set.Mode == Live && a.rule != nil && a.rule.Live()
}

// applyStops brings every agent in line with the orders.
func (e *Engine) applyStops() {
	was := e.halted
	e.halted = e.everybody()
	if was != e.halted {
		e.announceHalt(was)
	}
	doubled := 0
	for _, a := range e.agents {
		if e.assigned[a.known.CXone] && e.moves(a) {
			doubled++
		}
		why := e.reason(a)
		switch stopped := a.stop != ""; {
		case why != "" && !stopped:
			e.step(a, presence.Stop{Reason: why})
		case why == "" && stopped:
			e.step(a, presence.Resume{})
		}
		a.stop = why
	}
	e.announceAssigned(doubled)
}

func (e *Engine) announceHalt(was string) {
	if e.halted == "" {
		e.notice(Notice{Kind: "halt", Over: true, Text: "agents are moved again; what they show now is taken as agreed. It was: " + was})
		return
	}
	e.notice(Notice{Kind: "halt", Text: fmt.Sprintf("nobody is moved: %s", e.halted)})
}
