package mirror_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A bug is a mistake that somebody could make: one edit of a file of the core or
// the engine, or several of one name, in which {bug} holds while the bug is at
// work. It is never in the tree: the binary that [TestSimulationFindsPlantedBugs] builds is made of copies.
type bug struct {
	name     string
	file     string // below reconcile
	was, bad string
}

// plantedBugs lists what the simulation has to find.
func plantedBugs() []bug {
	return []bug{
		{"our own write coming back is taken for somebody's move", "presence/pending.go",
			`	if side == Salesforce {
		m.published(p.want)
		return
	}
	if !m.s.run`,
			`	if side == Salesforce && {bug} {
		return
	}
	if side == Salesforce {
		m.published(p.want)
		return
	}
	if !m.s.run`},
		{"our own write coming back is taken for somebody's move", "presence/decide.go",
			`	case m.rule.mapped(m.world(CXone)) && !m.queuedOtherwise():`,
			`	case !{bug} && m.rule.mapped(m.world(CXone)) && !m.queuedOtherwise():`},
		{"what a vendor accepted counts as done", "presence/hear.go",
			`	switch a.Result {
	case Accepted:
`,
			`	switch a.Result {
	case Accepted:
		if {bug} {
			m.done(side, &p)
			return
		}
`},
		{"late news overwrites newer", "presence/hear.go",
			`	if at.since >= seen.since {
		return false`,
			`	if {bug} || at.since >= seen.since {
		return false`},
		{"clocks are taken for exact", "presence/hear.go",
			`unsure: o.Clock.Uncertainty.Milliseconds(), fresh: true}
`,
			`unsure: o.Clock.Uncertainty.Milliseconds(), fresh: true}
	if {bug} {
		at.unsure = 0
	}
`},
		{"what was chosen first wins", "presence/decide.go",
			`	if lead > tieMargin.Milliseconds()+c.unsure+s.unsure {`,
			`	if (lead > tieMargin.Milliseconds()+c.unsure+s.unsure) != {bug} {`},
		{"a new owner decides by what the last one saw", "presence/step.go",
			`		m.s.seen[side].fresh = false
`,
			`		m.s.seen[side].fresh = m.s.seen[side].fresh && {bug}
`},
		{"a pair that is found is brought in line, not adopted", "presence/decide.go",
			`	align := m.set.Align
`,
			`	align := m.set.Align
	if {bug} {
		align = AlignCXone
	}
`},
		{"an agent is moved without end", "presence/park.go",
			`	if held < one {`,
			`	if held < one && !{bug} {`},
		{"who is parked stays parked", "presence/park.go",
			`	if m.now-m.s.changed >= m.set.Quiet.Milliseconds() {`,
			`	if m.now-m.s.changed >= m.set.Quiet.Milliseconds() && !{bug} {`},
		{"a resume catches up", "presence/hear.go",
			`	m.tell(Entry{What: Resumed})
	m.dropBase()
`,
			`	m.tell(Entry{What: Resumed})
	if {bug} {
		return
	}
	m.dropBase()
`},
		{"what is heard of after a resume is caught up", "presence/decide.go",
			`	ended := m.stopEnded()
	m.setBase(m.s.shows)
`,
			`	ended := m.stopEnded()
	if {bug} {
		ended = [2]int64{}
	}
	m.setBase(m.s.shows)
`},
		{"what happens right after a resume is adopted", "presence/decide.go",
			`		ended[side] = at - m.s.seen[side].unsure`,
			`		ended[side] = at - m.s.seen[side].unsure
		if {bug} {
			ended[side] = at
		}`},
		{"a stop is noted and not obeyed", "presence/step.go",
			`	return m.rule != nil && !m.s.stopped && `,
			`	return m.rule != nil && (!m.s.stopped || {bug}) && `},
		{"who is logged out is set all the same", "presence/follow.go",
			`	if status == "" || status == w.status || w.status == schema.Offline {`,
			`	if status == "" || status == w.status || w.status == schema.Offline && !{bug} {`},
		{"a rule that changes is heard of at the next restart", "mirror/rules.go",
			`	e.rules = presence.NewRuleset(effective(set), set.Facts)
`,
			`	if e.rules == nil || !{bug} {
		e.rules = presence.NewRuleset(effective(set), set.Facts)
	}
`},
		{"commands go out before the decision is kept", "mirror/dispatch.go",
			`	e.gather.commands = append(e.gather.commands, c)
`,
			`	if {bug} {
		e.waiting[c.side].put(c)
		return
	}
	e.gather.commands = append(e.gather.commands, c)
`},
		{"a batch that was not written is forgotten", "mirror/persist.go",
			`		e.gatherAgain(b)
`,
			`		if !{bug} {
			e.gatherAgain(b)
		} else {
			e.keep(b)
		}
`},
		{"a lease is used to its last moment", "mirror/dispatch.go",
			`func (e *Engine) before() time.Time { return e.lease.Until.Add(-writeTimeout) }`,
			`func (e *Engine) before() time.Time {
	if {bug} {
		return e.lease.Until
	}
	return e.lease.Until.Add(-writeTimeout)
}`},
		{"who is fenced goes on", "mirror/lease.go",
			`	case errors.Is(l.Err, store.ErrFenced):
		e.lose(`,
			`	case errors.Is(l.Err, store.ErrFenced) && {bug}:
		e.lease.Until = e.now.Add(leaseTTL)
		e.at(taskLease, renewEvery)
	case errors.Is(l.Err, store.ErrFenced):
		e.lose(`},
		{"commands are named alike by every owner", "mirror/dispatch.go",
			`	return fmt.Sprintf("%s/%d/%d", c.agent.known.Key, e.epoch, e.ids)`,
			`	if {bug} {
		return fmt.Sprintf("%s/%d", c.agent.known.Key, c.id)
	}
	return fmt.Sprintf("%s/%d/%d", c.agent.known.Key, e.epoch, e.ids)`},
		{"the last row of a poll is passed over", "mirror/poll.go",
			`	e.backOffs.poll.reset()
	e.hurry`,
			`	if n := len(p.News.Sightings); {bug} && n > 0 {
		p.News.Sightings = p.News.Sightings[:n-1]
	}
	e.backOffs.poll.reset()
	e.hurry`},
		{"two polls are under way", "mirror/poll.go",
			`	if e.polling || e.phase != running {
		return`,
			`	if e.polling && !{bug} || e.phase != running {
		return`},
		{"a logout is taken for a change whose other half will come", "mirror/feed.go",
			`	e.doubted[id] = true
	e.doubts = append(e.doubts, id)
`,
			`	if {bug} {
		return
	}
	e.doubted[id] = true
	e.doubts = append(e.doubts, id)
`},
		{"a row that cannot be read is nobody's", "mirror/observe.go",
			`		if a := e.known[r.side][id]; a != nil {
			a.swept[r.side] = r.generation`,
			`		if a := e.known[r.side][id]; a != nil && !{bug} {
			a.swept[r.side] = r.generation`},
		{"a vendor that asks to be left alone is not", "mirror/dispatch.go",
			`	if r.RetryAfter > 0 {
`,
			`	if r.RetryAfter > 0 && !{bug} {
`},
		{"the budget of calls is counted and not kept", "mirror/budget.go",
			`func (e *Engine) maySweep() bool { return e.used.Calls`,
			`func (e *Engine) maySweep() bool { return {bug} || e.used.Calls`},
		{"a position that the vendor refuses is asked for again", "mirror/feed.go",
			`		e.cursor, e.feedsNew = nil, true
		e.at(taskWatch, 0)
		e.by(taskSweep, e.untilSweep())
`,
			`		if !{bug} {
			e.cursor, e.feedsNew = nil, true
			e.by(taskSweep, e.untilSweep())
		}
		e.at(taskWatch, time.Second)
`},
		{"whom NICE's own sync serves is moved", "mirror/stops.go",
			`	if e.assigned[a.known.CXone] {`,
			`	if e.assigned[a.known.CXone] && !{bug} {`},
		{"the stop file is not looked at", "mirror/stops.go",
			`	if e.stopFile != "" {`,
			`	if e.stopFile != "" && !{bug} {`},
		{"a freeze window is forgotten", "mirror/stops.go",
			`	for _, w := range e.set.Freeze {
		if w.Holds(e.now) {`,
			`	for _, w := range e.set.Freeze {
		if w.Holds(e.now) && !{bug} {`},
		{"what a person has reversed is set again", "presence/hear.go",
			`	if p == nil || p.id == 0 || side == CXone && inContact(m.s.shows.state) || m.s.shows`,
			`	if {bug} || p == nil || p.id == 0 || side == CXone && inContact(m.s.shows.state) || m.s.shows`},
		{"waits follow the machine's clock", "mirror/engine.go",
			`func (e *Engine) steady() time.Time { return`,
			`func (e *Engine) steady() time.Time { if {bug} { return e.now.Round(0) }; return`},
		{"who has another counterpart keeps the old one", "mirror/roster.go",
			`		if find(agents, a.known.Key) == nil {
			e.dismiss(`,
			`		if find(agents, a.known.Key) == nil && {bug} {
			agents = append(agents, a)
			slices.SortFunc(agents, func(a, b *agent) int { return cmp.Compare(a.known.Key, b.known.Key) })
		} else if find(agents, a.known.Key) == nil {
			e.dismiss(`},
	}
}

