package presence

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/schema"
)

// A model is a small world of one agent: both vendors as they truly are, a
// person, and a way between them and Step that loses, repeats and delays.
type model struct {
	t     *rapid.T
	set   Settings
	rule  *Rule
	most  int // Prove's Longest
	s     State
	epoch uint64
	now   int64
	queue []event // what will happen, in no order
	seq   int
	story []string

	truth  pair
	since  [2]int64
	maker  [2]maker
	before schema.ACDState // where a contact returns to
	next   schema.ACDState // what is to show at the contact's end
	chosen bool            // a person chose next
	queues bool            // CXone queues an administrative change during a contact
	polls  bool            // a poll that will see something is due
	quiet  bool            // faults have stopped

	ledger ledger

	actions, decided, excused int
}

// pollInterval is how often CXone is asked for what has changed.
const pollInterval = 5000

// A maker is who made a side show what it shows.
type maker int

const (
	person maker = iota // or the vendor by itself outside a contact
	contact
	engine
)

type event struct {
	at, order int64
	do        func()
}

func (m *model) say(format string, args ...any) {
	m.story = append(m.story, fmt.Sprintf("%8.3f ", float64(m.now)/1000)+fmt.Sprintf(format, args...))
}

func (m *model) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s\n%s\n%s", fmt.Sprintf(format, args...), rulesText(m.rule.rule), strings.Join(m.story, "\n"))
}

func rulesText(rule schema.Rule) string {
	var b strings.Builder
	for _, r := range rule.Publisher {
		fmt.Fprintf(&b, "publish %s > %s\n", r.State, r.Status)
	}
	for _, r := range rule.Subscriber {
		fmt.Fprintf(&b, "subscribe %s > %s\n", r.Status, r.State)
	}
	return b.String() + "after_contact " + rule.AfterContact
}

func (m *model) after(delay int64, do func()) {
	m.seq++
	m.queue = append(m.queue, event{m.now + delay, int64(m.seq), do})
}

// run lets time pass, waking Step when it asks to be.
func (m *model) run(until int64) {
	for {
		i := -1
		for k := range m.queue {
			if i < 0 || cmp.Or(cmp.Compare(m.queue[k].at, m.queue[i].at), cmp.Compare(m.queue[k].order, m.queue[i].order)) < 0 {
				i = k
			}
		}
		wake := until + 1
		if next := m.s.Next(); !next.IsZero() {
			wake = max(next.Sub(noon).Milliseconds(), m.now+1)
		}
		switch {
		case i >= 0 && m.queue[i].at <= min(wake, until):
			e := m.queue[i]
			m.queue = slices.Delete(m.queue, i, i+1)
			m.now = max(m.now, e.at)
			e.do()
		case wake <= until:
			m.now = wake
			m.step(nil)
		default:
			m.now = until
			return
		}
	}
}

func (m *model) step(e Event) {
	in := Input{Now: noon.Add(time.Duration(m.now) * time.Millisecond), Epoch: m.epoch, Rule: m.rule, Event: e}
	s, effects := Step(&m.set, m.s, in)
	if again, more := Step(&m.set, s, in); asks(more) || !reflect.DeepEqual(again, s) {
		m.fail("the same input again does something: %+v", more)
	}
	if twin, same := Step(&m.set, m.s, in); !reflect.DeepEqual(twin, s) || !reflect.DeepEqual(same, effects) {
		m.fail("the same call gives another result")
	}
	m.s = decode(m.t, encode(m.t, s))
	if !reflect.DeepEqual(m.s, s) {
		m.fail("the state does not survive a store: %+v %+v", s, m.s)
	}
	for _, effect := range effects {
		m.carry(effect)
	}
}

func (m *model) carry(effect Effect) {
	switch e := effect.(type) {
	case SetStatus:
		m.say("command %d: Salesforce to %s if %s (try %d)", e.ID, e.Status, e.Expected, e.Try)
		m.count(e.Command)
		m.ledger.command(m, Salesforce)
		m.send(e.Command, func() Result { return m.bridge(e) })
	case SetState:
		m.say("command %d: CXone to %s (try %d)", e.ID, e.State, e.Try)
		m.count(e.Command)
		m.ledger.command(m, CXone)
		m.send(e.Command, func() Result { return m.post(e) })
	case Entry:
		m.say("  %s %s %s (base %s/%s, shows %s/%s) %s", e.What, e.Side, e.Target, e.BaseState, e.BaseStatus, e.State, e.Status, e.Detail)
		if e.What == Undeliverable || e.What == TookOver || e.What == Released {
			m.excused++ // what is tried again later is no new decision
		}
	}
}

