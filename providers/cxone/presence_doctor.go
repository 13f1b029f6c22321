package cxone

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// checkStates looks at what run polls. That a state may be set shows only when
// one is: no permission is tried, because doctor modifies nothing.
func (p *Provider) checkStates(ctx context.Context) []schema.Checkup {
	presence := p.Presence()
	found := schema.Checkup{Name: "Agents' states can be read", Condition: schema.Healthy}
	mark, err := presence.mark(ctx)
	switch {
	case err != nil:
		found.Condition, found.Detail = schema.Broken, err.Error()
		found.Remedy = "lockstep run polls the states of all agents. Give the access key's user a role that may see real-time data of agents. Changes of permissions take up to 6 hours."
		return []schema.Checkup{found}
	case mark == "":
		found.Condition, found.Detail = schema.Ailing, "The list of states is empty: it shows no agent at all, not even one who is logged out."
		found.Remedy = "Look whether the access key's user may see the agents' teams."
	default:
		found.Detail = "lockstep run polls them."
	}
	return []schema.Checkup{found, presence.checkClock()}
}

// muchSkew is when clocks that differ say that one of them is not kept right.
const muchSkew = 30 * time.Second

// checkClock compares the clocks. Their difference is reckoned with, so that a
// large one does no harm; but a machine's clock that is wrong breaks sign-ins.
func (p *Presence) checkClock() schema.Checkup {
	found := schema.Checkup{Name: "CXone's clock and this machine's agree", Condition: schema.Healthy}
	skew := p.clock.Skew(time.Now())
	ahead := skew.Ahead.Round(time.Second)
	switch {
	case skew.Uncertainty >= rest.UnknownSkew:
		found.Condition, found.Detail = schema.Unseen, "CXone's answers carry no date."
		found.Remedy = "Look whether a proxy in between takes the header Date away."
	case ahead.Abs() > muchSkew:
		found.Condition, found.Detail = schema.Ailing, fmt.Sprintf("CXone's clock is ahead of this machine's by %v.", ahead)
		found.Remedy = "Set this machine's clock by NTP."
	default:
		found.Detail = fmt.Sprintf("They differ by less than %v.", (skew.Ahead.Abs() + skew.Uncertainty + time.Second).Truncate(time.Second))
	}
	return found
}
