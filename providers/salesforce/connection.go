package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// DefaultAPIVersion is the released version the contract was read at; it
// never floats to the newest, whose additions would show as changes.
const DefaultAPIVersion = "67.0"

// MinimumAPIVersion is the first version in which everything Lockstep manages
// can be deployed and read.
const MinimumAPIVersion = "65.0"

// Options are the decoded arguments of a salesforce provider block. Exactly
// one way of signing in is set.
type Options struct {
	InstanceURL    string // the My Domain address: https://acme.my.salesforce.com
	OrganizationID string // a pin, 15 or 18 characters: any other org is refused
	Sandbox        *bool  // a pin
	APIVersion     string // default [DefaultAPIVersion]

	JWTBearer         *JWTBearer
	ClientCredentials *ClientCredentials
	RefreshToken      *RefreshToken
	AccessToken       schema.Secret // a session somebody else opened; never renewed

	PubSubEndpoint string // default [DefaultPubSubEndpoint]; http:// on loopback only
	// PubSubDial connects to the Pub/Sub API in the network's place.
	PubSubDial func(ctx context.Context, address string) (net.Conn, error)

	HTTP    http.RoundTripper // default: a clone of http.DefaultTransport
	Log     *slog.Logger      // default: none
	Timeout time.Duration     // for one call; default 60 s
}

// JWTBearer signs in with a certificate's private key as a pre-authorised user.
type JWTBearer struct {
	ClientID   string
	Username   string
	PrivateKey schema.Secret // PEM
	Audience   string        // default: login.salesforce.com, test.salesforce.com for sandboxes
}

// ClientCredentials signs in as the app's run-as user.
type ClientCredentials struct {
	ClientID     string
	ClientSecret schema.Secret
}

// RefreshToken signs in with a refresh token; the secret is needed by default.
type RefreshToken struct {
	ClientID     string
	ClientSecret schema.Secret
	RefreshToken schema.Secret
}

// A Connection speaks to one org. It signs in by itself when first used,
// checks the pins before any other call, and signs in again once when the
// vendor drops the session. It is safe for concurrent use.
//
// Purposes of calls are taken from the context; see [schema.For]. What a
// caller may do about an error is said by package rest: IsUnclear, StatusOf,
// CodeOf.
type Connection struct {
	options  Options
	wrong    error  // of the options
	base     string // where to sign in
	client   *rest.Client
	login    rest.Login[session]
	scrubber *rest.Scrubber
	clock    rest.Clock

	rotated  atomic.Pointer[schema.Secret] // a refresh token newer than the configured one
	versions atomic.Bool                   // the API version was found on offer
	org      atomic.Pointer[organization]
	identity atomic.Pointer[Identity]
}

// Connect makes a connection; it makes no call. Wrong options are the error
// of every call; see [Options.Check].
func Connect(o Options) *Connection {
	if o.APIVersion == "" {
		o.APIVersion = DefaultAPIVersion
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Connection{options: o, wrong: o.Check(), scrubber: new(rest.Scrubber)}
	c.scrubber.Add(o.secrets()...)
	c.base, _ = checkInstance(o.InstanceURL) // the error is in wrong
	c.client = &rest.Client{
		Transport: rest.NewTransport(rest.Settings{
			Base: o.HTTP, Log: o.Log, Timeout: o.Timeout, Fault: readFault,
			StatusPage: "https://status.salesforce.com", Scrub: c.scrubber.Scrub,
		}),
		HTMLHint: "is instance_url a My Domain host?",
		Advise:   adviseOn,
	}
	c.login.SignIn = c.signIn
	return c
}

// Calls returns how many calls were made so far; every attempt counts.
func (c *Connection) Calls() schema.Calls { return c.client.Transport.Calls() }

// Close closes idle connections to the vendor.
func (c *Connection) Close() { c.client.Transport.CloseIdleConnections() }

// Get reads /services/data/vXX.0/<path> into out.
func (c *Connection) Get(ctx context.Context, path string, out any) error {
	return c.json(ctx, http.MethodGet, path, nil, out)
}

// Post sends in as JSON to /services/data/vXX.0/<path> and reads the answer
// into out, which may be nil. It is repeated only under rest.Repeatable(ctx).
func (c *Connection) Post(ctx context.Context, path string, in, out any) error {
	return c.json(ctx, http.MethodPost, path, in, out)
}

// Patch is [Connection.Post] with PATCH.
func (c *Connection) Patch(ctx context.Context, path string, in, out any) error {
	return c.json(ctx, http.MethodPatch, path, in, out)
}

// Delete deletes /services/data/vXX.0/<path>.
func (c *Connection) Delete(ctx context.Context, path string) error {
	return c.json(ctx, http.MethodDelete, path, nil, nil)
}

func (c *Connection) json(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	resp, err := c.send(ctx, method, c.data(path), "application/json", body)
	if err != nil || out == nil || resp.Status == http.StatusNoContent {
		return err
	}
	return resp.Decode(out)
}

// data returns the full path of a resource of the data API. A path that the
// vendor gave (nextRecordsUrl) is full already.
func (c *Connection) data(path string) string {
	if strings.HasPrefix(path, "/services/") {
		return path
	}
	return "/services/data/v" + c.options.APIVersion + "/" + strings.TrimPrefix(path, "/")
}

// send carries out one REST request in the session.
func (c *Connection) send(ctx context.Context, method, path, contentType string, body []byte) (*rest.Response, error) {
	return c.inSession(ctx, func(s *session) (*rest.Response, error) {
		sent := time.Now()
		resp, err := c.client.Do(ctx, s.request(method, path, contentType, body))
		if err == nil {
			c.clock.Note(resp.Header, sent, time.Now())
		}
		return resp, err
	})
}

// request makes a REST request with the session's token.
func (s *session) request(method, path, contentType string, body []byte) rest.Request {
	header := http.Header{"Authorization": {"Bearer " + s.token.Reveal()}, "Accept": {"application/json"}}
	if body != nil {
		header.Set("Content-Type", contentType)
	}
	return rest.Request{Method: method, URL: s.instance + path, Header: header, Body: body}
}

// inSession calls with a session, and once more with a new one when the
// vendor says that the session has ended. A refused request was not carried
// out, so that this holds for writes as well.
func (c *Connection) inSession(ctx context.Context, call func(*session) (*rest.Response, error)) (*rest.Response, error) {
	if c.wrong != nil {
		return nil, c.wrong
	}
	s, err := c.login.Get(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := call(s)
	if err == nil || !isExpired(err) || !c.options.AccessToken.IsZero() {
		return resp, err
	}
	c.login.Drop(s)
	if s, err = c.login.Get(ctx); err != nil {
		return nil, err
	}
	return call(s)
}
