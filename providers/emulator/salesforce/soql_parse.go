package salesforce

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSOQLDepth bounds the nesting of parentheses and subqueries.
const maxSOQLDepth = 50

type parser struct {
	tokens []token
	next   int
	depth  int
	now    time.Time
}

// parseSOQL reads a query. Its errors are the text of MALFORMED_QUERY.
func parseSOQL(text string, now time.Time) (*query, error) {
	tokens, err := lexSOQL(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, now: now.UTC()}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if !p.done() {
		return nil, p.unexpected()
	}
	return q, nil
}

func (p *parser) done() bool { return p.peek().kind == endOfText }

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != endOfText {
		p.next++
	}
	return t
}

// accept takes the next token when it is this keyword or mark.
func (p *parser) accept(text string) bool {
	if t := p.peek(); t.kind != quoted && strings.EqualFold(t.text, text) {
		p.next++
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) unexpected() error {
	t := p.peek()
	if t.kind == endOfText {
		return fmt.Errorf("unexpected token: '<EOF>'")
	}
	return fmt.Errorf("unexpected token: '%s'", t.text)
}

// enter counts a level of nesting; the caller leaves it.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxSOQLDepth {
		return fmt.Errorf("query is nested too deeply")
	}
	return nil
}

func (p *parser) query() (*query, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	q := &query{limit: -1}
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	if err := p.selectList(q); err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	from := p.take()
	if from.kind != name {
		p.next--
		return nil, p.unexpected()
	}
	q.from = from.text
	return q, p.clauses(q)
}

// clauses reads what may follow FROM, in the order the language fixes.
func (p *parser) clauses(q *query) (err error) {
	if p.accept("WHERE") {
		if q.where, err = p.condition(); err != nil {
			return err
		}
	}
	if p.accept("ORDER") {
		if err = p.ordering(q); err != nil {
			return err
		}
	}
	if p.accept("LIMIT") {
		if q.limit, err = p.count(); err != nil {
			return err
		}
	}
	if p.accept("OFFSET") {
		q.offset, err = p.count()
	}
	return err
}

