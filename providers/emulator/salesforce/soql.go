package salesforce

import "time"

// A query is one parsed SELECT. It knows no schema: names are as written.
type query struct {
	selects []selection
	count   bool   // SELECT COUNT()
	from    string // an sObject, or in a subquery the relationship
	where   condition
	order   []ordering
	limit   int // -1 is none
	offset  int
}

// A selection is one item of the SELECT list: a path of names, or a subquery
// over a child relationship.
type selection struct {
	path []string
	sub  *query
}

type ordering struct {
	path       []string
	descending bool
	nullsLast  bool
}

// A condition is a node of the WHERE clause: an *all, *either, *not or
// *comparison.
type condition interface{ isCondition() }

type (
	all        struct{ terms []condition }
	either     struct{ terms []condition }
	not        struct{ term condition }
	comparison struct {
		path     []string
		operator string // = != < > <= >= LIKE IN "NOT IN"
		literals []literal
		sub      *query // of IN
	}
)

func (*all) isCondition()        {}
func (*either) isCondition()     {}
func (*not) isCondition()        {}
func (*comparison) isCondition() {}

// A literal is a value in a WHERE clause: string, bool, float64, nil, or
// time.Time; word keeps what was written for messages. A day matches all of it.
type literal struct {
	value any
	until time.Time // of a day literal: its end
	word  string
}
