package schema

import "strings"

// A Base is the family a [Type] belongs to.
type Base int

// The families of types.
const (
	StringType   Base = iota // text
	BoolType                 // true or false
	IntType                  // a whole number
	DurationType             // "90s", "60m", "90d"
	WordType                 // one of Words
	RefType                  // an object of one of Kinds, its key, or one of Words
	ListType                 // elements in order
	SetType                  // elements whose order does not count
	RecordType               // named values, written as a block or as an object
)

// A Type says which values an argument takes.
type Type struct {
	Base  Base
	Elem  *Type    // of ListType and SetType
	Shape *Shape   // of RecordType
	Kinds []string // of RefType
	Words []string // of WordType and RefType

	// Closed, on a RefType, refuses a bare text that is not one of Words:
	// an ACD state is a word or a code, never a code's bare name.
	Closed bool
	// Single, on a ListType or SetType, also accepts one element without
	// brackets.
	Single bool
}

// TextType returns the type of text.
func TextType() Type { return Type{Base: StringType} }

// TruthType returns the type of true and false.
func TruthType() Type { return Type{Base: BoolType} }

// NumberType returns the type of whole numbers.
func NumberType() Type { return Type{Base: IntType} }

// SpanType returns the type of durations.
func SpanType() Type { return Type{Base: DurationType} }

// OneOf returns the type of a text that is one of words.
func OneOf(words ...string) Type { return Type{Base: WordType, Words: words} }

// RefTo returns the type of an object of one of the kinds, or its key.
func RefTo(kinds ...string) Type { return Type{Base: RefType, Kinds: kinds} }

// ListOf returns the type of an ordered list.
func ListOf(elem Type) Type { return Type{Base: ListType, Elem: &elem} }

// SetOf returns the type of a list whose order does not count.
func SetOf(elem Type) Type { return Type{Base: SetType, Elem: &elem} }

// RecordOf returns the type of a record with these arguments.
func RecordOf(arguments ...Argument) Type {
	return Type{Base: RecordType, Shape: NewShape(arguments...)}
}

// String names the type in words, for messages and documentation.
func (t Type) String() string {
	switch t.Base {
	case StringType:
		return "string"
	case BoolType:
		return "bool"
	case IntType:
		return "number"
	case DurationType:
		return "duration"
	case WordType:
		return quoteWords(t.Words)
	case RefType:
		s := strings.Join(t.Kinds, " or ")
		if len(t.Words) > 0 {
			s += " or " + quoteWords(t.Words)
		}
		return s
	case ListType:
		return "list of " + t.Elem.String()
	case SetType:
		return "set of " + t.Elem.String()
	case RecordType:
		return "object"
	}
	return "unknown"
}

func quoteWords(words []string) string { return `"` + strings.Join(words, `" | "`) + `"` }
