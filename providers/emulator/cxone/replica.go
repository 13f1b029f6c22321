package cxone

import (
	"net/http"
	"time"
)

// SetQuirks changes the tenant's ways while it runs.
func (t *Tenant) SetQuirks(q Quirks) {
	t.store.Lock()
	defer t.store.Unlock()
	t.quirks, t.store.tick, t.store.behind = q, q.Tick, q.StatesBehind
}

// changed lists the active agents whose presence, as a read shows it, is news to
// a client whose cursor is since.
func (s *store) changed(since time.Time) []*person {
	everybody := s.timeline.oldest == nil || since.Before(s.timeline.oldest.presence.since)
	if everybody {
		return s.eachAgent(func(p *person) bool { return p.active && newer(s.shown(p).since, since) })
	}
	found := s.timeline.since(since)
	kept := found[:0]
	for _, p := range found {
		if p.active && newer(s.shown(p).since, since) {
			kept = append(kept, p)
		}
	}
	return kept
}

// shown is an agent's presence as reads show it: from a replica that may be
// behind.
func (s *store) shown(p *person) presence {
	if s.behind == 0 {
		return p.presence
	}
	by := s.now().Add(-s.behind)
	shown := p.presence
	for i := len(p.past) - 1; i >= 0 && shown.since.After(by); i-- {
		shown = p.past[i]
	}
	return shown
}

// remember keeps the presence that an agent leaves, for replicas that still
// show it, and forgets what none shows any more.
func (s *store) remember(p *person) {
	if s.behind == 0 {
		p.past = nil
		return
	}
	by := s.now().Add(-s.behind)
	for len(p.past) > 1 && !p.past[1].since.After(by) {
		p.past = p.past[1:]
	}
	p.past = append(p.past, p.presence)
}

// A window counts the calls of one second.
type window struct {
	second int64
	calls  int
}

// rateGate refuses calls past the tenant's rate. NICE publishes none for the
// ACD (UNCERTAIN); its own client reads Retry-After (VERIFIED).
func (t *Tenant) rateGate(d dialect) (reply, bool) {
	if t.quirks.CallsPerSecond == 0 || d != acd {
		return reply{}, false
	}
	w, second := &t.store.window, t.store.now().Unix()
	if w.second != second {
		*w = window{second: second}
	}
	if w.calls++; w.calls <= t.quirks.CallsPerSecond {
		return reply{}, false
	}
	a := refuse(http.StatusTooManyRequests, "too many requests")
	a.header = http.Header{"Retry-After": {"1"}}
	return a, true
}
