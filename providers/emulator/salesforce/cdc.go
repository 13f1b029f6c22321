package salesforce

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"
)

// How long and how many events are kept. The time is the vendor's (VERIFIED);
// the number is ours, so that a busy emulator does not fill its machine.
const (
	eventRetention = 72 * time.Hour
	maxEvents      = 500_000
)

// A busEvent is one place in an org's event stream. A place without topics
// holds nothing that a subscriber gets: it is where a stream said that it is
// alive.
type busEvent struct {
	replay   uint64
	at       time.Time
	topics   []string // where it is delivered
	entity   string   // UserServicePresence
	id       string
	schemaID string
	payload  []byte
	header   changeHeader
}

// on reports whether the event is delivered on a topic.
func (e *busEvent) on(topic string) bool { return slices.Contains(e.topics, topic) }

// replayID is a place as it goes over the wire.
func replayID(replay uint64) []byte { return binary.BigEndian.AppendUint64(nil, replay) }

// bus holds an org's change events in their order. It is guarded by the
// store's lock.
type bus struct {
	now    func() time.Time
	kept   []*busEvent
	newest uint64
	// era grows when the places given out so far stop being valid.
	era    int
	woken  chan struct{} // closed at the next news
	unique int           // transactions
	steps  int           // changes in this transaction
	calls  int           // of the Pub/Sub API
	drops  int           // how often all streams were ended

	spent     usage // deliveries
	allowance int   // of deliveries in 24 hours; 0 is the edition's
}

func newBus(now func() time.Time) *bus {
	return &bus{now: now, newest: 4_201, woken: make(chan struct{})}
}

// begin starts a transaction: what is captured until the next shares a key.
func (b *bus) begin() { b.unique, b.steps = b.unique+1, 0 }

// append gives an event its place and wakes the streams. Places are not
// contiguous (VERIFIED): the steps between them differ, but are the same every
// time.
func (b *bus) append(e *busEvent) *busEvent {
	b.newest += 1 + b.newest*7919%5
	e.replay, e.at = b.newest, b.now()
	b.kept = append(b.kept, e)
	b.trim()
	b.wake()
	return e
}

// mark takes a place that holds nothing, for a stream with nothing to send.
func (b *bus) mark() uint64 {
	b.newest += 1 + b.newest*7919%5
	b.kept = append(b.kept, &busEvent{replay: b.newest, at: b.now()})
	b.trim()
	return b.newest
}

// trim drops what is too old, and beyond the bound the oldest.
func (b *bus) trim() {
	cut, oldest := max(0, len(b.kept)-maxEvents), b.now().Add(-eventRetention)
	for cut < len(b.kept) && b.kept[cut].at.Before(oldest) {
		cut++
	}
	clear(b.kept[:cut]) // what backs the slice must not keep them alive
	b.kept = b.kept[cut:]
}

// wake lets the streams look again.
func (b *bus) wake() {
	close(b.woken)
	b.woken = make(chan struct{})
}

// forget ends every stream and makes every place invalid.
func (b *bus) forget() {
	b.kept, b.era = nil, b.era+1
	b.newest += 1_000
	b.wake()
}

// holds reports whether a place was given out and is still kept.
func (b *bus) holds(replay uint64) bool {
	b.trim()
	_, found := b.find(replay)
	return found
}

func (b *bus) find(replay uint64) (int, bool) {
	return slices.BinarySearchFunc(b.kept, replay, func(e *busEvent, at uint64) int {
		switch {
		case e.replay < at:
			return -1
		case e.replay > at:
			return 1
		}
		return 0
	})
}

// after returns the events behind a place; the slice must not be kept.
func (b *bus) after(replay uint64) []*busEvent {
	at, found := b.find(replay)
	if found {
		at++
	}
	return b.kept[at:]
}

// eventKey is the id that an event carries, unlike its place of no order.
func eventKey(n int, step int) string {
	text := derive("event", strconv.Itoa(n), strconv.Itoa(step))
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:32]
}
