package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/examples"
	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/desk"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

const (
	demoLasts    = 15 * time.Second // the agents' day
	demoChanges  = 12.0             // a second, over all agents
	demoPatience = 15 * time.Second // for both sides to agree at the end
)

// A centre is the demo's second half: agents at their desks, and run as a
// process of its own beside them, so that it can be killed.
type centre struct {
	*story
	config *config.Configuration
	people []tenant.Agent
	rules  *presence.Ruleset
	chosen map[string]choice // by agent
	serve  string            // the live page's address; "" for none
	syncs  *process
}

// A choice is the status that a person last chose in Salesforce.
type choice struct {
	status    string
	at        time.Time
	overruled bool // by what the person chose in CXone since
}

// demoSync tells the second half, in a folder of its own.
func (a *app) demoSync(ctx context.Context, e *emulator.Emulator, seed *tenant.Tenant, server *emulator.Server, serve string) error {
	dir, err := os.MkdirTemp("", "lockstep-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := story{app: a.in(dir, server), emulator: e}
	return s.sync(ctx, seed, serve)
}

// sync lets a whole centre work for a while under run, kills run in the
// middle, and looks whether both sides agree at the end.
func (s *story) sync(ctx context.Context, seed *tenant.Tenant, serve string) error {
	s.view().Chapter("5. Run: %d agents live fifteen seconds of their day, %v changes a second on either side.", len(seed.AtWork()), demoChanges)
	c := &centre{story: s, people: seed.AtWork(), chosen: map[string]choice{}, serve: serve}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	living, stop := context.WithCancel(ctx)
	defer stop()
	day := desk.NewDay(s.emulator.Desks, s.emulator.Tenant, c.people, 1)
	if err := day.Begin(); err != nil {
		return err
	}
	if err := c.start(ctx); err != nil {
		return err
	}
	defer func() { c.syncs.end() }() // whichever it is by then
	var work sync.WaitGroup
	changes := 0
	work.Go(func() {
		day.Run(living, demoChanges, func(did desk.Change, err error) {
			changes++
			if err == nil {
				c.remember(did)
			}
		})
	})
	if err := c.live(ctx); err != nil {
		return err
	}
	stop()
	work.Wait()
	if err := c.rest(); err != nil {
		return err
	}
	s.view().Print("%d changes were made. Now contacts have ended and nobody touches anything: do both sides agree?", changes)
	if err := c.agree(ctx); err != nil || serve == "" {
		return err
	}
	return c.goOn(ctx, day)
}

// goOn lets agents and sync go on until somebody ends it.
func (c *centre) goOn(ctx context.Context, day *desk.Day) error {
	c.view().Print("Agents and sync go on, on http://%s, until interrupted.", c.serve)
	living, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() { day.Run(living, demoChanges, nil) })
	select {
	case <-ctx.Done():
		return nil
	case <-c.syncs.gone:
	}
	if c.syncs.cmd.ProcessState.Success() {
		return nil // a terminal's interrupt reaches both, and nothing else ends run like that
	}
	return c.syncs.ended()
}

// prepare applies the centre's own configuration.
func (c *centre) prepare(ctx context.Context) error {
	c.quiet = true
	if err := unpack(examples.Sync, "sync", c.chdir); err != nil {
		return err
	}
	var users []string
	for _, p := range c.people {
		users = append(users, strconv.Quote(cmp.Or(p.Username, p.Email)))
	}
	if err := writeFile(filepath.Join(c.chdir, "agents.auto.hclvars"), []byte("agents = ["+strings.Join(users, ", ")+"]\n")); err != nil {
		return err
	}
	plan, r, err := c.makePlan(ctx, planFlags{format: "text"})
	if err != nil {
		return err
	}
	if applied := r.Apply(ctx, c.stop, plan, nil); applied.Failed() {
		return errors.New("the centre's configuration could not be applied")
	}
	if c.config, err = c.load(ctx, configFlags{}, false); err != nil {
		return err
	}
	c.rules = presence.NewRuleset(presenceRules(c.config.Objects), presenceFacts(c.config.Objects))
	c.view().Print("%d objects of examples/sync were applied; the statuses' bridge is in every console.", len(plan.Steps))
	c.emulator.Desks.Reload()
	return nil
}

