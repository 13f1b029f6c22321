package salesforce

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
)

// A PubSub serves an org's Pub/Sub API: change events of presence, pulled over
// gRPC. Use [NewPubSub].
//
// PublishStream and ManagedSubscribe are not served and say so: nothing here
// publishes in bulk, and the vendor marks the other as beta.
type PubSub struct {
	pubsub.UnimplementedPubSubServer
	org     *Org
	options PubSubOptions
}

// PubSubOptions say what surrounds the service.
type PubSubOptions struct {
	// InstanceURL reports whether a call's instanceurl is the org's; its own
	// domain is when nil.
	InstanceURL func(string) bool
	// OnCall is asked before a call is handled, with the method's full name and
	// the topic or schema that it is about. An error is the call's answer.
	OnCall func(ctx context.Context, method, about string) error
	// OnDelivery is asked before an event is delivered, and before an idle
	// subscriber is told that there is none, where only the stream itself can go
	// wrong. It is called with the org locked and must not call back.
	OnDelivery func(topic string, idle bool) Meddling
}

// A Meddling is what goes wrong with one delivery.
type Meddling struct {
	Drop      bool      // the connection ends
	Stall     bool      // nothing comes any more
	Lose      bool      // the event never comes
	Duplicate bool      // the event comes twice
	Reorder   bool      // the event comes after the next one
	Gap       string    // the event comes as this change type, with its header only
	Refuse    *BusError // the stream ends with this
}

