// Package desk is what agents have on their screens: a browser with the
// Salesforce console in one or more tabs, Omni-Channel in it and, where it is
// deployed, the bridge that carries out Lockstep's commands; and a day's worth
// of habits.
//
// The bridge is a Go rendering of the component's JavaScript, held to the same
// scripts as that, and cheap: an idle console is a few hundred bytes and no
// goroutine. Package desk is part of the emulator. It decides nothing that
// Lockstep decides.
package desk

import (
	"fmt"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// Options say how the desks of a room behave. The zero value is good.
type Options struct {
	// Now and After are the browsers' clock; time.Now and time.AfterFunc when
	// nil.
	Now   func() time.Time
	After func(time.Duration, func())
	// Channel is the streaming channel that the bridge listens on in every
	// console. When empty, it is that of the component which is deployed to a
	// utility bar, and without one consoles have no bridge.
	Channel string
	// RowEndsAfter is how long after its last tab was lost, without a word, an
	// agent is logged out of Omni-Channel. 0 is never: what the vendor does is
	// not documented (UNCERTAIN).
	RowEndsAfter time.Duration
	// Heard is told what became of each command in each tab, for tests and
	// counts. It is called with a console locked and must not call back.
	Heard func(username, outcome string)
}

// A Room holds everybody's desks in one org. It is safe for concurrent use.
type Room struct {
	org     *salesforce.Org
	options Options

	mu       sync.Mutex
	consoles map[string]*Console // by user name
}

// NewRoom returns a room in which nobody is yet.
func NewRoom(org *salesforce.Org, options Options) *Room {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.After == nil {
		options.After = func(d time.Duration, do func()) { time.AfterFunc(d, do) }
	}
	return &Room{org: org, options: options, consoles: map[string]*Console{}}
}

// Open opens a browser for a user with the console in one tab, or returns the
// one that is open. Opening does not log in to Omni-Channel.
func (r *Room) Open(username string) (*Console, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.consoles[username]
	if c == nil {
		id := r.org.UserID(username)
		if id == "" {
			return nil, fmt.Errorf("open a console: no active user %q", username)
		}
		c = &Console{room: r, user: id, username: username}
		c.omni = omniChannel{r.org, id}
		r.consoles[username] = c
	}
	c.OpenTab()
	return c, nil
}

// Console returns a user's browser; nil where none was ever opened.
func (r *Room) Console(username string) *Console {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.consoles[username]
}

// channel is what the bridge listens on; "" where there is none.
func (r *Room) channel() string {
	if r.options.Channel != "" {
		return r.options.Channel
	}
	return r.org.UtilityChannel()
}

// Reload loads every open page anew: what was deployed since then runs, and
// what was taken away does not.
func (r *Room) Reload() {
	r.mu.Lock()
	all := make([]*Console, 0, len(r.consoles))
	for _, c := range r.consoles {
		all = append(all, c)
	}
	r.mu.Unlock()
	for _, c := range all {
		c.Reload()
	}
}
