package cxone

import "github.com/lockstep-sync/lockstep/schema"

// kinds lists what this provider manages, in the order in which objects are
// created. Adding a kind is one file and one line here.
func kinds() []*kind {
	return []*kind{unavailableCode, accountMapping, presenceRule}
}

// The kinds' names, for code that may not name the kinds themselves.
const (
	unavailableCodeName = "unavailable_code"
	accountMappingName  = "account_mapping"
	presenceRuleName    = "presence_rule"
)

// A kind is a type of object together with the functions that read and write
// it. Its functions are given the kind instead of naming it.
type kind struct {
	schema.Kind

	// adapters is set where the objects live in NICE's Adapters application,
	// for which NICE publishes no write API (VERIFIED negative).
	adapters bool
	// read adds the objects of this kind to what a look has found.
	read func(k *kind, l *look)
	// write plans the calls that carry a step out.
	write func(d *directory, step *schema.Step) job
	// guide is the click path for a person, for kinds of the Adapters.
	guide func(step *schema.Step) []schema.Instruction
	// advise adds what a user should know before saying yes, and refuses what
	// only the whole plan shows to be wrong. It may be nil.
	advise func(step *schema.Step) schema.Diagnostics
}

// kindNamed returns the kind of that name, nil when it is not ours.
func kindNamed(name string) *kind {
	for _, k := range kinds() {
		if k.Name == name {
			return k
		}
	}
	return nil
}
