package cxone

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// This file walks over JSON that is known to be valid, which encoding/json
// would check again at every level.

// eachMember visits the members of a JSON object while visit returns true, and
// reports whether it came to the end. The text must be valid JSON; what is no
// object has no end.
func eachMember(data []byte, visit func(key, value []byte) bool) bool {
	rest, isObject := bytes.CutPrefix(bytes.TrimSpace(data), []byte("{"))
	if !isObject {
		return false
	}
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if rest[0] == '}' {
			return true
		}
		end := valueEnd(rest)
		key := rest[1 : end-1]
		rest = bytes.TrimLeft(rest[end:], " \t\r\n:")
		end = valueEnd(rest)
		if !visit(key, rest[:end]) {
			return false
		}
		rest = rest[end:]
	}
}

// eachElement visits the elements of a valid JSON array.
func eachElement(data []byte, visit func(value []byte)) {
	for rest := data[1:]; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if rest[0] == ']' {
			return
		}
		end := valueEnd(rest)
		visit(rest[:end])
		rest = rest[end:]
	}
}

// keyText is a member's key as text.
func keyText(key []byte) string {
	if isPlain(key) {
		return string(key)
	}
	var text string
	_ = json.Unmarshal(slices.Concat([]byte{'"'}, key, []byte{'"'}), &text) // it is valid
	return text
}

// valueEnd returns where the value ends that a valid JSON text begins with.
func valueEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i+1:])
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// stringEnd returns how far behind a string's first quote its last one is.
func stringEnd(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// isPlain reports whether a JSON text holds nothing to be decoded.
func isPlain(text []byte) bool {
	for _, c := range text {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
