package presence

import (
	"testing"
	"time"
)

// TestPersonWins has the worlds in which a person's action was once overwritten
// by what had happened before it, each as a script. The last one is what nobody
// can tell, and the guarantee leaves out.
func TestPersonWins(t *testing.T) {
	runScripts(t, []script{
		{
			name: "agreed before the other side's older move was heard of", why: "CXone is polled, Salesforce tells at once: the status is newer, and stays",
			play: []string{"9 salesforce Mails", "10 cxone Lunch @6"},
			want: []string{"9 unmapped", "10 unmapped"}, base: "Lunch/Mails",
		},
		{
			name: "the same, with a row", why: "both have moved, as if both had been heard of at once: the later wins",
			play: []string{"10 cxone Coffee", "11 salesforce On_Break", "20 salesforce Mails", "21 salesforce On_Break", "25 cxone Available @18"},
			want: []string{"10 set Salesforce On_Break if Chats", "20 unmapped", "25 set CXone code \"Lunch\""},
		},
		{
			name: "the same, the other way round", why: "a status that is told of late does not win over a newer state without a row",
			play: []string{"20 cxone Training", "25 salesforce On_Break @10"},
			want: []string{"20 unmapped", "25 unmapped"}, base: "Training/On_Break",
		},
		{
			name: "a login, and what CXone did before it", why: "it would have been adopted, had it been heard of in time",
			play: []string{"10 salesforce offline", "20 salesforce Mails", "25 cxone Training @12", "26 cxone Lunch @15"},
			want: []string{"20 unmapped"}, base: "Lunch/Mails",
		},
		{
			name: "carried out and reversed while a new owner had seen one side", why: "what was seen of one side counts before the other is seen",
			play: []string{"10 salesforce On_Break", "10.1 answer accepted", "11 restart", "12 sweep cxone Lunch @10.5", "13 cxone Available @12.8", "14 sweep salesforce On_Break @10"},
			want: []string{"10 set CXone code \"Lunch\"", "14 set Salesforce Chats if On_Break"},
		},
		{
			name: "chosen once more after what it asked for was reversed", why: "the same status, and newer than the state that is heard of only now",
			play: []string{"10 salesforce On_Break", "10.1 answer accepted", "12 salesforce On_Break @12", "15 cxone Available @11"},
			want: []string{"10 set CXone code \"Lunch\"", "15 set CXone code \"Lunch\""},
		},
		{
			name: "carried out after it was taken for done", why: "its answer was not known yet: somebody else had chosen the same, and the status is newer than the command",
			play: []string{"10 salesforce On_Break", "11 cxone Lunch @10.5", "12 cxone Coffee", "13 salesforce Mails", "15 cxone Lunch @14"},
			want: []string{"10 set CXone code \"Lunch\"", "13 unmapped", "15 unmapped"}, base: "Lunch/Mails",
		},
		{
			name: "found to be logged out after a login", why: "when CXone was left no vendor tells: it may have been before the login, which stays",
			rule: publishes("LoggedOut", "offline"), unsure: 15 * time.Second,
			play: []string{"10 salesforce offline", "20 salesforce Mails", "30 sweep cxone LoggedOut"},
			want: []string{"20 unmapped"}, base: "LoggedOut/Mails",
		},
		{
			name: "back to what the base shows", why: "coming back is an action as well, and newer than what could not be written",
			play: []string{"30 cxone Lunch", "30 answer refused", "31 salesforce Mails @20", "31 answer refused", "40 salesforce Chats"},
			want: []string{
				"30 set Salesforce On_Break if Chats", "30 undeliverable", "31 undeliverable over", "31 set Salesforce On_Break if Mails",
				"31 undeliverable", "40 undeliverable over", "40 set CXone Available",
			},
		},
		{
			name: "there before the decision was", why: "CXone showed it by itself: that is not our write, and the status still is newer than the contact",
			play: []string{"10 salesforce On_Break", "11 cxone Lunch @5", "12 cxone InboundContact @9"},
			want: []string{"10 set CXone code \"Lunch\"", "12 set CXone code \"Lunch\""},
		},
		{
			name: "chosen after the contact's end, heard of before it", why: "the contact's end is older, and has no part in it",
			play: []string{"10 cxone InboundContact", "11 salesforce On_a_Call", "62 salesforce Mails", "65 cxone Available @61"},
			want: []string{"10 set Salesforce On_a_Call if Chats", "62 unmapped"}, base: "Available/Mails",
		},
		{
			name: "a break after the contact's end", why: "what it sets in CXone is not the contact's end",
			play: []string{"10 cxone InboundContact", "62 salesforce On_Break", "65 cxone Available @61", "70 cxone Lunch"},
			want: []string{"10 set Salesforce On_a_Call if Chats", "62 set CXone code \"Lunch\"", "65 set CXone code \"Lunch\""}, base: "Lunch/On_Break",
		},
		{
			name: "from where the contact took CXone", why: "not the base, which was never brought in line: ending in the base's state is somebody's choice",
			play: []string{"5 unreach salesforce", "10 cxone Coffee", "20 cxone InboundContact", "21 salesforce On_Break @12", "30 cxone Available"},
			want: []string{"10 undeliverable", "21 undeliverable over", "21 set CXone code \"Lunch\"", "21 set Salesforce On_a_Call if On_Break", "30 set Salesforce Chats if On_Break"},
		},
		{
			name: "chosen again after a decision had expired", why: "it may have been carried out unseen: who chose the status again did so after it",
			play: []string{"10 cxone Lunch", "130 tick", "140 salesforce Chats @139", "141 sweep salesforce Chats @139"},
			want: []string{"10 set Salesforce On_Break if Chats", "130 undeliverable", "140 set CXone Available", "141 undeliverable over"},
		},
		{
			name: "a landing whose news was lost", why: "a sweep tells of it long after: its time says that it was ours",
			play: []string{"10 cxone Lunch", "130 tick", "150 cxone Coffee", "200 sweep salesforce On_Break @10.3"},
			want: []string{"10 set Salesforce On_Break if Chats", "130 undeliverable", "150 undeliverable over", "150 set Salesforce On_Break if Chats"},
			base: "Coffee/On_Break",
		},
		{
			name: "a state that began anew before the decision", why: "a contact came and went between two polls: nothing was carried out and reversed",
			play: []string{"20 salesforce On_Break", "21 cxone Available @18", "28 tick"},
			want: []string{"20 set CXone code \"Lunch\"", "28 set CXone code \"Lunch\""},
		},
		{
			name: "logged out of CXone between two polls", why: "who shows a state that began since is there again, though it reads as before: a login",
			play: []string{"10 salesforce On_Break", "10 answer unreachable", "15 cxone Available @12"},
			want: []string{"10 set CXone code \"Lunch\"", "10 undeliverable", "15 undeliverable over", "15 unmapped"}, base: "Available/On_Break",
		},
		{
			name: "picked by hand after a replaced command had expired", why: "it cannot be that command any more: the choice is newer than the contact",
			play: []string{"10 cxone Lunch", "11 cxone Available", "60 cxone Refused @58", "60 answer refused", "61 salesforce On_Break @61", "62 tick"},
			want: []string{"10 set Salesforce On_Break if Chats", "60 set Salesforce Missed_Call if Chats", "60 undeliverable", "61 undeliverable over", "61 set CXone code \"Lunch\""},
		},
		{
			name: "reversed before anybody could see it", why: "carried out at a contact's end and reversed before the next poll reads as CXone not having queued it (UNCERTAIN): sent once more",
			play: []string{
				"10 cxone InboundContact", "11 salesforce On_a_Call", "20 salesforce On_Break", "20 answer cxone accepted",
				"65 cxone Available @63", "70 cxone Lunch", "75 cxone Available @74", "76 salesforce Chats",
			},
			want: []string{"10 set Salesforce On_a_Call if Chats", "20 set CXone code \"Lunch\"", "65 set CXone code \"Lunch\"", "75 set Salesforce Chats if On_Break"},
			base: "Available/Chats",
		},
	})
}
