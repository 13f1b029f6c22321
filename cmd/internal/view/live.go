package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// A Live shows on a terminal how a run goes, as a block that is redrawn in its
// place.
type Live struct {
	streams Streams
	title   string
	page    string     // the dashboard's address, "" without one
	width   func() int // the terminal's now, 0 where that is not known
	drawn   []int      // how wide the lines of the block on the screen are
	was     mirror.Totals
	wasAt   time.Time
}

// usualWidth is that of a terminal which does not say.
const usualWidth = 80

// NewLive shows a run under a title. The width is asked for again for each
// look: people make their windows larger and smaller.
func (s Streams) NewLive(title, page string, width func() int) *Live {
	return &Live{streams: s, title: title, page: page, width: width}
}

// Show draws how things are now.
func (l *Live) Show(now *mirror.Snapshot) {
	l.redraw(l.block(now))
	if l.wasAt.IsZero() || now.At.Sub(l.wasAt) >= time.Second {
		l.was, l.wasAt = now.Totals, now.At
	}
}

// Clear takes the block away, so that something else can be written.
func (l *Live) Clear() {
	if len(l.drawn) > 0 {
		_, _ = fmt.Fprint(l.streams.Err, l.above(l.columns())+"\x1b[J")
		l.drawn = nil
	}
}

// redraw writes lines in the place of those before. What has wrapped cannot be
// redrawn, so each is cut to the width.
func (l *Live) redraw(lines []string) {
	columns := l.columns()
	var b strings.Builder
	b.WriteString(l.above(columns))
	l.drawn = l.drawn[:0]
	for _, line := range lines {
		line = ansi.Truncate(line, max(1, columns-1), "…")
		l.drawn = append(l.drawn, ansi.StringWidth(line))
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	_, _ = l.streams.Err.Write([]byte(b.String())) // at once, so that it does not flicker
}

// above moves up to where the block begins, from wherever what is typed has left
// the cursor. A window that has become narrower has wrapped the lines that were
// drawn when it was wider.
func (l *Live) above(columns int) string {
	rows := 0
	for _, width := range l.drawn {
		rows += max(1, (width+columns-1)/columns)
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}

func (l *Live) columns() int {
	if width := l.width(); width > 0 {
		return width
	}
	return usualWidth
}

func (l *Live) block(s *mirror.Snapshot) []string {
	t := &s.Totals
	lines := []string{
		bold.Render(l.title) + faint.Render(fmt.Sprintf("  %s, owner %s, epoch %d", s.Mode, owner(s), s.Epoch)),
		fmt.Sprintf("  %s of %s agents on duty in step%s", green.Render(thousands(t.OnDuty-t.Apart)), thousands(t.OnDuty), troubles(t)),
		fmt.Sprintf("  %.1f changes/s, %.1f writes/s; %s done, %s failed", l.rate(t.Changes, l.was.Changes, s.At), l.rate(t.Writes, l.was.Writes, s.At), thousands(t.Done), thousands(t.Failures)),
		"  Salesforce: " + s.Feed.Salesforce + "; CXone: " + s.Feed.CXone,
		fmt.Sprintf("  budget: %s of %s calls, %s of %s deliveries", thousands(s.Budget.Calls), thousands(s.Budget.CallsOf), thousands(s.Budget.Deliveries), thousands(s.Budget.DeliveriesOf)),
	}
	if s.OneWay != "" {
		lines = append(lines, yellow.Render("  one-way: "+s.OneWay))
	}
	if s.Halted != "" {
		lines = append(lines, red.Render("  HALTED: "+s.Halted))
	}
	if l.page != "" {
		lines = append(lines, faint.Render("  "+l.page))
	}
	return lines
}

func (l *Live) rate(is, was int, at time.Time) float64 {
	since := at.Sub(l.wasAt).Seconds()
	if l.wasAt.IsZero() || since <= 0 || is < was {
		return 0
	}
	return float64(is-was) / since
}

func owner(s *mirror.Snapshot) string {
	if s.Owner == "" {
		return "nobody"
	}
	return s.Owner
}

// troubles names what is not as it should be, nothing when all is well.
func troubles(t *mirror.Totals) string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{t.Apart, "apart"}, {t.Pending, "pending"}, {t.Parked, "parked"}, {t.Undeliverable, "undeliverable"}, {t.Stopped, "stopped"}, {t.Unmatched, "unmatched"}} {
		if p.n > 0 {
			parts = append(parts, thousands(p.n)+" "+p.what)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}
