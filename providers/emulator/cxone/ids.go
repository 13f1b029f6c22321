package cxone

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
)

// digest makes stable pseudo-random bytes from names, so that two emulators
// with one seed show the same ids.
func digest(parts ...string) [32]byte {
	return sha256.Sum256([]byte(strings.Join(parts, "\x00")))
}

// newUUID derives a UUID from names.
func newUUID(parts ...string) string {
	b := digest(parts...)
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// newKey derives an access-key id or secret: base32 whose padding belongs to
// it (SECONDARY).
func newKey(parts ...string) string {
	b := digest(parts...)
	return base32.StdEncoding.EncodeToString(b[:])
}

// timestamp is the vendor's way to write a time.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// parseTime reads a time as clients send it: with or without fraction, with
// an offset, Z, or neither, which is UTC.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err == nil {
		return t, nil
	}
	return time.Parse("2006-01-02T15:04:05.999999999", text)
}
