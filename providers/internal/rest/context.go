package rest

import (
	"context"
	"net/http"
)

// A mode says whether a request may be sent twice.
type mode int

const (
	byMethod   mode = iota // idempotent methods may, POST and PATCH may not
	once                   // never after it may have been carried out
	repeatable             // without harm
	readOnly               // and nothing is unclear when its answer is lost
)

type modeKey struct{}

// Repeatable marks requests that may be carried out twice without harm,
// although their method is POST or PATCH: setting a value, not adding one.
func Repeatable(ctx context.Context) context.Context {
	return context.WithValue(ctx, modeKey{}, repeatable)
}

// ReadOnly marks requests that only read, although their method is POST:
// they are repeatable, and a lost answer leaves nothing unclear.
func ReadOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, modeKey{}, readOnly)
}

// Once marks requests that must not be repeated after they may have been
// carried out, whatever a caller further up said about its own.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, modeKey{}, once)
}

// ByMethod takes back what a caller further up said.
func ByMethod(ctx context.Context) context.Context {
	return context.WithValue(ctx, modeKey{}, byMethod)
}

type oneTryKey struct{}

// OneTry marks requests that are sent once, however they are met: whoever asks
// decides afresh whether to ask again, because by then something else may be
// wanted. [Error.RetryAfter] says what the vendor asks for.
func OneTry(ctx context.Context) context.Context {
	return context.WithValue(ctx, oneTryKey{}, true)
}

func isOneTry(ctx context.Context) bool { return ctx.Value(oneTryKey{}) != nil }

// modeOf resolves a request's mode to one of once, repeatable and readOnly.
func modeOf(req *http.Request) mode {
	m, _ := req.Context().Value(modeKey{}).(mode)
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "":
		return readOnly
	case http.MethodPut, http.MethodDelete:
		if m == byMethod {
			return repeatable
		}
	}
	if m == byMethod {
		return once
	}
	return m
}
