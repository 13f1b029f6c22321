package mirror

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// Options are what [Run] needs.
type Options struct {
	Settings   Settings
	CXone      CXone
	Salesforce Salesforce
	Store      store.Store // may be nil in a dry run
	Webhook    Webhook     // may be nil
	Log        *slog.Logger
	// StopFile halts everybody while a file of this name is there; what it holds
	// is the reason. "" looks for none.
	StopFile string
	// Reload brings new settings, and may be nil.
	Reload <-chan Settings
	// View lets others see what Run does, and may be nil. It is for one Run.
	View *View
	// Lull is called, beside what Run does, in the middle between two polls: what
	// the last one brought is on its way, and what holds everybody up for a moment
	// does it least then. It may be nil.
	Lull func()
	// Fleet is what else this process runs on the store, and may be nil: then
	// nothing is handed over to other processes.
	Fleet *Fleet
}

// Run keeps one tenant in step until ctx ends, and then lets what is under way
// finish, within a few seconds, and gives the lease up. It waits for the lease
// as long as another replica holds it, and so it does after it has handed it
// over to one.
func Run(ctx context.Context, o Options) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.View == nil {
		o.View = NewView()
	}
	defer close(o.View.ended)
	me := o.Fleet.join(o.Settings.Tenant)
	defer me.leave()
	var resting time.Time
	for {
		d := &driver{Options: o, me: me, resting: resting, events: make(chan Event, waitingEvents), watches: map[uint64]*watching{}}
		err := d.term(ctx)
		me.note(false)
		if err != nil || !d.handing || ctx.Err() != nil {
			return err
		}
		o.Settings, resting = d.Settings, time.Now().Add(restFor)
	}
}

// restFor is how long who has handed a tenant over leaves the lease to others.
// They ask once a second; when nobody has taken it by then, they are gone.
const restFor = 5 * time.Second

// term is one engine's life: until ctx ends or the tenant is handed over. No
// answer that the engine waited for outlives it.
func (d *driver) term(ctx context.Context) error {
	// What is under way when ctx ends is let finish.
	var cancel context.CancelFunc
	d.work, cancel = context.WithCancel(context.WithoutCancel(ctx))
	if c, ok := d.Salesforce.(counter); ok {
		d.before = c.Calls().Billed()
	}
	defer d.workers.Wait()
	defer cancel()
	return d.run(ctx)
}

// waitingEvents lets workers go on while the engine is busy.
const waitingEvents = 1024

// A driver carries an engine's requests out. The engine is the loop's; workers
// only send it events.
type driver struct {
	Options
	work    context.Context
	events  chan Event
	workers sync.WaitGroup
	watches map[uint64]*watching
	before  int          // calls to Salesforce that others made before
	told    atomic.Int64 // calls to Salesforce that the loop was told of
	ended   bool
	err     error

	me      *member   // of the fleet
	handing bool      // the tenant is being handed over
	resting time.Time // until when the lease is left to others
}

func (d *driver) run(ctx context.Context) error {
	if d.Settings.OneWay == "" && !d.Salesforce.Bridged() {
		d.Settings.OneWay = "no channel to consoles is there: no presence_bridge is declared"
	}
	engine := New(d.Settings)
	timer, lull := time.NewTimer(0), time.NewTimer(minInterval)
	defer timer.Stop()
	defer lull.Stop()
	stop, reload := ctx.Done(), d.Reload
	for !d.ended {
		var event Event
		select {
		case event = <-d.events:
		case <-timer.C:
			event = Tick{}
		case <-lull.C:
			if d.Lull != nil {
				d.workers.Go(d.Lull)
			}
			continue
		case <-stop:
			event, stop = Drain{}, nil
		case set, open := <-reload:
			if !open {
				reload = nil
				continue
			}
			event, d.Settings = Reload{set}, set
		case <-d.me.asked():
			event, d.handing = Drain{}, true
		case q := <-d.View.ask:
			q.answer <- d.look(engine, q)
			continue
		}
		for _, r := range engine.Handle(time.Now(), event) {
			d.carry(r) //nolint:contextcheck // what is under way outlives ctx, to be drained
		}
		if _, polled := event.(Polled); polled {
			lull.Reset(minInterval / 2)
		}
		d.me.note(engine.lease.Epoch != 0)
		setTimer(timer, engine.Next())
	}
	return d.err
}

func (d *driver) look(engine *Engine, q question) Changes {
	if q.all {
		return engine.Changes(time.Now(), 0)
	}
	return engine.Changes(time.Now(), q.since)
}

func setTimer(timer *time.Timer, next time.Time) {
	if next.IsZero() {
		timer.Stop()
		return
	}
	timer.Reset(time.Until(next))
}

// answer works beside the loop, and sends it what comes of it.
func (d *driver) answer(timeout time.Duration, do func(ctx context.Context) Event) {
	d.workers.Go(func() {
		ctx, cancel := context.WithTimeout(d.work, timeout)
		defer cancel()
		d.send(do(ctx))
	})
}

// A counter knows how many calls it has made. A Salesforce side may be one.
type counter interface{ Calls() schema.Calls }

// count tells the loop of calls to Salesforce that it was not told of.
func (d *driver) count() {
	c, ok := d.Salesforce.(counter)
	if !ok {
		return
	}
	calls := c.Calls().Billed() - d.before
	if d.told.Swap(int64(calls)) != int64(calls) {
		d.send(Called{calls})
	}
}

// send hands an event to the loop, unless that has ended.
func (d *driver) send(event Event) bool {
	select {
	case d.events <- event:
		return true
	case <-d.work.Done():
		return false
	}
}
