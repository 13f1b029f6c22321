// Package view is the one home of output: it turns plans, outcomes,
// diagnostics and documents into text or JSON. Commands compute and hand over;
// they never print.
//
// Results go to standard output, talk to standard error. Colour and progress
// appear only on a terminal; nothing decorative goes into a pipe.
package view
