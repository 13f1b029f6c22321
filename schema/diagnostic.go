package schema

import (
	"fmt"
	"strings"
)

// A Severity says whether a diagnostic stops the work.
type Severity int

// The severities. The zero Severity is not valid, so that none is forgotten.
const (
	invalid Severity = iota
	Error            // stops
	Warning          // does not stop
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// A Pos is a place in a file. Line and Column count from 1, Column in
// characters; Byte counts from 0.
type Pos struct{ Line, Column, Byte int32 }

// A Range is a stretch of a file. The zero Range is no place at all.
type Range struct {
	File       string
	Start, End Pos
}

// String returns "file:line", "" for the zero Range.
func (r Range) String() string {
	if r.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", r.File, r.Start.Line)
}

// A Diagnostic tells the person at the file what is wrong.
type Diagnostic struct {
	Severity Severity
	// Summary is known by sight: it never holds a name the user chose.
	Summary string
	// Detail says in full sentences what is wrong, why it matters and what to
	// do about it, in that order.
	Detail string
	// Subject is the text at fault; Context is the block around it.
	Subject, Context Range
	// Address is the block at fault, when there is one.
	Address Address
}

// Error returns "file:line: summary: detail".
func (d Diagnostic) Error() string {
	place := d.Subject.String()
	if place != "" {
		place += ": "
	}
	return place + d.Summary + ": " + d.Detail
}

// Diagnostics is a list of diagnostics in the order they were found.
type Diagnostics []Diagnostic

// HasErrors reports whether any of them stops the work.
func (ds Diagnostics) HasErrors() bool {
	for _, d := range ds {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Err returns the errors among them as one error, nil when there are none.
func (ds Diagnostics) Err() error {
	if !ds.HasErrors() {
		return nil
	}
	return ds
}

// Error returns one line per diagnostic.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// ErrorAt makes an error about an argument of an object; with name "" it is
// about the whole block.
func ErrorAt(o *Object, name, summary, detail string) Diagnostic {
	return diagnosticAt(Error, o, name, summary, detail)
}

// WarningAt makes a warning about an argument of an object.
func WarningAt(o *Object, name, summary, detail string) Diagnostic {
	return diagnosticAt(Warning, o, name, summary, detail)
}

func diagnosticAt(severity Severity, o *Object, name, summary, detail string) Diagnostic {
	d := Diagnostic{Severity: severity, Summary: summary, Detail: detail, Address: o.Address}
	if o.Source != nil {
		d.Subject, d.Context = o.Range(name), o.Source.Block
	}
	return d
}
