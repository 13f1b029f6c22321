package salesforce

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-sync/lockstep/schema"
)

// errAbandoned goes with a deletion that is done as far as the vendor allows.
var errAbandoned = errors.New("abandoned: Salesforce refuses to delete the status; all access to it is revoked and its label is marked as removed")

// refusedDeletions returns the parts that delete a presence status and were
// refused, when nothing else was wrong with the deploy.
func (w *wave) refusedDeletions(result DeployResult) []*part {
	var refused []*part
	for _, p := range w.parts {
		switch problem := problemOf(p, result); {
		case problem == nil:
		case p.step.Kind.Name == statusKind && p.step.Action == schema.Delete:
			refused = append(refused, p)
		default:
			return nil
		}
	}
	return refused
}

// abandon deploys the wave again without the deletions that the vendor
// refused, revoking all access to those statuses instead. It is one deploy
// more than forecast: whether a deletion is accepted cannot be known before
// (UNCERTAIN).
func (w *wave) abandon(ctx context.Context, refused []*part) {
	for _, p := range refused {
		p.removed = nil
		revoke(p)
	}
	result, err := w.conn.Deploy(ctx, w.pack(ctx, w.parts), DeployOptions{})
	w.judge(w.parts, result, err)
	for _, p := range refused {
		if !p.failed() {
			p.then(0, func(context.Context, *Connection) error { p.outcome.Err = errAbandoned; return nil })
		}
	}
}

// revoke takes a status from everybody who has it and marks its label.
func revoke(p *part) {
	held := p.step.Held
	p.deploy(statusComponent(held.Key(), markAbandoned(held.Text("label")), held.Texts("channels")))
	if p.org == nil {
		p.fail(errNotRead)
		return
	}
	for i := range p.org.statuses {
		if p.org.statuses[i].DeveloperName != held.Key() {
			continue
		}
		for _, access := range p.org.statuses[i].access {
			p.revokeFrom(access, held.Key())
		}
	}
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
