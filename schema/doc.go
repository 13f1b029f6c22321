// Package schema holds the words that every other room speaks: kind,
// argument, object, reference, change, step, secret, diagnostic, presence.
//
// It is data and small rules about that data. It reads no file, calls no
// vendor and prints nothing; it imports only the standard library, so that
// config, reconcile and the providers can share it without meeting.
package schema
