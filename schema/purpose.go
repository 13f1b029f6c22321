package schema

import "context"

// A Purpose says why a vendor call is made. Calls are counted by purpose,
// because a forecast covers reads and writes but not waiting.
type Purpose int

// The purposes.
const (
	Reading  Purpose = iota // a plan's reads
	Writing                 // an apply's writes
	Polling                 // waiting for a vendor's answer
	ReadBack                // looking whether a write shows
	SignIn                  // tokens and discovery
)

type purposeKey struct{}

// For returns a context whose vendor calls count towards purpose p.
func For(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

// PurposeOf returns the purpose set by [For]; Reading when there is none.
func PurposeOf(ctx context.Context) Purpose {
	p, _ := ctx.Value(purposeKey{}).(Purpose)
	return p
}

// Calls counts vendor calls by purpose.
type Calls struct{ Reading, Writing, Polling, ReadBack, SignIn int }

// Add returns the sum of two counts.
func (c Calls) Add(d Calls) Calls {
	return Calls{c.Reading + d.Reading, c.Writing + d.Writing, c.Polling + d.Polling, c.ReadBack + d.ReadBack, c.SignIn + d.SignIn}
}

// Billed returns how many of the calls a vendor counts: signing in is free.
func (c Calls) Billed() int { return c.Reading + c.Writing + c.Polling + c.ReadBack }

// Sub returns the difference of two counts.
func (c Calls) Sub(d Calls) Calls {
	return Calls{c.Reading - d.Reading, c.Writing - d.Writing, c.Polling - d.Polling, c.ReadBack - d.ReadBack, c.SignIn - d.SignIn}
}
