package desk

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/providers/emulator/cxone"
	"github.com/lockstep-sync/lockstep/providers/emulator/salesforce"
)

// lived is an hour of a crowd's day, told.
func lived(t *testing.T, seed uint64, changes int) (story []string) {
	synctest.Test(t, func(t *testing.T) {
		crowd := staged()
		crowd.Crowd(60)
		if err := crowd.Validate(); err != nil {
			t.Fatal(err)
		}
		org, centre := salesforce.New(crowd, salesforce.Options{}), cxone.New(crowd, cxone.Options{})
		d := NewDay(NewRoom(org, Options{RowEndsAfter: time.Minute}), centre, crowd.AtWork(), seed)
		if err := d.Begin(); err != nil {
			t.Fatal(err)
		}
		for range changes {
			change, err := d.Change()
			if err != nil {
				t.Fatal(err)
			}
			story = append(story, change.String())
			time.Sleep(time.Second)
		}
	})
	return story
}

// A day is the same with the same seed, another with another, and everything
// happens in it.
func TestDay(t *testing.T) {
	const changes = 3000
	first := lived(t, 7, changes)
	if diff := cmp.Diff(first, lived(t, 7, changes)); diff != "" {
		t.Error("the same seed: -want +got:\n" + diff)
	}
	if slices.Equal(first, lived(t, 8, changes)) {
		t.Error("another seed gave the same day")
	}
	told := strings.Join(first, "\n")
	for _, what := range []string{
		"comes to work", "takes a contact", "ends a contact", "ends after-call work", "is available", "is unavailable: Break", "shows Lunch",
		"lets a contact ring", "opens a tab", "loses all tabs", "opens the console again", "closes a tab", "goes offline", "goes home",
	} {
		if !strings.Contains(told, what) {
			t.Errorf("nobody %s in %d changes", what, changes)
		}
	}
}

// A day's changes come at the rate that was asked for.
func TestDayRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crowd := staged()
		org, centre := salesforce.New(crowd, salesforce.Options{}), cxone.New(crowd, cxone.Options{})
		d := NewDay(NewRoom(org, Options{}), centre, crowd.AtWork(), 1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		changes := 0
		d.Run(ctx, 25, func(change Change, err error) {
			changes++
			if err != nil {
				t.Error(err)
			}
		})
		if changes < 249 || changes > 250 {
			t.Errorf("%d changes in ten seconds, want 250", changes)
		}
	})
}
