package mirror_test

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// A ledger is what truly happened to one person, and what the engine was told of
// it, to hold every command against the guarantees. All times are true ones, and
// nothing in it comes from the engine but what it wrote into the journal.
type ledger struct {
	blind   [2]bool       // something happened that a side did not tell of, or told late
	sighted time.Duration // when a reading last put an end to that

	caused        [2]time.Duration // when something other than a command last changed a side
	made          [2]int           // how often commands have
	met           int              // contacts
	isOut         [2]bool
	outAt, backAt [2]time.Duration // when a side last logged out, and in

	heardOf [2]bool    // the owner of the lease was told something
	last    [2]reading // what the engine was last told
	idle    [2]reading // the same outside a contact
	home    [2]reading // the same where a contact can return to
	causes  [2]map[value]time.Duration
	ended   [2]time.Duration // when a contact has ended, as far as was told
	asked   [2][]asked       // commands that may still be carried out
	acted   [2]time.Duration // when a person visibly acted there; never when that was not the last thing told

	standing [2]value    // what a decision that stands asks for
	decision [2]decision // what the journal says of the last write to a side
	decided  []time.Time

	reruled, resumed time.Duration
	moved            time.Duration // to another team, or e-mail address
	kept             [2]sight      // what is remembered of each side
}

// never is before everything.
const never = -time.Hour

// A reading is what a side showed when it was read.
type reading struct {
	shown
	talks bool
}

// A sight is what a side shows, and since when as the vendor tells.
type sight struct {
	value value
	since time.Time
}

// An asked is a command that a side was sent.
type asked struct {
	value value
	until time.Duration // when it expires
	queue bool          // a contact may keep it for its end
}

// A decision is the journal's line of one.
type decision struct {
	target string
	source value // what the other side showed
	at     time.Duration
	sent   bool // a write was sent that it explains
}

func (l *ledger) begin() {
	*l = ledger{reruled: never, resumed: never, moved: never, isOut: [2]bool{true, true}}
	for side := range l.causes {
		l.causes[side] = map[value]time.Duration{}
	}
	l.forget()
}

// forget is what a new owner of the lease was not told.
func (l *ledger) forget() {
	l.heardOf = [2]bool{}
	for side := range l.last {
		l.last[side] = reading{shown: shown{at: never}}
		l.acted[side] = never
	}
}

// recall is what a new owner remembers instead: what the last one was told and
// did not keep is nothing to compare with.
func (l *ledger) recall(side presence.Side, v value) {
	if v != (value{}) && !talks(v) && v != l.idle[side].value {
		l.idle[side].value, l.home[side].value = v, v
	}
}

// changed notes that a side truly changed, and what the change rests on.
func (l *ledger) changed(p *person, side presence.Side) {
	now := &p.now[side]
	if l.isOut[side] {
		l.backAt[side] = now.at
	}
	if l.isOut[side] = !p.loggedIn(side); l.isOut[side] {
		l.outAt[side] = now.at
	}
	if now.by == byEngine {
		l.made[side]++
	} else {
		l.caused[side] = now.at
		if talks(now.value) {
			l.met++
		}
	}
	now.caused, now.made, now.met = l.caused[side], l.made[side], l.met
}

// told notes what the engine is told, unless it was told of something newer.
func (l *ledger) told(side presence.Side, s *shown) {
	r := reading{*s, side == presence.CXone && talks(s.value)}
	if r.at <= l.last[side].at {
		l.causes[side][r.value] = max(l.causes[side][r.value], r.caused) // within a second the vendor tells no order
		return
	}
	if l.last[side].talks && !r.talks {
		l.ended[side] = r.at
	}
	r.caused = max(r.caused, l.ended[side])
	l.last[side] = r
	l.causes[side][r.value] = r.caused
	if r.talks {
		for i := range l.asked[presence.CXone] {
			l.asked[presence.CXone][i].queue = true
		}
	}
	l.acted[side] = never
	if r.by == byPerson && l.visible(side, &r) {
		l.acted[side] = r.at
	}
	if r.talks {
		return
	}
	l.idle[side] = r
	if r.value != stateRefused {
		l.home[side] = r
	}
	l.asked[side] = slices.DeleteFunc(l.asked[side], func(a asked) bool { return r.at > a.until })
}

// visible reports whether a reading shows that somebody has acted: it shows
// something other than the last one outside a contact; or it shows the same anew
// after a command was carried out in between, and no contact came in between, of
// which the same could be the end. What a command has asked for that may still
// be carried out looks like that command.
func (l *ledger) visible(side presence.Side, r *reading) bool {
	before := &l.idle[side]
	if r.met > before.met {
		before = &l.home[side]
	}
	if r.value == l.standing[side] {
		return false
	}
	for _, a := range l.asked[side] {
		if a.value == r.value && (a.queue || r.at <= a.until) {
			return false
		}
	}
	return r.value != before.value || r.made > before.made && (side == presence.Salesforce || r.met == before.met)
}

// ask notes a command that may be carried out until it expires, by clocks that
// are known so far.
func (l *ledger) ask(p *person, side presence.Side, v value) {
	until := p.w.now + presence.DefaultSettings().CommandLife + p.w.margin()
	l.asked[side] = append(l.asked[side], asked{v, until, l.last[side].talks})
}

// overrules reports whether a command to a side overwrites what a person did
// there, which the engine was shown, because of what had happened on the other
// side before.
func (l *ledger) overrules(p *person, target presence.Side) bool {
	acted := l.acted[target]
	if acted == never || acted != p.now[target].at {
		return false
	}
	source := 1 - target
	margin := p.w.margin()
	if target == presence.CXone {
		// A conflict that is lost by less than the tie's margin and what the clocks
		// may be wrong by is Salesforce's; and they may be wrong the other way.
		margin += 2*time.Second + 2*p.w.plan.unsure
	}
	because := l.decision[target].source
	cause := l.causes[source][because]
	if p.outValue(source, because) {
		cause = l.outAt[source]
	}
	return acted > cause+margin
}

// margin is how far apart, truly, two things must be to be told apart by both
// vendors' clocks: Salesforce tells seconds.
func (w *world) margin() time.Duration { return 2*w.plan.unsure + time.Second + w.plan.vendorLatency }

// outstanding reports whether a command may still be carried out.
func (p *person) outstanding() bool {
	for side := range p.ledger.asked {
		for _, a := range p.ledger.asked[side] {
			if p.w.now <= a.until {
				return true
			}
		}
	}
	return false
}

// find returns what a side showed that is told of, nil when it never did or did
// so too long ago.
func (p *person) find(side presence.Side, v value, since time.Time) *shown {
	fits := func(s *shown) bool {
		switch {
		case s.value != v:
			return false
		case since.IsZero() || !p.outValue(side, v):
			return side == presence.CXone && s.since.Equal(since) || side == presence.Salesforce && s.since.Truncate(time.Second).Equal(since)
		}
		return true
	}
	if fits(&p.now[side]) {
		return &p.now[side]
	}
	for i := 1; i <= past && i <= p.count[side]; i++ {
		if s := &p.past[side][(p.count[side]-i)%past]; fits(s) {
			return s
		}
	}
	return nil
}

func (p *person) outValue(side presence.Side, v value) bool {
	return side == presence.CXone && v == stateLoggedOut || side == presence.Salesforce && v == offline
}
