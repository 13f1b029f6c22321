package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/desk"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/schema"
)

// A scene is both vendors and the agents in a process of its own, the stage, for
// the benchmarks of run: it lets agents change things, and notes by one clock
// when each thing was changed, when it could be known, and when the call came
// that brought it to the other side.
type scene struct {
	vendors *emulator.Emulator
	actors  []*actor

	mu        sync.Mutex
	byAgent   map[string]*actor // by CXone's id
	byUser    map[string]*actor // by Salesforce's, of 15 characters
	byName    map[string]*actor // by user name in Salesforce
	next      int               // who changes something next
	fresh     []*actor          // changed in CXone, not polled since
	carried   map[int][]*actor  // by the poll that carries them
	tally     tally
	delivered int                  // events, when the tally began
	writers   map[string]time.Time // when each access token wrote last
	marked    time.Time
}

// An actor is one agent.
type actor struct {
	email, user string
	pair        int // of the away list; 0 is Available and Ready
	waits       waiting
	changed     time.Time // when the agent last changed something, until it is carried over
	known       time.Time // when the vendor told
}

// Waiting is where an actor's last change is still to be brought.
type waiting int

const (
	forNothing waiting = iota
	forCXone
	forSalesforce // and then for the console
	forConsole
)

// A tally is what was counted and measured since it was last asked for. Times
// are in milliseconds.
type tally struct {
	Changes    int
	States     int // POSTs of a state to CXone
	Commands   int // to consoles
	Pushes     int // calls that carry them
	Polls      int
	Sweeps     int
	Calls      int // to Salesforce, of all kinds
	Deliveries int
	Unclear    int // polled while they were made, and not measured

	ToCXone      []float64 // change to POST
	ToSalesforce []float64 // poll's answer to push
	Pushed       []float64 // change to push
	Shown        []float64 // change to the console having done it
	FirstPoll    float64   // since the mark

	FirstWrite float64 // of somebody else, since the mark
	Fenced     int     // writes of who was the only one before, after that
	Failed     string
}

// An order is what the stage is to do.
type order struct {
	Do      string
	Rate    float64 // live: changes a second
	Seconds float64
	Side    string // live: only there; "" is in turn
}

// A reply answers an order.
type reply struct {
	Env   []string `json:",omitempty"`
	Tally tally
	Apart []string `json:",omitempty"`
	Error string   `json:",omitempty"`
}

// stageAgents says how many agents are on the stage.
const stageAgents = "LOCKSTEP_STAGE_AGENTS"

// aways is how many codes, and statuses for them, there are: what the tables of
// real centres run to.
const aways = 12

func away(i int) string { return fmt.Sprintf("Away_%02d", i) }

// stage is the process. It takes orders as lines of JSON on its standard input,
// answers each with one on its standard output, and ends with its input.
func stage() {
	debug.SetGCPercent(400) // its pauses are no delay of run's
	n, _ := strconv.Atoi(os.Getenv(stageAgents))
	s, server, err := newScene(n)
	out := json.NewEncoder(os.Stdout)
	if err != nil {
		_ = out.Encode(reply{Error: err.Error()})
		return
	}
	defer func() { _ = server.Close() }()
	var env []string
	for _, v := range server.Env() {
		env = append(env, v.Name+"="+v.Value)
	}
	_ = out.Encode(reply{Env: env})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var o order
		answer := reply{}
		err := json.Unmarshal(lines.Bytes(), &o)
		if err == nil {
			answer, err = s.obey(o)
		}
		if err != nil {
			answer.Error = err.Error()
		}
		_ = out.Encode(answer)
	}
}

