package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	// DefaultTimeout is how long one attempt may take.
	DefaultTimeout = 60 * time.Second
	// maxAnswer bounds what is read of one answer.
	maxAnswer = 64 << 20
)

var (
	errTimeout  = errors.New("no answer in time")
	errTooLarge = fmt.Errorf("answer is larger than %d MiB", maxAnswer>>20)
)

// Settings make a [Transport].
type Settings struct {
	Base       http.RoundTripper // default: a clone of http.DefaultTransport
	Log        *slog.Logger      // default: none
	Timeout    time.Duration     // of one attempt; default [DefaultTimeout]
	Fault      FaultReader
	StatusPage string // where the vendor says that it is down

	// Scrub takes secrets out of a text that a vendor or a library wrote. It
	// may be nil.
	Scrub func(string) string
}

// A Transport is an [http.RoundTripper] that repeats what may be repeated,
// counts attempts by purpose, and reads answers whole, so that one that
// breaks off half-way counts as lost.
//
// It follows no redirect, and the errors that it returns are [Error] values.
type Transport struct {
	settings Settings
	calls    [schema.SignIn + 1]atomic.Int64
}

// NewTransport makes a transport.
func NewTransport(s Settings) *Transport {
	if s.Base == nil {
		s.Base = newBase()
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Fault == nil {
		s.Fault = func(int, http.Header, []byte) Fault { return Fault{} }
	}
	return &Transport{settings: s}
}

// newBase keeps as many connections as calls are made at once; the standard
// library keeps two to a host and dials anew for the others.
func newBase() http.RoundTripper {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 16
	return base
}

// Calls returns how many attempts were made so far. Attempts are counted, not
// requests, because attempts are what the vendor counts.
func (t *Transport) Calls() schema.Calls {
	n := func(p schema.Purpose) int { return int(t.calls[p].Load()) }
	return schema.Calls{
		Reading: n(schema.Reading), Writing: n(schema.Writing), Polling: n(schema.Polling),
		ReadBack: n(schema.ReadBack), SignIn: n(schema.SignIn),
	}
}

// CloseIdleConnections closes what the base keeps open.
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.settings.Base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// RoundTrip carries out one request, with repeats.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	d, err := t.do(req)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", d.status, http.StatusText(d.status)),
		StatusCode:    d.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        d.header,
		Body:          io.NopCloser(bytes.NewReader(d.body)),
		ContentLength: int64(len(d.body)),
		Request:       req,
	}, nil
}

// A done request was answered; lost says that an attempt before or this one
// may have been carried out although its answer says otherwise.
type done struct {
	outcome
	tries int
	lost  bool
}

func (t *Transport) do(req *http.Request) (done, error) {
	body, err := drain(req)
	if err != nil {
		return done{}, t.failure(req, done{outcome: outcome{err: err}})
	}
	m, start, delays := modeOf(req), time.Now(), newDelays()
	var d done
	for {
		d.tries++
		d.outcome = t.attempt(req, body, d.tries)
		v := judge(m, d.outcome)
		d.lost = d.lost || v.lost
		wait := max(delays.NextBackOff(), v.after)
		if d.tries >= v.tries || isOneTry(req.Context()) || time.Since(start)+wait > maxElapsed || ends(req.Context(), wait) {
			break
		}
		if err := Sleep(req.Context(), wait); err != nil {
			d.err = err
			break
		}
	}
	if d.err != nil {
		return d, t.failure(req, d)
	}
	return d, nil
}

// ends reports whether a context ends before a wait would. What the vendor said
// is worth more than having waited for nothing: how long it asks to be left
// alone is part of it.
func ends(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < wait
}

// drain takes the request's body, so that it can be sent more than once.
func drain(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	defer func() { _ = req.Body.Close() }()
	return io.ReadAll(req.Body)
}

// failure makes the error of a request that got no answer.
func (t *Transport) failure(req *http.Request, d done) *Error {
	e := &Error{Method: req.Method, Path: req.URL.Path, Tries: d.tries, Unclear: d.lost, Err: d.err}
	switch {
	case errors.Is(d.err, errTimeout):
		e.Message = fmt.Sprintf("%s did not answer within %v", req.URL.Host, t.settings.Timeout)
		e.Advice = "check the network and the address"
		if t.settings.StatusPage != "" {
			e.Advice += ", look at " + t.settings.StatusPage
		}
		e.Advice += ", then try again"
	case !d.sent && isHopeless(d.err):
		e.Advice = "check the address"
	}
	return e
}

// attempt sends the request once and reads the whole answer.
func (t *Transport) attempt(req *http.Request, body []byte, n int) (o outcome) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), t.settings.Timeout, errTimeout)
	defer cancel()
	var wire trace
	attempt := req.Clone(httptrace.WithClientTrace(ctx, wire.hooks()))
	if body != nil {
		attempt.Body = io.NopCloser(bytes.NewReader(body))
	}
	if err := context.Cause(ctx); err != nil {
		return outcome{err: err}
	}
	t.calls[schema.PurposeOf(ctx)].Add(1)
	start := time.Now()
	defer func() { t.log(req, o, n, time.Since(start)) }()

	resp, err := t.settings.Base.RoundTrip(attempt)
	if err != nil {
		return outcome{err: because(ctx, err), sent: wire.mayHaveSent(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errTooLarge
	}
	o = outcome{status: resp.StatusCode, header: resp.Header, body: answer, sent: true}
	if err != nil {
		o.err = fmt.Errorf("answer broke off: %w", because(ctx, err))
		return o
	}
	if o.status >= 400 {
		o.fault = t.settings.Fault(o.status, o.header, o.body)
	}
	return o
}

// because prefers the reason why a context ended to what the transport made
// of it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// A trace learns from net/http whether a request reached the wire.
type trace struct{ traced, wrote atomic.Bool }

func (w *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:      func(string) { w.traced.Store(true) },
		WroteHeaders: func() { w.wrote.Store(true) },
	}
}

// mayHaveSent reports whether the vendor may have got the request. A base
// that does not trace is not known to have sent nothing.
func (w *trace) mayHaveSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return false
	}
	return w.wrote.Load() || !w.traced.Load()
}
