package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// Feeds are how both sides are observed.
type feeds struct {
	watch       uint64 // counts watchings
	watching    uint64 // the one under way; 0 for none
	cursor      []byte // where the next watching goes on
	owed        uint64 // the watching whose next message is not asked for yet
	spent       bool   // no events any more for now: an allowance is used
	why         string // there are no events
	heardOf     time.Time
	watchedFrom time.Time

	deaf   int  // sweeps in a row that found what events should have told
	silent bool // so many that the stream is taken to tell nothing

	sweeping  bool
	sweptFrom time.Time
	sweepOwed time.Time // by when there is to be one more; a later one does not do
	sweptOnce bool      // the first sweep was taken in

	polling    bool
	polledFrom time.Time
	wholeNow   bool // the poll under way reads everything
	polledOnce bool

	position []byte // where the next poll goes on
	whole    bool   // the next poll is to read everything
	wholeAt  time.Time
	polledAt time.Time
	hurry    int // polls that are made sooner than usual

	pollAfter  time.Time // CXone has asked to be left alone until then
	emptySince time.Time // CXone has listed nobody since; zero when it lists somebody

	looking    bool
	lookedFrom time.Time
	asked      []string
	doubts     []string
	doubted    map[string]bool
	onlining   bool
	limits     Allowances

	readings   []*reading
	generation uint32
	strangers  map[string]bool // Ids that nobody listed, by side and Id
	backOffs   *backOffs
}

// backOffs are the pauses after failures.
type backOffs struct{ people, watch, sweep, poll, look, online, store backOff }

func newBackOffs() *backOffs {
	usual := backOff{first: time.Second, most: 30 * time.Second}
	// What both sides are read by is asked for again soon enough to keep the
	// promise of ten seconds after a fault has ended.
	soon := backOff{first: time.Second, most: 8 * time.Second}
	return &backOffs{
		people: backOff{first: 5 * time.Second, most: 5 * time.Minute},
		watch:  usual, look: usual, sweep: soon, poll: soon,
		online: backOff{first: 10 * time.Second, most: 2 * time.Minute},
		store:  backOff{first: 100 * time.Millisecond, most: 5 * time.Second},
	}
}

// positions are what is kept of the feeds. CXone's cursor is not: whoever begins
// a lease reads everything there anyway.
type positions struct {
	Salesforce []byte `json:"salesforce,omitempty"`
}

func (e *Engine) encodeFeeds() ([]byte, error) { return json.Marshal(positions{e.cursor}) }

func (e *Engine) recallFeeds(value []byte) error {
	var p positions
	if err := json.Unmarshal(value, &p); err != nil {
		return fmt.Errorf("positions in feeds: %w", err)
	}
	e.cursor = p.Salesforce
	return nil
}

// setupEvery is how often a set-up that allowed no events is tried again, and
// settleAfter how long a watching from now on may take to begin: a sweep after
// that has everything that came before.
const setupEvery, settleAfter = 10 * time.Minute, 3 * time.Second

func (e *Engine) beginWatch() {
	if e.watching != 0 || e.spent || e.phase != running {
		return
	}
	e.watch++
	e.watching = e.watch
	e.heardOf, e.watchedFrom = e.now, e.now
	e.ask(Watch{Watch: e.watching, Cursor: e.cursor})
	e.at(taskStall, stallAfter)
	if e.cursor == nil {
		e.oweSweep(max(settleAfter, e.untilSweep()))
	}
}

func (e *Engine) stopWatching() {
	if e.watching != 0 {
		e.ask(Unwatch{Watch: e.watching})
		e.watching, e.owed = 0, 0
	}
}

// checkStall ends a watching that has been silent for longer than keepalives
// are apart.
func (e *Engine) checkStall() {
	if e.watching == 0 {
		return
	}
	if left := stallAfter - e.now.Sub(e.heardOf); left > 0 {
		e.at(taskStall, left)
		return
	}
	e.stopWatching()
	e.down("events have been silent")
	e.by(taskWatch, 0)
}