func (m *model) count(c Command) {
	if c.Try == 1 {
		m.decided++
	}
}

// send carries a command to the vendor and the answer back.
func (m *model) send(c Command, do func() Result) {
	fate := "fine"
	if !m.quiet {
		fate = rapid.SampledFrom([]string{"fine", "fine", "lost", "answer lost", "slow"}).Draw(m.t, "command's fate")
	}
	delay := int64(100)
	if fate == "slow" {
		delay = rapid.Int64Range(1000, 9000).Draw(m.t, "delay")
	}
	m.after(delay, func() {
		result := Unknown
		if fate != "lost" {
			if m.now <= c.Expires.Sub(noon).Milliseconds() {
				result = do()
			}
			if fate == "answer lost" {
				result = Unknown
			}
		}
		m.after(50, func() { m.step(Answer{Command: c.ID, Result: result}) })
	})
}

// bridge is the component in the agent's console.
func (m *model) bridge(e SetStatus) Result {
	if m.truth.status != schema.Offline && m.truth.status == e.Expected && e.Epoch == m.epoch {
		m.show(Salesforce, pair{status: e.Status}, engine)
	}
	return Accepted // the push reached the console; what it does nobody says
}

// post is CXone's call.
func (m *model) post(e SetState) Result {
	switch {
	case m.truth.state.Word == schema.StateLoggedOut:
		return Unreachable
	case inContact(m.truth.state):
		if m.queues {
			m.next, m.chosen = e.State, false
		}
	default:
		m.show(CXone, pair{state: e.State}, engine)
	}
	return Accepted
}

// show changes what a side truly shows, and lets the news travel.
func (m *model) show(side Side, to pair, by maker) {
	if m.truth.on(side) == to.on(side) {
		return
	}
	m.now++ // no two changes at one time
	m.truth = m.truth.with(side, to)
	m.since[side], m.maker[side] = m.now, by
	m.ledger.changed(m, side)
	m.say("%s shows %s", side, m.truth.text(side))
	if side == CXone {
		m.poll()
		return
	}
	m.event()
}

// poll reads CXone at the next tick of the poll interval. The server's cursor
// never skips what an agent shows at present, so that an answer that was lost is
// made up for by the next poll; what changed twice between two polls is told
// once.
func (m *model) poll() {
	if m.polls {
		return
	}
	m.polls = true
	m.after(pollInterval-m.now%pollInterval, func() {
		m.polls = false
		delays := m.fate("poll", []int64{200}, []int64{200}, []int64{}, []int64{200, 1000}, []int64{4000})
		if len(delays) == 0 {
			m.poll()
			return
		}
		m.read(CXone, false, delays)
	})
}

// event is Salesforce telling of one change. It can be late, repeated, or lost
// until somebody looks.
func (m *model) event() {
	m.read(Salesforce, false, m.fate("event", []int64{200}, []int64{200}, []int64{}, []int64{200, 3000}, []int64{100, 100}, []int64{6000}))
}

// sweep reads a side's present data.
func (m *model) sweep(side Side) {
	m.read(side, true, m.fate("sweep", []int64{200}, []int64{200}, []int64{}, []int64{3000}))
}

// look is a sweep that is tried until it succeeds.
func (m *model) look(side Side) {
	delays := m.fate("look", []int64{200}, []int64{200}, []int64{}, []int64{3000})
	if len(delays) == 0 {
		m.after(pollInterval, func() { m.look(side) })
		return
	}
	m.read(side, true, delays)
}

// fate draws how long news is on its way, once for each time that it arrives.
func (m *model) fate(what string, delays ...[]int64) []int64 {
	if m.quiet {
		return []int64{200}
	}
	return rapid.SampledFrom(delays).Draw(m.t, what)
}

