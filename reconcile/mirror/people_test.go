package mirror

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/schema"
)

// TestBrokenMappings: each user_mapping that leads nowhere is told once as such,
// whoever of the two is known, and pairs nobody.
func TestBrokenMappings(t *testing.T) {
	gone := schema.Person{ID: "gone", Username: "gone", Email: "gone@m"}
	users := []schema.Person{
		{ID: "u1", Username: "ana", Email: "ana@m", Active: true}, {ID: "u2", Username: "ben", Email: "twin@m", Active: true},
		{ID: "u3", Username: "bob", Email: "twin@m", Active: true}, gone,
	}
	agents := []schema.Person{
		{ID: "a1", Username: "ana", Email: "ana@m", Active: true}, {ID: "a2", Username: "ben", Email: "ben@m", Active: true}, gone,
	}
	tests := []struct {
		why      string
		mappings []UserMapping
		want     []Strange // without what rules go by
		pairs    int
	}{
		{"all is well", []UserMapping{{"ana", "ana"}, {"BEN", "ben"}}, nil, 2},
		{
			"CXone's name is mistyped", []UserMapping{{"ana", "anna"}},
			[]Strange{{Side: sideSalesforce, ID: "u1", Name: "ana", Why: `a user_mapping joins "ana" and "anna", whom CXone does not know`}}, 0,
		},
		{
			"Salesforce's name is mistyped", []UserMapping{{"anna", "ana"}},
			[]Strange{{Side: sideCXone, ID: "a1", Name: "ana", Why: `a user_mapping joins "anna", whom Salesforce does not know, and "ana"`}}, 0,
		},
		{
			"both are: there is nobody to tell it of, and it is told", []UserMapping{{"anna", "hanna"}},
			[]Strange{{Side: sideCXone, Name: "hanna", Why: `a user_mapping joins "anna", whom Salesforce does not know, and "hanna", whom CXone does not know`}}, 1,
		},
		{
			"an e-mail address that two users have", []UserMapping{{"twin@m", "ben"}},
			[]Strange{{Side: sideCXone, ID: "a2", Name: "ben", Why: `a user_mapping joins "twin@m", whom Salesforce knows 2 times, and "ben"`}}, 1,
		},
		{
			"one person by two names", []UserMapping{{"ana", "ana"}, {"u1", "ben"}},
			[]Strange{{Side: sideCXone, Name: "ben", Why: `a user_mapping joins "u1" and "ben", and another has named one of the two before`}}, 1,
		},
		{
			"somebody who is taken already, and a typing error", []UserMapping{{"ana", "ana"}, {"anna", "a1"}},
			[]Strange{{Side: sideCXone, Name: "a1", Why: `a user_mapping joins "anna", whom Salesforce does not know, and "a1"`}}, 1,
		},
		{
			"the user has left", []UserMapping{{"gone", "ben"}},
			[]Strange{{Side: sideCXone, ID: "a2", Name: "ben", Why: `a user_mapping joins "gone", who is inactive, and "ben"`}}, 1,
		},
		{
			"the agent has left", []UserMapping{{"ben", "gone"}},
			[]Strange{{Side: sideCXone, ID: "gone", Name: "gone", Why: `a user_mapping joins "ben" and "gone", who is inactive`}}, 1,
		},
	}
	for _, test := range tests {
		matches, strange := MatchPeople(users, agents, Matching{By: ByEmail, Mappings: test.mappings})
		var got []Strange
		for _, s := range strange {
			if s.Mapping {
				got = append(got, Strange{Side: s.Side, ID: s.ID, Name: s.Name, Why: s.Why})
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
		if len(matches) != test.pairs {
			t.Errorf("%s: %d pairs, want %d: %+v", test.why, len(matches), test.pairs, matches)
		}
	}
}
