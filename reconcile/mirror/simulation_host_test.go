package mirror_test

import (
	"context"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A host is one replica: the driver of an engine under virtual time. It can be
// killed between any two requests, paused, and cut off from the store.
type host struct {
	w      *world
	name   string
	clock  clock
	life   int // counts processes
	alive  bool
	engine *mirror.Engine
	ticks  int
	due    time.Duration
	ticked bool

	paused   bool
	backlog  []func()
	cut      time.Duration // until when the store cannot be reached
	doomed   int           // requests until the process is killed; 0 for never
	draining bool

	sub  *subscription
	book book
	skew estimate // of Salesforce's clock, as last read

	set    mirror.Settings
	ruled  []ruling // the rules that were in force, the latest last
	turn   uint64   // of the lease; 0 without one
	lease  store.Lease
	ends   time.Time // the lease, as it was last told
	day    string    // of spent, on the host's own clock
	spent  int       // calls to Salesforce
	events int       // deliveries

	given           mirror.Settings // what the engine goes by
	coming, is, was map[*person]identity
	polling         uint64   // the turn whose poll is under way
	booked          []string // whom NICE serves itself, as it was told
	control         int64    // the version of operators' orders that it knows
	stopFile        string
	alone           [2]time.Duration // until when a side has asked to be left alone
	halted          bool             // it has said that nobody is moved
	stood           time.Duration    // when it last stood still
}

func newHost(w *world, name string) *host {
	return &host{w: w, name: name, clock: clock{w: w, ahead: w.between(-time.Second, time.Second)}}
}

func (h *host) now() time.Time { return h.clock.reading() }

// start begins a process.
func (h *host) start() {
	h.life++
	h.alive, h.paused, h.backlog, h.doomed, h.draining = true, false, nil, 0, false
	h.sub, h.book, h.turn, h.lease, h.ticked = nil, book{}, 0, store.Lease{}, false
	h.set = h.w.centre.settings(h)
	h.given, h.coming, h.is, h.was = h.set, nil, nil, nil
	h.polling, h.booked, h.control, h.stopFile = 0, nil, 0, ""
	h.alone, h.halted = [2]time.Duration{}, false
	h.ruled = []ruling{{at: h.w.now, set: h.w.centre.version}}
	h.skew = estimate{Skew: schema.Skew{Uncertainty: time.Minute}, reading: h.clock.ahead}
	h.engine = mirror.New(h.set)
	h.w.say(nil, "replica %s starts", h.name)
	h.handle(mirror.Tick{})
}

// kill ends the process. What is on the wire stays there.
func (h *host) kill() {
	if !h.alive {
		return
	}
	h.w.say(nil, "replica %s is killed", h.name)
	h.end()
}

func (h *host) end() {
	w := h.w
	h.alive = false
	h.life++
	if h.sub != nil {
		h.sub.over = true
	}
	w.check.ended(h)
	if w.restarts {
		w.after(w.between(200*time.Millisecond, 5*time.Second), func() {
			if !h.alive {
				h.start()
			}
		})
	}
}

func (h *host) pause(lasts time.Duration) {
	if !h.alive || h.paused {
		return
	}
	h.w.say(nil, "replica %s stands still", h.name)
	h.paused = true
	life := h.life
	h.w.after(lasts, func() {
		if h.life != life {
			return
		}
		h.w.say(nil, "replica %s goes on", h.name)
		if h.turn != 0 && h.w.store.lease.Epoch != h.lease.Epoch {
			h.w.tally.reach(classSplitBrain)
		}
		h.paused, h.stood = false, h.w.now
		backlog := h.backlog
		h.backlog = nil
		for _, do := range backlog {
			if h.life == life {
				do()
			}
		}
	})
}

// deliver hands an event to the process that waits for it.
func (h *host) deliver(life int, e mirror.Event) {
	switch {
	case !h.alive || h.life != life:
	case h.paused:
		h.backlog = append(h.backlog, func() { h.handle(e) })
	default:
		h.handle(e)
	}
}

func (h *host) handle(e mirror.Event) {
	h.w.check.heard(h, e)
	life := h.life
	for _, r := range h.engine.Handle(h.now(), e) {
		if h.doomed > 0 {
			if h.doomed--; h.doomed == 0 {
				h.kill()
			}
		}
		if h.life != life {
			return
		}
		h.carry(r)
	}
	if h.life == life {
		h.setTimer()
	}
}

func (h *host) setTimer() {
	next := h.engine.Next()
	if next.IsZero() {
		h.ticks++
		h.ticked = false
		return
	}
	at := h.w.now + max(next.Sub(h.now()), 0)
	if h.ticked && h.due == at {
		return
	}
	h.ticks++
	h.ticked, h.due = true, at
	tick, life := h.ticks, h.life
	h.w.queue.push(at, func() {
		if h.life == life && h.ticks == tick {
			h.ticked = false
			h.deliver(life, mirror.Tick{})
		}
	})
}

// carry carries a request out. The process may stand still before a worker gets
// to it, which is what [mirror.SetState.Before] is for.
func (h *host) carry(r mirror.Request) {
	h.notice(r)
	switch r := r.(type) {
	case mirror.Acquire, mirror.Renew, mirror.Release, mirror.Recall, mirror.ReadControl, mirror.Commit, mirror.Erase:
		h.carryStore(r)
	case mirror.Watch:
		h.w.sf.watch(h, r)
	case mirror.More:
		if h.sub != nil && h.sub.watch == r.Watch {
			h.sub.more()
		}
	case mirror.Unwatch:
		if h.sub != nil && h.sub.watch == r.Watch {
			h.sub.cancel()
		}
	case mirror.Tell:
		h.w.say(nil, "replica %s tells: %s %s", h.name, r.Notice.Kind, r.Notice.Text)
		if r.Notice.Kind == "halt" {
			h.halted = !r.Notice.Over
		}
	case mirror.Finish:
		h.w.say(nil, "replica %s ends: %v", h.name, r.Err)
		h.end()
	case mirror.SetState, mirror.Push:
		h.carryWrite(r)
	default:
		h.carryRead(r)
	}
}

// notice keeps track of whether the engine has the lease.
func (h *host) notice(r mirror.Request) {
	switch r := r.(type) {
	case mirror.Acquire: // what was known before counts for nothing
		h.turn, h.alone, h.halted = 0, [2]time.Duration{}, false
	case mirror.Poll:
		h.turn = r.Turn
	case mirror.Sweep:
		h.turn = r.Turn
	case mirror.ReadControl:
		h.turn = r.Turn
	}
}

// A way is how one call fares.
type way struct {
	there, back time.Duration
	lost, mute  bool  // the call, or only its answer
	err         error // instead of being carried out
}

// call makes a call: do happens at the other end, and its answer comes, or what
// fail makes of an error does when the time-out is over.
func (h *host) call(timeout time.Duration, by way, do func() mirror.Event, fail func(error) mirror.Event) {
	w, life := h.w, h.life
	late := by.lost || by.mute || by.there+by.back > timeout
	if late {
		w.unheard(timeout)
		w.after(timeout, func() { h.deliver(life, fail(context.DeadlineExceeded)) })
	}
	if by.lost {
		return
	}
	w.after(by.there, func() {
		var answer mirror.Event
		if by.err == nil {
			answer = do()
		} else {
			answer = fail(by.err)
		}
		if late {
			w.tally.reach(classUnknown)
			return
		}
		w.after(by.back, func() { h.deliver(life, answer) })
	})
}

// roughly is the usual way to a server, and back, with what the weather does.
func (w *world) roughly(latency time.Duration) way {
	by := way{there: w.between(latency/4, latency/2), back: w.between(latency/4, latency/2)}
	if !w.under(w.weather.lossy) {
		return by
	}
	switch f := &w.weather; {
	case w.chance(f.lose):
		by.lost = true
	case w.chance(f.lose):
		by.mute = true
	case w.chance(f.slow):
		by.there += w.between(0, 4*time.Second)
		by.back += w.between(0, 4*time.Second)
	case w.chance(f.fail):
		by.err = errVendor
	}
	return by
}

func (h *host) wayToStore() way {
	w := h.w
	by := w.roughly(4 * time.Millisecond)
	if by.err != nil {
		by.err = errStore
	}
	switch {
	case w.under(w.weather.storeDown), w.under(h.cut):
		by.err = errStore
		if w.chance(0.3) {
			by.lost = true
		}
	case w.under(w.weather.storeSlow):
		by.there += w.between(0, 3*time.Second)
		by.back += w.between(0, 3*time.Second)
	}
	return by
}

func (h *host) carryStore(r mirror.Request) {
	s, ctx := h.w.store, context.Background()
	switch r := r.(type) {
	case mirror.Acquire:
		asked := h.now()
		h.call(r.Timeout, h.wayToStore(), func() mirror.Event {
			l, err := s.Acquire(ctx, r.Name, r.Owner, r.TTL)
			if err == nil {
				l.Until = asked.Add(r.TTL)
			} else {
				l.Until = h.now().Add(s.until - h.w.now)
			}
			return mirror.Leased{Lease: l, Err: err}
		}, func(err error) mirror.Event { return mirror.Leased{Err: err} })
	case mirror.Renew:
		asked := h.now()
		h.call(r.Timeout, h.wayToStore(), func() mirror.Event {
			l, err := s.Renew(ctx, r.Lease, r.TTL)
			l.Until = asked.Add(r.TTL)
			return mirror.Leased{Lease: l, Err: err}
		}, func(err error) mirror.Event { return mirror.Leased{Err: err} })
	case mirror.Release:
		h.call(r.Timeout, h.wayToStore(), func() mirror.Event {
			return mirror.Released{Err: s.Release(ctx, r.Lease)}
		}, func(err error) mirror.Event { return mirror.Released{Err: err} })
	case mirror.Recall:
		h.call(r.Timeout, h.wayToStore(), func() mirror.Event {
			var items []store.Item
			for item := range s.Memory(ctx, r.Tenant, "") {
				items = append(items, item)
			}
			return mirror.Recalled{Turn: r.Turn, Items: items}
		}, func(err error) mirror.Event { return mirror.Recalled{Turn: r.Turn, Err: err} })
	case mirror.ReadControl:
		stop := h.w.orders.file
		h.call(r.Timeout, h.wayToStore(), func() mirror.Event {
			item, _ := s.Recall(ctx, r.Tenant, mirror.ControlKey)
			return mirror.Controlled{Turn: r.Turn, Item: item, StopFile: stop}
		}, func(err error) mirror.Event { return mirror.Controlled{Turn: r.Turn, Err: err, StopFile: stop} })
	case mirror.Commit:
		h.commit(r)
	case mirror.Erase:
		h.call(time.Hour, h.wayToStore(), func() mirror.Event {
			return mirror.Erased{Turn: r.Turn}
		}, func(err error) mirror.Event { return mirror.Erased{Turn: r.Turn, Err: err} })
	}
}

// commit hands a batch to the store, which finds out by itself what became of
// it when the connection fails, or says that it does not know.
func (h *host) commit(r mirror.Commit) {
	by := h.wayToStore()
	batch := r.Batch
	batch.Set, batch.Append = slices.Clone(batch.Set), slices.Clone(batch.Append)
	h.call(r.Timeout, by, func() mirror.Event {
		return mirror.Committed{ID: r.ID, Err: h.w.store.commit(h, batch)}
	}, func(err error) mirror.Event {
		if !by.lost && by.err == nil {
			err = store.ErrUnknown
		}
		return mirror.Committed{ID: r.ID, Err: err}
	})
}

func (h *host) wayToCXone() way {
	w := h.w
	by := w.roughly(w.plan.vendorLatency)
	if w.under(w.weather.cxDown) {
		by.err = errVendor
	}
	return by
}

func (h *host) wayToSalesforce() way {
	w := h.w
	by := w.roughly(w.plan.vendorLatency)
	switch {
	case w.under(w.weather.sfDown):
		by.err = errVendor
	case w.under(w.weather.sfLimit):
		by.err = errLimited
	}
	return by
}

func (h *host) carryRead(r mirror.Request) {
	w := h.w
	switch r := r.(type) {
	case mirror.ReadPeople:
		h.call(r.Timeout, h.wayToSalesforce(), func() mirror.Event {
			w.after(0, func() { h.deliver(h.life, mirror.Assigned{Agents: w.cx.assigned()}) })
			h.coming = w.identities()
			h.skew = w.estimate(&w.sf.clock, &h.clock)
			return mirror.PeopleRead{Turn: r.Turn, Salesforce: w.sf.people(), CXone: w.cx.people()}
		}, func(err error) mirror.Event { return mirror.PeopleRead{Turn: r.Turn, Err: err} })
	case mirror.Poll:
		if h.polling == r.Turn {
			w.fail("one poll is under way", nil, "replica %s asks for another", h.name)
		}
		h.polling = r.Turn
		by := h.wayToCXone()
		if w.under(w.weather.cxThrottle) && w.chance(0.5) {
			by.err = errTooMany
		}
		h.call(r.Timeout, by, func() mirror.Event {
			news, err := w.cx.poll(h, r.Cursor)
			return mirror.Polled{Turn: r.Turn, News: news, Err: err}
		}, func(err error) mirror.Event { return mirror.Polled{Turn: r.Turn, Err: err} })
	case mirror.Sweep:
		h.spend(1)
		h.call(r.Timeout, h.wayToSalesforce(), func() mirror.Event {
			return mirror.Swept{Turn: r.Turn, News: w.sf.read(h, nil)}
		}, func(err error) mirror.Event { return mirror.Swept{Turn: r.Turn, Err: err} })
	case mirror.Look:
		h.spend(1)
		people := slices.Clone(r.People)
		h.call(r.Timeout, h.wayToSalesforce(), func() mirror.Event {
			return mirror.Looked{Turn: r.Turn, News: w.sf.read(h, people)}
		}, func(err error) mirror.Event { return mirror.Looked{Turn: r.Turn, Err: err} })
	case mirror.ReadOnline:
		h.spend(1)
		h.call(r.Timeout, h.wayToSalesforce(), func() mirror.Event {
			return mirror.OnlineRead{Turn: r.Turn, Users: w.sf.online()}
		}, func(err error) mirror.Event { return mirror.OnlineRead{Turn: r.Turn, Err: err} })
	case mirror.ReadLimits:
		h.spend(1)
		h.call(r.Timeout, h.wayToSalesforce(), func() mirror.Event {
			return mirror.LimitsRead{Turn: r.Turn, Limits: mirror.Allowances{Calls: 100_000, CallsLeft: 90_000}}
		}, func(err error) mirror.Event { return mirror.LimitsRead{Turn: r.Turn, Err: err} })
	}
}

// carryWrite begins a write, unless it is too late for it.
func (h *host) carryWrite(r mirror.Request) {
	h.w.check.asks(h, r)
	if wait := h.stumble(); wait > 0 {
		life := h.life
		h.w.after(wait, func() {
			if h.life == life {
				h.write(r)
			}
		})
		return
	}
	h.write(r)
}

// stumble is how long the process stands still before a write is begun.
func (h *host) stumble() time.Duration {
	w := h.w
	if w.under(w.weather.lossy) && w.chance(0.01) {
		wait := w.between(0, 6*time.Second)
		h.pause(wait)
		return wait
	}
	return 0
}

func (h *host) write(r mirror.Request) {
	w := h.w
	switch r := r.(type) {
	case mirror.SetState:
		if !h.now().Before(r.Before) {
			h.deliver(h.life, mirror.StateSet{ID: r.ID, Receipt: unanswered("not sent: the lease ends too soon")})
			return
		}
		p := w.byID[presence.CXone][r.Agent]
		w.check.write(h, p, presence.CXone, r.State, nil)
		by := h.wayToCXone()
		life, id := h.life, r.ID
		if wait := w.cx.throttles(); wait > 0 {
			w.after(by.there+by.back, func() {
				h.deliver(life, mirror.StateSet{ID: id, Receipt: schema.Receipt{Result: schema.Unanswered, RetryAfter: wait, Detail: errTooMany.Error()}})
			})
			return
		}
		h.call(r.Timeout, by, func() mirror.Event {
			w.check.arrived(h, by)
			return mirror.StateSet{ID: id, Receipt: w.cx.set(p, r.State)}
		}, func(err error) mirror.Event { return mirror.StateSet{ID: id, Receipt: unanswered(err.Error())} })
	case mirror.Push:
		h.push(r)
	}
}

func (h *host) push(r mirror.Push) {
	w, id := h.w, r.ID
	if !h.now().Before(r.Before) {
		h.deliver(h.life, mirror.Pushed{ID: id, Receipts: receipts(unanswered("not sent: the lease ends too soon"), len(r.Pushes))})
		return
	}
	h.spend(1)
	pushes := slices.Clone(r.Pushes)
	for i := range pushes {
		pushes[i].Expires = pushes[i].Expires.Add(h.skew.now(&h.clock).Ahead)
		w.check.write(h, w.byID[presence.Salesforce][pushes[i].Person], presence.Salesforce, statusValue(pushes[i].Status), &pushes[i])
	}
	by := h.wayToSalesforce()
	h.call(r.Timeout, by, func() mirror.Event {
		w.check.arrived(h, by)
		list := make([]schema.Receipt, len(pushes))
		for i := range pushes {
			list[i] = w.byID[presence.Salesforce][pushes[i].Person].push(pushes[i])
		}
		return mirror.Pushed{ID: id, Receipts: list}
	}, func(err error) mirror.Event {
		receipt := unanswered(err.Error())
		if err == errLimited { //nolint:errorlint // it is ours, and never wrapped
			receipt.RetryAfter = time.Minute
			w.leaveAlone(time.Minute)
		}
		return mirror.Pushed{ID: id, Receipts: receipts(receipt, len(pushes))}
	})
}

func unanswered(why string) schema.Receipt {
	return schema.Receipt{Result: schema.Unanswered, Detail: why}
}

func receipts(r schema.Receipt, n int) []schema.Receipt { return slices.Repeat([]schema.Receipt{r}, n) }

// throttles returns for how long CXone asks to be left alone, 0 when it does not.
func (c *cxoneModel) throttles() time.Duration {
	w := c.w
	if !w.under(w.weather.cxThrottle) || !w.chance(0.6) {
		return 0
	}
	w.tally.throttled(w)
	wait := w.between(time.Second, 15*time.Second).Truncate(time.Second)
	w.leaveAlone(wait)
	return wait
}

// unheard notes that a call gets no answer in time: that can be seen, and gone on
// from, when its time-out is over. Nothing waits for history to be erased.
func (w *world) unheard(timeout time.Duration) {
	if timeout < time.Hour {
		w.visible = max(w.visible, w.now+timeout)
	}
}

// leaveAlone notes that a vendor has asked to be left alone: until then its
// fault is not over.
func (w *world) leaveAlone(wait time.Duration) { w.visible = max(w.visible, w.now+wait) }

func (c *cxoneModel) assigned() []string {
	var list []string
	for _, p := range c.w.people {
		if c.booked[p.agent] {
			list = append(list, p.agent)
		}
	}
	return list
}
