package store

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// A Batch is what is written in one go, for one tenant.
type Batch struct {
	Tenant string
	Fence  Fence
	Set    []Set   // no key twice
	Append []Entry // to the journal, in this order
}

// A Fence is the lease under which a batch is written. The zero Fence is none,
// for what any process may write.
//
// A lease that has run out still fences as long as nobody has taken it: what
// its owner writes then can contradict nobody.
type Fence struct {
	Lease string
	Epoch int64
}

// A Set is one value to remember.
type Set struct {
	Key   string
	Value []byte // nil forgets the key
	// Was is the version that the writer saw: 0 for a key that was not there,
	// [Any] to write whatever is there.
	Was int64
}

// Any is the version that compares equal to every other. It is right where
// the fence already makes the writer the only one.
const Any int64 = -1

// An Item is one remembered value. Versions grow with every commit to the
// tenant, and a key that was forgotten and set again has a new one.
type Item struct {
	Key     string
	Value   []byte
	Version int64
}

// An Entry is one line of a tenant's journal.
type Entry struct {
	Seq   int64     // the store's own: it grows along the journal, with gaps
	At    time.Time // when it happened by the writer's clock, to the microsecond
	Agent string    // empty for what concerns no single one
	Data  []byte
}

// A Query says which entries of a tenant's journal are meant. The zero of an
// argument asks for nothing in particular.
type Query struct {
	Tenant string
	Agent  string
	From   time.Time // the first moment
	To     time.Time // the first moment no longer meant
	After  int64     // entries that come after this one; to follow a journal
	Last   int       // only so many, the latest
}

// maxName bounds what is used as a key; both stores take at least this much.
const maxName = 1024

func (b *Batch) check() error {
	if err := checkName("tenant", b.Tenant); err != nil {
		return err
	}
	seen := make(map[string]bool, len(b.Set))
	for _, set := range b.Set {
		if set.Key == "" || len(set.Key) > maxName {
			return fmt.Errorf("a key of %d bytes; 1 to %d are possible", len(set.Key), maxName)
		}
		if seen[set.Key] {
			return fmt.Errorf("key %q twice in one batch", set.Key)
		}
		seen[set.Key] = true
	}
	for i := range b.Append {
		if err := b.Append[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (e *Entry) check() error {
	// Year 10000 and after are no dates of JSON, and microseconds end later.
	if year := e.At.Year(); year < 1970 || year > 9999 {
		return fmt.Errorf("a journal entry of the year %d", year)
	}
	if e.Agent == "" {
		return nil
	}
	return checkName("agent", e.Agent)
}

func (q *Query) check() error {
	if err := checkName("tenant", q.Tenant); err != nil {
		return err
	}
	if q.Last < 0 || q.After < 0 {
		return errors.New("a query for less than nothing")
	}
	return nil
}

// span returns the query's time span in microseconds, the end not included.
func (q *Query) span() (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if !q.From.IsZero() {
		from = ceilMicro(q.From)
	}
	if !q.To.IsZero() {
		to = ceilMicro(q.To)
	}
	return from, to
}

// ceilMicro rounds up, so that a moment between two microseconds parts them.
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// checkName keeps to what a text column of a database takes as well.
func checkName(what, name string) error {
	switch {
	case name == "" || len(name) > maxName:
		return fmt.Errorf("a name of %d bytes for the %s; 1 to %d are possible", len(name), what, maxName)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return fmt.Errorf("the name %q for the %s is no text", name, what)
	}
	return nil
}

func checkLease(name, owner string, ttl time.Duration) error {
	if err := checkName("lease", name); err != nil {
		return err
	}
	if err := checkName("owner", owner); err != nil {
		return err
	}
	if ttl < time.Millisecond || ttl > 24*time.Hour {
		return fmt.Errorf("a lease for %s; a millisecond to a day is possible", ttl)
	}
	return nil
}
