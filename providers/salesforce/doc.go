// Package salesforce is the Salesforce provider: the kinds of an org that
// Lockstep manages, and the connection through which it reads and changes
// them.
//
// A kind is one value in one file, its shape and its functions together;
// kinds.go lists them. Reading is by table: a [Provider] loads each table
// whole, once, five to a call, and the kinds look things up in that snapshot.
// Writing is by wave: everything that the Metadata API can carry goes into one
// deploy, which is all or nothing, and what only REST can do follows it.
//
// A [Connection] knows how to sign in, what may be repeated and how the vendor
// says no. It knows nothing of kinds; the kinds know nothing of HTTP.
//
// What presence agents show, and changing it, is not here but in the sides of
// run. Facts about the vendor carry labels: VERIFIED was seen in the vendor's
// documents or in working clients, SECONDARY in a third party's, UNCERTAIN is
// inferred, INVENTED is ours.
package salesforce
