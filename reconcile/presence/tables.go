package presence

import "github.com/lockstep-sync/lockstep/schema"

// Tables are one rule's rows, made ready for looking up. Where a table has two
// rows for one source the first counts; [Check] refuses such a rule.
type tables struct {
	rule       schema.Rule
	publisher  map[schema.ACDState]*schema.Row
	subscriber map[string]*schema.Row
	acw        map[string]bool // the rule's codes that are ACW codes
	// contact holds the statuses that a contact or its after-call work publishes.
	contact map[string]bool
}

func newTables(rule schema.Rule, facts Facts) *tables {
	t := &tables{
		rule:       rule,
		publisher:  make(map[schema.ACDState]*schema.Row, len(rule.Publisher)),
		subscriber: make(map[string]*schema.Row, len(rule.Subscriber)),
		acw:        map[string]bool{},
		contact:    map[string]bool{},
	}
	for i := range rule.Publisher {
		row := &rule.Publisher[i]
		t.note(row.State, facts)
		if _, twice := t.publisher[row.State]; twice {
			continue
		}
		t.publisher[row.State] = row
		if t.ofContact(row.State) {
			t.contact[row.Status.Name] = true
		}
	}
	for i := range rule.Subscriber {
		row := &rule.Subscriber[i]
		t.note(row.State, facts)
		if _, twice := t.subscriber[row.Status.Name]; !twice {
			t.subscriber[row.Status.Name] = row
		}
	}
	return t
}

// places names every row that can be used by its file and line.
func (t *tables) places() map[*schema.Row]string {
	places := make(map[*schema.Row]string, len(t.publisher)+len(t.subscriber))
	for _, row := range t.publisher {
		places[row] = row.Source.String()
	}
	for _, row := range t.subscriber {
		places[row] = row.Source.String()
	}
	return places
}

func (t *tables) note(s schema.ACDState, facts Facts) {
	if s.Code != "" && facts.Codes[s.Code].ACW {
		t.acw[s.Code] = true
	}
}

// publish returns the publisher row for what CXone shows: the exact row, else
// the general one, else nil. After-call work is shown as both its word and its
// code.
func (t *tables) publish(shown schema.ACDState) *schema.Row {
	if shown.Code != "" {
		if row := t.publisher[schema.ACDState{Code: shown.Code}]; row != nil {
			return row
		}
	}
	if shown.Word == "" {
		return t.publisher[schema.ACDState{Word: schema.StateUnavailable}]
	}
	if row := t.publisher[schema.ACDState{Word: shown.Word}]; row != nil {
		return row
	}
	if schema.IsContactState(shown.Word) {
		return t.publisher[schema.ACDState{Word: schema.StateWorking}]
	}
	return nil
}

// publishAfterContact is publish for the state in which a contact ends: a row
// for previous stands in where that state has none (INVENTED). Logging out
// ends no contact in that sense; it publishes only by a row of its own.
func (t *tables) publishAfterContact(shown schema.ACDState) *schema.Row {
	if row := t.publish(shown); row != nil || shown.Word == schema.StateLoggedOut {
		return row
	}
	return t.publisher[schema.ACDState{Word: schema.Previous}]
}

// settable reports whether a call can bring an agent into the state: Available
// and codes, except ACW codes, which are refused outside a contact (VERIFIED:
// 409).
func (t *tables) settable(s schema.ACDState) bool {
	if s.Code != "" {
		return !t.acw[s.Code]
	}
	return s.Word == schema.StateAvailable
}

// ofContact reports whether a row's state belongs to a contact or to its
// after-call work, which CXone enters and leaves by itself.
func (t *tables) ofContact(s schema.ACDState) bool {
	return inContact(s) || t.acw[s.Code]
}

// inContact is ofContact for what CXone shows.
func inContact(shown schema.ACDState) bool {
	return shown.Word == schema.StateACW || schema.IsContactState(shown.Word)
}
