package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

func (t *tenant) append(entries []Entry, first int64) error {
	// New entries go to the end only, so pages can be filled to the brim.
	t.journal.FillPercent, t.leaves.FillPercent, t.minutes.FillPercent = 1, 1, 1
	from := 0 // of those of one minute that follow each other
	for i := range entries {
		e := entries[i]
		e.Seq = first + int64(i)
		if err := t.journal.Put(seqKey(e.Seq), encodeEntry(&e)); err != nil {
			return err
		}
		if i+1 < len(entries) && bytes.Equal(minuteOf(&e), minuteOf(&entries[i+1])) {
			continue
		}
		if err := t.noteMinute(minuteOf(&e), first+int64(from), e.Seq); err != nil {
			return err
		}
		from = i + 1
	}
	return t.growLeaves(first + int64(len(entries)) - 1)
}

func minuteOf(e *Entry) []byte { return minuteKey(e.At.UnixMicro()) }

// noteMinute notes that the entries from first to last are of a minute.
func (t *tenant) noteMinute(minute []byte, first, last int64) error {
	if from, to, known := decodeSpan(t.minutes.Get(minute)); known {
		first, last = min(first, from), max(last, to)
	}
	return t.minutes.Put(minute, encodeSpan(first, last))
}

func encodeSpan(first, last int64) []byte { return append(seqKey(first), seqKey(last)...) }

func decodeSpan(value []byte) (first, last int64, ok bool) {
	if len(value) != 16 {
		return 0, 0, false
	}
	return seqOf(value[:8]), seqOf(value[8:]), true
}

// Journal implements [Store].
func (f *File) Journal(ctx context.Context, q Query) iter.Seq2[Entry, error] {
	read := func(after int64, limit int) (page []Entry, err error) {
		if err := q.check(); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		err = f.view(ctx, func(tx *bolt.Tx) (err error) {
			if t := tenantOf(tx, q.Tenant); t != nil {
				page, err = t.entries(q, after, limit)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		return page, nil
	}
	if q.Last > 0 {
		return func(yield func(Entry, error) bool) {
			page, err := read(q.After, q.Last)
			slices.Reverse(page)
			whole(page, err)(yield)
		}
	}
	return paged(func(last *Entry) ([]Entry, error) {
		if last == nil {
			return read(q.After, pageSize)
		}
		return read(last.Seq, pageSize)
	})
}

// Erase implements [Store].
func (f *File) Erase(ctx context.Context, q Query) (int, error) {
	if q.Last > 0 {
		return 0, errors.New("erase: not by a number of entries")
	}
	if err := q.check(); err != nil {
		return 0, fmt.Errorf("erase: %w", err)
	}
	erased := 0
	for {
		n, err := f.erasePage(ctx, q)
		if err != nil {
			return erased, fmt.Errorf("erase: %w", err)
		}
		erased += n
		if n < pageSize {
			break
		}
	}
	if q.Agent == "" {
		return erased, nil
	}
	return erased, f.scrub() // somebody wants to be forgotten
}

// erasePage lets writers in between one page and the next.
func (f *File) erasePage(ctx context.Context, q Query) (n int, err error) {
	f.write.Lock()
	defer f.write.Unlock()
	err = f.update(ctx, func(tx *bolt.Tx) error {
		t := tenantOf(tx, q.Tenant)
		if t == nil {
			return nil
		}
		page, err := t.entries(q, q.After, pageSize)
		if err != nil {
			return err
		}
		n = len(page)
		for i := range page {
			if err := t.drop(&page[i], q.Agent != ""); err != nil {
				return err
			}
		}
		if n < pageSize && q.Agent == "" && q.After == 0 {
			return errors.Join(t.dropLeaves(), t.dropMinutes(q))
		}
		return nil
	})
	return n, err
}

// drop removes an entry. Its place in the index stays until its whole leaf
// goes, unless the agent is to be forgotten.
func (t *tenant) drop(e *Entry, forget bool) error {
	if err := t.journal.Delete(seqKey(e.Seq)); err != nil || !forget {
		return err
	}
	return t.prune(e.Seq)
}

// dropMinutes removes the minutes of which nothing is left.
func (t *tenant) dropMinutes(q Query) error {
	from, to := q.span()
	var gone [][]byte
	cursor := t.minutes.Cursor()
	for key, _ := cursor.Seek(minuteKey(from)); key != nil; key, _ = cursor.Next() {
		start := int64(binary.BigEndian.Uint64(key)) * int64(time.Minute/time.Microsecond)
		if end := start + int64(time.Minute/time.Microsecond); end > to {
			break
		}
		if start >= from {
			gone = append(gone, bytes.Clone(key))
		}
	}
	for _, key := range gone {
		if err := t.minutes.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// entries returns up to limit entries that q means and that come after a
// number: the first of them, or the last, backwards, when q asks for those.
func (t *tenant) entries(q Query, after int64, limit int) ([]Entry, error) {
	from, to := q.span()
	var page []Entry
	for seq, err := range t.candidates(q, after) {
		if err != nil {
			return nil, err
		}
		key := seqKey(seq)
		sealed := t.journal.Get(key)
		if sealed == nil {
			continue // erased since its leaf was written
		}
		e, err := decodeEntry(key, sealed)
		if err != nil {
			return nil, err
		}
		if at := e.At.UnixMicro(); at < from || at >= to || q.Agent != "" && e.Agent != q.Agent {
			continue
		}
		if page = append(page, e); len(page) == limit {
			break
		}
	}
	return page, nil
}

// candidates yields the numbers of entries that q may mean, from the index
// that leaves fewest.
func (t *tenant) candidates(q Query, after int64) iter.Seq2[int64, error] {
	if q.Agent != "" {
		return t.mentions(q.Agent, after, q.Last > 0)
	}
	first, last := t.within(q)
	return numbers(t.journal.Cursor(), max(first, after+1), last, q.Last > 0)
}

// within returns the first and last number that entries of q's time span can
// have. Order in the journal is order of commit; clocks jump, so a minute may
// reach far, and its entries are looked at one by one.
func (t *tenant) within(q Query) (first, last int64) {
	if q.From.IsZero() && q.To.IsZero() {
		return 1, seqOf(maxSeqKey())
	}
	from, to := q.span()
	first = seqOf(maxSeqKey())
	cursor := t.minutes.Cursor()
	end := minuteKey(to)
	for key, value := cursor.Seek(minuteKey(from)); key != nil && bytes.Compare(key, end) <= 0; key, value = cursor.Next() {
		if a, b, ok := decodeSpan(value); ok {
			first, last = min(first, a), max(last, b)
		}
	}
	return first, last
}

// numbers yields the sequence numbers that are keys, from first to last, or the
// other way round.
func numbers(c *bolt.Cursor, first, last int64, backwards bool) iter.Seq2[int64, error] {
	low, high := seqKey(first), seqKey(last)
	start, next := func() ([]byte, []byte) { return c.Seek(low) }, c.Next
	if backwards {
		start, next = func() ([]byte, []byte) { return seekLast(c, high) }, c.Prev
	}
	return func(yield func(int64, error) bool) {
		for key, _ := start(); key != nil && bytes.Compare(low, key) <= 0 && bytes.Compare(key, high) <= 0; key, _ = next() {
			if !yield(seqOf(key), nil) {
				return
			}
		}
	}
}

// seekLast moves to the last key that is not greater than high.
func seekLast(c *bolt.Cursor, high []byte) (key, value []byte) {
	key, value = c.Seek(high)
	switch {
	case key == nil:
		return c.Last()
	case bytes.Equal(key, high):
		return key, value
	}
	return c.Prev()
}
