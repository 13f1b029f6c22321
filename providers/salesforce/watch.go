package salesforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
	"github.com/lockstep-sync/lockstep/schema"
)

const (
	// window is how many events are asked for at a time, the most that one
	// request may ask for (VERIFIED); more are asked for when half have come.
	window = 100
	// stall is how long the vendor may say nothing. It sends at least an empty
	// message within 270 s (VERIFIED).
	stall = 300 * time.Second
	// schemaTimeout is for one call: while it hangs no event is read, and the
	// stream looks alive.
	schemaTimeout = 20 * time.Second
)

var errStalled = errors.New("the Pub/Sub API has said nothing for five minutes")

// Watch passes changes on, in order, from after the cursor, from now on without
// one, until ctx ends or the subscription does. It asks for no more while
// handle has not returned, and ends with handle's error.
//
// It is the life of one subscription, but for a session that has ended: that is
// renewed, once in a row. Errors wrap [schema.ErrCursor], [schema.ErrAllowance]
// or [schema.ErrSetup] where trying again as it is would not help.
//
// The first reading of a subscription has Gap set. Without a cursor nobody can
// tell from when on changes are told; and after a site switch everybody is
// logged out without a word (VERIFIED), which looks like any lost connection.
func (p *Presence) Watch(ctx context.Context, cursor []byte, handle func(schema.News) error) error {
	w := &watcher{Presence: p, handle: handle, topicName: p.topic()}
	if err := w.from(cursor); err != nil {
		return err
	}
	if !p.captured(ctx) {
		return fmt.Errorf("watch %s: %w: no change events of %s are captured: declare a presence_bridge, or select it in Setup > Change Data Capture",
			w.topicName, schema.ErrSetup, "UserServicePresence")
	}
	for {
		err := w.subscribe(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !errors.Is(err, errSession):
			return fmt.Errorf("watch %s: %w", w.topicName, err)
		case !p.conn.options.AccessToken.IsZero():
			return fmt.Errorf("watch %s: %w: give a fresh access_token, or another way of signing in: %w", w.topicName, schema.ErrSetup, err)
		case w.renewed:
			return fmt.Errorf("watch %s: a new session did not help: %w", w.topicName, err)
		}
		w.renewed = true
	}
}

// captured reports whether there will be events at all. The bus takes
// subscriptions to changes that nobody captures, and is then silent for ever.
// A bridge brings its own channel; who may not look has to find out by silence.
func (p *Presence) captured(ctx context.Context) bool {
	if p.bridge != nil && p.bridge.Events != "" {
		return true
	}
	members, err := ToolingQuery[struct{}](ctx, p.conn,
		"SELECT Id FROM PlatformEventChannelMember WHERE EventChannel = 'ChangeEvents' AND SelectedEntity = "+Quote(presenceEntity))
	return err != nil || len(members) > 0
}

// A watcher is one call of Watch.
type watcher struct {
	*Presence
	topicName string
	replay    []byte // where to go on; nil for from now on
	handle    func(schema.News) error
	schemas   schemas
	renewed   bool // the session, since anything was heard
	heard     bool // anything, on this stream
	asked     int  // for events that have not come
}

// A cursor is the topic, a line feed, and the vendor's replay id: that of one
// topic means nothing on another.

func (w *watcher) from(cursor []byte) error {
	if cursor == nil {
		return nil
	}
	topic, replay, ok := bytes.Cut(cursor, []byte{'\n'})
	if !ok || string(topic) != w.topicName || len(replay) == 0 {
		return fmt.Errorf("watch %s: %w: it is of %.80q", w.topicName, schema.ErrCursor, topic)
	}
	w.replay = bytes.Clone(replay)
	return nil
}

func (w *watcher) cursor() []byte {
	return fmt.Appendf(nil, "%s\n%s", w.topicName, w.replay)
}

// subscribe watches in one session.
func (w *watcher) subscribe(ctx context.Context) error {
	b, err := w.conn.dialBus(ctx)
	if err != nil {
		return err
	}
	defer b.close()
	w.schemas.fetch = func(ctx context.Context, id string) (string, error) { return w.conn.fetchSchema(ctx, b, id) }
	err = w.stream(ctx, b)
	if errors.Is(err, errSession) {
		w.conn.login.Drop(b.session)
	}
	return err
}

