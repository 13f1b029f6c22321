package presence

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/schema"
)

// A ledger keeps what truly happened to both sides and what Step was told of
// it, to hold every command against the guarantees. Of what Step remembers it
// asks one thing only: what the decision rests on.
type ledger struct {
	caused [2]int64 // when something other than a command last changed a side
	made   [2]int   // how often commands have changed it
	met    int      // contacts

	last   [2]reading         // what Step was last told
	idle   [2]reading         // the same outside a contact
	home   [2]reading         // the same where a contact can return to: refused is no such state
	causes [2]map[value]int64 // what had caused a side to show a value, by what Step was told
	ended  [2]int64           // when a contact has ended, as far as was told
	asked  [2][]asked         // commands that may still be carried out
	acted  [2]int64           // when a person visibly acted there; 0 when that was not the last thing told
}

// A reading is what a side showed when it was read.
type reading struct {
	side   Side
	value  value
	since  int64
	by     maker
	talks  bool
	caused int64
	made   int
	met    int
}

// An asked is a command that a side was sent.
type asked struct {
	value value
	until int64 // when it expires
	queue bool  // a contact may keep it for its end
}

// changed notes that a side truly changed.
func (l *ledger) changed(m *model, side Side) {
	if m.maker[side] == engine {
		l.made[side]++
		return
	}
	l.caused[side] = m.since[side] + noon.UnixMilli()
	if side == CXone && inContact(m.truth.state) {
		l.met++
	}
}

func (l *ledger) reading(m *model, side Side) reading {
	return reading{
		side: side, value: m.truth.on(side), since: m.since[side] + noon.UnixMilli(), by: m.maker[side],
		talks:  side == CXone && inContact(m.truth.state),
		caused: l.caused[side], made: l.made[side], met: l.met,
	}
}

// told notes what Step is told, unless it was told of something newer.
func (l *ledger) told(r reading) {
	if r.since <= l.last[r.side].since {
		return
	}
	if l.last[r.side].talks && !r.talks {
		l.ended[r.side] = r.since // nobody tells when the contact ended, if not then
	}
	r.caused = max(r.caused, l.ended[r.side])
	l.last[r.side] = r
	if l.causes[r.side] == nil {
		l.causes[r.side] = map[value]int64{}
	}
	l.causes[r.side][r.value] = r.caused
	if r.talks {
		for i := range l.asked[CXone] {
			l.asked[CXone][i].queue = true
		}
	}
	l.acted[r.side] = 0
	if r.by == person && l.visible(r) {
		l.acted[r.side] = r.since
	}
	if !r.talks {
		l.idle[r.side] = r
		if r.value.word != schema.StateRefused {
			l.home[r.side] = r
		}
		l.asked[r.side] = slices.DeleteFunc(l.asked[r.side], func(a asked) bool { return r.since > a.until })
	}
}

// visible reports whether a reading shows that somebody has acted: it shows
// something other than the last one outside a contact; or it shows the same anew
// after a command was carried out in between, and no contact came in between, of
// which the same could be the end. What a command has asked for that may still
// be carried out looks like that command.
func (l *ledger) visible(r reading) bool {
	before := l.idle[r.side]
	if r.met > before.met {
		before = l.home[r.side]
	}
	for _, a := range l.asked[r.side] {
		if a.value == r.value && (a.queue || r.since <= a.until) {
			return false
		}
	}
	return r.value != before.value || r.made > before.made && (r.side == Salesforce || r.met == before.met)
}

// command holds a command against the guarantee that a person wins: what a
// person did, and Step was shown, is never overwritten because of what happened
// on the other side before. On CXone before means by more than the tie margin.
func (l *ledger) command(m *model, target Side) {
	defer func() {
		l.asked[target] = append(l.asked[target], asked{
			m.s.pending[target].want.on(target), m.now + noon.UnixMilli() + m.set.CommandLife.Milliseconds(), l.last[target].talks,
		})
	}()
	acted := l.acted[target]
	if acted == 0 || acted != m.since[target]+noon.UnixMilli() {
		return
	}
	source := target.other()
	cause := l.causes[source][m.s.pending[target].want.on(source)]
	margin := int64(0)
	if target == CXone {
		margin = tieMargin.Milliseconds()
	}
	if acted > cause+margin {
		m.fail("a person's newer action on %s is overwritten", target)
	}
}

// TestWorlds draws random worlds and holds each against the guarantees: those
// of the ledger at every command; once faults stop, both sides are seen as they
// are and agreed; no action causes more writes than the proof says; and nothing
// is written when nobody does anything.
func TestWorlds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt)
		m.live()
		m.settle()
		m.converged()
		m.bounded()
		m.silent()
	})
}

func (m *model) converged() {
	if m.s.shows != m.truth {
		m.fail("sees %v, the truth is %v", m.s.shows, m.truth)
	}
	if m.s.base != m.truth || m.s.pending != [2]*pending{} || m.s.Undeliverable(CXone) && m.truth.state.Word != schema.StateLoggedOut || m.s.Undeliverable(Salesforce) {
		m.fail("not agreed: %+v", m.s)
	}
}

// bounded excuses once a decision that was given up, or that a new owner cannot
// know the end of.
func (m *model) bounded() {
	if most := (m.actions+1)*max(m.most, 1) + m.excused; m.decided > most {
		m.fail("%d writes for %d actions of at most %d", m.decided, m.actions, m.most)
	}
}

func (m *model) silent() {
	decided := m.decided
	for range 20 {
		m.sweep(CXone)
		m.sweep(Salesforce)
		m.run(m.now + 30_000)
	}
	if m.decided > decided {
		m.fail("writes though nobody did anything")
	}
}
