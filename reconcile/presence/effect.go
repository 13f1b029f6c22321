package presence

import (
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// An Effect is what [Step] asks the shell to do: [SetStatus], [SetState],
// [Entry], [Report] or [Wake]. Effects are in the order in which they are to be
// carried out; the entries that explain a write come before it.
type Effect interface{ effect() }

// A Command is what both writes have in common.
type Command struct {
	// ID counts the agent's commands. Each sending has an ID of its own, so that
	// a console acts once on each and an answer is told apart from a late one.
	ID uint64
	// Epoch is that of the lease; a receiver refuses older ones.
	Epoch uint64
	// Expires is when the command itself must no longer be carried out.
	Expires time.Time
	// First says that the write makes the agent unavailable and goes before
	// those that do not.
	First bool
	// Try is 1 when the decision is sent for the first time.
	Try int
}

// SetStatus sets the Salesforce status, unless Salesforce shows something other
// than Expected: the console's toolkit would log an agent in otherwise.
type SetStatus struct {
	Command
	Status, Expected string
}

// SetState sets the state in CXone: Available or a code. CXone's call takes no
// condition, so that Expected is for a shell that can look first.
type SetState struct {
	Command
	State, Expected schema.ACDState
}

// A Report is something that a person should know about an agent. Over ends an
// earlier one.
type Report struct {
	Kind   ReportKind
	Over   bool
	Detail string
}

// A ReportKind says what a report is about.
type ReportKind string

// The kinds of reports.
const (
	ReportParked        ReportKind = "parked"
	ReportUnmatched     ReportKind = "unmatched"
	ReportUndeliverable ReportKind = "undeliverable"
	ReportUnmapped      ReportKind = "unmapped"
	ReportPoison        ReportKind = "poison" // an observation that makes no sense
)

// Wake asks for an input at a time, unless another comes before. It replaces
// the agent's earlier one; the zero time takes it back.
type Wake struct{ At time.Time }

func (SetStatus) effect() {}
func (SetState) effect()  {}
func (Entry) effect()     {}
func (Report) effect()    {}
func (Wake) effect()      {}

// An Entry is one line of an agent's journal: what was seen, which row asked
// for what, and what was decided.
type Entry struct {
	What What
	// State and Status are what both sides showed; BaseState and BaseStatus the
	// pair last agreed, empty without one.
	State, BaseState   schema.ACDState
	Status, BaseStatus string
	// Moved names the sides that had moved since.
	Moved string
	// Rule, Digest and Row say what the decision rests on; Row is the file and
	// line, "" when no row asked for it.
	Rule   string
	Digest uint64
	Cause  Cause
	Row    string
	// Side, Target and Command describe the write that the entry is about; zero
	// when it is about none.
	Side    Side
	Target  string
	Command uint64
	// Shadow says that the rule is not carried out: nothing was written.
	Shadow bool
	Detail string
}

// What names a decision, or what became of one.
type What string

// What a journal tells.
const (
	Adopted       What = "adopted"       // no base: the pair becomes the base
	Agreed        What = "agreed"        // the pair becomes the base, nothing to write
	Decided       What = "decided"       // one side is to be set
	Resent        What = "resent"        // the decision is sent again
	Answered      What = "answered"      // the vendor's answer to a command
	Done          What = "done"          // the side shows what was decided
	Landed        What = "landed"        // a replaced command was carried out after all
	Superseded    What = "superseded"    // a newer decision, or none, stands in its place
	Undeliverable What = "undeliverable" // the command is dropped, the base kept
	Missed        What = "missed"        // in shadow: nobody did what was decided
	Parked        What = "parked"
	Released      What = "released"
	Stopped       What = "stopped"
	Resumed       What = "resumed"
	Reruled       What = "reruled" // another rule, or none, is in force
	TookOver      What = "took over"
	Ignored       What = "ignored" // an observation that is stale or makes no sense
)
