package mirror

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
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
}

// Run keeps one tenant in step until ctx ends, and then lets what is under way
// finish, within a few seconds, and gives the lease up. It waits for the lease
// as long as another replica holds it.
func Run(ctx context.Context, o Options) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.View == nil {
		o.View = NewView()
	}
	if o.Settings.OneWay == "" && !o.Salesforce.Bridged() {
		o.Settings.OneWay = "no channel to consoles is there: no presence_bridge is declared"
	}
	defer close(o.View.ended)
	// What is under way when ctx ends is let finish.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d := &driver{Options: o, work: work, events: make(chan Event, waitingEvents), watches: map[uint64]*watching{}}
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
	ended   bool
	err     error
}

func (d *driver) run(ctx context.Context) error {
	engine := New(d.Settings)
	timer := time.NewTimer(0)
	defer timer.Stop()
	stop, reload := ctx.Done(), d.Reload
	for !d.ended {
		var event Event
		select {
		case event = <-d.events:
		case <-timer.C:
			event = Tick{}
		case <-stop:
			event, stop = Drain{}, nil
		case set, open := <-reload:
			if !open {
				reload = nil
				continue
			}
			event = Reload{set}
		case q := <-d.View.ask:
			q.answer <- d.look(engine, q)
			continue
		}
		for _, r := range engine.Handle(time.Now(), event) {
			d.carry(r) //nolint:contextcheck // what is under way outlives ctx, to be drained
		}
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

// send hands an event to the loop, unless that has ended.
func (d *driver) send(event Event) bool {
	select {
	case d.events <- event:
		return true
	case <-d.work.Done():
		return false
	}
}
