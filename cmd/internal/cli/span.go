package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/history"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// spanFlags say which part of the journal a command reads, and how it shows it.
type spanFlags struct {
	configFlags
	since    time.Duration
	from, to string
	format   string
}

func (f *spanFlags) bind(c *cobra.Command, since time.Duration) {
	f.configFlags.bind(c)
	c.Flags().DurationVar(&f.since, "since", since, "look back over this `time`")
	c.Flags().StringVar(&f.from, "from", "", "look from this `moment` on, such as 2026-03-02T08:00:00Z, in the place of -since")
	c.Flags().StringVar(&f.to, "to", "", "look up to this `moment`; now by default")
	c.Flags().StringVar(&f.format, "format", "text", "output `format`: text, json or csv")
}

// span returns the first moment meant, and the first that is not any more.
func (f *spanFlags) span(now time.Time) (from, to time.Time, err error) {
	if f.format != "text" && f.format != "json" && f.format != "csv" {
		return from, to, fmt.Errorf("-format=%s: must be text, json or csv", f.format)
	}
	to = now
	if f.to != "" {
		if to, err = time.Parse(time.RFC3339, f.to); err != nil {
			return from, to, fmt.Errorf("-to=%s: must be a moment such as 2026-03-02T08:00:00Z", f.to)
		}
	}
	from = to.Add(-f.since)
	if f.from != "" {
		if from, err = time.Parse(time.RFC3339, f.from); err != nil {
			return from, to, fmt.Errorf("-from=%s: must be a moment such as 2026-03-02T08:00:00Z", f.from)
		}
	}
	if !from.Before(to) {
		return from, to, fmt.Errorf("nothing lies between %s and %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return from, to, nil
}

// A past is a span of one tenant's journal.
type past struct {
	config   *config.Configuration
	store    store.Store
	from, to time.Time
}

// past opens the journal.
func (a *app) past(ctx context.Context, flags *spanFlags) (past, error) {
	from, to, err := flags.span(time.Now())
	if err != nil {
		return past{}, err
	}
	c, s, err := a.history(ctx, flags.configFlags)
	return past{c, s, from, to}, err
}

// of yields what the span holds of an agent; of everybody with "".
func (p past) of(ctx context.Context, agent string) history.Journal {
	return history.Read(ctx, p.store, store.Query{Tenant: accounts(p.config), Agent: agent, From: p.from, To: p.to})
}
