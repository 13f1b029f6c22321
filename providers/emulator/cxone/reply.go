package cxone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
)

// A reply is what a handler answers. Its body must share nothing with the
// store, because it is written after the lock is gone.
type reply struct {
	status int
	body   any    // encoded as JSON; nil is no body at all
	reason string // why a call is refused, in words
	code   string // the refusal's error code; "" is derived from the status
	header http.Header
	html   string // a page for a person, instead of a body
	pause  *pause // not to be answered yet
}

func ok(body any) reply       { return reply{status: http.StatusOK, body: body} }
func created(body any) reply  { return reply{status: http.StatusCreated, body: body} }
func accepted(body any) reply { return reply{status: http.StatusAccepted, body: body} }
func empty(status int) reply  { return reply{status: status} }

func refuse(status int, reason string) reply { return reply{status: status, reason: reason} }

// A refusal is an error with the status that the vendor gives it.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

func conflict(format string, args ...any) error {
	return refusal{http.StatusConflict, fmt.Sprintf(format, args...)}
}

// refused turns an error into a reply; an error that is no refusal is the
// client's mistake.
func refused(err error) reply {
	if r, isRefusal := errors.AsType[refusal](err); isRefusal {
		return refuse(r.status, r.reason)
	}
	return refuse(http.StatusBadRequest, err.Error())
}

// A dialect is how an API family words a refusal (VERIFIED for the first
// three; the adapters' is ours).
type dialect int

const (
	acd      dialect = iota // mostly an empty body; the reason is in a header
	auth                    // {error, errorDescription}
	userHub                 // {code, details, …}
	adapters                // {error, error_description}, and the header
)

// dialectOf tells the family of a path that normalise has made.
func dialectOf(path string) dialect {
	for _, family := range []struct {
		prefix  string
		dialect dialect
	}{
		{acdRoot, acd},
		{"/user-management/", userHub},
		{"/access-key-management/", userHub},
		{"/adapter-apis/", adapters},
	} {
		if strings.HasPrefix(path, family.prefix) {
			return family.dialect
		}
	}
	return auth
}

// reasonHeader is where the ACD says why it refused a call (VERIFIED).
const reasonHeader = "icStatusDescription"

// send writes the reply.
func (a reply) send(w http.ResponseWriter, d dialect, c *call) {
	maps.Copy(w.Header(), a.header)
	body := a.body
	if a.reason != "" {
		body = a.refusal(w.Header(), d, c)
	}
	if a.html != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.html) // a client that has gone is nobody to tell
		return
	}
	if body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is nobody to tell
}

// refusal returns the body of a refusal, nil for none.
func (a reply) refusal(h http.Header, d dialect, c *call) any {
	code := a.code
	if code == "" {
		code = errorCodes[a.status]
	}
	if a.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	switch d {
	case userHub:
		if a.status == http.StatusUnauthorized {
			return unauthorized(a, c)
		}
		return row{"code": code, "details": a.reason, "hostName": c.Host, "entityType": "", "errors": a.reason}
	case adapters:
		h.Set(reasonHeader, a.reason)
		return row{"error": code, "error_description": a.reason}
	case acd:
		h.Set(reasonHeader, a.reason)
		if a.status != http.StatusBadRequest {
			return nil
		}
		return row{"error": code, "error_description": a.reason}
	}
	return row{"error": code, "errorDescription": a.reason}
}

// unauthorized is UserHub's 401, unlike all its other refusals (VERIFIED).
func unauthorized(a reply, c *call) any {
	return row{
		"timestamp": timestamp(c.tenant.store.now()), "status": a.status,
		"error": http.StatusText(a.status), "message": a.reason, "path": c.path,
	}
}

// errorCodes are the error codes by status (UNCERTAIN: the sources show the
// members of an error, hardly ever their values).
var errorCodes = map[int]string{
	http.StatusBadRequest:            "invalid_request",
	http.StatusUnauthorized:          "invalid_token",
	http.StatusForbidden:             "access_denied",
	http.StatusNotFound:              "not_found",
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusConflict:              "conflict",
	http.StatusRequestEntityTooLarge: "too_large",
	http.StatusTooManyRequests:       "too_many_requests",
}
