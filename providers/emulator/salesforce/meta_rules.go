package salesforce

import "time"

// MetadataRules are choices of the metadata plane that no public document
// settles, or that differ between orgs. The zero value is a new production
// org that behaves as careful clients must expect.
type MetadataRules struct {
	// Polls is how many times a deploy or retrieve must be asked for before
	// it is done; 2 when zero.
	Polls int
	// KeepChannels lets an update without <channels> leave a presence
	// status's channels alone, where a file clears them. UNCERTAIN which
	// holds; the default clears in both.
	KeepChannels bool
	// RefuseStatusDelete refuses to delete presence statuses at all.
	// UNCERTAIN: no document lists delete among their calls.
	RefuseStatusDelete bool
	// LoginPassword is what SOAP login() takes for any administrator. Without
	// one, login() is switched off, as it is in new orgs.
	LoginPassword string
}

// jobTime is when a deploy that nobody asks about is done all the same.
const jobTime = 10 * time.Second

// SetMetadataRules replaces the rules; calls to come follow them.
func (o *Org) SetMetadataRules(rules MetadataRules) {
	o.store.Lock()
	defer o.store.Unlock()
	o.meta.rules = rules
}

func (r MetadataRules) polls() int {
	if r.Polls > 0 {
		return r.Polls
	}
	return 2
}