// read takes down what a side shows now and tells Step of it later.
func (m *model) read(side Side, whole bool, delays []int64) {
	r := m.ledger.reading(m, side)
	o := Observation{Side: side, State: m.truth.state, Status: m.truth.status, Whole: whole, Since: stamp(r.since)}
	for _, delay := range delays {
		m.after(delay, func() {
			m.say("seen: %s %s", side, pair{o.State, o.Status}.text(side))
			m.ledger.told(r)
			m.step(o)
		})
	}
}

// act lets something happen to the agent.
func (m *model) act(states []schema.ACDState, statuses []string) {
	m.actions++
	talking := inContact(m.truth.state)
	switch what := rapid.SampledFrom([]string{"cxone", "salesforce", "salesforce", "contact", "contact", "sweep", "crash"}).Draw(m.t, "action"); {
	case what == "salesforce":
		m.show(Salesforce, pair{status: rapid.SampledFrom(statuses).Draw(m.t, "status")}, person)
	case what == "sweep":
		m.sweep(CXone)
		m.sweep(Salesforce)
	case what == "crash":
		m.crash()
	case talking && what == "contact":
		m.endContact()
	case talking && what == "cxone":
		m.next, m.chosen = rapid.SampledFrom(states[:4]).Draw(m.t, "next state"), true
		m.say("the person chooses %s for the contact's end", m.next)
	case m.truth.state.Word == schema.StateLoggedOut || what == "cxone":
		m.show(CXone, pair{state: rapid.SampledFrom(states).Draw(m.t, "state")}, person)
	default:
		m.before, m.next, m.chosen = m.truth.state, schema.ACDState{}, false
		m.show(CXone, pair{state: acd("InboundContact")}, contact)
	}
}

func (m *model) endContact() {
	if m.truth.state.Word == schema.StateInboundContact && rapid.Bool().Draw(m.t, "after-call work") {
		m.show(CXone, pair{state: schema.ACDState{Word: schema.StateACW, Code: "Wrap"}}, contact)
		return
	}
	by := contact
	if m.chosen {
		by = person
	}
	m.show(CXone, pair{state: cmp.Or(m.next, m.before)}, by)
}

// crash loses nothing but the process: the next owner reads the state and looks
// at both sides.
func (m *model) crash() {
	m.say("a crash")
	m.epoch++
	m.step(nil)
	m.look(CXone)
	m.look(Salesforce)
}

func newModel(t *rapid.T) *model {
	rule, facts := drawRule(t)
	proof := Prove(rule, facts)
	if proof.Cycle != nil {
		t.Skip("a rule that never settles is refused")
	}
	m := &model{t: t, set: DefaultSettings(), rule: Compile(rule, facts), most: proof.Longest, epoch: 1, now: 1000}
	m.queues = rapid.Bool().Draw(t, "CXone queues")
	m.quiet = true
	m.show(CXone, pair{state: acd("Available")}, person)
	m.show(Salesforce, pair{status: "X"}, person)
	m.run(6000)
	m.quiet = false
	return m
}

func (m *model) live() {
	states := []schema.ACDState{acd("Available"), acd("A"), acd("B"), acd("E"), acd("Refused"), acd("LoggedOut")}
	statuses := []string{"X", "Y", "Z", "W", "V", schema.Offline}
	for range rapid.IntRange(1, 12).Draw(m.t, "actions") {
		m.act(states, statuses)
		m.run(m.now + rapid.SampledFrom([]int64{50, 400, 3000, 12000, 150_000}).Draw(m.t, "pause"))
	}
}

// settle ends faults and contacts, and lets one sweep happen.
func (m *model) settle() {
	for inContact(m.truth.state) {
		m.actions++
		m.endContact()
		m.run(m.now + 100)
	}
	m.run(m.now + 10_000)
	m.quiet = true
	m.say("faults stop")
	m.run(m.now + 10_000) // what is on its way arrives
	m.sweep(CXone)
	m.sweep(Salesforce)
	m.run(m.now + 40_000) // a reading may go back after half a minute
	m.sweep(CXone)
	m.sweep(Salesforce)
	m.run(m.now + 10_000)
	if _, parked := m.s.Parked(); parked {
		m.run(m.now + 2*m.set.Quiet.Milliseconds())
	}
}
