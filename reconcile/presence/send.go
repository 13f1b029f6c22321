package presence

// carry sends what is to be sent, now or again. Writes that make the agent
// unavailable go first.
func (m *machine) carry() {
	order := [2]Side{CXone, Salesforce}
	if m.urgent(Salesforce) && !m.urgent(CXone) {
		order = [2]Side{Salesforce, CXone}
	}
	for _, side := range order {
		if p := m.s.pending[side]; p != nil && m.sendable(side, p) && m.now >= p.next {
			m.send(side, *p)
		}
	}
}

func (m *machine) urgent(side Side) bool {
	p := m.s.pending[side]
	return p != nil && m.rule.unavailable(side, p.want)
}

// age gives up decisions that have expired.
func (m *machine) age() {
	if !m.acts() {
		return
	}
	for _, side := range [...]Side{CXone, Salesforce} {
		switch p := m.s.pending[side]; {
		case p == nil || p.expires == 0 || p.paused != 0 || m.now < p.expires:
		case m.live():
			m.fail(side, "expired")
		default:
			m.miss(side)
		}
	}
}

// pause stops a decision's age at the beginning of a contact, in which CXone may
// have it queued, and lets it go on at the end. For a new owner it begins anew.
func (m *machine) pause() {
	for side, p := range m.s.pending {
		if p == nil {
			continue
		}
		expires, paused := p.expires, p.paused
		if expires == 0 {
			expires = m.now + m.set.DecisionLife.Milliseconds()
		}
		queued := Side(side) == CXone && inContact(m.s.shows.state)
		switch {
		case queued && paused == 0:
			paused = m.now
		case !queued && paused != 0:
			expires, paused = expires+m.now-paused, 0
		}
		if expires != p.expires || paused != p.paused {
			again := *p
			again.expires, again.paused = expires, paused
			m.s.pending[side] = &again
		}
	}
}

// miss ends a decision that was only watched: nobody carried it out, and nobody
// will, so that the pair is what there is to compare with from now on.
func (m *machine) miss(side Side) {
	m.drop(side, Missed, "nobody set it")
	m.setBase(m.s.shows)
}

// sendable reports whether a decision may be sent, when its time has come: only
// while the target still shows what the decision saw. During a contact what
// CXone has accepted is queued, and asking again would gain nothing.
func (m *machine) sendable(side Side, p *pending) bool {
	queued := side == CXone && p.accepted && inContact(m.s.shows.state)
	return m.live() && !queued && m.s.shows.on(side) == p.saw.on(side)
}

func (m *machine) send(side Side, p pending) {
	again := p.id != 0
	m.s.seq++
	p.id, p.answered, p.accepted = m.s.seq, false, false
	p.until = m.carriedOut(side)
	p.next = m.now + m.set.Confirm.Milliseconds() // an answer brings it forward
	if p.tries < 255 {
		p.tries++
	}
	m.s.pending[side] = &p
	if again {
		m.tell(Entry{What: Resent, Side: side, Target: p.want.text(side), Command: p.id})
	}
	m.effects = append(m.effects, m.command(side, &p))
}

func (m *machine) command(side Side, p *pending) Effect {
	c := Command{
		ID:      p.id,
		Epoch:   m.in.Epoch,
		Expires: stamp(m.now + m.set.CommandLife.Milliseconds()),
		First:   m.rule.unavailable(side, p.want),
		Try:     int(p.tries),
	}
	if side == CXone {
		return SetState{Command: c, State: p.want.state, Expected: p.saw.state}
	}
	return SetStatus{Command: c, Status: p.want.status, Expected: p.saw.status}
}

// backOff doubles with every try, and ends at the time that an accepted command
// may take to show.
func (m *machine) backOff(tries uint8) int64 {
	most := m.set.Confirm.Milliseconds()
	return min(most, m.set.FirstRetry.Milliseconds()<<min(max(tries, 1)-1, 16))
}
