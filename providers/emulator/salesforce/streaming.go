package salesforce

import (
	"fmt"
	"net/http"
	"unicode/utf8"
)

// The bounds of a push (VERIFIED, but for the number of events: UNCERTAIN, the
// vendor states none).
const (
	maxPayload    = 3000
	maxPushEvents = 200
)

// SetOnline replaces what tells whether a user has a console open that listens
// to the streaming channels. Nobody has, until it is set. It is called with the
// org locked and must not call back.
func (o *Org) SetOnline(online func(userID string) bool) {
	o.store.Lock()
	defer o.store.Unlock()
	o.online = online
}

func (o *Org) streamingRoutes(mux *http.ServeMux) {
	const push = "/services/data/{version}/sobjects/StreamingChannel/{id}/push"
	mux.HandleFunc("GET "+push, o.rest(o.listOnline))
	mux.HandleFunc("POST "+push, o.rest(o.push))
}

func (o *Org) listOnline(c *call) {
	channel := o.store.byID("StreamingChannel", c.r.PathValue("id"))
	if channel == nil {
		c.fail(notFound())
		return
	}
	users := []string{}
	for _, user := range o.store.rows("User") {
		if o.online(user.text("Id")) {
			users = append(users, user.text("Id"))
		}
	}
	writeJSON(c.w, http.StatusOK, map[string]any{"OnlineUserIds": users, "ChannelName": channel["Name"]})
}

type pushEvent struct {
	Payload string   `json:"payload"`
	UserIDs []string `json:"userIds"`
}

type pushResult struct {
	Fanout int             `json:"fanoutCount"` // -1 is a broadcast
	Online map[string]bool `json:"userOnlineStatus"`
}

// push sends events to named users, or to all when none is named.
func (o *Org) push(c *call) {
	var body struct {
		Events []pushEvent `json:"pushEvents"`
	}
	if !c.decode(&body) {
		return
	}
	if o.store.byID("StreamingChannel", c.r.PathValue("id")) == nil {
		c.fail(notFound())
		return
	}
	if len(body.Events) == 0 || len(body.Events) > maxPushEvents {
		c.fail(&apiError{Code: "INVALID_INPUT", Message: fmt.Sprintf("pushEvents must hold between 1 and %d events", maxPushEvents)})
		return
	}
	results := make([]pushResult, len(body.Events))
	for i, event := range body.Events {
		if utf8.RuneCountInString(event.Payload) > maxPayload {
			c.fail(&apiError{Code: "STRING_TOO_LONG", Message: fmt.Sprintf("payload: data value too large (max length=%d)", maxPayload), Fields: []string{"payload"}})
			return
		}
		results[i] = o.deliver(event)
	}
	writeJSON(c.w, http.StatusOK, results)
}

func (o *Org) deliver(event pushEvent) pushResult {
	result := pushResult{Online: map[string]bool{}}
	if len(event.UserIDs) == 0 {
		result.Fanout = -1
		return result
	}
	for _, id := range event.UserIDs {
		user := o.store.byID("User", id)
		online := user != nil && o.online(user.text("Id"))
		result.Online[id] = online
		if online {
			result.Fanout++
		}
	}
	return result
}
