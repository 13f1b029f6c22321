package presence

import "github.com/lockstep-sync/lockstep/schema"

// A verdict is what the pair now shown asks for.
type verdict struct {
	// set holds, by the side to be set, the pair wanted and the move that wants it.
	set [2]*wish
	// agree makes the pair the base as it is.
	agree bool
	// adopt says that the pair is agreed for having been found like that.
	adopt bool
	// stays says that decisions for a contact's end still stand: nothing but the
	// contact has happened on CXone since.
	stays bool
}

type wish struct {
	want pair
	move Move
}

// decide goes through DESIGN's table: the base, both sides as they are, and
// the rule.
func (m *machine) decide() {
	if m.login() {
		m.adopt()
		return
	}
	if inContact(m.s.shows.state) {
		m.s.run = true // before stands still from here on
	}
	if m.tookBack() {
		m.s.base.status = ""
	}
	if m.undone() {
		return
	}
	m.apply(m.judge())
}

// login reports whether there is nothing to compare with: no base, or a base
// in which a side was logged out that no longer is.
func (m *machine) login() bool {
	base, shows := m.s.base, m.s.shows
	return !m.s.hasBase ||
		base.state.Word == schema.StateLoggedOut && shows.state.Word != schema.StateLoggedOut ||
		base.status == schema.Offline && shows.status != schema.Offline
}

// adopt makes the pair the base and writes nothing. With an alignment a pair
// that is not mapped has a base in which the named side counts as moved; not
// after a resume, which never catches up.
func (m *machine) adopt() {
	why := "the first look at both sides"
	switch {
	case m.s.resumed:
		why = "resumed"
	case m.s.hasBase:
		why = "logged in"
	}
	m.dropAll(why)
	ended := m.stopEnded()
	m.setBase(m.s.shows)
	mapped := m.rule.mapped(m.world(CXone))
	align := m.set.Align
	if m.s.resumed {
		align = AlignNone
	}
	m.s.resumed = false
	m.tell(Entry{What: Adopted, Detail: why})
	if mapped || align == AlignNone {
		m.adoptedFrom(ended)
	}
	if mapped {
		return
	}
	switch align {
	case AlignCXone:
		m.s.base.state = schema.ACDState{}
	case AlignSalesforce:
		m.s.base.status = ""
	default:
		if m.s.shows.state.Word == schema.StateLoggedOut || m.s.shows.status == schema.Offline {
			return // nobody expects a pair of who is logged out to be mapped
		}
		m.unmapped("the pair " + m.s.shows.state.String() + " and " + m.s.shows.status + " is adopted, and no row leads from one to the other")
		return
	}
	m.apply(m.judge())
}

// stopEnded returns when the stop ended that an adoption comes after, by side, or
// a little before, as the vendors' clocks may be wrong: what may have happened
// since is not to be lost. It is 0 without a stop.
func (m *machine) stopEnded() (ended [2]int64) {
	if !m.s.resumed {
		return ended
	}
	for side, at := range m.s.adopted {
		ended[side] = at - m.s.seen[side].unsure
	}
	return ended
}

// adoptedFrom notes that the pair counts as adopted since its later side changed,
// or since a stop ended.
func (m *machine) adoptedFrom(ended [2]int64) {
	at := min(m.now, max(m.s.seen[CXone].began(), m.s.seen[Salesforce].began()))
	for side := range ended {
		m.s.adopted[side] = max(ended[side], at+m.s.seen[side].ahead)
	}
}

