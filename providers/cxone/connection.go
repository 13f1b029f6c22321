package cxone

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

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

	// Adapters is "manual" or "api"; see [Connection.AdaptersAPI].
	Adapters        string
	AdaptersPrivate bool // the adapters API may be used off loopback

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
// "/access-key-management/v1/…".
type Connection struct{}

var errPending = errors.New("not written yet")

// Connect makes a connection; it makes no call.
func Connect(o Options) *Connection { return &Connection{} }

// Check says what is wrong with the options, nil when nothing is. It makes no
// call. A connection with wrong options answers every call with this error.
func (o Options) Check() error { return errPending }

// Calls returns how many calls were made so far; every attempt counts.
func (c *Connection) Calls() schema.Calls { return schema.Calls{} }

// ACD returns the full path of a call of the ACD API: /teams becomes
// /incontactapi/services/v34.0/teams.
func (c *Connection) ACD(path string) string { return "" }

// AdaptersAPI reports whether the simulated adapter contract is used
// (adapters = "api"). That contract is ours (INVENTED), not NICE's; the
// connection refuses it off loopback unless AdaptersPrivate is set.
func (c *Connection) AdaptersAPI() bool { return false }

// An Answer is what the vendor answered with success: 200, 201, 202 (taken
// on, not yet done), 204 (nothing there) or 304 (nothing new).
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the JSON body into out; an empty body leaves out as it is.
// A wrapping resultSet is taken off.
func (a *Answer) Decode(out any) error { return errPending }

// Loose reads the JSON body for lenient access.
func (a *Answer) Loose() (Loose, error) { return nil, errPending }

// Get asks for a path.
func (c *Connection) Get(ctx context.Context, path string, query url.Values) (*Answer, error) {
	return nil, errPending
}

// Post sends in as JSON (no body when nil). It is repeated only under
// rest.Repeatable(ctx).
func (c *Connection) Post(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return nil, errPending
}

// Put sends in as JSON; it may be repeated.
func (c *Connection) Put(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return nil, errPending
}

// Patch sends in as JSON. It is repeated only under rest.Repeatable(ctx).
func (c *Connection) Patch(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return nil, errPending
}

// Delete deletes; in is sent as JSON when not nil.
func (c *Connection) Delete(ctx context.Context, path string, query url.Values, in any) (*Answer, error) {
	return nil, errPending
}

// List returns the rows under the plural's key ("agents") of all pages,
// following _links.next. 204 is an empty list. T is a struct (its keys match
// whatever their case) or [Loose].
func List[T any](ctx context.Context, c *Connection, path string, query url.Values, plural string) ([]T, error) {
	return nil, errPending
}

// A RowResult is how one row of a bulk write fared.
type RowResult struct {
	ID  string
	Err error
}

// Rows reads the answer of a bulk write, which is 200 even when rows failed.
// rowsKey names the list ("agentResults") and idKey the id in it ("agentId").
func (a *Answer) Rows(rowsKey, idKey string) ([]RowResult, error) { return nil, errPending }

// Loose is a JSON object whose keys are read whatever their case and under
// any of several names, because the vendor spells one thing in three ways.
type Loose map[string]json.RawMessage

// Text returns the first of the keys that is there, as text: numbers and
// truth values are written out, null is "".
func (l Loose) Text(keys ...string) string { return "" }

// Int returns the first of the keys that is there, 0 when it is no number.
func (l Loose) Int(keys ...string) int { return 0 }

// Bool reports whether the first of the keys that is there is true.
func (l Loose) Bool(keys ...string) bool { return false }

// List returns the objects of the first of the keys that is there.
func (l Loose) List(keys ...string) []Loose { return nil }

// Has reports whether one of the keys is there and not null.
func (l Loose) Has(keys ...string) bool { return false }
