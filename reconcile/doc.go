// Package reconcile compares what the blocks want with what the vendors hold
// and makes the one like the other: wanted + held → plan → outcomes.
//
// It knows no vendor, no HTTP and no syntax. A vendor is a [Provider]; what is
// wanted comes as schema objects, from whatever wrote them. There is no state
// file: an object is found by its key. The little that no vendor tells again
// is kept in a [Record].
//
// The sync engine that mirrors presence all day is package presence below.
package reconcile
