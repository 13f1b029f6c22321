// Package cxone emulates one NICE CXone tenant: discovery, sign-in, the ACD
// admin API, UserHub, access keys, agents' own sessions with their long-polled
// events, the presence-rule read that NICE's own app makes, and a simulated
// adapter contract for account mappings and rules. It is an [http.Handler];
// package emulator adds faults, counts and routing.
//
// Time is [Options].Now: the tenant has no goroutines of its own, and does what
// the clock brings before it answers the next call. Only a long poll waits, in
// its request's goroutine and no longer than the request's context.
//
// What it serves is taken from NICE's documentation and client software.
// Where those are silent, the choice made here is marked UNCERTAIN beside the
// code that makes it, and a client must not rely on it.
//
// The simulated adapter contract (files adapters_*.go, paths under
// /adapter-apis/v1/salesforce/ except the singular /rule/) is INVENTED: NICE
// publishes no way to write account mappings or presence rules. Each of its
// answers carries the header X-Lockstep-Contract: simulated.
//
// It is not for measuring the real service, and knows nothing of Salesforce.
package cxone