func newScene(agents int) (*scene, *emulator.Server, error) {
	seed := tenant.Acme()
	seed.Crowd(agents)
	seed.Salesforce.DailyAPIRequests = 100_000_000
	s := &scene{
		byAgent: map[string]*actor{}, byUser: map[string]*actor{}, byName: map[string]*actor{},
		carried: map[int][]*actor{}, writers: map[string]time.Time{},
	}
	s.vendors = emulator.New(seed, emulator.Options{OnRequest: s.request, OnCall: s.call, OnAnswer: s.answer})
	s.vendors.Org.SetStreamingLimits(2*agents+1000, 1_000_000_000)
	s.vendors.Org.SetDeliveries(1_000_000_000)
	s.vendors.Desks = desk.NewRoom(s.vendors.Org, desk.Options{Heard: s.heard})
	for _, a := range seed.AtWork()[:agents] {
		w := &actor{email: a.Email, user: cmp.Or(a.Username, a.Email)}
		s.actors = append(s.actors, w)
		s.byAgent[s.vendors.Tenant.AgentID(w.email)] = w
		s.byUser[s.vendors.Org.UserID(w.user)[:15]] = w
		s.byName[w.user] = w
	}
	server, err := emulator.Listen(context.Background(), s.vendors, "127.0.0.1:0")
	return s, server, err
}

func (s *scene) obey(o order) (reply, error) {
	switch o.Do {
	case "place":
		return reply{}, s.place()
	case "live":
		s.live(o)
		return reply{}, nil
	case "tally":
		return reply{Tally: s.take(true)}, nil
	case "look":
		return reply{Tally: s.take(false)}, nil
	case "mark":
		s.mark()
		return reply{}, nil
	case "apart":
		return reply{Apart: s.apart()}, nil
	}
	return reply{}, fmt.Errorf("order %q", o.Do)
}

// place lets everybody come to work, ready for it on both sides.
func (s *scene) place() error {
	for _, a := range s.actors {
		if err := s.vendors.Tenant.SetPresence(a.email, schema.StateAvailable, ""); err != nil {
			return err
		}
		if err := s.vendors.Org.SetPresence(a.user, "Ready"); err != nil {
			return err
		}
		if _, err := s.vendors.Desks.Open(a.user); err != nil {
			return err
		}
	}
	return nil
}

// live lets agents change something, in turn, so many times a second. Nobody is
// asked again before everybody else was.
func (s *scene) live(o order) {
	const tick = 2 * time.Millisecond
	begin := time.Now()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for made, most := 0, int(o.Rate*o.Seconds); made < most; {
		<-ticker.C
		for ; made < most && float64(made) < o.Rate*time.Since(begin).Seconds(); made++ {
			s.change(s.actors[s.next%len(s.actors)], o.Side)
			s.next++
		}
	}
}

// change lets an actor show something else on one side.
func (s *scene) change(a *actor, side string) {
	s.mu.Lock()
	a.pair = (a.pair + 1 + s.next/len(s.actors)) % (aways + 1)
	inCXone := side == "cxone" || side == "" && s.next%2 == 0
	a.changed, a.known, a.waits = time.Now(), time.Time{}, forCXone
	if inCXone {
		a.waits = forSalesforce
	}
	s.tally.Changes++
	pair := a.pair
	s.mu.Unlock()

	var err error
	if state, code := inState(pair); inCXone {
		err = s.vendors.Tenant.SetPresence(a.email, state, code)
	} else {
		err = s.vendors.Desks.Console(a.user).SetStatus(inStatus(pair))
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.tally.Failed = err.Error()
	}
	if inCXone {
		s.fresh = append(s.fresh, a)
	}
}

func inState(pair int) (state, code string) {
	if pair == 0 {
		return schema.StateAvailable, ""
	}
	return schema.StateUnavailable, away(pair)
}

func inStatus(pair int) string {
	if pair == 0 {
		return "Ready"
	}
	return away(pair)
}

func isPoll(vendor, method, path string) bool {
	return vendor == emulator.CXone && method == http.MethodGet && strings.HasSuffix(path, "/agents/states")
}

// call is before a call is handled. A poll carries what was changed by then.
func (s *scene) call(vendor, method, path string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if vendor == emulator.Salesforce {
		s.tally.Calls++
	}
	if isPoll(vendor, method, path) {
		if s.tally.Polls == 0 && !s.marked.IsZero() {
			s.tally.FirstPoll = time.Since(s.marked).Seconds()
		}
		s.tally.Polls++
		s.carried[n] = s.fresh
		s.fresh = nil
	}
}