// watched takes in one message of the event stream.
func (e *Engine) watched(w Watched) {
	if w.Watch != e.watching || e.phase != running {
		return
	}
	e.heardOf = e.now
	if e.now.Sub(e.watchedFrom) >= lasting {
		e.backOffs.watch.reset()
	}
	n := &w.News
	e.hearing(n)
	e.used.deliver(n.Deliveries)
	e.dayNew = e.dayNew || n.Deliveries > 0
	e.takeNews(n)
	if n.Cursor != nil {
		e.cursor, e.feedsNew = n.Cursor, true
	}
	switch {
	case e.used.Deliveries >= e.set.DeliveriesPerDay:
		e.spend("the declared budget of event deliveries is used")
	case e.full():
		e.owed = e.watching
	default:
		e.ask(More{Watch: e.watching})
	}
}

// lasting is how long a watching lasts that is worth beginning again at once.
// Each costs a call.
const lasting = time.Minute

// hearing notes that the stream works. One that was silent has to tell more for
// that than that it is alive.
func (e *Engine) hearing(n *schema.News) {
	if n.Deliveries > 0 {
		e.deaf, e.silent = 0, false
	}
	switch {
	case e.silent:
		e.why = silence
	case e.why != "":
		e.why = ""
		e.fine("events")
		e.planSweep()
	}
}

// A permission that is taken away while run works ends no stream: it goes on
// without events (VERIFIED), and a change that an event should have told is
// found by a sweep, long after.
const (
	silence = "silent: the stream is alive and tells nothing, though people change their status; " +
		"the signed-in user needs View All Data, or View All Records on User Presence"
	silentAfter = 30 * time.Second
	deafMost    = 2 // such sweeps in a row; one may be about an event that was lost
)

// untold reports whether a sweep shows a change that the stream under way should
// have told long before.
func (e *Engine) untold(r *reading, s *schema.Sighting) bool {
	if r.side != presence.Salesforce || r.people != nil || e.why != "" || e.watching == 0 || e.owed != 0 || s.Since.IsZero() {
		return false
	}
	a := e.known[r.side][s.Person]
	if a == nil || !a.fresh[r.side] || a.status == s.Status {
		return false
	}
	since := s.Since.Add(-r.news.Clock.Ahead) // by our clock
	return since.Sub(e.watchedFrom) > time.Second && r.asked.Sub(since) > silentAfter+r.news.Clock.Uncertainty
}

// heedSilence gives up a stream that tells nothing: from now on it is polled,
// and watched all the same, because the permission may come back.
func (e *Engine) heedSilence(r *reading) {
	if e.why != "" {
		return
	}
	if !r.untold {
		e.deaf = 0
		return
	}
	if e.deaf++; e.deaf >= deafMost {
		e.silent = true
		e.down(silence)
	}
}

// takeNews takes in news of changes, as events bring it.
func (e *Engine) takeNews(n *schema.News) {
	for i := range n.Sightings {
		e.sighted(presence.Salesforce, &n.Sightings[i], n, false)
	}
	for _, id := range n.Doubt {
		e.doubt(id)
	}
	if n.Gap {
		e.oweSweep(e.untilSweep())
	}
}

// spend ends events until there is an allowance again: it is polled.
func (e *Engine) spend(why string) {
	e.stopWatching()
	e.spent = true
	e.down(why)
}

// resumeEvents begins to watch again. What came meanwhile was swept.
func (e *Engine) resumeEvents() {
	e.spent, e.cursor = false, nil
	e.by(taskWatch, 0)
	e.by(taskSweep, e.untilSweep())
}

func (e *Engine) watchEnded(w WatchEnded) {
	if w.Watch != e.watching {
		return
	}
	e.watching, e.owed = 0, 0
	switch {
	case errors.Is(w.Err, schema.ErrCursor) && e.cursor != nil:
		e.cursor, e.feedsNew = nil, true
		e.at(taskWatch, 0)
		e.by(taskSweep, e.untilSweep())
	case errors.Is(w.Err, schema.ErrAllowance):
		e.spend("Salesforce delivers no more events for now")
	case errors.Is(w.Err, schema.ErrSetup):
		e.down(text(w.Err))
		e.at(taskWatch, setupEvery)
	default:
		e.down(text(w.Err))
		e.at(taskWatch, e.backOffs.watch.next())
	}
}

func text(err error) string {
	if err == nil {
		return "it ended"
	}
	return err.Error()
}

// down says that there are no events, and polls instead.
func (e *Engine) down(why string) {
	e.why = why
	e.trouble("events", why)
	e.by(taskSweep, e.sweepEvery())
}

