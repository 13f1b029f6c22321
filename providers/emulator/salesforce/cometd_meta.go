package salesforce

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// answer replies to every message, in order. Only a connect that is alone may
// wait, as in CometD's own server.
func (c *cometCall) answer() {
	for _, m := range c.messages {
		switch m.text("channel") {
		case "/meta/handshake":
			c.handshake(m)
		case "/meta/connect":
			c.connect(m)
		case "/meta/subscribe":
			c.subscribe(m)
		case "/meta/unsubscribe":
			c.unsubscribe(m)
		case "/meta/disconnect":
			c.disconnect(m)
		default: // generic channels take events over REST only
			c.refuse(m, errors.New("403::Publishing is not supported"), nil)
		}
	}
}

// reply adds the reply to a message.
func (c *cometCall) reply(to, fields message) {
	r := message{"channel": to["channel"]}
	if id, ok := to["id"]; ok {
		r["id"] = id
	}
	maps.Copy(r, fields)
	c.replies = append(c.replies, r)
}

func (c *cometCall) refuse(to message, why error, advice message) {
	fields := message{"successful": false, "error": why.Error()}
	if advice != nil {
		fields["advice"] = advice
	}
	if id := to.text("clientId"); id != "" {
		fields["clientId"] = id
	}
	if subscription, ok := to["subscription"]; ok {
		fields["subscription"] = subscription
	}
	c.reply(to, fields)
}

func advice(reconnect string) message { return message{"reconnect": reconnect, "interval": 0} }

// session is whom the request speaks for. The scheme is OAuth; Bearer is not
// taken here (SECONDARY).
func (c *cometCall) session() (*session, error) {
	scheme, token, found := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !found {
		return nil, errors.New("401::Request requires authentication")
	}
	s, ok := c.org.session(token)
	if !ok || !strings.EqualFold(scheme, "OAuth") {
		return nil, errors.New("401::Authentication invalid")
	}
	return s, nil
}

// authenticated refuses a message whose sender may not speak any more.
func (c *cometCall) authenticated(m message) bool {
	_, err := c.session()
	if err != nil {
		c.refuse(m, err, advice("none"))
	}
	return err == nil
}

// handshake admits a client. What went wrong is nested, as the vendor does.
func (c *cometCall) handshake(m message) {
	l, err := c.admit(m)
	if err != nil {
		c.reply(m, message{
			"successful": false, "error": "403::Handshake denied", "advice": message{"reconnect": "none"},
			"ext": message{"sfdc": message{"failureReason": err.Error()}, "replay": true},
		})
		return
	}
	c.reply(m, message{
		"successful": true, "clientId": l.id, "version": "1.0", "minimumVersion": "1.0",
		"supportedConnectionTypes": []string{longPolling},
		"ext":                      message{"replay": true, "payload.format": true},
	})
}

const longPolling = "long-polling"

func (c *cometCall) admit(m message) (*listener, error) {
	s, err := c.session()
	if err != nil {
		return nil, err
	}
	if types, ok := m["supportedConnectionTypes"].([]any); !ok || !slices.Contains(types, any(longPolling)) {
		return nil, fmt.Errorf("400::Invalid connection type {%v}", m["supportedConnectionTypes"])
	}
	if c.daySpent() {
		return nil, errDaySpent
	}
	l, err := c.org.newListener(s.userID)
	if err != nil {
		return nil, err
	}
	// The cookie ties the client to the server that knows it. A browser that
	// has one keeps it.
	cookie := derive("browser", l.id)[:24]
	if held, err := c.r.Cookie(cometCookie); err == nil && held.Value != "" {
		cookie = held.Value
	}
	c.cookie = cookie
	l.comet = &cometClient{id: l.id, cookie: cookie, version: c.version, news: make(chan struct{}), seen: c.org.options.Now()}
	return l, nil
}

func (c *cometCall) daySpent() bool {
	return c.org.hub.spent.total(c.org.options.Now()) >= c.org.streamingLimits().notifications
}

// client returns the sender of a message; nil once it has been refused. Who
// comes too late, or without the cookie as it was, is not known.
func (c *cometCall) client(m message) *listener {
	if !c.authenticated(m) {
		return nil
	}
	l := c.org.hub.clients[m.text("clientId")]
	now := c.org.options.Now()
	switch {
	case l == nil || l.comet == nil:
		l = nil
	case !l.comet.live(now):
		c.org.hub.drop(l)
		l = nil
	case !c.hasCookie(l.comet.cookie):
		l = nil
	}
	if l == nil {
		c.refuse(m, errors.New("403::Unknown client"), advice("handshake"))
		return nil
	}
	l.comet.seen = now
	return l
}

// hasCookie reports whether the request came with the cookie. One that was
// made in the same request's handshake need not have come.
func (c *cometCall) hasCookie(value string) bool {
	return c.cookie == value || slices.ContainsFunc(c.r.Cookies(), func(k *http.Cookie) bool { return k.Name == cometCookie && k.Value == value })
}

