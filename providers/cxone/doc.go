// Package cxone reads and writes one NICE CXone tenant: unavailable codes over
// the documented API; account mappings and presence rules, for which NICE
// publishes none, as click paths for a person or through a simulated contract
// that is Lockstep's own.
//
// A kind is one value in one file, listed in kinds.go. The [Connection] below
// speaks to the vendor, and knows no kind.
//
// [Presence] watches what agents show, and asks for what they shall show.
//
// The package decides nothing about plans or presence, and knows nothing of
// Salesforce. Where behaviour rests on something that NICE does not
// document, the label (SECONDARY, UNCERTAIN, INVENTED) stands beside the code.
package cxone
