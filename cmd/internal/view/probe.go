package view

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Probe is how a volunteer was moved and moved back.
type Probe struct {
	Who    string
	Sides  []mirror.Probed
	OneWay string // why Salesforce was left out; "" when it was not
}

// Failed reports whether a side could not be moved. A probe that was not made
// has not failed.
func (p *Probe) Failed() bool {
	return p != nil && slices.ContainsFunc(p.Sides, func(side mirror.Probed) bool { return side.Err != nil })
}

// Probed writes how a volunteer was moved and moved back.
func (s Streams) Probed(probe *Probe) {
	s.Print("\n%s", bold.Render("Probe of "+probe.Who))
	for _, p := range probe.Sides {
		if p.Err != nil {
			s.Print("  %s %s: %v", mark(schema.Broken), p.Side, p.Err)
			continue
		}
		s.Print("  %s %s: %s → %s showed after %s, and back after %s", mark(schema.Healthy), p.Side, p.From, p.To,
			p.Set.Round(time.Millisecond), p.Restored.Round(time.Millisecond))
	}
	if probe.OneWay != "" {
		s.Print("  %s salesforce is not written to: %s", mark(schema.Unseen), probe.OneWay)
	}
}

type probeJSON struct {
	Who    string       `json:"who"`
	OneWay string       `json:"one_way,omitempty"`
	Sides  []probedJSON `json:"sides"`
}

type probedJSON struct {
	Side     string  `json:"side"`
	From     string  `json:"from"`
	To       string  `json:"to"`
	Set      float64 `json:"set_seconds"`
	Restored float64 `json:"restored_seconds"`
	Error    string  `json:"error,omitempty"`
}

func probeOf(probe *Probe) *probeJSON {
	if probe == nil {
		return nil
	}
	document := &probeJSON{Who: probe.Who, OneWay: probe.OneWay, Sides: []probedJSON{}}
	for _, p := range probe.Sides {
		side := probedJSON{Side: p.Side, From: p.From, To: p.To, Set: rounded(p.Set.Seconds()), Restored: rounded(p.Restored.Seconds())}
		if p.Err != nil {
			side.Error = p.Err.Error()
		}
		document.Sides = append(document.Sides, side)
	}
	return document
}
