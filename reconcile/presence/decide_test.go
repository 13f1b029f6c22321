package presence

import (
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

func byRule(r *schema.Rule)   { r.AfterContact = "rule" }
func shadowed(r *schema.Rule) { r.Mode = modeShadow }
func cxoneWins(s *Settings)   { s.Conflict = CXoneWins }
func sfWins(s *Settings)      { s.Conflict = SalesforceWins }

func row(state, status string) schema.Row {
	return schema.Row{State: acd(state), Status: schema.Status{Name: status}}
}

func publishes(state, status string) func(*schema.Rule) {
	return func(r *schema.Rule) { r.Publisher = append(r.Publisher, row(state, status)) }
}

func subscribes(status, state string) func(*schema.Rule) {
	return func(r *schema.Rule) { r.Subscriber = append(r.Subscriber, row(state, status)) }
}

// TestDecisionTable has at least one script for every line of the decision
// table, in its order.
func TestDecisionTable(t *testing.T) {
	runScripts(t, []script{
		{
			name: "neither moved", why: "what is agreed asks for nothing, however often it is seen",
			play: []string{"5 cxone Available @0", "6 sweep salesforce Chats @0", "7 tick"}, base: "Available/Chats",
		},
		{
			name: "cxone moved", why: "the publisher row sets Salesforce, only if it shows what was seen; seen is done",
			play: []string{"10 cxone Lunch", "10.1 answer accepted", "11 salesforce On_Break"},
			want: []string{"10 set Salesforce On_Break if Chats"}, base: "Lunch/On_Break",
		},
		{
			name: "cxone moved without a row", why: "an unmapped state is reported and agreed as it is",
			play: []string{"10 cxone Training"}, want: []string{"10 unmapped"}, base: "Training/Chats",
		},
		{
			name: "salesforce moved", why: "the subscriber row sets CXone",
			play: []string{"10 salesforce On_Break", "10.1 answer accepted", "15 cxone Lunch"},
			want: []string{"10 set CXone code \"Lunch\""}, base: "Lunch/On_Break",
		},
		{
			name: "salesforce moved without a row", why: "an unmapped status is reported and agreed as it is",
			play: []string{"10 salesforce Mails"}, want: []string{"10 unmapped"}, base: "Available/Mails",
		},
		{
			name: "both moved to a mapped pair", why: "a mapped pair is agreed, whoever made it: nothing is left to write",
			play: []string{"10 unreach salesforce", "11 cxone Coffee", "12 salesforce On_Break"},
			want: []string{"11 undeliverable", "12 undeliverable over"}, base: "Coffee/On_Break",
		},
		{
			name: "same status, other code", why: "a code is never replaced by another that publishes the same status",
			play: []string{"10 cxone Coffee", "11 salesforce On_Break", "20 salesforce Mails", "30 salesforce On_Break"},
			want: []string{"10 set Salesforce On_Break if Chats", "20 unmapped"}, base: "Coffee/On_Break",
		},
		{
			name: "both moved, CXone later", why: "the later wins by the vendors' own time, not by who was heard of last",
			play: []string{"0 unreach cxone", "10 salesforce On_Break @9", "20 cxone Coffee @15", "21 reach cxone"},
			want: []string{"10 undeliverable", "20 undeliverable over"}, base: "Coffee/On_Break",
		},
		{
			name: "conflict, CXone later", why: "the later wins by the vendors' own time",
			play: []string{"0 unreach cxone", "10 salesforce Mails @9", "11 salesforce On_Break @10", "20 cxone Refused @15"},
			want: []string{"10 unmapped", "11 undeliverable", "20 undeliverable over", "20 set Salesforce Missed_Call if On_Break"},
		},
		{
			name: "conflict, Salesforce later", why: "an older change heard of later does not win",
			play: []string{"9 salesforce On_Break @9", "10 cxone Refused @2"},
			want: []string{"9 set CXone code \"Lunch\"", "10 set CXone code \"Lunch\""},
		},
		{
			name: "conflict within two seconds", why: "where the clocks cannot tell, the person's side wins",
			play: []string{"9 salesforce On_Break", "10 cxone Refused @11"},
			want: []string{"9 set CXone code \"Lunch\"", "10 set CXone code \"Lunch\""},
		},
		{
			name: "conflict within the clocks' uncertainty", why: "the uncertainty of both clocks is added to the two seconds", unsure: 3 * time.Second,
			play: []string{"9 salesforce On_Break", "10 cxone Refused @16"},
			want: []string{"9 set CXone code \"Lunch\"", "10 set CXone code \"Lunch\""},
		},
		{
			name: "conflict won by cxone", why: "the named side wins, whatever the clocks say", set: cxoneWins,
			play: []string{"9 salesforce On_Break", "10 cxone Refused @2"},
			want: []string{"9 set CXone code \"Lunch\"", "10 set Salesforce Missed_Call if On_Break"},
		},
		{
			name: "conflict won by salesforce", why: "the named side wins, whatever the clocks say", set: sfWins,
			play: []string{"9 salesforce On_Break", "10 cxone Refused @60"},
			want: []string{"9 set CXone code \"Lunch\"", "10 set CXone code \"Lunch\""},
		},
		{
			name: "the winner has no row", why: "then the pair is agreed as it is, and the loser's decision is dropped",
			play: []string{"9 salesforce On_Break", "20 cxone Training"},
			want: []string{"9 set CXone code \"Lunch\"", "20 unmapped"}, base: "Training/On_Break",
		},
		{
			name: "first look", why: "without a base a pair is adopted, and one that no row maps is reported", fresh: true,
			play: []string{"0 cxone Lunch", "1 salesforce Chats"}, want: []string{"1 unmapped"}, base: "Lunch/Chats",
		},
		{
			name: "align=cxone", why: "a pair that is not mapped is published", fresh: true, set: func(s *Settings) { s.Align = AlignCXone },
			play: []string{"0 cxone Lunch", "1 salesforce Chats", "2 tick", "3 salesforce On_Break"},
			want: []string{"1 set Salesforce On_Break if Chats"}, base: "Lunch/On_Break",
		},
		{
			name: "align=salesforce", why: "a pair that is not mapped is subscribed", fresh: true, set: func(s *Settings) { s.Align = AlignSalesforce },
			play: []string{"0 cxone Lunch", "1 salesforce Chats", "2 tick", "3 cxone Available"},
			want: []string{"1 set CXone Available"}, base: "Available/Chats",
		},
		{
			name: "align a mapped pair", why: "what is mapped needs no alignment", fresh: true, set: func(s *Settings) { s.Align = AlignSalesforce },
			play: []string{"0 cxone Coffee", "1 salesforce On_Break"}, base: "Coffee/On_Break",
		},
		{
			name: "one side only", why: "nothing is decided before both sides were seen", fresh: true,
			play: []string{"0 cxone Lunch", "5 cxone Available", "9 tick"}, base: "none",
		},
		{
			name: "login", why: "who logs in is adopted: the pair becomes the base",
			play: []string{"10 salesforce offline", "20 cxone Lunch", "30 salesforce Chats", "40 cxone LoggedOut", "50 cxone Available"},
			want: []string{"30 unmapped"}, base: "Available/Chats",
		},
		{
			name: "resume", why: "a resume adopts what is there and never catches up, alignment or not", set: func(s *Settings) { s.Align = AlignCXone },
			play: []string{"10 stop quiet", "20 cxone Lunch", "30 resume", "31 tick"},
			want: []string{"30 unmapped"}, base: "Lunch/Chats",
		},
		{
			name: "resume before it is heard of", why: "what happened during a stop is adopted, however late a poll tells of it; what happens after it is not",
			play: []string{"10 stop quiet", "30 resume", "31 cxone Lunch @20", "40 cxone Available", "50 cxone Lunch"},
			want: []string{"50 set Salesforce On_Break if Chats"}, base: "Available/Chats",
		},
		{
			name: "contact", why: "a contact publishes; at its end CXone is back where it was and Salesforce goes back to what it showed, not to the row's status",
			rule: subscribes("Mails", "Available"),
			play: []string{
				"1 salesforce Mails", "10 cxone InboundContact", "11 salesforce On_a_Call",
				"60 cxone ACW:Wrap-up", "61 salesforce Wrapping", "70 cxone Available",
			},
			want: []string{
				"10 set Salesforce On_a_Call if Mails", "60 set Salesforce Wrapping if On_a_Call", "70 set Salesforce Mails if Wrapping",
			},
		},
		{
			name: "after-call work of a code that no block declares", why: "CXone shows that it is an ACW code; its status is not what the agent chose, and Salesforce goes back all the same",
			rule: func(r *schema.Rule) {
				subscribes("Mails", "Available")(r)
				r.Publisher = append(r.Publisher, schema.Row{State: acd("Notes"), Status: schema.Status{Name: "Noting"}})
			},
			play: []string{
				"1 salesforce Mails", "10 cxone InboundContact", "11 salesforce On_a_Call",
				"60 cxone ACW:Notes", "61 salesforce Noting", "62 restart", "63 sweep cxone ACW:Notes @60", "64 sweep salesforce Noting @61", "70 cxone Available",
			},
			want: []string{
				"10 set Salesforce On_a_Call if Mails", "60 set Salesforce Noting if On_a_Call", "70 set Salesforce Mails if Noting",
			},
		},
		{
			name: "contact by rule", why: "after_contact = rule: the publisher row, as any move", rule: func(r *schema.Rule) { byRule(r); subscribes("Mails", "Available")(r) },
			play: []string{"1 salesforce Mails", "10 cxone InboundContact", "11 salesforce On_a_Call", "70 cxone Available"},
			want: []string{"10 set Salesforce On_a_Call if Mails", "70 set Salesforce Chats if On_a_Call"},
		},
		{
			name: "a contact's status that leads back", why: "what only shows the contact was not chosen: its row does not make the pair agreed at the contact's end",
			rule: func(r *schema.Rule) { byRule(r); r.Subscriber[2] = row("Available", "On_a_Call") },
			play: []string{"10 cxone InboundContact", "11 salesforce On_a_Call", "70 cxone Available", "71 salesforce Chats"},
			want: []string{"10 set Salesforce On_a_Call if Chats", "70 set Salesforce Chats if On_a_Call"}, base: "Available/Chats",
		},
		{
			name: "contact ends elsewhere", why: "CXone is not back where it was: the publisher row",
			play: []string{"10 cxone InboundContact", "11 salesforce On_a_Call", "70 cxone Coffee", "71 salesforce On_Break"},
			want: []string{"10 set Salesforce On_a_Call if Chats", "70 set Salesforce On_Break if On_a_Call"}, base: "Coffee/On_Break",
		},
		{
			name: "contact ends in an unmapped state", why: "a publisher row for previous stands in for the missing one", rule: publishes("previous", "Mails"),
			play: []string{"10 cxone InboundContact", "11 salesforce On_a_Call", "70 cxone Training", "71 salesforce Mails", "80 cxone Reading"},
			want: []string{"10 set Salesforce On_a_Call if Chats", "70 set Salesforce Mails if On_a_Call", "80 unmapped"}, base: "Reading/Mails",
		},
		{
			name: "a second contact from after-call work", why: "previous is captured once for the whole run",
			play: []string{
				"10 cxone InboundContact", "11 salesforce On_a_Call", "60 cxone ACW:Wrap-up", "61 salesforce Wrapping",
				"62 cxone OutboundContact", "63 salesforce On_a_Call", "90 cxone Available", "91 salesforce Chats",
			},
			want: []string{
				"10 set Salesforce On_a_Call if Chats", "60 set Salesforce Wrapping if On_a_Call",
				"62 set Salesforce On_a_Call if Wrapping", "90 set Salesforce Chats if On_a_Call",
			},
			base: "Available/Chats",
		},
		{
			name: "a contact does not cancel", why: "the person chose a break, a contact came first: both are carried out, the break when CXone takes it up",
			play: []string{
				"10 salesforce On_Break", "10.1 answer accepted", "13 cxone InboundContact", "14 salesforce On_a_Call",
				"200 tick", "300 cxone Lunch", "301 salesforce On_Break",
			},
			want: []string{"10 set CXone code \"Lunch\"", "13 set Salesforce On_a_Call if On_Break", "300 set Salesforce On_Break if On_a_Call"},
			base: "Lunch/On_Break",
		},
		{
			name: "a contact heard of first", why: "the same, when the contact is heard of before the person's choice, which is older",
			play: []string{"13 cxone InboundContact", "14 salesforce On_Break @10", "14.1 answer cxone accepted", "15 salesforce On_a_Call", "300 cxone Lunch"},
			want: []string{
				"13 set Salesforce On_a_Call if Chats", "14 set CXone code \"Lunch\"", "14 set Salesforce On_a_Call if On_Break",
				"300 set Salesforce On_Break if On_a_Call",
			},
		},
		{
			name: "CXone does not queue", why: "a decision that a contact delayed is sent again when CXone is back where it was (UNCERTAIN whether it queues)",
			play: []string{"10 salesforce On_Break", "10.1 answer accepted", "13 cxone InboundContact", "14 salesforce On_a_Call", "300 cxone Available", "305 cxone Lunch", "306 salesforce On_Break"},
			want: []string{
				"10 set CXone code \"Lunch\"", "13 set Salesforce On_a_Call if On_Break", "300 set CXone code \"Lunch\"", "305 set Salesforce On_Break if On_a_Call",
			},
			base: "Lunch/On_Break",
		},
		{
			name: "somebody chose another state for the contact's end", why: "it is newer than the decision that waited, which is dropped",
			play: []string{"10 salesforce On_Break", "13 cxone InboundContact", "14 salesforce On_a_Call", "300 cxone Refused"},
			want: []string{"10 set CXone code \"Lunch\"", "13 set Salesforce On_a_Call if On_Break", "300 set Salesforce Missed_Call if On_a_Call"},
		},
		{
			name: "previous during a contact", why: "a subscriber row for previous sets the captured state; its end is the contact's end, so that Salesforce goes back",
			play: []string{
				"1 cxone Coffee", "2 salesforce On_Break", "10 cxone InboundContact", "11 salesforce On_a_Call",
				"20 salesforce Chats", "30 salesforce On_a_Call", "30.1 answer accepted", "60 cxone Coffee", "61 salesforce On_Break",
			},
			want: []string{
				"1 set Salesforce On_Break if Chats", "10 set Salesforce On_a_Call if On_Break",
				"20 set CXone Available", "30 set CXone code \"Coffee\"", "60 set Salesforce On_Break if On_a_Call",
			},
			base: "Coffee/On_Break",
		},
		{
			name: "previous outside a contact", why: "it does nothing there", play: []string{"10 salesforce On_a_Call"}, base: "Available/On_a_Call",
		},
		{
			name: "previous survives a restart", why: "what was before the contact is in the state, and the state in a store",
			rule: subscribes("Mails", "Available"),
			play: []string{
				"1 salesforce Mails", "10 cxone InboundContact", "11 salesforce On_a_Call", "20 restart",
				"21 sweep cxone ACW @15", "22 sweep salesforce On_a_Call @11", "23 salesforce Wrapping", "30 cxone Available",
			},
			want: []string{"10 set Salesforce On_a_Call if Mails", "22 set Salesforce Wrapping if On_a_Call", "30 set Salesforce Mails if Wrapping"},
		},
		{
			name: "a refused contact is nothing to go back to", why: "out-state -1 is never captured: at the contact's end the publisher row holds",
			play: []string{"5 cxone Refused", "6 salesforce Missed_Call", "10 cxone OutboundContact", "11 salesforce On_a_Call", "20 cxone Refused", "21 salesforce Missed_Call", "30 cxone Available"},
			want: []string{
				"5 set Salesforce Missed_Call if Chats", "10 set Salesforce On_a_Call if Missed_Call",
				"20 set Salesforce Missed_Call if On_a_Call", "30 set Salesforce Chats if Missed_Call",
			},
		},
		{
			name: "CXone logs out", why: "offline is published only by a row that says so; without one nothing happens, and nobody is logged in",
			play: []string{"10 cxone LoggedOut", "20 salesforce On_Break"}, base: "LoggedOut/On_Break",
		},
		{
			name: "CXone logs out with a row", why: "the row says so, and the command says what it expects", rule: publishes("LoggedOut", "offline"),
			play: []string{"10 cxone LoggedOut", "11 salesforce offline"},
			want: []string{"10 set Salesforce offline if Chats"}, base: "LoggedOut/offline",
		},
		{
			name: "Salesforce logs out", why: "a row for offline subscribes; while logged out nothing is published", rule: subscribes("offline", "Lunch"),
			play: []string{"10 salesforce offline", "12 cxone Lunch", "20 cxone Available"},
			want: []string{"10 set CXone code \"Lunch\""}, base: "Available/offline",
		},
		{
			name: "logout while a write is under way", why: "the command is dropped: it would log the agent in",
			play: []string{"10 cxone Lunch", "11 salesforce offline", "12 tick", "30 tick"},
			want: []string{"10 set Salesforce On_Break if Chats"}, base: "Lunch/offline",
		},
		{
			name: "write under way", why: "sent again with a back-off that doubles, up to the time an accepted one may take",
			play: []string{"10 cxone Lunch", "10 answer unknown", "11 tick", "11 answer unknown", "12 tick", "13 tick", "13 answer unknown", "17 tick", "17 answer accepted", "24 tick", "25 tick", "32 tick", "33 tick"},
			want: []string{
				"10 set Salesforce On_Break if Chats", "11 set Salesforce On_Break if Chats", "13 set Salesforce On_Break if Chats",
				"17 set Salesforce On_Break if Chats", "25 set Salesforce On_Break if Chats", "33 set Salesforce On_Break if Chats",
			},
		},
		{
			name: "not sent into a contact", why: "CXone does not show any more what the decision saw: it waits, whatever became of the first try",
			play: []string{"10 salesforce On_Break", "10.1 answer unknown", "10.5 cxone InboundContact @15", "12 tick", "15.5 salesforce On_a_Call", "30 tick"},
			want: []string{"10 set CXone code \"Lunch\"", "10.5 set Salesforce On_a_Call if On_Break"},
		},
		{
			name: "only while the target shows what was seen", why: "the person chose something else meanwhile: it is newer, and nothing is sent again",
			play: []string{"10 cxone Lunch", "15 salesforce Mails", "16 tick", "60 tick"},
			want: []string{"10 set Salesforce On_Break if Chats", "15 unmapped"}, base: "Lunch/Mails",
		},
		{
			name: "expires", why: "an unseen decision is reported in the end, never called success; the base stays, and a sweep lets it be tried again",
			play: []string{"10 cxone Lunch", "10 answer accepted", "129 tick", "130 tick", "200 tick", "300 sweep salesforce Chats @0"},
			want: []string{
				"10 set Salesforce On_Break if Chats", "129 set Salesforce On_Break if Chats", "130 undeliverable",
				"300 undeliverable over", "300 set Salesforce On_Break if Chats",
			},
			base: "Available/Chats",
		},
		{
			name: "does not age during a contact", why: "CXone has it queued until contact and after-call work end, and is not asked again",
			play: []string{
				"10 cxone InboundContact", "11 salesforce On_a_Call", "20 salesforce On_Break", "20 answer cxone accepted",
				"900 tick", "1800 cxone ACW:Wrap-up", "1801 salesforce Wrapping", "2000 tick", "2100 cxone Lunch", "2101 salesforce On_Break",
			},
			want: []string{
				"10 set Salesforce On_a_Call if Chats", "20 set CXone code \"Lunch\"", "1800 set Salesforce Wrapping if On_Break",
				"2100 set Salesforce On_Break if Wrapping",
			},
			base: "Lunch/On_Break",
		},
		{
			name: "a newer decision replaces it", why: "the person moved on before the first write showed; its late echo is nobody's move",
			play: []string{"10 cxone Lunch", "11 cxone Refused", "12 salesforce On_Break", "13 salesforce Missed_Call"},
			want: []string{
				"10 set Salesforce On_Break if Chats", "11 set Salesforce Missed_Call if Chats", "12 set Salesforce Missed_Call if On_Break",
			},
			base: "Refused/Missed_Call",
		},
		{
			name: "undeliverable", why: "no console: the command is dropped, the base kept, decided again when the agent can be reached",
			play: []string{"10 cxone Lunch", "10 answer unreachable", "30 tick", "300 reach salesforce", "301 salesforce On_Break"},
			want: []string{
				"10 set Salesforce On_Break if Chats", "10 undeliverable", "300 undeliverable over", "300 set Salesforce On_Break if Chats",
			},
			base: "Lunch/On_Break",
		},
		{
			name: "unreachable from the start", why: "nothing is sent to where nothing arrives; moving there shows that somebody is there",
			play: []string{"5 unreach salesforce", "10 cxone Lunch", "20 salesforce Mails"},
			want: []string{"10 undeliverable", "20 undeliverable over", "20 unmapped"}, base: "Lunch/Mails",
		},
		{
			name: "rule changes", why: "re-evaluated by publishing only",
			other: func(r *schema.Rule) { r.Publisher[0].Status.Name = "Mails"; r.Subscriber = r.Subscriber[1:] },
			play:  []string{"10 rule other", "11 salesforce Mails"},
			want:  []string{"10 set Salesforce Mails if Chats"}, base: "Available/Mails",
		},
		{
			name: "rule changes and maps the pair", why: "what the new rule maps as well is left alone",
			other: func(r *schema.Rule) { r.Publisher = r.Publisher[:1] },
			play:  []string{"10 rule other", "11 tick"}, base: "Available/Chats",
		},
		{
			name: "no rule any more", why: "the base is dropped; a rule that comes later adopts",
			play: []string{"10 cxone Lunch", "11 rule none", "12 salesforce Mails", "20 rule first"},
			want: []string{"10 set Salesforce On_Break if Chats", "20 unmapped"}, base: "Lunch/Mails",
		},
		{
			name: "matching changes", why: "without a counterpart there is no rule, and somebody is told",
			play: []string{"10 lost nobody has this e-mail", "11 cxone Lunch", "20 found"},
			want: []string{"10 unmatched", "20 unmatched over", "20 unmapped"}, base: "Lunch/Chats",
		},
	})
}

// TestNotes has the lines under the decision table.
func TestNotes(t *testing.T) {
	runScripts(t, []script{
		{
			name: "flapping", why: "past the budget the agent is parked, released when both sides are quiet, and then the last move counts",
			set: func(s *Settings) { s.WritesPerMinute = 2 },
			play: []string{
				"10 cxone Lunch", "11 salesforce On_Break", "12 cxone Available", "13 salesforce Chats", "14 cxone Lunch",
				"40 cxone Available", "50 cxone Coffee", "109 tick", "110 tick", "111 salesforce On_Break",
			},
			want: []string{
				"10 set Salesforce On_Break if Chats", "12 set Salesforce Chats if On_Break", "14 parked",
				"110 parked over", "110 set Salesforce On_Break if Chats",
			},
			base: "Coffee/On_Break",
		},
		{
			name: "reverted twice", why: "somebody else undoes the same change twice: the agent is parked before it goes on",
			play: []string{
				"10 cxone Lunch", "11 salesforce On_Break", "12 salesforce Chats", "13 cxone Available",
				"14 cxone Lunch", "15 salesforce On_Break", "16 salesforce Chats", "17 tick",
			},
			want: []string{
				"10 set Salesforce On_Break if Chats", "12 set CXone Available", "14 set Salesforce On_Break if Chats", "16 parked",
			},
		},
		{
			name: "changing one's mind later", why: "a break that is ended on the other side is no fight",
			play: []string{
				"100 salesforce On_Break", "101 cxone Lunch", "1000 cxone Available", "1001 salesforce Chats",
				"1100 salesforce On_Break", "1101 cxone Lunch", "2000 cxone Available", "2001 salesforce Chats",
			},
			want: []string{
				"100 set CXone code \"Lunch\"", "1000 set Salesforce Chats if On_Break", "1100 set CXone code \"Lunch\"", "2000 set Salesforce Chats if On_Break",
			},
			base: "Available/Chats",
		},
		{
			name: "code time-out", why: "CXone moves the agent by itself when a code times out: a move like any other",
			play: []string{"10 cxone Lunch", "11 salesforce On_Break", "3611 cxone Available", "3612 salesforce Chats"},
			want: []string{"10 set Salesforce On_Break if Chats", "3611 set Salesforce Chats if On_Break"}, base: "Available/Chats",
		},
		{
			name: "refused contact", why: "out-state -1 is a move like any other, by its own row",
			play: []string{"10 cxone Refused", "11 salesforce Missed_Call"},
			want: []string{"10 set Salesforce Missed_Call if Chats"}, base: "Refused/Missed_Call",
		},
		{
			name: "shadow", why: "decides and writes nothing, reports nothing", rule: shadowed,
			play: []string{"10 cxone Lunch", "11 tick", "15 salesforce On_Break", "20 cxone Training", "30 salesforce Chats"},
			want: nil,
		},
		{
			name: "from shadow to live", why: "what was watched is no agreement: the pair is adopted", rule: shadowed,
			other: func(*schema.Rule) {},
			play:  []string{"10 cxone Lunch", "20 rule other", "30 cxone Available", "31 cxone Refused"},
			want:  []string{"20 unmapped", "31 set Salesforce Missed_Call if Chats"},
		},
		{
			name: "off", why: "a rule that is off is no rule", other: func(r *schema.Rule) { r.Mode = modeOff },
			play: []string{"10 rule other", "20 cxone Lunch"}, base: "none",
		},
		{
			name: "executor cxone", why: "NICE's app carries it out: watched, never written", rule: func(r *schema.Rule) { r.Executor = executorCXone },
			play: []string{"10 cxone Lunch", "20 tick"}, base: "Available/Chats",
		},
		{
			name: "stop", why: "pending commands are dropped and nothing is sent, whatever moves",
			play: []string{"10 cxone Lunch", "10 stop maintenance", "20 cxone Available", "30 salesforce On_Break", "60 tick"},
			want: []string{"10 set Salesforce On_Break if Chats"},
		},
	})
}
