package presence

import (
	"testing"

	"github.com/lockstep-sync/lockstep/schema"
)

// TestHold: a changed rule waits for the agent's turn, and nobody who does
// something waits for it.
func TestHold(t *testing.T) {
	toMails := func(r *schema.Rule) {
		r.Publisher[0].Status.Name, r.Subscriber[0].Status.Name = "Mails", "Mails"
	}
	runScripts(t, []script{
		{
			name: "nobody has moved", why: "what the rule now asks for is written when the turn has come",
			other: toMails,
			play:  []string{"10 hold other", "20 sweep cxone Available @0", "30 rule other"},
			want:  []string{"30 set Salesforce Mails if Chats"},
		},
		{
			name: "a new owner", why: "looking at both sides afresh is nobody's move",
			other: toMails,
			play:  []string{"10 hold other", "11 restart", "12 sweep cxone Available @0", "13 sweep salesforce Chats @0", "30 rule other"},
			want:  []string{"30 set Salesforce Mails if Chats"},
		},
		{
			name: "somebody moves", why: "the new rule counts at once",
			other: toMails,
			play:  []string{"10 hold other", "20 cxone Lunch", "21 salesforce On_Break", "30 cxone Available", "31 salesforce Mails", "40 rule other"},
			want:  []string{"20 set Salesforce On_Break if Chats", "30 set Salesforce Mails if On_Break"},
		},
		{
			name: "somebody chooses what no row leads from", why: "that was agreed under the new rule, which must not overwrite it when the turn comes",
			other: toMails,
			play:  []string{"10 hold other", "20 salesforce Training", "30 rule other"},
			want:  []string{"20 unmapped"}, base: "Available/Training",
		},
		{
			name: "resumed meanwhile", why: "what is there then is adopted, under the new rule",
			other: toMails,
			play:  []string{"5 stop now", "10 hold other", "20 resume", "30 rule other"},
			want:  []string{"20 unmapped"}, base: "Available/Chats",
		},
	})
}
