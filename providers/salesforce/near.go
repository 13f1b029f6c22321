package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// The bounds of looking for users with a similar name. A plan that names
// somebody who is not there fails anyway; one call more is worth saying whom it
// may have meant.
const (
	nearPrefix = 3 // letters that a misspelt name is taken to begin with
	nearNames  = 5 // of the missing names
	nearUsers  = 200
)

// lookForNear reads the user names that resemble listed ones which are not
// there. It makes no call when all are.
func (r *reading) lookForNear(ctx context.Context, wanted []*schema.Object) error {
	var like []string
	for _, o := range wanted {
		for _, name := range o.Texts("users") {
			if len(r.look().users[strings.ToLower(name)]) > 0 {
				continue
			}
			runes := []rune(name)
			like = append(like, "Username LIKE "+Quote(string(runes[:min(nearPrefix, len(runes))])+"%"))
		}
	}
	slices.Sort(like)
	like = slices.Compact(like)
	if len(like) == 0 {
		return nil
	}
	rows, err := Query[userRow](ctx, r.conn, fmt.Sprintf("SELECT Username FROM User WHERE IsActive = true AND (%s) LIMIT %d",
		strings.Join(like[:min(nearNames, len(like))], " OR "), nearUsers))
	if err != nil {
		return fmt.Errorf("list users with similar names: %w", err)
	}
	for _, row := range rows {
		r.near = append(r.near, row.Username)
	}
	return nil
}
