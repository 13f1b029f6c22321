package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

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
// Purposes of calls are taken from the context; see [schema.For].
type Connection struct{}

var errPending = errors.New("not written yet")

// Connect makes a connection; it makes no call.
func Connect(o Options) *Connection { return &Connection{} }

// Check says what is wrong with the options, nil when nothing is. It makes no
// call. A connection with wrong options answers every call with this error.
func (o Options) Check() error { return errPending }

// Calls returns how many calls were made so far; every attempt counts.
func (c *Connection) Calls() schema.Calls { return schema.Calls{} }

// Get reads /services/data/vXX.0/<path> into out.
func (c *Connection) Get(ctx context.Context, path string, out any) error { return errPending }

// Post sends in as JSON to /services/data/vXX.0/<path> and reads the answer
// into out, which may be nil. It is repeated only under rest.Repeatable(ctx).
func (c *Connection) Post(ctx context.Context, path string, in, out any) error { return errPending }

// Patch is [Connection.Post] with PATCH.
func (c *Connection) Patch(ctx context.Context, path string, in, out any) error { return errPending }

// Delete deletes /services/data/vXX.0/<path>.
func (c *Connection) Delete(ctx context.Context, path string) error { return errPending }

// Query returns the records of a SOQL query, all pages, decoded as JSON into
// T. A child relationship decodes into [Children].
func Query[T any](ctx context.Context, c *Connection, soql string) ([]T, error) {
	return nil, errPending
}

// ToolingQuery is [Query] over the Tooling API.
func ToolingQuery[T any](ctx context.Context, c *Connection, soql string) ([]T, error) {
	return nil, errPending
}

// QueryIn runs a query whose text holds one %s in place of the list after IN,
// as often as the values need to keep each request line short enough.
func QueryIn[T any](ctx context.Context, c *Connection, soql string, values []string) ([]T, error) {
	return nil, errPending
}

// Quote returns s as a SOQL literal.
func Quote(s string) string { return "" }

// Children is a child relationship inside a queried record.
type Children[T any] struct {
	TotalSize      int    `json:"totalSize"`
	Done           bool   `json:"done"`
	Records        []T    `json:"records"`
	NextRecordsURL string `json:"nextRecordsUrl"`
}

// All returns the records, asking for further pages when there are any.
func (k Children[T]) All(ctx context.Context, c *Connection) ([]T, error) { return nil, errPending }

// A Subrequest is one request of a composite call. Path is relative to
// /services/data/vXX.0, as in [Connection.Get].
type Subrequest struct {
	Method, Path string
	Body         any
}

// A Subresponse answers one subrequest; Err is set when its own status says
// failure, whatever the outer status was.
type Subresponse struct {
	Status int
	Body   json.RawMessage
	Err    error
}

// Composite sends independent requests, 25 to a call, and answers in order.
func (c *Connection) Composite(ctx context.Context, requests []Subrequest) []Subresponse { return nil }

// A SaveResult is how one record of a collection fared.
type SaveResult struct {
	ID  string
	Err error // nil when saved
}

// CreateAll creates records of one sObject, 200 to a call, each for itself,
// and answers for every record in order.
func (c *Connection) CreateAll(ctx context.Context, sobject string, records []map[string]any) []SaveResult {
	return nil
}

// DeleteAll deletes records by Id, 200 to a call; see [Connection.CreateAll].
func (c *Connection) DeleteAll(ctx context.Context, ids []string) []SaveResult { return nil }

// A Limit is one of the org's limits.
type Limit struct{ Max, Remaining int }

// Limits returns the org's limits by name: DailyApiRequests.
func (c *Connection) Limits(ctx context.Context) (map[string]Limit, error) { return nil, errPending }

// Identity says who signed in where.
type Identity struct {
	OrganizationID   string // 18 characters
	OrganizationName string
	OrganizationType string
	InstanceName     string
	Sandbox          bool
	UserID           string
	Username         string
}

// Identity asks once and remembers.
func (c *Connection) Identity(ctx context.Context) (Identity, error) { return Identity{}, errPending }

// UserPermissions returns which of the named permissions ("ViewSetup") the
// signed-in user holds through its profile and permission sets.
func (c *Connection) UserPermissions(ctx context.Context, names ...string) (map[string]bool, error) {
	return nil, errPending
}
