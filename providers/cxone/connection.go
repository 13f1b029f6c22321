package cxone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// DefaultIssuer answers discovery for every commercial tenant.
const DefaultIssuer = "https://cxone.niceincontact.com"

// DefaultAPIVersion is the version of the ACD API that the contract was read at.
const DefaultAPIVersion = "34.0"

// Options are the decoded arguments of a cxone provider block.
type Options struct {
	Issuer          string // default [DefaultIssuer]
	TenantID        string // a pin: any other tenant is refused
	AccessKeyID     string
	AccessKeySecret schema.Secret

	// ClientID and ClientSecret are set where NICE registered a client; the
	// access key then signs in through OpenID Connect.
	ClientID     string
	ClientSecret schema.Secret

	APIVersion string // default [DefaultAPIVersion]

	// Adapters is "manual" (the default) or "api"; see [Connection.AdaptersAPI].
	Adapters        string
	AdaptersPrivate bool // the adapters API may be used off loopback

	Parallelism int // calls under way at a time; default [DefaultParallelism]

	HTTP    http.RoundTripper // default: a clone of http.DefaultTransport
	Log     *slog.Logger      // default: none
	Timeout time.Duration     // for one call; default 60 s
}

// A Connection speaks to one tenant. It finds the hosts by discovery, signs
// in by itself when first used, checks the pin before any other call, and
// renews its token. It is safe for concurrent use.
//
// Paths name the service they belong to: ACD("/teams"),
// "/adapter-apis/v1/…", "/user-management/v1/…",
// "/access-key-management/v1/…". Purposes of calls are taken from the
// context; see [schema.For]. What a caller may do about an error is said by
// package rest: IsUnclear, StatusOf, CodeOf.
type Connection struct {
	options  Options
	wrong    error // of the options
	issuer   string
	client   *rest.Client
	login    rest.Login[session]
	scrubber *rest.Scrubber
}

// Connect makes a connection; it makes no call. Wrong options are the error
// of every call; see [Options.Check].
func Connect(o Options) *Connection {
	if o.Issuer == "" {
		o.Issuer = DefaultIssuer
	}
	if o.APIVersion == "" {
		o.APIVersion = DefaultAPIVersion
	}
	if o.Parallelism == 0 {
		o.Parallelism = DefaultParallelism
	}
	c := &Connection{options: o, wrong: o.Check(), scrubber: new(rest.Scrubber)}
	c.scrubber.Add(o.AccessKeySecret, o.ClientSecret)
	c.issuer, _ = checkHost(o.Issuer) // the error is in wrong
	c.client = &rest.Client{
		Transport: rest.NewTransport(rest.Settings{
			Base: o.HTTP, Log: o.Log, Timeout: o.Timeout, Fault: readFault, Scrub: c.scrubber.Scrub,
		}),
		HTMLHint: "is issuer right, and no proxy in between?",
		Advise:   adviseOn,
	}
	c.login.SignIn, c.login.Fresh = c.signIn, (*session).isFresh
	return c
}

// Calls returns how many calls were made so far; every attempt counts.
func (c *Connection) Calls() schema.Calls { return c.client.Transport.Calls() }

// Close closes idle connections to the vendor.
func (c *Connection) Close() { c.client.Transport.CloseIdleConnections() }

// ACD returns the full path of a call of the ACD API: /teams becomes
// /incontactapi/services/v34.0/teams.
func (c *Connection) ACD(path string) string {
	return "/incontactapi/services/v" + c.options.APIVersion + "/" + strings.TrimPrefix(path, "/")
}

// AdaptersAPI reports whether the simulated adapter contract is used
// (adapters = "api"). That contract is ours (INVENTED), not NICE's; the
// connection refuses it off loopback unless AdaptersPrivate is set.
func (c *Connection) AdaptersAPI() bool { return c.options.Adapters == "api" }

// Get asks for a path.
func (c *Connection) Get(ctx context.Context, path string, query url.Values) (*Answer, error) {
	return c.call(ctx, http.MethodGet, path, query, nil)
}

// Post sends in as JSON (no body when nil). It is repeated only under
// rest.Repeatable(ctx).
func (c *Connection) Post(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return c.call(ctx, http.MethodPost, path, query, in)
}

// Put sends in as JSON; it may be repeated.
func (c *Connection) Put(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return c.call(ctx, http.MethodPut, path, query, in)
}

// Patch sends in as JSON. It is repeated only under rest.Repeatable(ctx).
func (c *Connection) Patch(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return c.call(ctx, http.MethodPatch, path, query, in)
}

// Delete deletes; in is sent as JSON when not nil.
func (c *Connection) Delete(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return c.call(ctx, http.MethodDelete, path, query, in)
}

func (c *Connection) call(ctx context.Context, method, path string, query url.Values, in any) (*Answer, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	sent := time.Now()
	resp, err := c.inSession(ctx, func(s *session) (*rest.Response, error) {
		if err := c.mayAsk(s, method, path); err != nil {
			return nil, err
		}
		return c.client.Do(ctx, s.request(method, path, body))
	})
	if err != nil {
		return nil, err
	}
	return &Answer{Status: resp.Status, Header: resp.Header, Body: resp.Body, sent: sent, received: time.Now(), response: resp}, nil
}

// inSession calls with a session, and once more with a new one when the
// vendor refuses the token. A refused request was not carried out, so that
// this holds for writes as well.
func (c *Connection) inSession(ctx context.Context, call func(*session) (*rest.Response, error)) (*rest.Response, error) {
	if c.wrong != nil {
		return nil, c.wrong
	}
	s, err := c.login.Get(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := call(s)
	if rest.StatusOf(err) != http.StatusUnauthorized {
		return resp, err
	}
	c.login.Drop(s)
	if s, err = c.login.Get(ctx); err != nil {
		return nil, err
	}
	return call(s)
}

const adaptersPrefix = "/adapter-apis/"

var errAdaptersManual = errors.New(`NICE publishes no API for this: set adapters = "api" only where a server speaks Lockstep's own adapter contract`)

// mayAsk keeps the simulated adapter contract (INVENTED) away from NICE: of
// what begins with /adapter-apis/ only the caller's rule is NICE's own.
func (c *Connection) mayAsk(s *session, method, path string) error {
	if !strings.HasPrefix(path, adaptersPrefix) || method == http.MethodGet && isRuleRead(path) {
		return nil
	}
	if !c.AdaptersAPI() {
		return fmt.Errorf("%s %s: %w", method, path, errAdaptersManual)
	}
	if !c.options.AdaptersPrivate && !isOnLoopback(s.api) {
		return fmt.Errorf(`%s %s: adapters = "api" speaks a contract of Lockstep's own, which %s is not known to offer: `+
			"set adapters_api_is_private = true if that host is yours", method, path, s.api)
	}
	return nil
}

// isRuleRead tells GET /adapter-apis/v1/{partner}/rule/{id}, which is singular
// where the invented collection is plural.
func isRuleRead(path string) bool {
	parts := strings.Split(strings.TrimPrefix(path, adaptersPrefix), "/")
	return len(parts) == 4 && parts[2] == "rule"
}
