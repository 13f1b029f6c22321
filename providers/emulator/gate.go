package emulator

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds what a request may send; a metadata deploy is the largest.
const maxBody = 64 << 20

// A gate stands before a vendor's handler: it counts, calls the hooks and lets
// the fault that is due have its way.
type gate struct {
	emulator *Emulator
	vendor   string
	next     http.Handler
	control  http.Handler
	memory   *memory
}

func newGate(e *Emulator, vendor string, next http.Handler) *gate {
	return &gate{emulator: e, vendor: vendor, next: next, control: e.controls(), memory: &memory{answers: map[string]remembered{}}}
}

// ServeHTTP answers a call, or ends its connection.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := "/" + strings.TrimLeft(r.URL.Path, "/")
	if strings.HasPrefix(path, "/_emulator/") {
		g.control.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request body: "+err.Error(), http.StatusBadRequest)
		return
	}
	c := &call{r: r, method: r.Method, path: path, body: body}
	n := g.emulator.stats.count(g.vendor, endpoint(r.Method, path, body))
	if hook := g.emulator.options.OnRequest; hook != nil {
		hook(g.vendor, r, body)
	}
	if hook := g.emulator.options.OnCall; hook != nil {
		hook(g.vendor, r.Method, path, n)
		dropIfDone(r.Context())
	}
	answer := g.play(c) //nolint:contextcheck // the call holds its request, and so its context
	if hook := g.emulator.options.OnAnswer; hook != nil {
		hook(g.vendor, r.Method, path, n)
		dropIfDone(r.Context())
	}
	if answer == nil {
		panic(http.ErrAbortHandler)
	}
	answer.write(w, g.emulator.options.Now())
}

// dropIfDone ends the connection of a call that its client gave up.
func dropIfDone(ctx context.Context) {
	if ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
}

// A call is one request with its body in memory.
type call struct {
	r            *http.Request
	method, path string
	body         []byte
}

// text is what a fault's Contains is looked for in.
func (c *call) text() string {
	query, err := url.QueryUnescape(c.r.URL.RawQuery)
	if err != nil {
		query = c.r.URL.RawQuery
	}
	return query + "\n" + string(c.body)
}

// play answers a call as the fault says that is due, if any; nil is no answer.
func (g *gate) play(c *call) *answer {
	fault := g.emulator.script.take(g.vendor, c.method, c.path, c.text())
	if fault == nil {
		return g.handle(c)
	}
	switch fault.Kind { //nolint:exhaustive // the kinds that are left refuse
	case Drop:
		return nil
	case LostAnswer:
		g.handle(c)
		return nil
	case CommitError:
		g.handle(c)
		return refuse(g.vendor, c.path, fault)
	case Hang:
		<-c.r.Context().Done()
		return nil
	case Slow:
		return g.late(c, fault.Delay)
	case Truncated:
		return g.handle(c).cut()
	case Stale:
		return g.stale(c)
	case HTML:
		return newAnswer(http.StatusOK, "text/html;charset=UTF-8", "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We are down for maintenance.</body></html>")
	}
	return refuse(g.vendor, c.path, fault)
}

// late handles a call and keeps the answer back for a while.
func (g *gate) late(c *call, delay time.Duration) *answer {
	a := g.handle(c)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return a
	case <-c.r.Context().Done():
		return nil
	}
}

// handle lets the vendor answer; nil when the vendor ends the connection.
func (g *gate) handle(c *call) (a *answer) {
	defer func() {
		if reason := recover(); reason == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this, too
			a = nil
		} else if reason != nil {
			panic(reason)
		}
	}()
	r := c.r.Clone(c.r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(c.body)), int64(len(c.body))
	a = &answer{header: http.Header{}, status: http.StatusOK}
	g.next.ServeHTTP(a, r)
	if g.emulator.script.has(Stale) {
		g.memory.note(c, a)
	}
	return a
}

// stale answers a read as it was before the last write, when it was asked for
// then; otherwise as it is.
func (g *gate) stale(c *call) *answer {
	if a := g.memory.recall(c); a != nil {
		return a
	}
	return g.handle(c)
}

// An answer is a response held back until it is decided what becomes of it.
type answer struct {
	header    http.Header
	status    int
	body      bytes.Buffer
	truncated bool
}

func newAnswer(status int, contentType, body string) *answer {
	a := &answer{header: http.Header{"Content-Type": {contentType}}, status: status}
	a.body.WriteString(body)
	return a
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// cut returns the answer as one that ends half-way.
func (a *answer) cut() *answer {
	if a == nil {
		return nil
	}
	return &answer{header: a.header, status: a.status, body: *bytes.NewBuffer(a.body.Bytes()), truncated: true}
}

// write sends the answer. One that is cut announces its whole length, sends
// half and ends the connection.
func (a *answer) write(w http.ResponseWriter, now time.Time) {
	body := a.body.Bytes()
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if !a.truncated {
		_, _ = w.Write(body) // the client went away: nothing to do
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
