package salesforce

import (
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Bridge names what a presence_bridge block deploys.
type Bridge struct {
	Stream string // the generic streaming channel: /u/LockstepPresence
	Events string // the event channel: LockstepPresence__chn
}

// BridgeFrom reads a presence_bridge object.
func BridgeFrom(o *schema.Object) *Bridge {
	return &Bridge{Stream: o.Text("channel"), Events: o.Text("event_channel")}
}

// A Presence is what agents of one org show, observed and set. Observing is
// server-side: change events over the Pub/Sub API, and queries. Setting goes
// through the bridge, because the vendor has no call for it.
//
// It is safe for concurrent use. What it remembers only saves calls, and tells
// whose interval an event is about; a new one finds it out again.
type Presence struct {
	conn     *Connection
	bridge   *Bridge // nil when there is none
	book     book
	statuses statusNames
	channel  channelID
}

// NewPresence makes the presence of an org; it makes no call. Bridge is nil
// when no presence_bridge is declared: then nothing can be set.
func NewPresence(c *Connection, bridge *Bridge) *Presence {
	return &Presence{conn: c, bridge: bridge, book: newBook()}
}

// Presence makes the presence side of the provider's org; see [NewPresence].
func (p *Provider) Presence(bridge *Bridge) *Presence { return NewPresence(p.conn, bridge) }

// Bridged reports whether there is a channel to consoles at all.
func (p *Presence) Bridged() bool { return p.bridge != nil }

// Calls returns how many API calls were made so far; Pub/Sub calls are none.
func (p *Presence) Calls() schema.Calls { return p.conn.Calls() }

// topic is where changes of presence are told: the bridge's own channel, which
// leaves the noise of every work item out, or else the entity's.
func (p *Presence) topic() string {
	if p.bridge != nil && p.bridge.Events != "" {
		return "/data/" + p.bridge.Events
	}
	return "/data/" + presenceEntity
}

// precision is that of the vendor's times: its database keeps whole seconds, cut
// down (VERIFIED for system fields; UNCERTAIN for StatusStartDate).
const precision = time.Second

// news begins a reading with what every reading tells.
func (p *Presence) news() schema.News {
	now := time.Now()
	return schema.News{Clock: p.conn.clock.Skew(now).Cut(precision), At: now}
}

// idOf returns an Id in its long form. One that is none is left as it is: it
// matches nobody, which is then reported by whoever looks.
func idOf(id string) string {
	if long, ok := LongID(id); ok {
		return long
	}
	return id
}
