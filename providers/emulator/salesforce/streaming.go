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

func (o *Org) streamingRoutes(mux *http.ServeMux) {
	const push = "/services/data/{version}/sobjects/StreamingChannel/{id}/push"
	mux.HandleFunc("GET "+push, o.rest(o.listOnline))
	mux.HandleFunc("POST "+push, o.rest(o.push))
}

// pushChannel returns the channel that a call is about; nil once the call has
// been answered.
func (o *Org) pushChannel(c *call) *channel {
	held := o.store.byID("StreamingChannel", c.r.PathValue("id"))
	if held == nil {
		c.fail(notFound())
		return nil
	}
	return o.hub.channel(held.text("Name"))
}

func (o *Org) listOnline(c *call) {
	if ch := o.pushChannel(c); ch != nil {
		writeJSON(c.w, http.StatusOK, map[string]any{"OnlineUserIds": ch.online(o.options.Now()), "ChannelName": ch.name})
	}
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
	ch := o.pushChannel(c)
	if ch == nil {
		return
	}
	if len(body.Events) == 0 || len(body.Events) > maxPushEvents {
		c.fail(&apiError{Code: "INVALID_INPUT", Message: fmt.Sprintf("pushEvents must hold between 1 and %d events", maxPushEvents)})
		return
	}
	for _, event := range body.Events {
		if utf8.RuneCountInString(event.Payload) > maxPayload {
			c.fail(&apiError{Code: "STRING_TOO_LONG", Message: fmt.Sprintf("payload: data value too large (max length=%d)", maxPayload), Fields: []string{"payload"}})
			return
		}
	}
	results := make([]pushResult, len(body.Events))
	for i, event := range body.Events {
		results[i] = o.deliver(ch, event)
	}
	writeJSON(c.w, http.StatusOK, results)
}

// deliver hands an event to those it is for. One that is past the day's
// allocation reaches nobody, though the answer counts who listens (INVENTED:
// the vendor says what becomes of the client, not what the sender is told).
func (o *Org) deliver(ch *channel, event pushEvent) pushResult {
	now := o.options.Now()
	result := pushResult{Online: map[string]bool{}}
	var users []string
	for _, id := range event.UserIDs {
		if user := o.store.byID("User", id); user != nil {
			users = append(users, user.text("Id"))
			result.Online[id] = len(ch.byUser[user.text("Id")]) > 0
			continue
		}
		result.Online[id] = false
	}
	n := ch.keep(event.Payload, users, now)
	if len(event.UserIDs) == 0 {
		result.Fanout = -1
		for _, user := range ch.online(now) {
			o.fan(ch, user, n.Message)
		}
		return result
	}
	for i, id := range event.UserIDs {
		if !result.Online[id] {
			continue
		}
		reached := o.fan(ch, o.store.byID("User", event.UserIDs[i]).text("Id"), n.Message)
		result.Online[id] = reached > 0
		result.Fanout += reached
	}
	return result
}

// fan hands a message to every client of a user and returns how many there
// are.
func (o *Org) fan(ch *channel, user string, m Message) int {
	listening := ch.listening(user, o.options.Now())
	for _, l := range listening {
		o.carry(l, m)
	}
	return len(listening)
}
