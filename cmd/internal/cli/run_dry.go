package cli

import (
	"context"
	"iter"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// An onlooker is the store of a dry run: what is written to it is shown and
// nowhere kept. Nothing is remembered of earlier runs, and the lease is its own,
// so that it can look on beside a run that is live.
type onlooker struct {
	store.Store // nothing else is asked of it
	show        func(*mirror.Line)
	decisions   int
}

// Commit implements [store.Store].
func (o *onlooker) Commit(_ context.Context, b store.Batch) (int64, error) {
	for _, entry := range b.Append {
		line, err := mirror.DecodeEntry(entry)
		if err != nil {
			return 0, err
		}
		if line.What == presence.Decided {
			o.decisions++
			o.show(&line)
		}
	}
	return 1, nil
}

// Journal implements [store.Store].
func (o *onlooker) Journal(context.Context, store.Query) iter.Seq2[store.Entry, error] {
	return func(func(store.Entry, error) bool) {}
}

// Erase implements [store.Store].
func (o *onlooker) Erase(context.Context, store.Query) (int, error) { return 0, nil }

// Memory implements [store.Store].
func (o *onlooker) Memory(context.Context, string, string) iter.Seq2[store.Item, error] {
	return func(func(store.Item, error) bool) {}
}

// Recall implements [store.Store].
func (o *onlooker) Recall(_ context.Context, _, key string) (store.Item, error) {
	return store.Item{Key: key}, nil
}

// Acquire implements [store.Store].
func (o *onlooker) Acquire(_ context.Context, name, owner string, ttl time.Duration) (store.Lease, error) {
	return store.Lease{Name: name, Owner: owner, Epoch: 1, Until: time.Now().Add(ttl)}, nil
}

// Renew implements [store.Store].
func (o *onlooker) Renew(_ context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	l.Until = time.Now().Add(ttl)
	return l, nil
}

// Release implements [store.Store].
func (o *onlooker) Release(context.Context, store.Lease) error { return nil }

// Leases implements [store.Store].
func (o *onlooker) Leases(context.Context) ([]store.Lease, error) { return nil, nil }

// looksOn lets a run decide and show, and write nowhere. It returns what is to
// be said at the end.
func (a *app) looksOn(options *mirror.Options, who *roll) (sumUp func()) {
	o := &onlooker{show: func(l *mirror.Line) { a.view().Decided(l, who.of(l.Agent)) }}
	options.Store = overheard{o, who}
	return func() {
		if o.decisions == 0 && options.Settings.Align == presence.AlignNone {
			a.view().Say("No decision. What both sides show at the first look is taken as agreed; -align=cxone or salesforce would bring it in line.")
			return
		}
		a.view().Say("Decisions: %d. Nothing was written.", o.decisions)
	}
}
