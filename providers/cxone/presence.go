package cxone

import (
	"context"
	"log/slog"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
)

// A Presence watches what the agents of one tenant show, and asks for what
// they shall show. It keeps nothing about agents: what it remembers is the
// tenant's table of codes and how far the vendor's clock is from ours. It is
// safe for concurrent use.
type Presence struct {
	connection *Connection
	log        *slog.Logger
	codes      rest.Login[codeTable] // read once however many ask, like a sign-in
	clock      rest.Clock
}

// Presence returns the tenant's agents as run sees them. It makes no call.
func (p *Provider) Presence() *Presence { return newPresence(p.connection) }

func newPresence(c *Connection) *Presence {
	p := &Presence{connection: c, log: c.options.Log}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.codes.SignIn = func(ctx context.Context, _ *codeTable) (*codeTable, error) { return loadCodes(ctx, c) }
	return p
}
