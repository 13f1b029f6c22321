package mirror

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// A world is both vendors and the people between them: as little of them as the
// engine can tell.
type world struct {
	mu     sync.Mutex
	people int
	states map[string]schema.Sighting // by agent
	shows  map[string]schema.Sighting // by user
	fresh  []string                   // agents who changed since the last poll
	stream chan schema.News

	posts, polls, sweeps, looks, pushCalls int
	watches                                int
	pushed                                 []schema.Push
	sets                                   []string
	order                                  []string // what was written, in order
	console                                map[string]bool

	slowSweep                     time.Duration // between a sweep and its answer
	failPoll, failSweep, failPush error
	failWatch                     error // ends the next watching
	breaks                        bool  // every watching soon after it said that anything may be missing
	limits                        Allowances
	receipt                       func(agent string) schema.Receipt
	delay                         time.Duration // of a write
	slowPush                      time.Duration // between a call to Salesforce and its answer
	pushing, mostPushing          int           // calls under way
	noBridge, silent              bool
	doubtOnLogout                 bool
}

func newWorld(people int) *world {
	w := &world{
		people: people, states: map[string]schema.Sighting{}, shows: map[string]schema.Sighting{},
		stream: make(chan schema.News, 10_000), console: map[string]bool{}, doubtOnLogout: true,
	}
	for i := range people {
		w.states[agentID(i)] = schema.Sighting{Person: agentID(i), State: available, Since: time.Now()}
		w.shows[userID(i)] = schema.Sighting{Person: userID(i), Status: "Ready", Since: time.Now()}
		w.console[userID(i)] = true
	}
	return w
}

func agentID(i int) string { return fmt.Sprint(1000 + i) }
func userID(i int) string  { return fmt.Sprintf("005%015d", i) }
func key(i int) string     { return keyOf(agentID(i), userID(i)) }

var (
	available = schema.ACDState{Word: schema.StateAvailable}
	lunch     = schema.ACDState{Code: "Lunch"}
	meeting   = schema.ACDState{Code: "Meeting"}
)

func rules() []schema.Rule {
	both := []schema.Row{
		{State: available, Status: schema.Status{Name: "Ready"}, Source: schema.Range{File: "r.hcl", Start: schema.Pos{Line: 1}}},
		{State: lunch, Status: schema.Status{Name: "Lunch"}, Source: schema.Range{File: "r.hcl", Start: schema.Pos{Line: 2}}},
		{State: meeting, Status: schema.Status{Name: "Meeting"}, Source: schema.Range{File: "r.hcl", Start: schema.Pos{Line: 3}}},
	}
	return []schema.Rule{{Name: "Support", Executor: "lockstep", Mode: "live", Publisher: both, Subscriber: both, Teams: []string{"Support"}}}
}

func settings() Settings {
	s := DefaultSettings()
	s.Tenant, s.Owner, s.Rules = "acme", "a", rules()
	return s
}

// someone moves somebody on a side, as people do.
func (w *world) state(i int, s schema.ACDState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setState(agentID(i), s)
}

func (w *world) setState(id string, s schema.ACDState) {
	w.states[id] = schema.Sighting{Person: id, State: s, Since: time.Now()}
	w.fresh = append(w.fresh, id)
}

func (w *world) status(i int, status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setStatus(userID(i), status)
}

func (w *world) setStatus(id, status string) {
	if status == schema.Offline {
		delete(w.shows, id)
		if w.doubtOnLogout {
			w.publish(schema.News{Doubt: []string{id}, Deliveries: 1})
		}
		return
	}
	s := schema.Sighting{Person: id, Status: status, Since: time.Now()}
	w.shows[id] = s
	w.publish(schema.News{Sightings: []schema.Sighting{s}, Deliveries: 2})
}

func (w *world) publish(n schema.News) {
	if !w.silent {
		n.Cursor = []byte(time.Now().String())
		w.stream <- n
	}
}

func (w *world) look(i int) (schema.ACDState, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	status := schema.Offline
	if s, ok := w.shows[userID(i)]; ok {
		status = s.Status
	}
	return w.states[agentID(i)].State, status
}

// cxone and salesforce are the world's two sides.
type cxone struct{ *world }

func (c cxone) People(context.Context) ([]schema.Person, error) {
	var list []schema.Person
	for i := range c.people {
		list = append(list, schema.Person{ID: agentID(i), Name: fmt.Sprint("Agent ", i), Username: mail(i), Email: mail(i), Team: "Support", Active: true})
	}
	return list, nil
}

func mail(i int) string { return fmt.Sprintf("agent%d@acme.example", i) }

func (c cxone) Poll(_ context.Context, cursor []byte) (schema.News, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.polls++
	if c.failPoll != nil {
		return schema.News{}, c.failPoll
	}
	n := schema.News{Whole: cursor == nil, Cursor: []byte("on")}
	for i := range c.people {
		if id := agentID(i); cursor == nil || slices.Contains(c.fresh, id) {
			n.Sightings = append(n.Sightings, c.states[id])
		}
	}
	c.fresh = nil
	return n, nil
}

