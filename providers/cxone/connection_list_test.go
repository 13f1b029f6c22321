package cxone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// pages serves n agents, at most size to a page, with or without links.
func pages(n, size int, links, total bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
		top, _ := strconv.Atoi(r.URL.Query().Get("top"))
		answer := map[string]any{}
		rows := []map[string]int{}
		for i := skip; i < min(n, skip+min(top, size)); i++ {
			rows = append(rows, map[string]int{"agentId": i})
		}
		answer["agents"] = rows
		if total {
			answer["totalRecords"] = n
		}
		if next := skip + len(rows); links && next < n {
			// Another host, as behind a gateway: only its path counts.
			answer["_links"] = map[string]any{"next": fmt.Sprintf("https://inner.example%s?skip=%d&top=%d&isActive=%s", r.URL.Path, next, top, r.URL.Query().Get("isActive"))}
		}
		if r.URL.Query().Get("isActive") != "true" {
			w.WriteHeader(400)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func TestListFollowsPages(t *testing.T) {
	type agent struct{ AgentID int }
	tests := map[string]struct {
		reason  string
		handler http.HandlerFunc
		rows    int
		calls   int
	}{
		"one page":        {"everything fits", pages(3, 1000, true, true), 3, 1},
		"links":           {"the vendor says where it goes on", pages(25, 10, true, true), 25, 3},
		"links, no total": {"the links alone", pages(25, 10, true, false), 25, 3},
		"total, no links": {"the count alone", pages(25, 10, false, true), 25, 3},
		"exact":           {"no page too many", pages(20, 10, true, true), 20, 2},
		"204":             {"an empty list without a body", says(204, ""), 0, 1},
		"304":             {"nothing new", says(304, ""), 0, 1},

		"empty":          {"an empty list", says(200, `{"totalRecords":0,"agents":[]}`), 0, 1},
		"no rows":        {"an empty list that leaves the rows out", says(200, `{"totalRecords":0}`), 0, 1},
		"null rows":      {"and one that says null", says(200, `{"totalRecords":0,"agents":null}`), 0, 1},
		"result set":     {"older versions wrap it", says(200, `{"resultSet":{"Agents":[{"AGENTID":4}]}}`), 1, 1},
		"short of total": {"a count that is never reached does not loop", inTurns(says(200, `{"totalRecords":9,"agents":[{"agentId":0},{"agentId":1},{"agentId":2}]}`), says(200, `{"totalRecords":9,"agents":[]}`)), 3, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(map[string]http.HandlerFunc{acd + "/agents": tt.handler})
			c := d.connect()
			query := url.Values{"isActive": {"true"}}
			rows, err := List[agent](t.Context(), c, c.ACD("/agents"), query, "agents")
			if err != nil || len(rows) != tt.rows || len(d.asked(false)) != tt.calls {
				t.Errorf("%s: %d rows in %d calls, %v", tt.reason, len(rows), len(d.asked(false)), err)
			}
			if len(rows) > 2 && rows[2].AgentID != 2 {
				t.Errorf("rows %v", rows)
			}
			for _, line := range d.log {
				if strings.Contains(line, "inner.example") {
					t.Errorf("the token went to another host: %s", line)
				}
			}
			if len(query) != 1 {
				t.Errorf("the caller's query was changed: %v", query)
			}
		})
	}
}

func TestListRefusesNonsense(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"other plural": {`{"totalRecords":3,"people":[]}`, `answer holds no "agents"`},
		"not a list":   {`{"agents":{"canary":1}}`, "wrong shape"},
		"circle":       {`{"agents":[{}],"_links":{"next":"/incontactapi/services/v34.0/agents?top=1000"}}`, "leads back"},
		"empty":        {"", "answer is empty"},
		"cut short":    {`{"agents":[{"agentId":1},`, "breaks off"},
	} {
		d := newDesk(map[string]http.HandlerFunc{acd + "/agents": says(200, tt.body)})
		c := d.connect()
		_, err := List[struct{ AgentID int }](t.Context(), c, c.ACD("agents"), nil, "agents")
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoose(t *testing.T) {
	var l Loose
	text := `{"outstateId":7,"outStateName":"Lunch","isAcw":true,"active":"True","none":null,"list":[{"a":1}],"big":1.5,"_links":{"next":"x"}}`
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	switch {
	case l.Int("id", "outStateId") != 7, l.Int("outStateName") != 0, l.Int("big") != 0:
		t.Error("Int")
	case l.Text("name", "outstateName") != "Lunch", l.Text("outStateId") != "7", l.Text("none") != "", l.Text("isAcw") != "true":
		t.Error("Text")
	case !l.Bool("isACW"), !l.Bool("active"), l.Bool("outStateId"), l.Bool("none"):
		t.Error("Bool")
	case l.Has("none"), l.Has("nothing"), !l.Has("nothing", "LIST"):
		t.Error("Has")
	case len(l.List("list")) != 1, l.List("active") != nil, l.Object("_links").Text("next") != "x", l.Object("list") != nil:
		t.Error("List and Object")
	}
	var none Loose
	if none.Text("x") != "" || none.List("x") != nil || none.Object("x").Text("y") != "" {
		t.Error("nothing is empty")
	}
}

func FuzzErrorAnswer(f *testing.F) {
	f.Add("reason", []byte(`{"error":"a","error_description":"b"}`))
	f.Add("", []byte(`{"code":1,"details":[{"x":2}]}`))
	f.Add("", []byte(`<html>`))
	f.Fuzz(func(_ *testing.T, header string, body []byte) {
		_ = readFault(400, http.Header{"Icstatusdescription": {header}}, body)
		var l Loose
		if json.Unmarshal(body, &l) == nil {
			l.Text("error", "code")
			l.Int("code")
			l.List("details")
			l.Object("details")
		}
	})
}
