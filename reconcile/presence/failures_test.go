package presence

import (
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// TestFailures has the failure classes that presence syncs are known for, as
// far as the core has a part in them: each by its name.
func TestFailures(t *testing.T) {
	runScripts(t, []script{
		{
			name: "01 echo", why: "our own write coming back is no action of the agent, on either side",
			play: []string{"10 cxone Lunch", "11 salesforce On_Break", "20 salesforce Chats", "21 cxone Available", "22 cxone Available @21"},
			want: []string{"10 set Salesforce On_Break if Chats", "20 set CXone Available"}, base: "Available/Chats",
		},
		{
			name: "02 ping-pong", why: "a second executor that undoes us each time is left to it",
			play: []string{
				"10 cxone Lunch", "11 salesforce On_Break", "12 salesforce Chats", "13 cxone Available",
				"14 cxone Lunch", "15 salesforce On_Break", "16 salesforce Chats", "17 cxone Available", "18 cxone Lunch", "19 salesforce On_Break",
			},
			want: []string{"10 set Salesforce On_Break if Chats", "12 set CXone Available", "14 set Salesforce On_Break if Chats", "16 parked"},
		},
		{
			name: "03 coalescing loss", why: "the second of two quick changes is what stays",
			play: []string{"10 salesforce On_Break", "10.1 salesforce Chats", "10.2 cxone Lunch", "10.3 cxone Available"},
			want: []string{"10 set CXone code \"Lunch\"", "10.2 set CXone Available"}, base: "Available/Chats",
		},
		{
			name: "04 reorder", why: "a late message about something older changes nothing",
			play: []string{"10 cxone Available @9", "11 cxone Lunch @7", "12 tick"}, base: "Available/Chats",
		},
		{
			name: "04 reorder, or a clock set back", why: "present data that contradicts the vendor's own times is believed once nothing newer was heard for a while",
			play: []string{"10 cxone Lunch @500", "11 salesforce On_Break", "20 sweep cxone Available @15", "45 sweep cxone Available @15"},
			want: []string{"10 set Salesforce On_Break if Chats", "45 set Salesforce Chats if On_Break"},
		},
		{
			name: "05 duplicate", why: "the same message again asks for nothing again",
			play: []string{"10 cxone Lunch", "10.5 cxone Lunch @10", "11 salesforce On_Break", "12 salesforce On_Break @11", "13 cxone Lunch @10"},
			want: []string{"10 set Salesforce On_Break if Chats"}, base: "Lunch/On_Break",
		},
		{
			name: "06 gap", why: "changes that nobody told of are found by looking, and only the last counts",
			play: []string{"500 sweep cxone Coffee @300", "501 salesforce On_Break"},
			want: []string{"500 set Salesforce On_Break if Chats"}, base: "Coffee/On_Break",
		},
		{
			name: "07 logout without event", why: "a sweep finds the agent gone: nothing is sent to nobody, and nobody is logged in",
			play: []string{"10 cxone Lunch", "10 answer accepted", "12 sweep salesforce offline", "13 tick", "60 cxone Available"},
			want: []string{"10 set Salesforce On_Break if Chats"}, base: "Available/offline",
		},
		{
			name: "08 several tabs", why: "two tabs that both carry a command out make one change",
			play: []string{"10 cxone Lunch", "11 salesforce On_Break @10.5", "12 salesforce On_Break @10.6", "13 tick"},
			want: []string{"10 set Salesforce On_Break if Chats"}, base: "Lunch/On_Break",
		},
		{
			name: "09 manual override", why: "what a person sets by hand stays until one side moves again",
			play: []string{"10 cxone Lunch", "11 salesforce On_Break", "20 salesforce Mails", "60 sweep cxone Lunch @10", "61 sweep salesforce Mails @20", "90 cxone Available"},
			want: []string{"10 set Salesforce On_Break if Chats", "20 unmapped", "90 set Salesforce Chats if Mails"},
		},
		{
			name: "09 manual override of what was never seen", why: "a state that begins anew after our write went out is somebody's, though it reads as before",
			play: []string{"10 salesforce On_Break", "10.2 answer accepted", "15 cxone Available @14", "16 salesforce Chats", "30 tick"},
			want: []string{"10 set CXone code \"Lunch\"", "15 set Salesforce Chats if On_Break"}, base: "Available/Chats",
		},
		{
			name: "10 system states", why: "no contact state, after-call work or ACW code is ever set",
			rule: func(r *schema.Rule) { subscribes("Mails", "InboundContact")(r); subscribes("Wrapping", "Wrap-up")(r) },
			play: []string{"10 salesforce Mails", "20 salesforce Wrapping"}, base: "Available/Wrapping",
		},
		{
			name: "11 previous without previous", why: "after a lost store nothing is known from before the contact, and nothing is invented", fresh: true,
			play: []string{"0 cxone InboundContact", "1 salesforce Chats", "5 salesforce On_a_Call", "60 cxone Available", "61 salesforce Chats"},
			want: []string{"1 unmapped", "60 set Salesforce Chats if On_a_Call"}, base: "Available/Chats",
		},
		{
			name: "11 previous now forbidden", why: "a previous code that CXone refuses meanwhile is reported",
			play: []string{"10 cxone InboundContact", "11 salesforce On_a_Call", "12 salesforce Chats", "13 salesforce On_a_Call", "13 answer cxone refused", "20 tick"},
			want: []string{"10 set Salesforce On_a_Call if Chats", "12 set CXone Available", "13 undeliverable"},
		},
		{
			name: "12 unmapped state", why: "reported once, and nothing is written",
			play: []string{"10 cxone Training", "15 cxone Training @10", "16 sweep cxone Training @10"}, want: []string{"10 unmapped"}, base: "Training/Chats",
		},
		{
			name: "13 no counterpart", why: "an agent without one is reported once and never written to",
			play: []string{"10 lost two users have this e-mail", "11 cxone Lunch", "12 lost two users have this e-mail"}, want: []string{"10 unmatched"}, base: "none",
		},
		{
			name: "14 access lost", why: "a status that the profile no longer has is refused: reported, not repeated until something changes",
			play: []string{"10 cxone Lunch", "10 answer refused", "11 tick", "60 tick", "100 cxone Refused", "101 salesforce Missed_Call"},
			want: []string{"10 set Salesforce On_Break if Chats", "10 undeliverable", "100 undeliverable over", "100 set Salesforce Missed_Call if Chats"},
			base: "Refused/Missed_Call",
		},
		{
			name: "15 rate limit", why: "a vendor that cannot answer now is asked again later, and nothing is lost",
			play: []string{"10 salesforce On_Break", "10.5 answer unknown", "11.5 tick", "12 answer accepted", "15 cxone Lunch"},
			want: []string{"10 set CXone code \"Lunch\"", "11.5 set CXone code \"Lunch\""}, base: "Lunch/On_Break",
		},
		{
			name: "17 clock skew", why: "Salesforce's later change wins although CXone's clock runs ahead by less than is known of it", unsure: 5 * time.Second,
			play: []string{"10 salesforce On_Break @10", "11 cxone Refused @20"},
			want: []string{"10 set CXone code \"Lunch\"", "11 set CXone code \"Lunch\""},
		},
		{
			name: "18 unknown outcome", why: "a write whose answer was lost is not repeated once its effect shows",
			play: []string{"10 salesforce On_Break", "10.1 answer unknown", "10.9 cxone Lunch", "12 tick", "60 tick"},
			want: []string{"10 set CXone code \"Lunch\""}, base: "Lunch/On_Break",
		},
		{
			name: "19 permission silence", why: "a feed that says nothing confirms nothing: in the end it is reported, never success",
			play: []string{"10 cxone Lunch", "10 answer accepted", "18 tick", "18 answer accepted", "130 tick", "131 tick"},
			want: []string{"10 set Salesforce On_Break if Chats", "18 set Salesforce On_Break if Chats", "130 undeliverable"}, base: "Available/Chats",
		},
		{
			name: "20 rule changes mid-flight", why: "a decision of the old rule is replaced by the new rule's; the old write landing late is nobody's action",
			other: func(r *schema.Rule) { r.Publisher[1].Status.Name, r.Subscriber = "Mails", r.Subscriber[:1] },
			play:  []string{"10 cxone Lunch", "10.2 rule other", "10.5 salesforce On_Break", "11 salesforce Mails"},
			want: []string{
				"10 set Salesforce On_Break if Chats", "10.2 set Salesforce Mails if Chats", "10.5 set Salesforce Mails if On_Break",
			},
			base: "Lunch/Mails",
		},
		{
			name: "21 flapping", why: "an agent that flips without end costs a bounded number of writes",
			set: func(s *Settings) { s.WritesPerMinute = 3 },
			play: []string{
				"10 cxone Lunch", "11 cxone Available", "12 cxone Lunch", "13 cxone Available", "14 cxone Lunch",
				"15 cxone Available", "16 cxone Lunch", "17 cxone Available", "18 cxone Lunch", "19 cxone Available",
			},
			want: []string{
				"10 set Salesforce On_Break if Chats", "12 set Salesforce On_Break if Chats", "14 set Salesforce On_Break if Chats", "16 parked",
			},
		},
		{
			name: "16 split brain", why: "a new owner looks at both sides before anything is sent, and what is under way is taken over",
			play: []string{"10 cxone Lunch", "11 restart", "12 sweep cxone Lunch @10", "13 sweep salesforce Chats @0", "14 salesforce On_Break"},
			want: []string{"10 set Salesforce On_Break if Chats", "13 set Salesforce On_Break if Chats"}, base: "Lunch/On_Break",
		},
	})
}

// Failure 16: two owners at once. The one whose lease is older changes nothing
// and is told to do nothing.
func TestFencedOwner(t *testing.T) {
	a := newActor(t, nil, nil)
	a.epoch = 2
	a.play(start...)
	before := encode(t, a.s)
	a.epoch, a.told = 1, nil
	a.play("10 cxone Lunch", "20 tick", "30 stop me", "40 rule none")
	if string(before) != string(encode(t, a.s)) || a.told != nil {
		t.Errorf("the fenced owner still acts: %v", a.told)
	}
}

// Failure 22: an observation that makes no sense. It is reported, and what comes
// after it is heard.
func TestPoison(t *testing.T) {
	a := newActor(t, nil, nil)
	a.play(start...)
	for _, o := range []Observation{{Side: CXone}, {Side: Salesforce}, {Side: 7, Status: "X"}, {Side: CXone, State: acd(schema.Previous)}} {
		a.step(5, o)
	}
	a.play("10 cxone Lunch")
	if len(a.told) != 4 || a.told[3] != "10 set Salesforce On_Break if Chats" {
		t.Errorf("got %v", a.told)
	}
}

// A clock that is set back by a day makes nothing wait for a day.
func TestClockSetBack(t *testing.T) {
	a := newActor(t, nil, nil)
	a.play(start...)
	a.play("10 cxone Lunch", "-86400 tick")
	if wait := a.s.Next().Sub(second(-86400)); wait > maxRetryAfter {
		t.Errorf("wakes in %v", wait)
	}
	a.play("-86280 tick")
	if last := a.told[len(a.told)-1]; last != "-86280 undeliverable" {
		t.Errorf("the decision does not expire any more: %v", a.told)
	}
}

// Writes that make the agent unavailable go first, and say so.
func TestUnavailableFirst(t *testing.T) {
	set := DefaultSettings()
	rule := Compile(supportRule(t), supportFacts)
	for status, first := range map[string]bool{"On_Break": true, "Chats": false, "Missed_Call": true, schema.Offline: true} {
		if got := rule.unavailable(Salesforce, pair{status: status}); got != first {
			t.Errorf("Salesforce to %s: first %v", status, got)
		}
	}
	var s State
	for i, event := range []Event{
		Observation{Side: CXone, State: acd("Available"), Since: second(0)}, Observation{Side: Salesforce, Status: "Chats", Since: second(0)},
		Observation{Side: Salesforce, Status: "On_Break", Since: second(2)},
	} {
		var effects []Effect
		s, effects = Step(&set, s, Input{Now: second(float64(i)), Epoch: 1, Rule: rule, Event: event})
		for _, effect := range effects {
			if e, ok := effect.(SetState); ok && !(e.First && e.Epoch == 1 && e.Expires.Equal(second(12)) && e.Expected == acd("Available")) {
				t.Errorf("the command is %+v", e)
			}
		}
	}
	if _, ok := s.Pending(CXone); !ok {
		t.Error("no command was given")
	}
}

// Every write has a line that explains it: what was seen, the rule, the row with
// its file and line.
func TestExplained(t *testing.T) {
	a := newActor(t, nil, nil)
	a.play(start...)
	a.play("10 cxone Lunch")
	e := a.log[len(a.log)-1]
	if e.What != Decided || e.Row != "rules.hcl:11" || e.Rule != "Support" || e.Digest != a.rule.Digest() || e.Moved != "CXone" ||
		e.State != acd("Lunch") || e.BaseState != acd("Available") || e.Side != Salesforce || e.Target != "On_Break" || e.Command != 1 || e.Shadow {
		t.Errorf("got %+v", e)
	}
}

func TestShadow(t *testing.T) {
	a := newActor(t, shadowed, nil)
	a.play(start...)
	a.play("10 cxone Lunch", "15 salesforce On_Break", "20 cxone Available", "200 tick")
	var told []What
	for _, e := range a.log {
		if !e.Shadow {
			t.Errorf("an entry that does not say that nothing was written: %+v", e)
		}
		told = append(told, e.What)
	}
	want := []What{Adopted, Decided, Done, Decided, Missed}
	if len(told) != len(want) || told[2] != Done || told[4] != Missed {
		t.Errorf("what NICE's sync did and missed: %v, want %v", told, want)
	}
}

func TestRuleset(t *testing.T) {
	rules := []schema.Rule{
		{Name: "team", Teams: []string{"Support"}, Exclude: []string{"boss@acme.example"}},
		{Name: "hers", Users: []string{"Ana@acme.example", "out@acme.example"}, Exclude: []string{"out@acme.example"}},
		{Name: "off", Mode: modeOff, Users: []string{"bob@acme.example"}},
	}
	set := NewRuleset(rules, Facts{})
	for _, test := range []struct{ why, team, who, want string }{
		{"a user's rule beats the team's", "Support", "ana@ACME.example", "hers"},
		{"exclude beats the team", "Support", "boss@acme.example", ""},
		{"exclude beats users; another rule still reaches", "Support", "out@acme.example", "team"},
		{"a rule that is off reaches nobody", "Sales", "bob@acme.example", ""},
		{"everybody else of the team", "Support", "eve@acme.example", "team"},
	} {
		got := ""
		if r := set.For(test.team, test.who); r != nil {
			got = r.Name()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.why, got, test.want)
		}
	}
}
