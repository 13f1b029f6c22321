package salesforce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sub(method, path, id string, body any) map[string]any {
	request := map[string]any{"method": method, "url": v67 + path, "referenceId": id}
	if body != nil {
		request["body"] = body
	}
	return request
}

// statuses returns "id status" of every subrequest, and the outer status.
func (d *desk) composite(allOrNone bool, requests ...map[string]any) []string {
	d.t.Helper()
	status, body := d.do(http.MethodPost, v67+"/composite", map[string]any{"allOrNone": allOrNone, "compositeRequest": requests})
	if status != http.StatusOK {
		return []string{code(status, body)}
	}
	var list []string
	for _, answer := range body.(map[string]any)["compositeResponse"].([]any) {
		a := answer.(map[string]any)
		list = append(list, fmt.Sprint(a["referenceId"], " ", code(int(a["httpStatusCode"].(float64)), a["body"])))
	}
	return list
}

func TestComposite(t *testing.T) {
	channel := map[string]any{"Name": "/u/one"}
	queries := func(n int) (list []map[string]any) {
		for i := range n {
			list = append(list, sub("GET", "/query?q=SELECT Id FROM Organization", fmt.Sprint("q", i), nil))
		}
		return list
	}
	many := func(n int) (list []map[string]any) {
		for i := range n {
			list = append(list, sub("GET", "/limits", fmt.Sprint("l", i), nil))
		}
		return list
	}
	tests := map[string]struct {
		allOrNone bool
		requests  []map[string]any
		want      []string
		held      int
		reason    string
	}{
		"References": {true, []map[string]any{
			sub("POST", "/sobjects/StreamingChannel", "new", channel),
			sub("PATCH", "/sobjects/StreamingChannel/@{new.id}", "change", map[string]any{"Description": "of @{new.id}"}),
			sub("GET", "/query?q=SELECT Name FROM StreamingChannel WHERE Id = '@{new.id}'", "read", nil),
			sub("GET", "/sobjects/StreamingChannel/@{new.id}?fields=Name", "again", nil),
		}, []string{"new 201", "change 204", "read 200", "again 200"}, 1, "later requests use what earlier ones made"},
		"Partial": {false, []map[string]any{
			sub("POST", "/sobjects/StreamingChannel", "a", channel), sub("POST", "/sobjects/StreamingChannel", "b", channel),
		}, []string{"a 201", "b 400 DUPLICATE_VALUE"}, 1, "each stands alone"},
		"AllOrNone": {true, []map[string]any{
			sub("POST", "/sobjects/StreamingChannel", "a", channel), sub("POST", "/sobjects/StreamingChannel", "b", channel), sub("GET", "/limits", "c", nil),
		}, []string{"a 400 PROCESSING_HALTED", "b 400 DUPLICATE_VALUE", "c 400 PROCESSING_HALTED"}, 0, "one failure undoes all, and the outer status is 200"},
		"BadReference": {false, []map[string]any{sub("GET", "/sobjects/User/@{nobody.id}", "a", nil)}, []string{"a 400 PROCESSING_HALTED"}, 0, "a reference to nothing"},
		"Nested":       {false, []map[string]any{sub("POST", "/composite", "a", map[string]any{})}, []string{"a 404 NOT_FOUND"}, 0, "no composite in a composite"},
		"TooMany":      {false, many(26), []string{"400 LIMIT_EXCEEDED"}, 0, "25 at most"},
		"TooManyQuery": {false, queries(6), []string{"400 LIMIT_EXCEEDED"}, 0, "5 queries at most"},
		"Queries":      {false, queries(5)[:1], []string{"q0 200"}, 0, "spaces in an address are taken"},
		"SameID":       {false, []map[string]any{sub("GET", "/limits", "a", nil), sub("GET", "/limits", "a", nil)}, []string{"400 INVALID_INPUT"}, 0, "reference ids differ"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			if diff := cmp.Diff(tc.want, d.composite(tc.allOrNone, tc.requests...)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if held := len(d.org.Records("StreamingChannel")); held != tc.held {
				t.Errorf("%s: the org holds %d channels, want %d", tc.reason, held, tc.held)
			}
		})
	}
}

func TestCompositeCountsAsOne(t *testing.T) {
	d := newDesk(t, nil)
	d.composite(false, sub("GET", "/limits", "a", nil), sub("GET", "/limits", "b", nil))
	if got := d.raw(http.MethodGet, v67+"/limits", nil).Header().Get("Sforce-Limit-Info"); !strings.HasPrefix(got, "api-usage=2/") {
		t.Errorf("usage %q, want 2: the composite and this one", got)
	}
}

func TestCollections(t *testing.T) {
	record := func(name string) map[string]any {
		return map[string]any{"attributes": map[string]string{"type": "StreamingChannel"}, "Name": name}
	}
	many := make([]any, 201)
	for i := range many {
		many[i] = record(fmt.Sprint("/u/", i))
	}
	tests := map[string]struct {
		allOrNone bool
		records   []any
		want      string
		held      int
		reason    string
	}{
		"Partial":   {false, []any{record("/u/a"), record("bad")}, "true,INVALID_FIELD", 1, "each stands alone"},
		"AllOrNone": {true, []any{record("/u/a"), record("bad")}, "ALL_OR_NONE_OPERATION_ROLLED_BACK,INVALID_FIELD", 0, "one failure undoes all"},
		"Type":      {false, []any{map[string]any{"Name": "x"}}, "INVALID_TYPE", 0, "every record says its type"},
		"TooMany":   {false, many, "400 EXCEEDED_ID_LIMIT", 0, "200 at most"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			status, body := d.do(http.MethodPost, v67+"/composite/sobjects/", map[string]any{"allOrNone": tc.allOrNone, "records": tc.records})
			if diff := cmp.Diff(tc.want, results(status, body)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if held := len(d.org.Records("StreamingChannel")); held != tc.held {
				t.Errorf("%s: the org holds %d channels, want %d", tc.reason, held, tc.held)
			}
		})
	}
}

// results returns "true" or the error of every record.
func results(status int, body any) string {
	if status != http.StatusOK {
		return code(status, body)
	}
	var list []string
	for _, r := range body.([]any) {
		row := r.(map[string]any)
		if row["success"] == true {
			list = append(list, "true")
			continue
		}
		list = append(list, fmt.Sprint(row["errors"].([]any)[0].(map[string]any)["statusCode"]))
	}
	return strings.Join(list, ",")
}

func TestCollectionsReadAndDelete(t *testing.T) {
	d := newDesk(t, nil)
	_, body := d.do(http.MethodPost, v67+"/sobjects/StreamingChannel", map[string]any{"Name": "/u/a"})
	id := body.(map[string]any)["id"].(string)
	_, read := d.do(http.MethodGet, v67+"/composite/sobjects/StreamingChannel?fields=Name&ids="+id+",0M65g0000009999", nil)
	if list := read.([]any); len(list) != 2 || list[0].(map[string]any)["Name"] != "/u/a" || list[1] != nil {
		t.Errorf("read: %v", read)
	}
	status, deleted := d.do(http.MethodDelete, v67+"/composite/sobjects/?ids="+id+","+id+"&allOrNone=false", nil)
	if got := results(status, deleted); got != "true,ENTITY_IS_DELETED" {
		t.Errorf("delete: %s", got)
	}
}
