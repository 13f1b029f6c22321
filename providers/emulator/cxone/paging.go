package cxone

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The sizes of a page. The default was observed (VERIFIED); the largest is
// not documented (UNCERTAIN): more than that is cut down to it.
const (
	defaultTop = 100
	maxTop     = 1000
)

// A listing is a collection as a list endpoint shows it.
type listing[T any] struct {
	plural  string // the member that holds the rows
	items   []T
	row     func(T) row
	head    row  // further members of the answer
	links   bool // whether the answer has _links
	silent  bool // an empty answer is 204 without a body (VERIFIED for agents)
	noPages bool // the whole list, always
}

// page answers with the part of a listing that skip, top, orderBy and fields
// ask for.
func page[T any](c *call, l listing[T]) reply {
	skip, err := c.number("skip", 0)
	if err != nil {
		return refused(err)
	}
	top, err := c.number("top", defaultTop)
	if err != nil {
		return refused(err)
	}
	if top == 0 {
		top = defaultTop
	}
	top = min(top, maxTop)
	if l.noPages {
		skip, top = 0, len(l.items)
	}
	if len(l.items) == 0 && l.silent {
		return empty(http.StatusNoContent)
	}
	items, err := ordered(c, l)
	if err != nil {
		return refused(err)
	}
	start := min(skip, len(items))
	end := min(start+top, len(items))
	answer := row{}
	maps.Copy(answer, l.head)
	answer["totalRecords"] = len(items)
	answer[l.plural] = only(c.query.Get("fields"), rendered(items[start:end], l.row))
	if l.links {
		answer["_links"] = links(c, skip, top, len(items))
	}
	return ok(answer)
}

func rendered[T any](items []T, show func(T) row) []row {
	rows := make([]row, len(items))
	for i, item := range items {
		rows[i] = show(item)
	}
	return rows
}

// ordered sorts a listing's items as orderBy says: "name", "name asc" or
// "name desc".
func ordered[T any](c *call, l listing[T]) ([]T, error) {
	field, direction, _ := strings.Cut(strings.TrimSpace(c.query.Get("orderBy")), " ")
	if field == "" || len(l.items) == 0 {
		return l.items, nil
	}
	if _, known := l.row(l.items[0])[field]; !known {
		return nil, fmt.Errorf("orderBy names %q, which the rows do not have", field)
	}
	type pair struct {
		key  any
		item T
	}
	pairs := make([]pair, len(l.items))
	for i, item := range l.items {
		pairs[i] = pair{l.row(item)[field], item}
	}
	sign := 1
	if strings.EqualFold(strings.TrimSpace(direction), "desc") {
		sign = -1
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return sign * compare(a.key, b.key) })
	items := make([]T, len(pairs))
	for i, p := range pairs {
		items[i] = p.item
	}
	return items, nil
}

func compare(a, b any) int {
	if x, isNumber := a.(int); isNumber {
		y, _ := b.(int)
		return cmp.Compare(x, y)
	}
	return strings.Compare(strings.ToLower(fmt.Sprint(a)), strings.ToLower(fmt.Sprint(b)))
}

// only keeps the named members of each row, in any case; "" keeps all.
func only(fields string, rows []row) []row {
	if fields == "" {
		return rows
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(fields, ",") {
		wanted[strings.ToLower(strings.TrimSpace(name))] = true
	}
	for _, r := range rows {
		for name := range r {
			if !wanted[strings.ToLower(name)] {
				delete(r, name)
			}
		}
	}
	return rows
}

// links makes a page's links: always self, next and previous where there is
// such a page. They are absolute and keep the rest of the query.
func links(c *call, skip, top, total int) row {
	made := row{"self": link(c, skip, top)}
	if skip+top < total {
		made["next"] = link(c, skip+top, top)
	}
	if skip > 0 {
		made["previous"] = link(c, max(0, skip-top), top)
	}
	return made
}

func link(c *call, skip, top int) string {
	query := c.URL.Query()
	query.Set("skip", strconv.Itoa(skip))
	query.Set("top", strconv.Itoa(top))
	return c.at.self + c.path + "?" + query.Encode()
}

// contains reports whether any of the texts contains the search text, without
// regard to case; an empty search finds everything.
func contains(search string, texts ...string) bool {
	search = strings.ToLower(search)
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), search)
	})
}
