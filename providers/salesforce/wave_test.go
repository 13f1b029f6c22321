package salesforce

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

// creates makes n creation steps of a kind, with keys of their own.
func creates(k *kind, n int, arguments map[string]schema.Value) []*schema.Step {
	steps := make([]*schema.Step, n)
	for i := range steps {
		key := fmt.Sprintf("Name%d", i)
		o := object(k, arguments)
		o.Set(k.Key, schema.String(key))
		o.Address = schema.NewAddress(k.Name, key)
		steps[i] = &schema.Step{Action: schema.Create, Kind: &k.Kind, Address: o.Address, Wanted: o}
	}
	return steps
}

// TestArrange holds what a plan forecasts: operations, and calls in each.
func TestArrange(t *testing.T) {
	statuses := map[string]schema.Value{"statuses": schema.Strings("On_Break")}
	busy := map[string]schema.Value{"label": schema.String("Busy")}
	tests := []struct {
		reason string
		steps  []*schema.Step
		calls  []int
	}{
		{"a wave is one deploy", creates(&presenceStatus, 500, busy), []int{1}},
		{"the vendor takes so many files and no more", creates(&presenceStatus, maxFiles+1, busy), []int{1, 1}},
		{"permission sets are read ten at a time before the deploy", creates(&permissionSetAccess, 11, statuses), []int{3}},
		{"profiles are listed once before the deploy", creates(&profileAccess, 2, statuses), []int{2}},
		{"kinds share the deploy", append(creates(&presenceStatus, 2, busy), creates(&permissionSetAccess, 1, statuses)...), []int{2}},
		{"nothing to do takes no call", nil, nil},
	}
	twoProfiles := &snapshot{profiles: []profileRow{{ID: "00e1", Name: "Name0"}, {ID: "00e2", Name: "Name1"}}}
	for _, test := range tests {
		var calls []int
		steps := 0
		for _, o := range arrange(nil, twoProfiles, test.steps) {
			calls = append(calls, o.Calls)
			steps += len(o.Steps)
		}
		if diff := cmp.Diff(test.calls, calls); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.reason, diff)
		}
		if steps != len(test.steps) {
			t.Errorf("%s: %d steps in the operations, want %d", test.reason, steps, len(test.steps))
		}
	}
}

// A step that rests on what a reading saw cannot be carried out blindly.
func TestArrangeUnread(t *testing.T) {
	steps := creates(&profileAccess, 1, map[string]schema.Value{"statuses": schema.Strings("On_Break")})
	operations := arrange(nil, nil, steps)
	if len(operations) != 1 || operations[0].Calls != 0 {
		t.Fatalf("operations: %+v", operations)
	}
	outcome := operations[0].Run(t.Context())[0]
	if outcome.Result != schema.NotDone || !errors.Is(outcome.Err, errNotRead) {
		t.Errorf("%s: %v", outcome.Result, outcome.Err)
	}
	// A profile that the org does not have is never deployed: it would be made.
	outcome = arrange(nil, &snapshot{}, steps)[0].Run(t.Context())[0]
	if outcome.Result != schema.NotDone || outcome.Err == nil {
		t.Errorf("a profile that is not there: %s %v", outcome.Result, outcome.Err)
	}
}

func TestMerged(t *testing.T) {
	joined := merged([]Component{
		profileComponent("Admin", accessNode("A", false)),
		statusComponent("S", "S", nil),
		profileComponent("Admin", accessNode("B", false)),
	})
	if len(joined) != 2 || len(joined[0].Body.Nodes) != 2 {
		t.Errorf("two overlays of one profile are one file, got %d components:\n%s", len(joined), render(joined[0].Body, ""))
	}
}