// judge looks at which sides moved. Timestamps only settle a conflict.
func (m *machine) judge() verdict {
	movedC, movedS := m.moved(CXone), m.moved(Salesforce)
	if m.over() && m.stands(Salesforce) || m.cameBack() && m.restsOn(m.s.shows.status) {
		movedC = movedC && !m.cameBack()
		m.endRun()
	}
	stays := m.delayed()
	if stays {
		movedC = false
	}
	movedC, movedS = movedC || movedS && m.stands(CXone), movedS || movedC && m.stands(Salesforce)
	if movedC && m.adopts(CXone) || movedS && m.adopts(Salesforce) {
		return verdict{agree: true, adopt: true, stays: inContact(m.s.shows.state)}
	}
	v := verdict{stays: stays || inContact(m.s.shows.state)}
	switch {
	case !movedC && !movedS:
		v.agree = m.s.run && !inContact(m.s.shows.state) && !stays // the contact left no trace
		return v
	case movedC && !movedS && m.rule.goesBack(m.world(CXone)):
		return m.publish(v)
	case m.rule.mapped(m.world(CXone)) && !m.queuedOtherwise():
		v.agree, v.stays = true, inContact(m.s.shows.state) && (!movedS || m.restsOn(m.s.shows.status))
		return v
	case !movedS:
		return m.publish(v)
	case !movedC:
		return m.subscribe(v)
	case m.winner() == Salesforce:
		return m.subscribe(v)
	}
	if inContact(m.s.shows.state) {
		// A contact publishes, and cancels nothing that the person asked for: the
		// answer is the same whichever of the two is heard of first.
		v.set[CXone] = m.wish(Salesforce)
		v.stays = v.set[CXone] != nil // else what was asked for earlier no longer stands
	}
	return m.publish(v)
}

func (m *machine) moved(side Side) bool { return m.s.shows.on(side) != m.s.base.on(side) }

// stands reports whether what one side shows was agreed, though it is newer than
// what is heard of the other side only now. Then both have moved: the answer is
// the same whichever is heard of first.
func (m *machine) stands(side Side) bool { return m.s.stands[side] && m.newer(side) }

// adopts reports whether a side had moved before the pair was adopted: it would
// have been adopted like that, had it been heard of in time.
func (m *machine) adopts(moved Side) bool {
	return !m.moved(moved.other()) && m.earliest(moved)+m.s.seen[moved].ahead < m.s.adopted[moved]
}

// newer reports whether one side has changed after the other, by the vendors'
// own clocks.
func (m *machine) newer(side Side) bool {
	return m.s.seen[side].began() > m.earliest(side.other())
}

// earliest returns when a side came to show what it does. When somebody left no
// vendor tells, and it may have been long ago.
func (m *machine) earliest(side Side) int64 {
	seen := m.s.seen[side]
	if m.out(side) {
		return seen.began() - seen.unsure
	}
	return seen.began()
}

// out reports whether the agent is logged out of a side.
func (m *machine) out(side Side) bool {
	if side == CXone {
		return m.s.shows.state.Word == schema.StateLoggedOut
	}
	return m.s.shows.status == schema.Offline
}

// delayed reports whether a contact has ended where CXone was before, and a
// decision waited for its end: the vendor brought the agent back, nobody chose
// to, and the decision stands (UNCERTAIN whether CXone queues an administrative
// change, so that it may have to be sent again).
func (m *machine) delayed() bool { return m.s.pending[CXone] != nil && m.cameBack() }

// movedOn reports whether CXone has moved since a contact's end was seen, which
// is not its end any more then.
func (m *machine) movedOn() bool { return m.s.before == pair{status: schema.Offline} }

// over reports whether a contact has ended and that has not been answered.
func (m *machine) over() bool { return m.s.run && !inContact(m.s.shows.state) }

// cameBack reports whether a contact has ended where CXone was before.
func (m *machine) cameBack() bool { return m.over() && m.s.shows.state == m.s.before.state }

// endRun ends a contact that has no part in what Salesforce asks for. Where it
// brought CXone back, CXone has not moved.
func (m *machine) endRun() {
	if m.cameBack() {
		stands := m.s.stands
		m.setBase(m.s.base.with(CXone, m.s.shows))
		m.s.stands = stands
	}
	m.s.run = false
	if m.s.pending[CXone] != nil {
		m.aimAgain()
	}
}

// restsOn reports whether a decision waits that a status asked for.
func (m *machine) restsOn(status string) bool {
	p := m.s.pending[CXone]
	return p != nil && !p.orphan && p.want.status == status
}

