package mirror

import "github.com/lockstep-sync/lockstep/reconcile/presence"

// notice tells people, and writes it into the journal.
func (e *Engine) notice(n Notice, urgent bool) {
	n.At, n.Tenant = e.now, e.set.Tenant
	e.ask(Tell{Notice: n, Urgent: urgent})
	e.write(Line{At: n.At, Agent: n.Agent, Kind: n.Kind, Over: n.Over, Entry: presence.Entry{What: Noticed, Detail: n.Text}})
}

// Troubles are what does not work at present, by what it is, so that it is told
// once and its end is told as well.
type troubles map[string]string

// trouble says that something does not work, unless that was said.
func (e *Engine) trouble(what, text string) {
	if _, known := e.troubles[what]; known {
		return
	}
	if e.troubles == nil {
		e.troubles = troubles{}
	}
	e.troubles[what] = text
	e.notice(Notice{Kind: what, Text: text}, what == troubleStore || what == "events" || what == "budget")
}

// fine says that something works again, and reports whether it did not.
func (e *Engine) fine(what string) bool {
	_, was := e.troubles[what]
	if was {
		delete(e.troubles, what)
		e.notice(Notice{Kind: what, Over: true, Text: "it works again"}, what == troubleStore || what == "events")
	}
	return was
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
		Urgent: r.Kind == presence.ReportParked,
	})
}
