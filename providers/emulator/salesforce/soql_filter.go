package salesforce

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// filter turns a WHERE clause into a test of one record.
func (b *binder) filter(t *object, where condition) (func(row) bool, *apiError) {
	switch c := where.(type) {
	case *all:
		terms, err := b.filters(t, c.terms)
		return func(r row) bool {
			for _, term := range terms {
				if !term(r) {
					return false
				}
			}
			return true
		}, err
	case *either:
		terms, err := b.filters(t, c.terms)
		return func(r row) bool {
			for _, term := range terms {
				if term(r) {
					return true
				}
			}
			return false
		}, err
	case *not:
		term, err := b.filter(t, c.term)
		return func(r row) bool { return !term(r) }, err
	}
	return b.compare(t, where.(*comparison))
}

func (b *binder) filters(t *object, terms []condition) ([]func(row) bool, *apiError) {
	tests := make([]func(row) bool, len(terms))
	for i, term := range terms {
		var err *apiError
		if tests[i], err = b.filter(t, term); err != nil {
			return nil, err
		}
	}
	return tests, nil
}

func (b *binder) compare(t *object, c *comparison) (func(row) bool, *apiError) {
	f, value, err := b.resolve(t, c.path)
	if err != nil {
		return nil, err
	}
	if c.sub != nil {
		return b.semiJoin(f, value, c)
	}
	for _, l := range c.literals {
		if err := f.accepts(l); err != nil {
			return nil, err
		}
	}
	switch c.operator {
	case "IN", "NOT IN":
		return among(f, value, c), nil
	case "LIKE":
		if f.kind != "string" && f.kind != "email" {
			return nil, &apiError{Code: "INVALID_QUERY_FILTER_OPERATOR", Message: "invalid operator on " + f.kind + " field"}
		}
		pattern := strings.ToLower(fmt.Sprint(c.literals[0].value))
		return func(r row) bool { text, ok := value(r).(string); return ok && like(pattern, strings.ToLower(text)) }, nil
	}
	return ordered(f, value, c.operator, c.literals[0]), nil
}

// accepts refuses a literal of the wrong type, in the vendor's words.
func (f *field) accepts(l literal) *apiError {
	if l.value == nil {
		return nil
	}
	_, isText := l.value.(string)
	wants, ok := "string", isText
	switch f.kind {
	case "boolean":
		_, ok = l.value.(bool)
		wants = "boolean"
	case "int", "double":
		_, ok = l.value.(float64)
		wants = f.kind
	case "datetime":
		_, ok = l.value.(time.Time)
		wants = "dateTime"
	}
	if !ok {
		quotes := "not be"
		if wants == "string" {
			quotes = "be"
		}
		return &apiError{Code: "INVALID_FIELD", Message: fmt.Sprintf("value of filter criterion for field '%s' must be of type %s and should %s enclosed in quotes", f.name, wants, quotes)}
	}
	if f.isID() && !looksLikeID(l.value.(string)) {
		return &apiError{Code: "INVALID_QUERY_FILTER_OPERATOR", Message: "invalid ID field: " + l.value.(string)}
	}
	return nil
}

func looksLikeID(text string) bool {
	for i := range len(text) {
		if !isLetter(text[i]) && !isDigit(text[i]) || text[i] == '_' {
			return false
		}
	}
	return len(text) == 15 || isID(text)
}

// among tests membership of a list; null is a member like any other.
func among(f *field, value func(row) any, c *comparison) func(row) bool {
	keys := make(map[any]bool, len(c.literals))
	for _, l := range c.literals {
		keys[soqlKey(f, l.value)] = true
	}
	wanted := c.operator == "IN"
	return func(r row) bool { return keys[soqlKey(f, value(r))] == wanted }
}

// soqlKey makes values that are equal to the vendor equal to Go.
func soqlKey(f *field, value any) any {
	switch v := value.(type) {
	case string:
		return indexKey(f.canonical(v))
	case int:
		return float64(v)
	case time.Time:
		return indexKey(stampOf(v))
	}
	return value
}

// semiJoin tests membership of what another query selects.
func (b *binder) semiJoin(f *field, value func(row) any, c *comparison) (func(row) bool, *apiError) {
	if len(c.sub.selects) != 1 || c.sub.selects[0].sub != nil {
		return nil, malformed("a semi join query must select one field")
	}
	inner, err := b.bind(c.sub)
	if err != nil {
		return nil, err
	}
	_, read, err := b.resolve(inner.object, c.sub.selects[0].path)
	if err != nil {
		return nil, err
	}
	keys := map[any]bool{}
	for _, r := range inner.run(b.store) {
		keys[soqlKey(f, read(r))] = true
	}
	wanted := c.operator == "IN"
	return func(r row) bool { return keys[soqlKey(f, value(r))] == wanted }, nil
}

// ordered tests = != < <= > >=. A null is neither below nor above anything. A
// day equals every moment in it.
func ordered(f *field, value func(row) any, operator string, l literal) func(row) bool {
	if l.value == nil {
		return func(r row) bool { return (value(r) == nil) == (operator == "=") }
	}
	low := soqlKey(f, l.value)
	high := low
	if !l.until.IsZero() {
		high = soqlKey(f, l.until.Add(-time.Millisecond))
	}
	return func(r row) bool {
		held := soqlKey(f, value(r))
		if held == nil {
			return operator == "!="
		}
		below, above := compareKeys(held, low) < 0, compareKeys(held, high) > 0
		switch operator {
		case "=":
			return !below && !above
		case "!=":
			return below || above
		case "<":
			return below
		case "<=":
			return !above
		case ">":
			return above
		}
		return !below
	}
}

// compareKeys orders two keys of one field; nil comes first.
func compareKeys(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(boolRank(x), boolRank(y))
		}
	}
	return cmp.Compare(boolRank(a != nil), boolRank(b != nil))
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// like matches a pattern with % and _; a backslash takes the next character
// as it is. It looks back to the last % only, so it cannot run away.
func like(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, mark = p, t
			p++
			continue
		case p < len(pattern) && pattern[p] == '_':
			p, t = p+1, t+1
			continue
		case p+1 < len(pattern) && pattern[p] == '\\' && pattern[p+1] == text[t]:
			p, t = p+2, t+1
			continue
		case p < len(pattern) && pattern[p] != '\\' && pattern[p] == text[t]:
			p, t = p+1, t+1
			continue
		case star < 0:
			return false
		}
		mark++
		p, t = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern)
}
