package mirror

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// ControlKey is where a tenant's [Control] is kept in the store's memory.
const ControlKey = "control"

// A Control is what operators have ordered. The owner of the lease reads it
// every half second, so an order holds for all replicas within two.
type Control struct {
	Version int         `json:"v"`
	Stops   []StopOrder `json:"stops,omitempty"`
	// Resumes counts the times that everybody was resumed: it is what ends a
	// halt by the breaker.
	Resumes int64 `json:"resumes,omitempty"`
	// Forgets are not carried out yet, or it was not seen yet that they are.
	Forgets []ForgetOrder `json:"forgets,omitempty"`
	// Forgotten counts the orders to forget.
	Forgotten int64 `json:"forgotten,omitempty"`
}

// controlVersion is the form of a [Control] that this program writes.
const controlVersion = 1

// A StopOrder halts one agent, one team, or with neither everybody.
type StopOrder struct {
	Agent  string    `json:"agent,omitempty"` // the agent's key
	Team   string    `json:"team,omitempty"`
	Reason string    `json:"reason"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at"`
}

func (o StopOrder) meets(team, agent string) bool { return o.Team == team && o.Agent == agent }

// ReadStops returns what operators have ordered for a tenant.
func ReadStops(ctx context.Context, s store.Store, tenant string) (Control, error) {
	c, _, err := readControl(ctx, s, tenant)
	return c, err
}

// Stop orders a halt. An order for the same people is replaced, so it may be
// given twice.
func Stop(ctx context.Context, s store.Store, tenant string, order StopOrder) error {
	return changeControl(ctx, s, tenant, func(c *Control) {
		c.Stops = slices.DeleteFunc(c.Stops, func(o StopOrder) bool { return o.meets(order.Team, order.Agent) })
		c.Stops = append(c.Stops, order)
	})
}

// Resume takes back the orders for a team or an agent; with neither it takes
// back all orders there are, and ends a halt by the breaker. What is there then
// is adopted; nothing is caught up.
func Resume(ctx context.Context, s store.Store, tenant, team, agent string) error {
	return changeControl(ctx, s, tenant, func(c *Control) {
		if team == "" && agent == "" {
			c.Stops = nil
			c.Resumes++
			return
		}
		c.Stops = slices.DeleteFunc(c.Stops, func(o StopOrder) bool { return o.meets(team, agent) })
	})
}

// Holds lists who is not moved, by whose order and why, of those whom an order
// for a team, for an agent or for neither is about.
func Holds(ctx context.Context, s store.Store, tenant, team, agent string) ([]string, error) {
	c, err := ReadStops(ctx, s, tenant)
	if err != nil {
		return nil, err
	}
	known, err := ReadKnown(ctx, s, tenant)
	if err != nil {
		return nil, err
	}
	tripped, err := readTrip(ctx, s, tenant)
	if err != nil {
		return nil, err
	}
	var list []string
	if tripped != nil && !tripped.resumedBy(&c) {
		list = append(list, fmt.Sprintf("everybody, by the %s; lockstep resume ends it", tripped.Reason))
	}
	for i := range c.Stops {
		if o := &c.Stops[i]; o.concerns(team, agent, known) {
			list = append(list, o.describe(known))
		}
	}
	return list, nil
}

// concerns reports whether an order is about any of those whom another order
// for a team or an agent is about.
func (o *StopOrder) concerns(team, agent string, known []Known) bool {
	if o.meets("", "") || team == "" && agent == "" || o.meets(team, agent) {
		return true
	}
	return slices.ContainsFunc(known, func(k Known) bool {
		meant := agent != "" && k.Key == agent || agent == "" && k.Team == team
		return meant && (o.Agent != "" && k.Is(o.Agent) || o.Agent == "" && k.Team == o.Team)
	})
}

func (o *StopOrder) describe(known []Known) string {
	who := "everybody"
	switch {
	case o.Agent != "":
		who = "agent " + o.Agent
		for i := range known {
			if known[i].Is(o.Agent) {
				who = "agent " + cmp.Or(known[i].Login, o.Agent)
			}
		}
	case o.Team != "":
		who = "team " + o.Team
	}
	return fmt.Sprintf("%s, stopped by %s: %s", who, cmp.Or(o.By, "somebody"), o.Reason)
}

func readControl(ctx context.Context, s store.Store, tenant string) (Control, int64, error) {
	item, err := s.Recall(ctx, tenant, ControlKey)
	if err != nil {
		return Control{}, 0, err
	}
	c, err := decodeControl(item.Value)
	return c, item.Version, err
}

func decodeControl(value []byte) (Control, error) {
	c := Control{Version: controlVersion}
	if len(value) == 0 {
		return c, nil
	}
	if err := json.Unmarshal(value, &c); err != nil {
		return Control{}, fmt.Errorf("operators' orders: %w", err)
	}
	if c.Version != controlVersion {
		return Control{}, fmt.Errorf("operators' orders of version %d, this one knows %d: %w", c.Version, controlVersion, store.ErrNewer)
	}
	return c, nil
}

// controlTries bounds how often an order is repeated because others give theirs
// at the same moment.
const controlTries = 10

func changeControl(ctx context.Context, s store.Store, tenant string, change func(*Control)) error {
	for try := 1; ; try++ {
		c, version, err := readControl(ctx, s, tenant)
		if err != nil {
			return err
		}
		change(&c)
		value, err := json.Marshal(c)
		if err != nil {
			return err
		}
		_, err = s.Commit(ctx, store.Batch{Tenant: tenant, Set: []store.Set{{Key: ControlKey, Value: value, Was: version}}})
		if err == nil || !errors.Is(err, store.ErrConflict) || try == controlTries {
			return err
		}
	}
}
