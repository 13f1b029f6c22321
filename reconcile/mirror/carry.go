package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// eraseTimeout is long: old history can be much.
const eraseTimeout = time.Hour

// carry carries a request out.
func (d *driver) carry(r Request) {
	switch r := r.(type) {
	case Acquire, Renew, Release, Recall, ReadControl, Commit, Erase:
		d.carryStore(r)
	case Watch:
		d.watch(r)
	case More:
		if w := d.watches[r.Watch]; w != nil {
			w.more <- struct{}{}
		}
	case Unwatch:
		if w := d.watches[r.Watch]; w != nil {
			w.cancel()
			delete(d.watches, r.Watch)
		}
	case Tell:
		d.tell(r)
	case Finish:
		d.ended, d.err = true, r.Err
	default:
		d.carryVendor(r)
	}
}

func (d *driver) carryStore(r Request) {
	switch r := r.(type) {
	case Acquire:
		d.answer(r.Timeout, func(ctx context.Context) Event { return d.acquire(ctx, r) })
	case Renew:
		d.answer(r.Timeout, func(ctx context.Context) Event {
			l, err := d.Store.Renew(ctx, r.Lease, r.TTL)
			return Leased{l, err}
		})
	case Release:
		d.answer(r.Timeout, func(ctx context.Context) Event { return Released{d.Store.Release(ctx, r.Lease)} })
	case Recall:
		d.answer(r.Timeout, func(ctx context.Context) Event { return d.recall(ctx, r) })
	case ReadControl:
		d.answer(r.Timeout, func(ctx context.Context) Event { return d.control(ctx, r) })
	case Commit:
		d.answer(r.Timeout, func(ctx context.Context) Event {
			_, err := d.Store.Commit(ctx, r.Batch)
			return Committed{r.ID, err}
		})
	case Erase:
		d.answer(eraseTimeout, func(ctx context.Context) Event {
			n, err := d.Store.Erase(ctx, r.Query)
			return Erased{r.Turn, n, err}
		})
	}
}

func (d *driver) carryVendor(r Request) {
	switch r := r.(type) {
	case ReadPeople:
		d.asked(r.Timeout, func(ctx context.Context) Event { return d.people(ctx, r) })
	case Poll:
		d.answer(r.Timeout, func(ctx context.Context) Event {
			n, err := d.CXone.Poll(ctx, r.Cursor)
			return Polled{r.Turn, n, err}
		})
	case Sweep:
		d.asked(r.Timeout, func(ctx context.Context) Event {
			n, err := d.Salesforce.Sweep(ctx)
			return Swept{r.Turn, n, err}
		})
	case Look:
		d.asked(r.Timeout, func(ctx context.Context) Event {
			n, err := d.Salesforce.Look(ctx, r.People)
			return Looked{r.Turn, n, err}
		})
	case ReadOnline:
		d.asked(r.Timeout, func(ctx context.Context) Event {
			users, err := d.Salesforce.Online(ctx)
			return OnlineRead{r.Turn, users, err}
		})
	case ReadLimits:
		d.asked(r.Timeout, func(ctx context.Context) Event {
			limits, err := d.Salesforce.Limits(ctx)
			return LimitsRead{r.Turn, limits, err}
		})
	case SetState:
		d.answer(r.Timeout, func(ctx context.Context) Event {
			if !time.Now().Before(r.Before) {
				return StateSet{r.ID, tooLate()}
			}
			return StateSet{r.ID, d.CXone.SetState(ctx, r.Agent, r.State)}
		})
	case Push:
		d.asked(r.Timeout, func(ctx context.Context) Event {
			if !time.Now().Before(r.Before) {
				return Pushed{r.ID, repeated(tooLate(), len(r.Pushes))}
			}
			return Pushed{r.ID, d.Salesforce.Push(ctx, r.Pushes)}
		})
	}
}

// asked is answer for what asks Salesforce. After what came of it the loop is
// told of the calls that it took.
func (d *driver) asked(timeout time.Duration, do func(ctx context.Context) Event) {
	d.workers.Go(func() {
		ctx, cancel := context.WithTimeout(d.work, timeout)
		defer cancel()
		d.send(do(ctx))
		d.count()
	})
}

func tooLate() schema.Receipt {
	return schema.Receipt{Result: schema.Unanswered, Detail: "not sent: the lease ends too soon"}
}

func repeated(r schema.Receipt, n int) []schema.Receipt {
	list := make([]schema.Receipt, n)
	for i := range list {
		list[i] = r
	}
	return list
}

