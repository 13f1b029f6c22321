package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// A Fleet is the syncs of one process that share a store. It spreads the leases
// over the processes that run the same tenants: one that holds more than its
// share hands a tenant over to one that came late. Each process says that it is
// there by a short lease of its own; those that run other tenants are no part of
// this, because they could not take over what is handed over.
type Fleet struct {
	Store store.Store
	Owner string // of [Settings], the same for all
	// Every is the least time between two tenants that are handed over, because
	// each one's new owner observes afresh; a minute when zero.
	Every time.Duration

	mu      sync.Mutex
	members map[string]*member // by tenant
}

// A member is one sync of a fleet. A nil one belongs to none.
type member struct {
	fleet    *Fleet
	tenant   string
	holds    bool
	handOver chan struct{}
}

func (f *Fleet) join(tenant string) *member {
	if f == nil {
		return nil
	}
	m := &member{fleet: f, tenant: tenant, handOver: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.members == nil {
		f.members = map[string]*member{}
	}
	f.members[tenant] = m
	return m
}

func (m *member) leave() {
	if m == nil {
		return
	}
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	delete(m.fleet.members, m.tenant)
}

// note keeps whether the sync holds its lease.
func (m *member) note(holds bool) {
	if m == nil {
		return
	}
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	m.holds = holds
}

// asked brings the word that the sync is to hand its tenant over.
func (m *member) asked() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.handOver
}

// held counts the leases of the process.
func (m *member) held() (n int) {
	if m == nil {
		return 0
	}
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	for _, other := range m.fleet.members {
		if other.holds {
			n++
		}
	}
	return n
}

// tenants lists what the process runs, by name.
func (f *Fleet) tenants() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := make([]string, 0, len(f.members))
	for name := range f.members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// give has the first by name of the syncs that hold a lease hand it over.
func (f *Fleet) give(tenants []string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range tenants {
		m := f.members[name]
		if m == nil || !m.holds {
			continue
		}
		select {
		case m.handOver <- struct{}{}:
			return true
		default: // it was asked, and is about to
		}
	}
	return false
}

// usualEvery is the zero of Every.
const usualEvery = time.Minute

// Run spreads the leases until ctx ends. What the store does not answer is left
// for the next look: the syncs themselves say that it fails.
func (f *Fleet) Run(ctx context.Context) {
	every := f.Every
	if every <= 0 {
		every = usualEvery
	}
	var here store.Lease
	var gave time.Time
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			f.gone(context.WithoutCancel(ctx), here)
			return
		case <-ticker.C:
		}
		tenants := f.tenants()
		holds, err := f.look(ctx, &here, tenants)
		if err != nil || !oneTooMany(f.Owner, holds) || !gave.IsZero() && time.Since(gave) < every {
			continue
		}
		if f.give(tenants) {
			gave = time.Now()
		}
	}
}

// look says that this process is there, and counts what each of those holds that
// run the same tenants.
func (f *Fleet) look(ctx context.Context, here *store.Lease, tenants []string) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	crew := crewName(tenants)
	if here.Name != crew+f.Owner {
		f.gone(ctx, *here) // the process runs others by now
		*here = store.Lease{}
	}
	if len(tenants) < 2 {
		return nil, nil // there is nothing to share out
	}
	if err := f.present(ctx, here, crew+f.Owner); err != nil {
		return nil, err
	}
	leases, err := f.Store.Leases(ctx)
	if err != nil {
		return nil, err
	}
	return shares(leases, crew, tenants), nil
}

func (f *Fleet) present(ctx context.Context, here *store.Lease, name string) (err error) {
	if here.Name != "" {
		if *here, err = f.Store.Renew(ctx, *here, leaseTTL); err == nil {
			return nil
		}
	}
	l, err := f.Store.Acquire(ctx, name, f.Owner, leaseTTL)
	*here = store.Lease{}
	if err == nil {
		*here = l
	}
	return err
}

func (f *Fleet) gone(ctx context.Context, here store.Lease) {
	if here.Name == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	_ = f.Store.Release(ctx, here) // else it runs out
}

// crewName is what the leases begin with by which processes that run these
// tenants say that they are there.
func crewName(tenants []string) string {
	sum := sha256.Sum256([]byte(strings.Join(tenants, "\n")))
	return "present/" + hex.EncodeToString(sum[:8]) + "/"
}

// shares counts the tenants that each process of a crew holds.
func shares(leases []store.Lease, crew string, tenants []string) map[string]int {
	holds := map[string]int{}
	for _, l := range leases {
		if strings.HasPrefix(l.Name, crew) {
			holds[l.Owner] = 0
		}
	}
	for _, l := range leases {
		name, is := strings.CutPrefix(l.Name, leaseName(""))
		if _, one := holds[l.Owner]; is && one && slices.Contains(tenants, name) {
			holds[l.Owner]++
		}
	}
	return holds
}

// oneTooMany reports whether owner is the one to hand a tenant over: somebody
// holds two fewer, nobody holds more, and of those that hold as many it is the
// first by name. So there is one at a time, and an end to it.
func oneTooMany(owner string, holds map[string]int) bool {
	mine, there := holds[owner]
	if !there {
		return false
	}
	least := mine
	for other, n := range holds {
		if n > mine || n == mine && other < owner {
			return false
		}
		least = min(least, n)
	}
	return mine-least >= 2
}
