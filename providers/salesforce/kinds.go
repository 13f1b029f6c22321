package salesforce

import (
	"context"

	"github.com/lockstep-sync/lockstep/schema"
)

// kinds lists every kind of this provider, in the order in which objects are
// created. A kind is one value in one file: its shape and its functions.
var kinds = []*kind{
	&presenceStatus,
	&profileAccess,
	&permissionSetAccess,
	&connectedApp,
	&agentAccess,
	&presenceBridge,
}

// A kind is a schema.Kind with the functions that read and change its objects
// in an org.
type kind struct {
	schema.Kind

	// tables names the tables that read looks at; they are loaded beforehand,
	// together with those of other kinds, each once.
	tables func(question) []table
	// lists names the metadata types whose listing read looks at; they are
	// listed together, three types to a call. It may be nil.
	lists func(question) []string
	// read adds to the answer what the org holds of the question.
	read func(context.Context, question, *reading) error
	// change adds to a part of a wave what carrying out its step takes. It
	// makes no call.
	change func(*part)
}

// A question is what a plan wants to know of one kind.
type question struct {
	kind    *schema.Kind
	wanted  []*schema.Object
	removed []schema.Removal
	all     schema.Query // of every kind
	// declared holds the keys of all presence statuses that the configuration
	// declares: the ones that access lists cover.
	declared map[string]bool
}

// questions sorts a query by kind; kinds that it does not name are left out.
func questions(query schema.Query) []question {
	var asked []question
	declared := declaredStatuses(query)
	for _, k := range kinds {
		q := question{kind: &k.Kind, all: query, declared: declared}
		for _, o := range query.Wanted {
			if o.Kind.Name == k.Name {
				q.wanted = append(q.wanted, o)
			}
		}
		for _, r := range query.Removed {
			if r.Kind.Name == k.Name {
				q.removed = append(q.removed, r)
			}
		}
		if len(q.wanted)+len(q.removed) > 0 {
			asked = append(asked, q)
		}
	}
	return asked
}

func kindOf(name string) *kind {
	for _, k := range kinds {
		if k.Name == name {
			return k
		}
	}
	return nil
}

func declaredStatuses(query schema.Query) map[string]bool {
	names := map[string]bool{}
	for _, o := range query.Wanted {
		if o.Kind.Name == statusKind {
			names[o.Key()] = true
		}
	}
	return names
}

// A reading is an answer in the making.
type reading struct {
	conn *Connection
	*snapshot
	held *schema.Held
}

// found adds an object that the org holds.
func (r *reading) found(o *schema.Object) { r.held.Objects = append(r.held.Objects, o) }

// fault adds a diagnostic.
func (r *reading) fault(d schema.Diagnostic) {
	r.held.Diagnostics = append(r.held.Diagnostics, d)
}

// note adds a note about a block.
func (r *reading) note(address schema.Address, text string) {
	r.held.Notes = append(r.held.Notes, schema.Note{Address: address, Text: text})
}

// unmanaged counts an object that no block names.
func (r *reading) unmanaged(k *schema.Kind, n int) {
	if n > 0 {
		r.held.Unmanaged[k.Name] += n
	}
}

// like makes an object of the wanted object's kind with the same key and
// address, for the caller to fill with what is held.
func like(wanted *schema.Object) *schema.Object {
	o := schema.NewObject(wanted.Kind)
	o.Address = wanted.Address
	o.Set(wanted.Kind.Key, schema.String(wanted.Key()))
	return o
}

// gone makes the object that a removal names, for the caller to fill.
func gone(r schema.Removal) *schema.Object {
	o := schema.NewObject(r.Kind)
	o.Set(r.Kind.Key, schema.String(r.Key))
	return o
}