func (p *parser) selectList(q *query) error {
	if p.peek().kind == name && strings.EqualFold(p.peek().text, "COUNT") && p.tokens[p.next+1].text == "(" {
		p.next += 2
		q.count = true
		return p.expect(")")
	}
	for {
		item, err := p.selection()
		if err != nil {
			return err
		}
		q.selects = append(q.selects, item)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) selection() (selection, error) {
	if !p.accept("(") {
		path, err := p.path()
		return selection{path: path}, err
	}
	sub, err := p.query()
	if err != nil {
		return selection{}, err
	}
	return selection{sub: sub}, p.expect(")")
}

// path reads Name or Relationship.Name.
func (p *parser) path() ([]string, error) {
	t := p.peek()
	if t.kind != name || isReserved(t.text) {
		return nil, p.unexpected()
	}
	p.next++
	path := strings.Split(t.text, ".")
	if slices.Contains(path, "") {
		return nil, fmt.Errorf("unexpected token: '%s'", t.text)
	}
	return path, nil
}

// condition reads terms joined by AND or by OR. Both in one list need
// parentheses; the vendor refuses them otherwise.
func (p *parser) condition() (condition, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	terms := []condition{first}
	var joint string
	for _, word := range []string{"AND", "OR"} {
		for p.accept(word) {
			term, err := p.term()
			if err != nil {
				return nil, err
			}
			terms, joint = append(terms, term), word
		}
		if joint != "" {
			break
		}
	}
	switch joint {
	case "AND":
		return &all{terms}, nil
	case "OR":
		return &either{terms}, nil
	}
	return first, nil
}

func (p *parser) term() (condition, error) {
	if p.accept("NOT") {
		if err := p.enter(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		term, err := p.term()
		return &not{term}, err
	}
	if !p.accept("(") {
		return p.comparison()
	}
	inner, err := p.condition()
	if err != nil {
		return nil, err
	}
	return inner, p.expect(")")
}

func (p *parser) comparison() (condition, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	c := &comparison{path: path}
	if c.operator, err = p.operator(); err != nil {
		return nil, err
	}
	if strings.HasSuffix(c.operator, "IN") {
		return c, p.list(c)
	}
	value, err := p.literal()
	c.literals = []literal{value}
	return c, err
}

func (p *parser) operator() (string, error) {
	for _, word := range []string{"=", "!=", "<>", "<=", ">=", "<", ">", "LIKE", "IN"} {
		if p.accept(word) {
			if word == "<>" {
				return "!=", nil
			}
			return word, nil
		}
	}
	if p.accept("NOT") {
		return "NOT IN", p.expect("IN")
	}
	return "", p.unexpected()
}

// list reads what follows IN: literals, or a query for Ids.
func (p *parser) list(c *comparison) error {
	if err := p.expect("("); err != nil {
		return err
	}
	if strings.EqualFold(p.peek().text, "SELECT") && p.peek().kind == name {
		sub, err := p.query()
		if err != nil {
			return err
		}
		c.sub = sub
		return p.expect(")")
	}
	for {
		value, err := p.literal()
		if err != nil {
			return err
		}
		c.literals = append(c.literals, value)
		if !p.accept(",") {
			return p.expect(")")
		}
	}
}

func (p *parser) literal() (literal, error) {
	t := p.peek()
	switch t.kind { //nolint:exhaustive // nothing else is a literal
	case quoted:
		p.next++
		return literal{value: t.text, word: "'" + t.text + "'"}, nil
	case number:
		p.next++
		return p.numeric(t.text)
	case name:
		return p.wordLiteral(t.text)
	}
	return literal{}, p.unexpected()
}

func (p *parser) wordLiteral(word string) (literal, error) {
	today := time.Date(p.now.Year(), p.now.Month(), p.now.Day(), 0, 0, 0, 0, time.UTC)
	day := func(offset int) literal {
		start := today.AddDate(0, 0, offset)
		return literal{value: start, until: start.AddDate(0, 0, 1), word: word}
	}
	l := literal{word: word}
	switch strings.ToUpper(word) {
	case "NULL":
	case "TRUE":
		l.value = true
	case "FALSE":
		l.value = false
	case "TODAY":
		l = day(0)
	case "YESTERDAY":
		l = day(-1)
	case "TOMORROW":
		l = day(1)
	default:
		return l, p.unexpected()
	}
	p.next++
	return l, nil
}

// numeric reads a number, a day or a moment; all begin with a digit or a sign.
func (p *parser) numeric(text string) (literal, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return literal{value: n, word: text}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return literal{value: day, until: day.AddDate(0, 0, 1), word: text}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, stampLayout} {
		if moment, err := time.Parse(layout, text); err == nil {
			return literal{value: moment.UTC(), word: text}, nil
		}
	}
	return literal{}, fmt.Errorf("unexpected token: '%s'", text)
}

func (p *parser) ordering(q *query) error {
	if err := p.expect("BY"); err != nil {
		return err
	}
	for {
		path, err := p.path()
		if err != nil {
			return err
		}
		o := ordering{path: path}
		if !p.accept("ASC") {
			o.descending = p.accept("DESC")
		}
		if p.accept("NULLS") {
			o.nullsLast = p.accept("LAST")
			if !o.nullsLast {
				if err := p.expect("FIRST"); err != nil {
					return err
				}
			}
		}
		q.order = append(q.order, o)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) count() (int, error) {
	n, err := strconv.Atoi(p.peek().text)
	if err != nil || n < 0 || p.peek().kind != number {
		return 0, p.unexpected()
	}
	p.next++
	return n, nil
}

func isReserved(word string) bool {
	switch strings.ToUpper(word) {
	case "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER", "LIMIT", "GROUP", "HAVING", "USING", "WITH", "NULL", "TRUE", "FALSE":
		return true
	}
	return false
}