func (c *Connection) fetchSchema(ctx context.Context, b *bus, id string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	var trailer metadata.MD
	info, err := b.GetSchema(b.signed(ctx), &pubsub.SchemaRequest{SchemaId: id}, grpc.Trailer(&trailer))
	if err != nil {
		return "", c.busError("GetSchema", trailer, err)
	}
	return info.GetSchemaJson(), nil
}

// stream opens the stream and reads it to its end.
func (w *watcher) stream(ctx context.Context, b *bus) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.heard, w.asked = false, 0
	stream, err := b.Subscribe(b.signed(ctx))
	if err != nil {
		return w.conn.busError("Subscribe", nil, err)
	}
	first := &pubsub.FetchRequest{}
	if w.replay != nil {
		first.ReplayPreset, first.ReplayId = pubsub.ReplayPreset_CUSTOM, w.replay
	}
	if err := w.ask(stream, first); err != nil {
		return err
	}
	in := w.receive(stream)
	defer func() {
		cancel()
		for range in { // until the receiver is gone
		}
	}()
	return w.pump(ctx, stream, in)
}

// ask fills the window. What has been asked for is counted here: what the
// vendor says is left does not know of requests on their way.
func (w *watcher) ask(stream pubsub.PubSub_SubscribeClient, r *pubsub.FetchRequest) error {
	r.TopicName, r.NumRequested = w.topicName, int32(window-w.asked) //nolint:gosec // at most window
	w.asked = window
	// Why a stream has ended is told by receiving; io.EOF only says that it has.
	if err := stream.Send(r); err != nil && !errors.Is(err, io.EOF) {
		return w.conn.busError("Subscribe", stream.Trailer(), err)
	}
	return nil
}

// A message is one answer, or why no more come.
type message struct {
	*pubsub.FetchResponse
	err error
}

// receive reads ahead while what came before is handled, so that what has come
// meanwhile is handled together. No more comes than was asked for.
func (w *watcher) receive(stream pubsub.PubSub_SubscribeClient) <-chan message {
	in := make(chan message, window)
	go func() {
		defer close(in)
		for {
			r, err := stream.Recv()
			if err != nil {
				in <- message{err: w.conn.busError("Subscribe", stream.Trailer(), err)}
				return
			}
			in <- message{FetchResponse: r}
		}
	}()
	return in
}

// pump handles what comes and asks for more, until the end.
func (w *watcher) pump(ctx context.Context, stream pubsub.PubSub_SubscribeClient, in <-chan message) error {
	watchdog := time.NewTimer(stall)
	defer watchdog.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-watchdog.C:
			return errStalled
		case m := <-in:
			batch, end := gather(m, in)
			if len(batch) > 0 {
				if err := w.digest(ctx, batch); err != nil {
					return err
				}
			}
			if end != nil {
				return end
			}
			// With nothing asked for the vendor sends nothing, not even that it
			// is alive.
			if w.asked <= window/2 {
				if err := w.ask(stream, &pubsub.FetchRequest{}); err != nil {
					return err
				}
			}
			watchdog.Reset(stall)
		}
	}
}

// gather collects what has come already.
func gather(m message, in <-chan message) (batch []*pubsub.FetchResponse, end error) {
	for {
		if m.err != nil {
			return batch, m.err
		}
		batch = append(batch, m.FetchResponse)
		select {
		case m = <-in:
		default:
			return batch, nil
		}
	}
}

// digest makes one reading of messages and hands it over.
func (w *watcher) digest(ctx context.Context, batch []*pubsub.FetchResponse) error {
	d := &digest{Presence: w.Presence, news: w.news()}
	d.news.Gap = !w.heard
	replay := w.replay
	for _, r := range batch {
		w.asked = max(0, w.asked-len(r.GetEvents()))
		for _, event := range r.GetEvents() {
			s, err := w.schemas.get(ctx, event.GetEvent().GetSchemaId())
			if err != nil {
				return err
			}
			if err := d.take(ctx, s, event.GetEvent().GetPayload()); err != nil {
				return err
			}
			replay = event.GetReplayId()
		}
		// With events, the newest id may be that of one still to come.
		if len(r.GetEvents()) == 0 && len(r.GetLatestReplayId()) > 0 {
			replay = r.GetLatestReplayId()
		}
	}
	d.resolve(ctx)
	w.heard, w.renewed = true, false
	if len(replay) > 0 {
		w.replay = replay
		d.news.Cursor = w.cursor()
	}
	return w.handle(d.news)
}
