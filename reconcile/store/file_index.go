package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
)

// The index by agent grows leaf by leaf, at its end, like the journal. A key for
// each agent's each entry would do as well to be read, but is written all over
// the file: with twenty thousand agents that was half of what a commit cost.
//
// A leaf lists the entries of a stretch of the journal by a hash of their agent.
// What came after the last leaf is looked at one by one.
type leaf struct {
	first    int64 // sequence number
	mentions []mention
}

// A mention is one entry of a leaf. Two agents can have the same hash: whoever
// looks an entry up checks whose it is.
type mention struct {
	agent  uint32
	offset uint16 // from the leaf's first
}

// leafLength is how many sequence numbers a leaf spans: few enough to look at
// them all, enough to make writing one rare.
const leafLength = 2048

func hashOf(agent string) uint32 {
	return crc32.Checksum([]byte(agent), crc32.MakeTable(crc32.Castagnoli))
}

func (m mention) compare(other mention) int {
	return cmp.Or(cmp.Compare(m.agent, other.agent), cmp.Compare(m.offset, other.offset))
}

// growLeaves adds the leaves that are complete, now that the journal goes up to
// a number.
func (t *tenant) growLeaves(last int64) error {
	for first := t.unlisted(); last-first >= leafLength; first += leafLength {
		l, err := t.list(first)
		if err != nil {
			return err
		}
		if err := t.putLeaf(seqKey(first+leafLength-1), l); err != nil {
			return err
		}
	}
	return nil
}

// unlisted returns the first number that is in no leaf.
func (t *tenant) unlisted() int64 {
	if key, _ := t.leaves.Cursor().Last(); key != nil {
		return seqOf(key) + 1
	}
	if key, _ := t.journal.Cursor().First(); key != nil {
		return seqOf(key)
	}
	return 1
}

// list makes the leaf that begins with a number.
func (t *tenant) list(first int64) (leaf, error) {
	l := leaf{first: first}
	cursor := t.journal.Cursor()
	for key, sealed := cursor.Seek(seqKey(first)); key != nil && seqOf(key) < first+leafLength; key, sealed = cursor.Next() {
		e, err := decodeEntry(key, sealed)
		if err != nil {
			return leaf{}, err
		}
		if e.Agent != "" {
			l.mentions = append(l.mentions, mention{hashOf(e.Agent), uint16(e.Seq - first)})
		}
	}
	slices.SortFunc(l.mentions, mention.compare)
	return l, nil
}

func (t *tenant) putLeaf(key []byte, l leaf) error {
	value := seqKey(l.first)
	for _, m := range l.mentions {
		value = binary.BigEndian.AppendUint32(value, m.agent)
		value = binary.BigEndian.AppendUint16(value, m.offset)
	}
	return t.leaves.Put(key, seal(key, value))
}

func decodeLeaf(key, sealed []byte) (leaf, error) {
	value, err := unseal(key, sealed)
	if err != nil {
		return leaf{}, err
	}
	if len(value) < 8 || (len(value)-8)%6 != 0 {
		return leaf{}, fmt.Errorf("%w: a leaf of the index by agent is cut short", ErrCorrupt)
	}
	l := leaf{first: seqOf(value[:8])}
	for rest := value[8:]; len(rest) > 0; rest = rest[6:] {
		l.mentions = append(l.mentions, mention{binary.BigEndian.Uint32(rest), binary.BigEndian.Uint16(rest[4:])})
	}
	return l, nil
}

// of returns the numbers of what may be an agent's entries, in order.
func (l leaf) of(agent string) []int64 {
	hash := hashOf(agent)
	at, _ := slices.BinarySearchFunc(l.mentions, mention{agent: hash}, mention.compare)
	var list []int64
	for ; at < len(l.mentions) && l.mentions[at].agent == hash; at++ {
		list = append(list, l.first+int64(l.mentions[at].offset))
	}
	return list
}

// mentions yields the numbers, greater than after, of what may be an agent's
// entries: in order, or backwards.
func (t *tenant) mentions(agent string, after int64, backwards bool) iter.Seq2[int64, error] {
	tail := numbers(t.journal.Cursor(), max(t.unlisted(), after+1), seqOf(maxSeqKey()), backwards)
	listed := t.listed(agent, after, backwards)
	if backwards {
		return inTurn(tail, listed)
	}
	return inTurn(listed, tail)
}

// inTurn yields what sequences do, one after the other, up to an error.
func inTurn(sequences ...iter.Seq2[int64, error]) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for _, sequence := range sequences {
			for seq, err := range sequence {
				if !yield(seq, err) || err != nil {
					return
				}
			}
		}
	}
}

// listed yields those that are in leaves.
func (t *tenant) listed(agent string, after int64, backwards bool) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for leaf, err := range t.leavesAfter(after, backwards) {
			if err != nil {
				yield(0, err)
				return
			}
			list := leaf.of(agent)
			if backwards {
				slices.Reverse(list)
			}
			for _, seq := range list {
				if seq > after && !yield(seq, nil) {
					return
				}
			}
		}
	}
}

// leavesAfter yields the leaves with entries after a number.
func (t *tenant) leavesAfter(after int64, backwards bool) iter.Seq2[leaf, error] {
	cursor := t.leaves.Cursor()
	start, next := func() ([]byte, []byte) { return cursor.Seek(seqKey(after + 1)) }, cursor.Next
	if backwards {
		start, next = cursor.Last, cursor.Prev
	}
	return func(yield func(leaf, error) bool) {
		for key, sealed := start(); key != nil && seqOf(key) > after; key, sealed = next() {
			if l, err := decodeLeaf(key, sealed); !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// prune takes one entry out of its leaf.
func (t *tenant) prune(seq int64) error {
	key, sealed := t.leaves.Cursor().Seek(seqKey(seq))
	if key == nil {
		return nil // in no leaf yet
	}
	l, err := decodeLeaf(key, sealed)
	if err != nil {
		return err
	}
	l.mentions = slices.DeleteFunc(l.mentions, func(m mention) bool { return l.first+int64(m.offset) == seq })
	return t.putLeaf(slices.Clone(key), l)
}

// dropLeaves removes the leaves of which nothing is left.
func (t *tenant) dropLeaves() error {
	oldest, _ := t.journal.Cursor().First()
	for {
		key, _ := t.leaves.Cursor().First()
		if key == nil || oldest != nil && bytes.Compare(key, oldest) >= 0 {
			return nil
		}
		if err := t.leaves.Delete(slices.Clone(key)); err != nil {
			return err
		}
	}
}
