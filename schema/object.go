package schema

import "strings"

// An Address names a block, and within for_each one instance of it:
// presence_status.On_Break or presence_status.Status["lunch"].
type Address string

// NewAddress joins kind and block name.
func NewAddress(kind, name string) Address { return Address(kind + "." + name) }

// Kind returns the part before the first dot.
func (a Address) Kind() string {
	kind, _, _ := strings.Cut(string(a), ".")
	return kind
}

// Covers reports whether b is the block a, or one of its for_each instances.
func (a Address) Covers(b Address) bool {
	return a == b || strings.HasPrefix(string(b), string(a)+"[")
}

// An Object is what a vendor holds, or what a block wants it to hold.
type Object struct {
	Kind    *Kind
	Address Address // of the block; "" for an object that no block names
	Record          // its values

	// Source is where the block stands; nil for held objects.
	Source *Source
	// DependsOn lists the blocks that must be carried out before this one.
	DependsOn []Address

	// ID is the vendor's own identifier of a held object. It is used for
	// calls, never for finding the object.
	ID string
	// Seen says who changed the held object last and when, as far as the
	// vendor tells.
	Seen LastChange
}

// A LastChange says who changed an object last, and when (RFC 3339).
type LastChange struct{ By, At string }

// NewObject makes an empty object of a kind.
func NewObject(kind *Kind) *Object { return &Object{Kind: kind, Record: NewRecord(kind.Shape)} }

// Key returns the value of the kind's key argument.
func (o *Object) Key() string { return o.Text(o.Kind.Key) }

// Name is what to call the object in a message: its address, or kind and key.
func (o *Object) Name() string {
	if o.Address != "" {
		return string(o.Address)
	}
	return o.Kind.Name + " " + o.Key()
}

// Clone returns an object whose values can be changed without changing o.
func (o *Object) Clone() *Object {
	c := *o
	c.Record = o.Record.Clone()
	return &c
}

// A Source says where a block and its arguments stand in the files.
type Source struct {
	Block     Range   // the block's header
	Arguments []Range // by argument position; zero where the user left it out
	// Nested holds places inside blocks and lists, by path:
	// "salesforce_environment.username", "publisher[2]". It may be nil.
	Nested map[string]Range
}

// Argument returns where the i-th argument stands, the block's header when it
// was left out.
func (s *Source) Argument(i int) Range {
	if s == nil {
		return Range{}
	}
	if i >= 0 && i < len(s.Arguments) && s.Arguments[i].File != "" {
		return s.Arguments[i]
	}
	return s.Block
}

// At returns where a nested path stands, the block's header when that is not
// known.
func (s *Source) At(path string) Range {
	if s == nil {
		return Range{}
	}
	if r, ok := s.Nested[path]; ok {
		return r
	}
	return s.Block
}

// Range returns where the named argument stands; see [Source.Argument].
func (o *Object) Range(name string) Range {
	if o.Source == nil {
		return Range{}
	}
	i, ok := o.Kind.Shape.Index(name)
	if !ok {
		return o.Source.Block
	}
	return o.Source.Argument(i)
}