// sweep reads what everybody shows in Salesforce.
func (e *Engine) sweep() {
	if e.phase != running {
		return
	}
	if e.sweeping {
		e.oweSweep(0) // what it is wanted for may be newer than what is being read
		return
	}
	if !e.maySweep() {
		e.at(taskSweep, e.untilMidnight())
		e.trouble("budget", "the declared budget of calls is nearly used: Salesforce is not swept any more today")
		return
	}
	if e.full() {
		e.at(taskSweep, renewEvery)
		return
	}
	if !e.sweepOwed.After(e.now) {
		e.sweepOwed = time.Time{}
	}
	e.sweeping, e.sweptFrom = true, e.now
	e.ask(Sweep{Turn: e.turn, Timeout: sweepTimeout})
}

// oweSweep sees to it that a sweep begins after a time, whatever else is planned.
func (e *Engine) oweSweep(after time.Duration) {
	if at := e.now.Add(after); at.After(e.sweepOwed) {
		e.sweepOwed = at
	}
	if !e.sweeping {
		e.by(taskSweep, after)
	}
}

// untilSweep is how long a sweep for what events left out has to wait: a stream
// that breaks every second must not use the day's calls.
func (e *Engine) untilSweep() time.Duration {
	if e.sweptFrom.IsZero() {
		return 0
	}
	return max(e.sweptFrom.Add(e.polledEvery()).Sub(e.now), 0)
}

// planSweep plans the next sweep by the clock, or the one that is owed.
func (e *Engine) planSweep() {
	e.at(taskSweep, e.sweepEvery())
	if !e.sweepOwed.IsZero() {
		e.by(taskSweep, max(e.sweepOwed.Sub(e.now), 0))
	}
}

func (e *Engine) swept(s Swept) {
	if s.Turn != e.turn || e.phase != running {
		return
	}
	e.sweeping = false
	e.spendCalls(1 + len(s.News.Sightings)/page)
	e.dayNew = true
	if s.Err != nil {
		e.trouble("sweep", s.Err.Error())
		e.at(taskSweep, e.backOffs.sweep.next())
		return
	}
	e.backOffs.sweep.reset()
	e.seen.swept = e.now // not heardOf, by which a stream that is stuck is known
	if e.fine("sweep") {
		e.recover(presence.Salesforce)
	}
	e.planSweep()
	s.News.Whole = true
	e.open(&reading{side: presence.Salesforce, news: s.News, asked: e.sweptFrom})
}

// doubt puts a person on the list of those to be read again: it looks like a
// logout, which is only known for sure when nothing comes after it.
func (e *Engine) doubt(id string) {
	if a := e.known[presence.Salesforce][id]; a == nil || e.doubted[id] {
		return
	}
	if e.doubted == nil {
		e.doubted = map[string]bool{}
	}
	e.doubted[id] = true
	e.doubts = append(e.doubts, id)
	if !e.looking {
		e.by(taskLook, lookAfter)
	}
}

// lookMost is how many people are read again in one go.
const lookMost = 200

func (e *Engine) look() {
	var people []string
	for len(e.doubts) > 0 && len(people) < lookMost {
		id := e.doubts[0]
		e.doubts = e.doubts[1:]
		if e.doubted[id] {
			delete(e.doubted, id)
			people = append(people, id)
		}
	}
	if len(people) == 0 || e.looking || e.phase != running {
		return
	}
	if !e.mayCall() {
		e.by(taskSweep, e.untilMidnight())
		return
	}
	e.looking, e.lookedFrom, e.asked = true, e.now, people
	e.spendCalls(1)
	e.ask(Look{Turn: e.turn, People: people, Timeout: readTimeout})
}

func (e *Engine) looked(l Looked) {
	if l.Turn != e.turn || e.phase != running {
		return
	}
	people := e.asked
	e.looking, e.asked = false, nil
	if l.Err != nil {
		for _, id := range people {
			e.doubt(id)
		}
		e.at(taskLook, e.backOffs.look.next())
		return
	}
	e.backOffs.look.reset()
	if len(e.doubts) > 0 {
		e.by(taskLook, 0)
	}
	e.open(&reading{side: presence.Salesforce, news: l.News, asked: e.lookedFrom, people: people})
}
