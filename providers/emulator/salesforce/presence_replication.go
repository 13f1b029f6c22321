package salesforce

import (
	"net/http"
	"time"
)

// The replication calls of presence (VERIFIED that they exist, and answer Ids
// alone): which rows changed, and which were deleted, between two moments.
func (o *Org) replicationRoutes(mux *http.ServeMux) {
	const v = "/services/data/{version}/sobjects/" + presenceObject
	mux.HandleFunc("GET "+v+"/updated", o.rest(func(c *call) { o.replicate(c, o.updatedPresence) }))
	mux.HandleFunc("GET "+v+"/deleted", o.rest(func(c *call) { o.replicate(c, o.deletedPresence) }))
}

// A deletion is a row that is no more.
type deletion struct {
	ID   string `json:"id"`
	Date string `json:"deletedDate"`
}

// replicate reads the window that a call asks for. Seconds do not count, the
// window must last a minute, and begin in the last 30 days (recalled).
func (o *Org) replicate(c *call, answer func(from, until string) map[string]any) {
	start, err := time.Parse(time.RFC3339, c.r.FormValue("start"))
	end, endErr := time.Parse(time.RFC3339, c.r.FormValue("end"))
	if err != nil || endErr != nil {
		c.fail(&apiError{Code: "INVALID_REPLICATION_DATE", Message: "start and end must be moments such as 2026-01-02T03:04:05Z"})
		return
	}
	if o.schema.object(presenceObject) == nil { // no Omni-Channel
		c.fail(notFound())
		return
	}
	start, end = start.Truncate(time.Minute), end.Truncate(time.Minute)
	switch now := o.options.Now(); {
	case !start.Before(end):
		c.fail(&apiError{Code: "INVALID_REPLICATION_DATE", Message: "startDate before endDate is required, by a minute at least"})
	case now.Sub(start) > 30*24*time.Hour:
		c.fail(&apiError{Code: "INVALID_REPLICATION_DATE", Message: "startDate cannot be more than 30 days ago"})
	default:
		body := answer(stampOf(start), stampOf(end))
		body["latestDateCovered"] = stampOf(end)
		writeJSON(c.w, http.StatusOK, body)
	}
}

func (o *Org) updatedPresence(from, until string) map[string]any {
	ids := []string{}
	for _, r := range o.store.rows(presenceObject) {
		if stamp := r.text("SystemModstamp"); stamp >= from && stamp < until {
			ids = append(ids, r.text("Id"))
		}
	}
	return map[string]any{"ids": ids}
}

func (o *Org) deletedPresence(from, until string) map[string]any {
	gone := []deletion{}
	earliest := o.store.stamp()
	for _, d := range o.deletions {
		earliest = min(earliest, d.Date)
		if d.Date >= from && d.Date < until {
			gone = append(gone, d)
		}
	}
	return map[string]any{"deletedRecords": gone, "earliestDateAvailable": earliest}
}

// noteDeleted remembers that a row of presence was deleted, and tells it.
func (o *Org) noteDeleted(r row, by string) {
	o.deletions = append(o.deletions, deletion{ID: r.text("Id"), Date: o.store.stamp()})
	o.bus.begin()
	o.capture(presenceObject, "DELETE", by, r, nil)
}