// connect answers at once when there is something to say: news, the advice of
// a first connect, or a client that asks not to wait.
func (c *cometCall) connect(m message) {
	l := c.client(m)
	if l == nil {
		return
	}
	if kind := m.text("connectionType"); kind != longPolling {
		c.refuse(m, fmt.Errorf("400::Invalid connection type %s", kind), nil)
		return
	}
	if len(l.comet.queue) == 0 && c.daySpent() {
		c.refuse(m, errDaySpent, advice("none")) // the advice is UNCERTAIN
		return
	}
	l.comet.connects++
	if l.comet.held {
		l.comet.held = false
		l.comet.wake()
	}
	switch wanted, _ := m["advice"].(map[string]any); {
	case l.comet.connects == 1:
		c.deliver(l, m, message{"advice": message{"reconnect": "retry", "interval": 0, "timeout": int(cometHold.Milliseconds())}})
	case len(l.comet.queue) > 0 || len(c.messages) > 1 || wanted["timeout"] == 0.0:
		c.deliver(l, m, nil)
	default:
		l.comet.held = true
		c.waiting = &cometWait{client: l, request: m, number: l.comet.connects, news: l.comet.news}
	}
}

// subscriptions are the channels that a message names: one, or a list.
func subscriptions(m message) []string {
	switch v := m["subscription"].(type) {
	case string:
		return []string{v}
	case []any:
		var names []string
		for _, name := range v {
			names = append(names, fmt.Sprint(name))
		}
		return names
	}
	return nil
}

func (c *cometCall) subscribe(m message) {
	l := c.client(m)
	if l == nil {
		return
	}
	names := subscriptions(m)
	if len(names) == 0 {
		c.refuse(m, errors.New("400::Channel name not specified"), nil)
		return
	}
	for _, name := range names {
		if err := c.listen(l, m, name); err != nil {
			c.refuse(m, err, nil)
			return
		}
	}
	c.reply(m, message{"successful": true, "clientId": l.id, "subscription": m["subscription"]})
}

// listen subscribes a client, and replays what it asks for: -1 nothing, -2
// everything that is kept, else what came after an event (VERIFIED texts).
func (c *cometCall) listen(l *listener, m message, name string) error {
	if !strings.HasPrefix(name, "/") {
		return errors.New("400::Channel subscriptions must start with a leading '/'")
	}
	from, err := replayFrom(m, name)
	if err != nil {
		return err
	}
	if err := c.org.checkStream(name); err != nil {
		return err
	}
	var missed []notification
	if from != newOnly {
		if missed, err = c.org.missed(name, from); err != nil {
			return err
		}
	}
	c.org.hub.subscribe(l, name)
	for _, n := range missed {
		if len(n.users) == 0 || slices.Contains(n.users, l.user) {
			c.org.hand(l, n.Message)
		}
	}
	return nil
}

const (
	newOnly = -1
	allKept = -2
)

// replayFrom reads the message's replay extension; without one there is no
// replay, but one that leaves the channel out is an error.
func replayFrom(m message, name string) (int64, error) {
	ext, _ := m["ext"].(map[string]any)
	replay, ok := ext["replay"].(map[string]any)
	if !ok {
		return newOnly, nil
	}
	from, ok := replay[name].(float64)
	if !ok {
		//nolint:staticcheck // the sentence is the vendor's
		return 0, fmt.Errorf("400::The replayId for channel {%s} wasn't found using the provided replay ID map {%v}. "+
			"Ensure that the channel name you provided in the replay map is valid and matches the channel name used for subscribing.", name, replay)
	}
	return int64(from), nil
}

// missed returns what was sent on a channel after an event that is kept.
func (o *Org) missed(name string, from int64) ([]notification, error) {
	c := o.hub.channel(name)
	c.forget(o.options.Now())
	if from == allKept {
		return c.retained, nil
	}
	first := c.serial + 1
	if len(c.retained) > 0 {
		first = c.retained[0].ReplayID
	}
	if from < first-1 || from > c.serial {
		//nolint:staticcheck // the sentence is the vendor's
		return nil, fmt.Errorf("400::The replayId {%d} you provided was invalid. Please provide a valid ID, -2 to replay all events, or -1 to replay only new events.", from)
	}
	return c.retained[from-first+1:], nil
}

func (c *cometCall) unsubscribe(m message) {
	l := c.client(m)
	if l == nil {
		return
	}
	for _, name := range subscriptions(m) {
		c.org.hub.unsubscribe(l, name)
	}
	c.reply(m, message{"successful": true, "clientId": l.id, "subscription": m["subscription"]})
}

func (c *cometCall) disconnect(m message) {
	if l := c.client(m); l != nil {
		c.org.hub.drop(l)
		c.reply(m, message{"successful": true, "clientId": l.id})
	}
}
