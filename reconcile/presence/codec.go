package presence

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The first byte of an encoded state. A store that a newer version wrote is
// refused, never misread.
const stateVersion = 1

// maxState is far above what any agent needs; what is longer is no state.
const maxState = 64 << 10

// ErrVersion says that a state was written by a version that this one does not
// know.
var ErrVersion = errors.New("state of an unknown version")

var errState = errors.New("not an agent's state")

// MarshalBinary encodes a state: a version, then every value as a varint and
// every name once. Equal states give equal bytes.
func (s State) MarshalBinary() ([]byte, error) {
	e := encoder{b: append(make([]byte, 0, 256), stateVersion)}
	walk(&e, &s)
	return e.b, nil
}

// UnmarshalBinary decodes what MarshalBinary made and refuses everything else.
func (s *State) UnmarshalBinary(b []byte) error {
	switch {
	case len(b) == 0 || len(b) > maxState:
		return fmt.Errorf("%w: %d bytes", errState, len(b))
	case b[0] != stateVersion:
		return fmt.Errorf("%w: %d", ErrVersion, b[0])
	}
	d := decoder{b: b[1:]}
	var read State
	walk(&d, &read)
	if d.bad || len(d.b) > 0 {
		return errState
	}
	// One state has one encoding. This also finds numbers that do not fit.
	if again, _ := read.MarshalBinary(); !slices.Equal(again, b) {
		return errState
	}
	*s = read
	return nil
}

// A coder either writes what it is shown, or fills it in.
type coder interface {
	number(*int64)
	name(*string)
}

// walk shows a state to a coder, in the order of the encoding.
func walk(c coder, s *State) {
	walkPair(c, &s.shows)
	for side := range s.seen {
		at := &s.seen[side]
		numbers(c, &at.since, &at.at, &at.ahead, &at.unsure)
		flags(c, &at.fresh)
	}
	flags(c, &s.hasBase, &s.run, &s.ruled, &s.live, &s.stopped, &s.parked, &s.lost, &s.resumed, &s.stands[CXone], &s.stands[Salesforce])
	walkPair(c, &s.base)
	walkPair(c, &s.before)
	for side := range s.pending {
		walkPending(c, &s.pending[side])
	}
	walkLate(c, &s.late)
	for side := range s.last {
		l := &s.last[side]
		walkValue(c, &l.from)
		walkValue(c, &l.to)
		numbers(c, &l.at)
		numbers(c, &l.reverts)
		flags(c, &l.armed)
		flags(c, &s.blocked[side].unreachable, &s.blocked[side].told)
		walkValue(c, &s.blocked[side].held)
	}
	numbers(c, &s.epoch, &s.seq, &s.digest)
	numbers(c, &s.tokens)
	numbers(c, &s.refilled, &s.changed, &s.wake, &s.adopted[CXone], &s.adopted[Salesforce])
	c.name(&s.reason)
}

func walkPending(c coder, at **pending) {
	there := *at != nil
	flags(c, &there)
	if !there {
		return
	}
	var p pending
	if *at != nil {
		p = **at
	}
	numbers(c, &p.id)
	walkPair(c, &p.saw)
	walkPair(c, &p.want)
	numbers(c, &p.cause, &p.until, &p.next, &p.expires, &p.paused)
	numbers(c, &p.tries)
	flags(c, &p.answered, &p.accepted, &p.orphan)
	*at = &p
}

func walkLate(c coder, list *[]late) {
	count := len(*list)
	numbers(c, &count)
	if count < 0 || count > maxLate {
		count = 0 // and the encodings will differ
	}
	// A copy, so that encoding never writes to what states share.
	walked := slices.Grow(slices.Clone(*list), count)[:count]
	for i := range walked {
		numbers(c, &walked[i].side)
		walkPair(c, &walked[i].want)
		numbers(c, &walked[i].cause, &walked[i].shown, &walked[i].until)
	}
	if count > 0 {
		*list = walked
	}
}

func walkPair(c coder, p *pair) {
	c.name(&p.state.Word)
	c.name(&p.state.Code)
	c.name(&p.status)
}

func walkValue(c coder, v *value) {
	c.name(&v.word)
	c.name(&v.code)
}

func numbers[T ~int | ~int32 | ~int64 | ~uint8 | ~uint64](c coder, list ...*T) {
	for _, p := range list {
		n := int64(*p)
		c.number(&n)
		*p = T(n)
	}
}

func flags(c coder, list ...*bool) {
	var bits int64
	for i, p := range list {
		if *p {
			bits |= 1 << i
		}
	}
	c.number(&bits)
	for i, p := range list {
		*p = bits&(1<<i) != 0
	}
}

// An encoder writes.
type encoder struct {
	b     []byte
	names []string
}

func (e *encoder) number(n *int64) { e.b = binary.AppendVarint(e.b, *n) }

// name writes a name that was written before as its place among those, from 2
// on; 0 is no name, and 1 is followed by a new one.
func (e *encoder) name(s *string) {
	if *s == "" {
		e.b = append(e.b, 0)
		return
	}
	if i := slices.Index(e.names, *s); i >= 0 {
		e.b = binary.AppendUvarint(e.b, uint64(i)+2)
		return
	}
	e.names = append(e.names, *s)
	e.b = append(e.b, 1)
	e.b = binary.AppendUvarint(e.b, uint64(len(*s)))
	e.b = append(e.b, *s...)
}

// A decoder reads. What is wrong makes everything after it zero.
type decoder struct {
	b     []byte
	names []string
	bad   bool
}

func (d *decoder) number(n *int64) {
	v, size := binary.Varint(d.b)
	if size <= 0 {
		d.fail()
		return
	}
	*n, d.b = v, d.b[size:]
}

func (d *decoder) uint() uint64 {
	v, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return v
}

func (d *decoder) name(s *string) {
	switch i := d.uint(); {
	case i == 0:
	case i == 1:
		size := d.uint()
		if size > uint64(len(d.b)) {
			d.fail()
			return
		}
		*s, d.b = string(d.b[:size]), d.b[size:]
		d.names = append(d.names, *s)
	case i-2 < uint64(len(d.names)):
		*s = d.names[i-2]
	default:
		d.fail()
	}
}

func (d *decoder) fail() { d.bad, d.b = true, nil }
