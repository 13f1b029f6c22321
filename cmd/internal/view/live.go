package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
)

// A Live shows on standard error how a run goes: on a terminal a block that is
// redrawn, elsewhere a line when something has changed that a person would want
// to know, and one in quarter of an hour.
type Live struct {
	streams Streams
	page    string // the dashboard's address, "" without one
	drawn   int    // lines of the block on the screen
	width   int
	said    string
	at      time.Time
	was     mirror.Totals
	wasAt   time.Time
}

// quarter is how often a line is written when nothing happens.
const quarter = 15 * time.Minute

// NewLive shows a run on a terminal of some width; 0 stands for 80.
func (s Streams) NewLive(width int, page string) *Live {
	if width <= 0 {
		width = 80
	}
	return &Live{streams: s, page: page, width: width}
}

// Show tells how things are now.
func (l *Live) Show(now *mirror.Snapshot) {
	if l.streams.Live {
		l.redraw(l.block(now))
	} else {
		l.line(now)
	}
	if l.wasAt.IsZero() || now.At.Sub(l.wasAt) >= time.Second {
		l.was, l.wasAt = now.Totals, now.At
	}
}

// Clear takes the block away, so that something else can be written.
func (l *Live) Clear() {
	if l.drawn > 0 {
		_, _ = fmt.Fprintf(l.streams.Err, "\x1b[%dA\x1b[J", l.drawn)
		l.drawn = 0
	}
}

func (l *Live) redraw(lines []string) {
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", l.drawn)
	}
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	_, _ = l.streams.Err.Write([]byte(b.String())) // at once, so that it does not flicker
	l.drawn = len(lines)
}

func (l *Live) block(s *mirror.Snapshot) []string {
	t := &s.Totals
	lines := []string{
		bold.Render(s.Tenant) + faint.Render(l.fit(fmt.Sprintf("  %s, owner %s, epoch %d", s.Mode, owner(s), s.Epoch), len(s.Tenant))),
		fmt.Sprintf("  %s of %s agents in step%s", green.Render(thousands(t.Agents-t.Apart)), thousands(t.Agents), l.fit(troubles(t), 40)),
		l.fit(fmt.Sprintf("  %.1f changes/s, %.1f writes/s; %s done, %s failed", l.rate(t.Changes, l.was.Changes, s.At), l.rate(t.Writes, l.was.Writes, s.At), thousands(t.Done), thousands(t.Failures)), 0),
		l.fit("  Salesforce: "+s.Feed.Salesforce+"; CXone: "+s.Feed.CXone, 0),
		l.fit(fmt.Sprintf("  budget: %s of %s calls, %s of %s deliveries", thousands(s.Budget.Calls), thousands(s.Budget.CallsOf), thousands(s.Budget.Deliveries), thousands(s.Budget.DeliveriesOf)), 0),
	}
	if s.OneWay != "" {
		lines = append(lines, yellow.Render(l.fit("  one-way: "+s.OneWay, 0)))
	}
	if s.Halted != "" {
		lines = append(lines, red.Render(l.fit("  HALTED: "+s.Halted, 0)))
	}
	if l.page != "" {
		lines = append(lines, faint.Render(l.fit("  "+l.page, 0)))
	}
	return lines
}

// fit keeps a line from wrapping: what has wrapped cannot be redrawn.
func (l *Live) fit(text string, used int) string {
	runes, room := []rune(text), max(10, l.width-used-1)
	if len(runes) <= room {
		return text
	}
	return string(runes[:room-1]) + "…"
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

// line writes one when the standing has changed, or a quarter of an hour has
// passed. Counts alone are no news.
func (l *Live) line(s *mirror.Snapshot) {
	standing := strings.Join([]string{s.Mode, owner(s), s.Halted, s.OneWay, s.Feed.Salesforce, s.Feed.CXone}, "\n")
	if standing == l.said && s.At.Sub(l.at) < quarter {
		return
	}
	l.said, l.at = standing, s.At
	text := fmt.Sprintf("%s %s: %s, owner %s; %d of %d agents in step%s; %d changes, %d writes, %d failed; Salesforce %s, CXone %s",
		s.At.UTC().Format(time.RFC3339), s.Tenant, s.Mode, owner(s), s.Totals.Agents-s.Totals.Apart, s.Totals.Agents, troubles(&s.Totals),
		s.Totals.Changes, s.Totals.Writes, s.Totals.Failures, s.Feed.Salesforce, s.Feed.CXone)
	if s.OneWay != "" {
		text += "; one-way: " + s.OneWay
	}
	if s.Halted != "" {
		text += "; HALTED: " + s.Halted
	}
	l.streams.Say("%s", text)
}
