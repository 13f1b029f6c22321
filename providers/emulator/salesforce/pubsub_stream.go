package salesforce

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
)

// The bounds of a subscription.
const (
	// maxFetch is how many events one request may ask for (VERIFIED).
	maxFetch = 100
	// maxPending is how many may be asked for and not delivered (INVENTED; that
	// there is a bound is VERIFIED).
	maxPending = 3_000
	// quiet is after how long without events a subscriber hears that the stream
	// is alive (VERIFIED).
	quiet = 270 * time.Second
	// permissionsFor is how long a stream goes by what it knows of the
	// subscriber's permissions (VERIFIED as the longest).
	permissionsFor = 10 * time.Minute
)

// Subscribe delivers a topic's events as they are asked for.
func (p *PubSub) Subscribe(stream grpc.BidiStreamingServer[pubsub.FetchRequest, pubsub.FetchResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	c, err := p.admit(stream.Context(), pubsub.PubSub_Subscribe_FullMethodName, first.GetTopicName())
	if err == nil {
		err = p.serve(stream, c, first)
	}
	return ended(c, err, stream.SetTrailer)
}

// A subscription is one stream of events on its way to a client.
type subscription struct {
	service *PubSub
	caller  *caller
	send    func(*pubsub.FetchResponse) error
	topic   string
	place   uint64 // of the last event looked at
	pending int    // asked for and not delivered
	era     int
	drops   int
	late    *busEvent // to come after the next one
	stalled bool
	ending  error // to end with, once what was collected is sent

	sees    bool
	checked time.Time
}

func (p *PubSub) serve(stream grpc.BidiStreamingServer[pubsub.FetchRequest, pubsub.FetchResponse], c *caller, first *pubsub.FetchRequest) error {
	s := &subscription{service: p, caller: c, send: stream.Send, topic: first.GetTopicName()}
	if err := s.start(first); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	return s.run(ctx, receive(ctx, stream))
}

// A fetched is a request that came on a stream, or why none comes any more.
type fetched struct {
	request *pubsub.FetchRequest
	err     error
}

// receive passes on what comes until the context ends; its goroutine ends with
// the stream.
func receive(ctx context.Context, stream grpc.BidiStreamingServer[pubsub.FetchRequest, pubsub.FetchResponse]) <-chan fetched {
	requests := make(chan fetched)
	go func() {
		for {
			request, err := stream.Recv()
			select {
			case requests <- fetched{request, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return requests
}

// start checks the first request and finds the place to begin at.
func (s *subscription) start(first *pubsub.FetchRequest) error {
	o := s.service.org
	o.store.Lock()
	defer o.store.Unlock()
	t, found := o.topic(s.topic)
	switch {
	case !found:
		return refusal("topic.not.found")
	case t != nil && !o.sees(s.caller.userID):
		// On a channel a subscriber without permission just gets nothing
		// (VERIFIED); that an entity's own topic refuses is UNCERTAIN.
		return refusal("subscription.topic.cannot.subscribe")
	case o.deliveriesLeft() == 0:
		return refusal("subscription.limit.exceeded")
	}
	s.era, s.drops = o.bus.era, o.bus.drops
	if err := s.seek(first); err != nil {
		return err
	}
	return s.ask(first)
}

func (s *subscription) seek(first *pubsub.FetchRequest) error {
	bus := s.service.org.bus
	switch first.GetReplayPreset() {
	case pubsub.ReplayPreset_EARLIEST:
		bus.trim()
		s.place = 0
	case pubsub.ReplayPreset_CUSTOM:
		id := first.GetReplayId()
		if len(id) == 0 {
			return refusal("subscription.fetch.replayid.validation.failed")
		}
		if len(id) != 8 || !bus.holds(binary.BigEndian.Uint64(id)) {
			return refusal("subscription.fetch.replayid.corrupted")
		}
		s.place = binary.BigEndian.Uint64(id)
	default:
		s.place = bus.newest
	}
	return nil
}

// ask adds what a request asks for.
func (s *subscription) ask(r *pubsub.FetchRequest) error {
	n := int(r.GetNumRequested())
	switch {
	case r.GetTopicName() != "" && r.GetTopicName() != s.topic:
		return refusal("subscription.fetch.topic.changed")
	case n < 1 || n > maxFetch:
		return refusal("subscription.fetch.requested.invalid")
	case s.pending+n > maxPending:
		return refusal("subscription.fetch.overflow")
	}
	s.pending += n
	return nil
}

// run delivers until the client goes away or something ends the stream. A
// client that will ask no more still gets what it has asked for.
func (s *subscription) run(ctx context.Context, requests <-chan fetched) error {
	alive := time.NewTimer(quiet)
	defer alive.Stop()
	for {
		sent, woken, err := s.deliver()
		if err != nil {
			return err
		}
		if sent {
			alive.Reset(quiet)
			continue
		}
		if requests == nil && s.pending == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-woken:
		case <-alive.C:
			if err := s.sayAlive(); err != nil {
				return err
			}
			alive.Reset(quiet)
		case got := <-requests:
			if errors.Is(got.err, io.EOF) {
				requests = nil
				continue
			}
			if got.err != nil {
				return got.err
			}
			if err := s.ask(got.request); err != nil {
				return err
			}
		}
	}
}

// deliver sends what there is, as much as was asked for, and reports whether
// there was any; if not, when to look again.
func (s *subscription) deliver() (sent bool, woken <-chan struct{}, err error) {
	events, woken, err := s.collect()
	if err != nil || len(events) == 0 {
		return false, woken, err
	}
	response := &pubsub.FetchResponse{RpcId: s.caller.rpcID}
	for _, e := range events {
		response.Events = append(response.Events, &pubsub.ConsumerEvent{
			Event:    &pubsub.ProducerEvent{Id: e.id, SchemaId: e.schemaID, Payload: e.payload},
			ReplayId: replayID(e.replay),
		})
	}
	s.pending = max(0, s.pending-len(events))
	response.PendingNumRequested = int32(s.pending) //nolint:gosec // at most maxPending
	response.LatestReplayId = replayID(events[len(events)-1].replay)
	return true, woken, s.send(response)
}
