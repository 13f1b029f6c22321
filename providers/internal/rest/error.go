package rest

import (
	"errors"
	"fmt"
	"strings"
)

// An Error is a request that ended without success: the vendor refused it, or
// its answer never came or made no sense. It reads
//
//	GET /services/data/v67.0/query: 403 INSUFFICIENT_ACCESS: no access to …
//
// and never holds a query string, a header or a request's body.
type Error struct {
	Method, Path string
	Status       int    // 0 when there was no answer
	Code         string // the vendor's, "" when it gave none
	Message      string // the vendor's or ours, for people
	Tries        int
	// Unclear says that the request may have been carried out all the same.
	Unclear bool
	Err     error // the cause below, nil when the vendor answered
}

// Error returns the fragments in the order in which they chain.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Method, e.Path)
	var facts []string
	if e.Status != 0 {
		facts = append(facts, fmt.Sprint(e.Status))
	}
	if e.Code != "" {
		facts = append(facts, e.Code)
	}
	if len(facts) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(facts, " "))
	}
	if e.Tries > 1 {
		fmt.Fprintf(&b, " after %d tries", e.Tries)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Unclear {
		b.WriteString(" (it may have been carried out all the same)")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsUnclear reports whether err leaves open if its request was carried out:
// it was sent, it changes something, and its answer was lost.
func IsUnclear(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unclear
}

// StatusOf returns the HTTP status behind err, 0 when the vendor did not answer.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// CodeOf returns the vendor's error code behind err, "" when there is none.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
