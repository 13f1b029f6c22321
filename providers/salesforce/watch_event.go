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
	kind      string // CREATE, UPDATE, GAP_UPDATE
	records   []string
	committed time.Time

	user, status   string // Ids; "" where the event does not tell
	current        told
	started, ended time.Time // to the second; zero where the event does not tell

	changed []string // the names of the fields that did
}

// A told is a boolean that an event may leave out.
type told struct{ known, value bool }

// decode reads the binary payload of an event.
func (s *eventSchema) decode(payload []byte) (*changeEvent, error) {
	if s.bad != nil {
		return nil, s.bad
	}
	var values map[string]any
	rest, err := s.codec.Decode(payload, &values)
	if err != nil {
		return nil, fmt.Errorf("decode an event: %w", err)
	}
	if len(rest) > 0 {
		return nil, errors.New("decode an event: something follows it")
	}
	header, ok := values["ChangeEventHeader"].(map[string]any)
	if !ok {
		return nil, errors.New("decode an event: it has no header")
	}
	e := &changeEvent{
		kind: textOf(header["changeType"]), committed: moment(header["commitTimestamp"]),
		user: textOf(values["UserId"]), status: textOf(values["ServicePresenceStatusId"]),
		started: moment(values["StatusStartDate"]), ended: moment(values["StatusEndDate"]),
	}
	e.current.value, e.current.known = values["IsCurrentState"].(bool)
	for _, id := range textsOf(header["recordIds"]) {
		e.records = append(e.records, idOf(id))
	}
	e.changed, err = bitmapFields(s.fields, slices.Concat(textsOf(header["changedFields"]), textsOf(header["nulledFields"])))
	if err != nil {
		return nil, fmt.Errorf("decode an event: %w", err)
	}
	return e, nil
}

func textOf(v any) string { s, _ := v.(string); return s }

func textsOf(v any) []string {
	var list []string
	items, _ := v.([]any)
	for _, item := range items {
		list = append(list, textOf(item))
	}
	return list
}

// moment reads milliseconds since 1970 in the precision of queries, so that the
// same moment is the same wherever it was read.
func moment(v any) time.Time {
	switch v := v.(type) {
	case int64:
		return time.UnixMilli(v).Truncate(precision).UTC()
	case time.Time:
		return v.Truncate(precision).UTC()
	}
	return time.Time{}
}

// began and left fall back on when the change was committed.
func (e *changeEvent) began() time.Time { return orMoment(e.started, e.committed) }
func (e *changeEvent) left() time.Time  { return orMoment(e.ended, e.committed) }

func orMoment(at, otherwise time.Time) time.Time {
	if at.IsZero() {
		return otherwise
	}
	return at
}

// over reports whether the event says that its interval has ended.
func (e *changeEvent) over() bool { return e.current.known && !e.current.value }

// touches reports whether a field changed. An update that does not say what
// changed may have changed anything.
func (e *changeEvent) touches(fields ...string) bool {
	return len(e.changed) == 0 || slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(e.changed, f) })
}
