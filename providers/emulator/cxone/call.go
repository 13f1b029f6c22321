package cxone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds what a client can make the emulator hold.
const maxBody = 8 << 20

// A call is one request with what every handler needs of it.
type call struct {
	*http.Request
	tenant *Tenant
	body   []byte
	query  url.Values
	caller *person // who signed in; nil on open routes
	at     addressbook
	path   string // as the client wrote it

	patience time.Time // until when a poll waits; zero until it is known
}

// newCall reads a request. With an error, the call has no body and only a
// refusal can be sent.
func (t *Tenant) newCall(r *http.Request) (*call, error) {
	original, _ := r.Context().Value(originalPath{}).(string)
	c := &call{Request: r, tenant: t, query: r.URL.Query(), at: t.hosts.addresses(r), path: original}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return c, fmt.Errorf("read the body: %w", err)
	}
	if len(body) > maxBody {
		return c, errors.New("the body is larger than 8 MiB")
	}
	c.body = body
	return c, nil
}

// decode reads a JSON body. Its Content-Type is ignored, because NICE's own
// client labels JSON as text/plain (VERIFIED).
func decode[T any](c *call) (T, error) {
	var v T
	if len(c.body) == 0 {
		return v, errors.New("a JSON body is required")
	}
	if err := json.Unmarshal(c.body, &v); err != nil {
		return v, fmt.Errorf("the body is not the JSON expected: %w", err)
	}
	return v, nil
}

// form reads a body of simple values, form-encoded or JSON, by looking at it:
// labels are wrong both ways in the wild (VERIFIED).
func (c *call) form() (url.Values, error) {
	text := strings.TrimSpace(string(c.body))
	if !strings.HasPrefix(text, "{") {
		return url.ParseQuery(text)
	}
	var object map[string]any
	if err := json.Unmarshal(c.body, &object); err != nil {
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	values := url.Values{}
	for name, value := range object {
		if value != nil {
			values.Set(name, fmt.Sprint(value))
		}
	}
	return values, nil
}

// number reads a whole number from the query; absent is missing.
func (c *call) number(name string, missing int) (int, error) {
	text := c.query.Get(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is not a whole number", name)
	}
	return n, nil
}

// truth reads true or false from the query; nil is absent.
func (c *call) truth(name string) (*bool, error) {
	text := c.query.Get(name)
	if text == "" {
		return nil, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return nil, fmt.Errorf("%s is neither true nor false", name)
	}
	return &b, nil
}

// since reads the cursor of an incremental read; the zero time is absent. The
// description spells it updateSince, its documentation updatedSince: both are
// taken (VERIFIED).
func (c *call) since() (time.Time, error) {
	text := c.query.Get("updatedSince")
	if text == "" {
		text = c.query.Get("updateSince")
	}
	if text == "" {
		return time.Time{}, nil
	}
	t, err := parseTime(text)
	if err != nil {
		return time.Time{}, errors.New("updatedSince is not an ISO 8601 time")
	}
	return t, nil
}

// An ident is an id that clients send as a JSON number or as a string.
type ident string

// UnmarshalJSON takes a number or a string.
func (i *ident) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*i = ident(text)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return errors.New("an id is a number or a string")
	}
	*i = ident(n)
	return nil
}
