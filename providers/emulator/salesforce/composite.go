package salesforce

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// The limits of one composite call (VERIFIED).
const (
	maxSubrequests = 25
	maxSubqueries  = 5 // of them, query or sObject Collections
)

type subrequest struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	Body        json.RawMessage   `json:"body"`
	Headers     map[string]string `json:"httpHeaders"`
}

type subanswer struct {
	Body        json.RawMessage   `json:"body"`
	Headers     map[string]string `json:"httpHeaders"`
	Status      int               `json:"httpStatusCode"`
	ReferenceID string            `json:"referenceId"`
}

func (o *Org) compositeRoutes(mux *http.ServeMux) {
	const v = "/services/data/{version}/composite"
	mux.HandleFunc("POST "+v, o.rest(o.composite))
	mux.HandleFunc("POST /services/data/{version}/tooling/composite", o.rest(o.composite)) // VERIFIED in working clients
	mux.HandleFunc("POST "+v+"/sobjects", o.rest(o.insertMany))
	mux.HandleFunc("PATCH "+v+"/sobjects", o.rest(o.updateMany))
	mux.HandleFunc("DELETE "+v+"/sobjects", o.rest(o.deleteMany))
	mux.HandleFunc("GET "+v+"/sobjects/{sobject}", o.rest(o.retrieveMany))
	mux.HandleFunc("POST "+v+"/sobjects/{sobject}", o.rest(o.retrieveMany))
}

// composite carries out subrequests in order. Its own status is 200 even when
// all of them fail.
func (o *Org) composite(c *call) {
	var body struct {
		AllOrNone bool         `json:"allOrNone"`
		Requests  []subrequest `json:"compositeRequest"`
	}
	if !c.decode(&body) {
		return
	}
	if err := checkSubrequests(body.Requests); err != nil {
		c.fail(err)
		return
	}
	before := o.store.snapshotIf(body.AllOrNone)
	answers := make([]subanswer, 0, len(body.Requests))
	bodies, failed := map[string]any{}, false
	for _, request := range body.Requests {
		var answer subanswer
		switch {
		case failed && body.AllOrNone:
			answer = halted(request)
		default:
			answer = o.subrequest(c, request, bodies)
		}
		failed = failed || answer.Status >= 400
		answers = append(answers, answer)
	}
	if failed && body.AllOrNone {
		o.store.restore(before)
		for i, answer := range answers {
			if answer.Status < 400 {
				answers[i] = halted(body.Requests[i])
			}
		}
	}
	writeJSON(c.w, http.StatusOK, map[string]any{"compositeResponse": answers})
}

func checkSubrequests(requests []subrequest) *apiError {
	if len(requests) == 0 || len(requests) > maxSubrequests {
		return &apiError{Code: "LIMIT_EXCEEDED", Message: fmt.Sprintf("Composite requests must have between 1 and %d subrequests", maxSubrequests)}
	}
	queries, seen := 0, map[string]bool{}
	for _, r := range requests {
		if r.ReferenceID == "" || seen[r.ReferenceID] {
			return &apiError{Code: "INVALID_INPUT", Message: "Duplicate or missing ReferenceId provided: " + r.ReferenceID}
		}
		seen[r.ReferenceID] = true
		if strings.Contains(r.URL, "/query") || strings.Contains(r.URL, "/composite/sobjects") {
			queries++
		}
	}
	if queries > maxSubqueries {
		return &apiError{Code: "LIMIT_EXCEEDED", Message: fmt.Sprintf("Composite requests can have at most %d query or sObject Collections subrequests", maxSubqueries)}
	}
	return nil
}

func halted(request subrequest) subanswer {
	return refused(request, &apiError{Code: "PROCESSING_HALTED",
		Message: "The transaction was rolled back since another operation in the same transaction failed."})
}

func refused(request subrequest, err *apiError) subanswer {
	body, _ := json.Marshal([]*apiError{err}) // texts always encode
	return subanswer{Body: body, Headers: map[string]string{}, Status: cmp.Or(err.status, http.StatusBadRequest), ReferenceID: request.ReferenceID}
}

// subrequest carries out one request through the same routes as any other.
func (o *Org) subrequest(c *call, s subrequest, bodies map[string]any) subanswer {
	address, err := refer(s.URL, bodies, url.QueryEscape)
	body, err2 := refer(string(s.Body), bodies, escapeInJSON)
	if err != nil || err2 != nil {
		return refused(s, &apiError{Code: "PROCESSING_HALTED", Message: "Invalid reference specified. No value for " + s.ReferenceID + " found"})
	}
	if !strings.HasPrefix(address, "/services/data/v") || strings.HasSuffix(strings.TrimRight(address, "/"), "/composite") {
		return refused(s, notFound())
	}
	r, err := http.NewRequestWithContext(c.r.Context(), s.Method, strings.ReplaceAll(address, " ", "+"), strings.NewReader(body))
	if err != nil {
		return refused(s, &apiError{Code: "INVALID_INPUT", Message: "Invalid url: " + address})
	}
	r.Host = c.r.Host
	for name, value := range s.Headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Authorization", c.r.Header.Get("Authorization"))
	w := &answer{header: http.Header{}, status: http.StatusOK}
	o.serveNested(w, withBody(r, []byte(body)))
	result := subanswer{Body: w.body.Bytes(), Headers: map[string]string{}, Status: w.status, ReferenceID: s.ReferenceID}
	if location := w.header.Get("Location"); location != "" {
		result.Headers["Location"] = location
	}
	if !json.Valid(result.Body) {
		result.Body = json.RawMessage("null")
	}
	var value any
	if result.Status < 400 && json.Unmarshal(result.Body, &value) == nil {
		bodies[s.ReferenceID] = value
	}
	return result
}

// serveNested serves a call inside a call: the two count as one.
func (o *Org) serveNested(w http.ResponseWriter, r *http.Request) {
	o.nested++
	defer func() { o.nested-- }()
	o.mux.ServeHTTP(w, r)
}

// reference is @{id} with a path into the answer: @{q.records[0].Id}.
var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`@\{([^}]*)\}`) })

// refer replaces references to earlier answers by what they said.
func refer(text string, bodies map[string]any, write func(string) string) (string, error) {
	var failure error
	replaced := reference().ReplaceAllStringFunc(text, func(match string) string {
		value, err := lookUp(match[2:len(match)-1], bodies)
		if err != nil {
			failure = err
		}
		return write(value)
	})
	return replaced, failure
}

func lookUp(path string, bodies map[string]any) (string, error) {
	steps := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	var at any = bodies
	for _, step := range steps {
		switch held := at.(type) {
		case map[string]any:
			at = held[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(held) {
				return "", fmt.Errorf("no element %s", step)
			}
			at = held[i]
		default:
			return "", fmt.Errorf("nothing under %s", step)
		}
	}
	if at == nil {
		return "", fmt.Errorf("no value for %s", path)
	}
	return fmt.Sprint(at), nil
}

func escapeInJSON(text string) string {
	quoted, _ := json.Marshal(text) // texts always encode
	return string(quoted[1 : len(quoted)-1])
}
