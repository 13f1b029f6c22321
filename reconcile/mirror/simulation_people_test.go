package mirror_test

import (
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// hire adds somebody: usually to both sides, under one e-mail address.
func (w *world) hire() *person {
	n := len(w.people)
	p := &person{
		w: w, n: n, agent: fmt.Sprint(1000 + n), user: fmt.Sprintf("005%015d", n), mail: fmt.Sprintf("agent%d@acme.example", n),
		active: [2]bool{true, true},
	}
	p.userMail = p.mail
	switch k := w.rng.IntN(20); {
	case k < 11:
		p.team = teamLive
	case k < 16:
		p.team = teamOther
	case k < 17:
		p.team = teamShadow
	case k < 18:
		p.team = teamNICE
	default:
		p.team = teamNone
	}
	switch {
	case w.chance(0.04):
		p.agent = ""
	case w.chance(0.04):
		p.user = ""
	case w.chance(0.04):
		p.userMail = "someone.else@acme.example"
	}
	if p.agent == "" || p.user == "" || p.userMail != p.mail {
		w.tally.reach(classUnmatched)
	}
	p.browser.ahead = w.between(-time.Second, time.Second)
	p.key = p.agent + "+" + p.user
	p.now[presence.CXone] = shown{value: stateLoggedOut, since: w.cx.clock.stamp()}
	p.now[presence.Salesforce] = shown{value: statusValue(schema.Offline), since: w.sf.clock.stamp()}
	if p.agent != "" {
		w.byID[presence.CXone][p.agent] = p
	}
	if p.user != "" {
		w.byID[presence.Salesforce][p.user] = p
	}
	w.byKey[p.key] = p
	w.people = append(w.people, p)
	p.ledger.begin()
	return p
}

// live lets somebody come to work, and do things until people stop.
func (p *person) live() {
	w := p.w
	w.after(w.between(0, w.plan.pace), func() {
		p.come()
		p.goOn()
	})
}

func (p *person) come() {
	if p.w.idle {
		return
	}
	if p.agent != "" && !p.w.chance(0.05) {
		p.w.cx.logIn(p)
	}
	if p.user != "" && !p.w.chance(0.05) {
		p.w.sf.logIn(p)
	}
}

func (p *person) goOn() {
	p.w.after(p.w.about(p.w.plan.pace), func() {
		if p.w.idle {
			return
		}
		p.act()
		p.goOn()
	})
}

// act is one thing that people do.
func (p *person) act() {
	w := p.w
	switch n := w.rng.IntN(100); {
	case n < 26:
		p.chooseState()
	case n < 52:
		p.chooseStatus()
	case n < 72:
		p.takeContact()
	case n < 77: // both sides within a moment
		p.chooseState()
		w.after(w.between(0, 4*time.Second), p.chooseStatus)
	case n < 81: // two changes before anybody can look
		w.tally.reach(classCoalescing)
		p.chooseState()
		w.after(w.between(0, time.Second), p.chooseState)
	case n < 84:
		p.dither()
	case n < 87:
		p.undo()
	case n < 90:
		p.openTabNow()
	case n < 92:
		p.loseTab(w.chance(0.5))
	case n < 94:
		p.closeLid()
	case n < 97:
		p.leave()
	default:
		p.come()
	}
}

func (p *person) chooseState() {
	if p.agent == "" || p.w.idle {
		return
	}
	v := pick(p.w, p.w.centre.settable)
	if p.w.cx.removed[v.Code] {
		v = stateAvailable
	}
	p.w.cx.choose(p, v)
}

func (p *person) chooseStatus() {
	if p.user == "" || p.w.idle {
		return
	}
	s := pick(p.w, p.w.centre.statuses)
	if s == back && !talks(p.state()) {
		p.w.tally.reach(classPrevious)
	}
	if !p.w.sf.denied[s] {
		p.w.sf.choose(p, s)
	}
}

// takeContact is a contact being routed, which only an available agent gets; an
// agent who does not answer is refused more.
func (p *person) takeContact() {
	w := p.w
	if p.agent == "" || p.state() != stateAvailable {
		p.chooseState()
		return
	}
	if w.chance(0.1) {
		w.tally.reach(classSystemState)
		w.cx.show(p, stateRefused, byPerson)
		return
	}
	w.cx.beginContact(p, pick(w, w.centre.words))
}

// dither changes Salesforce, or both sides, to and fro faster than anything can
// follow.
func (p *person) dither() {
	both, apart := p.w.chance(0.5), p.w.between(200*time.Millisecond, 3*time.Second)
	for i := range 8 + p.w.rng.IntN(20) {
		do := p.chooseStatus
		if both && i%2 == 0 {
			do = p.chooseState
		}
		p.w.after(time.Duration(i)*apart, do)
	}
}

// undo puts back what the last change of either side was not made by this person.
func (p *person) undo() {
	w := p.w
	for side := range p.now {
		before := p.shows(presence.Side(side), w.now-p.now[side].at+1)
		if p.now[side].by != byEngine || before.value == p.now[side].value || !p.loggedIn(presence.Side(side)) {
			continue
		}
		switch {
		case side == int(presence.Salesforce):
			w.sf.choose(p, before.value.Word)
		case !talks(p.state()) && before.value != stateLoggedOut && !talks(before.value):
			w.cx.choose(p, before.value)
		}
	}
}

func (p *person) openTabNow() {
	if p.user != "" {
		p.openTab()
	}
}

func (p *person) leave() {
	w := p.w
	if p.agent != "" && w.chance(0.6) {
		w.cx.logOut(p)
	}
	if p.user != "" && w.chance(0.6) && p.loggedIn(presence.Salesforce) {
		w.sf.logOut(p)
	}
	w.after(w.about(w.plan.pace), p.come)
}
