package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A book is what is to be kept. Changes gather while the last batch is being
// written, and go in one batch then; nothing that rests on them is sent before.
type book struct {
	gather  batch
	flight  *batch // under way
	commits uint64 // counts batches
	retry   time.Time

	feedsNew, dayNew bool // can wait for the next batch
	lazyAt           time.Time
	erasing          bool
	erasedOnce       bool // under this lease
}

// A batch is what is kept together.
type batch struct {
	lines     []store.Entry
	agents    []*agent
	commands  []*command // to be sent afterwards
	known     []*agent
	forgotten []string // keys
	breaker   bool
	forgot    bool // orders to forget were carried out
	news      bool // what a reading has brought is in it, and the rest of the reading waits

	sets   []store.Set // made when the batch is committed
	states []kept
}

// A kept state is one of a batch.
type kept struct {
	agent *agent
	state []byte
}

func (b *batch) empty() bool {
	return len(b.lines) == 0 && len(b.agents) == 0 && len(b.commands) == 0 && len(b.known) == 0 && len(b.forgotten) == 0 && !b.breaker && !b.forgot
}

// most bounds what gathers when the store does not take it: past it no more
// news is asked for.
const mostLines, mostAgents = 20_000, 5_000

// full reports whether the book takes no more news for now.
func (e *Engine) full() bool {
	return len(e.gather.lines) > mostLines || e.flight != nil && len(e.gather.agents) > mostAgents
}

// write puts a line into the journal.
func (e *Engine) write(l Line) {
	if entry, err := EncodeEntry(l); err == nil { // only plain values are encoded
		e.gather.lines = append(e.gather.lines, entry)
	}
}

// touch notes that an agent's state may have changed.
func (e *Engine) touch(a *agent) {
	s := &a.hot.state
	a.note(e, s)
	for side := range a.fresh {
		a.fresh[side] = s.Fresh(presence.Side(side))
	}
	e.assess(a, s)
	a.version = e.seen.next()
	if !a.dirty {
		a.dirty = true
		e.gather.agents = append(e.gather.agents, a)
	}
}

// save notes that who an agent is has changed.
func (e *Engine) save(a *agent) {
	if !a.unsaved {
		a.unsaved = true
		e.gather.known = append(e.gather.known, a)
	}
}

func (e *Engine) forget(key string) { e.gather.forgotten = append(e.gather.forgotten, key) }

// lazily is how long what can be read again is kept in memory only: positions
// in feeds, and the count of calls.
const lazily = 30 * time.Second

// commit begins to keep what has gathered, unless a batch is under way.
func (e *Engine) commit() {
	if e.flight != nil || e.phase != running && e.phase != draining || e.now.Before(e.retry) {
		return
	}
	e.forgetOrdered()
	if e.gather.empty() && !e.lazyDue() {
		return
	}
	b := e.gather
	e.gather = batch{}
	if b.news {
		e.by(taskRead, 0)
	}
	e.fill(&b)
	if len(b.sets) == 0 && len(b.lines) == 0 {
		e.keep(&b)
		return
	}
	e.commits++
	e.flight = &b
	e.ask(Commit{
		ID:      e.commits,
		Batch:   store.Batch{Tenant: e.set.Tenant, Fence: e.lease.Fence(), Set: b.sets, Append: b.lines},
		Timeout: storeTimeout,
	})
}

// lazyDue reports whether what can wait has waited.
func (e *Engine) lazyDue() bool {
	if !e.feedsNew && !e.dayNew {
		return false
	}
	if e.phase == draining {
		return true
	}
	if e.lazyAt.IsZero() {
		e.lazyAt = e.now.Add(lazily)
	}
	if e.now.Before(e.lazyAt) {
		e.by(taskCommit, e.lazyAt.Sub(e.now))
		return false
	}
	return true
}

// fill makes a batch's values from the agents as they are now.
func (e *Engine) fill(b *batch) {
	b.sets, b.states = nil, nil
	for _, a := range b.agents {
		if !a.dirty {
			continue // dismissed since
		}
		a.dirty = false
		state, err := a.hot.state.MarshalBinary()
		if err != nil || bytes.Equal(state, a.cold) {
			continue
		}
		b.states = append(b.states, kept{a, state})
		b.sets = append(b.sets, store.Set{Key: prefixAgent + a.known.Key, Value: state, Was: store.Any})
	}
	for _, a := range b.known {
		if value, err := json.Marshal(&a.known); err == nil && a.unsaved {
			b.sets = append(b.sets, store.Set{Key: prefixKnown + a.known.Key, Value: value, Was: store.Any})
		}
		a.unsaved = false
	}
	e.fillForgotten(b)
	e.fillOwn(b)
}

