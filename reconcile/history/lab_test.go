package history

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// table is rows written "state > status".
type row struct{ state, status string }

func ruleOf(mode string, publisher, subscriber []row) schema.Rule {
	rule := schema.Rule{Name: "Support", Mode: mode, Executor: "lockstep", AfterContact: "previous", Teams: []string{"Support"}}
	for i, r := range publisher {
		rule.Publisher = append(rule.Publisher, schema.Row{State: word(r.state), Status: schema.Status{Name: r.status}, Source: schema.Range{File: "centre.hcl", Start: schema.Pos{Line: int32(10 + i)}}})
	}
	for i, r := range subscriber {
		rule.Subscriber = append(rule.Subscriber, schema.Row{State: word(r.state), Status: schema.Status{Name: r.status}, Source: schema.Range{File: "centre.hcl", Start: schema.Pos{Line: int32(30 + i)}}})
	}
	return rule
}

// word reads a state as the tests write it: codes are what is no word.
func word(text string) schema.ACDState {
	if text == "Available" || text == "LoggedOut" || text == "Working" || text == "InboundContact" || text == "ACW" || text == "previous" {
		return schema.ACDState{Word: text}
	}
	return schema.ACDState{Code: text}
}

var (
	publisher  = []row{{"Available", "Chats"}, {"Lunch", "On_Break"}, {"Coffee", "On_Break"}, {"Working", "On_a_Call"}, {"ACW", "Wrapping"}}
	subscriber = []row{{"Available", "Chats"}, {"Lunch", "On_Break"}}
)

// A lab is one agent followed by the real core, whose journal is kept. Writes
// show after a while, as vendors do.
type lab struct {
	key    string
	rule   *presence.Rule
	set    presence.Settings
	state  presence.State
	now    time.Time
	lines  []mirror.Line
	writes []presence.Effect
}

func newLab(key string, rule schema.Rule) *lab {
	return &lab{key: key, rule: presence.Compile(rule, presence.Facts{}), set: presence.DefaultSettings(), now: noon}
}

func (l *lab) step(event presence.Event) {
	state, effects := presence.Step(&l.set, l.state, presence.Input{Now: l.now, Epoch: 1, Rule: l.rule, Event: event})
	l.state = state
	for _, e := range effects {
		switch e := e.(type) {
		case presence.Entry:
			l.lines = append(l.lines, mirror.Line{At: l.now, Agent: l.key, Entry: e})
		case presence.SetState, presence.SetStatus:
			l.writes = append(l.writes, e)
		}
	}
}

// shows lets a side show something, d later.
func (l *lab) shows(d time.Duration, side presence.Side, what string) {
	l.wait(d)
	o := presence.Observation{Side: side, Since: l.now}
	entry := presence.Entry{What: mirror.Saw, Side: side}
	if side == presence.CXone {
		o.State = word(what)
		entry.State = o.State
	} else {
		o.Status, entry.Status = what, what
	}
	l.lines = append(l.lines, mirror.Line{At: l.now, Agent: l.key, Entry: entry, Since: l.now, Team: "Support"})
	l.step(o)
}

// wait lets time pass, and the core wake when it asked to.
func (l *lab) wait(d time.Duration) {
	end := l.now.Add(d)
	for next := l.state.Next(); !next.IsZero() && next.After(l.now) && next.Before(end); next = l.state.Next() {
		l.now = next
		l.step(nil)
	}
	l.now = end
}

// carry lets what was written show, as the vendors take their time.
func (l *lab) carry(d time.Duration) {
	for len(l.writes) > 0 {
		write := l.writes[0]
		l.writes = l.writes[1:]
		switch w := write.(type) {
		case presence.SetState:
			l.step(presence.Answer{Command: w.ID})
			l.shows(d, presence.CXone, w.State.Word+w.State.Code)
		case presence.SetStatus:
			l.step(presence.Answer{Command: w.ID})
			l.shows(d, presence.Salesforce, w.Status)
		}
	}
}

func journal(lines []mirror.Line) Journal {
	return func(yield func(mirror.Line, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func broken(lines []mirror.Line) Journal {
	return func(yield func(mirror.Line, error) bool) {
		for line := range journal(lines) {
			if !yield(line, nil) {
				return
			}
		}
		yield(mirror.Line{}, errors.New("the disk is gone"))
	}
}

// aMorning is a person who does this and that, and takes calls.
func aMorning(l *lab, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	l.shows(0, presence.CXone, "Available")
	l.shows(0, presence.Salesforce, "Chats")
	for range 40 {
		l.wait(time.Duration(60+random.IntN(600)) * time.Second)
		pause := time.Duration(200+random.IntN(2000)) * time.Millisecond
		switch random.IntN(4) {
		case 0:
			l.shows(0, presence.CXone, []string{"Available", "Lunch", "Coffee", "Training"}[random.IntN(4)])
		case 1:
			l.shows(0, presence.Salesforce, []string{"Chats", "On_Break", "Away"}[random.IntN(3)])
		default:
			before, _ := l.state.Shows()
			l.shows(0, presence.CXone, "InboundContact")
			l.carry(pause)
			l.shows(3*time.Minute, presence.CXone, "ACW")
			l.carry(pause)
			l.shows(time.Minute, presence.CXone, before.Word+before.Code)
		}
		l.carry(pause)
	}
}
