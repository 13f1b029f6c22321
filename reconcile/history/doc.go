// Package history reads the journal of run back: it says in a sentence why
// something was written, compares what was shown with what the rules ask for,
// and replays what people did under other rules.
//
// It decides nothing anew and reads no store: it is handed a [Journal], oldest
// record first, and computes. What should be shown is package presence's to say.
package history
