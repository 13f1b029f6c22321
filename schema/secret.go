package schema

import (
	"crypto/subtle"
	"fmt"
	"io"
)

// Redacted is what every way of printing a [Secret] shows.
const Redacted = "(secret)"

// A Secret is a value that cannot be printed: fmt, json, slog and text
// encoders all show [Redacted]. The value sits behind a function, so that
// printers which walk unexported fields find nothing either.
//
// The zero Secret is empty.
type Secret struct {
	reveal func() string
	source string
}

// NewSecret wraps value. The source says where it came from, for people
// ("environment variable SF_PASSWORD"); it is shown in its stead.
func NewSecret(value, source string) Secret {
	return Secret{reveal: func() string { return value }, source: source}
}

// Reveal returns the value. Call it only where the value goes onto the wire
// or into a digest.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Source says where the value came from; it is safe to show.
func (s Secret) Source() string { return s.source }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal compares two secrets in constant time.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

// String returns [Redacted].
func (Secret) String() string { return Redacted }

// GoString returns [Redacted].
func (Secret) GoString() string { return Redacted }

// Format writes [Redacted] for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalText returns [Redacted]; it serves json, xml and slog as well.
func (Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
