package salesforce

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// This file is Salesforce's CometD: Bayeux over long polling, as empApi, jsforce
// and the cometd libraries speak it. WebSockets are not offered, as by the
// vendor.

const (
	// cometHold is how long the server keeps a connect without news, and
	// cometGrace how long a client may take to come back (VERIFIED).
	cometHold  = 110 * time.Second
	cometGrace = 40 * time.Second

	cometCookie = "BAYEUX_BROWSER"
	// oldestComet is the oldest version that CometD still takes (VERIFIED).
	oldestComet = 37
)

// A cometClient is what a listener at the end of a connection has beside its
// channels.
type cometClient struct {
	id, cookie string
	version    int
	queue      []message
	news       chan struct{}
	seen       time.Time // when it was last answered
	held       bool      // a connect is waiting
	connects   int       // so far; a newer connect ends an older one
	gone       bool
}

// live reports whether a client is connected, or may still come back.
func (c *cometClient) live(now time.Time) bool {
	return !c.gone && (c.held || now.Sub(c.seen) <= cometGrace)
}

func (c *cometClient) wake() {
	close(c.news)
	c.news = make(chan struct{})
}

// event is a generic event as a client gets it (VERIFIED shape).
func (c *cometClient) event(m Message) message {
	return message{
		"channel": m.Channel, "clientId": c.id,
		"data": map[string]any{
			"payload": m.Payload,
			"event":   map[string]any{"createdDate": m.Created.UTC().Format("2006-01-02T15:04:05.000Z"), "replayId": m.ReplayID},
		},
	}
}

// A message is one Bayeux message, either way.
type message map[string]any

func (m message) text(name string) string {
	s, _ := m[name].(string)
	return s
}

func isCometD(path string) bool { return path == "/cometd" || strings.HasPrefix(path, "/cometd/") }

// A cometCall is one request: messages in, replies out.
type cometCall struct {
	org      *Org
	r        *http.Request
	version  int
	messages []message
	replies  []message
	cookie   string // to be set
	waiting  *cometWait
}

// A cometWait is a connect that is not answered yet.
type cometWait struct {
	client  *listener
	request message
	number  int // which of the client's connects it is
	news    <-chan struct{}
}

// serveCometD answers one request. It waits with the org unlocked.
func (o *Org) serveCometD(w http.ResponseWriter, r *http.Request, body []byte) {
	c := &cometCall{org: o, r: r}
	if refusal := c.read(body); refusal != "" {
		http.Error(w, refusal, http.StatusBadRequest)
		return
	}
	o.locked(c.answer)
	if c.waiting != nil {
		came := c.wait()
		o.locked(func() { c.finish(came) })
		if !came {
			return // the client went away: what was queued waits for its return
		}
	}
	if c.cookie != "" {
		http.SetCookie(w, &http.Cookie{Name: cometCookie, Value: c.cookie, Path: "/", HttpOnly: true})
	}
	writeJSON(w, http.StatusOK, c.replies)
}

func (o *Org) locked(do func()) {
	o.store.Lock()
	defer o.store.Unlock()
	do()
}

// read takes the request apart and returns why it is none (VERIFIED texts).
// Libraries append a word such as /handshake to the address; it says nothing.
func (c *cometCall) read(body []byte) string {
	if c.r.Method != http.MethodPost || c.r.Header.Get("Upgrade") != "" {
		return "400::Only long polling is supported"
	}
	parts := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	if len(parts) < 2 {
		return "400::API version in the URI is mandatory. URI format: '/cometd/" + strconv.Itoa(newestVersion) + ".0'"
	}
	major, ok := strings.CutSuffix(parts[1], ".0")
	version, err := strconv.Atoi(major)
	if !ok || err != nil || version < oldestComet || version > newestVersion {
		return "400::Unsupported API version. Only API versions '" + strconv.Itoa(oldestComet) + ".0' and later are supported. URI format: '/cometd/" + strconv.Itoa(newestVersion) + ".0'"
	}
	c.version = version
	if len(body) > 0 && body[0] == '{' {
		body = append(append([]byte{'['}, body...), ']')
	}
	if err := json.Unmarshal(body, &c.messages); err != nil || len(c.messages) == 0 {
		return "400::The body is not a list of Bayeux messages"
	}
	return ""
}

// wait returns when there is something to say to the client, and false when it
// has gone.
func (c *cometCall) wait() bool {
	timer := time.NewTimer(cometHold)
	defer timer.Stop()
	select {
	case <-c.waiting.news:
	case <-timer.C:
	case <-c.r.Context().Done():
		return false
	}
	return true
}

// finish answers the connect that waited.
func (c *cometCall) finish(came bool) {
	l, wait := c.waiting.client, c.waiting
	comet := l.comet
	if comet.connects != wait.number { // a newer connect took its place
		c.reply(wait.request, message{"successful": true})
		return
	}
	comet.held, comet.seen = false, c.org.options.Now()
	switch {
	case !came:
	case comet.gone:
		c.reply(wait.request, message{"successful": true, "advice": advice("none")})
	default:
		c.deliver(l, wait.request, nil)
	}
}

// deliver answers a connect with everything that has come for its client.
func (c *cometCall) deliver(l *listener, request, with message) {
	c.replies = append(c.replies, l.comet.queue...)
	l.comet.queue = nil
	if !c.authenticated(request) {
		c.org.hub.drop(l)
		return
	}
	fields := message{"successful": true, "clientId": l.id}
	maps.Copy(fields, with)
	c.reply(request, fields)
}
