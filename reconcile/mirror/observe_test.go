package mirror

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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

// TestNewsDoNotWaitForTheRest: what somebody did is kept, and so on its way,
// before what a poll tells of the others, also when a batch is under way.
func TestNewsDoNotWaitForTheRest(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	e := New(settings())
	drive(t, e, now, 4)
	at := now.Add(10 * time.Second)
	// handle returns the batch that an event begins, and whose states are in it.
	handle := func(event Event) (id uint64, whose []string) {
		for _, r := range e.Handle(at, event) {
			c, ok := r.(Commit)
			if !ok {
				continue
			}
			id = c.ID
			for _, set := range c.Batch.Set {
				whose = append(whose, strings.TrimPrefix(set.Key, prefixAgent))
			}
		}
		return id, whose
	}
	wants := func(what string, got []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	first, whose := handle(Watched{Watch: 1, News: schema.News{Sightings: []schema.Sighting{{Person: userID(3), Status: "Lunch", Since: at}}}})
	wants("an event begins a batch", whose, key(3))
	_, whose = handle(Polled{Turn: e.turn, News: schema.News{Sightings: []schema.Sighting{
		{Person: agentID(1), State: available, Since: at}, // as before, and anew
		{Person: agentID(0), State: meeting, Since: at},
	}}})
	wants("one is under way", whose)
	_, whose = handle(Tick{})
	wants("one is still under way", whose)
	second, whose := handle(Committed{ID: first})
	wants("the next holds what somebody did", whose, key(0))
	_, whose = handle(Tick{})
	wants("that is under way", whose)
	_, whose = handle(Committed{ID: second})
	wants("the rest comes last", whose, key(1))
}
