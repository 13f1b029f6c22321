package presence

// spend takes one write from the agent's budget, which fills up steadily; false
// when there is none left.
func (m *machine) spend() bool {
	const one = 1000
	full := int64(m.set.WritesPerMinute) * one
	held := full
	if m.s.refilled != 0 {
		held = min(full, int64(m.s.tokens)+(m.now-m.s.refilled)*full/60_000)
	}
	if held < one {
		return false
	}
	m.s.tokens, m.s.refilled = int32(held-one), m.now
	return true
}

// park leaves the agent alone until both sides have been quiet. The base stays,
// so that what was moved last still counts then.
func (m *machine) park(why string) {
	m.dropAll("parked")
	m.s.parked, m.s.reason = true, why
	m.tell(Entry{What: Parked, Moved: m.movers(), Detail: why})
	m.report(Report{Kind: ReportParked, Detail: why})
}

// rest releases a parked agent once both sides have been quiet.
func (m *machine) rest() {
	if m.now-m.s.changed >= m.set.Quiet.Milliseconds() {
		m.unpark("both sides have been quiet")
	}
}

func (m *machine) unpark(why string) {
	if !m.s.parked {
		return
	}
	m.s.parked, m.s.reason = false, ""
	m.s.last = [2]change{}
	m.tell(Entry{What: Released, Detail: why})
	m.report(Report{Kind: ReportParked, Over: true, Detail: why})
}

// record remembers a write that was done, for seeing whether somebody undoes it.
func (m *machine) record(side Side, p *pending) {
	if !m.live() {
		return
	}
	done := change{from: p.saw.on(side), to: p.want.on(side), at: m.now, armed: true}
	if last := m.s.last[side]; last.from == done.from && last.to == done.to && m.now-last.at < forgive.Milliseconds() {
		done.reverts = last.reverts
	}
	m.s.last[side] = done
}

// undone parks an agent for whom a change was reverted twice, each time soon
// after our write: somebody or something else is at work, and neither would
// ever give in.
func (m *machine) undone() bool {
	for _, side := range [...]Side{CXone, Salesforce} {
		last := &m.s.last[side]
		if !last.armed || m.s.base.on(side) != last.to || m.s.shows.on(side) != last.from {
			continue
		}
		last.armed = false
		if m.now-last.at > m.set.RevertWithin.Milliseconds() {
			continue
		}
		last.reverts++
		if last.reverts >= 2 {
			m.park("a change was reverted twice by somebody else")
			return true
		}
	}
	return false
}
