package cxone

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

const whoamiPath = "/incontactauthorizationserver/token/whoami"

// acdRoot is where the ACD's versioned paths are put before routing.
const acdRoot = "/incontactapi/"

// The ACD's prefixes are written in several cases by NICE's own clients, and
// any version is taken (VERIFIED).
var (
	acdPrefix = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^/incontactapi/services/v[0-9]{1,3}\.0/`) })
	slashes   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/{2,}`) })
)

type originalPath struct{}

// ServeHTTP answers one call of any of the tenant's APIs, whatever the host.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = normalise(r)
	if _, pattern := t.mux.Handler(r); pattern != "" {
		t.mux.ServeHTTP(w, r)
		return
	}
	c, _ := t.newCall(r) // whatever the body is, nobody reads it
	t.unknown(r).send(w, dialectOf(r.URL.Path), c)
}

// normalise brings a path into the one spelling that routes are written in.
func normalise(r *http.Request) *http.Request {
	escaped := r.URL.EscapedPath()
	path := slashes().ReplaceAllString(escaped, "/")
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	path = acdPrefix().ReplaceAllString(path, acdRoot)
	if strings.EqualFold(path, whoamiPath) {
		path = whoamiPath
	}

	target := *r.URL
	if plain, err := url.PathUnescape(path); err == nil {
		target.Path, target.RawPath = plain, path
	}
	copied := r.WithContext(context.WithValue(r.Context(), originalPath{}, escaped))
	copied.URL = &target
	if copied.Body == nil { // as an in-process transport may leave it
		copied.Body = http.NoBody
	}
	return copied
}

// unknown refuses a path that is not served, or a method that a path does
// not take.
func (t *Tenant) unknown(r *http.Request) reply {
	var probe probe
	h, _ := t.mux.Handler(r)
	h.ServeHTTP(&probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		return refuse(http.StatusNotFound, "there is nothing at this path")
	}
	a := refuse(http.StatusMethodNotAllowed, "the path does not take "+r.Method)
	a.header = http.Header{"Allow": probe.Header()["Allow"]}
	return a
}

// A probe learns how the mux would refuse a call.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }

// serve makes the http handler of a route: it reads the body, takes the lock,
// lets the handler answer, and writes the answer after the lock is gone.
func (t *Tenant) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d := dialectOf(r.URL.Path)
		c, err := t.newCall(r)
		a := refuse(http.StatusRequestEntityTooLarge, fmt.Sprint(err))
		if err == nil {
			a = t.await(r.Context(), rt, c)
		}
		if rt.simulated {
			w.Header().Set(ContractHeader, "simulated")
		}
		a.send(w, d, c)
	}
}

// await answers a call, however often that takes. It waits without the lock,
// in the request's own goroutine, and drops the connection of a client that
// has gone.
func (t *Tenant) await(ctx context.Context, rt route, c *call) reply {
	for {
		a := t.answer(rt, c)
		if a.pause == nil {
			return a
		}
		if !a.pause.over(ctx) {
			panic(http.ErrAbortHandler)
		}
	}
}

func (t *Tenant) answer(rt route, c *call) reply {
	t.store.Lock()
	defer t.store.Unlock()
	t.catchUp()
	if a, refused := t.rateGate(dialectOf(c.URL.Path)); refused {
		return a
	}
	if !rt.open {
		caller, reason := t.authenticate(c.Request)
		if caller == nil {
			return refuse(http.StatusUnauthorized, reason)
		}
		c.caller = caller
	}
	if rt.simulated {
		if a, refused := t.adaptersGate(); refused {
			return a
		}
	}
	if rt.needs != "" && t.store.denied[rt.needs] {
		return refuse(http.StatusForbidden, "the permission "+string(rt.needs)+" is missing")
	}
	return rt.handle(t, c)
}

// splitPattern parts a route's pattern into method and path.
func splitPattern(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, path
}
