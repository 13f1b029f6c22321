package presence

import (
	"fmt"

	"github.com/lockstep-sync/lockstep/schema"
)

// A pair is what one agent shows on both sides.
type pair struct {
	state  schema.ACDState
	status string // the developer name
}

// A Side is one of the two vendors, seen by a rule.
type Side int

// The sides.
const (
	CXone Side = iota
	Salesforce
)

// String names the vendor.
func (s Side) String() string {
	if s == CXone {
		return "CXone"
	}
	return "Salesforce"
}

func (s Side) other() Side { return 1 - s }

// A world is an agent one of whose sides has just moved.
type world struct {
	pair
	moved Side
	// before is the pair that was shown when the contact began. It is kept
	// until what the contact's end asks for is decided; zero otherwise.
	before pair
	// during is the status that the base's contact state publishes, "" outside
	// one: CXone shows of a code that it is an ACW code, declared or not.
	during string
}

// A Cause says why a side moved.
type Cause int

// The causes.
const (
	Outside      Cause = iota // a person, or the vendor by itself
	ByPublisher               // a publisher row
	BySubscriber              // a subscriber row
	AfterContact              // the contact ended: Salesforce goes back to what it showed
)

// A Move is one side of an agent changing to something else.
type Move struct {
	Cause Cause
	// Row is the row that asks for it; nil unless a row does.
	Row *schema.Row
	// OnCXone says which side moved; State and Status are what both show then.
	OnCXone bool
	State   schema.ACDState
	Status  string
}

// String says in one line what moved and which row of which file asked for it.
func (m Move) String() string {
	target := "Salesforce to " + m.Status
	if m.OnCXone {
		target = "CXone to " + m.State.String()
	}
	switch m.Cause {
	case ByPublisher:
		return fmt.Sprintf("CXone shows %s: the publisher row%s sets %s", m.State, at(m.Row), target)
	case BySubscriber:
		return fmt.Sprintf("Salesforce shows %s: the subscriber row%s sets %s", m.Status, at(m.Row), target)
	case AfterContact:
		return fmt.Sprintf("the contact ends in %s: after_contact sets %s", m.State, target)
	}
	return "an action from outside changes " + target
}

func at(row *schema.Row) string {
	if place := row.Source.String(); place != "" {
		return " (" + place + ")"
	}
	return ""
}

// move describes how w came about.
func (w world) move(cause Cause, row *schema.Row) Move {
	return Move{Cause: cause, Row: row, OnCXone: w.moved == CXone, State: w.state, Status: w.status}
}

// next returns the world after the write that w's move asks for, as if the
// move were a fresh action. It reports false when nothing is to be written.
func (t *tables) next(w world) (world, Move, bool) {
	if w.moved == CXone {
		return t.nextPublish(w)
	}
	return t.nextSubscribe(w)
}

func (t *tables) nextPublish(w world) (world, Move, bool) {
	status, cause, row := t.wantedStatus(w)
	// A person who is logged out of Salesforce is never logged in.
	if status == "" || status == w.status || w.status == schema.Offline {
		return w, Move{}, false
	}
	if w.ended() {
		w.before = pair{}
	}
	w.status, w.moved = status, Salesforce
	return w, w.move(cause, row), true
}

// wantedStatus returns what Salesforce is to show now that CXone has moved, ""
// when the rule does not say.
func (t *tables) wantedStatus(w world) (string, Cause, *schema.Row) {
	if t.goesBack(w) {
		return w.before.status, AfterContact, nil
	}
	row := t.publish(w.state)
	if w.ended() {
		row = t.publishAfterContact(w.state)
	}
	if row == nil {
		return "", ByPublisher, nil
	}
	return row.Status.Name, ByPublisher, row
}

// ended reports whether CXone's move has just ended a contact.
func (w world) ended() bool { return w.before.status != "" && !inContact(w.state) }

// goesBack reports whether Salesforce returns to what it showed before the
// contact. A status that no contact publishes was chosen by a person during
// the contact, and stays (INVENTED). Nobody is logged out this way.
func (t *tables) goesBack(w world) bool {
	return w.ended() &&
		t.rule.AfterContact == afterContactPrevious &&
		w.state == w.before.state &&
		w.before.status != schema.Offline &&
		t.showsContact(w)
}

// showsContact reports whether a status only shows the contact.
func (t *tables) showsContact(w world) bool {
	return t.contact[w.status] || w.during != "" && w.during == w.status
}

func (t *tables) nextSubscribe(w world) (world, Move, bool) {
	row := t.subscriber[w.status]
	if row == nil || w.state.Word == schema.StateLoggedOut {
		return w, Move{}, false
	}
	target, ok := t.wantedState(w, row)
	if !ok || target == w.state {
		return w, Move{}, false
	}
	w.state, w.moved = target, CXone
	return w, w.move(BySubscriber, row), true
}

// wantedState returns what a subscriber row asks CXone to show; false when
// that is nothing, or cannot be set.
func (t *tables) wantedState(w world, row *schema.Row) (schema.ACDState, bool) {
	if row.State.Word == schema.Previous {
		return w.before.state, inContact(w.state)
	}
	return row.State, t.settable(row.State)
}
