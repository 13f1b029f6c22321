package cxone

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// A readRow is a row that may be wrong without the others being so.
type readRow struct {
	stateRow
	wrong bool
}

// UnmarshalJSON takes any value. Of one that is no row it keeps whose it is.
//
// A poll of a busy centre brings a thousand rows, and what is in them is on its
// way to an agent's screen: encoding/json's own way through a struct took most
// of the time that run adds to a change.
func (r *readRow) UnmarshalJSON(data []byte) error {
	fits := eachMember(data, func(key, value []byte) bool {
		field := r.field(key)
		return field == nil || field.UnmarshalJSON(value) == nil
	})
	if !fits {
		r.stateRow, r.wrong = stateRow{Agent: agentOf(data)}, true
	}
	return nil
}

// field returns where a member belongs, nil for one that is not asked for. Keys
// match whatever their case, as everywhere.
func (r *stateRow) field(key []byte) *scalar {
	fields := [...]struct {
		name string
		at   *scalar
	}{
		{"agentId", &r.Agent},
		{"agentStateId", &r.ID},
		{"agentStateName", &r.Name},
		{"outStateId", &r.Out},
		{"outStateCode", &r.OutCode},
		{"outStateDescription", &r.OutName},
		{"isACW", &r.ACW},
		{"startDate", &r.Started},
		{"lastUpdateTime", &r.Updated},
	}
	name := key
	if !isPlain(key) {
		var text string
		_ = json.Unmarshal(slices.Concat([]byte{'"'}, key, []byte{'"'}), &text) // it is valid
		name = []byte(text)
	}
	for i := range fields {
		if bytes.EqualFold([]byte(fields[i].name), name) {
			return fields[i].at
		}
	}
	return nil
}

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

// agentOf names the agent of a row that is wrong elsewhere, "" when it cannot.
func agentOf(raw json.RawMessage) scalar {
	var row struct {
		Agent scalar `json:"agentId"`
	}
	_ = json.Unmarshal(raw, &row) // a row that is no object names nobody
	return row.Agent
}