// theSwitch says which bug is at work, and is in the copies only.
const theSwitch = `package %s

import "os"

var bugAtWork = os.Getenv("LOCKSTEP_BUG")
`

// plant writes copies of the packages' files with every bug in them, each behind
// the switch, and returns an overlay for the go command that has them in the
// place of the real ones.
func plant(t *testing.T, bugs []bug) (overlay string) {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, name := range []string{"presence", "mirror"} {
		texts[name+"/bug_at_work.go"] = fmt.Sprintf(theSwitch, name)
	}
	for _, b := range bugs {
		text, planted := texts[b.file]
		if !planted {
			real, err := os.ReadFile(filepath.Join(root, b.file))
			if err != nil {
				t.Fatal(err)
			}
			text = string(real)
		}
		if n := strings.Count(text, b.was); n != 1 {
			t.Fatalf("%q cannot be planted: %s has %d times\n%s", b.name, b.file, n, b.was)
		}
		texts[b.file] = strings.Replace(text, b.was, strings.ReplaceAll(b.bad, "{bug}", fmt.Sprintf("(bugAtWork == %q)", b.name)), 1)
	}
	replace := map[string]string{}
	for name, text := range texts {
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, name)] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// enoughSeeds is how many worlds every bug has to be found in: as many as a test
// run lives through anyway.
const enoughSeeds = "400"

