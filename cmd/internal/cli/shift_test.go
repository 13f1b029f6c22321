package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile/store"
	"github.com/lockstep-sync/lockstep/schema"
)

// The volunteers of these tests, all on the team Support.
const (
	ana   = "ana.lopez@acme.example"
	ben   = "ben.okafor@acme.example"
	carla = "carla.rossi@acme.example"
)

// centreText is a centre that run keeps in step, both ways. Its store is a
// database by its address only: in a bubble it is the file that stands in.
const centreText = bothProviders + `
lockstep { store = env("STORE") }
sync {
	notify { webhook = env("WEBHOOK") }
}
` + bridgeless + bridgeText

// bridgeless is a centre without a way to set anybody's status.
const bridgeless = `
presence_status "Ready" { channels = ["Cases"] }
presence_status "On_a_Call" { option = "busy" }
presence_status "Wrapping_Up" { option = "busy" }
presence_status "Lunch" { option = "busy" }
presence_status "Meeting" { option = "busy" }

profile_access "Support Agent" {
	statuses = [presence_status.Ready, presence_status.On_a_Call, presence_status.Wrapping_Up, presence_status.Lunch, presence_status.Meeting]
}

unavailable_code "Lunch" {
	timeout = "8h"
	teams   = ["Support"]
}
unavailable_code "Meeting" {
	timeout = "8h"
	teams   = ["Support"]
}
`

const bridgeText = `
presence_bridge "LockstepPresence" {
	apps  = ["LightningService"]
	users = ["ana.lopez@acme.example", "ben.okafor@acme.example", "carla.rossi@acme.example"]
}
`

const rulesText = `
presence_rule "Support" {
	executor = "lockstep"
	teams    = ["Support"]
	both = [
		{ acd_state = "Available", salesforce_status = presence_status.Ready },
		{ acd_state = unavailable_code.Lunch, salesforce_status = presence_status.Lunch },
		{ acd_state = unavailable_code.Meeting, salesforce_status = presence_status.Meeting },
	]
	publisher = [
		{ acd_state = "Working", salesforce_status = presence_status.On_a_Call },
		{ acd_state = "ACW", salesforce_status = presence_status.Wrapping_Up },
	]
}
`

// A centreWorld is a world whose agents are at their desks, for lockstep run.
type centreWorld struct {
	*world
	path   string      // of the store
	store  *store.File // open as long as the machine's process would be
	hook   *hook       // hears what webhooks are told
	traces traces
	ahead  atomic.Int64 // of ours are the vendors' clocks, as a duration
	desks  atomic.Int64 // of the vendors' are those of the agents' machines
}

// newCentre applies a configuration and lets the volunteers come to work: they
// are Available and Ready. It is to be called in a bubble of synctest.
func newCentre(t testing.TB, seed *tenant.Tenant, text string) *centreWorld {
	t.Helper()
	c := unapplied(t, seed, text)
	c.opens()
	return c
}

// opens begins a centre's day.
func (c *centreWorld) opens() {
	c.t.Helper()
	c.orders(exitOK, "apply", "-auto-approve")
	for _, agent := range []string{ana, ben, carla} {
		c.comes(agent)
	}
}

// unapplied is a centre at which nothing was set up yet.
func unapplied(t testing.TB, seed *tenant.Tenant, text string) *centreWorld {
	t.Helper()
	c := &centreWorld{path: filepath.Join(t.TempDir(), "run.db"), hook: &hook{}}
	c.world = newWorld(t, seed, emulator.Options{
		OnAnswer: func(string, string, string, int) { c.traces.note(c) },
		Now:      func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) },
		DeskNow:  func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load() + c.desks.Load())) },
	})
	w := c.world
	w.Transport = &overhearer{next: hooked{w.Transport, c.hook}, tokens: map[string]bool{}}
	w.PubSubDial = w.emulator.PubSubDialer()
	w.Environ = append(w.Environ, "SALESFORCE_PUBSUB_ENDPOINT=http://127.0.0.1:7443",
		"LOCKSTEP_TOKEN="+canaryToken, "STORE=postgres://lockstep:"+canaryStore+"@127.0.0.1:1/lockstep", "WEBHOOK="+hookURL)
	w.write("main.hcl", text)
	return c
}

// comes lets somebody come to work.
func (c *centreWorld) comes(agent string) {
	c.t.Helper()
	console, err := c.emulator.Desks.Open(agent)
	if err == nil {
		err = c.emulator.Tenant.SetPresence(agent, schema.StateAvailable, "")
	}
	if err == nil {
		err = console.SetStatus("Ready")
	}
	c.must(err)
}

