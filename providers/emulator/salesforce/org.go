// Package salesforce is one Salesforce org as its API clients see it: OAuth,
// the REST data API with SOQL, and the Metadata API over SOAP and REST. It
// keeps the vendor's limits and error shapes, so that a client which works
// here works on a real org as far as the public contract goes.
//
// It is an [http.Handler] first and starts nothing: no goroutine, no listener.
// It is not a model of Salesforce at large; it knows the objects that presence
// and access need. Faults and counting are its owner's, package emulator.
package salesforce

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

// Options say how an org behaves where its tenant does not.
type Options struct {
	// Now is the org's clock; time.Now when nil.
	Now func() time.Time
	// PublicURL is what token answers give as instance_url. When nil or when
	// it answers "", the host that the request was sent to is given.
	PublicURL func() string
	// SessionLifetime is how long a token lives after its last use; two hours
	// when zero, as a new org's session policy says.
	SessionLifetime time.Duration
	// OnMessage says what goes wrong with a message on its way to one client;
	// nothing when nil. It is called with the org locked and must not call back.
	OnMessage func(channel, payload string) Mishap
}

// An Org serves one tenant's Salesforce side. It is safe for concurrent use.
type Org struct {
	options Options
	tenant  *tenant.Tenant
	store   *store
	schema  *catalogue
	mux     *http.ServeMux

	// Everything below is guarded by the store's lock.
	sessions map[string]*session // by access token
	revoked  map[string]bool     // refresh tokens that work no more
	cursors  map[string]*cursor  // open queries by locator
	hub      *hub
	usage    usage
	nested   int // inside a composite call, which counts as one
	meta     *metaPlane

	presences map[string]string // by user: the row of the current interval
	deletions []deletion        // of rows of presence
	bus       *bus
	schemas   *schemas
}

// maxBody bounds what a request may send; a metadata deploy is the largest.
const maxBody = 64 << 20

// New returns the org that the tenant describes.
func New(t *tenant.Tenant, options Options) *Org {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.SessionLifetime == 0 {
		options.SessionLifetime = 2 * time.Hour
	}
	o := &Org{
		options:  options,
		tenant:   t,
		store:    newStore(options.Now),
		schema:   newCatalogue(t.Salesforce.OmniDisabled),
		sessions: map[string]*session{},
		revoked:  map[string]bool{},
		cursors:  map[string]*cursor{},
		hub:      newHub(),
		meta:     newMetaPlane(),

		presences: map[string]string{},
		bus:       newBus(options.Now),
		schemas:   newSchemas(),
	}
	for _, object := range o.schema.ordered {
		o.store.define(object.name, object.prefix)
	}
	o.seed()
	o.seedMetadata()
	o.mux = o.routes()
	return o
}

// routes lists everything that the org answers. Handlers run with the store
// locked and the request's body read: they must neither lock nor block.
func (o *Org) routes() *http.ServeMux {
	mux := http.NewServeMux()
	o.oauthRoutes(mux)
	o.restRoutes(mux)
	o.metadataRoutes(mux)
	return mux
}

// ServeHTTP answers one call. The answer is written after the store is
// unlocked, so that a slow reader holds up nobody.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Some clients send the request line's length of a small novel; the edge
	// refuses it before anything looks at it (VERIFIED status, observed limit).
	if len(r.URL.RequestURI()) > maxRequestLine {
		http.Error(w, "Request Header Fields Too Large", http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request body: "+err.Error(), http.StatusBadRequest)
		return
	}
	answer := &answer{header: http.Header{}, status: http.StatusOK}
	if clean := withBody(r, body); isCometD(clean.URL.Path) {
		o.serveCometD(answer, clean, body) // locks by itself: it may wait
	} else {
		for _, tell := range o.serveLocked(answer, clean) {
			tell()
		}
	}
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes()) // the client went away: nothing to do
}

// serveLocked answers a call and returns what to tell listeners in this
// process, who may call the org in turn.
func (o *Org) serveLocked(w http.ResponseWriter, r *http.Request) []func() {
	o.store.Lock()
	defer o.store.Unlock()
	o.advance()
	o.mux.ServeHTTP(w, r)
	return o.hub.takeDue()
}

// maxRequestLine is where the edge starts to answer 431 (SECONDARY: clients
// are advised to stay under 12,000).
const maxRequestLine = 16000

// withBody returns the request with its body in memory and its path as the
// routes spell it: real clients send //services/data and /query/, which a
// ServeMux would answer with a redirect or not at all.
func withBody(r *http.Request, body []byte) *http.Request {
	clean := r.Clone(r.Context())
	clean.Body = io.NopCloser(bytes.NewReader(body))
	clean.ContentLength = int64(len(body))
	clean.URL.Path = path.Clean("/" + strings.TrimLeft(r.URL.Path, "/"))
	clean.URL.RawPath = ""
	return clean
}

// An answer is a response held back until it is complete.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// Domain is the org's own host, as My Domain makes it of the company's name.
func (o *Org) Domain() string {
	company := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(o.tenant.Salesforce.Name))
	if o.tenant.Salesforce.Sandbox {
		return company + "--uat.sandbox.my.salesforce.com"
	}
	return company + ".my.salesforce.com"
}

// instanceURL is the address that clients are told to use from now on.
func (o *Org) instanceURL(r *http.Request) string {
	if o.options.PublicURL != nil {
		if url := o.options.PublicURL(); url != "" {
			return url
		}
	}
	if isLoginHost(r.Host) {
		return "https://" + o.Domain()
	}
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