func (c cxone) SetState(ctx context.Context, agent string, state schema.ACDState) schema.Receipt {
	if c.delay > 0 {
		select {
		case <-time.After(c.delay):
		case <-ctx.Done():
			return schema.Receipt{Result: schema.Unanswered, Detail: "time-out"}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts++
	c.order = append(c.order, state.String())
	if c.receipt != nil {
		if r := c.receipt(agent); r.Result != schema.Accepted {
			return r
		}
	}
	c.sets = append(c.sets, agent+" "+state.String())
	c.setState(agent, state)
	return schema.Receipt{}
}

type salesforce struct{ *world }

func (s salesforce) People(context.Context) ([]schema.Person, error) {
	var list []schema.Person
	for i := range s.people {
		list = append(list, schema.Person{ID: userID(i), Name: fmt.Sprint("Agent ", i), Username: mail(i), Email: mail(i), Active: true})
	}
	return list, nil
}

func (s salesforce) Sweep(context.Context) (schema.News, error) {
	news, slow, err := s.sweep()
	time.Sleep(slow) // of the answer, not of the reading
	return news, err
}

func (s salesforce) sweep() (schema.News, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweeps++
	if s.failSweep != nil {
		return schema.News{}, 0, s.failSweep
	}
	n := schema.News{Whole: true}
	for i := range s.people {
		if shown, ok := s.shows[userID(i)]; ok {
			n.Sightings = append(n.Sightings, shown)
		}
	}
	return n, s.slowSweep, nil
}

func (s salesforce) Look(_ context.Context, people []string) (schema.News, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	var n schema.News
	for _, id := range people {
		if shown, ok := s.shows[id]; ok {
			n.Sightings = append(n.Sightings, shown)
		}
	}
	return n, nil
}

// postsSoFar counts the writes to CXone.
func (w *world) postsSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.posts
}

// sweptSoFar counts the sweeps of Salesforce.
func (w *world) sweptSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sweeps
}

func (s salesforce) Watch(ctx context.Context, _ []byte, handle func(schema.News) error) error {
	for {
		s.mu.Lock()
		s.watches++
		err, breaks := s.failWatch, s.breaks
		s.mu.Unlock()
		if err != nil {
			return err
		}
		if breaks {
			if err := handle(schema.News{Gap: true, Cursor: []byte("kept"), Deliveries: 1}); err != nil {
				return err
			}
			time.Sleep(time.Second)
			return errFake
		}
		select {
		case n := <-s.stream:
			if err := handle(n); err != nil {
				return err
			}
		case <-time.After(keepalive):
			if err := handle(schema.News{Cursor: []byte("kept")}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keepalive is how often the vendor says that there is nothing to say.
const keepalive = 270 * time.Second

func (s salesforce) Push(_ context.Context, pushes []schema.Push) []schema.Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushCalls++
	s.pushing++
	s.mostPushing = max(s.mostPushing, s.pushing)
	s.mu.Unlock()
	time.Sleep(s.slowPush)
	s.mu.Lock()
	s.pushing--
	receipts := make([]schema.Receipt, len(pushes))
	for i, p := range pushes {
		switch shown, ok := s.shows[p.Person]; {
		case s.failPush != nil:
			receipts[i] = schema.Receipt{Result: schema.Unanswered, Detail: s.failPush.Error()}
		case !s.console[p.Person]:
			receipts[i] = schema.Receipt{Result: schema.Unreachable}
		case ok && shown.Status == p.Expected:
			s.pushed = append(s.pushed, p)
			s.order = append(s.order, p.Status)
			s.setStatus(p.Person, p.Status)
		}
	}
	return receipts
}

func (s salesforce) Online(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for i := range s.people {
		if s.console[userID(i)] {
			list = append(list, userID(i))
		}
	}
	return list, nil
}

func (s salesforce) Bridged() bool { return !s.noBridge }

func (s salesforce) Limits(context.Context) (Allowances, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limits, nil
}

// A host is one running replica.
type host struct {
	t    *testing.T
	view *View
	stop context.CancelFunc
	done chan error
}

func start(t *testing.T, w *world, s store.Store, set Settings, change ...func(*Options)) *host {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	h := &host{t: t, view: NewView(), stop: cancel, done: make(chan error, 1)}
	o := Options{Settings: set, CXone: cxone{w}, Salesforce: salesforce{w}, Store: s, View: h.view}
	for _, c := range change {
		c(&o)
	}
	go func() { h.done <- Run(ctx, o) }()
	t.Cleanup(func() {
		cancel()
		<-h.done
	})
	return h
}

// end stops the replica in order.
func (h *host) end() {
	h.t.Helper()
	h.stop()
	err := <-h.done
	h.done <- err
	if err != nil {
		h.t.Errorf("run ended with: %v", err)
	}
}

func (h *host) snapshot() Snapshot {
	h.t.Helper()
	s, err := h.view.Snapshot(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// pass lets time go by, and everything happen that is to happen in it.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func openFile(t *testing.T) store.Store {
	t.Helper()
	s, err := store.OpenFile(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func lines(t *testing.T, s store.Store, agent string, what presence.What) []Line {
	t.Helper()
	var list []Line
	for e, err := range s.Journal(t.Context(), store.Query{Tenant: "acme", Agent: agent}) {
		if err != nil {
			t.Fatal(err)
		}
		l, err := DecodeEntry(e)
		if err != nil {
			t.Fatal(err)
		}
		if l.What == what {
			list = append(list, l)
		}
	}
	return list
}

func (w *world) want(t *testing.T, i int, state schema.ACDState, status string) {
	t.Helper()
	if gotState, gotStatus := w.look(i); gotState != state || gotStatus != status {
		t.Errorf("agent %d shows %s and %s; want %s and %s", i, gotState, gotStatus, state, status)
	}
}

var errFake = errors.New("the vendor is down")
