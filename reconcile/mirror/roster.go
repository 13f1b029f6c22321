package mirror

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A roster is who there is.
type roster struct {
	agents  []*agent             // by key
	known   [2]map[string]*agent // by side and Id; nil for a person who is nobody's counterpart
	strange []Strange
	alarms  alarms
	gauges  gauges
	gone    []departure
	// enrolled counts how often the roster was made anew.
	enrolled int

	memory      []store.Item // what the lease's beginning found, until people are read
	recollected bool         // memory was read
	asking      bool         // people are being read
	listed      bool         // people were read
	peopleAsked time.Time
	pages       int // of Salesforce people, for the budget
}

// A departure is an agent who was taken off the roster.
type departure struct {
	key     string
	version uint64
}

func newRoster() roster {
	return roster{known: [2]map[string]*agent{{}, {}}}
}

// gauges count agents by their flags.
type gauges struct{ apart, pending, parked, undeliverable, stopped, unseen int }

func (g *gauges) move(was, is flags) {
	add := func(n *int, was, is bool) {
		if is && !was {
			*n++
		} else if was && !is {
			*n--
		}
	}
	add(&g.apart, was.apart, is.apart)
	add(&g.pending, was.pending, is.pending)
	add(&g.parked, was.parked, is.parked)
	add(&g.undeliverable, was.undeliverable, is.undeliverable)
	add(&g.stopped, was.stopped, is.stopped)
	add(&g.unseen, was.unseen, is.unseen)
}

func (e *Engine) recalled(r Recalled) {
	if r.Turn != e.turn || e.recollected {
		return
	}
	if r.Err != nil {
		e.storeFailed(toRead, r.Err)
		e.at(taskRecall, renewEvery)
		return
	}
	e.storeBack(toRead)
	for _, item := range r.Items {
		if err := e.remember(item); err != nil {
			e.drain(err)
			return
		}
	}
	e.recollected = true
	e.begin()
}

// remember takes in one remembered value, and keeps those of agents until it is
// known who there is. What a newer version wrote ends the run.
func (e *Engine) remember(item store.Item) error {
	switch {
	case item.Key == keyFeeds:
		return e.recallFeeds(item.Value)
	case item.Key == keyDay:
		return e.recallDay(item.Value)
	case item.Key == keyBreaker:
		return e.recallBreaker(item.Value)
	case item.Key == keyForgot:
		return e.recallForgot(item.Value)
	case strings.HasPrefix(item.Key, prefixAgent):
		var s presence.State
		err := s.UnmarshalBinary(item.Value)
		if errors.Is(err, presence.ErrVersion) {
			return fmt.Errorf("what is remembered of %s: %w: %w", item.Key, err, store.ErrNewer)
		}
		if err != nil {
			// The agent begins anew, with what both sides show.
			e.notice(Notice{Kind: "poison", Agent: strings.TrimPrefix(item.Key, prefixAgent), Text: err.Error()})
			return nil
		}
		e.memory = append(e.memory, item)
	case strings.HasPrefix(item.Key, prefixKnown):
		e.memory = append(e.memory, item)
	}
	return nil
}

func (e *Engine) readPeople() {
	if e.asking || e.phase == draining {
		return
	}
	if e.phase == running && !e.maySweep() {
		e.at(taskPeople, peopleEvery) // those who are known are kept in step; newcomers wait
		return
	}
	e.asking, e.peopleAsked = true, e.now
	e.ask(ReadPeople{Turn: e.turn, Timeout: peopleTimeout})
}

func (e *Engine) peopleRead(p PeopleRead) {
	if p.Turn != e.turn {
		return
	}
	e.asking = false
	e.spendCalls(1 + len(p.Salesforce)/page)
	err := p.Err
	if err == nil && e.listed && len(e.agents) > 0 && (len(p.Salesforce) == 0 || len(p.CXone) == 0) {
		// A vendor that hides everybody from us does not mean that all have left.
		err = errors.New("a vendor lists nobody at all; everybody stays matched as before")
	}
	if err != nil {
		e.trouble("people", err.Error())
		e.at(taskPeople, e.backOffs.people.next())
		return
	}
	e.fine("people")
	e.backOffs.people.reset()
	e.pages = 1 + len(p.Salesforce)/page
	e.at(taskPeople, spread(peopleEvery, e.pages, peopleShare))
	e.enrol(p.Salesforce, p.CXone)
	e.listed = true
	e.begin()
}

// begin starts the day once it is known what was, who there is and what
// operators want.
func (e *Engine) begin() {
	if e.phase != waking || !e.recollected || !e.listed || !e.ordered {
		return
	}
	e.recallAgents()
	e.phase = running
	e.applyStops()
	e.at(taskPoll, 0)
	e.at(taskSweep, 0)
	e.at(taskWatch, 0)
	e.at(taskOnline, 0)
	e.at(taskLimits, 0)
	e.beginErasing()
	e.notice(Notice{Kind: "began", Text: e.served() + ", " + are(len(e.unmatched()), "person", "people") + " unmatched"})
}

// served tells how many agents a rule reaches: those whom it moves, and those
// who are only watched.
func (e *Engine) served() string {
	kept, watched := 0, 0
	for _, a := range e.agents {
		switch {
		case e.moves(a):
			kept++
		case a.rule != nil:
			watched++
		}
	}
	switch {
	case watched == 0 && e.set.Mode == Live:
		return are(kept, "agent", "agents") + " kept in step"
	case kept == 0:
		return are(watched, "agent", "agents") + " watched"
	}
	return are(kept, "agent", "agents") + " kept in step, " + are(watched, "agent", "agents") + " watched"
}

