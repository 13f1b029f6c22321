package salesforce

import (
	"strings"
	"sync"
	"time"
)

// A book remembers whose interval of presence a record is. An event that ends
// an interval carries the record's Id and not the person's, so that without
// the book each would cost a query.
//
// It holds two records a person, and is bounded by the number of people.
type book struct {
	mu      sync.Mutex
	people  map[shortID]entry
	records map[shortID]shortID // record to user
}

// An entry is one person's last two intervals. There is one for everybody, so
// its moments are small: microseconds since 1970.
type entry struct {
	record, before shortID
	since          int64 // of record
	ended          int64 // when record did; 0 when nobody said so
	out            bool  // record has ended
	read           bool  // record was found by a reading, not told by an event
	tied           bool  // before began in the same second as record
}

func newBook() book {
	return book{people: map[shortID]entry{}, records: map[shortID]shortID{}}
}

// A shortID is an Id by the 15 characters that tell it from others. There are
// several of everybody, so it is no string, which would take three times as much.
type shortID [15]byte

func shorten(id string) (short shortID) {
	copy(short[:], id)
	return short
}

// String returns the long form.
func (id shortID) String() string { return idOf(strings.TrimRight(string(id[:]), "\x00")) }

// begin notes that a person's current interval is a record, and reports if it
// is: a message can be late or come twice, and then a later interval is known.
// Moments to the second cannot tell two that began in the same one; the order
// in which they came first does. What was read is the later of two, for a replay
// brings the earlier one afterwards; that may be wrong, so that then the end of
// either is a doubt.
func (b *book) begin(user, record string, since time.Time) (current bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	who, is := shorten(user), shorten(record)
	e, at := b.people[who], since.UnixMicro()
	switch {
	case e.record == is:
		return !e.out
	case e.before == is:
		return false
	case at < e.since, at == e.since && e.read:
		b.replace(who, e.before, is)
		e.before, e.tied = is, at == e.since
		b.people[who] = e
		return false
	}
	b.replace(who, e.before, is)
	b.people[who] = entry{record: is, before: e.record, since: at}
	return true
}

// holds is begin for an interval that was read as the current one.
func (b *book) holds(user, record string, since time.Time) {
	b.begin(user, record, since)
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.people[shorten(user)]; e.record == shorten(record) {
		e.read = true
		b.people[shorten(user)] = e
	}
}

func (b *book) replace(user, old, record shortID) {
	delete(b.records, old)
	b.records[record] = user
}

// end notes that a record's interval has ended, and reports whose it was and
// if that person may be logged out: not when a later interval is known for sure.
func (b *book) end(record string, at time.Time) (user string, last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	is := shorten(record)
	who, known := b.records[is]
	if !known {
		return "", true
	}
	user = who.String()
	e := b.people[who]
	if e.record != is {
		return user, e.tied && e.before == is
	}
	e.out, e.ended = true, 0
	if !at.IsZero() {
		e.ended = at.UnixMicro()
	}
	b.people[who] = e
	return user, true
}

// owner returns whose record it is, "" when it is not known.
func (b *book) owner(record string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	who, known := b.records[shorten(record)]
	if !known {
		return ""
	}
	return who.String()
}

// left returns when a person's last known interval ended, zero when nobody
// said so.
func (b *book) left(user string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ended := b.people[shorten(user)].ended; ended != 0 {
		return time.UnixMicro(ended).UTC()
	}
	return time.Time{}
}

// gone notes that a person is known to be logged out.
func (b *book) gone(user string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, known := b.people[shorten(user)]; known {
		e.out = true
		b.people[shorten(user)] = e
	}
}

// present lists who was seen with a status that nobody said has ended.
func (b *book) present() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var users []string
	for user, e := range b.people {
		if !e.out {
			users = append(users, user.String())
		}
	}
	return users
}

// seen lists everybody who was ever seen with a status.
func (b *book) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	users := make([]string, 0, len(b.people))
	for user := range b.people {
		users = append(users, user.String())
	}
	return users
}
