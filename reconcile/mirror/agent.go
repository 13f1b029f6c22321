package mirror

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/presence"
	"github.com/lockstep-sync/lockstep/schema"
)

// An agent is one pair of people. There are many, and most are idle, so an idle
// one is small: what presence knows of it is kept as the store has it.
type agent struct {
	known Known
	rule  *presence.Rule
	lost  string // why the pair is no longer one
	stop  string // why the agent is left alone
	later bool   // the rule has changed, and the agent's turn has not come

	cold []byte // the state as the store has it; nil before the first
	hot  *hot   // nil for an idle agent

	// What both sides were last seen to show, to recognise what is not new.
	state  schema.ACDState
	status string
	since  [2]int64  // the vendor's time of it, in milliseconds
	heard  [2]int64  // when it was last heard of, on our clock, in nanoseconds since the engine began
	fresh  [2]bool   // seen since the lease began
	swept  [2]uint32 // the whole reading that last had the agent in it
	saying [2]bool   // undeliverable, by side

	flags   flags
	console bool
	dirty   bool // the state is in the batch that is being gathered
	unsaved bool // so is who the agent is
	row     int32
	wake    int64  // what the state asks for, in milliseconds; 0 for nothing
	version uint64 // of the last change that can be seen
}

// A hot agent is one with something under way.
type hot struct {
	state  presence.State
	queued [2]*command  // decided and not sent, by side
	news   [2]time.Time // when the news came in that a decision rests on
}

// flags are what the gauges count.
type flags struct{ apart, pending, parked, undeliverable, stopped, unseen bool }

// noRow says that an agent's pair is no row's.
const noRow = -1

// heat makes an agent's state ready for a step.
func (e *Engine) heat(a *agent) *hot {
	if a.hot != nil {
		return a.hot
	}
	a.hot = &hot{}
	if a.cold != nil {
		// It was read when the lease began, or made by ourselves.
		_ = a.hot.state.UnmarshalBinary(a.cold)
	}
	return a.hot
}

// cool lets go of what an idle agent does not need.
func (a *agent) cool() {
	h := a.hot
	if h == nil || a.dirty || a.flags.pending || h.queued[0] != nil || h.queued[1] != nil {
		return
	}
	a.hot = nil
}

// peek returns an agent's state for looking at it.
func (a *agent) peek() presence.State {
	if a.hot != nil {
		return a.hot.state
	}
	var s presence.State
	if a.cold != nil {
		_ = s.UnmarshalBinary(a.cold)
	}
	return s
}

// shows reports whether a side is known to show what o says.
func (a *agent) shows(o *presence.Observation) bool {
	if o.Side == presence.CXone {
		return a.state == o.State
	}
	return a.status == o.Status
}
