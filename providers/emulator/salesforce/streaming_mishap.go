package salesforce

import "time"

// A Mishap is what becomes of a message on its way to a client; the zero one is
// none. The sender is told that it arrived, whatever becomes of it.
type Mishap struct {
	Lose, Duplicate bool
	Reorder         bool          // it comes after the client's next one
	Delay           time.Duration // it comes so much later
}

// carry hands a listener a message that was just sent, unless something goes
// wrong on the way.
func (o *Org) carry(l *listener, m Message) {
	var mishap Mishap
	if o.options.OnMessage != nil {
		mishap = o.options.OnMessage(m.Channel, m.Payload)
	}
	switch {
	case mishap.Lose:
		return
	case mishap.Reorder:
		l.held = append(l.held, m)
		return
	case mishap.Delay > 0:
		time.AfterFunc(mishap.Delay, func() { o.handLate(l, m) })
		return
	}
	o.hand(l, m)
	if mishap.Duplicate {
		o.hand(l, m)
	}
	for _, late := range l.held {
		o.hand(l, late)
	}
	l.held = nil
}

// handLate hands over a message that was held up, if the client still listens.
func (o *Org) handLate(l *listener, m Message) {
	var due []func()
	o.locked(func() {
		if l.channels[m.Channel] {
			o.hand(l, m)
			due = o.hub.takeDue()
		}
	})
	for _, tell := range due {
		tell()
	}
}
