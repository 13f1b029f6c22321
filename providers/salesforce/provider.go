package salesforce

import (
	"context"
	"fmt"

	"github.com/lockstep-sync/lockstep/schema"
)

const vendorName = "salesforce"

// Vendor describes the provider: its block and its kinds.
func Vendor() *schema.Vendor {
	v := &schema.Vendor{
		Name:  vendorName,
		Title: "Salesforce",
		Doc:   "A Salesforce org with Omni-Channel: presence statuses, who may pick them, the app that CXone signs in with, and what lockstep run needs there.",
		Shape: providerShape(),
	}
	for _, k := range kinds {
		v.Kinds = append(v.Kinds, &k.Kind)
	}
	return v
}

// A Provider reconciles the objects of one org.
type Provider struct {
	conn   *Connection
	vendor *schema.Vendor
	memory memory
}

// New makes a provider; it makes no call.
func New(options Options) *Provider {
	return &Provider{conn: Connect(options), vendor: Vendor()}
}

// Vendor describes the provider.
func (p *Provider) Vendor() *schema.Vendor { return p.vendor }

// Calls returns how many calls have been made so far.
func (p *Provider) Calls() schema.Calls { return p.conn.Calls() }

// Read returns what the org holds of every object that the query names. Tables
// are read whole, page by page, five to a call, so that the number of calls
// does not grow with the number of objects. The pins are checked first.
func (p *Provider) Read(ctx context.Context, query schema.Query) (*schema.Held, error) {
	identity, err := p.conn.Identity(ctx)
	if err != nil {
		return nil, err
	}
	held := answerFor(identity)
	r := &reading{conn: p.conn, snapshot: p.memory.next(), held: held}
	asked := questions(query)
	if err := r.loadAll(ctx, query, asked); err != nil {
		return nil, err
	}
	for _, q := range asked {
		if err := kindOf(q.kind.Name).read(ctx, q, r); err != nil {
			return nil, err
		}
	}
	if query.People {
		held.People = r.everybody()
	}
	p.memory.keep(r.snapshot)
	return held, nil
}

// Forget lets go of what was read, for a process that lives on for long. Steps
// cannot be carried out before the next Read.
func (p *Provider) Forget() { p.memory.forget() }

// loadAll loads what the kinds that are asked for look at.
func (r *reading) loadAll(ctx context.Context, query schema.Query, asked []question) error {
	var tables []table
	if query.People {
		tables = append(tables, userTable(query))
	}
	var types []string
	for _, q := range asked {
		k := kindOf(q.kind.Name)
		if k.tables != nil {
			tables = append(tables, k.tables(q)...)
		}
		if k.lists != nil {
			types = append(types, k.lists(q)...)
		}
	}
	if err := r.load(ctx, r.conn, tables); err != nil || len(types) == 0 {
		return err
	}
	listing, err := r.conn.ListMetadata(ctx, types...)
	if err != nil {
		return fmt.Errorf("list metadata: %w", err)
	}
	r.listing = listing
	return nil
}

// everybody lists the org's users, those who left included.
func (r *reading) everybody() []schema.Person {
	people := make([]schema.Person, len(r.users))
	for i, u := range r.users {
		people[i] = schema.Person{ID: idOf(u.ID), Name: u.Name, Username: u.Username, Email: u.Email, Federation: u.FederationIdentifier, Active: u.IsActive}
	}
	return people
}

// answerFor begins an answer with what is known of the org itself.
func answerFor(identity Identity) *schema.Held {
	platform := "production"
	if identity.Sandbox {
		platform = "sandbox"
	}
	id := ShortID(identity.OrganizationID)
	return &schema.Held{
		Where: fmt.Sprintf("%s %s (%s)", identity.OrganizationName, id, platform),
		Facts: map[string]schema.Value{
			"salesforce.organization_id": schema.String(id),
			"salesforce.platform":        schema.String(platform),
		},
		Unmanaged: map[string]int{},
	}
}

// Amend adds reasons and warnings to planned steps.
func (p *Provider) Amend(steps []*schema.Step) schema.Diagnostics {
	for _, step := range steps {
		amend(step)
	}
	return nil
}

func amend(step *schema.Step) {
	switch {
	case step.Action == schema.Delete && step.Kind.Name == statusKind:
		step.Reason = "deletion is not documented for presence statuses; where Salesforce refuses it, access is revoked and the status is abandoned (UNCERTAIN)"
	case step.Action == schema.Delete && step.Kind == &connectedApp.Kind:
		step.Warnings = append(step.Warnings, "whatever signs in through this app stops working, and its key cannot be had again")
	case step.Action == schema.Create && step.Kind == &connectedApp.Kind:
		step.Reason = "created as an External Client App: new connected apps are closed since Spring '26"
	case step.Action == schema.Update && step.Changed("scopes") != nil:
		step.Warnings = append(step.Warnings, "tokens keep the scopes that they were granted with; users sign in again to get the new ones")
	case step.Action == schema.Update && step.Changed("option") != nil:
		step.Warnings = append(step.Warnings, "agents who show this status now start or stop receiving work")
	}
}

// Arrange lays a wave out as one metadata deploy and the calls around it.
func (p *Provider) Arrange(steps []*schema.Step) []schema.Operation {
	p.memory.Lock()
	org := p.memory.last
	p.memory.Unlock()
	return arrange(p.conn, org, steps)
}