// NewPubSub returns a server of the org's Pub/Sub API, without encryption
// unless the server's options say.
func NewPubSub(o *Org, options PubSubOptions, more ...grpc.ServerOption) *grpc.Server {
	if options.InstanceURL == nil {
		options.InstanceURL = func(url string) bool { return url == "https://"+o.Domain() }
	}
	if options.OnCall == nil {
		options.OnCall = func(context.Context, string, string) error { return nil }
	}
	if options.OnDelivery == nil {
		options.OnDelivery = func(string, bool) Meddling { return Meddling{} }
	}
	server := grpc.NewServer(append(more,
		grpc.MaxConcurrentStreams(maxStreams),
		// How eagerly a client may ping is not stated: INVENTED.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)...)
	pubsub.RegisterPubSubServer(server, &PubSub{org: o, options: options})
	return server
}

// maxStreams is how many streams one channel may have (VERIFIED).
const maxStreams = 1_000

// A caller is who makes a call, as its metadata says.
type caller struct {
	token, userID string
	rpcID         string
}

// admit takes a call in: metadata, sign-in, and what is to go wrong with it.
func (p *PubSub) admit(ctx context.Context, method, about string) (*caller, error) {
	c := &caller{rpcID: p.org.nextRPC()}
	if err := p.options.OnCall(ctx, method, about); err != nil {
		return c, err
	}
	given, _ := metadata.FromIncomingContext(ctx)
	token, url, org := only(given, "accesstoken"), only(given, "instanceurl"), only(given, "tenantid")
	if token == "" || !p.options.InstanceURL(url) || !p.org.isOrganization(org) {
		return c, refusal("service.auth.headers.invalid")
	}
	o := p.org
	o.store.Lock()
	defer o.store.Unlock()
	session, ok := o.session(token)
	if !ok {
		return c, refusal("service.auth.error")
	}
	c.token, c.userID = token, session.userID
	return c, nil
}

// only is the value of a key that is given once.
func only(given metadata.MD, key string) string {
	if values := given.Get(key); len(values) == 1 {
		return values[0]
	}
	return ""
}

// nextRPC is the id of a call, which its answer and its refusal carry.
func (o *Org) nextRPC() string {
	o.store.Lock()
	defer o.store.Unlock()
	o.bus.calls++
	return eventKey(o.bus.calls, -1)
}

// isOrganization takes the org's Id in both lengths: the vendor asks for 18
// characters, and clients send 15 as well.
func (o *Org) isOrganization(id string) bool {
	o.store.Lock()
	defer o.store.Unlock()
	held := o.organization()
	return id == held || id == held[:15]
}

// answered turns a refusal into what goes over the wire.
func answered(ctx context.Context, c *caller, err error) error {
	return ended(c, err, func(trailer metadata.MD) {
		_ = grpc.SetTrailer(ctx, trailer) // fails outside of a call only
	})
}

// ended is answered for a stream.
func ended(c *caller, err error, setTrailer func(metadata.MD)) error {
	if e, ok := errors.AsType[*BusError](err); ok {
		return e.onWire(c.rpcID, setTrailer)
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.FromContextError(err).Err()
}

// GetTopic says what the caller may do with a topic.
func (p *PubSub) GetTopic(ctx context.Context, r *pubsub.TopicRequest) (*pubsub.TopicInfo, error) {
	c, err := p.admit(ctx, pubsub.PubSub_GetTopic_FullMethodName, r.GetTopicName())
	if err != nil {
		return nil, answered(ctx, c, err)
	}
	o := p.org
	o.store.Lock()
	defer o.store.Unlock()
	t, found := o.topic(r.GetTopicName())
	if !found {
		return nil, answered(ctx, c, refusal("topic.not.found"))
	}
	info := &pubsub.TopicInfo{
		TopicName: r.GetTopicName(), TenantGuid: o.tenantGUID(), CanSubscribe: t == nil || o.sees(c.userID), RpcId: c.rpcID,
	}
	if t != nil {
		info.SchemaId = o.eventSchema(t).id
	}
	return info, nil
}

// GetSchema answers a schema, of events to come or of those that came before.
func (p *PubSub) GetSchema(ctx context.Context, r *pubsub.SchemaRequest) (*pubsub.SchemaInfo, error) {
	c, err := p.admit(ctx, pubsub.PubSub_GetSchema_FullMethodName, r.GetSchemaId())
	if err != nil {
		return nil, answered(ctx, c, err)
	}
	p.org.store.Lock()
	defer p.org.store.Unlock()
	schema := p.org.schemas.byID[r.GetSchemaId()]
	if schema == nil {
		return nil, answered(ctx, c, refusal("schema.not.found"))
	}
	return &pubsub.SchemaInfo{SchemaJson: schema.text, SchemaId: schema.id, RpcId: c.rpcID}, nil
}

// Publish refuses: this org has no platform events of its own, and change
// events come from changes only.
func (p *PubSub) Publish(ctx context.Context, r *pubsub.PublishRequest) (*pubsub.PublishResponse, error) {
	c, err := p.admit(ctx, pubsub.PubSub_Publish_FullMethodName, r.GetTopicName())
	if err != nil {
		return nil, answered(ctx, c, err)
	}
	p.org.store.Lock()
	defer p.org.store.Unlock()
	if _, found := p.org.topic(r.GetTopicName()); !found {
		return nil, answered(ctx, c, refusal("topic.not.found"))
	}
	return nil, answered(ctx, c, refusal("publish.topic.cannot.publish"))
}

// PublishStream is not served.
func (p *PubSub) PublishStream(stream grpc.BidiStreamingServer[pubsub.PublishRequest, pubsub.PublishResponse]) error {
	return p.unserved(stream, pubsub.PubSub_PublishStream_FullMethodName)
}

// ManagedSubscribe is not served.
func (p *PubSub) ManagedSubscribe(stream grpc.BidiStreamingServer[pubsub.ManagedFetchRequest, pubsub.ManagedFetchResponse]) error {
	return p.unserved(stream, pubsub.PubSub_ManagedSubscribe_FullMethodName)
}

func (p *PubSub) unserved(stream grpc.ServerStream, method string) error {
	c, err := p.admit(stream.Context(), method, "")
	if err == nil {
		err = refusal("call.unimplemented")
	}
	return ended(c, err, stream.SetTrailer)
}

// topic finds what a topic is about: one entity, or for a channel several and
// so nil. Names are told apart by case.
func (o *Org) topic(name string) (*object, bool) {
	channel, isData := strings.CutPrefix(name, topicRoot)
	switch {
	case !isData:
		return nil, false
	case channel == standardChannel:
		return nil, true
	}
	if base, isChange := strings.CutSuffix(channel, "ChangeEvent"); isChange {
		t := o.schema.object(base)
		if t == nil || t.name != base || !t.visible(false) {
			return nil, false
		}
		return t, true
	}
	return nil, slices.ContainsFunc(o.store.rows("PlatformEventChannel"), func(r row) bool {
		return r.text("FullName") == channel && r.text("ChannelType") == "data"
	})
}

// sees reports whether a user gets change events of presence: the object's own
// View All Records is not in this org's tables, View All Data stands for both.
func (o *Org) sees(userID string) bool { return o.permitted(userID, "ViewAllData") }

// tenantGUID is the org's name inside the bus.
func (o *Org) tenantGUID() string { return "core/em01/" + o.organization() }

// deliveries is how many events a day are delivered: those of Enterprise
// Edition (VERIFIED for platform events; a figure for change events alone was
// not found), unless the org was given its own.
func (o *Org) deliveries() int {
	if o.bus.allowance > 0 {
		return o.bus.allowance
	}
	return 25_000
}

// SetDeliveries gives the org a daily allowance of event deliveries of its own.
// A zero is the edition's.
func (o *Org) SetDeliveries(n int) {
	o.store.Lock()
	defer o.store.Unlock()
	o.bus.allowance = n
}

// Deliveries is how many events were delivered in the last 24 hours.
func (o *Org) Deliveries() int {
	o.store.Lock()
	defer o.store.Unlock()
	return o.bus.spent.total(o.options.Now())
}

// deliveriesLeft is what /limits tells.
func (o *Org) deliveriesLeft() int {
	return max(0, o.deliveries()-o.bus.spent.total(o.options.Now()))
}

// DropStreams ends every stream of events, as a connection that is lost does.
func (o *Org) DropStreams() {
	o.store.Lock()
	defer o.store.Unlock()
	o.bus.drops++
	o.bus.wake()
}
