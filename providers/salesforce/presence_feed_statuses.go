package salesforce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// askAgain is how long an unknown status is not asked for again: a status can
// be made at any time, and a name that is nobody's must not cost a call each
// time it is used.
const askAgain = time.Minute

// statusNames translates between the Ids that events and commands carry and
// the developer names that rules are made of. The zero value is ready to use.
type statusNames struct {
	mu    sync.Mutex
	names map[string]string // by short Id
	ids   map[string]string // by developer name
	read  time.Time
}

// load reads the names, unless that was done a moment ago.
func (n *statusNames) load(ctx context.Context, c *Connection) error {
	if !n.read.IsZero() && time.Since(n.read) < askAgain {
		return nil
	}
	rows, err := Query[struct {
		ID            string `json:"Id"`
		DeveloperName string
	}](ctx, c, "SELECT Id, DeveloperName FROM ServicePresenceStatus")
	if err != nil {
		return fmt.Errorf("list presence statuses: %w", err)
	}
	n.names, n.ids = make(map[string]string, len(rows)), make(map[string]string, len(rows))
	for _, row := range rows {
		if row.DeveloperName == "" {
			return errNamesHidden()
		}
		n.names[ShortID(row.ID)], n.ids[row.DeveloperName] = row.DeveloperName, idOf(row.ID)
	}
	n.read = time.Now()
	return nil
}

func errNamesHidden() error {
	return fmt.Errorf("%w: presence statuses come without their developer names: give the signed-in user View Setup and Configuration, or View DeveloperName", schema.ErrSetup)
}

// name returns a status's developer name, "" when the org has no such status.
func (n *statusNames) name(ctx context.Context, c *Connection, id string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if name := n.names[ShortID(id)]; name != "" {
		return name, nil
	}
	err := n.load(ctx, c)
	return n.names[ShortID(id)], err
}

var errNoStatus = errors.New("the org has no such presence status")

// id returns what a command calls a status: its Id, or the word for none.
func (n *statusNames) id(ctx context.Context, c *Connection, name string) (string, error) {
	if name == schema.Offline {
		return schema.Offline, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if id := n.ids[name]; id != "" {
		return id, nil
	}
	if err := n.load(ctx, c); err != nil {
		return "", err
	}
	if id := n.ids[name]; id != "" {
		return id, nil
	}
	return "", fmt.Errorf("status %q: %w", name, errNoStatus)
}
