package emulator

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
)

// Client returns a client that reaches both vendors without a socket, by the
// hosts that they have in the world: https://acme.my.salesforce.com,
// login.salesforce.com, and every host that CXone's discovery names. A call
// runs in its caller's goroutine and leaves none behind, so that it works in a
// synctest bubble.
func (e *Emulator) Client() *http.Client { return &http.Client{Transport: e.Transport()} }

// Transport is what [Emulator.Client] uses.
func (e *Emulator) Transport() http.RoundTripper { return &transport{e} }

type transport struct{ emulator *Emulator }

// RoundTrip carries a request to the vendor whose host it names.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }() // a RoundTripper must
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	handler := t.handler(r.URL.Hostname())
	if handler == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
	}
	w := &wire{answer: answer{header: http.Header{}, status: http.StatusOK}}
	w.serve(handler, serverSide(r))
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.response(r)
}

func (t *transport) handler(host string) http.Handler {
	switch {
	case slices.Contains(cxone.VendorHosts(), host):
		return t.emulator.CXone()
	case host == t.emulator.Org.Domain() || host == "login.salesforce.com" || host == "test.salesforce.com":
		return t.emulator.Salesforce()
	}
	return nil
}

// serverSide is the request as a server would see it.
func serverSide(r *http.Request) *http.Request {
	served := r.Clone(r.Context())
	served.RequestURI = r.URL.RequestURI()
	served.RemoteAddr = "127.0.0.1:0"
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	return served
}

// A wire is what a handler writes to, and where its connection may end.
type wire struct {
	answer
	wrote, ended bool
}

func (w *wire) WriteHeader(status int) {
	w.wrote = true
	w.answer.WriteHeader(status)
}

func (w *wire) Write(p []byte) (int, error) {
	w.wrote = true
	return w.answer.Write(p)
}

// Flush is for those who ask; everything is in memory.
func (w *wire) Flush() {}

func (w *wire) serve(handler http.Handler, r *http.Request) {
	defer func() {
		if reason := recover(); reason == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this, too
			w.ended = true
		} else if reason != nil {
			panic(reason)
		}
	}()
	handler.ServeHTTP(w, r)
}

func (w *wire) response(r *http.Request) (*http.Response, error) {
	if w.ended && !w.wrote {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	var body io.Reader = bytes.NewReader(w.body.Bytes())
	if w.ended {
		body = io.MultiReader(body, broken{})
	}
	length := int64(w.body.Len())
	if n := w.header.Get("Content-Length"); n != "" {
		_, _ = fmt.Sscan(n, &length) // we wrote it
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, strings.TrimSpace(http.StatusText(w.status))), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

// broken is the end of a connection in the middle of an answer.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
