package mirror

import (
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// urgent reports whether a person should know of something now, by its kind. The
// rest is for the log.
func urgent(kind string) bool {
	switch kind {
	case "halt", "poison", "control", "assigned", "budget", "pushes", troubleStore, string(presence.ReportParked):
		return true
	}
	return passing(kind)
}

// passing reports whether a trouble may well be over in a moment, as a vendor's
// are: nobody is called for it before it has lasted.
func passing(kind string) bool {
	switch kind {
	case "events", "poll", "sweep", "people", writeTrouble(presence.CXone), writeTrouble(presence.Salesforce):
		return true
	}
	return false
}

// notice tells people, and writes it into the journal.
func (e *Engine) notice(n Notice) { e.tell(n, urgent(n.Kind)) }

func (e *Engine) tell(n Notice, urgent bool) {
	n.At, n.Tenant = e.now, e.set.Tenant
	e.ask(Tell{Notice: n, Urgent: urgent})
	e.write(Line{At: n.At, Agent: n.Agent, Kind: n.Kind, Over: n.Over, Entry: presence.Entry{What: Noticed, Detail: n.Text}})
}

// Troubles are what does not work at present, by what it is, so that it is told
// once and its end is told as well.
type troubles map[string]string

// A worry is a trouble that nobody was called for yet.
type worry struct {
	what string
	due  time.Time // when it will have lasted
}

// lasts is how long a passing trouble is only in the log: people are still
// moved in time when it ends before.
const lasts = 30 * time.Second

// trouble says that something does not work, unless that was said.
func (e *Engine) trouble(what, text string) {
	if _, known := e.troubles[what]; known {
		return
	}
	if e.troubles == nil {
		e.troubles = troubles{}
	}
	e.troubles[what] = text
	if passing(what) {
		e.worries = append(e.worries, worry{what, e.now.Add(lasts)})
		e.by(taskWorry, lasts)
	}
	e.tell(Notice{Kind: what, Text: text}, urgent(what) && !passing(what))
}

// worry calls people for what has lasted.
func (e *Engine) worry() {
	for len(e.worries) > 0 && !e.worries[0].due.After(e.now) {
		what := e.worries[0].what
		e.worries = e.worries[1:]
		e.tell(Notice{Kind: what, Text: fmt.Sprintf("%s (for %s now)", e.troubles[what], lasts)}, true)
	}
	if len(e.worries) > 0 {
		e.by(taskWorry, e.worries[0].due.Sub(e.now))
	}
}

// worryAnew is for a new lease: what is wrong has to be seen to last under it.
func (e *Engine) worryAnew() {
	for i := range e.worries {
		e.worries[i].due = e.now.Add(lasts)
	}
	if len(e.worries) > 0 {
		e.by(taskWorry, lasts)
	}
}

// fine says that something works again, and reports whether it did not.
func (e *Engine) fine(what string) bool {
	if _, was := e.troubles[what]; !was {
		return false
	}
	delete(e.troubles, what)
	unheard := slices.ContainsFunc(e.worries, func(w worry) bool { return w.what == what })
	e.worries = slices.DeleteFunc(e.worries, func(w worry) bool { return w.what == what })
	e.tell(Notice{Kind: what, Over: true, Text: "it works again"}, urgent(what) && !unheard)
	return true
}

const troubleStore = "store"

// A use is something that the store is needed for. A full disk keeps no batch
// and renews leases all the same: the store works again when all of it does.
type use uint8

const (
	toLease use = 1 << iota
	toRead
	toKeep
	toErase
)

func (e *Engine) storeFailed(in use, err error) {
	e.failed |= in
	e.trouble(troubleStore, text(err))
}

func (e *Engine) storeBack(in use) {
	if e.failed &^= in; e.failed == 0 {
		e.fine(troubleStore)
	}
}

// report tells what presence wants a person to know. What concerns one agent is
// in the journal already.
func (e *Engine) report(a *agent, r presence.Report) {
	e.ask(Tell{
		Notice: Notice{At: e.now, Tenant: e.set.Tenant, Kind: string(r.Kind), Agent: a.known.Key, Text: r.Detail, Over: r.Over},
		Urgent: urgent(string(r.Kind)),
	})
}
