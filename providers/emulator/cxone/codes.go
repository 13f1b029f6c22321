package cxone

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The limits of a code's timeout in minutes (VERIFIED, NICE's help). The help
// does not say what 0 means, so 0 is refused like 29 (UNCERTAIN).
const (
	shortestTimeout = 30
	longestTimeout  = 720
	defaultTimeout  = 120
)

// codeRow is a code as the business unit's catalogue shows it.
func codeRow(held *code) row {
	return row{
		"id": held.id, "name": held.name, "isActive": held.active, "isACW": held.acw,
		"agentTimeout": held.timeout,
	}
}

func (t *Tenant) listCodes(c *call) reply {
	active, err := c.truth("isActive")
	if err != nil {
		return refused(err)
	}
	var found []*code
	for _, held := range t.store.codes.rows {
		if (active == nil || *active == held.active) && contains(c.query.Get("searchString"), held.name) {
			found = append(found, held)
		}
	}
	return page(c, listing[*code]{
		plural: "unavailableCodes", items: found, row: codeRow, links: true, silent: true,
		head: row{"businessUnitId": t.businessUnit},
	})
}

// code returns the code that a call's path names.
func (c *call) code() *code {
	id, err := strconv.Atoi(c.PathValue("codeId"))
	if err != nil {
		return nil
	}
	return c.tenant.store.codes.get(id)
}

var noCode = refuse(http.StatusNotFound, "Invalid unavailableCodeId")

// getCode is the only read that shows a code's notes (VERIFIED).
func (t *Tenant) getCode(c *call) reply {
	held := c.code()
	if held == nil {
		return noCode
	}
	shown := codeRow(held)
	shown["notes"] = held.notes
	return ok(row{"unavailableCode": shown})
}

// A codeChange is the body that creates or updates a code. What an update
// leaves out is kept (UNCERTAIN).
type codeChange struct {
	Name    string  `json:"name"`
	ACW     *bool   `json:"isACW"`
	Active  *bool   `json:"isActive"`
	Timeout *int    `json:"agentTimeout"`
	Notes   *string `json:"notes"`
}

// check says what is wrong with a change to held, which is nil for a new code.
func (ch codeChange) check(s *store, held *code) error {
	if strings.TrimSpace(ch.Name) == "" {
		return errors.New("name is required")
	}
	if ch.Timeout != nil && (*ch.Timeout < shortestTimeout || *ch.Timeout > longestTimeout) {
		return fmt.Errorf("agentTimeout must be between %d and %d minutes", shortestTimeout, longestTimeout)
	}
	if twin := s.codes.named(ch.Name); twin != nil && twin != held {
		return conflict("an unavailable code named %q exists", ch.Name)
	}
	return nil
}

// readCode decodes and checks a change.
func readCode(c *call, held *code) (codeChange, error) {
	change, err := decode[codeChange](c)
	if err != nil {
		return change, err
	}
	return change, change.check(c.tenant.store, held)
}

func (t *Tenant) createCode(c *call) reply {
	change, err := readCode(c, nil)
	if err != nil {
		return refused(err)
	}
	made := t.addCode(Code{Name: change.Name, Active: true})
	t.alterCode(made, change)
	return ok(row{"id": made.id})
}

func (t *Tenant) updateCode(c *call) reply {
	held := c.code()
	if held == nil {
		return noCode
	}
	change, err := readCode(c, held)
	if err != nil {
		return refused(err)
	}
	t.alterCode(held, change)
	return empty(http.StatusOK)
}

func (t *Tenant) alterCode(held *code, change codeChange) {
	t.store.codes.change(held, func() { held.name = change.Name })
	setIf(&held.acw, change.ACW)
	setIf(&held.active, change.Active)
	setIf(&held.timeout, change.Timeout)
	setIf(&held.notes, change.Notes)
	t.codeChanged(held)
}

// codeChanged notes that a code is not as it was, and tells the apps of those
// who may pick it.
func (t *Tenant) codeChanged(held *code) {
	held.updated = t.store.stamp()
	for _, to := range t.store.teams.rows {
		if to.codes[held.id] {
			t.tellCodes(to)
		}
	}
}

func setIf[T any](held *T, given *T) {
	if given != nil {
		*held = *given
	}
}

// setCodeStatus activates or deactivates a code, the nearest thing to
// deleting it. Teams keep the code.
func (t *Tenant) setCodeStatus(c *call) reply {
	held := c.code()
	if held == nil {
		return noCode
	}
	active, err := c.truth("isActive")
	if err != nil || active == nil {
		return refuse(http.StatusBadRequest, "isActive must be true or false")
	}
	held.active = *active
	t.codeChanged(held)
	return empty(http.StatusNoContent)
}
