package rest

import "context"

type (
	repeatableKey struct{}
	readOnlyKey   struct{}
)

// Repeatable marks requests that may be carried out twice without harm,
// although their method is POST or PATCH: setting a value, not adding one.
func Repeatable(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatableKey{}, true)
}

// ReadOnly marks requests that only read, although their method is POST:
// they are repeatable, and a lost answer leaves nothing unclear.
func ReadOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, readOnlyKey{}, true)
}
