package cxone

import (
	"context"
	"net/http"
	"time"
)

// longestPoll is the longest that a poll for events may wait (VERIFIED).
const longestPoll = 60

// A pause is why a call is not answered yet: it is tried again when there is
// news, or after the time, and never once its client has gone.
type pause struct {
	news   <-chan struct{}
	atMost time.Duration
}

// over waits, and reports false when the client went away first.
func (p *pause) over(ctx context.Context) bool {
	timer := time.NewTimer(p.atMost)
	defer timer.Stop()
	select {
	case <-p.news:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// nextEvent is the long poll: 200 with events, 304 when none came in time, 409
// once the session has ended and its last event is told (VERIFIED). The id in
// the answer is the one to ask with next.
func (t *Tenant) nextEvent(c *call) reply {
	seconds, err := c.number("timeout", 0)
	if err != nil || seconds > longestPoll {
		return refuse(http.StatusBadRequest, "timeout must be between 0 and 60 seconds")
	}
	s, had, refusal := c.session()
	if s == nil || !s.users[c.caller] {
		return *refusal
	}
	if events := s.since(had); len(events) > 0 {
		return ok(row{"sessionId": s.id(s.total), "events": events})
	}
	if refusal != nil {
		return *refusal
	}
	now := t.store.now()
	if c.patience.IsZero() {
		c.patience = now.Add(time.Duration(seconds) * time.Second)
	}
	left := c.patience.Sub(now)
	if left <= 0 {
		return empty(http.StatusNotModified)
	}
	t.touch(s, left)
	if limit := s.agent.limit; limit != nil { // what the clock does to this agent is news as well
		left = min(left, limit.at.Sub(now))
	}
	return reply{pause: &pause{news: s.news, atMost: left}}
}
