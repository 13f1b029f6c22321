package reconcile

import (
	"context"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Provider is one vendor as the reconciler sees it.
type Provider interface {
	// Vendor describes the provider and lists its kinds in the order in which
	// objects are created; they are removed in the reverse order.
	Vendor() *schema.Vendor

	// Read returns what the vendor holds of every object the query names, in
	// as few calls as the vendor allows. It modifies nothing and may be called
	// any number of times; every call looks afresh. The error is for what
	// makes the whole answer useless: no sign-in, a pin that differs, an
	// answer of the wrong shape.
	Read(ctx context.Context, query schema.Query) (*schema.Held, error)

	// Amend completes planned steps before anybody sees them: it turns what no
	// API can do into a Manual step with its click path, and adds warnings and
	// reasons. It makes no call.
	Amend(steps []*schema.Step) schema.Diagnostics

	// Arrange turns the steps of one wave into operations that are carried out
	// in order. It makes no call, so that a plan can forecast. Manual steps
	// are never passed. In Run the steps' wanted values are all known.
	Arrange(steps []*schema.Step) []schema.Operation

	// Calls returns how many calls have been made so far, by purpose.
	Calls() schema.Calls
}
