package cxone

import (
	"cmp"
	"context"
	"sync"

	"github.com/lockstep-sync/lockstep/schema"
)

// A Provider reads and writes one CXone tenant for a plan. It never knows
// that it is in one. It is safe for concurrent use.
type Provider struct {
	options    Options
	connection *Connection

	mu   sync.Mutex
	last *directory // what the last look found: names to ids
}

// New makes a provider. It makes no call.
func New(options Options) *Provider {
	return &Provider{options: options, connection: Connect(options), last: newDirectory()}
}

// Vendor describes the provider and lists its kinds.
func (p *Provider) Vendor() *schema.Vendor { return Vendor() }

// Calls returns how many calls have been made so far, by purpose.
func (p *Provider) Calls() schema.Calls { return p.connection.Calls() }

// Read returns what the tenant holds of what the query names. The number of
// calls grows with the vendor's pages and not with objects.
func (p *Provider) Read(ctx context.Context, query schema.Query) (*schema.Held, error) {
	l := newLook(p, query)
	if len(query.Wanted) == 0 && len(query.Removed) == 0 && !query.People {
		return l.held, nil
	}
	dir, err := readDirectory(ctx, p.connection, l.parts())
	if err != nil {
		return nil, err
	}
	l.dir = dir
	if err := l.findMissing(ctx, p.connection); err != nil {
		return nil, err
	}
	if err := l.readOwnRule(ctx, p.connection); err != nil {
		return nil, err
	}
	l.objects()
	l.check()
	if query.People {
		l.held.People = dir.people()
	}
	p.keep(dir)
	l.held.Where, err = p.where(ctx)
	return l.held, err
}

// Amend turns steps on the Adapters into manual ones where no API is to be
// used, and adds what a user should know.
func (p *Provider) Amend(steps []*schema.Step) schema.Diagnostics {
	var diags schema.Diagnostics
	for _, step := range steps {
		k := kindNamed(step.Kind.Name)
		if k.adapters && !p.connection.AdaptersAPI() {
			step.Action = schema.Manual
			step.Guide = k.guide(step)
		}
		if k.advise != nil {
			diags = append(diags, k.advise(step)...)
		}
	}
	return diags
}

// Arrange makes one operation of a wave: independent calls, several at once.
func (p *Provider) Arrange(steps []*schema.Step) []schema.Operation {
	if len(steps) == 0 {
		return nil
	}
	return []schema.Operation{p.operation(steps)}
}

func (p *Provider) directory() *directory {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// keep remembers the names of a look. A look that read fewer tables, as one
// that only reads back does, leaves what it did not read as it was.
func (p *Provider) keep(d *directory) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.inherit(p.last)
	p.last = d
}

// Forget lets go of what was read, for a process that lives on for long. Steps
// cannot be carried out before the next Read.
func (p *Provider) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = newDirectory()
}

// where says which tenant was read: the pinned one, else the token's.
func (p *Provider) where(ctx context.Context) (string, error) {
	if p.options.TenantID != "" {
		return "tenant " + p.options.TenantID, nil
	}
	s, err := p.connection.login.Get(ctx)
	if err != nil {
		return "", err
	}
	return "tenant " + cmp.Or(tenantOf(s.token), "at "+s.api), nil
}
