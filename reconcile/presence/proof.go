package presence

import (
	"cmp"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Proof says whether a rule settles from everywhere.
type Proof struct {
	// Cycle is what repeats for ever: an action from outside that starts it,
	// then the writes of one round. It is nil when there is none.
	Cycle []Move
	// Longest is the largest number of writes that one action can cause. It is
	// zero when there is a cycle.
	Longest int
	// Chain is an action that causes that many writes, followed by them.
	Chain []Move
}

// Prove starts from every pair of presences and every single move of either
// side, and follows the rule's tables as if every write were a fresh action by
// a second executor of the same rule.
//
// It does not enumerate them. Once no contact is under way a chain depends only
// on the status that Salesforce was just set to, because CXone's answer to it
// is a function of the status alone; so the chains of all statuses are found in
// one walk. What remains to be chosen (what both sides showed before a contact)
// is chosen for the worst. The work grows with the number of rows.
func Prove(rule schema.Rule, facts Facts) Proof {
	return prove(newTables(rule, facts))
}

func prove(t *tables) Proof {
	p := prover{tables: t}
	p.list()
	if start := p.walk(); start != "" {
		return Proof{Cycle: p.cycle(start)}
	}
	p.rank()
	p.tryIdle()
	p.tryContact()
	p.tryContactEnd()
	return p.proof()
}

// A code and a status that no row names. All of those behave alike, so that
// one of each stands for all.
var otherCode = schema.ACDState{Word: schema.StateUnavailable}

const otherStatus = "a status without a row"

type prover struct {
	*tables

	codes    []schema.ACDState // the rule's codes that can be set
	contacts []schema.ACDState // the states of a contact and its after-call work

	// tail counts the writes that follow when Salesforce moves to a status
	// outside a contact and CXone has to answer.
	tail   map[string]int
	ranked []string          // the statuses that cause writes, the most first
	ends   []schema.ACDState // the states a contact can end in, the most writes first

	longest int
	start   world // what causes the longest chain
}

// list collects the states that behave differently from each other.
func (p *prover) list() {
	for _, word := range schema.ContactStates() {
		p.contacts = append(p.contacts, schema.ACDState{Word: word})
	}
	p.contacts = append(p.contacts, schema.ACDState{Word: schema.StateACW})
	seen := make(map[string]bool, len(p.rule.Publisher)+len(p.rule.Subscriber))
	for _, rows := range [][]schema.Row{p.rule.Publisher, p.rule.Subscriber} {
		for i := range rows {
			p.listCode(rows[i].State.Code, seen)
		}
	}
}

func (p *prover) listCode(code string, seen map[string]bool) {
	if code == "" || seen[code] {
		return
	}
	seen[code] = true
	if p.acw[code] {
		p.contacts = append(p.contacts, schema.ACDState{Word: schema.StateACW, Code: code})
		return
	}
	p.codes = append(p.codes, schema.ACDState{Code: code})
}

// walk fills tail, and returns a status that leads back to itself, "" when
// there is none.
func (p *prover) walk() string {
	p.tail = make(map[string]int, len(p.subscriber))
	walking := make(map[string]bool, len(p.subscriber))
	var path []string
	var writes []int
	for i := range p.rule.Subscriber {
		path, writes = path[:0], writes[:0]
		status := p.rule.Subscriber[i].Status.Name
		for status != "" {
			if _, done := p.tail[status]; done {
				break
			}
			if walking[status] {
				return status
			}
			walking[status] = true
			count, then := p.round(status)
			path, writes = append(path, status), append(writes, count)
			status = then
		}
		rest := p.tail[status]
		for k, p0 := range slices.Backward(path) {
			rest += writes[k]
			p.tail[p0] = rest
		}
	}
	return ""
}

// round follows a move of Salesforce to status until Salesforce moves again.
// It returns the writes made and, when the new status causes more, that status.
func (p *prover) round(status string) (writes int, then string) {
	w, _, ok := p.next(idle(status))
	if !ok {
		return 0, ""
	}
	if w, _, ok = p.next(w); !ok {
		return 1, ""
	}
	if _, _, ok = p.next(w); !ok {
		return 2, ""
	}
	return 2, w.status
}

// idle is a move of Salesforce to status while CXone shows what no row sets.
func idle(status string) world {
	return world{pair: pair{otherCode, status}, moved: Salesforce}
}

// cycle lists one round from a status that leads back to itself.
func (p *prover) cycle(status string) []Move {
	w := idle(status)
	moves := []Move{w.move(Outside, nil)}
	for {
		var m Move
		w, m, _ = p.next(w)
		moves = append(moves, m)
		if w.moved == Salesforce && w.status == status {
			return moves
		}
	}
}

// rank orders what the choices are made from: statuses and a contact's ends.
func (p *prover) rank() {
	for i := range p.rule.Subscriber {
		if status := p.rule.Subscriber[i].Status.Name; p.tail[status] > 0 && status != schema.Offline {
			p.ranked = append(p.ranked, status)
		}
	}
	slices.SortStableFunc(p.ranked, func(a, b string) int { return cmp.Compare(p.tail[b], p.tail[a]) })

	p.ends = append([]schema.ACDState{{Word: schema.StateAvailable}, otherCode}, p.codes...)
	writes := make(map[schema.ACDState]int, len(p.ends))
	for _, s := range p.ends {
		writes[s] = p.count(endOfContact(s))
	}
	slices.SortStableFunc(p.ends, func(a, b schema.ACDState) int { return cmp.Compare(writes[b], writes[a]) })
}

// endOfContact is a contact that ends in s, where Salesforce has nothing to go
// back to.
func endOfContact(s schema.ACDState) world {
	return world{pair: pair{s, otherStatus}, moved: CXone, before: pair{s, schema.Offline}}
}

// count returns how many writes follow w.
func (p *prover) count(w world) int {
	for n := 0; ; n++ {
		after, _, ok := p.next(w)
		switch {
		case !ok:
			return n
		case w.moved == Salesforce && !inContact(w.state):
			return n + p.tail[w.status]
		}
		w = after
	}
}

// try remembers w when nothing yet caused as many writes.
func (p *prover) try(w world) {
	if n := p.count(w); n > p.longest {
		p.longest, p.start = n, w
	}
}

// tryIdle tries every move outside a contact.
func (p *prover) tryIdle() {
	for _, word := range []string{schema.StateAvailable, schema.StateUnavailable, schema.StateRefused, schema.StateLoggedOut} {
		p.try(world{pair: pair{schema.ACDState{Word: word}, otherStatus}, moved: CXone})
	}
	for _, code := range p.codes {
		p.try(world{pair: pair{code, otherStatus}, moved: CXone})
	}
	for i := range p.rule.Subscriber {
		p.try(idle(p.rule.Subscriber[i].Status.Name))
	}
}

// tryContact tries every beginning of a contact or its after-call work, and
// every move of Salesforce during one.
func (p *prover) tryContact() {
	for _, contact := range p.contacts {
		row := p.publish(contact)
		if row == nil {
			continue
		}
		for _, before := range p.befores(row.Status.Name) {
			p.try(world{pair: pair{contact, otherStatus}, moved: CXone, before: before})
		}
	}
	for i := range p.rule.Subscriber {
		status := p.rule.Subscriber[i].Status.Name
		for _, before := range p.befores(status) {
			p.try(world{pair: pair{p.contacts[0], status}, moved: Salesforce, before: before})
		}
	}
}

// tryContactEnd tries every end of a contact that nobody's write brings about.
// Two statuses that a contact shows are enough: the worst one to go back to
// differs from one of them.
func (p *prover) tryContactEnd() {
	var shown []string
	for i := range p.rule.Publisher {
		status := p.rule.Publisher[i].Status.Name
		if p.contact[status] && !slices.Contains(shown, status) && len(shown) < 2 {
			shown = append(shown, status)
		}
	}
	for _, s := range p.ends {
		p.try(endOfContact(s))
		for _, status := range shown {
			p.try(world{pair: pair{s, status}, moved: CXone, before: pair{s, p.back(s, status)}})
		}
	}
	p.try(endOfContact(schema.ACDState{Word: schema.StateRefused}))
}

// befores returns the pairs from before a contact that can cause the most
// writes when Salesforce moves to status during it: one to which Salesforce
// goes back, and one to which it does not.
func (p *prover) befores(status string) []pair {
	row := p.subscriber[status]
	if row == nil {
		return []pair{{otherCode, otherStatus}}
	}
	if row.State.Word != schema.Previous {
		return []pair{{row.State, p.back(row.State, status)}, {row.State, schema.Offline}}
	}
	end := p.ends[0]
	for _, s := range p.ends {
		if shows := p.publishAfterContact(s); shows != nil && shows.Status.Name != status {
			end = s
			break
		}
	}
	return []pair{{otherCode, p.back(otherCode, status)}, {end, schema.Offline}}
}

// back returns the status that causes the most writes when Salesforce goes
// back to it from status while CXone shows s.
func (p *prover) back(s schema.ACDState, status string) string {
	for _, before := range p.ranked {
		if before != status && p.subscriber[before].State != s {
			return before
		}
	}
	return otherStatus
}

func (p *prover) proof() Proof {
	if p.longest == 0 {
		return Proof{}
	}
	moves := []Move{p.start.move(Outside, nil)}
	for w := p.start; ; {
		after, m, ok := p.next(w)
		if !ok {
			return Proof{Longest: p.longest, Chain: moves}
		}
		w, moves = after, append(moves, m)
	}
}
