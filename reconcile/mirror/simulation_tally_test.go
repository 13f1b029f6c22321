package mirror_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A class is one of the ways in which a presence sync fails.
type class int

const (
	classEcho class = iota
	classPingPong
	classCoalescing
	classReorder
	classDuplicate
	classGap
	classSilentLogout
	classTabs
	classOverride
	classSystemState
	classPrevious
	classUnmapped
	classUnmatched
	classAccessLost
	classRateLimit
	classSplitBrain
	classSkew
	classUnknown
	classSilence
	classMidFlight
	classFlapping
	classPoison
	classes
)

func (c class) String() string {
	return [...]string{
		"echo", "ping-pong", "coalescing loss", "reorder", "duplicate delivery", "gap", "logout without event", "several tabs",
		"manual override", "system states", "previous state without one", "unmapped state", "user not on both sides",
		"access lost", "rate limit at shift start", "split brain", "clock skew", "unknown outcome", "permission silence",
		"config change mid-flight", "flapping", "poison event",
	}[c]
}

// A tally is what worlds came to.
type tally struct {
	worlds, events, changes, writes, deliveries int
	soon                                        int           // held against the time that is stated for faults that can be seen
	lived                                       time.Duration // of all agents
	reached                                     [classes]int
	faults                                      map[string]int
	excused                                     map[string]int // what a person did and was overruled in, by why that is stated
	kinds                                       map[string]int
}

func newTally() *tally {
	return &tally{faults: map[string]int{}, excused: map[string]int{}, kinds: map[string]int{}}
}

func (t *tally) reach(c class)     { t.reached[c]++ }
func (t *tally) fault(name string) { t.faults[name]++ }
func (t *tally) excuse(why string) { t.excused[why]++ }

// throttled counts a write that CXone did not take because of its rate. Shifts
// start with everybody at once.
func (t *tally) throttled(w *world) { t.reach(classRateLimit) }

func (t *tally) add(o *tally) {
	t.worlds += o.worlds
	t.events += o.events
	t.changes += o.changes
	t.writes += o.writes
	t.deliveries += o.deliveries
	t.soon += o.soon
	t.lived += o.lived
	for c := range t.reached {
		t.reached[c] += o.reached[c]
	}
	sum(t.faults, o.faults)
	sum(t.excused, o.excused)
	sum(t.kinds, o.kinds)
}

func sum(into, from map[string]int) {
	for name, n := range from {
		into[name] += n
	}
}

// changesPerYear is what an agent does in a year of 250 working days.
const changesPerYear = 50 * 250

func (t *tally) years() float64 { return float64(t.changes) / changesPerYear }

// missing lists the classes that no world has reached.
func (t *tally) missing() []string {
	var list []string
	for c := range classes {
		if t.reached[c] == 0 {
			list = append(list, c.String())
		}
	}
	return list
}

func (t *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds (%s), %.1f agent-years of 12,500 changes, %d changes, %d writes, %d events delivered, %d steps of the schedule\n",
		t.worlds, counts(t.kinds), t.years(), t.changes, t.writes, t.deliveries, t.events)
	b.WriteString("failure classes reached:")
	for c := range classes {
		fmt.Fprintf(&b, " %s %d;", c, t.reached[c])
	}
	fmt.Fprintf(&b, "\nfaults: %s\nagreed within ten seconds of the last fault that can be seen: %d agents\na person overruled, as stated: %s",
		counts(t.faults), t.soon, counts(t.excused))
	return b.String()
}

func counts(m map[string]int) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf("%s %d", name, m[name]))
	}
	return strings.Join(list, "; ")
}

// A violation is a guarantee that did not hold.
type violation struct {
	guarantee string
	text      string
	person    int // of whom it did not; -1 for everybody
	at        time.Duration
}

// fail notes the first violation.
func (w *world) fail(guarantee string, p *person, format string, args ...any) {
	if w.failure != nil {
		return
	}
	w.failure = &violation{guarantee: guarantee, text: fmt.Sprintf(format, args...), person: -1, at: w.now}
	if p != nil {
		w.failure.person = p.n
	}
	w.say(p, "VIOLATED: %s: %s", guarantee, w.failure.text)
}

// A teller tells what happened to one person, at the end of their story.
type teller struct {
	person int
	lines  []string
}

// storyLines is how long a story is.
const storyLines = 24

func (t *teller) about(p *person) bool { return p != nil && p.n == t.person }

func (t *teller) say(w *world, p *person, text string) {
	if p != nil && p.n != t.person {
		return
	}
	t.lines = append(t.lines, fmt.Sprintf("%12s  %s", w.now.Truncate(time.Millisecond), text))
	t.lines = t.lines[max(0, len(t.lines)-storyLines):]
}