// acquire asks for the lease, unless it is left to others.
func (d *driver) acquire(ctx context.Context, r Acquire) Event {
	if time.Now().Before(d.resting) && d.free(ctx, r.Name) {
		return Leased{store.Lease{Name: r.Name, Until: d.resting}, fmt.Errorf("%w: it was handed over", store.ErrHeld)}
	}
	d.yield(ctx)
	l, err := d.Store.Acquire(ctx, r.Name, r.Owner, r.TTL)
	return Leased{l, err}
}

// free reports whether nobody holds a lease.
func (d *driver) free(ctx context.Context, name string) bool {
	held, err := d.Store.Leases(ctx)
	return err == nil && !slices.ContainsFunc(held, func(l store.Lease) bool { return l.Name == name })
}

// yieldFor is how much later a process asks for each lease that it has already,
// so that processes that wait for the same ones share them.
const yieldFor, yieldMost = 100 * time.Millisecond, 3

func (d *driver) yield(ctx context.Context) {
	own := d.me.held()
	if own == 0 {
		return
	}
	select {
	case <-time.After(yieldFor * time.Duration(min(own, yieldMost))):
	case <-ctx.Done():
	}
}

func (d *driver) recall(ctx context.Context, r Recall) Event {
	var items []store.Item
	for item, err := range d.Store.Memory(ctx, r.Tenant, "") {
		if err != nil {
			return Recalled{Turn: r.Turn, Err: err}
		}
		items = append(items, item)
	}
	return Recalled{Turn: r.Turn, Items: items}
}

func (d *driver) control(ctx context.Context, r ReadControl) Event {
	c := Controlled{Turn: r.Turn, StopFile: d.stopFile()}
	if d.Store != nil {
		c.Item, c.Err = d.Store.Recall(ctx, r.Tenant, ControlKey)
	}
	return c
}

// maxReason bounds what is quoted of a stop file.
const maxReason = 200

// stopFile returns why a stop file stops everybody. One that is there and cannot
// be read stops as well.
func (d *driver) stopFile() string {
	if d.StopFile == "" {
		return ""
	}
	text, err := os.ReadFile(d.StopFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return cmp.Or(first[:min(len(first), maxReason)], d.StopFile)
}

// An assigner knows whom NICE's own sync serves. A CXone side may be one.
type assigner interface {
	Assigned(ctx context.Context) (agents []string, err error)
}

func (d *driver) people(ctx context.Context, r ReadPeople) Event {
	p := PeopleRead{Turn: r.Turn}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		p.Salesforce, err = d.Salesforce.People(ctx)
		return err
	})
	group.Go(func() (err error) {
		p.CXone, err = d.CXone.People(ctx)
		return err
	})
	if c, ok := d.CXone.(assigner); ok {
		group.Go(func() error {
			agents, err := c.Assigned(ctx)
			if err == nil {
				d.send(Assigned{agents})
			}
			return err
		})
	}
	p.Err = group.Wait()
	return p
}

// A watching is one call of Watch.
type watching struct {
	cancel context.CancelFunc
	more   chan struct{}
}

func (d *driver) watch(r Watch) {
	clear(d.watches) // there is one at a time
	ctx, cancel := context.WithCancel(d.work)
	// The engine asks for more once for each message.
	w := &watching{cancel: cancel, more: make(chan struct{}, 1)}
	d.watches[r.Watch] = w
	d.workers.Go(func() {
		defer cancel()
		err := d.Salesforce.Watch(ctx, r.Cursor, func(n schema.News) error {
			if !d.send(Watched{r.Watch, n}) {
				return ctx.Err()
			}
			d.count()
			select {
			case <-w.more:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		d.send(WatchEnded{r.Watch, err})
		d.count()
	})
}

// notifyTimeout bounds how long somebody outside may take to listen, further
// tries included. Nothing waits for it.
const notifyTimeout = 5 * time.Minute

func (d *driver) tell(t Tell) {
	n := t.Notice
	level := slog.LevelInfo
	if t.Urgent && !n.Over {
		level = slog.LevelWarn
	}
	d.Log.LogAttrs(d.work, level, n.Text,
		slog.String("kind", n.Kind), slog.String("tenant", n.Tenant), slog.String("agent", n.Agent), slog.Bool("over", n.Over))
	if !t.Urgent || d.Webhook == nil {
		return
	}
	d.workers.Go(func() {
		ctx, cancel := context.WithTimeout(d.work, notifyTimeout)
		defer cancel()
		if err := d.Webhook.Notify(ctx, n); err != nil {
			d.Log.LogAttrs(d.work, slog.LevelWarn, "nobody could be told", slog.String("kind", n.Kind), slog.String("error", err.Error()))
		}
	})
}