// fillForgotten leaves out whoever is back on the roster with a state.
func (e *Engine) fillForgotten(b *batch) {
	if len(b.forgotten) == 0 {
		return
	}
	there := make(map[string]bool, len(b.sets))
	for i := range b.sets {
		there[b.sets[i].Key] = true
	}
	for _, key := range b.forgotten {
		if !there[key] {
			there[key] = true
			b.sets = append(b.sets, store.Set{Key: key, Was: store.Any})
		}
	}
}

// fillOwn adds what the engine itself remembers.
func (e *Engine) fillOwn(b *batch) {
	own := func(key string, wanted bool, encode func() ([]byte, error)) {
		if value, err := encode(); wanted && err == nil {
			b.sets = append(b.sets, store.Set{Key: key, Value: value, Was: store.Any})
		}
	}
	own(keyBreaker, b.breaker, e.guard.encode)
	own(keyForgot, b.forgot, e.encodeForgot)
	own(keyFeeds, e.feedsNew, e.encodeFeeds)
	own(keyDay, e.dayNew, e.used.encode)
	e.feedsNew, e.dayNew, e.lazyAt = false, false, time.Time{}
}

func (e *Engine) committed(c Committed) {
	if e.flight == nil || c.ID != e.commits {
		return
	}
	b := e.flight
	e.flight = nil
	switch {
	case c.Err == nil:
		e.storeBack(toKeep)
		e.backOffs.store.reset()
		e.keep(b)
		e.resume()
	case errors.Is(c.Err, store.ErrFenced), errors.Is(c.Err, store.ErrConflict), errors.Is(c.Err, store.ErrUnknown):
		// What is remembered may be another's by now, or not be what was written.
		// Only reading it anew, under a new lease, tells.
		e.lose(c.Err.Error())
	default:
		e.storeFailed(toKeep, c.Err)
		e.gatherAgain(b)
		wait := e.backOffs.store.next()
		e.retry = e.now.Add(wait)
		e.by(taskCommit, wait)
	}
}

// keep carries on with what is safe now.
func (e *Engine) keep(b *batch) {
	for _, k := range b.states {
		k.agent.cold = bytes.Clone(k.state) // without the room it was written in: it stays
	}
	for _, c := range b.commands {
		if c.stands() {
			e.waiting[c.side].put(c)
		}
	}
	for _, a := range b.agents {
		a.cool()
	}
}

// gatherAgain puts a batch that was not written in front of what has gathered
// since. States are made anew then.
func (e *Engine) gatherAgain(b *batch) {
	g := &e.gather
	for _, a := range b.agents {
		if a.hot != nil && !a.dirty && a.lost == "" {
			a.dirty = true
			g.agents = append(g.agents, a)
		}
	}
	for _, a := range b.known {
		e.save(a)
	}
	g.lines = append(b.lines, g.lines...)
	g.commands = append(b.commands, g.commands...)
	g.forgotten = append(b.forgotten, g.forgotten...)
	g.breaker, g.forgot = g.breaker || b.breaker, g.forgot || b.forgot
	e.feedsNew, e.dayNew = true, true
}

// resume asks for the news that was not asked for while the book was full.
func (e *Engine) resume() {
	if e.owed != 0 && !e.full() {
		e.ask(More{Watch: e.owed})
		e.owed = 0
	}
	if len(e.readings) > 0 && !e.full() {
		e.by(taskRead, 0)
	}
}

// beginErasing sees to it that old history is erased soon, however short the
// run or the lease is.
func (e *Engine) beginErasing() {
	switch {
	case e.set.Retention <= 0:
	case e.set.Once:
		e.at(taskErase, 0)
	default:
		e.at(taskErase, eraseSoon) // who takes over has more urgent things to do
	}
}

// owesErasing reports whether a run that is to end must erase first.
func (e *Engine) owesErasing() bool {
	return e.set.Retention > 0 && !e.erasedOnce
}

// erase forgets history that is older than it is to be kept.
func (e *Engine) erase() {
	if e.erasing || e.set.Retention <= 0 {
		return
	}
	e.erasing = true
	e.ask(Erase{Turn: e.turn, Query: store.Query{Tenant: e.set.Tenant, To: e.now.Add(-e.set.Retention)}})
}

func (e *Engine) erased(r Erased) {
	if r.Turn != e.turn {
		return
	}
	e.erasing, e.erasedOnce = false, true
	e.at(taskErase, eraseEvery)
	if r.Err != nil {
		e.storeFailed(toErase, r.Err)
		return
	}
	e.storeBack(toErase)
}
