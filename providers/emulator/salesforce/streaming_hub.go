package salesforce

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A hub holds who listens to which channel, and what was sent on it. The
// store's lock guards it.
type hub struct {
	channels map[string]*channel
	clients  map[string]*listener // CometD's and this process's, by client id
	serial   int                  // of client ids
	spent    usage                // notifications delivered
	limits   streamingLimits      // where an org's are not its edition's
	due      []func()             // for listeners in this process, once the org is unlocked
}

func newHub() *hub {
	return &hub{channels: map[string]*channel{}, clients: map[string]*listener{}}
}

// A channel is one generic streaming channel with those who listen to it.
type channel struct {
	name   string
	serial int64
	// retained are the notifications that can still be replayed, oldest first.
	retained []notification
	byUser   map[string][]*listener
}

// A notification is one event as it was sent.
type notification struct {
	Message
	users []string // for whom it was; none is everybody
}

// A Message is what a streaming channel brings to one who listens.
type Message struct {
	Channel, Payload string
	ReplayID         int64
	Created          time.Time
}

// A listener is one CometD client of a user.
type listener struct {
	id, user string
	channels map[string]bool
	tell     func(Message) // for one in this process
	comet    *cometClient  // for one at the end of a connection
	held     []Message     // back, until the next one
}

// Generic events are kept for a day (VERIFIED); that no more than so many are
// is this emulator's own bound (INVENTED).
const (
	retention   = 24 * time.Hour
	maxRetained = 10_000
)

// streamingLimits are an org's allocations for streaming. A zero is the one of
// its edition.
type streamingLimits struct{ clients, notifications int }

// SetStreamingLimits gives the org allocations of its own, as Salesforce does
// on request: how many CometD clients may be connected at once, and how many
// notifications a day are delivered. A zero is the edition's.
func (o *Org) SetStreamingLimits(clients, notifications int) {
	o.store.Lock()
	defer o.store.Unlock()
	o.hub.limits = streamingLimits{clients, notifications}
}

// streamingLimits are those of the org's edition (VERIFIED), where it has none
// of its own.
func (o *Org) streamingLimits() streamingLimits {
	limits := streamingLimits{clients: 20, notifications: 10_000}
	switch edition, _, _ := strings.Cut(o.store.rows("Organization")[0].text("OrganizationType"), " "); edition {
	case "Performance", "Unlimited":
		limits = streamingLimits{clients: 2_000, notifications: 1_000_000}
	case "Enterprise":
		limits = streamingLimits{clients: 1_000, notifications: 200_000}
	case "Professional":
		limits = streamingLimits{clients: 20, notifications: 100_000}
	}
	if o.hub.limits.clients > 0 {
		limits.clients = o.hub.limits.clients
	}
	if o.hub.limits.notifications > 0 {
		limits.notifications = o.hub.limits.notifications
	}
	return limits
}

var (
	errTooManyClients = errors.New("403::Organization concurrent user limit exceeded")
	errDaySpent       = errors.New("403::Organization total events daily limit exceeded")
)

// Listen opens a CometD client for a user in this process, as a browser does
// for lightning:empApi, and subscribes it to a generic streaming channel. It
// refuses what the vendor refuses. tell is called with the org unlocked, by
// whoever's call brought the message, and must not wait; stop ends the client
// and can be called twice.
func (o *Org) Listen(username, channel string, tell func(Message)) (stop func(), err error) {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.activeUser(username)
	if user == nil {
		return nil, fmt.Errorf("listen: no active user %q", username)
	}
	if err := o.checkStream(channel); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l, err := o.newListener(user.text("Id"))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l.tell = tell
	o.hub.subscribe(l, channel)
	return func() {
		o.store.Lock()
		defer o.store.Unlock()
		o.hub.drop(l)
	}, nil
}

// newListener admits a client, unless the org has as many as it may.
func (o *Org) newListener(user string) (*listener, error) {
	limit := o.streamingLimits().clients
	if len(o.hub.clients) >= limit {
		o.hub.sweep(o.options.Now())
	}
	if len(o.hub.clients) >= limit {
		return nil, errTooManyClients
	}
	o.hub.serial++
	l := &listener{id: derive("cometd", o.organization(), fmt.Sprint(o.hub.serial))[:26], user: user, channels: map[string]bool{}}
	o.hub.clients[l.id] = l
	return l, nil
}

