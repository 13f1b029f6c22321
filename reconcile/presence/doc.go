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
//     queued it (UNCERTAIN). Where it ends elsewhere, somebody chose that. A
//     person who goes back to the state before, while nobody has seen that CXone
//     carried the decision out, cannot be told from that: there it is sent once
//     more.
//   - A replaced command may still be carried out. For as long as it may, the
//     side showing what it wanted is no move, but what it asked for being done.
//   - What was agreed while a rule was only watched is no agreement: a rule that
//     goes live adopts what is there.
//   - A parked agent keeps the base: when both sides have been quiet, the last
//     move counts.
//
// # The proof
//
// Lockstep knows its own writes when they come back. A second executor of the
// same rule, such as NICE's app in the agent's browser, does not have to
// (UNCERTAIN: its loop suppression is documented nowhere). So the proof is for
// the worst case, in which every write is taken for a fresh action of a person.
package presence
