package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// A Comparison holds what was shown against what the rules asked for, while
// they were only watched (in shadow) and somebody else, such as NICE's own sync,
// carried them out.
type Comparison struct {
	From, To time.Time
	Agents   int        // who were asked anything of
	Rows     []Compared // by team, rule and row
	// NICE says that NICE's own sync is known to carry out every rule of the
	// rows; otherwise who acted is not known.
	NICE bool
	// Live counts decisions that Lockstep carried out itself; they say nothing
	// about anybody else and are not compared.
	Live int
}

// Compared is one row of a rule's tables in one team.
type Compared struct {
	Team, Rule, Row string // Row is file and line, "" for after_contact
	Asks            string // CXone Lunch: Salesforce to On_Break
	Decisions       int
	Prompt          int           // done by somebody within the grace
	Late            int           // done by somebody after it
	Missed          int           // done by nobody
	Differ          int           // somebody set something else
	Overtaken       int           // the side that asked moved on before
	Apart           time.Duration // summed over agents
	Slowest         time.Duration // of those that were done
}

// Grace is how long somebody else may take before a write counts as late. NICE
// publishes no figure of its own; other products publish three seconds and more.
const Grace = 5 * time.Second

// Compare reads a journal up to a time. The journal's own start is from.
func Compare(journal Journal, from, to time.Time) (Comparison, error) {
	c := comparer{rows: map[Compared]*Compared{}, agents: map[string]*watched{}}
	for line, err := range journal {
		if err != nil {
			return Comparison{}, err
		}
		c.read(&line)
	}
	return c.end(from, to), nil
}

type comparer struct {
	rows   map[Compared]*Compared // by a row without counts
	agents map[string]*watched
	live   int
}

// watched is what is open of one agent.
type watched struct {
	team string
	open [2]*asked // by the side that is to be set
	any  bool
}

// asked is a decision that nobody has carried out yet.
type asked struct {
	row    *Compared
	at     time.Time
	shown  string // on the side, then
	missed bool   // it was given up: the pair is apart until either side moves
}

func (c *comparer) read(l *mirror.Line) {
	if l.Agent == "" {
		return
	}
	a := c.agents[l.Agent]
	if a == nil {
		a = &watched{}
		c.agents[l.Agent] = a
	}
	switch l.What {
	case mirror.Saw:
		a.team = cmp.Or(l.Team, a.team)
		a.settle(l.At)
	case presence.Decided:
		c.decided(a, l)
	case presence.Done:
		a.done(l)
	case presence.Missed:
		if open := a.open[l.Side]; open != nil && !open.missed {
			open.row.Missed++
			open.missed = true
		}
	case presence.Superseded:
		a.superseded(l.Side, l)
	case presence.Agreed:
		a.superseded(presence.CXone, l)
		a.superseded(presence.Salesforce, l)
	case presence.Adopted, presence.Stopped, presence.Reruled:
		a.close(presence.CXone, l.At)
		a.close(presence.Salesforce, l.At)
	}
}

func (c *comparer) decided(a *watched, l *mirror.Line) {
	if !l.Shadow {
		c.live++
		return
	}
	a.close(l.Side, l.At)
	a.any = true
	key := Compared{Team: a.team, Rule: l.Rule, Row: l.Row, Asks: asks(l)}
	row := c.rows[key]
	if row == nil {
		fresh := key
		row = &fresh
		c.rows[key] = row
	}
	row.Decisions++
	a.open[l.Side] = &asked{row: row, at: l.At, shown: shownOn(l, l.Side)}
}

func asks(l *mirror.Line) string {
	if l.Side == presence.Salesforce {
		return "CXone " + l.State.String() + ": " + target(l)
	}
	return "Salesforce " + l.Status + ": " + target(l)
}

func shownOn(l *mirror.Line, side presence.Side) string {
	if side == presence.CXone {
		return l.State.String()
	}
	return l.Status
}

func (a *watched) done(l *mirror.Line) {
	open := a.open[l.Side]
	if open == nil || open.missed {
		return
	}
	took := l.At.Sub(open.at)
	if took <= Grace {
		open.row.Prompt++
	} else {
		open.row.Late++
	}
	open.row.Slowest = max(open.row.Slowest, took)
	a.close(l.Side, l.At)
}

// superseded tells a side that somebody set otherwise from one whose reason has
// gone.
func (a *watched) superseded(side presence.Side, l *mirror.Line) {
	open := a.open[side]
	if open == nil || open.missed {
		return
	}
	if shownOn(l, side) != open.shown {
		open.row.Differ++
	} else {
		open.row.Overtaken++
	}
	a.close(side, l.At)
}

// settle ends what was given up: either side has moved, and something new is
// compared.
func (a *watched) settle(at time.Time) {
	for side, open := range a.open {
		if open != nil && open.missed {
			a.close(presence.Side(side), at)
		}
	}
}

func (a *watched) close(side presence.Side, at time.Time) {
	if open := a.open[side]; open != nil {
		open.row.Apart += max(0, at.Sub(open.at))
		a.open[side] = nil
	}
}

func (c *comparer) end(from, to time.Time) Comparison {
	result := Comparison{From: from, To: to, Live: c.live}
	for _, a := range c.agents {
		a.close(presence.CXone, to)
		a.close(presence.Salesforce, to)
		if a.any {
			result.Agents++
		}
	}
	for _, row := range c.rows {
		result.Rows = append(result.Rows, *row)
	}
	slices.SortFunc(result.Rows, func(a, b Compared) int {
		return cmp.Or(cmp.Compare(a.Team, b.Team), cmp.Compare(a.Rule, b.Rule), cmp.Compare(len(a.Row), len(b.Row)), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Asks, b.Asks))
	})
	return result
}

// Total sums the rows, of one team or, with "", of all.
func (c Comparison) Total(team string) Compared {
	sum := Compared{Team: team}
	for _, r := range c.Rows {
		if team != "" && r.Team != team {
			continue
		}
		sum.Decisions += r.Decisions
		sum.Prompt += r.Prompt
		sum.Late += r.Late
		sum.Missed += r.Missed
		sum.Differ += r.Differ
		sum.Overtaken += r.Overtaken
		sum.Apart += r.Apart
		sum.Slowest = max(sum.Slowest, r.Slowest)
	}
	return sum
}
