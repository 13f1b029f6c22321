package salesforce

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-sync/lockstep/schema"
)

// errAbandoned goes with a deletion that is done as far as the vendor allows.
var errAbandoned = errors.New("abandoned: Salesforce refuses to delete the status; all access to it is revoked and its label is marked as removed")

func refusable(p *part) bool { return p.instead != nil }

// refusedDeletions returns the parts that delete a presence status and were
// refused, when nothing else was wrong with the deploy.
func (w *wave) refusedDeletions(result DeployResult) []*part {
	var refused []*part
	for _, p := range w.parts {
		switch problem := problemOf(p, result); {
		case problem == nil:
		case refusable(p):
			refused = append(refused, p)
		default:
			return nil
		}
	}
	return refused
}

// abandon deploys the wave again without the deletions that the vendor
// refused, revoking all access to those statuses instead.
func (w *wave) abandon(ctx context.Context, refused []*part) {
	for _, p := range refused {
		p.become(p.instead)
	}
	w.judge(w.send(ctx))
	for _, p := range refused {
		if !p.failed() {
			p.then(0, func(context.Context, *Connection) error { p.outcome.Err = errAbandoned; return nil })
		}
	}
}

// become takes over what another part deploys, and how that failed.
func (p *part) become(other *part) {
	p.components, p.overlays, p.removed, p.rewrites = other.components, other.overlays, other.removed, other.rewrites
	p.outcome = other.outcome
}

// fallback is the number of calls that run makes more when the vendor refuses
// what the parts delete: whether it does cannot be known before it is tried
// (UNCERTAIN).
func (w *wave) fallback() int {
	if !slices.ContainsFunc(w.parts, refusable) {
		return 0
	}
	second := &wave{}
	for _, p := range w.parts {
		again := p.instead
		if again == nil { // its profiles have their names by then, and its calls follow once
			again = &part{components: p.components, removed: p.removed, rewrites: p.rewrites}
		}
		second.parts = append(second.parts, again)
	}
	return second.calls()
}

// revocation is what is done instead of deleting a status: it is taken from
// everybody who has it, and its label is marked.
func revocation(step *schema.Step, org *snapshot) *part {
	p, held := newPart(step, org), step.Held
	p.deploy(statusComponent(held.Key(), markAbandoned(held.Text("label")), held.Texts("channels")))
	if org == nil {
		p.fail(errNotRead)
		return p
	}
	for i := range org.statuses {
		if org.statuses[i].DeveloperName != held.Key() {
			continue
		}
		for _, access := range org.statuses[i].access {
			p.revokeFrom(access, held.Key())
		}
	}
	return p
}

func (p *part) revokeFrom(access accessRow, status string) {
	switch {
	case access.Parent.IsOwnedByProfile && access.Parent.Profile != nil:
		p.overlay(access.Parent.ProfileID, access.Parent.Profile.Name, accessNode(status, false))
	case access.Parent.NamespacePrefix != "":
		p.fail(fmt.Errorf("revoke access: the permission set %s belongs to a managed package; take the status from it in Setup", access.Parent.Name))
	default:
		p.rewrite(permissionSetType, access.Parent.Name, func(body *Node) error {
			setAccess(body, status, false)
			return nil
		})
	}
}