// conflictWindow is above the time within which a choice in Salesforce wins over
// one that was made in CXone after it.
const conflictWindow = 5 * time.Second

// remember keeps what a person chose. A choice in CXone asks for another status
// than the one chosen before, unless that was so shortly before that both are
// one conflict.
func (c *centre) remember(did desk.Change) {
	last := c.chosen[did.Agent]
	switch _, status, shows := strings.Cut(did.Did, "shows "); {
	case shows:
		last = choice{status: status, at: time.Now()}
	case did.Did == "is available" || strings.HasPrefix(did.Did, "is unavailable: "):
		last.overruled = last.overruled || time.Since(last.at) > conflictWindow
	}
	c.chosen[did.Agent] = last
}

// live waits for the day to pass, and kills run in the middle of it.
func (c *centre) live(ctx context.Context) error {
	if err := sleep(ctx, demoLasts/2); err != nil {
		return err
	}
	if err := c.syncs.ended(); err != nil {
		return err
	}
	c.syncs.kill()
	c.view().Print("Half way through, the syncing process was killed (SIGKILL); the agents go on.")
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := c.start(ctx); err != nil {
		return err
	}
	return sleep(ctx, demoLasts/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// start starts lockstep run as a user would.
func (c *centre) start(ctx context.Context) (err error) {
	args := []string{"-chdir=" + c.chdir, "-no-color", "run", "-align=cxone"}
	if c.serve != "" {
		args = append(args, "-serve="+c.serve)
	}
	if c.syncs, err = launch(ctx, args, c.Environ); err != nil || c.serve == "" {
		return err
	}
	return c.served(ctx)
}

// served waits until the live page is there, and tells its address.
func (c *centre) served(ctx context.Context) error {
	select {
	case page := <-c.syncs.said.page:
		c.view().Print("%s%s", livePage, page)
		c.serve = strings.TrimPrefix(page, "http://") // for the next one too, where the system chose the port
		return nil
	case <-c.syncs.gone:
		return c.syncs.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A process is a lockstep run beside the demo.
type process struct {
	cmd  *exec.Cmd
	said *words
	gone chan struct{} // closed once it has ended
}

// words are the last that a process said, and the live page's address once it
// was among them.
type words struct {
	last []byte
	page chan string
	told bool
}

// lastWords bounds what is kept: a process may go on for days.
const lastWords = 8 << 10

// Write implements [io.Writer].
func (w *words) Write(text []byte) (int, error) {
	w.last = append(w.last, text...)
	w.last = w.last[max(0, len(w.last)-lastWords):]
	if _, after, said := strings.Cut(string(w.last), livePage); said && !w.told {
		if page, _, whole := strings.Cut(after, "\n"); whole {
			w.told = true
			w.page <- page
		}
	}
	return len(text), nil
}

func launch(ctx context.Context, args, environ []string) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{
		cmd:  exec.CommandContext(ctx, program, args...),
		said: &words{page: make(chan string, 1)}, gone: make(chan struct{}),
	}
	p.cmd.Env = environ
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start lockstep run: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is asked for with ended
		close(p.gone)
	}()
	return p, nil
}

// kill ends the process without a chance to say goodbye.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // or it has ended already
	<-p.gone
}

// end asks the process to end and waits until it has.
func (p *process) end() {
	_ = p.cmd.Process.Signal(os.Interrupt) // or it has ended already
	<-p.gone
}

// ended says what a process that should still be there said last.
func (p *process) ended() error {
	select {
	case <-p.gone:
		return fmt.Errorf("lockstep run ended by itself: %s", strings.TrimSpace(string(p.said.last)))
	default:
		return nil
	}
}

// rest ends contacts and after-call work: what is set during them, CXone shows
// when they end.
func (c *centre) rest() error {
	calls := c.emulator.Tenant
	for _, p := range c.people {
		if now := calls.Presence(p.Email); !now.ACW && schema.IsContactState(now.State) {
			if err := calls.EndContact(p.Email); err != nil {
				return err
			}
		}
		if calls.Presence(p.Email).ACW {
			if err := calls.EndAfterCallWork(p.Email); err != nil {
				return err
			}
		}
	}
	return nil
}

// agree waits until both sides of every agent agree, by the emulators' own
// word and not by run's.
func (c *centre) agree(ctx context.Context) error {
	begin := time.Now()
	for {
		if err := c.syncs.ended(); err != nil {
			return err
		}
		count := c.count()
		missing := count.missing()
		if missing == "" {
			c.view().Print("%s", count)
			c.view().Print("It took %.1f s.", time.Since(begin).Seconds())
			return nil
		}
		if time.Since(begin) > demoPatience {
			return errors.Join(fmt.Errorf("after %s %s", demoPatience, missing), c.explain(ctx, count))
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// explain tells the story of the first who are apart.
func (c *centre) explain(ctx context.Context, t tally) (err error) {
	for _, p := range t.apart[:min(len(t.apart), 3)] {
		err = errors.Join(err, c.why(ctx, &spanFlags{since: time.Hour, format: "text"}, p.agent))
	}
	return err
}

// A tally is how the agents' two sides stand.
type tally struct {
	agree, logged, closed, free int
	apart                       []parted
}

// A parted is somebody whose sides do not agree.
type parted struct{ agent, state, status string }

func (t tally) String() string {
	return fmt.Sprintf("They do: %d agents agree, %d are logged out on a side, %d have no console open to reach, %d chose a status that asks for nothing in CXone.", t.agree, t.logged, t.closed, t.free)
}

// missing says what stands against the agents being in step, "" for nothing.
// Where hardly anybody agrees by a row, the rest proves nothing.
func (t tally) missing() string {
	if len(t.apart) > 0 {
		var texts []string
		for _, p := range t.apart {
			texts = append(texts, p.agent+" shows "+p.state+" and "+p.status)
		}
		return "these are apart: " + strings.Join(texts, "; ")
	}
	if others := t.logged + t.closed + t.free; t.agree <= others {
		return fmt.Sprintf("only %d of %d agents agree by a row of the rule", t.agree, t.agree+others)
	}
	return ""
}

func (c *centre) count() (t tally) {
	for _, p := range c.people {
		user := cmp.Or(p.Username, p.Email)
		state, status := shownState(c.emulator, p.Email), c.emulator.Org.Presence(user)
		console := c.emulator.Desks.Console(user)
		rule := c.rules.For(p.Team, p.Email)
		switch {
		case state.Word == schema.StateLoggedOut || status == "":
			t.logged++
		case rule.Row(state, status) != nil:
			t.agree++
		case console == nil || console.Tabs() == 0:
			t.closed++
		case c.free(p.Email, status):
			t.free++
		default:
			t.apart = append(t.apart, parted{p.Email, state.String(), status})
		}
	}
	return t
}

// free reports whether a status is an agent's own choice that asks for nothing
// in CXone.
func (c *centre) free(agent, status string) bool {
	last := c.chosen[agent]
	return !last.overruled && !asks(c.config, status) && (last.status == status || !publishes(c.config, status))
}

// shownState is what CXone shows of an agent, as rules name it.
func shownState(e *emulator.Emulator, agent string) schema.ACDState {
	p := e.Tenant.Presence(agent)
	switch {
	case p.ACW:
		return schema.ACDState{Word: schema.StateACW}
	case p.State == schema.StateUnavailable && p.Reason == schema.StateRefused:
		return schema.ACDState{Word: schema.StateRefused}
	case p.State == schema.StateUnavailable && p.Reason != "":
		return schema.ACDState{Code: p.Reason}
	}
	return schema.ACDState{Word: p.State}
}

// asks reports whether a row leads from a status to a state.
func asks(c *config.Configuration, status string) bool {
	return slices.ContainsFunc(presenceRules(c.Objects), func(r schema.Rule) bool { return names(r.Subscriber, status) })
}

// publishes reports whether a row leads from a state to a status.
func publishes(c *config.Configuration, status string) bool {
	return slices.ContainsFunc(presenceRules(c.Objects), func(r schema.Rule) bool { return names(r.Publisher, status) })
}

func names(rows []schema.Row, status string) bool {
	return slices.ContainsFunc(rows, func(r schema.Row) bool { return r.Status.Name == status })
}
