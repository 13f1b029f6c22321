package salesforce

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A changeEvent is what Lockstep reads of one change of presence. An update
// holds only the fields that changed (UNCERTAIN: the general rule of Change
// Data Capture, not tried on this object), so that any may be missing.
type changeEvent struct {
	Header          changeHeader `avro:"ChangeEventHeader"`
	UserID          *string      `avro:"UserId"`
	StatusID        *string      `avro:"ServicePresenceStatusId"`
	IsCurrentState  *bool        `avro:"IsCurrentState"`
	StatusStartDate *int64       `avro:"StatusStartDate"` // milliseconds
	StatusEndDate   *int64       `avro:"StatusEndDate"`

	changed []string // the names of the fields that did
}

// A changeHeader says what happened to which records.
type changeHeader struct {
	EntityName      string   `avro:"entityName"`
	RecordIDs       []string `avro:"recordIds"`
	ChangeType      string   `avro:"changeType"`
	CommitTimestamp int64    `avro:"commitTimestamp"` // milliseconds
	NulledFields    []string `avro:"nulledFields"`
	ChangedFields   []string `avro:"changedFields"`
}

// decode reads the binary payload of an event.
func (s *eventSchema) decode(payload []byte) (*changeEvent, error) {
	if s.bad != nil {
		return nil, s.bad
	}
	var e changeEvent
	rest, err := s.codec.Decode(payload, &e)
	if err != nil {
		return nil, fmt.Errorf("decode an event: %w", err)
	}
	if len(rest) > 0 {
		return nil, errors.New("decode an event: something follows it")
	}
	e.changed, err = bitmapFields(s.fields, slices.Concat(e.Header.ChangedFields, e.Header.NulledFields))
	if err != nil {
		return nil, fmt.Errorf("decode an event: %w", err)
	}
	return &e, nil
}

// records lists the event's records in the long form.
func (e *changeEvent) records() []string {
	ids := make([]string, len(e.Header.RecordIDs))
	for i, id := range e.Header.RecordIDs {
		ids[i] = idOf(id)
	}
	return ids
}

// started and ended are the interval's, to the second as in queries: one
// precision, so that the same moment is the same wherever it was read.
func (e *changeEvent) started() time.Time { return e.moment(e.StatusStartDate) }
func (e *changeEvent) ended() time.Time   { return e.moment(e.StatusEndDate) }

// moment falls back on when the change was committed.
func (e *changeEvent) moment(field *int64) time.Time {
	at := e.Header.CommitTimestamp
	if field != nil {
		at = *field
	}
	return time.UnixMilli(at).Truncate(time.Second).UTC()
}

// touches reports whether a field changed. An update that does not say what
// changed may have changed anything.
func (e *changeEvent) touches(fields ...string) bool {
	return len(e.changed) == 0 || slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(e.changed, f) })
}
