package salesforce

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
)

// collect takes the next events, at most as many as were asked for, and spends
// the org's allowance on them. It also returns when there may be more.
func (s *subscription) collect() ([]*busEvent, <-chan struct{}, error) {
	bus := s.service.org.bus
	s.service.org.store.Lock()
	defer s.service.org.store.Unlock()
	if err := s.check(); err != nil {
		return nil, nil, err
	}
	var events []*busEvent
	for len(events) < s.pending && !s.stalled && s.ending == nil {
		e := s.next()
		if e == nil {
			break
		}
		events = append(events, s.spend(s.meddle(e))...)
	}
	if len(events) == 0 && s.ending != nil {
		return nil, nil, s.ending
	}
	return events, bus.woken, nil
}

// check says why a stream cannot go on.
func (s *subscription) check() error {
	o := s.service.org
	now := o.options.Now()
	switch session := o.sessions[s.caller.token]; {
	case s.ending != nil:
		return s.ending
	case s.era != o.bus.era:
		return refusal("service.unavailable")
	case s.drops != o.bus.drops:
		return dropped()
	case session == nil || !now.Before(session.expires):
		return refusal("service.auth.error")
	}
	if now.Sub(s.checked) >= permissionsFor {
		s.sees, s.checked = o.sees(s.caller.userID), now
	}
	return nil
}

// dropped is what a client sees of a connection that is gone: no code of the
// bus, because the bus did not say it.
func dropped() error { return status.Error(codes.Unavailable, "connection closed") }

// next is the next event that this subscriber gets; those it may not see are
// passed over without a word.
func (s *subscription) next() *busEvent {
	for _, e := range s.service.org.bus.after(s.place) {
		s.place = e.replay
		if s.sees && e.on(s.topic) {
			return e
		}
	}
	return nil
}

// meddle makes of an event what the script of faults wants it to be.
func (s *subscription) meddle(e *busEvent) []*busEvent {
	m := s.service.options.OnDelivery(s.topic, false)
	if s.meets(m) || m.Lose {
		return nil
	}
	if m.Gap != "" {
		e = s.service.org.gap(e, m.Gap)
	}
	if m.Reorder && s.late == nil {
		s.late = e
		return nil
	}
	events := []*busEvent{e}
	if m.Duplicate {
		events = append(events, e)
	}
	if s.late != nil {
		events, s.late = append(events, s.late), nil
	}
	return events
}

// meets lets the stream itself go wrong.
func (s *subscription) meets(m Meddling) bool {
	switch {
	case m.Refuse != nil:
		s.ending = m.Refuse
	case m.Drop:
		s.ending = dropped()
	case m.Stall:
		s.stalled = true
	default:
		return false
	}
	return true
}

// spend counts deliveries; beyond the org's allowance there are none, and the
// stream ends.
func (s *subscription) spend(events []*busEvent) []*busEvent {
	o := s.service.org
	for i := range events {
		if !o.bus.spent.spend(o.options.Now(), o.deliveries()) {
			s.ending = refusal("subscription.limit.exceeded")
			return events[:i]
		}
	}
	return events
}

// sayAlive tells a subscriber who waits for events that there are none, and
// how far the stream is. Who has not asked for any hears nothing.
func (s *subscription) sayAlive() error {
	response, err := s.alive()
	if err != nil || response == nil {
		return err
	}
	return s.send(response)
}

func (s *subscription) alive() (*pubsub.FetchResponse, error) {
	s.service.org.store.Lock()
	defer s.service.org.store.Unlock()
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.meets(s.service.options.OnDelivery(s.topic, true)) && s.ending != nil {
		return nil, s.ending
	}
	if s.pending == 0 || s.stalled || s.late != nil || s.behind() {
		return nil, nil
	}
	s.place = s.service.org.bus.mark()
	return &pubsub.FetchResponse{
		LatestReplayId: replayID(s.place), RpcId: s.caller.rpcID, PendingNumRequested: int32(s.pending), //nolint:gosec // at most maxPending
	}, nil
}

// behind reports whether an event came since the stream looked last.
func (s *subscription) behind() bool {
	return slices.ContainsFunc(s.service.org.bus.after(s.place), func(e *busEvent) bool { return s.sees && e.on(s.topic) })
}
