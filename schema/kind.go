package schema

import "fmt"

// A Kind is a type of object that Lockstep manages: its shape and the rules
// that hold without asking the vendor. A provider adds the functions that
// read and write it.
//
// Decoding, checking, references, diffing, help text, documentation and the
// contract suite all follow from this value.
type Kind struct {
	Name     string // as in a configuration: presence_status
	Provider string // the provider's name: salesforce
	Doc      string // first sentence: what it is; then what a user should know

	// Key is the argument by which a block finds its object. It defaults to
	// the block's label.
	Key string

	Shape *Shape

	// Cannot lists what the vendor does not allow, each with its reason.
	Cannot []Limit

	// Deletable is false where no call removes an object. A removed block then
	// does what Removal says.
	Deletable bool
	// Removal says in one sentence what a removed block does to the object.
	Removal string

	// Complete fills defaults that depend on other arguments. It may be nil.
	Complete func(*Object)
	// Check reports what is wrong with one block without asking the vendor.
	// It may be nil.
	Check func(*Object) Diagnostics
	// Differ, when set, returns changes to add to those that comparing the
	// arguments one by one finds. It may be nil.
	Differ func(wanted, held *Object) []Change
	// Local, when set, reports that an object is Lockstep's own and never put
	// at the vendor; such a block is checked and never planned. It may be nil.
	Local func(*Object) bool
}

// A Limit is something a vendor cannot do.
type Limit struct {
	What string // "delete an unavailable code"
	Why  string // the reason, with its label: VERIFIED, SECONDARY, UNCERTAIN, INVENTED
	Then string // what Lockstep does instead
}

// A Shape is an ordered list of arguments.
type Shape struct {
	Arguments []Argument
	index     map[string]int
}

// NewShape makes a shape. Two arguments of one name are a bug and panic.
func NewShape(arguments ...Argument) *Shape {
	s := &Shape{Arguments: arguments, index: make(map[string]int, len(arguments))}
	for i, a := range arguments {
		if _, twice := s.index[a.Name]; twice {
			panic(fmt.Sprintf("schema: argument %q twice", a.Name))
		}
		s.index[a.Name] = i
	}
	return s
}

// Index returns the position of the named argument; ok is false when the
// shape has none of that name.
func (s *Shape) Index(name string) (i int, ok bool) {
	i, ok = s.index[name]
	return i, ok
}

// Argument returns the named argument, nil when there is none.
func (s *Shape) Argument(name string) *Argument {
	if i, ok := s.index[name]; ok {
		return &s.Arguments[i]
	}
	return nil
}

func (s *Shape) mustIndex(name string) int {
	i, ok := s.index[name]
	if !ok {
		panic(fmt.Sprintf("schema: no argument %q", name))
	}
	return i
}

// An Argument is a name that a user may set in a block, or, when Computed, an
// attribute that only the vendor sets.
type Argument struct {
	Name string
	Type Type
	Doc  string // one sentence

	Required bool
	Computed bool // the vendor's; a user cannot set it unless Optional
	Optional bool // with Computed: a user may set it, else the vendor does

	// Immutable arguments cannot be changed at the vendor; a change replaces
	// the object.
	Immutable bool
	// Secret values are decoded to [Secret], whatever way they were written.
	Secret bool
	// WriteOnly values are never returned by the vendor; the record of what
	// was sent decides whether they are sent again.
	WriteOnly bool
	// Unread arguments steer Lockstep and are no part of the vendor's object;
	// they are never compared.
	Unread bool
	// Nested arguments of a record type are written as a block; of a list of
	// records, as repeated blocks.
	Nested bool

	// Default is used when the user leaves the argument out; DefaultDoc says
	// it in words where it is derived by the kind's Complete.
	Default    Value
	DefaultDoc string
	// Env names the environment variable read when the argument is left out.
	Env string
	// Fact names a fact of another vendor ([Held.Facts]), such as
	// "salesforce.organization_id", that is the default; a different value is
	// an error.
	Fact string

	// Same compares a wanted and a held value, where [Equal] is too strict.
	Same func(wanted, held Value) bool
	// Check returns what is wrong with a value, "" when nothing is, in a full
	// sentence or two: what is wrong, why it matters, what to do.
	Check func(Value) string
}
