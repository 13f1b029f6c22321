package history

import (
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// stateOf reads what [schema.ACDState.String] writes.
func stateOf(text string) schema.ACDState {
	if code, ok := strings.CutPrefix(text, `code "`); ok {
		return schema.ACDState{Code: strings.TrimSuffix(code, `"`)}
	}
	return schema.ACDState{Word: text}
}

// inContact reports whether a state belongs to a contact or its after-call
// work, in which CXone queues what it is asked for.
func inContact(s schema.ACDState) bool {
	return s.Word == schema.StateACW || schema.IsContactState(s.Word)
}
