package salesforce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The API versions: 67.0 is released, 68.0 in preview and so not there; those
// up to 30.0 are retired.
const (
	newestVersion  = 67
	retiredVersion = 30
	oldestVersion  = 20 // ever listed by the vendor
)

// A call is one authenticated REST call.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	session *session
	version int // 67 of v67.0
}

// An apiError is one line of a REST refusal.
type apiError struct {
	Message string   `json:"message"`
	Code    string   `json:"errorCode"`
	Fields  []string `json:"fields,omitempty"`

	status int // HTTP's, 400 when zero
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// notFound is how the API says that there is nothing at an address.
func notFound() *apiError {
	return &apiError{Message: "The requested resource does not exist", Code: "NOT_FOUND", status: http.StatusNotFound}
}

func (o *Org) restRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /services/data", o.versions)
	const v = "/services/data/{version}"
	mux.HandleFunc("GET "+v, o.rest(o.resources))
	mux.HandleFunc(v+"/{rest...}", o.rest(func(c *call) { c.fail(notFound()) }))
	mux.HandleFunc("GET "+v+"/limits", o.rest(o.limits))
	o.queryRoutes(mux)
	o.sobjectRoutes(mux)
	o.replicationRoutes(mux)
	o.compositeRoutes(mux)
	o.streamingRoutes(mux)
	o.credentialRoutes(mux)
}

// rest wraps a handler of the data API: version, sign-in, allocation. The
// handler runs with the store locked.
func (o *Org) rest(handle func(*call)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r}
		if err := c.readVersion(); err != nil {
			c.fail(err)
			return
		}
		session, ok := o.bearer(r)
		if !ok {
			c.fail(&apiError{Message: "Session expired or invalid", Code: "INVALID_SESSION_ID", status: http.StatusUnauthorized})
			return
		}
		c.session = session
		if o.nested == 0 && !o.usage.spend(o.options.Now(), o.allocation()) {
			c.fail(&apiError{Message: "TotalRequests Limit exceeded.", Code: "REQUEST_LIMIT_EXCEEDED", status: http.StatusForbidden})
			return
		}
		w.Header().Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", o.usage.total(o.options.Now()), o.allocation()))
		handle(c)
	}
}

func (c *call) readVersion() *apiError {
	text, found := strings.CutPrefix(c.r.PathValue("version"), "v")
	major, isMajor := strings.CutSuffix(text, ".0")
	n, err := strconv.Atoi(major)
	if !found || !isMajor || err != nil || n < 1 || n > newestVersion {
		return notFound()
	}
	if n <= retiredVersion {
		return &apiError{Message: "API version " + text + " is retired", Code: "UNSUPPORTED_API_VERSION", status: http.StatusGone}
	}
	c.version = n
	return nil
}

// base is the path that this call's version of the API lives under.
func (c *call) base() string { return fmt.Sprintf("/services/data/v%d.0", c.version) }

// fail answers with a refusal, which is an array even for one error.
func (c *call) fail(errs ...*apiError) {
	status := errs[0].status
	if status == 0 {
		status = http.StatusBadRequest
	}
	writeJSON(c.w, status, errs)
}

// decode reads the body as JSON; it answers the call itself when it cannot.
func (c *call) decode(into any) bool {
	decoder := json.NewDecoder(c.r.Body)
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		c.fail(&apiError{Message: "Unexpected content: " + err.Error(), Code: "JSON_PARSER_ERROR"})
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // into memory
}

// versions needs no sign-in.
func (o *Org) versions(w http.ResponseWriter, _ *http.Request) {
	seasons := [...]string{"Summer", "Spring", "Winter"} // back from 67.0, Summer '26
	var list []map[string]string
	for v := retiredVersion + 1; v <= newestVersion; v++ {
		back := newestVersion - v
		list = append(list, map[string]string{
			"label":   fmt.Sprintf("%s '%02d", seasons[back%3], 26-back/3),
			"url":     fmt.Sprintf("/services/data/v%d.0", v),
			"version": fmt.Sprintf("%d.0", v),
		})
	}
	writeJSON(w, http.StatusOK, list)
}

func (o *Org) resources(c *call) {
	list := map[string]string{}
	for _, name := range []string{"sobjects", "query", "queryAll", "limits", "tooling", "composite", "metadata", "apps"} {
		list[name] = c.base() + "/" + name
	}
	writeJSON(c.w, http.StatusOK, list)
}

// allocation is how many calls the org may get in 24 hours: 100,000 and 1,000
// a user in Enterprise Edition (SECONDARY), unless the tenant says.
func (o *Org) allocation() int {
	if n := o.tenant.Salesforce.DailyAPIRequests; n > 0 {
		return n
	}
	return 100_000 + 1_000*len(o.store.rows("User"))
}

// limits shows the allocations that the sync lives on: those of Enterprise
// Edition, but for streaming, which are those of the org's own.
func (o *Org) limits(c *call) {
	type limit struct{ Max, Remaining int }
	full := func(n int) limit { return limit{n, n} }
	daily, streaming := o.allocation(), o.streamingLimits()
	delivered := o.hub.spent.total(o.options.Now())
	writeJSON(c.w, http.StatusOK, map[string]limit{
		"DailyApiRequests":              {daily, max(0, daily-o.usage.total(o.options.Now()))},
		"StreamingApiConcurrentClients": {streaming.clients, max(0, streaming.clients-len(o.hub.clients))},
		"DailyStreamingApiEvents":       {streaming.notifications, max(0, streaming.notifications-delivered)},
		"DailyDeliveredPlatformEvents":  {o.deliveries(), o.deliveriesLeft()},
		"HourlyPublishedPlatformEvents": full(50_000),
		"DataStorageMB":                 full(10_240),
	})
}

// usage counts calls over the last 24 hours, by the hour.
type usage struct {
	hours  [24]int
	stamps [24]int64 // the hour, since 1970, that a slot counts
}

// spend counts one call, unless the allocation is used up.
func (u *usage) spend(now time.Time, allocation int) bool {
	if u.total(now) >= allocation {
		return false
	}
	hour := now.Unix() / 3600
	slot := hour % 24
	if u.stamps[slot] != hour {
		u.stamps[slot], u.hours[slot] = hour, 0
	}
	u.hours[slot]++
	return true
}

func (u *usage) total(now time.Time) int {
	hour, total := now.Unix()/3600, 0
	for slot, stamp := range u.stamps {
		if hour-stamp < 24 {
			total += u.hours[slot]
		}
	}
	return total
}
