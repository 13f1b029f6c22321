package cxone

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// codesAge is how old the table of codes must be before an unknown name or id
// makes us read it again, so that one that stays unknown costs little.
const codesAge = 5 * time.Second

// A codeTable is the business unit's catalogue of unavailable codes. Rules name
// codes, states and state changes number them. Retired codes are in it, because
// an agent can still be in one.
type codeTable struct {
	byID   map[string]code
	byName map[string]code
	read   time.Time
}

func loadCodes(ctx context.Context, c *Connection) (*codeTable, error) {
	list, err := List[code](ctx, c, c.ACD("/unavailable-codes"), nil, "unavailableCodes")
	if err != nil {
		return nil, fmt.Errorf("list unavailable codes: %w", err)
	}
	table := &codeTable{byID: map[string]code{}, byName: map[string]code{}, read: time.Now()}
	for _, row := range list {
		table.byID[strconv.Itoa(row.ID)] = row
		// Should a retired code share its name with one in use, that one counts.
		if held, twin := table.byName[row.Name]; !twin || !held.Active {
			table.byName[row.Name] = row
		}
	}
	return table, nil
}

// codesNow reads the table anew where it is old enough to have changed, and
// falls back on the old one where it cannot be read.
func (p *Presence) codesNow(ctx context.Context, old *codeTable) *codeTable {
	if old != nil && time.Since(old.read) < codesAge {
		return old
	}
	p.codes.Drop(old)
	table, err := p.codes.Get(ctx)
	if err != nil {
		return old
	}
	return table
}
