package mirror

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// TestSeenByTheNewOwner: an answer of a replica that lags is older than what is
// remembered, and no look at the agent. The next that says what is remembered is
// one, though it is nothing new.
func TestSeenByTheNewOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(2), openFile(t)
		h := start(t, w, s, settings())
		pass(10 * time.Second)
		w.status(0, "Lunch")
		pass(5 * time.Second)
		h.end()
		var is schema.Sighting
		w.change(func(w *world) {
			is = w.shows[userID(0)]
			w.shows[userID(0)] = schema.Sighting{Person: userID(0), Status: "Ready", Since: is.Since.Add(-time.Second)}
		})
		start(t, w, s, settings())
		pass(time.Second)
		w.change(func(w *world) {
			w.shows[userID(0)] = is
			w.publish(schema.News{Sightings: []schema.Sighting{is}})
		})
		pass(5 * time.Second)
		w.state(0, meeting)
		pass(15 * time.Second)
		w.want(t, 0, meeting, "Meeting")
	})
}
