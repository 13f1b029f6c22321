package view

import (
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// Probed writes how a volunteer was moved and moved back.
func (s Streams) Probed(who string, probed []mirror.Probed, oneWay string) {
	s.Print("\n%s", bold.Render("Probe of "+who))
	for _, p := range probed {
		if p.Err != nil {
			s.Print("  %s %s: %v", mark(schema.Broken), p.Side, p.Err)
			continue
		}
		s.Print("  %s %s: %s → %s showed after %s, and back after %s", mark(schema.Healthy), p.Side, p.From, p.To,
			p.Set.Round(time.Millisecond), p.Restored.Round(time.Millisecond))
	}
	if oneWay != "" {
		s.Print("  %s salesforce is not written to: %s", mark(schema.Unseen), oneWay)
	}
}
