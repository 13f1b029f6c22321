package mirror_test

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// A browser is an agent's, with consoles in its tabs. Each has the bridge's
// component in it, which goes by the rules of the real one: a command is for one
// person, expires, is refused when its sender was succeeded or when another
// status shows than expected, and is carried out by one tab.
type browser struct {
	ahead     time.Duration // by how much its idea of Salesforce's clock is
	epoch     uint64        // the highest that any tab saw
	claims    map[string]bool
	noStorage bool // tabs cannot agree on who acts
	tabs      []*tab
}

type tab struct {
	dead   bool          // closed or crashed
	asleep bool          // the laptop's lid is down
	until  time.Duration // how long the vendor takes it for open
	inbox  []letter      // what came while it slept
}

type letter struct {
	at   time.Duration
	push schema.Push
}

const (
	claimWait   = 150 * time.Millisecond
	detached    = 60 * time.Second // until the vendor notices that nobody listens
	kept        = 40 * time.Second // what is held for a client that does not answer
	tabsAtMost  = 4
	claimsAtTop = 500
)

func (t *tab) listens() bool { return !t.dead && !t.asleep }

// open lists the tabs that the vendor takes for listening.
func (b *browser) open(now time.Duration) int {
	n := 0
	for _, t := range b.tabs {
		if t.listens() || now < t.until {
			n++
		}
	}
	return n
}

func (b *browser) alive() bool {
	for _, t := range b.tabs {
		if t.listens() {
			return true
		}
	}
	return false
}

func (p *person) openTab() {
	b := &p.browser
	live := b.tabs[:0]
	for _, t := range b.tabs {
		if !t.dead || p.w.now < t.until {
			live = append(live, t)
		}
	}
	if b.tabs = live; len(live) < tabsAtMost {
		b.tabs = append(b.tabs, &tab{})
		p.w.say(p, "opens a console tab")
	}
}

// loseTab ends a tab; the vendor notices a crash only later.
func (p *person) loseTab(crash bool) {
	for _, t := range p.browser.tabs {
		if t.dead {
			continue
		}
		t.dead = true
		if crash {
			t.until = p.w.now + detached
		}
		p.w.say(p, "a console tab is gone (crash: %t)", crash)
		break
	}
	if !p.browser.alive() && p.loggedIn(presence.Salesforce) {
		p.vanish()
	}
}

// vanish is Omni-Channel noticing that an agent's last console is gone.
func (p *person) vanish() {
	w := p.w
	w.after(w.between(20*time.Second, 90*time.Second), func() {
		if !p.browser.alive() && p.loggedIn(presence.Salesforce) {
			if !w.calm && w.chance(0.5) {
				w.sf.mute = true // nobody is told
				w.tally.reach(classSilentLogout)
			}
			w.sf.logOut(p)
			w.sf.mute = false
		}
	})
}

// closeLid puts all tabs to sleep, and CXone's client as well.
func (p *person) closeLid() {
	w := p.w
	w.say(p, "closes the laptop's lid")
	for _, t := range p.browser.tabs {
		if t.listens() {
			t.asleep, t.until = true, w.now+kept
		}
	}
	p.vanish()
	w.after(w.between(5*time.Second, 4*w.plan.pace), func() { p.openLid() })
}

func (p *person) openLid() {
	p.w.say(p, "opens the laptop's lid")
	for _, t := range p.browser.tabs {
		if !t.asleep {
			continue
		}
		t.asleep = false
		for _, l := range t.inbox {
			if p.w.now-l.at < kept && !t.dead {
				p.receive(t, l.push)
			}
		}
		t.inbox = nil
	}
}

// push is what reaches every tab of one person, or not.
func (p *person) push(command schema.Push) schema.Receipt {
	w := p.w
	live := 0
	for _, t := range p.browser.tabs {
		if !t.listens() && w.now >= t.until {
			continue
		}
		live++
		if w.under(w.weather.lossy) && w.chance(w.weather.undone) {
			continue // no console sees it
		}
		way := w.between(w.plan.vendorLatency/2, 2*w.plan.vendorLatency)
		if w.under(w.weather.lossy) && w.chance(0.1) {
			way = w.between(time.Second, 9*time.Second)
		}
		w.after(way, func() { p.receive(t, command) })
		if w.under(w.weather.lossy) && w.chance(0.05) {
			w.after(way+w.between(0, 3*time.Second), func() { p.receive(t, command) })
		}
	}
	if live > 1 {
		w.tally.reach(classTabs)
	}
	if live == 0 {
		return schema.Receipt{Result: schema.Unreachable, Detail: "no console of this user listens"}
	}
	return schema.Receipt{}
}

// receive is the component's own work in one tab.
func (p *person) receive(t *tab, c schema.Push) {
	w, b := p.w, &p.browser
	switch {
	case t.dead:
		return
	case t.asleep:
		t.inbox = append(t.inbox, letter{w.now, c})
		return
	case c.Expected == "" || c.Status == "" || c.Person != p.user:
		return // not a command
	case !c.Expires.After(p.browserTime()), c.Epoch < b.epoch:
		w.say(p, "a console refuses command %s", c.ID)
		return
	}
	b.epoch = c.Epoch
	if !b.noStorage {
		if b.claims[c.ID] {
			return // another tab's
		}
		if b.claims == nil || len(b.claims) > claimsAtTop {
			b.claims = map[string]bool{}
		}
		b.claims[c.ID] = true
	}
	w.after(claimWait+w.between(0, 100*time.Millisecond), func() { p.carryOut(t, c) })
}

// browserTime is Salesforce's time as a console has learnt it, by which commands
// expire.
func (p *person) browserTime() time.Time { return p.w.sf.clock.wall().Add(p.browser.ahead) }

func (p *person) carryOut(t *tab, c schema.Push) {
	w := p.w
	shows := p.status()
	if !t.listens() || shows == schema.Offline || shows != c.Expected || shows == c.Status ||
		!c.Expires.After(p.browserTime()) || c.Epoch < p.browser.epoch {
		w.say(p, "a console does not carry out %s: it shows %s, expects %s", c.ID, shows, c.Expected)
		return
	}
	if w.sf.denied[c.Status] {
		w.tally.reach(classAccessLost)
		return
	}
	if c.Status == schema.Offline {
		w.sf.show(p, statusValue(schema.Offline), byEngine)
		return
	}
	w.sf.show(p, statusValue(c.Status), byEngine)
}
