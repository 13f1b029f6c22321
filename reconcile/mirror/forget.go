package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// keyForgot is the number of the last [ForgetOrder] that an owner carried out.
const keyForgot = "forgot"

// A ForgetOrder asks whoever keeps the tenant in step to forget an agent. It is
// taken back once that is done: it names the person as well.
type ForgetOrder struct {
	Number int64  `json:"number"`
	Agent  string `json:"agent"` // the agent's key
}

// Forget erases what is kept of an agent: history and memory. Whoever keeps the
// tenant in step does the part of it that it holds, and begins anew with what
// both sides show; where nobody does, Forget has the lease meanwhile. It may be
// called again, and after an error it has to be.
func Forget(ctx context.Context, s store.Store, tenant, key string) (entries int, err error) {
	var number int64
	err = changeControl(ctx, s, tenant, func(c *Control) {
		c.Forgotten++
		number = c.Forgotten
		c.Forgets = append(c.withoutForget(key), ForgetOrder{Number: number, Agent: key})
	})
	if err == nil {
		err = forgetMemory(ctx, s, tenant, key, number)
	}
	if err == nil {
		err = changeControl(ctx, s, tenant, func(c *Control) { c.Forgets = c.withoutForget(key) })
	}
	if err != nil {
		return 0, err
	}
	// Last, because a store in a file overwrites then what it has let go of.
	return s.Erase(ctx, store.Query{Tenant: tenant, Agent: key})
}

func (c *Control) withoutForget(key string) []ForgetOrder {
	return slices.DeleteFunc(c.Forgets, func(o ForgetOrder) bool { return o.Agent == key })
}

// forgetPatience bounds how long the owner is waited for: a dead one's lease has
// run out by then, and a live one has read its orders many times.
const forgetPatience = 4 * leaseTTL

// forgetMemory waits until the owner has carried an order out, or does it in the
// place of one.
func forgetMemory(ctx context.Context, s store.Store, tenant, key string, number int64) error {
	until := time.NewTimer(forgetPatience)
	defer until.Stop()
	again := time.NewTicker(controlEvery / 2)
	defer again.Stop()
	for {
		lease, err := s.Acquire(ctx, leaseName(tenant), "lockstep forget", leaseTTL)
		if err == nil {
			return errors.Join(dropMemory(ctx, s, tenant, key, lease), s.Release(ctx, lease))
		}
		if !errors.Is(err, store.ErrHeld) {
			return err
		}
		if done, err := lastForgot(ctx, s, tenant); err != nil || done >= number {
			return err
		}
		select {
		case <-again.C:
		case <-until.C:
			return fmt.Errorf("%s serves and has not carried it out within %s; give the order again", lease.Owner, forgetPatience)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func dropMemory(ctx context.Context, s store.Store, tenant, key string, lease store.Lease) error {
	_, err := s.Commit(ctx, store.Batch{Tenant: tenant, Fence: lease.Fence(), Set: []store.Set{
		{Key: prefixAgent + key, Was: store.Any},
		{Key: prefixKnown + key, Was: store.Any},
	}})
	return err
}

func lastForgot(ctx context.Context, s store.Store, tenant string) (int64, error) {
	item, err := s.Recall(ctx, tenant, keyForgot)
	if err != nil {
		return 0, err
	}
	return decodeForgot(item.Value)
}

func decodeForgot(value []byte) (int64, error) {
	if len(value) == 0 {
		return 0, nil
	}
	number, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the last order to forget: %w", err)
	}
	return number, nil
}

func (e *Engine) recallForgot(value []byte) (err error) {
	e.forgot, err = decodeForgot(value)
	return err
}

func (e *Engine) encodeForgot() ([]byte, error) { return strconv.AppendInt(nil, e.forgot, 10), nil }

// forgetOrdered carries out the orders to forget. No batch may be under way:
// what it holds of a person would come after what erases it, should it have to
// be repeated.
func (e *Engine) forgetOrdered() {
	if e.phase != running {
		return
	}
	for _, o := range e.control.Forgets {
		if o.Number <= e.forgot {
			continue
		}
		e.startAfresh(o.Agent)
		e.forgot, e.gather.forgot = o.Number, true
		e.notice(Notice{Kind: "forgot", Text: "a person is forgotten by order; whoever is still matched is begun anew with"})
	}
}

// startAfresh puts a newcomer in the place of an agent. What is still on its way
// to a vendor for the one before finds nobody to answer to.
func (e *Engine) startAfresh(key string) {
	e.forget(prefixAgent + key)
	e.forget(prefixKnown + key)
	if was := find(e.agents, key); was != nil {
		was.lost, was.unsaved = "forgotten by order", false
		e.retire(was)
		e.replace(was)
	}
	e.gather.lines = slices.DeleteFunc(e.gather.lines, func(l store.Entry) bool { return l.Agent == key })
}

func (e *Engine) replace(was *agent) {
	a := e.newAgent(was.known)
	a.rule, a.console = was.rule, was.console
	a.heard, a.swept = was.heard, was.swept // a reading under way is not to take them for somebody who is away
	e.enter(a)
	e.save(a)
	a.version = e.seen.next()
	e.resync()
	e.oweSweep(0)
	e.applyStops()
}

// enter puts an agent in the place of the one with its key.
func (e *Engine) enter(a *agent) {
	for i := range e.agents {
		if e.agents[i].known.Key == a.known.Key {
			e.agents[i] = a
		}
	}
	for side, id := range [...]string{a.known.CXone, a.known.Salesforce} {
		e.known[side][id] = a
	}
}
