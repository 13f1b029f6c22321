package salesforce

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

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
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("lockstep"),
	}
	if dial := c.options.PubSubDial; dial != nil {
		options = append(options, grpc.WithContextDialer(dial))
	}
	return options
}

func (b *bus) close() { _ = b.conn.Close() } // nothing is left to lose

// signed adds what every call carries: who asks, and which org.
func (b *bus) signed(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx,
		"accesstoken", b.session.token.Reveal(), "instanceurl", b.session.instance, "tenantid", b.tenant)
}
