// Package presence says what presence rules mean, whether they are sound, and
// what to do so that an agent shows the same on both sides. It is for anybody
// who has to decide what one side should show because of the other.
//
// It talks to no vendor, reads no clock and starts no goroutine: [Rules] reads
// rules from blocks, [Check] finds what is wrong with them, [Prove] shows that a
// rule settles, or how it does not, and [Step] is the sync engine. What drives
// the engine (time, both vendors, a store) is not here. It imports only schema
// and the standard library.
//
// # What a rule means
//
// Each meaning is written down once, in tables.go and follow.go, for checks,
// proof and engine alike:
//
//   - The exact row beats the general one: a code's own row before
//     "Unavailable", a contact state's own before "Working", a code's own
//     before "ACW". Refused is no code, so "Unavailable" does not cover it; nor
//     does it cover after-call work, which belongs to the contact (INVENTED:
//     NICE documents neither).
//   - Without a row nothing is written (INVENTED: what NICE's sync does with an
//     unmapped state is documented nowhere).
//   - Only Available and codes that are not ACW codes can be set (VERIFIED:
//     400 or 409 otherwise).
//   - "previous" in a subscriber row is the state held when the contact began;
//     outside a contact and its after-call work it does nothing. In a publisher
//     row it is what Salesforce shows when a contact ends in a state that has
//     no row (INVENTED).
//   - after_contact = "previous": when the contact and its after-call work end
//     where CXone was before, Salesforce goes back to what it showed, unless a
//     person has chosen another status meanwhile (INVENTED).
//   - A side that is logged out is never logged in.
//
// # The engine
//
// For every agent a [State] keeps the pair of presences last agreed, the base.
// [Step] looks at the base and at both sides as they are now; which message told
// so makes no difference. A side has moved when it differs from the base, and a
// write of ours that shows becomes the base, so that its echo is no move. A pair
// that the tables map is agreed, whoever made it. A decision stands until the
// side shows it, a newer one replaces it, or it is given up and reported; the
// base stays then, so that nothing is lost.
//
// Where DESIGN is silent (all INVENTED):
//
//   - A decision of the person's that a contact came before is sent again when
//     the contact ends where CXone was before it, because CXone may not have
//     queued it (UNCERTAIN). Where it ends elsewhere, somebody chose that.
//   - What was agreed, or came to show what the base shows, without anything
//     being asked of the other side still wins over what happened there before
//     and is heard of later, as if both had been heard of at once. A pair that was
//     adopted is adopted anew then.
//   - An agent whom CXone could not reach, and who shows a state that began since,
//     has logged in, though nobody saw the logout (UNCERTAIN: what the vendor
//     answers for who is logged out).
//   - What was chosen after a contact's end has nothing to do with the contact,
//     and what it sets on CXone is not the contact's end.
//   - A replaced command may still be carried out. For as long as it may, the
//     side showing what it wanted is no move, but what it asked for being done.
//   - What was agreed while a rule was only watched is no agreement: a rule that
//     goes live adopts what is there.
//   - A parked agent keeps the base: when both sides have been quiet, the last
//     move counts.
//
// # What it guarantees
//
// TestWorlds holds random worlds against each of these, with vendors that lose,
// repeat, delay and reorder what they tell, crashes, contacts, and CXone polled
// as it is; TestPersonWins has the worlds that once broke the third.
//
//   - Convergence: when faults have ended and both sides have been read once
//     more, the state is what they show, a pair is agreed, nothing is pending, and
//     nothing is written while nobody acts. Whoever is parked comes after Quiet.
//   - No loops: an action causes no more decisions than [Proof] says; one that was
//     given up or that a new owner found under way may be made once more.
//   - A person wins: once Step was shown a person's action on a side, it sends no
//     command to that side because of something that had happened on the other
//     side before. Before is by the vendors' own clocks, beyond their uncertainty;
//     on CXone by more than two seconds on top, for there Salesforce, the person's
//     side, wins what is too close to tell. With conflict set to a side, that side
//     wins where both have moved.
//   - The same input again changes nothing, and a fenced owner changes nothing.
//
// An action is shown by a reading in which the side shows something other than
// in the last reading outside a contact. So a decision made before an action
// could be seen is carried out: on CXone within one poll interval and the answer's
// way, for a command that was sent already as long as CommandLife. What no vendor
// tells is no action either:
//
//   - A person who changes a side and changes it back between two readings of it
//     has, for all that anyone can tell, done nothing. Only where a command went
//     out before, and no contact came in between, a state that began anew says
//     that the command was carried out and somebody reversed that.
//   - A contact that ends where CXone was before: by itself, because the person
//     chose that for its end, or because the person reversed within one poll
//     interval what CXone had queued. CXone's list of states has no next state
//     (VERIFIED), and a decision that waited is sent once more. Refused is no state
//     that a contact comes back to.
//   - A contact ends when CXone first shows something else, if that was a command
//     of ours: nobody tells of the end before it.
//   - A person who picks by hand just what a decision asks for while it stands, or
//     what a command asks for while it may still be carried out: until it expires,
//     on CXone until the contact in which it may be queued has ended.
//   - Where a replaced command was carried out after all and is put back, what the
//     other side shows because of a command counts from when it came to show it.
//
// # The proof
//
// Lockstep knows its own writes when they come back. A second executor of the
// same rule, such as NICE's app in the agent's browser, does not have to
// (UNCERTAIN: its loop suppression is documented nowhere). So the proof is for
// the worst case, in which every write is taken for a fresh action of a person.
package presence
