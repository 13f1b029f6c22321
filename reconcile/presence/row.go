package presence

import "github.com/lockstep-sync/lockstep/schema"

// Row returns the row by which a pair is mapped: the publisher's that leads from
// its state to its status, or else the subscriber's that leads back. It is nil
// when the pair is not mapped, and does not look at what a contact hides.
func (r *Rule) Row(state schema.ACDState, status string) *schema.Row {
	if row := r.publish(state); row != nil && row.Status.Name == status {
		return row
	}
	if back := r.subscriber[status]; back != nil && back.State == state && r.settable(state) {
		return back
	}
	return nil
}
