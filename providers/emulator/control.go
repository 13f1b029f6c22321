package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
)

// controls serves what is no vendor's: counts, faults, and hands that change
// things. Every answer says so in a header.
func (e *Emulator) controls() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Lockstep-Contract", "emulator only")
			body, err := h(r)
			status := http.StatusOK
			if err != nil {
				status, body = http.StatusBadRequest, map[string]string{"error": err.Error()}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(body) // the client went away: nothing to do
		})
	}
	handle("GET /_emulator/stats", func(*http.Request) (any, error) { return e.Stats(), nil })
	handle("DELETE /_emulator/stats", func(*http.Request) (any, error) { e.ResetStats(); return e.Stats(), nil })
	handle("GET /_emulator/faults", func(*http.Request) (any, error) { return e.script.list(), nil })
	handle("DELETE /_emulator/faults", func(*http.Request) (any, error) { e.ClearFaults(); return e.script.list(), nil })
	handle("POST /_emulator/faults", e.postFaults)
	handle("POST /_emulator/agents/{name}", e.postAgent)
	handle("POST /_emulator/edit", e.postEdit)
	return mux
}

// postFaults takes one fault or a list.
func (e *Emulator) postFaults(r *http.Request) (any, error) {
	var raw json.RawMessage
	if err := decode(r, &raw); err != nil {
		return nil, err
	}
	if len(raw) > 0 && raw[0] != '[' {
		raw = fmt.Appendf(nil, "[%s]", raw)
	}
	var faults []Fault
	if err := json.Unmarshal(raw, &faults); err != nil {
		return nil, fmt.Errorf("read faults: %w", err)
	}
	if err := e.Fault(faults...); err != nil {
		return nil, err
	}
	return e.script.list(), nil
}

// postAgent makes a person do something on one side or both.
func (e *Emulator) postAgent(r *http.Request) (any, error) {
	var move struct {
		Console          string   `json:"console"`           // open, tab, close, crash, reload or disconnect
		SalesforceStatus *string  `json:"salesforce_status"` // developer name; "" logs out
		CXoneState       string   `json:"cxone_state"`
		CXoneCode        string   `json:"cxone_code"`
		CXoneContact     *contact `json:"cxone_contact"`
	}
	if err := decode(r, &move); err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if move.Console != "" {
		if err := e.console(name, move.Console); err != nil {
			return nil, err
		}
	}
	if move.SalesforceStatus != nil {
		if err := e.Org.SetPresence(name, *move.SalesforceStatus); err != nil {
			return nil, err
		}
	}
	if move.CXoneState != "" {
		if err := e.Tenant.SetPresence(name, move.CXoneState, move.CXoneCode); err != nil {
			return nil, err
		}
	}
	if move.CXoneContact != nil {
		if err := move.CXoneContact.happen(e.Tenant, name); err != nil {
			return nil, err
		}
	}
	shown := e.Tenant.Presence(name)
	return map[string]any{
		"agent": name, "salesforce_status": e.Org.Presence(name),
		"cxone_state": shown.State, "cxone_reason": shown.Reason, "cxone_acw": shown.ACW,
	}, nil
}

// console does something with an agent's browser.
func (e *Emulator) console(name, do string) error {
	if do == "open" || do == "tab" {
		_, err := e.Desks.Open(name)
		return err
	}
	c := e.Desks.Console(name)
	switch {
	case c == nil:
		return fmt.Errorf("console of %s: none is open", name)
	case do == "close":
		return c.CloseTab()
	case do == "crash":
		c.Crash()
	case do == "reload":
		c.Reload()
	case do == "disconnect":
		c.Disconnect("the connection was cut by hand")
	default:
		return fmt.Errorf("console: %q, want open, tab, close, crash, reload or disconnect", do)
	}
	return nil
}

// An edit is what somebody changes at a vendor by hand.
type edit struct {
	// Salesforce: fields of the record of Object whose Field says Value.
	Object string         `json:"object"`
	Field  string         `json:"field"`
	Value  string         `json:"value"`
	Set    map[string]any `json:"set"`
	Delete bool           `json:"delete"`
	// Salesforce: a status enabled for a profile, or not.
	Profile string `json:"profile"`
	Status  string `json:"status"`
	Enabled bool   `json:"enabled"`
	// CXone: an unavailable code.
	Code    string `json:"code"`
	Timeout *int   `json:"timeout"` // minutes
	Active  *bool  `json:"active"`
}

func (e *Emulator) postEdit(r *http.Request) (any, error) {
	var change edit
	if err := decode(r, &change); err != nil {
		return nil, err
	}
	return map[string]bool{"changed": true}, e.apply(change)
}

func (e *Emulator) apply(change edit) error {
	switch {
	case change.Code != "":
		return e.Tenant.EditCode(change.Code, func(c *cxone.Code) {
			if change.Timeout != nil {
				c.Timeout = *change.Timeout
			}
			if change.Active != nil {
				c.Active = *change.Active
			}
		})
	case change.Profile != "":
		return e.Org.SetAccess(change.Profile, change.Status, change.Enabled)
	case change.Delete:
		return e.Org.Delete(change.Object, change.Field, change.Value)
	}
	return e.Org.Edit(change.Object, change.Field, change.Value, change.Set)
}

func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	return nil
}
