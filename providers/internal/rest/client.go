package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A Client sends requests through a [Transport] and returns anything but
// success as an [Error].
type Client struct {
	Transport *Transport
	// HTMLHint asks the likeliest reason for HTML in place of JSON.
	HTMLHint string
	// Advise returns the way out of an error, "" when it knows none. It may
	// change the error's message. It may be nil.
	Advise func(*Error) string
}

// A Request is what a [Client] sends.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// A Response is an answer with success, read whole: 2xx or 304.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	request *http.Request
	client  *Client
}

// Do carries out one request.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	req, err := r.build(ctx)
	if err != nil {
		return nil, err
	}
	d, err := c.Transport.do(req)
	if err != nil {
		return nil, c.advised(err)
	}
	if d.status/100 != 2 && d.status != http.StatusNotModified {
		return nil, c.advised(c.refusal(req, d))
	}
	return &Response{Status: d.status, Header: d.header, Body: d.body, request: req, client: c}, nil
}

func (r Request) build(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return nil, fmt.Errorf("%s: address cannot be parsed", r.Method)
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	return req, nil
}

// advised adds the way out to an error of this package.
func (c *Client) advised(err error) error {
	var e *Error
	if c.Advise == nil || !errors.As(err, &e) {
		return err
	}
	if advice := c.Advise(e); advice != "" {
		e.Advice = advice
	}
	return err
}

// Refusal makes the error of one part of a call that carried several, in the
// vendor's words.
func (c *Client) Refusal(method, path string, status int, fault Fault) error {
	scrub := c.Transport.settings.Scrub
	return c.advised(&Error{
		Method: method, Path: path, Status: status,
		Code: clean(fault.Code, scrub), Message: clean(fault.Message, scrub),
	})
}

// refusal makes the error of an answer that is no success.
func (c *Client) refusal(req *http.Request, d done) *Error {
	scrub := c.Transport.settings.Scrub
	e := &Error{
		Method: req.Method, Path: req.URL.Path, Status: d.status, Tries: d.tries, Unclear: d.lost, RetryAfter: retryAfter(d.header),
		Code: clean(d.fault.Code, scrub), Message: clean(d.fault.Message, scrub),
	}
	switch {
	case d.status < 400:
		e.Message = "answer redirects to " + redirectHost(d.header)
		e.Advice = "use that address instead"
	case e.Code == "" && e.Message == "" && hasHTML(d.header, d.body):
		e.Message = c.htmlText()
	case e.Code == "" && e.Message == "":
		e.Message = http.StatusText(d.status)
	}
	return e
}

func redirectHost(header http.Header) string {
	u, err := url.Parse(header.Get("Location"))
	if err != nil || u.Host == "" {
		return "another place"
	}
	return u.Scheme + "://" + u.Host
}

func (c *Client) htmlText() string {
	text := "answer is HTML, not JSON"
	if c.HTMLHint != "" {
		text += ": " + c.HTMLHint
	}
	return text
}

// Decode reads the body as JSON. An empty body is an error; ask Status first
// where the vendor answers 204.
func (r *Response) Decode(out any) error {
	if hasHTML(r.Header, r.Body) {
		return r.Bad(r.client.htmlText(), nil)
	}
	if len(bytes.TrimSpace(r.Body)) == 0 {
		return r.Bad("answer is empty where JSON was due", nil)
	}
	err := json.Unmarshal(r.Body, out)
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(r.Body)):
		return r.Bad(fmt.Sprintf("answer breaks off after %d bytes of JSON", len(r.Body)), nil)
	case errors.As(err, &syntax):
		return r.Bad(fmt.Sprintf("answer is not JSON at byte %d", syntax.Offset), nil)
	case errors.As(err, &typed):
		// The value itself is left out, and so is what decoders of single
		// types say about it: it may be a secret.
		kind, _, _ := strings.Cut(typed.Value, " ")
		return r.Bad(fmt.Sprintf("answer has %q of the wrong type: %s where %s was due", typed.Field, kind, typed.Type), nil)
	}
	return r.Bad("answer has the wrong shape", nil)
}

// Bad makes an error about an answer that came with success and makes no
// sense. When its request changed something, that is unclear.
func (r *Response) Bad(message string, cause error) error {
	return &Error{
		Method: r.request.Method, Path: r.request.URL.Path, Status: r.Status, Message: message, Err: cause,
		Unclear: modeOf(r.request) != readOnly,
	}
}

// Refusal makes the error of one part of an answer that came with success.
func (r *Response) Refusal(fault Fault) error {
	return r.client.Refusal(r.request.Method, r.request.URL.Path, r.Status, fault)
}
