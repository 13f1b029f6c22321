package salesforce

import (
	"context"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// A digest makes one reading out of the events of one or more messages.
type digest struct {
	*Presence
	news    schema.News
	unknown []string // records whose person is to be asked for
}

// take adds one event. An event that cannot be read is one that was missed: to
// stop at it would be to stop for good.
func (d *digest) take(ctx context.Context, s *eventSchema, payload []byte) error {
	d.news.Deliveries++
	if s.foreign {
		return nil
	}
	e, err := s.decode(payload)
	if err != nil {
		d.conn.options.Log.WarnContext(ctx, "a change of presence cannot be read, so everybody is looked at", "error", err)
		d.news.Gap = true
		return nil
	}
	switch e.kind {
	case "CREATE":
		return d.began(ctx, e)
	case "UPDATE":
		d.updated(e)
	case "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE":
		// Deleting intervals is allowed, and whether it logs somebody out is
		// UNCERTAIN.
		d.doubtRecords(e)
	default: // GAP_OVERFLOW, and what nobody knows yet
		d.news.Gap = true
	}
	return nil
}

// began takes in a login or a change to a new status.
func (d *digest) began(ctx context.Context, e *changeEvent) error {
	if e.user == "" || e.status == "" {
		d.doubtRecords(e)
		return nil
	}
	user, since := idOf(e.user), e.began()
	current := false
	for _, record := range e.records {
		current = d.book.begin(user, record, since)
	}
	if !current {
		return nil // late, or told twice
	}
	if e.over() {
		d.doubt(user) // over before it was told
		return nil
	}
	status, err := d.statuses.name(ctx, d.conn, e.status)
	if err != nil {
		return err
	}
	if status == "" {
		d.doubt(user) // a query knows the name of a status that is gone
		return nil
	}
	d.news.Sightings = append(d.news.Sightings, schema.Sighting{Person: user, Status: status, Since: since})
	d.news.Doubt = slices.DeleteFunc(d.news.Doubt, func(other string) bool { return other == user })
	return nil
}

// updated takes in the end of an interval. A change of status ends one and
// begins another at once; a logout ends one, and nothing follows (VERIFIED). So
// the person is in doubt until something does. Everything else that changes
// with every work item is noise.
func (d *digest) updated(e *changeEvent) {
	if !e.touches("IsCurrentState", "ServicePresenceStatusId", "UserId") {
		return
	}
	for _, record := range e.records {
		if !e.over() {
			d.doubtRecord(record, e)
			continue
		}
		switch user, last := d.book.end(record, e.left()); {
		case user == "":
			d.doubtRecord(record, e)
		case last:
			d.doubt(user)
		}
	}
}

// doubtRecords puts those in doubt whose records an event names.
func (d *digest) doubtRecords(e *changeEvent) {
	for _, record := range e.records {
		d.doubtRecord(record, e)
	}
	if len(e.records) == 0 {
		d.news.Gap = true
	}
}

func (d *digest) doubtRecord(record string, e *changeEvent) {
	switch user := d.book.owner(record); {
	case user != "":
		d.doubt(user)
	case e.user != "": // a channel can be made to tell it (enriched fields)
		d.doubt(idOf(e.user))
	default:
		d.unknown = append(d.unknown, record)
	}
}

func (d *digest) doubt(user string) {
	if !slices.Contains(d.news.Doubt, user) {
		d.news.Doubt = append(d.news.Doubt, user)
	}
}

// resolve finds out whose the unknown records are, in one query. What stays
// unknown, or cannot be asked for, may be anybody's.
func (d *digest) resolve(ctx context.Context) {
	if len(d.unknown) == 0 {
		return
	}
	slices.Sort(d.unknown)
	records := slices.Compact(d.unknown)
	rows, err := queryIn[struct {
		ID              string `json:"Id"`
		UserID          string `json:"UserId"`
		StatusStartDate string
	}](ctx, d.conn, "SELECT Id, UserId, StatusStartDate FROM UserServicePresence WHERE Id IN (%s)", records)
	if err != nil || len(rows) < len(records) {
		d.news.Gap = true
	}
	for _, row := range rows {
		user := idOf(row.UserID)
		if since, err := time.Parse(datetime, row.StatusStartDate); err == nil {
			d.book.holds(user, idOf(row.ID), since.Truncate(precision).UTC())
		}
		d.doubt(user)
	}
}
