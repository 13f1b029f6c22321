// Package history reads the journal of run back: it says in a sentence why
// something was written, compares what was shown with what the rules ask for,
// and replays what people did under other rules.
//
// It keeps and changes nothing: it is handed a [Journal], oldest line first,
// and computes. What should be shown is package presence's to say.
package history
