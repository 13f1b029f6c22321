package emulator

import (
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
)

// A contact is what POST /_emulator/agents/{name} makes happen to a CXone
// agent: {"do": "begin"}, later {"do": "end"}.
type contact struct {
	Do            string `json:"do"`              // begin, end, refuse, or done with after-call work
	State         string `json:"state"`           // InboundContact when empty
	AfterCallWork bool   `json:"after_call_work"` // follows the contact
	Code          string `json:"code"`            // of the after-call work
	Limit         string `json:"limit"`           // of the after-call work, such as 30s
}

// happen carries the contact on.
func (c *contact) happen(t *cxone.Tenant, agent string) error {
	switch c.Do {
	case "begin":
	case "end":
		return t.EndContact(agent)
	case "refuse":
		return t.RefuseContact(agent)
	case "done":
		return t.EndAfterCallWork(agent)
	default:
		return fmt.Errorf("contact: do %q, want begin, end, refuse or done", c.Do)
	}
	var limit time.Duration
	if c.Limit != "" {
		var err error
		if limit, err = time.ParseDuration(c.Limit); err != nil {
			return fmt.Errorf("contact: limit: %w", err)
		}
	}
	return t.BeginContact(agent, cxone.Contact{State: c.State, AfterCallWork: c.AfterCallWork, Code: c.Code, Limit: limit})
}