func are(n int, one, many string) string {
	if n == 1 {
		return "1 " + one + " is"
	}
	return fmt.Sprintf("%d %s are", n, many)
}

// enrol brings the roster in line with the people there are. Whoever is paired
// with the same person as before keeps everything.
func (e *Engine) enrol(salesforce, cxone []schema.Person) {
	matches, strange := MatchPeople(salesforce, cxone, e.set.Match)
	e.strange = strange
	e.known = [2]map[string]*agent{make(map[string]*agent, len(cxone)), make(map[string]*agent, len(salesforce))}
	for i := range salesforce {
		e.known[presence.Salesforce][salesforce[i].ID] = nil
	}
	for i := range cxone {
		e.known[presence.CXone][cxone[i].ID] = nil
	}
	agents := make([]*agent, 0, len(matches))
	var joined bool
	for _, m := range matches {
		a := find(e.agents, keyOf(m.CXone.ID, m.Salesforce.ID))
		if a == nil {
			a = e.newcomer(m)
			joined = true
		}
		e.introduce(a, m)
		agents = append(agents, a)
	}
	slices.SortFunc(agents, func(a, b *agent) int { return cmp.Compare(a.known.Key, b.known.Key) })
	for _, a := range e.agents {
		if find(agents, a.known.Key) == nil {
			e.dismiss(a, reasons(strange, a))
		}
	}
	e.agents = agents
	e.enrolled++
	for _, a := range agents {
		e.known[presence.CXone][a.known.CXone], e.known[presence.Salesforce][a.known.Salesforce] = a, a
	}
	if joined && e.phase == running {
		e.resync()
		e.by(taskSweep, 0)
	}
	if e.phase == running {
		e.applyStops()
	}
}

// find returns the agent of a key, nil when there is none. They are in that order,
// which takes less memory than a map.
func find(agents []*agent, key string) *agent {
	i, found := slices.BinarySearchFunc(agents, key, func(a *agent, key string) int { return cmp.Compare(a.known.Key, key) })
	if !found {
		return nil
	}
	return agents[i]
}

func reasons(strange []Strange, a *agent) string {
	for i := range strange {
		if id := strange[i].ID; id == a.known.CXone || id == a.known.Salesforce {
			return strange[i].Why
		}
	}
	return "one of the two is not listed any more, or is matched with somebody else"
}

func (e *Engine) newcomer(m Match) *agent {
	key := keyOf(m.CXone.ID, m.Salesforce.ID)
	return e.newAgent(Known{Key: key, CXone: key[:len(m.CXone.ID)], Salesforce: key[len(m.CXone.ID)+1:]})
}

func (e *Engine) newAgent(k Known) *agent {
	a := &agent{row: noRow, known: k}
	a.flags.unseen = true
	e.gauges.unseen++
	return a
}

// introduce takes in what people are called now, and which rule that leads to.
func (e *Engine) introduce(a *agent, m Match) {
	was := a.known
	k := &a.known
	k.Name = cmp.Or(m.CXone.Name, m.Salesforce.Name)
	k.Team = e.intern(m.CXone.Team)
	k.Login = m.CXone.Username
	k.Email = same(k.Login, m.CXone.Email)
	k.User = same(k.Login, m.Salesforce.Username)
	k.UserEmail = same(k.Email, m.Salesforce.Email)
	if *k != was {
		e.save(a)
		a.version = e.seen.next()
	}
	e.reruled(a)
}

// same returns one when both are equal, so that one copy is kept.
func same(one, other string) string {
	if one == other {
		return one
	}
	return other
}

// recallAgents gives agents what is remembered of them, and forgets those whom
// nobody corresponds to any more.
func (e *Engine) recallAgents() {
	for _, item := range e.memory {
		key, isState := strings.CutPrefix(item.Key, prefixAgent)
		if !isState {
			key = strings.TrimPrefix(item.Key, prefixKnown)
		}
		a := find(e.agents, key)
		switch {
		case a == nil && isState:
			e.forget(item.Key)
		case a == nil: // who somebody was is asked for with their history
		case isState:
			a.cold = item.Value
			e.recallAgent(a)
		default:
			if value, err := json.Marshal(a.known); err == nil && bytes.Equal(value, item.Value) {
				a.unsaved = false
			}
		}
	}
	e.memory = nil
}

// recallAgent takes from the remembered state what is kept beside it.
func (e *Engine) recallAgent(a *agent) {
	s := a.peek()
	a.stop, _ = s.Stopped()
	a.later = s.Reruled(a.rule) // by a restart with other rules, or a move to another team meanwhile
	a.note(e, &s)
	e.assess(a, &s)
	if next := s.Next(); !next.IsZero() {
		e.setAlarm(a, next)
	}
}

// dismiss takes an agent off the roster: what was agreed counts for nothing once
// one of the two is somebody else.
func (e *Engine) dismiss(a *agent, why string) {
	a.lost = why
	e.guard.leave(a)
	e.step(a, nil)
	e.retire(a)
	e.forget(prefixAgent + a.known.Key)
	e.gone = append(e.gone, departure{a.known.Key, e.seen.next()})
}

// retire takes an agent who is lost out of what is counted and kept.
func (e *Engine) retire(a *agent) {
	e.gauges.move(a.flags, flags{})
	e.seen.leaveRow(a)
	a.flags, a.wake, a.dirty = flags{}, 0, false
}
