package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// The vendor's limits of one call.
const (
	maxSubrequests = 25
	maxSubqueries  = 5 // of them: queries and collections
	maxCollection  = 200
)

// A Subrequest is one request of a composite call. Path is relative to
// /services/data/vXX.0, as in [Connection.Get].
type Subrequest struct {
	Method, Path string
	Body         any
}

func (r Subrequest) isQuery() bool {
	path := strings.TrimPrefix(strings.TrimPrefix(r.Path, "/"), "tooling/")
	return strings.HasPrefix(path, "query") || strings.HasPrefix(path, "composite/sobjects")
}

// A Subresponse answers one subrequest; Err is set when its own status says
// failure, whatever the outer status was.
type Subresponse struct {
	Status int
	Body   json.RawMessage
	Err    error
}

// Composite sends independent requests, 25 to a call, and answers in order.
// When a call fails, so does each of its requests.
func (c *Connection) Composite(ctx context.Context, requests []Subrequest) []Subresponse {
	return c.inBatches(ctx, "composite", requests)
}

// ToolingComposite is [Connection.Composite] for requests to the Tooling API:
// a composite call serves one API only (VERIFIED in working clients).
func (c *Connection) ToolingComposite(ctx context.Context, requests []Subrequest) []Subresponse {
	return c.inBatches(ctx, "tooling/composite", requests)
}

func (c *Connection) inBatches(ctx context.Context, resource string, requests []Subrequest) []Subresponse {
	answers := make([]Subresponse, 0, len(requests))
	for len(requests) > 0 {
		n := batch(requests)
		answers = append(answers, c.composite(ctx, resource, requests[:n])...)
		requests = requests[n:]
	}
	return answers
}

// batch returns how many of requests go into the next call.
func batch(requests []Subrequest) int {
	queries := 0
	for i, r := range requests {
		if r.isQuery() {
			queries++
		}
		if i == maxSubrequests || queries > maxSubqueries {
			return i
		}
	}
	return len(requests)
}

func (c *Connection) composite(ctx context.Context, resource string, requests []Subrequest) []Subresponse {
	type wire struct {
		Method      string `json:"method"`
		URL         string `json:"url"`
		ReferenceID string `json:"referenceId"`
		Body        any    `json:"body,omitempty"`
	}
	in := struct {
		AllOrNone bool   `json:"allOrNone"`
		Requests  []wire `json:"compositeRequest"`
	}{}
	reading := true
	for i, r := range requests {
		in.Requests = append(in.Requests, wire{r.Method, c.data(r.Path), fmt.Sprintf("r%d", i), r.Body})
		reading = reading && r.Method == http.MethodGet
	}
	if reading {
		ctx = rest.ReadOnly(ctx)
	}
	var out struct {
		Responses []struct {
			Body        json.RawMessage `json:"body"`
			Status      int             `json:"httpStatusCode"`
			ReferenceID string          `json:"referenceId"`
		} `json:"compositeResponse"`
	}
	err := c.Post(ctx, resource, in, &out)
	answers := make([]Subresponse, len(requests))
	for i, r := range requests {
		if err != nil {
			answers[i].Err = err
			continue
		}
		answers[i].Err = fmt.Errorf("%s %s: composite answer leaves it out", r.Method, r.Path)
		for _, o := range out.Responses {
			if o.ReferenceID == in.Requests[i].ReferenceID {
				answers[i] = Subresponse{Status: o.Status, Body: o.Body, Err: c.inner(r, o.Status, o.Body)}
			}
		}
	}
	return answers
}

// inner returns the error of one subrequest, nil when it succeeded.
func (c *Connection) inner(r Subrequest, status int, body []byte) error {
	if status/100 == 2 {
		return nil
	}
	fault := readFault(status, nil, body)
	path, _, _ := strings.Cut(r.Path, "?")
	return c.client.Refusal(r.Method, c.data(path), status, fault)
}

// A SaveResult is how one record of a collection fared.
type SaveResult struct {
	ID  string
	Err error // nil when saved
}

// CreateAll creates records of one sObject, 200 to a call, each for itself,
// and answers for every record in order. When a call fails, so does each of
// its records.
func (c *Connection) CreateAll(ctx context.Context, sobject string, records []map[string]any) []SaveResult {
	var results []SaveResult
	for chunk := range slices.Chunk(records, maxCollection) {
		rows := make([]map[string]any, len(chunk))
		for i, record := range chunk {
			rows[i] = map[string]any{"attributes": map[string]string{"type": sobject}}
			maps.Copy(rows[i], record)
		}
		in := map[string]any{"allOrNone": false, "records": rows}
		results = append(results, c.collection(ctx, http.MethodPost, "composite/sobjects", in, len(chunk))...)
	}
	return results
}

// DeleteAll deletes records by Id, 200 to a call; see [Connection.CreateAll].
func (c *Connection) DeleteAll(ctx context.Context, ids []string) []SaveResult {
	var results []SaveResult
	for chunk := range slices.Chunk(ids, maxCollection) {
		path := "composite/sobjects?allOrNone=false&ids=" + strings.Join(chunk, ",")
		results = append(results, c.collection(ctx, http.MethodDelete, path, nil, len(chunk))...)
	}
	return results
}

// collection carries out one call about n records.
func (c *Connection) collection(ctx context.Context, method, path string, in any, n int) []SaveResult {
	var rows []struct {
		ID      string `json:"id"`
		Success bool   `json:"success"`
		Errors  []struct {
			Code    string `json:"statusCode"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	err := c.json(ctx, method, path, in, &rows)
	if err == nil && len(rows) != n {
		err = &rest.Error{Method: method, Path: c.data("composite/sobjects"), Unclear: true,
			Message: fmt.Sprintf("%d results for %d records", len(rows), n)}
	}
	results := make([]SaveResult, n)
	for i := range results {
		if err != nil {
			results[i].Err = err
			continue
		}
		results[i].ID = rows[i].ID
		if rows[i].Success {
			continue
		}
		fault := rest.Fault{Message: "refused without a reason"}
		if len(rows[i].Errors) > 0 {
			fault = rest.Fault{Code: rows[i].Errors[0].Code, Message: rows[i].Errors[0].Message}
		}
		results[i].Err = c.client.Refusal(method, c.data("composite/sobjects"), http.StatusOK, fault)
	}
	return results
}
