package cxone

import (
	"cmp"
	"slices"
	"time"
)

// A timeline keeps agents in the order of their latest change, so that a poll
// finds those of a few seconds without looking at everybody. The links are in
// the agents themselves.
type timeline struct{ oldest, newest *person }

// place puts an agent where its presence's time belongs. That is nearly always
// the end: only a clock that is set back makes another place.
func (l *timeline) place(p *person) {
	l.take(p)
	before := l.newest
	for before != nil && before.presence.since.After(p.presence.since) {
		before = before.earlier
	}
	p.earlier = before
	if before == nil {
		p.later, l.oldest = l.oldest, p
	} else {
		p.later, before.later = before.later, p
	}
	if p.later == nil {
		l.newest = p
	} else {
		p.later.earlier = p
	}
}

// take unlinks an agent; one that is not in the timeline is fine.
func (l *timeline) take(p *person) {
	if p.earlier != nil {
		p.earlier.later = p.later
	} else if l.oldest == p {
		l.oldest = p.later
	}
	if p.later != nil {
		p.later.earlier = p.earlier
	} else if l.newest == p {
		l.newest = p.earlier
	}
	p.earlier, p.later = nil, nil
}

// since lists who has changed after a time, by agent id: in an order that does
// not move while a client reads page after page.
func (l *timeline) since(at time.Time) []*person {
	var changed []*person
	for p := l.newest; p != nil && p.presence.since.After(at); p = p.earlier {
		changed = append(changed, p)
	}
	slices.SortFunc(changed, func(a, b *person) int { return cmp.Compare(a.agentID, b.agentID) })
	return changed
}
