package cxone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// This file and adapters_*.go are the simulated adapter contract. It is
// INVENTED: NICE publishes no API that writes account mappings or presence
// rules, and the shapes here are ours. Only the singular rule read
// (rule_read.go) is NICE's.

// ContractHeader is on every answer of the simulated adapter contract, with
// the value "simulated".
const ContractHeader = "X-Lockstep-Contract"

// adaptersRoot is singular nowhere, so that a trace never confuses it with
// the real read under /rule/.
const adaptersRoot = "/adapter-apis/v1/salesforce/"

func adapterRoutes() []route {
	list := []route{
		{pattern: "GET environments", handle: (*Tenant).listEnvironments},
		{pattern: "POST environments", handle: (*Tenant).createEnvironment, needs: PermissionAccountMapping},
		{pattern: "GET environments/{id}", handle: (*Tenant).getEnvironment},
		{pattern: "PUT environments/{id}", handle: (*Tenant).updateEnvironment, needs: PermissionAccountMapping},
		{pattern: "DELETE environments/{id}", handle: (*Tenant).deleteEnvironment, needs: PermissionAccountMapping},

		{pattern: "GET account-mappings", handle: (*Tenant).listMappings},
		{pattern: "POST account-mappings", handle: (*Tenant).createMapping, needs: PermissionAccountMapping},
		{pattern: "GET account-mappings/{id}", handle: (*Tenant).getMapping},
		{pattern: "PUT account-mappings/{id}", handle: (*Tenant).updateMapping, needs: PermissionAccountMapping},
		{pattern: "DELETE account-mappings/{id}", handle: (*Tenant).deleteMapping, needs: PermissionAccountMapping},

		{pattern: "GET rules", handle: (*Tenant).listRules},
		{pattern: "POST rules", handle: (*Tenant).createRule, needs: PermissionRules},
		{pattern: "GET rules/{id}", handle: (*Tenant).getRule},
		{pattern: "PUT rules/{id}", handle: (*Tenant).updateRule, needs: PermissionRules},
		{pattern: "DELETE rules/{id}", handle: (*Tenant).deleteRule, needs: PermissionRules},

		{pattern: "GET rules/{id}/teams", handle: (*Tenant).listRuleTeams},
		{pattern: "PUT rules/{id}/teams", handle: (*Tenant).replaceRuleTeams, needs: PermissionRules},
		{pattern: "GET rules/{id}/users", handle: (*Tenant).listRuleUsers},
		{pattern: "PUT rules/{id}/users", handle: (*Tenant).replaceRuleUsers, needs: PermissionRules},

		{pattern: "POST users/refresh", handle: (*Tenant).refreshUsers, needs: PermissionRules},
		{pattern: "GET users", handle: (*Tenant).listAdapterUsers},
	}
	for i := range list {
		list[i].pattern = under(adaptersRoot, list[i].pattern)
		list[i].simulated = true
	}
	return list
}

const notSwitchedOn = "Salesforce presence sync is not switched on for this tenant; a CXone account representative does that"

// A throttle refuses the next calls.
type throttle struct {
	left  int
	after time.Duration
}

// adaptersGate refuses what no adapter call may do now.
func (t *Tenant) adaptersGate() (reply, bool) {
	if t.noPresence {
		return refuse(http.StatusForbidden, notSwitchedOn), true
	}
	if t.store.throttle.left == 0 {
		return reply{}, false
	}
	t.store.throttle.left--
	a := refuse(http.StatusTooManyRequests, "too many requests")
	seconds := math.Ceil(t.store.throttle.after.Seconds())
	a.header = http.Header{"Retry-After": {strconv.Itoa(int(seconds))}}
	return a, true
}

// Throttle makes the next calls of the simulated adapter contract answer 429
// with a Retry-After in whole seconds.
func (t *Tenant) Throttle(calls int, after time.Duration) {
	t.store.Lock()
	defer t.store.Unlock()
	t.store.throttle = throttle{left: calls, after: after}
}

// decodeStrict reads a JSON body and refuses members that it does not know,
// which a read-only one is.
func decodeStrict[T any](c *call) (T, error) {
	var v T
	if len(c.body) == 0 {
		return v, errors.New("a JSON body is required")
	}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		return v, fmt.Errorf("the body is not the JSON expected: %w", err)
	}
	if decoder.More() {
		return v, errors.New("the body goes on after its JSON value")
	}
	return v, nil
}

// required names the first of the pairs (name, value) that has no value.
func required(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			return fmt.Errorf("%s is required", pairs[i])
		}
	}
	return nil
}

// newID makes an id for a thing of the adapters.
func (t *Tenant) newID(sort string) string {
	t.store.serial++
	return newUUID(t.id, sort, strconv.Itoa(t.store.serial))
}
