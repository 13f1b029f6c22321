package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxQuery bounds an encoded SOQL text: the vendor's edge answers 431 to
// request lines that are longer than about this (SECONDARY).
const maxQuery = 12_000

// Query returns the records of a SOQL query, all pages, decoded as JSON into
// T. A child relationship decodes into [Children].
func Query[T any](ctx context.Context, c *Connection, soql string) ([]T, error) {
	return query[T](ctx, c, "query", soql)
}

// ToolingQuery is [Query] over the Tooling API.
func ToolingQuery[T any](ctx context.Context, c *Connection, soql string) ([]T, error) {
	return query[T](ctx, c, "tooling/query", soql)
}

func query[T any](ctx context.Context, c *Connection, resource, soql string) ([]T, error) {
	text := url.QueryEscape(soql)
	if len(text) > maxQuery {
		return nil, fmt.Errorf("query of %d bytes is longer than the %d that the vendor takes", len(text), maxQuery)
	}
	return readPages[T](ctx, c, nil, resource+"?q="+text)
}

// readPages appends the records of the page at path and of those that follow.
func readPages[T any](ctx context.Context, c *Connection, records []T, path string) ([]T, error) {
	for path != "" {
		// A fresh page each time: decoding into a used one would keep what the
		// next leaves out.
		var page Children[T]
		if err := c.Get(ctx, path, &page); err != nil {
			return nil, err
		}
		if page.Records == nil {
			return nil, errNoRecords
		}
		records = append(records, page.Records...)
		next, err := page.next(path)
		if err != nil {
			return nil, err
		}
		path = next
	}
	return records, nil
}

// Children is a page of records, as a query answers them, or a child
// relationship inside a queried record.
type Children[T any] struct {
	TotalSize      int    `json:"totalSize"`
	Done           bool   `json:"done"`
	Records        []T    `json:"records"`
	NextRecordsURL string `json:"nextRecordsUrl"`
}

// All returns the records, asking for further pages when there are any.
func (k Children[T]) All(ctx context.Context, c *Connection) ([]T, error) {
	next, err := k.next("")
	if err != nil {
		return nil, err
	}
	return readPages(ctx, c, k.Records, next)
}

// errNoRecords tells an answer that is none from one without rows, after which
// nobody would be logged in.
var errNoRecords = errors.New("query: the vendor answered without a list of records")

// pageOf reads a query's answer out of another one.
func pageOf[T any](body json.RawMessage) (Children[T], error) {
	var page Children[T]
	if err := json.Unmarshal(body, &page); err != nil {
		return page, fmt.Errorf("decode a query's answer: %w", err)
	}
	if page.Records == nil {
		return page, errNoRecords
	}
	return page, nil
}

// next returns the path of the page that follows, "" when there is none.
func (k *Children[T]) next(path string) (string, error) {
	switch {
	case k.Done || k.NextRecordsURL == "" && len(k.Records) == k.TotalSize:
		return "", nil
	case k.NextRecordsURL == "":
		return "", fmt.Errorf("query: the vendor has more than the %d records it answered and no next page", len(k.Records))
	case !strings.HasPrefix(k.NextRecordsURL, "/services/"):
		// Anything else could carry the token to another host.
		return "", errors.New("query: the next page is not under /services/")
	case k.NextRecordsURL == path:
		return "", errors.New("query: the next page is the same page")
	}
	return k.NextRecordsURL, nil
}

// Quote returns s as a SOQL literal.
func Quote(s string) string {
	return "'" + strings.NewReplacer(
		`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`,
	).Replace(s) + "'"
}