func (c *centreWorld) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// chooses lets somebody choose what they show in CXone: Available or a code.
func (c *centreWorld) chooses(agent, what string) {
	c.t.Helper()
	state, code := schema.StateUnavailable, what
	if what == schema.StateAvailable || what == schema.StateLoggedOut {
		state, code = what, ""
	}
	c.must(c.emulator.Tenant.SetPresence(agent, state, code))
}

// shows lets somebody choose a status in Salesforce.
func (c *centreWorld) shows(agent, status string) {
	c.t.Helper()
	c.must(c.emulator.Desks.Console(agent).SetStatus(status))
}

// pair is what both sides show of somebody: a state's name or a code's, and a
// status.
func (c *centreWorld) pair(agent string) string {
	p := c.emulator.Tenant.Presence(agent)
	state := p.State
	switch {
	case p.ACW:
		state = schema.StateACW
	case p.Reason != "":
		state = p.Reason
	}
	status := c.emulator.Org.Presence(agent)
	if status == "" {
		status = schema.Offline
	}
	return state + " " + status
}

func (c *centreWorld) wantPair(agent, pair, why string) {
	c.t.Helper()
	if got := c.pair(agent); got != pair {
		c.t.Errorf("%s: %s shows %s, want %s", why, agent, got, pair)
	}
}

// pass lets time go by, and what is under way finish.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// settles is how long a change takes to the other side, with room: a poll
// interval of CXone.
const settles = 10 * time.Second

// memory is the store that the processes of the centre's machine share.
func (c *centreWorld) memory() *store.File {
	c.t.Helper()
	if c.store == nil {
		f, err := store.OpenFile(c.path)
		c.must(err)
		c.store = f
		c.t.Cleanup(func() { _ = f.Close() })
	}
	return c.store
}

// A shift is one lockstep run.
type shift struct {
	centre   *centreWorld
	app      *app
	out, err *quietBuffer
	signals  chan os.Signal
	ended    chan int
	plug     *plug
	page     *bufconn.Listener // the live page's, once it is served
}

// begins starts lockstep run, and gives it time to see everybody.
func (c *centreWorld) begins(args ...string) *shift {
	c.t.Helper()
	s := c.starts(args...)
	pass(settles)
	select {
	case status := <-s.ended:
		c.t.Fatalf("run ended with %d:\n%s%s", status, s.out, s.err)
	default:
	}
	return s
}

// starts starts lockstep run, whatever comes of it.
func (c *centreWorld) starts(args ...string) *shift { return c.startsOn(nil, args...) }

// startsOn is starts with a port for the live page; nil is one on loopback.
func (c *centreWorld) startsOn(port net.Listener, args ...string) *shift {
	c.t.Helper()
	s := &shift{
		centre: c, out: &quietBuffer{}, err: &quietBuffer{}, signals: make(chan os.Signal, 2), ended: make(chan int, 1),
		plug: &plug{},
	}
	process := c.Process
	process.Stdout, process.Stderr, process.Signals = s.out, s.err, s.signals
	process.Transport, process.PubSubDial = s.plug.carries(c.Transport), s.plug.dials(c.PubSubDial)
	s.app = newApp(process)
	s.app.alone, s.app.store, s.app.digestWork = true, pluggedStore{c.memory(), s.plug}, 2
	s.app.listen = func(context.Context, string) (net.Listener, error) {
		if port != nil {
			return port, nil
		}
		s.page = bufconn.Listen(64 << 10)
		return loopbackPort{s.page}, nil
	}
	go func() { s.ended <- s.app.main(append([]string{"-chdir=" + c.chdir, "run"}, args...)) }()
	c.t.Cleanup(s.leaves)
	return s
}

// leaves ends the shift, unless it has ended.
func (s *shift) leaves() {
	if s.ended != nil {
		s.ends(exitOK)
	}
}

// ends interrupts run once, and wants it to end like this.
func (s *shift) ends(want int) {
	s.centre.t.Helper()
	s.signals <- os.Interrupt
	s.wantEnd(want)
}

func (s *shift) wantEnd(want int) {
	s.centre.t.Helper()
	if got := <-s.ended; got != want && !s.plug.pulled.Load() {
		s.centre.t.Errorf("run ended with %d, want %d:\n%s%s", got, want, s.out, s.err)
	}
	s.ended = nil
}

// killed ends the shift without a farewell: from now on nothing that it does
// reaches anybody, and it is gone before the next one begins.
func (s *shift) killed() {
	s.centre.t.Helper()
	s.plug.pulled.Store(true)
	s.ends(exitError)
	_ = s.centre.store.Close() // leases in a file live as long as its process
	s.centre.store = nil
}

