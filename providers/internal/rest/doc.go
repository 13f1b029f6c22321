// Package rest carries requests to a vendor: it repeats what may be repeated,
// counts every attempt, bounds and reads answers, and turns failures into
// errors that callers branch on and people understand.
//
// It knows HTTP and the two vendors' ways of saying "later"; it knows no
// endpoint, holds no credential, and decides nothing about objects. Use it
// through [Client]; [Transport] is for libraries that want a RoundTripper.
package rest
