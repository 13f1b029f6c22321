package cli

import (
	"context"
	"iter"
	"log/slog"
	"maps"
	"strings"
	"sync"

	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A roll knows what agents are called. It learns that from what passes to and
// from the store, because whoever logs must not wait for one.
type roll struct {
	mu    sync.Mutex
	names history.Names
}

// of returns what an agent is called, the key where that is not known.
func (r *roll) of(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names.Of(key)
}

// learn takes in what is remembered under a key, if it says who somebody is.
func (r *roll) learn(ctx context.Context, item store.Item) {
	known, err := mirror.ReadKnown(ctx, oneItem{item: item}, "")
	if err != nil || len(known) == 0 {
		return // whoever needs it will tell
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = history.Names{}
	}
	maps.Copy(r.names, history.NamesOf(known))
}

// inLog calls an agent by name in a log, with the key beside it.
func (r *roll) inLog(_ []string, a slog.Attr) slog.Attr {
	key := a.Value.String()
	if a.Key != "agent" || r.of(key) == key {
		return a
	}
	return slog.Attr{Value: slog.GroupValue(slog.String("agent", r.of(key)), slog.String("key", key))}
}

// An overheard store is one that a roll learns from.
type overheard struct {
	store.Store
	roll *roll
}

// Commit implements [store.Store].
func (o overheard) Commit(ctx context.Context, b store.Batch) (int64, error) {
	for _, set := range b.Set {
		o.roll.learn(ctx, store.Item{Key: set.Key, Value: set.Value})
	}
	return o.Store.Commit(ctx, b)
}

// Memory implements [store.Store].
func (o overheard) Memory(ctx context.Context, tenant, prefix string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for item, err := range o.Store.Memory(ctx, tenant, prefix) {
			o.roll.learn(ctx, item)
			if !yield(item, err) {
				return
			}
		}
	}
}

// An oneItem is a store that remembers one thing, for the reader of many.
type oneItem struct {
	store.Store // nothing else is asked of it
	item        store.Item
}

// Memory implements [store.Store].
func (o oneItem) Memory(_ context.Context, _, prefix string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		if strings.HasPrefix(o.item.Key, prefix) && len(o.item.Value) > 0 {
			yield(o.item, nil)
		}
	}
}
