package cxone

import (
	"net/http"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

func TestDoctorOfStates(t *testing.T) {
	dated := func(ahead time.Duration, answer http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			answer(w, r)
		}
	}
	one := says(200, `{"lastPollTime":"T1","totalRecords":1,"agentStates":[{"agentId":1,"agentStateId":1}]}`)
	for name, tt := range map[string]struct {
		reason        string
		answer        http.HandlerFunc
		states, clock schema.Condition
	}{
		"well":       {"both are there", dated(0, one), schema.Healthy, schema.Healthy},
		"no right":   {"nothing else is worth telling then", says(403, ""), schema.Broken, ""},
		"wrong":      {"an answer that makes no sense", says(200, `{"agents":[]}`), schema.Broken, ""},
		"nobody":     {"a tenant without agents is hardly one", dated(0, says(204, "")), schema.Ailing, schema.Healthy},
		"no date":    {"a proxy may take it away", one, schema.Healthy, schema.Unseen},
		"off clocks": {"by an hour", dated(time.Hour, one), schema.Healthy, schema.Ailing},
	} {
		d := newDesk(map[string]http.HandlerFunc{statesPath: tt.answer})
		p := New(d.options())
		got := map[string]schema.Condition{}
		for _, c := range p.checkStates(t.Context()) {
			got[c.Name] = c.Condition
			if c.Detail == "" || (c.Remedy == "") != (c.Condition == schema.Healthy) {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if got["Agents' states can be read"] != tt.states || got["CXone's clock and this machine's agree"] != tt.clock {
			t.Errorf("%s: %s: %v", name, tt.reason, got)
		}
	}
}
