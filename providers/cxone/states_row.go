package cxone

import (
	"encoding/json"
	"strings"
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
	name := keyText(key)
	for i := range fields {
		if strings.EqualFold(fields[i].name, name) {
			return fields[i].at
		}
	}
	return nil
}

// agentOf names the agent of a row that is wrong elsewhere, "" when it cannot.
func agentOf(raw json.RawMessage) scalar {
	var row struct {
		Agent scalar `json:"agentId"`
	}
	_ = json.Unmarshal(raw, &row) // a row that is no object names nobody
	return row.Agent
}
