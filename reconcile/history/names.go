package history

import (
	"cmp"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// Names are what agents are called, by key. A journal has keys only: names
// change, and can be erased.
type Names map[string]string

// NamesOf takes for each agent the name that commands understand as well.
func NamesOf(known []mirror.Known) Names {
	names := make(Names, len(known))
	for i := range known {
		k := &known[i]
		names[k.Key] = cmp.Or(k.Login, k.User, k.Email, k.UserEmail, k.Key)
	}
	return names
}

// Of returns what an agent is called; who is not known, or was forgotten, is
// called by the key.
func (n Names) Of(key string) string { return cmp.Or(n[key], key) }