// found is how the simulation says which guarantee did not hold, and where.
var found = regexp.MustCompile(`violated: (.*)\n.* -seed=(\d+)`)

// TestSimulationFindsPlantedBugs shows that the simulation can see: each of the
// planted bugs violates a guarantee within the worlds of a usual run. Without one
// at work the same binary finds nothing.
func TestSimulationFindsPlantedBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("some minutes")
	}
	bugs := plantedBugs()
	binary := filepath.Join(t.TempDir(), "planted.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", plant(t, bugs), "-o", binary, ".")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	simulate := func(bug, seeds string) (string, error) {
		run := exec.CommandContext(t.Context(), binary, "-test.run=^TestSimulation$", "-test.timeout=5m", "-seeds="+seeds, "-coverage=false")
		run.Env = append(os.Environ(), "LOCKSTEP_BUG="+bug)
		said, err := run.CombinedOutput()
		return string(said), err
	}
	if said, err := simulate("", "20"); err != nil {
		t.Fatalf("without a bug: %v\n%s", err, said)
	}
	for i, b := range bugs {
		if i > 0 && bugs[i-1].name == b.name {
			continue // another edit of the same
		}
		t.Run(b.name, func(t *testing.T) {
			said, err := simulate(b.name, enoughSeeds)
			at := found.FindStringSubmatch(said)
			if err == nil || at == nil {
				t.Fatalf("it is not found: %v\n%s", err, said)
			}
			t.Logf("violates %q, seed %s", at[1], at[2])
		})
	}
}
