package schema

import "slices"

// The words for ACD states, as rules write them. Names are CXone's own except
// Working, Refused, ACW and Previous, which stand for several or derived ones.
const (
	StateAvailable       = "Available"
	StateUnavailable     = "Unavailable" // any code without a row of its own
	StateRefused         = "Refused"     // Unavailable with the system's out-state -1
	StateACW             = "ACW"
	StateInboundContact  = "InboundContact"
	StateOutboundContact = "OutboundContact"
	StateInboundConsult  = "InboundConsult"
	StateOutboundConsult = "OutboundConsult"
	StateDialer          = "Dialer"
	StateWorking         = "Working" // any of the five contact states
	StateLoggedOut       = "LoggedOut"

	// Previous is NICE's "Previous State".
	Previous = "previous"
	// Offline is Salesforce without a status.
	Offline = "offline"
)

// StateWords lists the ACD states that a rule may name, besides codes.
func StateWords() []string {
	return []string{
		StateAvailable, StateUnavailable, StateRefused, StateACW,
		StateInboundContact, StateOutboundContact, StateInboundConsult, StateOutboundConsult, StateDialer,
		StateWorking, StateLoggedOut,
	}
}

// ContactStates lists the states that Working stands for.
func ContactStates() []string {
	return []string{StateInboundContact, StateOutboundContact, StateInboundConsult, StateOutboundConsult, StateDialer}
}

// IsContactState reports whether word is a contact state or Working.
func IsContactState(word string) bool {
	return word == StateWorking || slices.Contains(ContactStates(), word)
}

// An ACDState is one state of a CXone agent as a rule names it: a word, or an
// unavailable code by its name.
type ACDState struct {
	Word string // one of StateWords or Previous; "" when Code is set
	Code string // the code's exact name
}

// String returns the word, or the code's name in quotes.
func (s ACDState) String() string {
	if s.Code != "" {
		return `code "` + s.Code + `"`
	}
	return s.Word
}

// A Status is one Salesforce presence as a rule names it.
type Status struct {
	Name  string // the developer name; Offline for no status
	Label string // what people see; "" when not known
}

// String returns the developer name.
func (s Status) String() string { return s.Name }

// A Row is one line of a rule's publisher or subscriber table.
type Row struct {
	State  ACDState
	Status Status
	Source Range
}

// A Rule is one presence rule: who it reaches and its two tables.
type Rule struct {
	Name         string
	Address      Address
	Source       Range
	Executor     string // lockstep | cxone
	Mode         string // off | shadow | live
	AfterContact string // previous | rule
	Publisher    []Row  // CXone to Salesforce
	Subscriber   []Row  // Salesforce to CXone
	Teams        []string
	Users        []string
	Exclude      []string
}
