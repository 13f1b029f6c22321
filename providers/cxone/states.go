package cxone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// A stateRow is what an agent shows, as the business unit's list of states has
// it (VERIFIED), the cached list of NICE's own app, which calls the out-state
// otherwise (VERIFIED), and samples of 2015, which are in PascalCase and leave
// out null. Keys match in any case.
type stateRow struct {
	Agent   scalar `json:"agentId"`
	ID      scalar `json:"agentStateId"`
	Name    scalar `json:"agentStateName"`
	Out     scalar `json:"outStateId"`
	OutCode scalar `json:"outStateCode"`
	OutName scalar `json:"outStateDescription"`
	ACW     scalar `json:"isACW"`
	Started scalar `json:"startDate"`
	Updated scalar `json:"lastUpdateTime"`
}

// A scalar is a JSON text, number or truth value as text; null is "".
type scalar string

// UnmarshalJSON takes anything but objects and arrays.
func (s *scalar) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		// Most texts stand as they are. There are nine in a row, and thousands of
		// rows in a poll of a busy centre.
		if inner := data[1 : len(data)-1]; isPlain(inner) {
			*s = scalar(inner)
			return nil
		}
		return json.Unmarshal(data, (*string)(s))
	case '{', '[':
		return errors.New("a value is nested")
	}
	if *s = scalar(data); bytes.Equal(data, []byte("null")) {
		*s = ""
	}
	return nil
}

func (s scalar) isTrue() bool { return strings.EqualFold(string(s), "true") }

// The system's out-states that are told apart (VERIFIED). The other negative
// ones (pending contacts, a caller who hung up on hold, a logoff to come) are
// Unavailable without a code: no rule can name them, and no call can set them.
const (
	outRefused       = "-1"
	outDialerPending = "-6"
)

// stateLoggedIn is the moment between a login and the first state.
const stateLoggedIn = "LoggedIn"

// acdStates lists the vendor's states by id (VERIFIED).
func acdStates() []string {
	return []string{
		schema.StateLoggedOut, schema.StateAvailable, schema.StateUnavailable,
		schema.StateInboundContact, schema.StateOutboundContact,
		schema.StateInboundConsult, schema.StateOutboundConsult, schema.StateDialer, stateLoggedIn,
	}
}

// stateName names the row's state. The id goes first: names are translated on
// screens, and whether they are in answers is UNCERTAIN.
func (r *stateRow) stateName() (string, error) {
	spelled := strings.ReplaceAll(string(r.Name), " ", "")
	for id, name := range acdStates() {
		if r.ID == scalar('0'+rune(id)) || r.ID == "" && strings.EqualFold(spelled, name) {
			return name, nil
		}
	}
	if r.ID != "" {
		return "", fmt.Errorf("state %q is unknown", r.ID)
	}
	if spelled != "" {
		return "", fmt.Errorf("state %q is unknown", r.Name)
	}
	return "", errors.New("there is no state")
}

func (r *stateRow) outState() string {
	if r.Out != "" {
		return string(r.Out)
	}
	return string(r.OutCode)
}

// hasUnknownCode reports whether the table cannot name the row's code.
func (r *stateRow) hasUnknownCode(codes *codeTable) bool {
	out := r.outState()
	if out == "" || out == "0" || out[0] == '-' {
		return false
	}
	_, known := codes.byID[out]
	return !known
}

// state reads what the agent shows in the words of rules; the zero state is an
// agent who has logged in and shows nothing yet.
func (r *stateRow) state(codes *codeTable) (schema.ACDState, error) {
	name, err := r.stateName()
	if err != nil || name == stateLoggedIn {
		return schema.ACDState{}, err
	}
	if name != schema.StateUnavailable {
		return schema.ACDState{Word: name}, nil
	}
	held, known := codes.byID[r.outState()]
	if !known {
		held = r.unlisted(codes)
	}
	switch out := r.outState(); {
	case r.ACW.isTrue(), r.ACW == "" && held.ACW:
		return schema.ACDState{Word: schema.StateACW, Code: held.Name}, nil
	case out == outRefused:
		return schema.ACDState{Word: schema.StateRefused}, nil
	case out == outDialerPending:
		// NICE's own app shows it as work, like Dialer (VERIFIED).
		return schema.ACDState{Word: schema.StateDialer}, nil
	case held.Name != "":
		return schema.ACDState{Code: held.Name}, nil
	}
	return schema.ACDState{Word: schema.StateUnavailable}, nil
}

// unlisted is the code of a row whose id is not in the table: it may have been
// made a moment ago, or the row has no id at all. Its description is then its
// name, where it is that of a code.
func (r *stateRow) unlisted(codes *codeTable) code {
	out := r.outState()
	if out != "" && (out == "0" || out[0] == '-') {
		return code{}
	}
	if held, named := codes.byName[string(r.OutName)]; named {
		return held
	}
	if out == "" {
		return code{}
	}
	return code{Name: string(r.OutName)}
}

// since is the vendor's time of the change. startDate is that of the state, and
// lastUpdateTime also that of lesser things (UNCERTAIN), so that it serves only
// where there is no other. A time that cannot be read is none. The vendor cuts
// times down to its precision, of which no document tells (UNCERTAIN).
func (r *stateRow) since() (at time.Time, precision time.Duration) {
	for _, text := range []scalar{r.Started, r.Updated} {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
			at, err := time.Parse(layout, string(text))
			switch {
			case err != nil:
			case strings.Contains(string(text), "."):
				return at, time.Millisecond
			default:
				return at, time.Second
			}
		}
	}
	return time.Time{}, 0
}