// answer is when a call's answer is about to leave.
func (s *scene) answer(vendor, method, path string, n int) {
	if !isPoll(vendor, method, path) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, a := range s.carried[n] {
		a.known = now
	}
	delete(s.carried, n)
}

// request is when a call arrives.
func (s *scene) request(vendor string, r *http.Request, body []byte) {
	now := time.Now()
	path := r.URL.Path
	switch {
	case r.Method == http.MethodGet && strings.Contains(r.URL.RawQuery, "UserServicePresence"):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tally.Sweeps++
	case r.Method != http.MethodPost:
	case vendor == emulator.CXone && strings.HasSuffix(path, "/state"):
		s.posted(r, agentIn(path), now)
	case vendor == emulator.Salesforce && strings.HasSuffix(path, "/push"):
		s.pushed(r, body, now)
	}
}

// agentIn returns the agent of …/agents/{id}/state.
func agentIn(path string) string {
	parts := strings.Split(path, "/")
	return parts[len(parts)-2]
}

func (s *scene) posted(r *http.Request, agent string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote(r, now)
	s.tally.States++
	if a := s.byAgent[agent]; a != nil && a.waits == forCXone {
		s.tally.ToCXone = append(s.tally.ToCXone, milliseconds(now.Sub(a.changed)))
		a.waits = forNothing
	}
}

func (s *scene) pushed(r *http.Request, body []byte, now time.Time) {
	var push struct {
		PushEvents []struct {
			UserIDs []string `json:"userIds"`
		} `json:"pushEvents"`
	}
	_ = json.Unmarshal(body, &push) // the emulator refuses what is none
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote(r, now)
	s.tally.Pushes++
	for _, event := range push.PushEvents {
		s.tally.Commands++
		a := s.byUser[event.UserIDs[0][:15]]
		if a == nil || a.waits != forSalesforce {
			continue
		}
		a.waits = forConsole
		s.tally.Pushed = append(s.tally.Pushed, milliseconds(now.Sub(a.changed)))
		if a.known.IsZero() {
			s.tally.Unclear++
			continue
		}
		s.tally.ToSalesforce = append(s.tally.ToSalesforce, milliseconds(now.Sub(a.known)))
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// heard is when a console has dealt with a command.
func (s *scene) heard(user, outcome string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.byName[user]; a != nil && a.waits == forConsole && outcome == "done" {
		s.tally.Shown = append(s.tally.Shown, milliseconds(time.Since(a.changed)))
		a.waits = forNothing
	}
}

// wrote notes who writes: each process has tokens of its own.
func (s *scene) wrote(r *http.Request, now time.Time) {
	sum := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	who := hex.EncodeToString(sum[:8])
	last, known := s.writers[who]
	switch old := known && !last.After(s.marked); {
	case s.marked.IsZero():
	case old:
		if s.tally.FirstWrite > 0 {
			s.tally.Fenced++
		}
		return // its last write stays one from before the mark
	case s.tally.FirstWrite == 0:
		s.tally.FirstWrite = now.Sub(s.marked).Seconds()
	}
	s.writers[who] = now
}

// mark begins a measurement that somebody outside has an eye on.
func (s *scene) mark() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marked = time.Now()
	s.tally.FirstWrite, s.tally.Fenced, s.tally.Polls, s.tally.FirstPoll = 0, 0, 0, 0
}

// take returns the tally, and may begin another.
func (s *scene) take(anew bool) tally {
	delivered := s.vendors.Org.Deliveries()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tally
	t.Deliveries = delivered - s.delivered
	if anew {
		s.tally, s.delivered = tally{}, delivered
	}
	return t
}

// apart lists whose two sides do not both show what the agent last chose.
func (s *scene) apart() []string {
	var list []string
	for _, a := range s.actors {
		state, code := inState(a.pair)
		left, right := s.vendors.Tenant.Presence(a.email), s.vendors.Org.Presence(a.user)
		if left.State != state || left.Reason != code || right != inStatus(a.pair) {
			list = append(list, fmt.Sprintf("%s: %s %s, %s; chose %s", a.email, left.State, left.Reason, right, inStatus(a.pair)))
		}
	}
	slices.Sort(list)
	return list
}
