package salesforce

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// recordsPerCall is how many records one collections call takes (VERIFIED).
const recordsPerCall = 200

func callsFor(records int) int { return (records + recordsPerCall - 1) / recordsPerCall }

// create adds the creation of records to what follows the deploy.
func (p *part) create(sobject string, records []map[string]any) {
	if len(records) == 0 {
		return
	}
	p.then(callsFor(len(records)), func(ctx context.Context, c *Connection) error {
		return saved("create "+sobject, c.CreateAll(ctx, sobject, records))
	})
}

// deleteRows adds the deletion of records by Id.
func (p *part) deleteRows(ids []string) {
	if len(ids) == 0 {
		return
	}
	p.then(callsFor(len(ids)), func(ctx context.Context, c *Connection) error {
		return saved("delete assignments", c.DeleteAll(ctx, ids))
	})
}

// saved returns what went wrong with a collection, nil when nothing did. An
// assignment that is there already (DUPLICATE_VALUE) is what was wanted.
func saved(what string, results []SaveResult) error {
	var failed []error
	for _, r := range results {
		switch {
		case r.Err == nil, rest.CodeOf(r.Err) == "DUPLICATE_VALUE", rest.CodeOf(r.Err) == "ENTITY_IS_DELETED":
		default:
			failed = append(failed, r.Err)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	const most = 3
	err := errors.Join(failed[:min(most, len(failed))]...)
	return fmt.Errorf("%s: %d of %d not saved: %w", what, len(failed), len(results), err)
}