// tookBack reports whether the person has gone back from what a waiting
// decision rests on to what the base shows. That is a move as well, so the
// base's status counts as unknown from then on: CXone may have queued the
// decision for the contact's end, however well the pair is mapped meanwhile.
func (m *machine) tookBack() bool {
	p := m.s.pending[CXone]
	return p != nil && m.s.run && !p.orphan && p.want.status != m.s.shows.status
}

func (m *machine) queuedOtherwise() bool {
	return m.s.base.status == "" && inContact(m.s.shows.state)
}

// publish sets Salesforce by the publisher table; without a row the pair is
// agreed.
func (m *machine) publish(v verdict) verdict {
	v.set[Salesforce] = m.wish(CXone)
	v.agree = v.set[Salesforce] == nil
	if v.agree {
		m.warnUnmapped(CXone)
	}
	return v
}

// subscribe sets CXone by the subscriber table; without a row the pair is
// agreed, and what Salesforce asked for earlier no longer stands.
func (m *machine) subscribe(v verdict) verdict {
	v.set[CXone] = m.wish(Salesforce)
	v.agree, v.stays = v.set[CXone] == nil, false
	if v.agree {
		m.warnUnmapped(Salesforce)
	}
	return v
}

// wish returns what a move of one side asks of the other, nil when nothing.
func (m *machine) wish(moved Side) *wish {
	w, move, ok := m.rule.next(m.world(moved))
	// What was before a contact can be unknown, or be a code that has become an
	// ACW code since: no call can bring that about.
	if !ok || moved == Salesforce && !m.rule.settable(w.state) {
		return nil
	}
	return &wish{w.pair, move}
}

// winner settles a conflict. The later change wins by the vendors' own clocks;
// where they are too close to tell, the person's side does.
func (m *machine) winner() Side {
	switch m.set.Conflict {
	case CXoneWins:
		return CXone
	case SalesforceWins:
		return Salesforce
	}
	c, s := m.s.seen[CXone], m.s.seen[Salesforce]
	lead := c.began() - s.began()
	if lead > tieMargin.Milliseconds()+c.unsure+s.unsure {
		return CXone
	}
	return Salesforce
}

// apply carries a verdict out.
func (m *machine) apply(v verdict) {
	if v.agree {
		adopted := m.s.adopted
		m.agree()
		if v.adopt {
			m.s.adopted = adopted
		}
	}
	for _, side := range [...]Side{CXone, Salesforce} {
		switch p := m.s.pending[side]; {
		case m.s.parked:
			return
		case v.set[side] != nil:
			m.want(side, v.set[side])
			if side == CXone && m.over() && m.s.pending[CXone] != nil {
				m.endRun()
			}
		case p == nil:
		case side == CXone && v.stays:
			m.aimAgain()
		default:
			m.drop(side, Superseded, "no longer asked for")
		}
	}
}

func (m *machine) agree() {
	if m.s.base != m.s.shows {
		m.tell(Entry{What: Agreed, Moved: m.movers()})
	}
	stands := m.s.stands
	m.setBase(m.s.shows)
	m.s.stands = stands // nothing was made of it
}

// movers names the sides that differ from the base.
func (m *machine) movers() string {
	switch c, s := m.moved(CXone), m.moved(Salesforce); {
	case c && s:
		return "both"
	case c:
		return CXone.String()
	case s:
		return Salesforce.String()
	}
	return ""
}

// warnUnmapped says that the rule has nothing for what a side now shows, if
// somebody chose it: a table that is empty, a contact and a logout say nothing.
func (m *machine) warnUnmapped(side Side) {
	shows := m.s.shows
	if side == CXone {
		if len(m.rule.publisher) > 0 && m.rule.publish(shows.state) == nil && !inContact(shows.state) && shows.state.Word != schema.StateLoggedOut {
			m.unmapped("no publisher row for " + shows.state.String())
		}
		return
	}
	if len(m.rule.subscriber) > 0 && m.rule.subscriber[shows.status] == nil && shows.status != schema.Offline {
		m.unmapped("no subscriber row for " + shows.status)
	}
}

func (m *machine) unmapped(detail string) {
	m.report(Report{Kind: ReportUnmapped, Detail: detail})
}
