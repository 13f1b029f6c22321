package schema

import "context"

// An Action is what a step does. Its value is the sign that a plan shows.
type Action rune

// The actions.
const (
	Create  Action = '+'
	Update  Action = '~'
	Replace Action = '±'
	Delete  Action = '-'
	Manual  Action = '!' // a person must do it; no API can
)

// String returns the action's word.
func (a Action) String() string {
	switch a {
	case Create:
		return "create"
	case Update:
		return "update"
	case Replace:
		return "replace"
	case Delete:
		return "delete"
	case Manual:
		return "manual"
	}
	return "unknown"
}

// A Change is one argument whose wanted value differs from the held one.
type Change struct {
	Path         string // the argument's name, dotted for nested ones
	Wanted, Held Value  // nil where there is none
	Source       Range  // the line that asks for it
	Secret       bool   // neither value may be shown
	Note         string // a reason, where the values alone do not explain it
}

// A Step is one planned action on one object.
type Step struct {
	Action  Action
	Address Address
	Kind    *Kind
	Wanted  *Object  // nil for Delete
	Held    *Object  // nil for Create
	Changes []Change // in the order of the kind's arguments
	Needs   []Address
	Reason  string // why, where the changes do not tell
	// Removal is where the removed block stands.
	Removal Range
	// Warnings are what the user should know before saying yes.
	Warnings []string
	// Guide is the click path of a Manual step.
	Guide []Instruction
}

// Changed returns the change at path, nil when there is none.
func (s *Step) Changed(path string) *Change {
	for i := range s.Changes {
		if s.Changes[i].Path == path {
			return &s.Changes[i]
		}
	}
	return nil
}

// An Instruction is one line of a click path.
type Instruction struct {
	Text  string // "In Organization ID, type"
	Value Value  // what to type or pick; nil when there is nothing; secrets show their source
}

// A Result says how a step ended.
type Result int

// The results. Unclear is verified by reading back before a plan ends.
const (
	NotDone Result = iota
	Done
	Unclear // the answer was lost: it may or may not have been carried out
	Pending // a person has still to do it
)

// String returns the result's words.
func (r Result) String() string {
	return [...]string{"not done", "done", "unknown", "pending"}[r]
}

// An Outcome is how one step ended, and why.
type Outcome struct {
	Step   *Step
	Result Result
	Err    error
	// Because names the step whose failure undid or prevented this one.
	Because Address
}

// An Operation is what a provider does at once: steps that it carries out
// together, with the number of vendor calls that takes. Polling for an answer
// and reading back are not in Calls.
type Operation struct {
	Steps []*Step
	Calls int
	// Fallback is how many calls more it takes should the vendor refuse what
	// it cannot be known to accept.
	Fallback int
	// Run carries the operation out and says how each of Steps ended, in
	// order. It returns no error of its own: an error belongs to an outcome.
	Run func(ctx context.Context) []Outcome
}

// Held is what a vendor holds, as far as a plan needs it.
type Held struct {
	// Where says in a few words which account was read: it goes into a kept
	// plan, which is refused anywhere else. "Acme 00D5g00000ABCDE (production)"
	Where string
	// Facts are values that other vendors' arguments default to, by
	// "vendor.name".
	Facts map[string]Value
	// Objects lists what was found, of every kind that a wanted object or a
	// removal named. A held object carries its key as the wanted object or the
	// removal spells it. An object that a removal names and that is already as
	// removed as the vendor allows is not listed.
	Objects []*Object
	// Diagnostics says what is wrong with wanted objects in the light of what
	// the vendor holds: a channel that does not exist, a pin that differs.
	Diagnostics Diagnostics
	// Notes are worth a line in the plan and are no step.
	Notes []Note
	// Unseen says, by address, why a wanted object cannot be read at all. The
	// plan then relies on what a person attested.
	Unseen map[Address]string
	// Unmanaged counts objects that no block names, by kind.
	Unmanaged map[string]int
	// People lists who could be kept in step, if the query asked for them.
	People []Person
}

// A Query is what a plan wants to know of a vendor.
type Query struct {
	// Wanted lists every object of the vendor's kinds that a block declares.
	// References are resolved as far as the configuration alone can.
	Wanted []*Object
	// Removed lists the objects that removed blocks name.
	Removed []Removal
	// People asks for everybody who could be kept in step as well.
	People bool
}

// A Removal is one line of a removed block.
type Removal struct {
	Kind   *Kind
	Key    string
	Source Range
}

// Address returns the address that a removal's step is shown under.
func (r Removal) Address() Address { return NewAddress(r.Kind.Name, r.Key) }

// A Note is something a plan says that is no step and does not change the
// exit status.
type Note struct {
	Address Address // "" when it is about no block
	Text    string
}
