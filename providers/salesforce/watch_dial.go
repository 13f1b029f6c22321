package salesforce

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/lockstep-sync/lockstep/providers/internal/pubsub"
	"github.com/lockstep-sync/lockstep/schema"
)

// DefaultPubSubEndpoint is the vendor's global address; that regional ones
// exist is UNCERTAIN.
const DefaultPubSubEndpoint = "api.pubsub.salesforce.com:7443"

// maxMessage bounds one answer: an event has at most a megabyte (VERIFIED), and
// those of presence have about one kilobyte.
const maxMessage = 16 << 20

// pubSubTarget returns where the Pub/Sub API is, and whether to speak to it in
// the clear, which is for the emulator: the token travels with every call.
func (o Options) pubSubTarget() (address string, plain bool, err error) {
	endpoint := o.PubSubEndpoint
	if endpoint == "" {
		if u, err := url.Parse(o.InstanceURL); err == nil && isLoopback(u.Hostname()) {
			// A token of the emulator is none of the vendor's business.
			return "", false, errors.New("pubsub_endpoint: is missing: an instance on loopback needs an address of its own for the Pub/Sub API")
		}
		return DefaultPubSubEndpoint, false, nil
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", false, fmt.Errorf("pubsub_endpoint: is not of the form %s", DefaultPubSubEndpoint)
	}
	plain = u.Scheme == "http"
	if plain && !isLoopback(u.Hostname()) {
		return "", false, errors.New("pubsub_endpoint: http would send tokens in the clear: use https")
	}
	address = u.Host
	if u.Port() == "" {
		port := "7443"
		if plain {
			port = "80"
		}
		address = net.JoinHostPort(u.Hostname(), port)
	}
	return address, plain, nil
}

// A bus is a connection to the Pub/Sub API in one session.
type bus struct {
	pubsub.PubSubClient
	conn    *grpc.ClientConn
	session *session
	tenant  string // the org's Id, 18 characters
}

// dialBus signs in and opens a connection; nothing is sent yet.
func (c *Connection) dialBus(ctx context.Context) (*bus, error) {
	if c.wrong != nil {
		return nil, fmt.Errorf("%w: %w", schema.ErrSetup, c.wrong)
	}
	address, plain, err := c.options.pubSubTarget()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", schema.ErrSetup, err)
	}
	identity, err := c.Identity(ctx)
	if err != nil {
		return nil, err
	}
	s, err := c.login.Get(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("passthrough:///"+address, c.dialOptions(plain)...)
	if err != nil {
		return nil, fmt.Errorf("connect to the Pub/Sub API at %s: %w", address, err)
	}
	return &bus{PubSubClient: pubsub.NewPubSubClient(conn), conn: conn, session: s, tenant: identity.OrganizationID}, nil
}

func (c *Connection) dialOptions(plain bool) []grpc.DialOption {
	transport := credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	if plain {
		transport = insecure.NewCredentials()
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(probed{transport}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("lockstep"),
	}
	if dial := c.options.PubSubDial; dial != nil {
		options = append(options, grpc.WithContextDialer(dial))
	}
	return options
}

// probe asks the other end every half a minute if it is there. A connection that
// a firewall has forgotten is found out so within a minute, and not by the
// vendor's own keepalive, which comes within 270 s (VERIFIED). It is TCP that
// asks: pings of gRPC that come more often than a server permits, by default
// every five minutes, are answered with too_many_pings and the connection's end.
func probe() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3}
}

// Probed makes the connections beneath a transport be probed. A dialer of our
// own would do as well, but then gRPC does not ask the environment for a proxy.
type probed struct {
	credentials.TransportCredentials
}

func (p probed) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(probe()) // without it a dead connection is only found out later
	}
	return p.TransportCredentials.ClientHandshake(ctx, authority, conn)
}

func (p probed) Clone() credentials.TransportCredentials {
	return probed{p.TransportCredentials.Clone()}
}

func (b *bus) close() { _ = b.conn.Close() } // nothing is left to lose

// signed adds what every call carries: who asks, and which org.
func (b *bus) signed(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx,
		"accesstoken", b.session.token.Reveal(), "instanceurl", b.session.instance, "tenantid", b.tenant)
}
