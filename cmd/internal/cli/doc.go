// Package cli is the command line: one file a command. A command turns its
// arguments into calls of the rooms below and hands what they return to a
// view; it neither prints nor decides. This is the only package that knows
// every other one.
package cli
