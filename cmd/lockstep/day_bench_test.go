package main

import (
	"cmp"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/providers/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// BenchmarkIdleDay lets a day pass in which nobody does anything, and counts the
// calls that reached Salesforce: those of the engine, made by the providers, to
// an emulator in this process. Time is the engine's and passes as it asks for
// it; events are a stream that is silent but for its keepalives, which are no
// calls; the store is taken for granted.
func BenchmarkIdleDay(b *testing.B) {
	for name, agents := range map[string]int{"40-agents": 40, "3000-agents": 3_000, "10000-agents": 10_000} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				d := newIdle(b, agents)
				d.pass(24 * time.Hour)
				calls := d.vendors.Stats()
				for endpoint, n := range calls[emulator.Salesforce] {
					b.Logf("%6d %s", n, endpoint)
				}
				figure(b, "cxone-calls/day", float64(calls.Total(emulator.CXone)))
				figure(b, "counted-by-run", float64(d.engine.Snapshot(d.now).Totals.Calls))
				bar(b, "salesforce-calls/day", float64(calls.Total(emulator.Salesforce)), 2_000)
			}
		})
	}
}

// An idle is a day without work, driven by hand.
type idle struct {
	b          *testing.B
	now        time.Time
	vendors    *emulator.Emulator
	engine     *mirror.Engine
	salesforce *salesforce.Presence
	cxone      *cxone.Presence
	epoch      int64
	watching   uint64
	heard      time.Time
	waiting    []mirror.Event
}

func newIdle(b *testing.B, agents int) *idle {
	b.Helper()
	seed := tenant.Acme()
	seed.Crowd(agents)
	d := &idle{b: b, now: time.Now()}
	d.vendors = emulator.New(seed, emulator.Options{Now: func() time.Time { return d.now }})
	const stream = "/u/LockstepPresence"
	d.vendors.Org.AddStreamingChannel(stream)
	for _, a := range seed.AtWork() {
		must(b, d.vendors.Tenant.SetPresence(a.Email, schema.StateAvailable, ""))
		user := cmp.Or(a.Username, a.Email)
		if may := d.vendors.Org.Statuses(user); len(may) > 0 {
			must(b, d.vendors.Org.SetPresence(user, may[0]))
		}
	}
	app := seed.Salesforce.Integration[0]
	d.salesforce = salesforce.New(salesforce.Options{
		InstanceURL: d.vendors.SalesforceURL(), HTTP: d.vendors.Transport(),
		ClientCredentials: &salesforce.ClientCredentials{ClientID: app.ClientID, ClientSecret: schema.NewSecret(app.ClientSecret, "the benchmark")},
	}).Presence(&salesforce.Bridge{Stream: stream})
	key := seed.CXone.AccessKeys[0]
	d.cxone = cxone.New(cxone.Options{
		Issuer: d.vendors.CXoneURL(), TenantID: seed.CXone.TenantID, HTTP: d.vendors.Transport(),
		AccessKeyID: key.ID, AccessKeySecret: schema.NewSecret(key.Secret, "the benchmark"),
	}).Presence()

	set := mirror.DefaultSettings()
	set.Tenant, set.Owner = "bench", "bench"
	row := []schema.Row{{State: schema.ACDState{Word: schema.StateAvailable}, Status: schema.Status{Name: "Away"}}}
	set.Rules = []schema.Rule{{Name: "all", Executor: "lockstep", Mode: "live", Publisher: row, Subscriber: row, Teams: seed.CXone.Teams}}
	d.engine = mirror.New(set)
	d.vendors.ResetStats()
	return d
}

// keepalive is how often the stream says that it lives (VERIFIED: within 270
// seconds).
const keepalive = 270 * time.Second

// pass lets time go by, as far as the next thing that is due.
func (d *idle) pass(span time.Duration) {
	d.b.Helper()
	for end := d.now.Add(span); d.now.Before(end); {
		var event mirror.Event = mirror.Tick{}
		if len(d.waiting) > 0 {
			event, d.waiting = d.waiting[0], d.waiting[1:]
		} else if next := d.engine.Next(); next.After(d.now) {
			d.now = next
		}
		if d.watching != 0 && d.now.Sub(d.heard) >= keepalive {
			d.heard = d.now
			d.waiting = append(d.waiting, mirror.Watched{Watch: d.watching, News: schema.News{Cursor: []byte("kept")}})
		}
		for _, r := range d.engine.Handle(d.now, event) {
			if answer := d.carry(r); answer != nil {
				d.waiting = append(d.waiting, answer)
			}
		}
	}
}

// carry does what the engine asks for, at once.
func (d *idle) carry(r mirror.Request) mirror.Event {
	ctx := d.b.Context()
	switch r := r.(type) {
	case mirror.Acquire:
		d.epoch++
		return mirror.Leased{Lease: store.Lease{Name: r.Name, Owner: r.Owner, Epoch: d.epoch, Until: d.now.Add(r.TTL)}}
	case mirror.Renew:
		r.Lease.Until = d.now.Add(r.TTL)
		return mirror.Leased{Lease: r.Lease}
	case mirror.Recall:
		return mirror.Recalled{Turn: r.Turn}
	case mirror.ReadControl:
		return mirror.Controlled{Turn: r.Turn}
	case mirror.Commit:
		return mirror.Committed{ID: r.ID}
	case mirror.Erase:
		return mirror.Erased{Turn: r.Turn}
	case mirror.Watch:
		d.watching, d.heard = r.Watch, d.now
	case mirror.ReadPeople:
		left, err := d.salesforce.People(ctx)
		must(d.b, err)
		right, err := d.cxone.People(ctx)
		must(d.b, err)
		return mirror.PeopleRead{Turn: r.Turn, Salesforce: left, CXone: right}
	case mirror.Poll:
		news, err := d.cxone.Poll(ctx, r.Cursor)
		must(d.b, err)
		return mirror.Polled{Turn: r.Turn, News: news}
	case mirror.Sweep:
		news, err := d.salesforce.Sweep(ctx)
		must(d.b, err)
		return mirror.Swept{Turn: r.Turn, News: news}
	case mirror.Look:
		news, err := d.salesforce.Look(ctx, r.People)
		must(d.b, err)
		return mirror.Looked{Turn: r.Turn, News: news}
	case mirror.ReadOnline:
		users, err := d.salesforce.Online(ctx)
		must(d.b, err)
		return mirror.OnlineRead{Turn: r.Turn, Users: users}
	case mirror.ReadLimits:
		limits, err := d.salesforce.Limits(ctx)
		must(d.b, err)
		return mirror.LimitsRead{Turn: r.Turn, Limits: limits}
	case mirror.SetState, mirror.Push:
		d.b.Errorf("an idle day brings a write: %+v", r)
	case mirror.Finish:
		d.b.Fatalf("the engine ended: %v", r.Err)
	}
	return nil
}
