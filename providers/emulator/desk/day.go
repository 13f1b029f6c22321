package desk

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Day is agents at work: they log in on both sides, take calls, do their
// after-call work, go to lunch, change what they show on either side, lose
// their tabs and go home. What happens next follows from the seed and from
// what the two sides show, and from nothing else.
type Day struct {
	room    *Room
	cxone   *cxone.Tenant
	random  *rand.Rand
	people  []worker
	changes int
	codes   []string // that an agent may choose
	channel string   // that the bridge listened on when last looked at
}

// A worker is one agent by both user names.
type worker struct{ salesforce, cxone string }

// A Change is what somebody did.
type Change struct{ Agent, Did string }

func (c Change) String() string { return c.Agent + " " + c.Did }

// NewDay returns a day before work.
func NewDay(room *Room, t *cxone.Tenant, people []tenant.Agent, seed uint64) *Day {
	d := &Day{room: room, cxone: t, random: rand.New(rand.NewPCG(seed, 0)), channel: room.channel()}
	for _, a := range people {
		d.people = append(d.people, worker{salesforce: cmp.Or(a.Username, a.Email), cxone: a.Email})
	}
	return d
}

// Begin lets nine in ten agents come to work.
func (d *Day) Begin() error {
	for _, w := range d.people {
		if d.random.IntN(10) == 0 {
			continue
		}
		if _, err := d.arrive(w); err != nil {
			return fmt.Errorf("begin the day: %w", err)
		}
	}
	return nil
}

// Run makes so many changes a second until the context ends, and tells of each,
// where tell is not nil. A change can fail, because others change things too:
// who ends a contact may find it ended. The day goes on.
func (d *Day) Run(ctx context.Context, rate float64, tell func(Change, error)) {
	const tick = 10 * time.Millisecond
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for due := 0.0; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for due += rate * tick.Seconds(); due >= 1; due-- {
			change, err := d.Change()
			if tell != nil {
				tell(change, err)
			}
		}
	}
}

// lookEvery is after how many changes the day looks at what was deployed.
const lookEvery = 64

// Change lets one agent do one thing, and says what, done or not.
func (d *Day) Change() (Change, error) {
	if d.changes%lookEvery == 0 {
		d.look()
	}
	d.changes++
	w := d.people[d.random.IntN(len(d.people))]
	did, err := d.act(w)
	if err != nil {
		err = fmt.Errorf("%s %s: %w", w.cxone, did, err)
	}
	return Change{Agent: w.cxone, Did: did}, err
}

// look learns which codes there are, and has the pages loaded anew once there
// is another bridge: agents do so when they are told to.
func (d *Day) look() {
	d.codes = d.codes[:0]
	for _, c := range d.cxone.Codes() {
		if c.Active && !c.ACW && len(c.Teams) > 0 {
			d.codes = append(d.codes, c.Name)
		}
	}
	if channel := d.room.channel(); channel != d.channel {
		d.channel = channel
		d.room.Reload()
	}
}

// act is what an agent does next, given what both sides show.
func (d *Day) act(w worker) (string, error) {
	shown := d.cxone.Presence(w.cxone)
	switch {
	case shown.State == schema.StateLoggedOut:
		return d.arrive(w)
	case shown.ACW:
		return "ends after-call work", d.cxone.EndAfterCallWork(w.cxone)
	case schema.IsContactState(shown.State):
		return "ends a contact", d.cxone.EndContact(w.cxone)
	}
	console := d.room.Console(w.salesforce)
	if console == nil || console.Tabs() == 0 {
		_, err := d.room.Open(w.salesforce)
		return "opens the console again", err
	}
	return d.choose(w, console, shown.State)
}

// choose is what an agent does who sits at a desk and is not busy.
func (d *Day) choose(w worker, c *Console, state string) (string, error) {
	switch p := d.random.IntN(100); {
	case p < 40:
		return "takes a contact", d.cxone.BeginContact(w.cxone, cxone.Contact{AfterCallWork: d.random.IntN(2) == 0})
	case p < 65:
		return d.chooseCode(w, state)
	case p < 85:
		return d.chooseStatus(w, c)
	case p < 88 && state == schema.StateAvailable:
		return "lets a contact ring", d.cxone.RefuseContact(w.cxone)
	case p < 91:
		c.OpenTab()
		return "opens a tab", nil
	case p < 94:
		c.Crash()
		return "loses all tabs", nil
	case p < 96 && c.Tabs() > 1:
		return "closes a tab", c.CloseTab()
	case p < 98:
		return "goes offline in Salesforce", c.LogOut()
	}
	return "goes home", d.leave(w, c)
}

func (d *Day) chooseCode(w worker, state string) (string, error) {
	if state != schema.StateAvailable || len(d.codes) == 0 {
		return "is available", d.cxone.SetPresence(w.cxone, schema.StateAvailable, "")
	}
	code := d.codes[d.random.IntN(len(d.codes))]
	return "is unavailable: " + code, d.cxone.SetPresence(w.cxone, schema.StateUnavailable, code)
}

func (d *Day) chooseStatus(w worker, c *Console) (string, error) {
	statuses := d.room.org.Statuses(w.salesforce)
	if len(statuses) == 0 {
		return "has no status to choose", nil
	}
	status := statuses[d.random.IntN(len(statuses))]
	return "shows " + status, c.SetStatus(status)
}

// arrive logs an agent in on both sides.
func (d *Day) arrive(w worker) (did string, err error) {
	const comes = "comes to work"
	c := d.room.Console(w.salesforce)
	if c == nil || c.Tabs() == 0 {
		if c, err = d.room.Open(w.salesforce); err != nil {
			return comes, err
		}
	}
	if err := d.cxone.SetPresence(w.cxone, schema.StateAvailable, ""); err != nil {
		return comes, err
	}
	did, err = d.chooseStatus(w, c)
	return comes + ", and " + did, err
}

// leave logs an agent out on both sides and closes the browser.
func (d *Day) leave(w worker, c *Console) error {
	for c.Tabs() > 0 {
		if err := c.CloseTab(); err != nil {
			return err
		}
	}
	return d.cxone.SetPresence(w.cxone, schema.StateLoggedOut, "")
}
