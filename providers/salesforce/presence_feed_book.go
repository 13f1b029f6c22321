package salesforce

import (
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
	people  map[string]entry  // by user Id
	records map[string]string // record to user
}

// An entry is one person's last two intervals. There is one for everybody, so
// its moments are small: microseconds since 1970.
type entry struct {
	record, before string
	since          int64 // of record
	ended          int64 // when record did; 0 when nobody said so
	out            bool  // record has ended
	read           bool  // record was found by a reading, not told by an event
	tied           bool  // before began in the same second as record
}

func newBook() book {
	return book{people: map[string]entry{}, records: map[string]string{}}
}

// begin notes that a person's current interval is a record, and reports if it
// is: a message can be late or come twice, and then a later interval is known.
// Moments to the second cannot tell two that began in the same one; the order
// in which they came first does. What was read is the later of two, for a replay
// brings the earlier one afterwards; that may be wrong, so that then the end of
// either is a doubt.
func (b *book) begin(user, record string, since time.Time) (current bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, at := b.people[user], since.UnixMicro()
	switch {
	case e.record == record:
		return !e.out
	case e.before == record:
		return false
	case at < e.since, at == e.since && e.read:
		b.replace(user, e.before, record)
		e.before, e.tied = record, at == e.since
		b.people[user] = e
		return false
	}
	b.replace(user, e.before, record)
	b.people[user] = entry{record: record, before: e.record, since: at}
	return true
}

// holds is begin for an interval that was read as the current one.
func (b *book) holds(user, record string, since time.Time) {
	b.begin(user, record, since)
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.people[user]; e.record == record {
		e.read = true
		b.people[user] = e
	}
}

func (b *book) replace(user, old, record string) {
	delete(b.records, old)
	b.records[record] = user
}

// end notes that a record's interval has ended, and reports whose it was and
// if that person may be logged out: not when a later interval is known for sure.
func (b *book) end(record string, at time.Time) (user string, last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	user = b.records[record]
	e := b.people[user]
	if user == "" || e.record != record {
		return user, user == "" || e.tied && e.before == record
	}
	e.out, e.ended = true, 0
	if !at.IsZero() {
		e.ended = at.UnixMicro()
	}
	b.people[user] = e
	return user, true
}

// owner returns whose record it is, "" when it is not known.
func (b *book) owner(record string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records[record]
}

// left returns when a person's last known interval ended, zero when nobody
// said so.
func (b *book) left(user string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ended := b.people[user].ended; ended != 0 {
		return time.UnixMicro(ended).UTC()
	}
	return time.Time{}
}

// gone notes that a person is known to be logged out.
func (b *book) gone(user string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, known := b.people[user]; known {
		e.out = true
		b.people[user] = e
	}
}

// present lists who was seen with a status that nobody said has ended.
func (b *book) present() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var users []string
	for user, e := range b.people {
		if !e.out {
			users = append(users, user)
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
		users = append(users, user)
	}
	return users
}
