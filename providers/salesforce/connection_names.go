package salesforce

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// EncodeFullName writes a label as the vendor writes it in full names:
// "Custom: Support Profile" becomes "Custom%3A Support Profile". Letters of
// other alphabets stay as they are (UNCERTAIN).
func EncodeFullName(label string) string {
	var b strings.Builder
	for _, r := range label {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" _-", r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// DecodeFullName undoes [EncodeFullName]; what is not encoded stays.
func DecodeFullName(fullName string) string {
	label, err := url.PathUnescape(fullName)
	if err != nil {
		return fullName
	}
	return label
}

// LongID returns the 18-character form of an Id; ok is false when id has
// neither 15 characters nor 18 with the right checksum.
func LongID(id string) (long string, ok bool) {
	if len(id) != 15 && len(id) != 18 || strings.ContainsFunc(id, isNoIDCharacter) {
		return "", false
	}
	long = id[:15] + checksum(id[:15])
	// People type the checksum in either case.
	return long, len(id) == 15 || strings.EqualFold(id, long) && id[:15] == long[:15]
}

func isNoIDCharacter(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// checksum says which of 15 characters are upper case, five to a character,
// the first of the five as the lowest bit.
func checksum(id string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var sum [3]byte
	for i := range sum {
		bits := 0
		for j, c := range []byte(id[i*5 : i*5+5]) {
			if c >= 'A' && c <= 'Z' {
				bits |= 1 << j
			}
		}
		sum[i] = digits[bits]
	}
	return string(sum[:])
}

// ShortID returns the first 15 characters, by which Ids are compared: the
// vendor mixes both forms even inside one answer.
func ShortID(id string) string { return id[:min(len(id), 15)] }

// SameID reports whether two Ids, of 15 or 18 characters, name one thing.
func SameID(a, b string) bool { return a != "" && ShortID(a) == ShortID(b) }