// checkStream refuses a channel that is not there (VERIFIED text).
func (o *Org) checkStream(name string) error {
	if !strings.HasPrefix(name, "/u/") || o.store.find("StreamingChannel", "Name", name) == nil {
		return fmt.Errorf("400::The channel you requested to subscribe to does not exist {%s}", name)
	}
	return nil
}

// subscribe adds a listener to a channel. It can be called twice.
func (h *hub) subscribe(l *listener, name string) {
	if l.channels[name] {
		return
	}
	l.channels[name] = true
	c := h.channel(name)
	c.byUser[l.user] = append(c.byUser[l.user], l)
}

// takeDue returns what listeners in this process are to be told.
func (h *hub) takeDue() []func() {
	due := h.due
	h.due = nil
	return due
}

func (h *hub) channel(name string) *channel {
	c := h.channels[name]
	if c == nil {
		c = &channel{name: name, byUser: map[string][]*listener{}}
		h.channels[name] = c
	}
	return c
}

// drop ends a client.
func (h *hub) drop(l *listener) {
	delete(h.clients, l.id)
	for name := range l.channels {
		h.unsubscribe(l, name)
	}
	if l.comet != nil {
		l.comet.gone = true
		l.comet.wake()
	}
}

func (h *hub) unsubscribe(l *listener, name string) {
	if !l.channels[name] {
		return
	}
	delete(l.channels, name)
	c := h.channels[name]
	c.byUser[l.user] = slices.DeleteFunc(c.byUser[l.user], func(other *listener) bool { return other == l })
	if len(c.byUser[l.user]) == 0 {
		delete(c.byUser, l.user)
	}
}

// sweep drops the clients that have been silent for too long. Nothing watches
// them: whoever asks about a client finds out.
func (h *hub) sweep(now time.Time) {
	for _, l := range h.clients {
		if !l.live(now) {
			h.drop(l)
		}
	}
}

func (l *listener) live(now time.Time) bool { return l.comet == nil || l.comet.live(now) }

// listening returns a user's live clients on a channel.
func (c *channel) listening(user string, now time.Time) []*listener {
	all := c.byUser[user]
	if !slices.ContainsFunc(all, func(l *listener) bool { return !l.live(now) }) {
		return all
	}
	var live []*listener
	for _, l := range all {
		if l.live(now) {
			live = append(live, l)
		}
	}
	return live
}

// online returns the Ids of the users who listen to a channel, sorted.
func (c *channel) online(now time.Time) []string {
	users := []string{}
	for _, user := range slices.Sorted(maps.Keys(c.byUser)) {
		if len(c.listening(user, now)) > 0 {
			users = append(users, user)
		}
	}
	return users
}

// keep gives a notification its place on the channel and forgets what has been
// kept for long enough.
func (c *channel) keep(payload string, users []string, now time.Time) notification {
	c.serial++
	n := notification{Message: Message{Channel: c.name, Payload: payload, ReplayID: c.serial, Created: now}, users: users}
	c.forget(now)
	if len(c.retained) >= maxRetained {
		c.retained = slices.Delete(c.retained, 0, maxRetained/10)
	}
	c.retained = append(c.retained, n)
	return n
}

func (c *channel) forget(now time.Time) {
	old := 0
	for old < len(c.retained) && now.Sub(c.retained[old].Created) > retention {
		old++
	}
	c.retained = slices.Delete(c.retained, 0, old)
}

// hand gives a listener a message, unless the day's notifications are spent.
func (o *Org) hand(l *listener, m Message) {
	if !o.hub.spent.spend(o.options.Now(), o.streamingLimits().notifications) {
		return
	}
	if l.comet != nil {
		l.comet.queue = append(l.comet.queue, l.comet.event(m))
		l.comet.wake()
		return
	}
	o.hub.due = append(o.hub.due, func() { l.tell(m) })
}
