package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// A Console is one agent's browser. Its tabs share storage and one CometD
// connection, as those of a browser do.
type Console struct {
	room           *Room
	user, username string
	omni           toolkit

	mu      sync.Mutex
	tabs    []*tab
	storage storage
	stop    func() // ends the CometD connection; nil without one
	state   string // what the component shows
	losses  int    // how often all tabs were lost

	since    time.Time // when the connection was made
	failures int       // so many times in a row it was none, or did not last
	retrying bool
}

// What the component shows.
const (
	Starting     = "Starting"
	Connected    = "Connected"
	NotConnected = "Not connected"
	Refused      = "Refused by Omni-Channel"
)

// A tab is one page of the console.
type tab struct {
	seen    float64         // the highest epoch, for a browser that keeps nothing
	ahead   []time.Duration // of this machine's is the vendor's clock, by the last messages
	detail  string          // the component's second line
	closing bool            // the component is gone, the page goes on
	dead    bool
}

// A toolkit is what the bridge calls: Omni-Channel for the console's own user.
type toolkit interface {
	// current is the status that shows; "" when logged out.
	current() string
	set(statusID string) error
	logOut() error
}

// omniChannel is the toolkit of a user of the org.
type omniChannel struct {
	org  *salesforce.Org
	user string
}

func (o omniChannel) current() string           { return o.org.PresenceByID(o.user) }
func (o omniChannel) set(statusID string) error { return o.org.SetPresenceByID(o.user, statusID) }
func (o omniChannel) logOut() error             { return o.org.LogOutPresence(o.user) }

// OpenTab opens one more tab. The first connects, when there is a bridge.
func (c *Console) OpenTab() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tabs = append(c.tabs, &tab{detail: follows})
	c.connect(c.room.channel())
}

// connect subscribes to the bridge's channel, where there is one.
func (c *Console) connect(channel string) {
	if c.stop != nil || channel == "" || len(c.tabs) == 0 {
		return
	}
	stop, err := c.room.org.Listen(c.username, channel, c.hear)
	if err != nil {
		c.lost(strings.TrimPrefix(err.Error(), "listen: "))
		return
	}
	c.stop, c.since = stop, c.room.options.Now()
	c.show(Connected, follows)
}

// show is what the component says in every tab.
func (c *Console) show(state, detail string) {
	c.state = state
	for _, t := range c.tabs {
		t.detail = detail
	}
}

// lost connects anew after a while.
func (c *Console) lost(why string) {
	c.show(NotConnected, why)
	if c.retrying {
		return
	}
	if !c.since.IsZero() && c.room.options.Now().Sub(c.since) > retryMost {
		c.failures = 0
	}
	c.since = time.Time{}
	wait := retryMost
	if c.failures < 6 { // 5 s · 2⁶ is longer
		wait = retryFirst << c.failures
	}
	c.failures++
	c.retrying = true
	c.room.options.After(wait, c.retry)
}

func (c *Console) retry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retrying = false
	c.connect(c.room.channel())
}

func (c *Console) disconnect() {
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
}

// Disconnect loses the connection without losing the tabs: nothing is heard
// until the component has connected anew.
func (c *Console) Disconnect(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disconnect()
	c.lost(why)
}

// Reload loads the page anew, as [Room.Reload] does for all.
func (c *Console) Reload() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disconnect()
	c.state = Starting
	c.connect(c.room.channel())
}

// CloseTab closes the oldest tab properly. Closing the last one logs out of
// Omni-Channel, as leaving the console does (UNCERTAIN).
func (c *Console) CloseTab() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tabs) == 0 {
		return fmt.Errorf("close a tab of %s: none is open", c.username)
	}
	c.tabs[0].dead = true
	c.tabs = c.tabs[1:]
	if len(c.tabs) > 0 {
		return nil
	}
	c.disconnect()
	return c.omni.logOut()
}

// Crash loses every tab without a word. Nothing is logged out: the org finds
// out later, or never, as the room's options say.
func (c *Console) Crash() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tabs {
		t.dead = true
	}
	c.tabs = nil
	c.disconnect()
	c.losses++
	after, loss := c.room.options.RowEndsAfter, c.losses
	if after > 0 {
		c.room.options.After(after, func() { c.missed(loss) })
	}
}

// missed logs out whose tabs have not come back since they were lost.
func (c *Console) missed(loss int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.losses == loss && len(c.tabs) == 0 {
		_ = c.omni.logOut() // of a user who was there when the console was opened
	}
}

// SetStatus is the agent choosing a status, by its developer name. It logs in
// when the agent is not.
func (c *Console) SetStatus(status string) error {
	if err := c.atScreen(); err != nil {
		return err
	}
	return c.room.org.SetPresence(c.username, status)
}

// LogOut is the agent going offline.
func (c *Console) LogOut() error {
	if err := c.atScreen(); err != nil {
		return err
	}
	return c.omni.logOut()
}

var errNoTab = errors.New("no tab is open")

// atScreen reports whether there is a page to click on.
func (c *Console) atScreen() error {
	if c.Tabs() == 0 {
		return fmt.Errorf("console of %s: %w", c.username, errNoTab)
	}
	return nil
}

// Showing is the developer name of the status that shows; "" when logged out.
func (c *Console) Showing() string { return c.room.org.Presence(c.username) }

// Tabs is how many tabs are open.
func (c *Console) Tabs() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.tabs)
}

// State is what the bridge's component shows; "" where it is not deployed.
func (c *Console) State() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// hear takes one message to every tab.
func (c *Console) hear(m salesforce.Message) {
	c.mu.Lock()
	tabs := slices.Clone(c.tabs)
	c.mu.Unlock()
	for _, t := range tabs {
		c.receive(t, m)
	}
}
