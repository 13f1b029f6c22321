package cxone

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

const (
	// defaultTop is the page that a list asks for. What the vendor's largest
	// is, is UNCERTAIN; it may answer fewer, and says where it goes on.
	defaultTop = 1000
	// maxPages ends a list that never ends.
	maxPages = 10_000
)

// List returns the rows under the plural's key ("agents") of all pages. 204 is
// an empty list. T is a struct (its keys match whatever their case) or
// [Loose].
func List[T any](ctx context.Context, c *Connection, path string, query url.Values, plural string) ([]T, error) {
	var rows []T
	err := eachPage(ctx, c, path, query, plural, func(p page[T]) error {
		rows = append(rows, p.rows...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// eachPage visits all pages of a list in order, following _links.next, and
// where there are no links, totalRecords. A 204 or 304 is a page without rows.
func eachPage[T any](ctx context.Context, c *Connection, path string, query url.Values, plural string, visit func(page[T]) error) error {
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	if !query.Has("top") {
		query.Set("top", strconv.Itoa(defaultTop))
	}
	read := 0
	for range maxPages {
		answer, err := c.Get(ctx, path, query)
		if err != nil {
			return err
		}
		page, err := readPage[T](answer, plural)
		if err != nil {
			return err
		}
		if err := visit(page); err != nil {
			return err
		}
		read += len(page.rows)
		switch {
		case len(page.rows) == 0:
			return nil
		case page.next != "":
			next, err := url.Parse(page.next)
			if err != nil {
				return answer.response.Bad("_links.next is no address", nil)
			}
			// Only path and query are followed: a link must not carry the
			// token to another host.
			if next.Path == path && maps.EqualFunc(next.Query(), query, slices.Equal) {
				return answer.response.Bad("_links.next leads back to the same page", nil)
			}
			path, query = next.Path, next.Query()
		case page.total > read:
			query.Set("skip", strconv.Itoa(read))
		default:
			return nil
		}
	}
	return fmt.Errorf("GET %s: more than %d pages", path, maxPages)
}

// A page is one answer of a list.
type page[T any] struct {
	rows  []T
	next  string
	total int

	answer *Answer
	body   Loose // nil when there was none
}

func readPage[T any](answer *Answer, plural string) (page[T], error) {
	if answer.Status == http.StatusNoContent || answer.Status == http.StatusNotModified {
		return page[T]{answer: answer}, nil
	}
	if answer.isEmpty() {
		// Taken for a list it would log everybody out.
		return page[T]{}, answer.response.Bad("answer is empty", nil)
	}
	body, err := answer.Loose()
	if err != nil {
		return page[T]{}, err
	}
	if !body.Has(plural) {
		// A list that says it is empty may leave the rows out.
		if body.Has("totalRecords") && body.Int("totalRecords") == 0 {
			return page[T]{answer: answer, body: body}, nil
		}
		return page[T]{}, answer.response.Bad(fmt.Sprintf("answer holds no %q", plural), nil)
	}
	value, _ := body.find([]string{plural})
	p := page[T]{next: body.Object("_links").Text("next"), total: body.Int("totalRecords"), answer: answer, body: body}
	if p.rows, err = rowsOf[T](value); err != nil {
		// The parser's words may quote a value.
		return page[T]{}, answer.response.Bad(fmt.Sprintf("rows of %q have the wrong shape", plural), nil)
	}
	return p, nil
}

// rowsOf reads a list. Rows that read themselves are handed what is already
// known to be JSON, and not checked for it once more.
func rowsOf[T any](value json.RawMessage) ([]T, error) {
	var rows []T
	if _, reads := any(new(T)).(json.Unmarshaler); !reads || value[0] != '[' {
		err := json.Unmarshal(value, &rows)
		return rows, err
	}
	var failed error
	eachElement(value, func(text []byte) {
		rows = append(rows, *new(T))
		row, _ := any(&rows[len(rows)-1]).(json.Unmarshaler) // as was seen
		if err := row.UnmarshalJSON(text); err != nil {
			failed = err
		}
	})
	return rows, failed
}
