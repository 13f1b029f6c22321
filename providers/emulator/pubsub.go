package emulator

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// deliver is the method that a fault on a stream is met by.
const deliver = "DELIVER"

// gaps are the change types that say that a change was not made out.
func gaps() []string {
	return []string{"GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW"}
}

// ofStream reports whether a kind is about events on a stream alone.
func ofStream(k Kind) bool {
	switch k { //nolint:exhaustive // the others are about calls
	case StreamDrop, StreamStall, StreamLoss, StreamDuplicate, StreamReorder, StreamGap:
		return true
	}
	return false
}

// endsIdle reports whether a kind can meet a stream that has nothing to
// deliver.
func endsIdle(k Kind) bool { return k == StreamDrop || k == StreamStall || k == BusError }

// PubSubDialer returns a dialer of the org's Pub/Sub API without a socket, for
// grpc.WithContextDialer and a target such as passthrough:///pubsub. There is no
// encryption. Each connection has a server of its own, which is gone when the
// connection is closed, so that it works in a synctest bubble; the instanceurl
// to give is [Emulator.SalesforceURL].
func (e *Emulator) PubSubDialer() func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, _ string) (net.Conn, error) {
		server := e.newPubSub(func(url string) bool { return url == e.SalesforceURL() })
		listener := bufconn.Listen(pipeSize)
		go func() { _ = server.Serve(listener) }() // ends when the connection is closed
		conn, err := listener.DialContext(ctx)
		if err != nil {
			server.Stop()
			return nil, err
		}
		return &pipe{Conn: conn, server: server}, nil
	}
}

// pipeSize is how much may be on its way inside a pipe.
const pipeSize = 64 << 10

// A pipe is a client's end of a connection to a server of its own.
type pipe struct {
	net.Conn
	server *grpc.Server
}

// Close ends the server, too. It does not wait for it: the server waits for
// this very connection.
func (p *pipe) Close() error {
	err := p.Conn.Close()
	go p.server.Stop()
	return err
}

func (e *Emulator) newPubSub(instanceURL func(string) bool, options ...grpc.ServerOption) *grpc.Server {
	return salesforce.NewPubSub(e.Org, salesforce.PubSubOptions{
		InstanceURL: instanceURL, OnCall: e.onBusCall, OnDelivery: e.onDelivery,
	}, options...)
}

// onBusCall counts a call and lets the fault that is due have its way.
func (e *Emulator) onBusCall(ctx context.Context, method, about string) error {
	n := e.stats.count(Salesforce, "POST "+method)
	if hook := e.options.OnCall; hook != nil {
		hook(Salesforce, "POST", method, n)
	}
	fault := e.script.takeOf(func(k Kind) bool { return !ofStream(k) && !ofConsole(k) }, Salesforce, "POST", method, about)
	if fault == nil {
		return ctx.Err()
	}
	switch fault.Kind { //nolint:exhaustive // the kinds that are left refuse
	case Drop, LostAnswer:
		return status.Error(codes.Unavailable, "connection closed")
	case Hang:
		<-ctx.Done()
		return ctx.Err()
	case Slow:
		return wait(ctx, fault.Delay)
	case Stale:
		return nil
	}
	return salesforce.RefuseBus(busCode(fault))
}

func wait(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// busCode is how the bus refuses what a fault means.
func busCode(f *Fault) string {
	switch f.Kind { //nolint:exhaustive // for the others the service is not there
	case BusError:
		return f.Code
	case Unauthorized, NoREST, NoAgentApp:
		return "service.auth.error"
	case Gone:
		return "service.auth.headers.invalid"
	case Forbidden:
		return "service.tenant.license"
	case DailyLimit:
		return "subscription.limit.exceeded"
	case Concurrency:
		return "concurrent.client.limit.exceeded"
	case Throttled:
		return "service.protection.triggered"
	}
	return "service.unavailable"
}

// onDelivery says what goes wrong with a delivery.
func (e *Emulator) onDelivery(topic string, idle bool) salesforce.Meddling {
	kinds := func(k Kind) bool { return ofStream(k) || k == BusError }
	if idle {
		kinds = endsIdle
	}
	fault := e.script.takeOf(kinds, Salesforce, deliver, topic, "")
	if fault == nil {
		return salesforce.Meddling{}
	}
	m := salesforce.Meddling{
		Drop: fault.Kind == StreamDrop, Stall: fault.Kind == StreamStall, Lose: fault.Kind == StreamLoss,
		Duplicate: fault.Kind == StreamDuplicate, Reorder: fault.Kind == StreamReorder,
	}
	switch fault.Kind { //nolint:exhaustive // said above
	case StreamGap:
		m.Gap = fault.Code
	case BusError:
		m.Refuse = salesforce.RefuseBus(fault.Code)
	}
	return m
}