func (s *shift) said() string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s.out.String()+"\n"+s.err.String(), "│", "")), " ")
}

func (s *shift) wantSaid(texts ...string) {
	s.centre.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.said(), text) {
			s.centre.t.Errorf("run does not say %q:\n%s%s", text, s.out, s.err)
		}
	}
}

// orders runs another command beside run, which it reaches through the store.
func (c *centreWorld) orders(want int, args ...string) {
	c.t.Helper()
	c.out.Reset()
	c.err.Reset()
	a := newApp(c.Process)
	a.alone, a.store, a.digestWork = true, c.memory(), 2
	if got := a.main(append([]string{"-chdir=" + c.chdir}, args...)); got != want {
		c.t.Errorf("%v: exit status %d, want %d:\n%s%s", args, got, want, c.out, c.err)
	}
}

// writes counts the calls that move somebody.
func (c *centreWorld) writes() int {
	n := 0
	for _, endpoints := range c.emulator.Stats() {
		for endpoint, count := range endpoints {
			if strings.HasPrefix(endpoint, "POST ") && (strings.HasSuffix(endpoint, "/state") || strings.HasSuffix(endpoint, "/push")) {
				n += count
			}
		}
	}
	return n
}

// A plug is what connects a process with the world.
type plug struct {
	pulled atomic.Bool
	fault  atomic.Pointer[storeFault] // of the store; nil for none
}

var errPulled = errors.New("the plug is pulled")

func (p *plug) carries(next http.RoundTripper) http.RoundTripper { return plugged{next, p} }

type plugged struct {
	next http.RoundTripper
	plug *plug
}

func (p plugged) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.plug.pulled.Load() {
		return nil, errPulled
	}
	answer, err := p.next.RoundTrip(r)
	if p.plug.pulled.Load() {
		return nil, errPulled
	}
	return answer, err
}

func (p *plug) dials(next func(context.Context, string) (net.Conn, error)) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		if p.pulled.Load() {
			return nil, errPulled
		}
		return next(ctx, address)
	}
}

// A pluggedStore writes nothing once the plug is pulled, and misbehaves as a
// test says.
type pluggedStore struct {
	store.Store
	plug *plug
}

// A verb of the store, and how it fails: before anything is done, or with an
// answer that is lost.
type verb string

const (
	commits verb = "commit"
	reads   verb = "read"
	leases  verb = "lease"
)

type storeFault struct {
	verbs         []verb
	before, after error
	hangs         bool // until the caller gives up
}

func (p *plug) breaks(f *storeFault) { p.fault.Store(f) }

// fails has the fault that is due for a verb its way.
func (p *plug) fails(ctx context.Context, v verb) (before, after error) {
	if p.pulled.Load() {
		return errPulled, nil
	}
	f := p.fault.Load()
	if f == nil || !slices.Contains(f.verbs, v) {
		return nil, nil
	}
	if f.hangs {
		<-ctx.Done()
		return ctx.Err(), nil
	}
	return f.before, f.after
}

func (s pluggedStore) Commit(ctx context.Context, b store.Batch) (int64, error) {
	before, after := s.plug.fails(ctx, commits)
	if before != nil {
		return 0, before
	}
	version, err := s.Store.Commit(ctx, b)
	return version, cmp.Or(err, after)
}

func (s pluggedStore) Recall(ctx context.Context, tenant, key string) (store.Item, error) {
	if before, _ := s.plug.fails(ctx, reads); before != nil {
		return store.Item{}, before
	}
	return s.Store.Recall(ctx, tenant, key)
}

func (s pluggedStore) Renew(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	before, after := s.plug.fails(ctx, leases)
	if before != nil {
		return store.Lease{}, before
	}
	l, err := s.Store.Renew(ctx, l, ttl)
	return l, cmp.Or(err, after)
}

func (s pluggedStore) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (store.Lease, error) {
	if before, _ := s.plug.fails(ctx, leases); before != nil {
		return store.Lease{}, before
	}
	return s.Store.Acquire(ctx, name, owner, ttl)
}

func (s pluggedStore) Release(ctx context.Context, l store.Lease) error {
	if s.plug.pulled.Load() {
		return errPulled
	}
	return s.Store.Release(ctx, l)
}

// A quietBuffer is written to while it is looked at.
type quietBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (q *quietBuffer) Write(text []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.b.Write(text)
}

func (q *quietBuffer) String() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.b.String()
}
