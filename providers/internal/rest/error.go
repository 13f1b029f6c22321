package rest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
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
	Message      string // what is wrong, for people
	Advice       string // the way out, "" when there is none to tell
	Tries        int
	// Unclear says that the request may have been carried out all the same.
	Unclear bool
	// RetryAfter is how long the vendor asks to be left alone, 0 when it does
	// not say.
	RetryAfter time.Duration
	Err        error // the cause below, nil when the vendor answered
}

// Error returns the fragments in the order in which they chain.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Method + " " + e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Status == 0 && e.Tries > 1 {
		b.WriteString(": no answer")
	}
	if e.Tries > 1 {
		fmt.Fprintf(&b, " after %d tries", e.Tries)
	}
	for _, fragment := range []string{e.Message, causeText(e.Err), e.Advice} {
		if fragment != "" {
			b.WriteString(": " + fragment)
		}
	}
	if e.Unclear {
		b.WriteString(" (it may have been carried out all the same)")
	}
	return b.String()
}

func causeText(err error) string {
	if err == nil || errors.Is(err, errTimeout) { // the message says it better
		return ""
	}
	return err.Error()
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
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return 0
}

// RetryAfterOf returns how long the vendor asks to be left alone, 0 when err
// does not say.
func RetryAfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// CodeOf returns the vendor's error code behind err, "" when there is none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// tokens finds what looks like a credential in a vendor's text: opaque
// Salesforce sessions, JSON web tokens, and whatever follows "Bearer".
var tokens = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`00D\w{12}(\w{3})?![\w.]+|eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|(?i:bearer)\s+[\w.!~+/=-]+`)
})

// maxText bounds a vendor's text within an error.
const maxText = 600

// clean makes a vendor's text fit to show: on one line, bounded, without
// what scrub or the look of it says is a credential.
func clean(text string, scrub func(string) string) string {
	if scrub != nil {
		text = scrub(text)
	}
	text = tokens().ReplaceAllString(text, "(secret)")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar
	}), " ")
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return text
}
