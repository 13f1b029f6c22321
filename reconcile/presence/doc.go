// Package presence says what presence rules mean and whether they are sound.
// It is for anybody who has to decide what an agent should show on one side
// because of what the agent shows on the other.
//
// It talks to no vendor, reads no clock and keeps no memory: [Rules] reads
// rules from blocks, [Check] finds what is wrong with them, and [Prove] shows
// that a rule settles, or how it does not. It imports only schema and the
// standard library.
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
// # The proof
//
// Lockstep knows its own writes when they come back. A second executor of the
// same rule, such as NICE's app in the agent's browser, does not have to
// (UNCERTAIN: its loop suppression is documented nowhere). So the proof is for
// the worst case, in which every write is taken for a fresh action of a person.
package presence
