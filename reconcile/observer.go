package reconcile

import "github.com/lockstep-sync/lockstep/schema"

// An Observer is told how an apply goes, for progress. Its methods are called
// from one goroutine at a time and must not block.
type Observer interface {
	// Started says that an operation over these steps is on its way.
	Started(steps []*schema.Step)
	// Ended says how a step ended, after it was verified.
	Ended(outcome schema.Outcome)
	// Waiting says that written values are read back until they show.
	Waiting(steps []*schema.Step)
}

type nobody struct{}

func (nobody) Started([]*schema.Step) {}
func (nobody) Ended(schema.Outcome)   {}
func (nobody) Waiting([]*schema.Step) {}
